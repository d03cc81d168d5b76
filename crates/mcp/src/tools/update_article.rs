//! `update_article`: a change against the revision it was read at, whole fields or passages.

use cairn_service::articles::{self, GetArticle, UpdateArticle};
use cairn_service::{Context, Error, ErrorCode, Result};

use crate::args::{Arg, Args, Kind, optional, required};
use crate::diff::diff;
use crate::outcome::Answer;
use crate::tools::article::{consequences, identity};
use crate::tools::{AUDIENCES, STATUSES};

/// Fields that can be emptied; empty text means "leave it", because clients send it for that.
const CLEARABLE: &[&str] = &["author", "category", "excerpt", "tags", "translation_of"];

pub(crate) const ARGS: &[Arg] = &[
    required(
        "id",
        Kind::Article,
        "UUID, portal~number (help~42) or public URL",
    ),
    required(
        "expected_revision",
        Kind::Expected,
        "revision of the get_article call the change was made from",
    ),
    optional(
        "edits",
        Kind::Edits,
        "Passages of the body to replace; each find must stand in it exactly once. Preferred over body",
    ),
    optional(
        "body",
        Kind::Text,
        "Whole new Markdown; not together with edits",
    ),
    optional("title", Kind::Text, "New title"),
    optional("excerpt", Kind::Text, "Summary for lists"),
    optional("tags", Kind::Texts, "All tags anew"),
    optional("category", Kind::Text, "Category id, slug or name"),
    optional("slug", Kind::Text, "New path; the old one redirects"),
    optional(
        "status",
        Kind::Word(STATUSES),
        "published publishes what is saved; archived takes it away from readers",
    ),
    optional("audience", Kind::Word(AUDIENCES), "Who may read it"),
    optional("author", Kind::Text, "Name shown as author"),
    optional(
        "translation_of",
        Kind::Text,
        "Article this one translates: UUID or portal~number",
    ),
    optional(
        "translated_revision",
        Kind::Integer(1, i32::MAX as i64),
        "Revision of that article this text is up to date with",
    ),
    optional("clear", Kind::Words(CLEARABLE), "Fields to empty"),
    optional("message", Kind::Text, "Why, for the revision list"),
    optional(
        "dry_run",
        Kind::Flag,
        "Check everything and show the diff, write nothing",
    ),
    optional(
        "idempotency_key",
        Kind::Text,
        "Any unique text; retrying with it changes nothing twice",
    ),
];

pub(crate) async fn run(ctx: &Context, mut args: Args) -> Result<Answer> {
    let clear = args.texts("clear").unwrap_or_default();
    for field in &clear {
        if args.has(field) {
            let message =
                format!("{field} has a new value and is to be cleared; say one of the two");
            args.fault("clear", "contradiction", message);
        }
    }
    args.check().map_err(precondition)?;
    let reference = args.article("id")?;
    let clears = |field: &str| clear.iter().any(|c| c == field);
    let emptied = |field: &str, value: Option<String>| {
        if clears(field) {
            Some(None)
        } else {
            value.map(Some)
        }
    };
    let command = UpdateArticle {
        expected: args.expected("expected_revision"),
        title: args.text("title"),
        body: args.text("body"),
        edits: args.edits("edits"),
        excerpt: if clears("excerpt") {
            Some(String::new())
        } else {
            args.text("excerpt")
        },
        tags: if clears("tags") {
            Some(Vec::new())
        } else {
            args.texts("tags")
        },
        author: emptied("author", args.text("author")),
        category: emptied("category", args.text("category")),
        slug: args.text("slug"),
        locale: None,
        status: args.text("status"),
        audience: args.text("audience"),
        translation_of: emptied("translation_of", args.text("translation_of")),
        translated_revision: args
            .integer("translated_revision")
            .and_then(|r| i32::try_from(r).ok()),
        message: args.text("message"),
        idempotency_key: args.text("idempotency_key"),
        dry_run: args.flag("dry_run"),
    };
    let dry_run = command.dry_run;
    let base = command.expected.map(|e| e.revision());
    let updated = articles::update(ctx, &reference, command).await?;

    let mut answer = identity(&updated.view);
    answer.set("changed", updated.changed);
    if dry_run {
        // The base is immutable, so reading it after the check cannot show another text.
        let base = GetArticle {
            revision: base,
            ..GetArticle::default()
        };
        let base = articles::get(ctx, &reference, base).await?;
        answer
            .set("dry_run", true)
            .set("warnings", updated.view.warnings.clone());
        answer.set("diff", diff(&base.staged.body, &updated.view.staged.body));
    } else {
        consequences(&mut answer, &updated.view);
    }
    Ok(Answer::data(answer.into_value()))
}

/// A call whose only fault is that it names no revision gets the code that says so.
fn precondition(error: Error) -> Error {
    match error.fields.as_slice() {
        [one] if one.field == "expected_revision" && one.code == "required" => Error::new(
            ErrorCode::PreconditionRequired,
            "update_article needs expected_revision; call get_article and send the revision it gives",
        ),
        _ => error,
    }
}
