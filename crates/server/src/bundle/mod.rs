//! A portal as one file: everything it had, with every revision, under one signature.
//!
//! A bundle is a gzipped tar. First `manifest.json`, which names every other member with its size and
//! SHA-256; then `manifest.sig`, the ed25519 signature of the manifest's bytes; then the members, in
//! the order in which they are restored. Reading begins with the signature: nothing of a bundle is
//! looked at before it fits, and nothing is written before every member was read once and found whole.

mod keys;
mod leave;
mod manifest;
mod pack;
mod restore;
mod rules;
mod unpack;

pub(crate) use keys::{SignKey, VerifyKey};
pub(crate) use leave::{BundleOptions, to_bundle};
pub(crate) use restore::restore;
pub(crate) use unpack::{Trust, Unpacked};
