//! JSON objects into the door's own types, naming every fault at once.
//!
//! [`json_input!`] declares a type once; reading it and describing it in the OpenAPI document come
//! from the same lines, so neither can forget a field of the other. A field that is `Option<T>` may
//! be absent but not `null`; one that is `Option<Option<T>>` may be `null`, which takes the value
//! away. Rules about content (length, form, existence) belong to the service.

use cairn_domain::article::Edit;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema};

pub(crate) use super::faults::Faults;

/// Declares a type read from a JSON object; each field is `name: Type = required|optional`.
/// `required` is what the document says: the service refuses when it is missing, in its own words.
macro_rules! json_input {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident {
            $($(#[doc = $field_doc:literal])* $field:ident: $type:ty = $need:ident,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Default)]
        $vis struct $name {
            $($(#[doc = $field_doc])* pub(crate) $field: $type,)*
        }

        impl $crate::extract::input::JsonInput for $name {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field),)*];

            fn read(
                members: &mut serde_json::Map<String, serde_json::Value>,
                at: &str,
                faults: &mut $crate::extract::input::Faults,
            ) -> Self {
                Self {$(
                    $field: <$type as $crate::extract::input::JsonField>::read(
                        members.remove(stringify!($field)),
                        &$crate::extract::input::join(at, stringify!($field)),
                        faults,
                    ),
                )*}
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let object = utoipa::openapi::ObjectBuilder::new()
                    .description(Some([$($doc),*].map(str::trim).join(" ")))
                    .additional_properties(Some(
                        utoipa::openapi::schema::AdditionalProperties::<utoipa::openapi::Schema>::FreeForm(false),
                    ));
                $(
                    let object = object.property(stringify!($field), $crate::extract::input::described(
                        <$type as $crate::extract::input::JsonField>::schema(),
                        &[$($field_doc),*],
                    ));
                    let object = $crate::extract::input::json_input!(@$need object, $field);
                )*
                object.into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
    (@required $object:ident, $field:ident) => { $object.required(stringify!($field)) };
    (@optional $object:ident, $field:ident) => { $object };
}

pub(crate) use json_input;

/// A type that is read from a JSON object.
pub(crate) trait JsonInput: Sized {
    /// Names of its fields.
    const FIELDS: &'static [&'static str];
    /// Takes its fields out of the object at `at` (empty at the top).
    fn read(members: &mut Map<String, Value>, at: &str, faults: &mut Faults) -> Self;
}

/// Reads an object whole: its fields, and nothing else beside them.
pub(crate) fn read_object<T: JsonInput>(value: Value, at: &str, faults: &mut Faults) -> Option<T> {
    let Value::Object(mut members) = value else {
        let name = if at.is_empty() { "the body" } else { at };
        faults.add(
            at,
            "invalid_type",
            format!("{name} must be a JSON object, got {}", kind(&value)),
        );
        return None;
    };
    let input = T::read(&mut members, at, faults);
    for name in members.keys() {
        faults.unknown("field", &join(at, name), name, T::FIELDS);
    }
    Some(input)
}

/// A field of an input.
pub(crate) trait JsonField: Sized {
    /// Reads it; `value` is none when it is absent.
    fn read(value: Option<Value>, at: &str, faults: &mut Faults) -> Self;
    /// What it looks like.
    fn schema() -> Schema;
}

/// A value that is there and not null.
pub(crate) trait JsonValue: Sized {
    /// Reads it; a fault gives none.
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self>;
    /// What it looks like; with `nullable`, null beside it.
    fn schema(nullable: bool) -> Schema;
}

impl<T: JsonValue> JsonField for Option<T> {
    fn read(value: Option<Value>, at: &str, faults: &mut Faults) -> Self {
        match value? {
            Value::Null => {
                faults.add(
                    at,
                    "null_not_allowed",
                    format!("{at} cannot be null; leave it out to keep it as it is"),
                );
                None
            }
            value => T::read(value, at, faults),
        }
    }

    fn schema() -> Schema {
        T::schema(false)
    }
}

impl<T: JsonValue> JsonField for Option<Option<T>> {
    fn read(value: Option<Value>, at: &str, faults: &mut Faults) -> Self {
        match value? {
            Value::Null => Some(None),
            value => T::read(value, at, faults).map(Some),
        }
    }

    fn schema() -> Schema {
        T::schema(true)
    }
}

impl JsonValue for String {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            other => wrong_type(at, "a string", &other, faults),
        }
    }

    fn schema(nullable: bool) -> Schema {
        scalar(Type::String, nullable).into()
    }
}

impl JsonValue for bool {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        match value {
            Value::Bool(claim) => Some(claim),
            other => wrong_type(at, "true or false", &other, faults),
        }
    }

    fn schema(nullable: bool) -> Schema {
        scalar(Type::Boolean, nullable).into()
    }
}

macro_rules! whole_numbers {
    ($($type:ty, $format:ident;)*) => {$(
        impl JsonValue for $type {
            fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
                let Value::Number(number) = &value else {
                    return wrong_type(at, "a whole number", &value, faults);
                };
                let fits = number.as_i64().and_then(|n| <$type>::try_from(n).ok());
                if fits.is_none() {
                    let (min, max) = (<$type>::MIN, <$type>::MAX);
                    faults.add(at, "out_of_range", format!("{at} must be a whole number from {min} to {max}"));
                }
                fits
            }

            fn schema(nullable: bool) -> Schema {
                let format = SchemaFormat::KnownFormat(KnownFormat::$format);
                scalar(Type::Integer, nullable).format(Some(format)).into()
            }
        }
    )*};
}

whole_numbers! {
    i32, Int32;
    i64, Int64;
}

impl<T: JsonValue> JsonValue for Vec<T> {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let Value::Array(values) = value else {
            return wrong_type(at, "an array", &value, faults);
        };
        let read = values
            .into_iter()
            .enumerate()
            .map(|(i, value)| T::read(value, &join(at, &i.to_string()), faults));
        // Every element is read, also behind a faulty one: all faults at once.
        read.collect::<Vec<_>>().into_iter().collect()
    }

    fn schema(nullable: bool) -> Schema {
        let types = if nullable {
            vec![Type::Array, Type::Null]
        } else {
            vec![Type::Array]
        };
        let types = if nullable {
            SchemaType::Array(types)
        } else {
            SchemaType::Type(Type::Array)
        };
        ArrayBuilder::new()
            .schema_type(types)
            .items(RefOr::T(T::schema(false)))
            .into()
    }
}

json_input! {
    /// One passage of the body and what stands there instead.
    pub(crate) struct EditInput {
        /// The passage to replace, exactly as it stands; it must stand in the body exactly once.
        find: Option<String> = required,
        /// What stands there instead; empty takes the passage away.
        replace: Option<String> = required,
    }
}

impl JsonValue for Edit {
    fn read(value: Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let input: EditInput = read_object(value, at, faults)?;
        let find = required(input.find, at, "find", faults);
        let replace = required(input.replace, at, "replace", faults);
        Some(Edit {
            find: find?,
            replace: replace?,
        })
    }

    fn schema(_nullable: bool) -> Schema {
        plain(<EditInput as utoipa::PartialSchema>::schema())
    }
}

/// A field without which an element of a list means nothing.
pub(crate) fn required<T>(
    value: Option<T>,
    at: &str,
    name: &str,
    faults: &mut Faults,
) -> Option<T> {
    if value.is_none() {
        let at = join(at, name);
        faults.add(&at, "required", format!("{at} is missing"));
    }
    value
}

/// The path to a member.
pub(crate) fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

/// The schema itself, where a reference would point to nothing.
pub(crate) fn plain(schema: RefOr<Schema>) -> Schema {
    match schema {
        RefOr::T(schema) => schema,
        RefOr::Ref(_) => ObjectBuilder::new().into(),
    }
}

fn scalar(of: Type, nullable: bool) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(match nullable {
        true => SchemaType::Array(vec![of, Type::Null]),
        false => SchemaType::Type(of),
    })
}

fn wrong_type<T>(at: &str, wanted: &str, got: &Value, faults: &mut Faults) -> Option<T> {
    faults.add(
        at,
        "invalid_type",
        format!("{at} must be {wanted}, got {}", kind(got)),
    );
    None
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Describes one field of an object in the OpenAPI document.
pub(crate) fn described(schema: Schema, docs: &[&str]) -> Schema {
    let text = docs.iter().map(|d| d.trim()).collect::<Vec<_>>().join(" ");
    match schema {
        Schema::Object(mut object) => {
            object.description = Some(text);
            Schema::Object(object)
        }
        Schema::Array(mut array) => {
            array.description = Some(text);
            Schema::Array(array)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    json_input! {
        /// A sample.
        struct Sample {
            /// A name.
            name: Option<String> = required,
            /// A parent.
            parent: Option<Option<String>> = optional,
            /// Words.
            tags: Option<Vec<String>> = optional,
            /// A number.
            position: Option<i32> = optional,
            /// Edits.
            edits: Option<Vec<Edit>> = optional,
        }
    }

    fn read(json: serde_json::Value) -> (Option<Sample>, Vec<(String, String)>) {
        let mut faults = Faults::default();
        let sample = read_object(json, "", &mut faults);
        (sample, faults.codes())
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let (sample, faults) =
            read(serde_json::json!({"parent": null, "tags": ["a"], "position": -3}));
        let sample = sample.expect("an object");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!((sample.name, sample.parent), (None, Some(None)));
        assert_eq!(
            (sample.tags, sample.position),
            (Some(vec!["a".to_owned()]), Some(-3))
        );
        assert!(sample.edits.is_none());
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let (_, faults) = read(serde_json::json!({
            "name": null, "parent": 1, "tags": ["a", 2, null], "position": 4294967296_i64,
            "edits": [{"find": "a"}, {"find": "a", "replace": "b", "repalce": "c"}], "nmae": "x",
        }));
        let faults: Vec<_> = faults
            .iter()
            .map(|(f, c)| (f.as_str(), c.as_str()))
            .collect();
        assert_eq!(
            faults,
            [
                ("name", "null_not_allowed"),
                ("parent", "invalid_type"),
                ("tags.1", "invalid_type"),
                ("tags.2", "invalid_type"),
                ("position", "out_of_range"),
                ("edits.0.replace", "required"),
                ("edits.1.repalce", "unknown_field"),
                ("nmae", "unknown_field"),
            ]
        );
        assert_eq!(
            read(serde_json::json!([])).1,
            [(String::new(), "invalid_type".to_owned())]
        );
        assert_eq!(read(serde_json::json!({"position": 1.5})).1.len(), 1);
        assert_eq!(read(serde_json::json!({"position": u64::MAX})).1.len(), 1);
    }

    #[test]
    fn the_document_says_what_is_read() {
        let schema =
            serde_json::to_value(<Sample as utoipa::PartialSchema>::schema()).expect("a schema");
        assert_eq!(schema["required"], serde_json::json!(["name"]));
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(
            schema["properties"]["parent"]["type"],
            serde_json::json!(["string", "null"])
        );
        assert_eq!(schema["properties"]["name"]["type"], "string");
        assert_eq!(
            schema["properties"].as_object().map(serde_json::Map::len),
            Some(Sample::FIELDS.len())
        );
    }
}
