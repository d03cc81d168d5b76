//! What the binary tells this door about the world around it.

use tokio_util::sync::CancellationToken;

/// How the door is mounted and who may knock.
#[derive(Debug, Clone, Default)]
pub struct McpOptions {
    /// Where clients reach this server, without a trailing slash. Its host and origin are allowed.
    pub public_url: String,
    /// More hosts that may stand in `Host`: `kb.example`, `kb.example:8443`, or `*` for any.
    /// Loopback names and the hostnames of portals are always allowed.
    pub allowed_hosts: Vec<String>,
    /// Origins of browser programs that may call: `https://app.example`, `http://localhost:*`.
    /// A request without `Origin` does not come from a browser page and passes.
    pub allowed_origins: Vec<String>,
    /// Once cancelled, new requests are put off with a 503; those under way get their answers.
    pub cancellation: CancellationToken,
}
