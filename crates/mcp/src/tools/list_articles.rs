//! `list_articles`: browse by filters or search by words; titles and snippets, never bodies.

use cairn_domain::limits::PAGE_SIZE_MAX;
use cairn_service::articles::{self, ListArticles};
use cairn_service::{Context, Result};

use crate::args::{Arg, Args, Kind, optional};
use crate::list_page::Place;
use crate::outcome::Answer;
use crate::tools::article::{Object, summary};
use crate::tools::{AUDIENCES, STATUSES};

/// Orders; `relevance` is what a query gives anyway.
const SORTS: &[&str] = &[
    "relevance",
    "-updated_at",
    "updated_at",
    "-created_at",
    "created_at",
    "title",
    "-title",
    "number",
    "-number",
];

pub(crate) const ARGS: &[Arg] = &[
    optional(
        "query",
        Kind::Text,
        "Words to search for; best matches first. Leave out to browse",
    ),
    optional(
        "category",
        Kind::Text,
        "Category id, slug or name; includes its children",
    ),
    optional(
        "status",
        Kind::Word(STATUSES),
        "Drafts and archived ones only for keys that may write",
    ),
    optional("locale", Kind::Text, "e.g. en, de, pt-BR"),
    optional("tag", Kind::Text, "Exact tag"),
    optional("author", Kind::Text, "Exact author"),
    optional("audience", Kind::Word(AUDIENCES), "Who may read it"),
    optional(
        "updated_after",
        Kind::Text,
        "RFC 3339 time, e.g. 2026-11-14T00:00:00Z; changed then or later",
    ),
    optional(
        "sort",
        Kind::Word(SORTS),
        "Default -updated_at, or relevance with query",
    ),
    optional(
        "limit",
        Kind::Integer(1, PAGE_SIZE_MAX as i64),
        "Default 20",
    ),
    optional(
        "cursor",
        Kind::Text,
        "next_cursor of the page before, with the same other arguments",
    ),
    optional(
        "portal",
        Kind::Text,
        "Portal slug; needed only if the key reaches several",
    ),
];

pub(crate) async fn run(ctx: &Context, mut args: Args) -> Result<Answer> {
    args.check()?;
    let place = Place::parse(args.text("cursor"))?;
    let query = ListArticles {
        portal: args.text("portal"),
        category: args.text("category"),
        status: args.text("status"),
        locale: args.text("locale"),
        tag: args.text("tag"),
        author: args.text("author"),
        audience: args.text("audience"),
        updated_since: args.text("updated_after"),
        q: args.text("query"),
        sort: args.text("sort").filter(|sort| sort != "relevance"),
        limit: args.integer("limit"),
        cursor: place.cursor.clone(),
        ..ListArticles::default()
    };
    // The rest of a page that was cut is no new search.
    let rest = (place.skip > 0).then(|| ctx.clone().counting_searches(None));
    let page = articles::list(rest.as_ref().unwrap_or(ctx), query).await?;
    let items = page
        .items
        .iter()
        .map(|item| summary(ctx.caller(), item))
        .collect();
    let (items, next_cursor) = place.fit(items, page.next_cursor);
    let mut answer = Object::default();
    answer
        .set("articles", items)
        .set("total", page.total)
        .set_some("next_cursor", next_cursor)
        .set_some("notice", page.notice);
    Ok(Answer::data(answer.into_value()))
}
