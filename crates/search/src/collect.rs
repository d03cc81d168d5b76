//! The best documents and the number of all, in one pass.
//!
//! Equal scores are ordered by article id, so that pages of one list neither repeat nor skip a hit
//! and a merge of segments changes nothing a reader can see.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use crate::facets::{self, Counts, SegmentCounts};
use crate::schema::{ID_HIGH, ID_LOW};

/// A document with its place in the order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) score: Score,
    pub(crate) id: (u64, u64),
    pub(crate) address: DocAddress,
}

impl Eq for Ranked {}

impl Ord for Ranked {
    /// Better is less: a heap of these has the worst on top.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then_with(|| self.id.cmp(&other.id))
            .then_with(|| self.address.cmp(&other.address))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Collects the first `count` documents and counts all.
pub(crate) struct Top {
    pub(crate) count: usize,
    /// Whether all are also counted by category and tag, and by these moments (milliseconds since 1970).
    pub(crate) facets: Option<Vec<i64>>,
}

/// What was collected: best first.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) best: Vec<Ranked>,
    pub(crate) total: u64,
    pub(crate) counts: Counts,
}

impl Collector for Top {
    type Fruit = Collected;
    type Child = SegmentTop;

    fn for_segment(
        &self,
        ordinal: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<SegmentTop> {
        Ok(SegmentTop {
            count: self.count,
            ordinal,
            high: reader.fast_fields().u64(ID_HIGH)?,
            low: reader.fast_fields().u64(ID_LOW)?,
            heap: BinaryHeap::with_capacity(self.count + 1),
            threshold: Score::MIN,
            total: 0,
            counts: self
                .facets
                .as_ref()
                .map(|since| SegmentCounts::new(reader, since))
                .transpose()?,
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, segments: Vec<Collected>) -> tantivy::Result<Collected> {
        let total = segments.iter().map(|s| s.total).sum();
        let mut best: Vec<Ranked> = Vec::new();
        let mut counts = Counts::default();
        for segment in segments {
            best.extend(segment.best);
            facets::add(&mut counts, segment.counts);
        }
        best.sort_unstable();
        best.truncate(self.count);
        Ok(Collected {
            best,
            total,
            counts,
        })
    }
}

pub(crate) struct SegmentTop {
    count: usize,
    ordinal: SegmentOrdinal,
    high: Column<u64>,
    low: Column<u64>,
    heap: BinaryHeap<Ranked>,
    /// Once the heap is full: the score below which nothing enters.
    threshold: Score,
    total: u64,
    counts: Option<SegmentCounts>,
}

impl SegmentCollector for SegmentTop {
    type Fruit = Collected;

    #[inline]
    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        if let Some(counts) = &mut self.counts {
            counts.count(doc);
        }
        if score < self.threshold || self.count == 0 {
            return;
        }
        let id = (
            self.high.first(doc).unwrap_or_default(),
            self.low.first(doc).unwrap_or_default(),
        );
        self.heap.push(Ranked {
            score,
            id,
            address: DocAddress::new(self.ordinal, doc),
        });
        if self.heap.len() > self.count {
            self.heap.pop();
        }
        if self.heap.len() == self.count
            && let Some(worst) = self.heap.peek()
        {
            self.threshold = worst.score;
        }
    }

    fn harvest(self) -> Collected {
        Collected {
            best: self.heap.into_sorted_vec(),
            total: self.total,
            counts: self.counts.map(SegmentCounts::harvest).unwrap_or_default(),
        }
    }
}
