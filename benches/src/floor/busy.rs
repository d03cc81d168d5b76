//! Floor of readers beside other work: a loop that keeps a core busy and touches nothing. What readers lose beside it
//! is the system's own: the time until a thread of higher priority gets the core.

use anyhow::Result;

/// Runs until it is killed.
pub(crate) fn command() -> Result<()> {
    loop {
        std::hint::spin_loop();
    }
}
