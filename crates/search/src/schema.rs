//! The fields of a unit, made from `index/definition.toml`, and a document in them.

use cairn_domain::article::{Audience, Status};
use cairn_domain::ids::{ArticleId, CategoryId};
use serde::{Deserialize, Serialize};
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{TantivyDocument, Term};

use crate::cut::{Cutter, is_han, plain};
use crate::definition::{AnalyzerKind, Record, Shape};
use crate::document::{IndexDocument, content_hash};
use crate::error::SearchError;

pub(crate) const STEM_TOKENIZER: &str = "cairn_stem";
pub(crate) const RAW_TOKENIZER: &str = "cairn_raw";
pub(crate) const HAN_TOKENIZER: &str = "cairn_han";

/// Handles of the fields, looked up once per open unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    id_high: Field,
    id_low: Field,
    revision: Field,
    row_version: Field,
    hash: Field,
    pub(crate) updated_at: Field,
    pub(crate) title: Field,
    pub(crate) lead: Field,
    pub(crate) address: Field,
    pub(crate) heading: Field,
    pub(crate) topic: Field,
    pub(crate) all: Field,
    pub(crate) raw: Field,
    pub(crate) han_title: Field,
    pub(crate) han: Field,
    pub(crate) category: Field,
    pub(crate) tag: Field,
    pub(crate) status: Field,
    pub(crate) audience: Field,
    pub(crate) author: Field,
    pub(crate) card: Field,
    pub(crate) body: Field,
}

/// Names of the number columns that verification and tie-breaking read.
pub(crate) const ID_HIGH: &str = "id_high";
pub(crate) const ID_LOW: &str = "id_low";
pub(crate) const REVISION: &str = "revision";
pub(crate) const ROW_VERSION: &str = "row_version";
pub(crate) const HASH: &str = "hash";
pub(crate) const UPDATED_AT: &str = "updated_at";

/// What a hit shows, stored beside the body.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Card {
    #[serde(rename = "n")]
    pub(crate) number: i64,
    #[serde(rename = "r")]
    pub(crate) revision: i32,
    #[serde(rename = "v")]
    pub(crate) row_version: i64,
    #[serde(rename = "o")]
    pub(crate) source_id: Option<String>,
    #[serde(rename = "s")]
    pub(crate) slug: String,
    #[serde(rename = "t")]
    pub(crate) title: String,
    #[serde(rename = "e")]
    pub(crate) excerpt: String,
    #[serde(rename = "c")]
    pub(crate) categories: Vec<CategoryId>,
    #[serde(rename = "k")]
    pub(crate) category_name: String,
    #[serde(rename = "g")]
    pub(crate) tags: Vec<String>,
    #[serde(rename = "p")]
    pub(crate) status: Status,
    #[serde(rename = "a")]
    pub(crate) audience: Audience,
    #[serde(rename = "w")]
    pub(crate) author: Option<String>,
    #[serde(rename = "u")]
    pub(crate) updated_at_ms: i64,
    #[serde(rename = "x")]
    pub(crate) sections: Vec<SectionMark>,
}

/// Where a section begins in the stored body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct SectionMark {
    #[serde(rename = "f")]
    pub(crate) from: usize,
    #[serde(rename = "h")]
    pub(crate) heading: Option<String>,
    #[serde(rename = "a")]
    pub(crate) anchor: Option<String>,
    /// The headings above and this one.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) path: Vec<String>,
}

/// The schema that `definition.toml` describes.
pub(crate) fn schema(shape: &Shape) -> Schema {
    let mut builder = Schema::builder();
    builder.add_bytes_field("id", BytesOptions::default().set_indexed());
    for name in [ID_HIGH, ID_LOW, HASH] {
        builder.add_u64_field(name, NumericOptions::default().set_fast());
    }
    for name in [REVISION, ROW_VERSION, UPDATED_AT] {
        builder.add_i64_field(name, NumericOptions::default().set_fast());
    }
    for field in &shape.text {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(match field.analyzer {
                AnalyzerKind::Stem => STEM_TOKENIZER,
                AnalyzerKind::Raw => RAW_TOKENIZER,
                AnalyzerKind::Han => HAN_TOKENIZER,
            })
            .set_index_option(match field.record {
                Record::Docs => IndexRecordOption::Basic,
                Record::Freqs => IndexRecordOption::WithFreqs,
                Record::Positions => IndexRecordOption::WithFreqsAndPositions,
            })
            .set_fieldnorms(field.lengths);
        builder.add_text_field(
            &field.name,
            TextOptions::default().set_indexing_options(indexing),
        );
    }
    for name in &shape.filters.exact {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        let mut options = TextOptions::default().set_indexing_options(indexing);
        if shape.filters.counted.contains(name) {
            options = options.set_fast("raw");
        }
        builder.add_text_field(name, options);
    }
    builder.add_text_field("card", TextOptions::default().set_stored());
    builder.add_text_field("body", TextOptions::default().set_stored());
    builder.build()
}

impl Fields {
    /// Finds every field of `schema`.
    pub(crate) fn of(schema: &Schema) -> Result<Self, SearchError> {
        let field = |name: &str| {
            schema
                .get_field(name)
                .map_err(SearchError::engine("find the fields of an index"))
        };
        Ok(Self {
            id: field("id")?,
            id_high: field(ID_HIGH)?,
            id_low: field(ID_LOW)?,
            revision: field(REVISION)?,
            row_version: field(ROW_VERSION)?,
            hash: field(HASH)?,
            updated_at: field(UPDATED_AT)?,
            title: field("title")?,
            lead: field("lead")?,
            address: field("address")?,
            heading: field("heading")?,
            topic: field("topic")?,
            all: field("all")?,
            raw: field("raw")?,
            han_title: field("han_title")?,
            han: field("han")?,
            category: field("category")?,
            tag: field("tag")?,
            status: field("status")?,
            audience: field("audience")?,
            author: field("author")?,
            card: field("card")?,
            body: field("body")?,
        })
    }

    /// The term that deletes and finds an article.
    pub(crate) fn id_term(&self, article: ArticleId) -> Term {
        Term::from_field_bytes(self.id, article.as_uuid().as_bytes())
    }

    /// A document in the words of the engine.
    pub(crate) fn document(
        &self,
        document: &IndexDocument,
        shape: &Shape,
    ) -> Result<TantivyDocument, SearchError> {
        let mut out = TantivyDocument::default();
        let (high, low) = document.article.as_uuid().as_u64_pair();
        out.add_bytes(self.id, document.article.as_uuid().as_bytes());
        out.add_u64(self.id_high, high);
        out.add_u64(self.id_low, low);
        out.add_i64(self.revision, i64::from(document.revision));
        out.add_i64(self.row_version, document.row_version);
        out.add_u64(self.hash, content_hash(document));
        out.add_i64(self.updated_at, document.updated_at_ms);

        let mut body = String::new();
        let mut words = document.title.clone();
        let mut headings = String::new();
        let mut sections = Vec::with_capacity(document.sections.len());
        for section in &document.sections {
            if !body.is_empty() {
                body.push('\n');
            }
            sections.push(SectionMark {
                from: body.len(),
                heading: section.heading.clone(),
                anchor: section.anchor.clone(),
                path: section.heading_path.clone(),
            });
            body.push_str(&section.text);
            words.push('\n');
            if let Some(heading) = &section.heading {
                words.push_str(heading);
                words.push('\n');
                headings.push_str(heading);
                headings.push('\n');
            }
            words.push_str(&section.text);
        }
        for found in [&document.address_words, &document.anchor_words] {
            if !found.is_empty() {
                words.push('\n');
                words.push_str(found);
            }
        }
        let title = plain(&document.title);
        let lead = plain(beginning(&body, shape.lead_words)).into_owned();
        let words = plain(&words);
        out.add_text(self.title, &title);
        for _ in 1..shape.title_times_in_all {
            out.add_text(self.all, &title);
        }
        out.add_text(self.all, &words);
        out.add_text(self.raw, &words);
        out.add_text(self.lead, &lead);
        out.add_text(self.heading, plain(&headings));
        out.add_text(self.address, plain(&document.address_words));
        for name in &document.category_names {
            out.add_text(self.topic, plain(name));
        }
        // Most portals have none: their documents get no empty postings.
        if words.contains(is_han) {
            out.add_text(self.han_title, &title);
            out.add_text(self.han, &words);
        }

        for category in &document.categories {
            out.add_text(self.category, category.to_string());
        }
        for tag in &document.tags {
            out.add_text(self.tag, filter_text(tag));
        }
        out.add_text(self.status, document.status.as_str());
        out.add_text(self.audience, document.audience.as_str());
        if let Some(author) = &document.author {
            out.add_text(self.author, filter_text(author));
        }

        let card = Card {
            number: document.number,
            revision: document.revision,
            row_version: document.row_version,
            source_id: document.source_id.clone(),
            slug: document.slug.clone(),
            title: document.title.clone(),
            excerpt: document.excerpt.clone(),
            categories: document.categories.clone(),
            category_name: document.category_names.first().cloned().unwrap_or_default(),
            tags: document.tags.clone(),
            status: document.status,
            audience: document.audience,
            author: document.author.clone(),
            updated_at_ms: document.updated_at_ms,
            sections,
        };
        let card = serde_json::to_string(&card).map_err(SearchError::engine("write a card"))?;
        out.add_text(self.card, card);
        out.add_text(self.body, body);
        Ok(out)
    }
}

/// The first `words` words of a text, bigrams counted as words.
fn beginning(text: &str, words: usize) -> &str {
    match Cutter::new(text).nth(words) {
        Some(cut) => &text[..cut.from],
        None => text,
    }
}

/// Tags and authors are compared whole, in one Unicode form, without regard to case.
pub(crate) fn filter_text(text: &str) -> String {
    plain(text).trim().to_lowercase()
}
