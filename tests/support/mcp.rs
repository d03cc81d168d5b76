//! A small MCP client that speaks to the doors in process, in either era of the protocol.

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::app::TestApp;

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// As plain curl: a bare JSON-RPC request and nothing else.
    Bare,
    /// Revision 2025-11-25, after its handshake.
    Handshake,
    /// Revision 2026-07-28, stateless: headers and `_meta` in each request.
    Stateless,
}

impl Era {
    /// All of them.
    pub const ALL: [Era; 3] = [Era::Bare, Era::Handshake, Era::Stateless];
}

/// The revision with a handshake.
const HANDSHAKE: &str = "2025-11-25";
/// The stateless revision.
const STATELESS: &str = "2026-07-28";

/// The MCP door as one credential sees it.
pub struct Mcp<'a> {
    app: &'a TestApp,
    key: Option<String>,
    era: Era,
    path: &'static str,
    readonly: bool,
}

/// What a tool answered.
#[derive(Debug, Clone)]
pub struct ToolAnswer {
    /// Whether the tool refused.
    pub is_error: bool,
    /// The answer as data.
    pub data: Value,
    /// The answer as text.
    pub text: String,
}

impl ToolAnswer {
    /// The data, when it is a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(!self.is_error, "the tool refused: {}", self.text);
        self.data
    }

    /// The error, when it is one with this code.
    #[track_caller]
    pub fn refused(self, code: &str) -> Value {
        assert!(self.is_error, "the tool did not refuse: {}", self.data);
        let error = self.data["error"].clone();
        assert_eq!(error["code"], code, "{}", self.text);
        assert!(self.text.starts_with(&format!("{code}: ")), "{}", self.text);
        error
    }
}

impl<'a> Mcp<'a> {
    pub(crate) fn new(app: &'a TestApp, key: Option<String>) -> Self {
        Self {
            app,
            key,
            era: Era::Bare,
            path: "/mcp",
            readonly: false,
        }
    }

    /// Speaks in this era.
    #[must_use]
    pub fn era(mut self, era: Era) -> Self {
        self.era = era;
        self
    }

    /// Knocks at this path.
    #[must_use]
    pub fn at(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    /// Asks for a connection that only reads.
    #[must_use]
    pub fn readonly(mut self) -> Self {
        self.readonly = true;
        self
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> ToolAnswer {
        let answer = self
            .rpc("tools/call", json!({"name": tool, "arguments": arguments}))
            .await
            .expect(200)
            .json();
        let result = &answer["result"];
        assert!(result.is_object(), "{tool} gave no result: {answer}");
        let text = result["content"][0]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        ToolAnswer {
            is_error: result["isError"] == true,
            data: result["structuredContent"].clone(),
            text,
        }
    }

    /// The tools this credential is shown.
    pub async fn tools(&self) -> Vec<Value> {
        let answer = self.rpc("tools/list", json!({})).await.expect(200).json();
        answer["result"]["tools"]
            .as_array()
            .unwrap_or_else(|| panic!("no tools: {answer}"))
            .clone()
    }

    /// Names of the tools this credential is shown.
    pub async fn tool_names(&self) -> Vec<String> {
        self.tools()
            .await
            .iter()
            .filter_map(|t| t["name"].as_str().map(str::to_owned))
            .collect()
    }

    /// Any JSON-RPC request.
    pub async fn rpc(&self, method: &str, params: Value) -> Answer {
        let mut params = match params {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        let name = params
            .get("name")
            .and_then(Value::as_str)
            .map(str::to_owned);
        if self.era == Era::Stateless {
            params.insert(
                "_meta".to_owned(),
                json!({
                    "io.modelcontextprotocol/protocolVersion": STATELESS,
                    "io.modelcontextprotocol/clientInfo": {"name": "suite", "version": "1"},
                    "io.modelcontextprotocol/clientCapabilities": {},
                }),
            );
        }
        let mut request = self.app.request("POST", &self.address());
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        match self.era {
            Era::Bare => {}
            Era::Handshake => {
                request = request
                    .header("accept", "application/json, text/event-stream")
                    .header("mcp-protocol-version", HANDSHAKE);
            }
            Era::Stateless => {
                request = request
                    .header("accept", "application/json, text/event-stream")
                    .header("mcp-protocol-version", STATELESS)
                    .header("mcp-method", method);
                if let Some(name) = &name {
                    request = request.header("mcp-name", name);
                }
            }
        }
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        request.json(&body).send().await
    }

    /// The handshake of the older era: `initialize`, then `notifications/initialized`.
    pub async fn initialize(&self) -> Value {
        let params = json!({
            "protocolVersion": HANDSHAKE,
            "capabilities": {},
            "clientInfo": {"name": "suite", "version": "1"},
        });
        let answer = self.rpc("initialize", params).await.expect(200).json();
        let mut done = self.app.request("POST", &self.address());
        if let Some(key) = &self.key {
            done = done.header("x-api-key", key);
        }
        done.header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", HANDSHAKE)
            .json(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .send()
            .await
            .expect(202);
        answer["result"].clone()
    }

    fn address(&self) -> String {
        let query = if self.readonly { "?readonly=1" } else { "" };
        format!("{}{query}", self.path)
    }
}
