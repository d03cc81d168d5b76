//! Cairn's search room in a process of its own, part by part: ranking, what ten snippets add to the same
//! search, and suggestions for what people had typed by then.

use anyhow::{Context, Result};
use cairn_search::{Face, SearchConfig, SearchRequest, SearchRoom, SuggestRequest};
use serde::{Deserialize, Serialize};

use super::search::{HITS, requests};
use crate::clocks::{Clocks, Timed, timed};
use crate::options::Room;
use crate::out;
use crate::process::{self, Memory};

/// Characters after which somebody who types is first shown suggestions.
const TYPED_CHARS_MIN: usize = 2;

/// What a run measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// Ten hits with their titles, no snippets.
    pub(crate) ranking: Timed,
    /// What ten snippets add to it, query by query.
    pub(crate) snippets: Timed,
    /// Both together.
    pub(crate) whole: Timed,
    /// Suggestions for each whole query.
    pub(crate) suggest: Timed,
    /// Suggestions for each query cut somewhere, as while typing.
    pub(crate) typing: Timed,
    /// Queries that found nothing.
    pub(crate) empty: usize,
    /// Snippets that hold a marked word, of all hits.
    pub(crate) marked: usize,
    pub(crate) shown: usize,
    /// Of this process, after all of it.
    pub(crate) memory: Memory,
    /// Pages that were waited for from the disk meanwhile.
    pub(crate) major_faults: u64,
}

/// Asks every query on one thread, each part by itself, in two rounds; the second is measured.
pub(crate) fn command(args: &Room) -> Result<()> {
    let queries = args.queries()?;
    let room = SearchRoom::open(&args.index, SearchConfig::default())?;
    let bare = requests(args, &queries, false)?;
    let full = requests(args, &queries, true)?;
    round(args, &room, &bare, &full).context(
        "the server's index cannot be used here; build cairn and cairn-bench from the same sources",
    )?;
    let parts = round(args, &room, &bare, &full)?;
    out::line(&serde_json::to_string(&parts)?);
    Ok(())
}

fn round(
    args: &Room,
    room: &SearchRoom,
    bare: &[SearchRequest],
    full: &[SearchRequest],
) -> Result<Parts> {
    let faults = process::own_major_faults();
    let mut ranking = Clocks::default();
    let mut empty = 0;
    for request in bare {
        let (took, found) = timed(|| room.search(request));
        ranking.push(took);
        empty += usize::from(found?.hits.is_empty());
    }
    let (mut snippets, mut whole) = (Clocks::default(), Clocks::default());
    let (mut marked, mut shown) = (0, 0);
    for (at, (bare, full)) in bare.iter().zip(full).enumerate() {
        // Whoever comes second finds warmer caches: they take turns.
        let ask = |request| timed(|| room.search(request));
        let (without, with, found) = if at % 2 == 0 {
            let (without, _) = ask(bare);
            let (with, found) = ask(full);
            (without, with, found)
        } else {
            let (with, found) = ask(full);
            let (without, _) = ask(bare);
            (without, with, found)
        };
        let hits = found?.hits;
        shown += hits.len();
        marked += hits.iter().filter(|h| is_marked(h)).count();
        whole.push(with);
        snippets.push(with.beyond(without));
    }
    let suggest = |text: &dyn Fn(usize, &str) -> String| {
        let mut clocks = Clocks::default();
        for (at, request) in bare.iter().enumerate() {
            let request = SuggestRequest {
                portal: request.portal,
                face: Face::Published,
                locale: args.locale()?,
                text: text(at, &request.text),
                limit: HITS,
                rules: None,
            };
            let (took, found) = timed(|| room.suggest(&request));
            found?;
            clocks.push(took);
        }
        anyhow::Ok(clocks.percentiles())
    };
    Ok(Parts {
        suggest: suggest(&|_, text| text.to_owned())?,
        typing: suggest(&|at, text| typed_so_far(text, at))?,
        ranking: ranking.percentiles(),
        snippets: snippets.percentiles(),
        whole: whole.percentiles(),
        empty,
        marked,
        shown,
        memory: process::memory(std::process::id()),
        major_faults: process::own_major_faults() - faults,
    })
}

fn is_marked(hit: &cairn_search::Hit) -> bool {
    hit.snippet.html.contains("<mark>")
}

/// The beginning of a query, cut at a place that differs from query to query.
fn typed_so_far(text: &str, number: usize) -> String {
    let chars = text.chars().count();
    let cuts = chars.saturating_sub(TYPED_CHARS_MIN) + 1;
    text.chars().take(TYPED_CHARS_MIN + number % cuts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_cut_from_two_letters_to_its_end() {
        let cuts: Vec<usize> = (0..100)
            .map(|n| typed_so_far("calendar", n).len())
            .collect();
        assert!(cuts.iter().all(|cut| (2..=8).contains(cut)));
        assert!((2..=8).all(|len| cuts.contains(&len)));
        assert_eq!(typed_so_far("x", 5), "x");
        assert_eq!(typed_so_far("", 5), "");
    }
}
