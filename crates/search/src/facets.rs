//! How many of the found documents stand in each category, have each tag, and changed since some moments: counted in the
//! unit that answers, so that a count tells nothing about what its readers may not see.

use std::collections::HashMap;

use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, SegmentReader};

use crate::schema::UPDATED_AT;

/// The columns that are counted.
pub(crate) const COUNTED: [&str; 2] = ["category", "tag"];

/// What was counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    /// Documents by value, one map per column of [`COUNTED`].
    pub(crate) values: [HashMap<String, u64>; COUNTED.len()],
    /// Documents that changed at each of the moments or later, in their order.
    pub(crate) since: Vec<u64>,
}

/// Counts in one segment, by the segment's own numbers of values.
pub(crate) struct SegmentCounts {
    columns: [Option<(StrColumn, Vec<u64>)>; COUNTED.len()],
    updated_at: Column<i64>,
    /// Moments in milliseconds since 1970, and what changed then or later.
    since: Vec<(i64, u64)>,
}

impl SegmentCounts {
    pub(crate) fn new(reader: &SegmentReader, since_ms: &[i64]) -> tantivy::Result<Self> {
        let mut columns = [const { None }; COUNTED.len()];
        for (column, name) in columns.iter_mut().zip(COUNTED) {
            *column = reader
                .fast_fields()
                .str(name)?
                .map(|values| (values.clone(), vec![0; values.num_terms()]));
        }
        Ok(Self {
            columns,
            updated_at: reader.fast_fields().i64(UPDATED_AT)?,
            since: since_ms.iter().map(|moment| (*moment, 0)).collect(),
        })
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
        if !self.since.is_empty()
            && let Some(at) = self.updated_at.first(doc)
        {
            for (moment, count) in &mut self.since {
                *count += u64::from(at >= *moment);
            }
        }
    }

    pub(crate) fn harvest(self) -> Counts {
        let mut found = Counts {
            since: self.since.into_iter().map(|(_, count)| count).collect(),
            ..Counts::default()
        };
        for (column, found) in self.columns.into_iter().zip(&mut found.values) {
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
    for (all, more) in all.values.iter_mut().zip(more.values) {
        for (value, count) in more {
            *all.entry(value).or_default() += count;
        }
    }
    // The moments are the same for all segments; one without documents says nothing of them.
    all.since.resize(all.since.len().max(more.since.len()), 0);
    for (all, more) in all.since.iter_mut().zip(more.since) {
        *all += more;
    }
}
