//! A floor that serves: started on the server's core, known by the port it prints, killed with its value.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

/// The floor server; ends with its value.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Serving {
    /// Starts a floor and waits for the line that names its port.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut floor = Self {
            child: command.spawn().context("cannot start the floor")?,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let stdout = floor.child.stdout.take();
        let stdout = stdout.context("standard output is a pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line).context("the floor did not start")?;
        let port = said["port"].as_u64().and_then(|p| u16::try_from(p).ok());
        floor.address.set_port(port.context("a port is a number")?);
        Ok(floor)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
