//! The hostile and tricky inputs, sent through the doors line by line.
//!
//! Each test says how many lines it ran and checks that it ran all of them. Without the corpora
//! beside the project a test says that it is skipped; where `CAIRN_SHARED` names them it must find
//! them. What bodies render to is tested in the markdown room, on the same files.

mod json;
mod paths;
mod slugs;
mod texts;
