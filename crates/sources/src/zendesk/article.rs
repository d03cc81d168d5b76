//! One article in one language.

use serde_json::Value;

use crate::addresses::path_of;
use crate::article::{Fault, SourceArticle};
use crate::body::{attachment_list, body_of, front_matter};
use crate::records::Record;

use super::attachments::Attachments;
use super::structure::canonical;

/// What all languages of an article share.
#[derive(Debug, Clone)]
pub(super) struct Meta {
    pub(super) section_id: Option<String>,
    pub(super) author_id: Option<String>,
    labels: Vec<String>,
    is_internal: bool,
    created_at: Option<String>,
    /// What Cairn has no field for.
    rest: Vec<(&'static str, Value)>,
}

/// What is kept with the article, in this order, and what it is when it says nothing.
const REST: [&str; 9] = [
    "promoted",
    "position",
    "vote_sum",
    "vote_count",
    "outdated",
    "comments_disabled",
    "user_segment_id",
    "permission_group_id",
    "content_tag_ids",
];

impl Meta {
    pub(super) fn of(record: &Record<'_>) -> Result<Self, Fault> {
        let segments = record.value("user_segment_ids").and_then(Value::as_array);
        let rest = REST.into_iter().filter_map(|name| {
            let value = record.value(name)?;
            let says_nothing =
                *value == Value::Bool(false) || value.as_array().is_some_and(Vec::is_empty);
            (!says_nothing).then(|| (name, value.clone()))
        });
        Ok(Self {
            section_id: record.id("section_id")?,
            author_id: record.id("author_id")?,
            labels: record.texts("label_names")?,
            is_internal: record.id("user_segment_id")?.is_some()
                || segments.is_some_and(|segments| !segments.is_empty()),
            created_at: record.time("created_at")?,
            rest: rest.collect(),
        })
    }
}

/// What is known of an article from elsewhere.
pub(super) struct About<'a> {
    pub(super) id: &'a str,
    pub(super) locale: &'a str,
    pub(super) author: Option<String>,
    pub(super) category_path: Vec<String>,
    pub(super) votes: Option<(i64, i64)>,
    pub(super) is_default: bool,
}

/// The article, from the record of the article or of a translation.
pub(super) fn written(
    record: &Record<'_>,
    meta: &Meta,
    about: About<'_>,
    attachments: &Attachments,
) -> Result<SourceArticle, Fault> {
    let locale = canonical(about.locale).ok_or_else(|| {
        record.fault(&format!(
            "`locale` is {:?}, a language tag such as en-us is expected",
            about.locale
        ))
    })?;
    let path = format!("articles/{locale}/{}.md", about.id.replace('/', "-"));
    let title = record
        .words("title")
        .or_else(|fault| record.words("name").map_err(|_| fault))?;
    let html = record.text("body")?.unwrap_or_default();
    let readdressed = |address: &str, _: bool| attachments.readdressed(&path, address);
    let mut body = body_of(html, &readdressed).map_err(|reason| record.fault(&reason))?;
    let listed = attachments.listed(about.id, about.locale).into_iter();
    let listed = listed.filter_map(|attachment| {
        let file = attachment
            .file
            .as_deref()
            .map(|file| crate::addresses::relative(&path, file));
        Some((
            attachment.name.as_str(),
            file.or(attachment.address.clone())?,
        ))
    });
    attachment_list(&mut body, listed);
    let edited = record.time("edited_at")?.or(record.time("updated_at")?);
    let created = meta.created_at.clone().or(record.time("created_at")?);
    let mut rest = meta.rest.clone();
    if let Some((sum, count)) = about.votes {
        let known = |name: &str| meta.rest.iter().any(|(known, _)| *known == name);
        if !known("vote_count") {
            rest.push(("vote_sum", sum.into()));
            rest.push(("vote_count", count.into()));
        }
    }
    if record.is("outdated")? && !rest.iter().any(|(name, _)| *name == "outdated") {
        rest.push(("outdated", Value::Bool(true)));
    }
    Ok(SourceArticle {
        old_urls: old_urls(record.text("html_url")?, &about),
        path,
        body_line: 1,
        source_id: about.id.to_owned(),
        locale: Some(locale),
        translation_key: Some(about.id.to_owned()),
        title: title.to_owned(),
        body,
        tags: meta.labels.clone(),
        author: about.author,
        category_path: about.category_path,
        status: Some(
            if record.is("draft")? {
                "draft"
            } else {
                "published"
            }
            .to_owned(),
        ),
        audience: Some(
            if meta.is_internal {
                "internal"
            } else {
                "public"
            }
            .to_owned(),
        ),
        created_at: created,
        updated_at: edited,
        front_matter: front_matter(&rest),
        ..SourceArticle::default()
    })
}

/// Its address as it was written, the same with the number alone, and for the default language the
/// one without a language.
fn old_urls(html_url: Option<&str>, about: &About<'_>) -> Vec<String> {
    let mut urls = Vec::new();
    let bare = format!("/hc/{}/articles/{}", about.locale, about.id);
    urls.extend(html_url.and_then(path_of).map(str::to_owned));
    urls.push(bare);
    if about.is_default {
        urls.push(format!("/hc/articles/{}", about.id));
    }
    urls.dedup();
    urls
}
