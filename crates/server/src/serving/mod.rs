//! Listening and serving: the public address and the control socket go through one loop with the
//! same limits.

mod accept;
mod control;
mod router;

pub(crate) use accept::serve;
pub(crate) use control::{CONTROL_SOCKET, bind_control};
pub(crate) use router::public_router;
