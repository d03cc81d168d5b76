//! The plain ap-1.0 plan: what ninety lines over the engine find and cost. Articles are the unit, the
//! body is Markdown as it stands, the title counts once more beside one field of all words, a rare word
//! is looked for with typing mistakes, the last one as a beginning, neighbours as loose pairs.
//!
//! The same schema, plan and snippets are measured in a process of its own and served over HTTP. It has
//! no sections, facets, rules, locales or faces, and reads every body whole for a snippet.

mod index;
mod plan;
mod serve;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tantivy::collector::TopDocs;
use tantivy::query::Query;
use tantivy::schema::Value;
use tantivy::snippet::SnippetGenerator;
use tantivy::{DocAddress, TantivyDocument};

use crate::clocks::{Clocks, Timed, timed};
use crate::floor::search::HITS;
use crate::options::FloorPlain;
use crate::out;
use index::Plain;

/// Characters of a snippet.
const SNIPPET_CHARS: usize = 200;

/// An article as the plain index is given it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) body: String,
}

/// What a run measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlainMeasured {
    /// Building the query and finding the best ten.
    pub(crate) ranking: Timed,
    /// Ten snippets of ten found articles, their bodies read, after the ranking.
    pub(crate) snippets: Timed,
    /// Queries that found nothing.
    pub(crate) empty: usize,
    /// Snippets that hold a marked word, of all snippets.
    pub(crate) marked: usize,
    pub(crate) shown: usize,
}

/// One hit as the floor server answers it.
#[derive(Debug, Serialize)]
struct PlainHit {
    id: String,
    title: String,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<String>,
}

/// Builds, measures or serves.
pub(crate) fn command(args: &FloorPlain) -> Result<()> {
    if let Some(texts) = &args.texts {
        let built = index::build(texts, &args.dir)?;
        out::line(&serde_json::to_string(&built)?);
    }
    if let Some(queries) = &args.queries {
        let measured = measure(&args.dir, queries)?;
        out::line(&serde_json::to_string(&measured)?);
    }
    if args.serve {
        serve::serve(Plain::open(&args.dir)?)?;
    }
    Ok(())
}

/// Asks every query on one thread, each part by itself, in two rounds; the second is measured.
fn measure(dir: &Path, queries: &PathBuf) -> Result<PlainMeasured> {
    let queries = std::fs::read_to_string(queries)
        .with_context(|| format!("cannot read {}", queries.display()))?;
    let queries: Vec<&str> = queries.lines().collect();
    let plain = Plain::open(dir)?;
    ask_all(&plain, &queries)?;
    ask_all(&plain, &queries)
}

fn ask_all(plain: &Plain, queries: &[&str]) -> Result<PlainMeasured> {
    let mut ranking = Clocks::default();
    for text in queries {
        let (took, found) = timed(|| plain.rank(text));
        found?;
        ranking.push(took);
    }
    let mut snippets = Clocks::default();
    let (mut empty, mut marked, mut shown) = (0, 0, 0);
    for text in queries {
        let (query, best) = plain.rank(text)?;
        let (took, hits) = timed(|| plain.hits(&*query, &best, true));
        snippets.push(took);
        let hits = hits?;
        empty += usize::from(hits.is_empty());
        shown += hits.len();
        let is_marked = |hit: &&PlainHit| hit.snippet.as_ref().is_some_and(|s| s.contains("<b>"));
        marked += hits.iter().filter(is_marked).count();
    }
    Ok(PlainMeasured {
        ranking: ranking.percentiles(),
        snippets: snippets.percentiles(),
        empty,
        marked,
        shown,
    })
}

type Ranked = (Box<dyn Query>, Vec<(f32, DocAddress)>);

impl Plain {
    /// The query of a text, and the best articles for it.
    fn rank(&self, text: &str) -> Result<Ranked> {
        let query = self.plan(text)?;
        let best = TopDocs::with_limit(HITS).order_by_score();
        let best = self.searcher.search(&*query, &best)?;
        Ok((query, best))
    }

    /// What is shown of them.
    fn hits(
        &self,
        query: &dyn Query,
        best: &[(f32, DocAddress)],
        snippets: bool,
    ) -> Result<Vec<PlainHit>> {
        let generator = match snippets {
            true => {
                // The plan asks `all` and `title`; snippets are cut by the words of `body`.
                let query = self.in_body(query);
                let mut made = SnippetGenerator::create(&self.searcher, &query, self.body)?;
                made.set_max_num_chars(SNIPPET_CHARS);
                Some(made)
            }
            false => None,
        };
        let mut hits = Vec::with_capacity(best.len());
        for (score, address) in best {
            let document: TantivyDocument = self.searcher.doc(*address)?;
            let text = |field| {
                let value = document.get_first(field);
                let text = value.and_then(|v| v.as_str().map(str::to_owned));
                text.context("what is shown is stored")
            };
            hits.push(PlainHit {
                id: text(self.id)?,
                title: text(self.title)?,
                score: *score,
                snippet: generator
                    .as_ref()
                    .map(|g| g.snippet_from_doc(&document).to_html()),
            });
        }
        Ok(hits)
    }

    /// The answer of the floor server.
    fn answer(&self, text: &str, snippets: bool) -> Result<serde_json::Value> {
        let (query, best) = self.rank(text)?;
        Ok(json!({"hits": self.hits(&*query, &best, snippets)?}))
    }
}
