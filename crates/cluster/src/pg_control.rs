//! Reads the one thing of `global/pg_control` this room needs; the rest of that file changes its
//! shape with every major version.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::ClusterError;

/// The first eight bytes of `global/pg_control`, in the machine's byte order.
pub(crate) fn system_identifier(data: &Path) -> Result<u64, ClusterError> {
    let path = data.join("global/pg_control");
    let mut bytes = [0_u8; 8];
    File::open(&path)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(ClusterError::io("read", &path))?;
    match u64::from_ne_bytes(bytes) {
        0 => Err(ClusterError::Malformed {
            path,
            reason: "the system identifier is 0".to_owned(),
        }),
        identifier => Ok(identifier),
    }
}
