//! The room as the service sees it: one binary, a module per promise.

mod changes;
mod damage;
mod faces;
mod generations;
mod hostile;
mod queries;
mod relevance;
mod support;
