//! What the gates found out about a request, carried to the tool in the request's extensions.

use std::sync::Arc;

use cairn_domain::actor::Caller;
use cairn_domain::operation::OperationRow;

/// One authenticated request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Who asks.
    pub(crate) caller: Arc<Caller>,
    /// Asked for by `?readonly=1` or `X-MCP-Readonly: true`; wins over every scope.
    pub(crate) is_read_only: bool,
    /// What an internal error says instead of itself.
    pub(crate) request_id: Arc<str>,
}

impl Call {
    /// Whether a tool is shown to this caller.
    pub(crate) fn may_use(&self, operation: &OperationRow) -> bool {
        self.caller.scopes.contains(operation.scope) && !(self.is_read_only && operation.is_write())
    }
}
