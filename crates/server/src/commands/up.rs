//! `cairn up` and `cairn serve`: bring everything up, say so, serve until told to stop.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cairn_mcp::McpOptions;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::out;
use crate::owner::{FirstStart, Owner, Printed, catch_up};
use crate::{serving, shutdown, telemetry};

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A private cluster where no database is named; content and a key at the first start.
    Up,
    /// The database that is named, and what is in it.
    Serve,
}

/// Runs until a signal ends it.
pub(super) async fn run(config: Config, kind: Kind, json: bool) -> Result<ExitCode> {
    if kind == Kind::Serve && config.database_url.is_none() {
        bail!(
            "cairn serve needs setting database_url (or DATABASE_URL); cairn up runs a private Postgres instead"
        );
    }
    let stop = shutdown::on_signal()?;
    let serving = tokio::select! {
        started = start(&config, kind, json) => started?,
        () = stop.cancelled() => bail!("stopped by a signal before the server was ready"),
    };
    stop.cancelled().await;
    serving.stop().await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

struct Serving {
    owner: Owner,
    stop: CancellationToken,
    public: JoinHandle<()>,
}

impl Serving {
    async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.public
            .await
            .context("the public listener had failed")?;
        self.owner.stop().await
    }
}

async fn start(config: &Config, kind: Kind, json: bool) -> Result<Serving> {
    let lock = cairn_cluster::lock_data_dir(&config.data_dir)?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "setting listen: cannot listen on {}; another program may do so",
            config.listen
        )
    })?;
    let bound = listener
        .local_addr()
        .context("the listener has an address")?;
    let public_url = config.public_url(bound);
    let metrics = telemetry::start_metrics()?;
    let owner = Owner::start(lock, config, public_url.clone(), metrics).await?;

    // From here on requests are answered, /readyz with what is still missing.
    let stop = CancellationToken::new();
    let mcp = McpOptions {
        public_url: public_url.clone(),
        allowed_hosts: config.allowed_hosts.clone(),
        allowed_origins: config.allowed_origins.clone(),
        cancellation: stop.clone(),
    };
    let timeout = Duration::from_secs(config.request_timeout_s);
    let router = serving::public_router(owner.state().clone(), mcp, timeout);
    let grace = Duration::from_secs(config.shutdown_grace_s);
    let public = tokio::spawn(serving::serve(listener, router, stop.clone(), grace));

    let first = match kind {
        Kind::Up => Some(FirstStart::run(owner.dir(), &owner.as_system(), config.demo).await?),
        Kind::Serve => None,
    };
    let is_first = first
        .as_ref()
        .is_some_and(|(_, told)| told.api_key.is_some());
    catch_up(owner.app(), is_first).await;
    let serving = Serving {
        owner,
        stop,
        public,
    };

    let told = first.as_ref().map(|(_, told)| told);
    say(&serving, &public_url, bound, told, json)?;
    if let Some((mut first, _)) = first {
        first.printed()?;
    }
    Ok(serving)
}

/// Tells that the server is ready; the first key is on its way out here and nowhere else.
fn say(
    serving: &Serving,
    url: &str,
    bound: SocketAddr,
    told: Option<&Printed>,
    json: bool,
) -> Result<()> {
    let dir = serving.owner.dir().display().to_string();
    let portal = told.and_then(|told| told.portal.as_deref());
    let key = told.and_then(|told| told.api_key.as_deref());
    tracing::info!(listen = %bound, url, data_dir = dir, "ready");
    let said = if json {
        out::json(&json!({
            "url": url,
            "mcp_url": format!("{url}/mcp"),
            "api_key": key,
            "portal": portal,
            "data_dir": dir,
            "pid": std::process::id(),
        }))
    } else {
        out::line(&summary(url, portal, key, &dir))
    };
    // Nobody may be listening any more; that is no reason to stop serving, unless a key is lost.
    match said {
        Err(error) if key.is_some() => Err(error).context("cannot print the first key"),
        Err(error) => {
            let _ = writeln!(
                std::io::stderr(),
                "cannot say that the server is ready: {error}"
            );
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn summary(url: &str, portal: Option<&str>, key: Option<&str>, dir: &str) -> String {
    let mut lines = vec![String::new(), "Cairn is ready.".to_owned(), String::new()];
    let mut fact = |name: &str, value: String| lines.push(format!("  {name:<12} {value}"));
    if let Some(portal) = portal {
        fact("Help center", format!("{url}/{portal}"));
    }
    fact("REST API", format!("{url}/api/v1"));
    fact("MCP", format!("{url}/mcp"));
    fact("Data", dir.to_owned());
    let shown = key.unwrap_or("$KEY");
    match key {
        Some(key) => {
            fact("API key", key.to_owned());
            lines.push(format!("  {:<12} shown this once; keep it", ""));
        }
        None => fact(
            "API key",
            "cairn keys create --name … --scope … makes one".to_owned(),
        ),
    }
    // Written out, because the order of its keys is for people.
    let client = format!(
        r#"  {{
    "mcpServers": {{
      "cairn": {{
        "type": "http",
        "url": "{url}/mcp",
        "headers": {{ "X-API-Key": "{shown}" }}
      }}
    }}
  }}
"#
    );
    let curl = |body: &str| {
        format!(
            "  curl -X POST {url}/mcp/ -H \"X-API-Key: {shown}\" -H \"Content-Type: application/json\" -d '{body}'"
        )
    };
    lines.extend([
        String::new(),
        "For an MCP client (Claude Code: .mcp.json, Cursor: .cursor/mcp.json):".to_owned(),
        String::new(),
        client,
        "Try it:".to_owned(),
        String::new(),
        curl(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#),
        curl(r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"list_articles","arguments":{}}}"#),
        String::new(),
        "Ctrl-C stops it.".to_owned(),
    ]);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_carries_what_a_newcomer_needs() {
        let url = "http://127.0.0.1:8080";
        let text = summary(url, Some("help"), Some("cairn_sk_x"), "/data");
        for part in [
            "http://127.0.0.1:8080/help\n",
            "\"url\": \"http://127.0.0.1:8080/mcp\"",
            "\"X-API-Key\": \"cairn_sk_x\"",
            "curl -X POST http://127.0.0.1:8080/mcp/ -H \"X-API-Key: cairn_sk_x\"",
            "\"method\":\"tools/list\"",
            "\"name\":\"list_articles\"",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let later = summary(url, Some("help"), None, "/data");
        assert!(
            later.contains("X-API-Key: $KEY") && later.contains("cairn keys create"),
            "{later}"
        );
    }
}
