//! Leaving with everything, through the real program: what came in leaves to the byte, and what left
//! comes back, elsewhere, the same.

mod bundle;
mod corpora;
mod folder;
mod place;
mod six;
mod tampering;
