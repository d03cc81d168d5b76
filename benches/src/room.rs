//! Articles as the search room is given them, for what is measured without a server and a database.

use anyhow::{Context, Result};
use cairn_domain::article::{Audience, Status};
use cairn_domain::feed::{Epoch, Position};
use cairn_domain::ids::ArticleId;
use cairn_domain::locale::Locale;
use cairn_search::{ArticleChange, Face, IndexDocument, SectionText};
use serde::{Deserialize, Serialize};

/// An article cut into sections, as it goes from one process to another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CutArticle {
    pub(crate) title: String,
    pub(crate) sections: Vec<CutSection>,
}

/// One section of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CutSection {
    heading: Option<String>,
    heading_path: Vec<String>,
    anchor: Option<String>,
    text: String,
}

/// The sections of a body, as the service cuts them.
pub(crate) fn cut(body: &str) -> Vec<CutSection> {
    match cairn_markdown::sections(body) {
        Ok(sections) => sections
            .into_iter()
            .map(|s| CutSection {
                heading: s.heading,
                heading_path: s.heading_path,
                anchor: s.anchor,
                text: s.text,
            })
            .collect(),
        Err(_) => vec![CutSection {
            heading: None,
            heading_path: Vec::new(),
            anchor: None,
            text: body.to_owned(),
        }],
    }
}

/// A position of a feed of its own.
pub(crate) fn at(pos: i64) -> Position {
    Position {
        epoch: Epoch {
            system_identifier: 1,
            timeline: 1,
        },
        pos,
        event: None,
    }
}

/// A published, public article as every face shows it.
pub(crate) fn published(
    number: u32,
    locale: &Locale,
    title: &str,
    sections: &[CutSection],
) -> Result<ArticleChange> {
    let id = format!("{number:08x}-0000-7000-8000-00000000000a");
    let article: ArticleId = id.parse().context("an article's id")?;
    let sections = sections.iter().map(|s| SectionText {
        heading: s.heading.clone(),
        heading_path: s.heading_path.clone(),
        anchor: s.anchor.clone(),
        text: s.text.clone(),
    });
    let document = IndexDocument {
        article,
        number: i64::from(number) + 1,
        revision: 1,
        row_version: 1,
        locale: locale.clone(),
        source_id: None,
        slug: format!("article-{number}"),
        title: title.to_owned(),
        excerpt: String::new(),
        sections: sections.collect(),
        address_words: String::new(),
        anchor_words: String::new(),
        categories: Vec::new(),
        category_names: Vec::new(),
        tags: Vec::new(),
        status: Status::Published,
        audience: Audience::Public,
        author: None,
        updated_at_ms: 1_000,
    };
    Ok(ArticleChange {
        article,
        documents: Face::ALL.map(|face| (face, document.clone())).to_vec(),
    })
}
