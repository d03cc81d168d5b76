//! Floors: the least programs that give the same answers, to hold Cairn's numbers against. None of
//! them checks a credential, a portal or a precondition: a ratio of 1 is out of reach.

pub(crate) mod busy;
pub(crate) mod curve;
pub(crate) mod engine;
pub(crate) mod http;
pub(crate) mod parts;
pub(crate) mod plain;
pub(crate) mod search;
