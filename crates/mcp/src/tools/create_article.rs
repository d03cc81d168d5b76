//! `create_article`: a draft, unless asked otherwise and allowed.

use cairn_service::articles::{self, CreateArticle};
use cairn_service::{Context, Result};

use crate::args::{Arg, Args, Kind, optional, required};
use crate::outcome::Answer;
use crate::tools::article::{consequences, identity};
use crate::tools::{AUDIENCES, STATUSES};

pub(crate) const ARGS: &[Arg] = &[
    required("title", Kind::Text, "At most 255 characters"),
    required("body", Kind::Text, "Markdown (GFM)"),
    optional("category", Kind::Text, "Category id, slug or name"),
    optional(
        "status",
        Kind::Word(STATUSES),
        "Default draft; published needs a key that may publish",
    ),
    optional("locale", Kind::Text, "Default: the portal's"),
    optional("tags", Kind::Texts, "Labels"),
    optional(
        "slug",
        Kind::Text,
        "Path of the page; made from the title if left out",
    ),
    optional("excerpt", Kind::Text, "Summary for lists"),
    optional("author", Kind::Text, "Name shown as author"),
    optional("audience", Kind::Word(AUDIENCES), "Default public"),
    optional(
        "translation_of",
        Kind::Text,
        "Article this one translates: UUID or portal~number",
    ),
    optional("message", Kind::Text, "Why, for the revision list"),
    optional(
        "idempotency_key",
        Kind::Text,
        "Any unique text; retrying with it creates nothing twice",
    ),
    optional(
        "portal",
        Kind::Text,
        "Portal slug; needed only if the key reaches several",
    ),
];

pub(crate) async fn run(ctx: &Context, mut args: Args) -> Result<Answer> {
    args.check()?;
    let command = CreateArticle {
        portal: args.text("portal"),
        title: args.text("title"),
        body: args.text("body"),
        excerpt: args.text("excerpt"),
        tags: args.texts("tags"),
        author: args.text("author"),
        category: args.text("category"),
        locale: args.text("locale"),
        slug: args.text("slug"),
        status: args.text("status"),
        audience: args.text("audience"),
        translation_of: args.text("translation_of"),
        message: args.text("message"),
        idempotency_key: args.text("idempotency_key"),
        ..CreateArticle::default()
    };
    let view = articles::create(ctx, command).await?;
    let mut answer = identity(&view);
    consequences(&mut answer, &view);
    Ok(Answer::data(answer.into_value()))
}
