//! Builds the index of a search room from copies of a collection, until it has so many sections. Each copy
//! has ids and titles of its own and the same words: lists grow, the dictionary hardly does.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use cairn_domain::ids::PortalId;
use cairn_domain::locale::Locale;
use cairn_search::{SearchConfig, SearchRoom};
use serde::{Deserialize, Serialize};

use crate::options::FloorCurve;
use crate::out;
use crate::room::{CutArticle, at, published};

/// Articles given to the room at once.
const BATCH: usize = 256;

/// What was built.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CurveBuilt {
    pub(crate) articles: usize,
    pub(crate) sections: usize,
    pub(crate) seconds: f64,
    pub(crate) bytes: u64,
    pub(crate) segments: usize,
}

pub(crate) fn command(args: &FloorCurve) -> Result<()> {
    let text = fs::read_to_string(&args.texts)
        .with_context(|| format!("cannot read {}", args.texts.display()))?;
    let articles: Vec<CutArticle> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .context("an article is one JSON object")?;
    drop(text);
    let in_one: usize = articles.iter().map(|a| a.sections.len()).sum();
    ensure!(in_one > 0, "{} has no sections", args.texts.display());
    let portal: PortalId = args.portal.parse().context("--portal is an id")?;
    let locale = args.locale.parse();
    let locale = locale.map_err(|_| anyhow::anyhow!("--locale {:?} is no locale", args.locale))?;
    let built = build(&args.index, portal, &locale, &articles, args.sections)?;
    out::line(&serde_json::to_string(&built)?);
    Ok(())
}

fn build(
    dir: &Path,
    portal: PortalId,
    locale: &Locale,
    articles: &[CutArticle],
    wanted: usize,
) -> Result<CurveBuilt> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    let began = Instant::now();
    let room = SearchRoom::open(dir, SearchConfig::default())?;
    let mut generation = room.begin_generation(portal)?;
    let mut batch = Vec::with_capacity(BATCH);
    let (mut number, mut sections) = (0_u32, 0);
    while sections < wanted {
        let copy = number as usize / articles.len();
        let article = &articles[number as usize % articles.len()];
        let title = match copy {
            0 => article.title.clone(),
            copy => format!("{} ({copy})", article.title),
        };
        batch.push(published(number, locale, &title, &article.sections)?);
        number += 1;
        sections += article.sections.len();
        if batch.len() == BATCH {
            generation.add(&batch)?;
            batch.clear();
        }
    }
    generation.add(&batch)?;
    generation.finish(at(1))?;
    let seconds = began.elapsed().as_secs_f64();
    let stats = room.stats(portal)?;
    let documents: u64 = stats.iter().map(|s| s.documents).sum();
    ensure!(
        documents == u64::from(number),
        "{documents} of {number} articles stand in the index"
    );
    Ok(CurveBuilt {
        articles: number as usize,
        sections,
        seconds,
        bytes: stats.iter().map(|s| s.bytes).sum(),
        segments: stats.iter().map(|s| s.segments).sum(),
    })
}
