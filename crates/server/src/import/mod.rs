//! `cairn import`: what another help center had becomes articles here.
//!
//! A source (`cairn_sources`) is read on a thread of its own; what it gives is put into batches and
//! sent through a door, files and old addresses after it. A bad file is reported with its path, line
//! and reason, and stops nothing. The body of an article is what the source says, to the byte.

mod aftermath;
mod batch;
mod categories;
mod in_process;
mod item;
mod over_http;
mod report;
mod run;
mod target;
#[cfg(test)]
mod tests;

pub(crate) use aftermath::{Steps, follow};
pub(crate) use in_process::InProcess;
pub(crate) use item::Options;
pub(crate) use over_http::OverHttp;
pub(crate) use report::Report;
pub(crate) use run::{Progress, Unwatched, rehearse, run};
pub(crate) use target::Target;
