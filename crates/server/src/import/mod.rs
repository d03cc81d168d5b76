//! `cairn import`: a folder of Markdown becomes articles.
//!
//! Walk the folder in one fixed order, read each file's front matter, make batches, send them to
//! `service::articles::import` through a door, and count what became of each file. A bad file is
//! reported with its path, line and reason, and stops nothing. The body of an article is the file
//! after its front matter, to the byte.

mod batch;
#[path = "../../../sources/src/front_matter.rs"]
pub mod front_matter;
#[path = "../../../sources/src/links.rs"]
mod links;
#[path = "../../../sources/src/markdown/article.rs"]
mod plan;
mod report;
mod run;
mod target;
#[path = "../../../sources/src/tree.rs"]
mod tree;

pub(crate) use plan::Options;
pub(crate) use report::Report;
pub(crate) use run::{Progress, Unwatched, run};
pub(crate) use target::{InProcess, OverHttp, Target};
pub(crate) use tree::Tree;
