//! Passages: the sections that answer a question, each with where it stands.

use std::sync::Arc;

use cairn_domain::operation::Operation;
use cairn_search::Face;

use crate::articles::view::{ArticleSummary, hit_summary};
use crate::authorize::Purpose;
use crate::search::{Query, request};
use crate::text_input::Input;
use crate::{Context, Result, authorize};

/// Passages of one answer when nothing else is asked for.
const PASSAGES: usize = 8;
/// Most passages of one answer.
pub(crate) const PASSAGES_MAX: usize = 50;

/// A question.
#[derive(Debug, Clone, Default)]
pub struct SearchPassages {
    /// The words.
    pub q: String,
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Locale; all of the portal's when absent.
    pub locale: Option<String>,
    /// Category id, slug or name; children included.
    pub category: Option<String>,
    /// Tag, exact.
    pub tag: Option<String>,
    /// 1 to [`PASSAGES_MAX`], default 8.
    pub limit: Option<i64>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct PassagePage {
    /// Best first.
    pub items: Vec<Passage>,
    /// Articles that match in all.
    pub total: u64,
    /// The query with unknown words repaired, when that is likely what was meant.
    pub corrected: Option<String>,
    /// Something the caller should know, such as a cut query.
    pub notice: Option<String>,
}

/// A section of an article.
#[derive(Debug, Clone)]
pub struct Passage {
    /// The article, without snippet.
    pub article: ArticleSummary,
    /// The headings above and its own, outermost first.
    pub heading_path: Vec<String>,
    /// The fragment that links to it, without `#`.
    pub anchor: Option<String>,
    /// Its public address; absent while readers cannot open it.
    pub url: Option<String>,
    /// The cut that speaks to the question: escaped HTML with `<mark>`.
    pub snippet_html: String,
    /// The same cut as text.
    pub snippet: String,
    /// All its words.
    pub text: String,
    /// Comparable within one answer only.
    pub score: f32,
}

/// Finds passages of published articles.
///
/// # Errors
/// `invalid_fields`, `portal_required`, `missing_scope`, `overloaded`.
pub async fn search_passages(ctx: &Context, query: SearchPassages) -> Result<PassagePage> {
    authorize::operation(ctx, Operation::SearchPassages)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let tree = ctx.app.tree(portal.id).await?;
    let mut input = Input::default();
    let limit = input.limit_of(query.limit, PASSAGES, PASSAGES_MAX);
    let locale = input.locale(query.locale.as_deref());
    let category = input.category("category", query.category.as_deref(), &tree);
    let tag = input
        .not_empty("tag", query.tag.as_deref())
        .map(str::to_owned);
    input.finish()?;
    let words = Query {
        face: Face::Published,
        locales: locale.map_or_else(|| portal.locales.clone(), |l| vec![l]),
        q: query.q,
        category,
        tag,
        status: None,
        audience: None,
        author: None,
        updated_since: None,
        offset: 0,
        limit,
        facets: false,
        sections: 0,
        as_typed: false,
        explain: false,
    };
    let (request, notice) = request(&ctx.app, &portal, words).await?;
    let index = Arc::clone(&ctx.app.index);
    let answer = ctx
        .app
        .searches
        .run(move || index.passages(&request))
        .await??;
    let mut items = Vec::with_capacity(answer.passages.len());
    for passage in answer.passages {
        let article = hit_summary(ctx, &portal, passage.article).await?;
        let url = article.url.clone().map(|url| match &passage.anchor {
            Some(anchor) => format!("{url}#{anchor}"),
            None => url,
        });
        items.push(Passage {
            article,
            heading_path: passage.heading_path,
            anchor: passage.anchor,
            url,
            snippet_html: passage.snippet.html,
            snippet: passage.snippet.text,
            text: passage.text,
            score: passage.score,
        });
    }
    Ok(PassagePage {
        items,
        total: answer.total,
        corrected: answer.corrected,
        notice,
    })
}
