//! What an operator can set about search; all of it has a working default.

use std::path::PathBuf;

/// Settings of the search room.
#[derive(Debug, Clone)]
pub struct SearchConfig {
    /// A folder that replaces the embedded `index/`; files it lacks are taken from the embedded one.
    pub index_config_dir: Option<PathBuf>,
    /// Memory of one writer in bytes before it flushes a segment; at least 15 MB.
    pub writer_memory_bytes: usize,
    /// Writers kept open between commits, over all portals.
    pub writers_open_max: usize,
    /// Units kept open for reading, over all portals (each costs some 80 KB and 8 memory maps).
    pub units_open_max: usize,
    /// Read every file of an index once when a portal is first used, and compare its checksum.
    pub validate_checksums: bool,
}

/// The engine refuses a smaller writer.
pub(crate) const WRITER_MEMORY_BYTES_MIN: usize = 15_000_000;

impl Default for SearchConfig {
    fn default() -> Self {
        Self {
            index_config_dir: None,
            writer_memory_bytes: 64_000_000,
            writers_open_max: 16,
            units_open_max: 2_000,
            validate_checksums: true,
        }
    }
}
