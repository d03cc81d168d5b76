//! The gates in front of the SDK: each reads one thing of a request and lets it pass, mends it, or
//! refuses it with a JSON-RPC error that says what to do.

pub(crate) mod accept;
pub(crate) mod credential;
pub(crate) mod headers;
pub(crate) mod message;
pub(crate) mod origin;
pub(crate) mod refusal;
pub(crate) mod switches;
