//! `search_passages`: the sections that answer a question, each with its heading path and address.

use cairn_service::search::{self, SearchPassages};
use cairn_service::{Context, Result};

use crate::args::{Arg, Args, Kind, optional, required};
use crate::list_page::Place;
use crate::outcome::Answer;
use crate::outline::shorten;
use crate::tools::article::Object;

/// Most characters of a passage: what is longer is read with `get_article`.
const PASSAGE_CHARS_MAX: usize = 3_000;

pub(crate) const ARGS: &[Arg] = &[
    required(
        "query",
        Kind::Text,
        "The question or its words; \"exact words\", -without and title:word are followed",
    ),
    optional(
        "locale",
        Kind::Text,
        "e.g. en, de, pt-BR; all when left out",
    ),
    optional(
        "category",
        Kind::Text,
        "Category id, slug or name; includes its children",
    ),
    optional("tag", Kind::Text, "Exact tag"),
    optional("limit", Kind::Integer(1, 50), "Default 8"),
    optional(
        "portal",
        Kind::Text,
        "Portal slug; needed only if the key reaches several",
    ),
];

pub(crate) async fn run(ctx: &Context, mut args: Args) -> Result<Answer> {
    args.check()?;
    let query = SearchPassages {
        q: args.text("query").unwrap_or_default(),
        portal: args.text("portal"),
        locale: args.text("locale"),
        category: args.text("category"),
        tag: args.text("tag"),
        limit: args.integer("limit"),
    };
    let page = search::search_passages(ctx, query).await?;
    let items = page
        .items
        .iter()
        .map(|passage| {
            let article = &passage.article;
            let mut object = Object::default();
            object
                .set("id", article.article.id.to_string())
                .set("title", article.title.as_str())
                .set("heading_path", passage.heading_path.clone())
                .set_some("url", passage.url.as_deref())
                .set("text", shorten(&passage.text, PASSAGE_CHARS_MAX))
                .set("score", f64::from(passage.score));
            object.into_value()
        })
        .collect();
    let (items, _) = Place::default().fit(items, None);
    let mut answer = Object::default();
    answer
        .set("passages", items)
        .set("total_articles", page.total)
        .set_some("corrected", page.corrected)
        .set_some("notice", page.notice);
    Ok(Answer::data(answer.into_value()))
}
