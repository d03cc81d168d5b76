//! A server that runs: started by us and reaped by its thread, or adopted and watched from outside.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::ClusterError;
use crate::postmaster::Server;
use crate::process::Postmaster;

const POLL: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) enum Running {
    Started(Server),
    Adopted(Postmaster),
}

impl Running {
    pub(crate) fn pid(&self) -> i32 {
        match self {
            Self::Started(server) => server.pid(),
            Self::Adopted(postmaster) => postmaster.pid(),
        }
    }

    /// Sends `signal` and waits; says whether the server has ended.
    pub(crate) fn end(
        &mut self,
        signal: Signal,
        give_up: Instant,
        data: &Path,
    ) -> Result<bool, ClusterError> {
        match self {
            Self::Started(server) => {
                server.signal(signal)?;
                Ok(server.wait_until(give_up))
            }
            Self::Adopted(postmaster) => {
                postmaster
                    .signal(signal, data)
                    .map_err(|error| ClusterError::io("signal", "postgres")(error.into()))?;
                while postmaster.is_running(data) {
                    if Instant::now() >= give_up {
                        return Ok(false);
                    }
                    std::thread::sleep(POLL);
                }
                Ok(true)
            }
        }
    }
}
