//! Finds who can do what a command asks for: the server at `--url`, the owner of the data
//! directory, or this process, which becomes the owner for as long as the command takes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cairn_cluster::ClusterError;

use crate::cli::Global;
use crate::client::Client;
use crate::config::Config;
use crate::limits::OWNER_WAIT;
use crate::owner::Owner;
use crate::serving::CONTROL_SOCKET;

/// How often a command looks whether a starting owner has opened its socket.
const POLL: Duration = Duration::from_millis(100);

/// Somebody to ask.
pub(super) struct Reached {
    pub(super) client: Client,
    /// This process, where nobody else was there.
    owner: Option<Owner>,
}

impl Reached {
    /// Ends what was started for the command.
    pub(super) async fn release(self) -> Result<()> {
        match self.owner {
            Some(owner) => owner.stop().await,
            None => Ok(()),
        }
    }
}

/// Finds somebody to ask.
///
/// # Errors
/// When the data directory is held by a process that does not open its socket, or this process
/// cannot become the owner.
pub(super) async fn reach(config: &Config, global: &Global) -> Result<Reached> {
    if let Some(url) = &global.url {
        let client = Client::at(url, global.key.as_deref())?;
        return Ok(Reached {
            client,
            owner: None,
        });
    }
    let give_up = Instant::now() + OWNER_WAIT;
    loop {
        let socket = config.data_dir.join(CONTROL_SOCKET);
        if listens(&socket).await {
            return Ok(Reached {
                client: Client::over_socket(&socket)?,
                owner: None,
            });
        }
        match cairn_cluster::lock_data_dir(&config.data_dir) {
            Ok(lock) => {
                let url = config.public_url(config.listen);
                let metrics = Arc::new(String::new);
                let owner = Owner::start(lock, config, url, metrics).await?;
                return Ok(Reached {
                    client: Client::over_socket(owner.control())?,
                    owner: Some(owner),
                });
            }
            // Somebody is starting or stopping.
            Err(ClusterError::InUse { .. }) if Instant::now() < give_up => {
                tokio::time::sleep(POLL).await;
            }
            Err(error @ ClusterError::InUse { .. }) => {
                return Err(error).context("the owner of the data directory does not answer");
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn listens(socket: &Path) -> bool {
    tokio::net::UnixStream::connect(socket).await.is_ok()
}
