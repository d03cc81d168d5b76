//! `list_categories`: the tree of a portal, with counts.

use cairn_domain::limits::PAGE_SIZE_MAX;
use cairn_service::categories::{self, CategoryNode, ListCategories};
use cairn_service::{Context, Result};
use serde_json::Value;

use crate::args::{Arg, Args, Kind, optional};
use crate::list_page::Place;
use crate::outcome::Answer;
use crate::outline::shorten;
use crate::tools::article::Object;

/// Most characters of a description in a list.
const DESCRIPTION_CHARS_MAX: usize = 200;

pub(crate) const ARGS: &[Arg] = &[
    optional(
        "portal",
        Kind::Text,
        "Portal slug; needed only if the key reaches several",
    ),
    optional(
        "parent",
        Kind::Text,
        "Only below this category: id, slug or name",
    ),
    optional(
        "locale",
        Kind::Text,
        "Count articles of this locale only, e.g. en",
    ),
    optional(
        "limit",
        Kind::Integer(1, PAGE_SIZE_MAX as i64),
        "Default 100",
    ),
    optional("cursor", Kind::Text, "next_cursor of the page before"),
];

pub(crate) async fn run(ctx: &Context, mut args: Args) -> Result<Answer> {
    args.check()?;
    let place = Place::parse(args.text("cursor"))?;
    let query = ListCategories {
        portal: args.text("portal"),
        parent: args.text("parent"),
        locale: args.text("locale"),
        limit: args.integer("limit"),
        cursor: place.cursor.clone(),
    };
    let page = categories::list(ctx, query).await?;
    let items = page.items.iter().map(node).collect();
    let (items, next_cursor) = place.fit(items, page.next_cursor);
    let mut answer = Object::default();
    answer
        .set("portal", page.portal)
        .set("categories", items)
        .set("total", page.total)
        .set_some("next_cursor", next_cursor);
    Ok(Answer::data(answer.into_value()))
}

fn node(node: &CategoryNode) -> Value {
    let mut object = Object::default();
    object
        .set("id", node.category.id.to_string())
        .set("slug", node.category.slug.as_str())
        .set("name", node.category.name.as_str())
        .set_some("parent_id", node.category.parent.map(|p| p.to_string()))
        .set("depth", node.depth)
        .set("article_count", node.article_count)
        .set(
            "article_count_with_children",
            node.article_count_with_children,
        );
    if !node.category.description.is_empty() {
        object.set(
            "description",
            shorten(&node.category.description, DESCRIPTION_CHARS_MAX),
        );
    }
    object.into_value()
}
