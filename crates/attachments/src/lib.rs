//! Files that articles show.
