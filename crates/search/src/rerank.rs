//! The second look at the best: how much of a title, and of an address, the query names, and whether in its order.
//!
//! BM25 rewards a title for every word it shares, whatever else stands in it. A title that says what
//! was asked and little more is what a person means, and so is one that says it in the same order; the address often
//! keeps what a title said before. So these shares count once again, for the first hits only: a look into the
//! postings of two short fields at their few documents.

use tantivy::postings::Postings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, SegmentReader, Term};

use crate::collect::Ranked;
use crate::plan::{Neighbours, Plan, PlannedWord};
use crate::ranking::SecondLook;
use crate::search::rarity_of;
use crate::unit::Opened;

/// Adds to the scores of the first hits and puts them in order again. The rest stays behind them.
pub(crate) fn by_second_look(
    opened: &Opened,
    plan: &Plan,
    ranking: &SecondLook,
    best: &mut [Ranked],
) -> tantivy::Result<()> {
    let first = ranking.first.min(best.len());
    let best = &mut best[..first];
    if plan.words.is_empty() {
        return Ok(());
    }
    let order = Order::of(opened, plan, ranking.title_order);
    // Postings are walked forwards: by segment and document.
    best.sort_unstable_by_key(|ranked| ranked.address);
    for of_segment in best.chunk_by_mut(|a, b| a.address.segment_ord == b.address.segment_ord) {
        let Some(first) = of_segment.first() else {
            continue;
        };
        let reader = opened.searcher.segment_reader(first.address.segment_ord);
        let title = Named::of(
            reader,
            opened.fields.title,
            plan,
            of_segment,
            order.is_some(),
        )?;
        let address = match ranking.address_share {
            0.0 => None,
            _ => Some(Named::of(
                reader,
                opened.fields.address,
                plan,
                of_segment,
                false,
            )?),
        };
        for (at, ranked) in of_segment.iter_mut().enumerate() {
            ranked.score += ranking.title_share * title.shares[at];
            if let Some(address) = &address {
                ranked.score += ranking.address_share * address.shares[at];
            }
            if let Some(order) = &order {
                ranked.score += ranking.title_order * order.share(&title.spots[at]);
            }
        }
    }
    best.sort_unstable();
    Ok(())
}

/// What a query names of one short field, for each of some documents.
struct Named {
    /// The share of the field's words.
    shares: Vec<f32>,
    /// Which word of the plan stands at which position, where positions were wanted.
    spots: Vec<Vec<(usize, u32)>>,
}

impl Named {
    fn of(
        reader: &SegmentReader,
        field: Field,
        plan: &Plan,
        documents: &[Ranked],
        positions: bool,
    ) -> tantivy::Result<Self> {
        let inverted = reader.inverted_index(field)?;
        let lengths = reader.get_fieldnorms_reader(field)?;
        let record = if positions {
            IndexRecordOption::WithFreqsAndPositions
        } else {
            IndexRecordOption::Basic
        };
        let mut named = Self {
            shares: vec![0.0; documents.len()],
            spots: vec![Vec::new(); documents.len()],
        };
        let mut seen = vec![0.0_f32; documents.len()];
        let mut read = Vec::new();
        let words = plan.words.iter().enumerate();
        for (word_at, word) in words.filter(|(_, word)| !word.is_part) {
            seen.fill(0.0);
            for form in word.forms.iter().filter(|form| form.then.is_empty()) {
                let term = Term::from_field_text(field, &form.stem);
                let Some(mut postings) = inverted.read_postings(&term, record)? else {
                    continue;
                };
                for (at, ranked) in documents.iter().enumerate() {
                    let wanted = ranked.address.doc_id;
                    if postings.doc() < wanted {
                        postings.seek(wanted);
                    }
                    if postings.doc() != wanted {
                        continue;
                    }
                    seen[at] = seen[at].max(form.boost.min(1.0));
                    if positions {
                        postings.positions(&mut read);
                        let spots = read.iter().map(|position| (word_at, *position));
                        named.spots[at].extend(spots);
                    }
                }
            }
            for (share, seen) in named.shares.iter_mut().zip(&seen) {
                *share += seen;
            }
        }
        for (share, ranked) in named.shares.iter_mut().zip(documents) {
            let length = lengths.fieldnorm(ranked.address.doc_id).max(1);
            *share = (*share / length as f32).min(1.0);
        }
        Ok(named)
    }
}

/// The neighbours of a query, each with what it tells.
struct Order<'p> {
    neighbours: Vec<(&'p Neighbours, f32)>,
    sum: f32,
}

impl<'p> Order<'p> {
    /// None where the order tells nothing.
    fn of(opened: &Opened, plan: &'p Plan, boost: f32) -> Option<Self> {
        if boost == 0.0 || plan.neighbours.is_empty() {
            return None;
        }
        let tells: Vec<f32> = plan.words.iter().map(|word| tells(opened, word)).collect();
        let neighbours: Vec<(&Neighbours, f32)> = plan
            .neighbours
            .iter()
            .map(|pair| (pair, tells[pair.one].min(tells[pair.next])))
            .collect();
        let sum: f32 = neighbours.iter().map(|(_, tells)| tells).sum();
        (sum > 0.0).then_some(Self { neighbours, sum })
    }

    /// The share of the neighbours that stand in a title as they stand in the query: in this order, with at most one
    /// word more between them.
    fn share(&self, spots: &[(usize, u32)]) -> f32 {
        let stands = |pair: &Neighbours| {
            let of = |word: usize| spots.iter().filter(move |(at, _)| *at == word);
            of(pair.one).any(|(_, from)| {
                of(pair.next).any(|(_, to)| to > from && (to - from) as usize <= pair.apart + 1)
            })
        };
        let standing = self.neighbours.iter().filter(|(pair, _)| stands(pair));
        standing.map(|(_, tells)| tells).sum::<f32>() / self.sum
    }
}

/// How much a word tells: its own rarity, and where no document has it that of its best repair.
fn tells(opened: &Opened, word: &PlannedWord) -> f32 {
    let documents = |stem: &str| {
        let term = Term::from_field_text(opened.fields.all, stem);
        opened.searcher.doc_freq(&term).unwrap_or_default()
    };
    let all = opened.searcher.num_docs();
    let mut forms = word.forms.iter().filter(|form| form.then.is_empty());
    let typed = forms.next().map_or(0, |typed| documents(&typed.stem));
    if typed > 0 {
        return rarity_of(typed, all);
    }
    forms
        .map(|form| (form.boost, documents(&form.stem)))
        .filter(|(_, documents)| *documents > 0)
        .map(|(boost, documents)| boost * rarity_of(documents, all))
        .fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_count_where_they_stand_in_the_order_of_the_query() {
        let pair = |one, next, apart| Neighbours { one, next, apart };
        let pairs = [pair(0, 1, 1), pair(1, 2, 2)];
        let order = Order {
            neighbours: vec![(&pairs[0], 3.0), (&pairs[1], 1.0)],
            sum: 4.0,
        };
        for (spots, want) in [
            (vec![(0, 0), (1, 1), (2, 3)], 1.0),
            (vec![(0, 0), (1, 2), (2, 6)], 0.75),
            (vec![(1, 0), (0, 1), (2, 3)], 0.25),
            (vec![(0, 0), (1, 3)], 0.0),
            (vec![], 0.0),
        ] {
            assert_eq!(order.share(&spots), want, "{spots:?}");
        }
    }
}
