//! Reading what callers wrote into the domain's types, collecting every fault.

use std::fmt::Display;

use cairn_domain::article::{Audience, Status};
use cairn_domain::category::Category;
use cairn_domain::field_error::{FieldError, FieldErrors};
use cairn_domain::ids::CategoryId;
use cairn_domain::limits::{IDEMPOTENCY_KEY_BYTES_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::slug::Slug;
use jiff::Timestamp;

use crate::{Error, Result};

/// Collects faults over the fields of one command.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) errors: FieldErrors,
}

impl Input {
    pub(crate) fn locale(&mut self, text: Option<&str>) -> Option<Locale> {
        self.errors.take(Locale::parse("locale", text?))
    }

    pub(crate) fn slug(&mut self, text: Option<&str>) -> Option<Slug> {
        self.errors.take(Slug::parse("slug", text?))
    }

    pub(crate) fn status(&mut self, text: Option<&str>) -> Option<Status> {
        self.word(
            "status",
            text?,
            Status::parse,
            Status::ALL.iter().map(|s| s.as_str()),
        )
    }

    pub(crate) fn audience(&mut self, text: Option<&str>) -> Option<Audience> {
        self.word(
            "audience",
            text?,
            Audience::parse,
            Audience::ALL.iter().map(|a| a.as_str()),
        )
    }

    pub(crate) fn word<T>(
        &mut self,
        field: &str,
        text: &str,
        parse: impl Fn(&str) -> Option<T>,
        words: impl Iterator<Item = impl Display>,
    ) -> Option<T> {
        let value = parse(text);
        if value.is_none() {
            let words: Vec<_> = words.map(|w| w.to_string()).collect();
            self.errors.add(
                field,
                "invalid_value",
                format!("{field} must be one of {}", words.join(", ")),
            );
        }
        value
    }

    pub(crate) fn time(&mut self, field: &str, text: Option<&str>) -> Option<Timestamp> {
        let time = text?.parse().ok();
        if time.is_none() {
            self.errors.add(
                field,
                "invalid_time",
                format!("{field} must be an RFC 3339 time such as 2026-11-14T09:20:00Z"),
            );
        }
        time
    }

    /// The page size; default 20, 1 to 100.
    pub(crate) fn limit(&mut self, limit: Option<i64>) -> usize {
        self.limit_of(limit, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)
    }

    /// How many are asked for, from 1.
    pub(crate) fn limit_of(&mut self, limit: Option<i64>, default: usize, max: usize) -> usize {
        let Some(limit) = limit else {
            return default;
        };
        match usize::try_from(limit) {
            Ok(limit) if (1..=max).contains(&limit) => limit,
            _ => {
                self.errors.add(
                    "limit",
                    "out_of_range",
                    format!("limit must be 1 to {max}, got {limit}"),
                );
                default
            }
        }
    }

    /// A filter or reference that must say something when it is there.
    pub(crate) fn not_empty<'a>(&mut self, field: &str, text: Option<&'a str>) -> Option<&'a str> {
        let text = text?;
        if text.trim().is_empty() || text.contains('\0') {
            self.errors.add(
                field,
                "required",
                format!("{field} is empty or not text; leave it out or give a value"),
            );
            return None;
        }
        Some(text)
    }

    /// A category by id, slug or case-insensitive name.
    pub(crate) fn category(
        &mut self,
        field: &str,
        text: Option<&str>,
        tree: &[Category],
    ) -> Option<CategoryId> {
        let text = self.not_empty(field, text)?;
        self.errors.take(find_category(field, text, tree))
    }

    pub(crate) fn idempotency_key(&mut self, key: Option<&str>) {
        if let Some(key) = key
            && (key.is_empty() || key.len() > IDEMPOTENCY_KEY_BYTES_MAX || key.contains('\0'))
        {
            self.errors.add(
                "idempotency_key",
                "invalid_length",
                format!("the idempotency key must have 1 to {IDEMPOTENCY_KEY_BYTES_MAX} bytes"),
            );
        }
    }

    /// Ends the check: fine, or everything that was wrong.
    pub(crate) fn finish(self) -> Result<()> {
        self.errors.finish().map_err(Error::invalid_fields)
    }
}

/// A page and one more: how a list knows that there is a next page.
pub(crate) fn page_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}

pub(crate) fn find_category(
    field: &str,
    text: &str,
    tree: &[Category],
) -> Result<CategoryId, FieldError> {
    let by_id = text.parse::<CategoryId>().ok();
    if let Some(found) = tree
        .iter()
        .find(|c| Some(c.id) == by_id || c.slug.as_str() == text)
    {
        return Ok(found.id);
    }
    let name = text.to_lowercase();
    let named: Vec<_> = tree
        .iter()
        .filter(|c| c.name.to_lowercase() == name)
        .collect();
    match named.as_slice() {
        [one] => Ok(one.id),
        [] => Err(FieldError::new(
            field,
            "unknown_category",
            format!(
                "{field} names no category of this portal; list the categories and use an id, slug or name"
            ),
        )),
        many => Err(FieldError::new(
            field,
            "ambiguous_category",
            format!(
                "{field} names {} categories; use one of the slugs {}",
                many.len(),
                many.iter()
                    .take(10)
                    .map(|c| c.slug.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        )),
    }
}
