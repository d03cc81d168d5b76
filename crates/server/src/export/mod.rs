//! `cairn export`: a portal leaves as a folder that `cairn import` reads, or as one signed file that
//! `cairn restore` reads.
//!
//! Pages of the REST API are asked for while the ones before are written, so memory holds a few pages
//! and a few attachments, however large the portal is. Paths that came with an import are hostile
//! input: what is written lies below the folder, under a name every file system takes.

mod article;
mod disk;
mod folder;
mod names;
mod settings;
mod wire;

pub(crate) use folder::{FolderOptions, Watch, to_folder};
