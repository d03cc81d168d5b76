//! Help centers of other systems, read into articles.
