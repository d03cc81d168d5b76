//! The network address at the other end of a connection, as the server hands it over with a request.

use std::net::IpAddr;

/// An extension of requests: who opened the connection, which may be a proxy in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);
