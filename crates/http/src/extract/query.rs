//! Query strings: declared parameters, each at most once, nothing else.
//!
//! [`query_input!`] declares a set of parameters; reading and describing them come from the same
//! lines. `application/x-www-form-urlencoded` as browsers write it: `+` is a space, a percent sign
//! that escapes nothing stands for itself.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Required, Schema};

use super::faults::{Faults, quoted};
use crate::problem::Problem;

/// A set of parameters.
pub(crate) trait QueryInput: Sized {
    /// Their names.
    const NAMES: &'static [&'static str];
    /// Takes them out of the pairs.
    fn read(pairs: &mut Pairs, faults: &mut Faults) -> Self;
}

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct QueryParams<T>(pub(crate) T);

impl<T: QueryInput, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(QueryParams)
    }
}

/// Reads a query string whole.
pub(crate) fn parse<T: QueryInput>(query: &str) -> Result<T, Problem> {
    let mut faults = Faults::default();
    let mut pairs = Pairs::parse(query, T::NAMES, &mut faults);
    let input = T::read(&mut pairs, &mut faults);
    faults.finish()?;
    Ok(input)
}

/// Decoded pairs with known names, each once.
#[derive(Debug)]
pub(crate) struct Pairs(Vec<(&'static str, String)>);

impl Pairs {
    fn parse(query: &str, names: &'static [&'static str], faults: &mut Faults) -> Self {
        let mut pairs: Vec<(&'static str, String)> = Vec::new();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).unwrap_or(Cow::Borrowed(name));
            let Some(known) = names.iter().find(|n| **n == name) else {
                faults.unknown("parameter", &name, &name, names);
                continue;
            };
            if pairs.iter().any(|(n, _)| n == known) {
                faults.add(
                    known,
                    "duplicate",
                    format!("{known} is given more than once; give it once"),
                );
                continue;
            }
            match decode(value) {
                Some(value) if value.contains('\0') => {
                    faults.add(
                        known,
                        "nul_character",
                        format!("{known} contains the NUL character (U+0000); remove it"),
                    );
                }
                Some(value) => pairs.push((known, value.into_owned())),
                None => faults.add(
                    known,
                    "invalid_encoding",
                    format!("{known} is not percent-encoded UTF-8"),
                ),
            }
        }
        Self(pairs)
    }

    /// The value of a parameter, if it is there.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(n, _)| *n == name)?;
        Some(self.0.swap_remove(at).1)
    }
}

/// Undoes form encoding; none when the bytes are not UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let hex = |b: Option<&u8>| {
        b.and_then(|b| char::from(*b).to_digit(16))
            .and_then(|d| u8::try_from(d).ok())
    };
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high * 16 + low);
                at += 2;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

/// Encodes a value for a query string.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// One parameter.
pub(crate) trait QueryField: Sized {
    /// Reads it.
    fn read(value: Option<String>, name: &'static str, faults: &mut Faults) -> Self;
    /// What it looks like.
    fn schema() -> Schema;
}

/// Text that must say something when it is there.
impl QueryField for Option<String> {
    fn read(value: Option<String>, name: &'static str, faults: &mut Faults) -> Self {
        not_empty(value, name, faults)
    }

    fn schema() -> Schema {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

/// Words to search for: what people typed, empty included.
#[derive(Debug, Default)]
pub(crate) struct Words(pub(crate) Option<String>);

impl QueryField for Words {
    fn read(value: Option<String>, _name: &'static str, _faults: &mut Faults) -> Self {
        Self(value)
    }

    fn schema() -> Schema {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

macro_rules! whole_numbers {
    ($($type:ty, $format:ident;)*) => {$(
        impl QueryField for Option<$type> {
            fn read(value: Option<String>, name: &'static str, faults: &mut Faults) -> Self {
                let value = not_empty(value, name, faults)?;
                // `parse` takes a plus sign; a number here has one spelling.
                let number = if value.starts_with('+') { None } else { value.parse().ok() };
                if number.is_none() {
                    let shown = quoted(&value);
                    faults.add(name, "invalid_number", format!("{name} must be a whole number, got {shown:?}"));
                }
                number
            }

            fn schema() -> Schema {
                let format = SchemaFormat::KnownFormat(KnownFormat::$format);
                ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).into()
            }
        }
    )*};
}

whole_numbers! {
    i32, Int32;
    i64, Int64;
}

impl QueryField for Option<bool> {
    fn read(value: Option<String>, name: &'static str, faults: &mut Faults) -> Self {
        match not_empty(value, name, faults)?.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                let shown = quoted(other);
                faults.add(
                    name,
                    "invalid_value",
                    format!("{name} must be true or false, got {shown:?}"),
                );
                None
            }
        }
    }

    fn schema() -> Schema {
        ObjectBuilder::new().schema_type(Type::Boolean).into()
    }
}

fn not_empty(value: Option<String>, name: &'static str, faults: &mut Faults) -> Option<String> {
    if value.as_deref().is_some_and(|v| v.trim().is_empty()) {
        faults.add(
            name,
            "required",
            format!("{name} is empty; leave it out or give a value"),
        );
        return None;
    }
    value
}

/// One parameter of the OpenAPI document.
pub(crate) fn parameter(name: &str, schema: Schema, docs: &[&str]) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(
            docs.iter().map(|d| d.trim()).collect::<Vec<_>>().join(" "),
        ))
        .schema(Some(schema))
        .build()
}

/// Declares a set of query parameters.
macro_rules! query_input {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident {
            $($(#[doc = $field_doc:literal])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Default)]
        $vis struct $name {
            $($(#[doc = $field_doc])* pub(crate) $field: $type,)*
        }

        impl $crate::extract::query::QueryInput for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($field),)*];

            fn read(
                pairs: &mut $crate::extract::query::Pairs,
                faults: &mut $crate::extract::input::Faults,
            ) -> Self {
                Self {$(
                    $field: <$type as $crate::extract::query::QueryField>::read(
                        $crate::extract::query::Pairs::take(pairs, stringify!($field)),
                        stringify!($field),
                        faults,
                    ),
                )*}
            }
        }

        impl utoipa::IntoParams for $name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                vec![$($crate::extract::query::parameter(
                    stringify!($field),
                    <$type as $crate::extract::query::QueryField>::schema(),
                    &[$($field_doc),*],
                ),)*]
            }
        }
    };
}

pub(crate) use query_input;

/// No parameter at all.
#[derive(Debug)]
pub(crate) struct NoQuery;

impl QueryInput for NoQuery {
    const NAMES: &'static [&'static str] = &[];

    fn read(_pairs: &mut Pairs, _faults: &mut Faults) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    query_input! {
        /// A sample.
        struct Sample {
            /// Words.
            q: Words,
            /// A portal.
            portal: Option<String>,
            /// A size.
            limit: Option<i64>,
            /// A wish.
            published: Option<bool>,
        }
    }

    fn faults(query: &str) -> Vec<(String, String)> {
        let problem = parse::<Sample>(query).expect_err(query);
        problem
            .body("")
            .errors
            .iter()
            .map(|e| (e.field.clone(), e.code.clone()))
            .collect()
    }

    #[test]
    fn parameters_are_decoded() {
        let sample: Sample =
            parse("q=gr%C3%B6%C3%9Fe+x%20100%&portal=help&limit=5&&published=true").expect("fine");
        assert_eq!(sample.q.0.as_deref(), Some("größe x 100%"));
        assert_eq!(sample.portal.as_deref(), Some("help"));
        assert_eq!((sample.limit, sample.published), (Some(5), Some(true)));
        let empty: Sample = parse("").expect("fine");
        assert!(empty.q.0.is_none() && empty.portal.is_none() && empty.limit.is_none());
        let searched: Sample = parse("q=").expect("an empty search is a search");
        assert_eq!(searched.q.0.as_deref(), Some(""));
    }

    #[test]
    fn every_fault_of_a_query_is_named_at_once() {
        let found = faults("portla=x&portal=&limit=ten&published=1&limit=5&zzz=1&q=%00");
        let found: Vec<_> = found
            .iter()
            .map(|(f, c)| (f.as_str(), c.as_str()))
            .collect();
        for want in [
            ("portla", "unknown_parameter"),
            ("portal", "required"),
            ("limit", "invalid_number"),
            ("limit", "duplicate"),
            ("published", "invalid_value"),
            ("zzz", "unknown_parameter"),
            ("q", "nul_character"),
        ] {
            assert!(found.contains(&want), "{want:?} in {found:?}");
        }
        assert_eq!(
            faults("q=%ff"),
            [("q".to_owned(), "invalid_encoding".to_owned())]
        );
        assert_eq!(faults("limit=99999999999999999999").len(), 1);
        assert_eq!(faults("limit=%2B5").len(), 1);
        assert_eq!(faults("limit=5.0").len(), 1);
    }

    #[test]
    fn a_near_name_is_suggested() {
        let problem = parse::<Sample>("portla=x").expect_err("unknown");
        assert!(problem.body("").detail.contains("did you mean portal?"));
        let problem = parse::<NoQuery>("x=1")
            .map(|_| ())
            .expect_err("nothing is taken");
        assert!(
            problem
                .body("")
                .detail
                .contains("no parameter is taken here")
        );
    }

    #[test]
    fn encoding_and_decoding_agree() {
        for text in ["", "a b", "größe", "%+&=#/?", "返金\u{1}"] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
    }
}
