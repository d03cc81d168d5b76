//! The same plan on the same index without a server: what is left for HTTP, credentials and JSON.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cairn_domain::locale::Locale;
use cairn_search::{Face, Filters, SearchConfig, SearchRequest, SearchRoom};
use serde::{Deserialize, Serialize};

use crate::latency::{Latencies, Percentiles};
use crate::options::{FloorSearch, Room};
use crate::out;

/// Hits of one search.
pub(crate) const HITS: usize = 10;

/// What a run measured, and the ids it found, to be compared with the server's.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) per_s: f64,
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) ids: Vec<Vec<String>>,
}

/// Searches every query twice, one after the other on one thread; the second time is measured.
pub(crate) fn command(args: &FloorSearch) -> Result<()> {
    let queries = args.room.queries()?;
    let room = SearchRoom::open(&args.room.index, SearchConfig::default())?;
    let requests = requests(&args.room, &queries, !args.no_snippets)?;
    search_all(&room, &requests).context(
        "the server's index cannot be used here; build cairn and cairn-bench from the same sources",
    )?;
    let (took, latencies, ids) = search_all(&room, &requests)?;
    let Percentiles { p50, p95, p99, .. } = latencies.percentiles();
    let found = Found {
        per_s: requests.len() as f64 / took.as_secs_f64(),
        p50,
        p95,
        p99,
        ids,
    };
    out::line(&serde_json::to_string(&found)?);
    Ok(())
}

/// Every query as a search of ten hits.
pub(super) fn requests(room: &Room, queries: &str, snippets: bool) -> Result<Vec<SearchRequest>> {
    queries
        .lines()
        .map(|text| {
            Ok(SearchRequest {
                portal: room.portal.parse().context("--portal is an id")?,
                face: Face::Published,
                locales: vec![room.locale()?],
                text: text.to_owned(),
                filters: Filters::default(),
                limit: HITS,
                offset: 0,
                snippets,
                facets: false,
                counted_since_ms: Vec::new(),
                sections: 0,
                as_typed: false,
                explain: false,
                rules: std::collections::BTreeMap::new(),
            })
        })
        .collect()
}

impl Room {
    /// The queries, one a line.
    pub(super) fn queries(&self) -> Result<String> {
        std::fs::read_to_string(&self.queries)
            .with_context(|| format!("cannot read {}", self.queries.display()))
    }

    /// The locale.
    pub(super) fn locale(&self) -> Result<Locale> {
        let locale = self.locale.parse();
        locale.map_err(|_| anyhow::anyhow!("--locale {:?} is no locale", self.locale))
    }
}

type Searched = (Duration, Latencies, Vec<Vec<String>>);

fn search_all(room: &SearchRoom, requests: &[SearchRequest]) -> Result<Searched> {
    let mut latencies = Latencies::default();
    let mut ids = Vec::with_capacity(requests.len());
    let mut took = Duration::ZERO;
    for request in requests {
        let asked = Instant::now();
        let answer = std::hint::black_box(room.search(request)?);
        let one = asked.elapsed();
        latencies.push(one);
        took += one;
        ids.push(answer.hits.iter().map(|h| h.article.to_string()).collect());
    }
    Ok((took, latencies, ids))
}
