//! The second look at the best: how much of a title the query names.
//!
//! BM25 rewards a title for every word it shares, whatever else stands in it. A title that says what
//! was asked and little more is what a person means, so its share counts once again, for the first
//! hits only: a look into the postings of titles at their few documents.

use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Term};

use crate::collect::Ranked;
use crate::plan::Plan;
use crate::ranking::TitleShare;
use crate::unit::Opened;

/// Adds to the scores of the first hits and puts them in order again. The rest stays behind them.
pub(crate) fn by_title_share(
    opened: &Opened,
    plan: &Plan,
    ranking: &TitleShare,
    best: &mut [Ranked],
) -> tantivy::Result<()> {
    let first = ranking.first.min(best.len());
    let best = &mut best[..first];
    if ranking.boost == 0.0 || plan.words.is_empty() {
        return Ok(());
    }
    // Postings are walked forwards: by segment and document.
    let mut order: Vec<usize> = (0..best.len()).collect();
    order.sort_unstable_by_key(|at| best[*at].address);
    let mut named = vec![0.0_f32; best.len()];
    for of_segment in
        order.chunk_by(|a, b| best[*a].address.segment_ord == best[*b].address.segment_ord)
    {
        let Some(first) = of_segment.first() else {
            continue;
        };
        let reader = opened
            .searcher
            .segment_reader(best[*first].address.segment_ord);
        let titles = reader.inverted_index(opened.fields.title)?;
        let lengths = reader.get_fieldnorms_reader(opened.fields.title)?;
        let mut seen = vec![0.0_f32; of_segment.len()];
        for word in plan.words.iter().filter(|word| !word.is_part) {
            seen.fill(0.0);
            for form in word.forms.iter().filter(|form| form.then.is_empty()) {
                let term = Term::from_field_text(opened.fields.title, &form.stem);
                let Some(mut postings) = titles.read_postings(&term, IndexRecordOption::Basic)?
                else {
                    continue;
                };
                for (at, seen) in of_segment.iter().zip(&mut seen) {
                    let wanted = best[*at].address.doc_id;
                    if postings.doc() < wanted {
                        postings.seek(wanted);
                    }
                    if postings.doc() == wanted {
                        *seen = seen.max(form.boost.min(1.0));
                    }
                }
            }
            for (at, seen) in of_segment.iter().zip(&seen) {
                named[*at] += seen;
            }
        }
        for at in of_segment {
            let length = lengths.fieldnorm(best[*at].address.doc_id).max(1);
            named[*at] = (named[*at] / length as f32).min(1.0);
        }
    }
    for (ranked, named) in best.iter_mut().zip(named) {
        ranked.score += ranking.boost * named;
    }
    best.sort_unstable();
    Ok(())
}
