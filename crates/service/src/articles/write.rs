//! The shared steps of a write.
