//! How many of the found documents stand in each category and have each tag: counted in the unit that
//! answers, so that a count tells nothing about what its readers may not see.

use std::collections::HashMap;

use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

/// The columns that are counted.
pub(crate) const COUNTED: [&str; 2] = ["category", "tag"];

/// Documents by value, one map per column of [`COUNTED`].
pub(crate) type Counts = [HashMap<String, u64>; COUNTED.len()];

/// Counts in one segment, by the segment's own numbers of values.
pub(crate) struct SegmentCounts {
    columns: [Option<(StrColumn, Vec<u64>)>; COUNTED.len()],
}

impl SegmentCounts {
    pub(crate) fn new(reader: &SegmentReader) -> tantivy::Result<Self> {
        let mut columns = [const { None }; COUNTED.len()];
        for (column, name) in columns.iter_mut().zip(COUNTED) {
            *column = reader
                .fast_fields()
                .str(name)?
                .map(|values| (values.clone(), vec![0; values.num_terms()]));
        }
        Ok(Self { columns })
    }

    #[inline]
    pub(crate) fn count(&mut self, doc: DocId) {
        for (values, counts) in self.columns.iter_mut().flatten() {
            for ord in values.ords().values_for_doc(doc) {
                let count = usize::try_from(ord).ok().and_then(|o| counts.get_mut(o));
                if let Some(count) = count {
                    *count += 1;
                }
            }
        }
    }

    pub(crate) fn harvest(self) -> Counts {
        let mut found = Counts::default();
        for (column, found) in self.columns.into_iter().zip(&mut found) {
            let Some((values, counts)) = column else {
                continue;
            };
            for (ord, count) in counts.into_iter().enumerate().filter(|(_, n)| *n > 0) {
                let mut text = String::new();
                // A value that cannot be read is left out; a search never fails for a count.
                if let Ok(true) = values.ord_to_str(ord as u64, &mut text) {
                    *found.entry(text).or_default() += count;
                }
            }
        }
        found
    }
}

/// Adds the counts of one segment to those of others.
pub(crate) fn add(all: &mut Counts, more: Counts) {
    for (all, more) in all.iter_mut().zip(more) {
        for (value, count) in more {
            *all.entry(value).or_default() += count;
        }
    }
}
