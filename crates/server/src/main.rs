//! The program `cairn`: everything it does stands in the library beside it.

use std::process::ExitCode;

/// Measured on a server of many small objects: fewer page faults and less memory kept than the
/// system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cairn_server::main()
}
