//! The operator's notice and contact of a portal on the wire, both ways.

use cairn_domain::portal_words::{Contact, Notice};
use cairn_service::portals::{WriteContact, WriteNotice};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use utoipa::openapi::schema::{SchemaType, Type};

use crate::extract::input::{Faults, JsonValue, json_input, plain, read_object, required};

/// What readers are told above the pages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortalNotice {
    /// One or two sentences.
    text: String,
    /// `info` or `warning`.
    level: &'static str,
    /// Where readers find more.
    #[schema(required = true)]
    url: Option<String>,
    /// Above every page, and not only the first.
    everywhere: bool,
}

impl From<&Notice> for PortalNotice {
    fn from(notice: &Notice) -> Self {
        Self {
            text: notice.text.clone(),
            level: notice.level.as_str(),
            url: notice.url.clone(),
            everywhere: notice.everywhere,
        }
    }
}

/// How readers reach a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortalContact {
    /// Where: https, mailto or tel.
    url: String,
    /// What the link says; the pages' own words, in the reader's language, where null.
    #[schema(required = true)]
    label: Option<String>,
}

impl From<&Contact> for PortalContact {
    fn from(contact: &Contact) -> Self {
        Self {
            url: contact.url.clone(),
            label: contact.label.clone(),
        }
    }
}

json_input! {
    /// What readers are told above the pages.
    pub(crate) struct NoticeInput {
        /// One or two sentences on one line, at most 300 characters.
        text: Option<String> = required,
        /// `info` (default) or `warning`.
        level: Option<String> = optional,
        /// Where readers find more: https, or a path such as `/help/en`.
        url: Option<Option<String>> = optional,
        /// Above every page; only above the first one when left out.
        everywhere: Option<bool> = optional,
    }
}

impl JsonValue for WriteNotice {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let input: NoticeInput = read_object(value, at, faults)?;
        let text = required(input.text, at, "text", faults);
        Some(WriteNotice {
            text: Some(text?),
            level: input.level,
            url: input.url.flatten(),
            everywhere: input.everywhere,
        })
    }

    fn schema(nullable: bool) -> Schema {
        object_or_null(
            plain(<NoticeInput as utoipa::PartialSchema>::schema()),
            nullable,
        )
    }
}

json_input! {
    /// How readers reach a person.
    pub(crate) struct ContactInput {
        /// Where: https, mailto or tel.
        url: Option<String> = required,
        /// What the link says, at most 40 characters; the pages' own words when left out.
        label: Option<Option<String>> = optional,
    }
}

impl JsonValue for WriteContact {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let input: ContactInput = read_object(value, at, faults)?;
        let url = required(input.url, at, "url", faults);
        Some(WriteContact {
            url: Some(url?),
            label: input.label.flatten(),
        })
    }

    fn schema(nullable: bool) -> Schema {
        object_or_null(
            plain(<ContactInput as utoipa::PartialSchema>::schema()),
            nullable,
        )
    }
}

fn object_or_null(schema: Schema, nullable: bool) -> Schema {
    match schema {
        Schema::Object(mut object) if nullable => {
            object.schema_type = SchemaType::Array(vec![Type::Object, Type::Null]);
            Schema::Object(object)
        }
        other => other,
    }
}
