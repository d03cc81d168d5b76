//! What a call came to, in the words of the protocol: the one place where results are built.
//!
//! Every result carries the whole answer twice, because some clients show the model the text and
//! others the structured content. No tool declares an `outputSchema`: an error has another shape
//! than a success, and clients that check structured content against the schema would hide it.

use cairn_service::{Error, ErrorClass};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

use crate::call::Call;

/// An answer of a tool.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For people and models that read text; the JSON itself when there is nothing better.
    pub(crate) text: Option<String>,
    /// The same as data.
    pub(crate) data: Value,
}

impl Answer {
    /// An answer whose text is its JSON: every word of an article stands in a JSON string.
    pub(crate) fn data(data: Value) -> Self {
        Self { text: None, data }
    }

    /// The result the client gets.
    pub(crate) fn into_result(self) -> CallToolResult {
        let text = self.text.unwrap_or_else(|| self.data.to_string());
        let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
        result.structured_content = Some(self.data);
        result
    }
}

/// The result for an error: one line `code: what; do this`, and the same as data.
pub(crate) fn error_result(call: &Call, error: &Error) -> CallToolResult {
    let code = error.code.as_str();
    let mut line = format!("{code}: {}", sentence(call, error));
    let mut data = Map::new();
    data.insert("code".to_owned(), code.into());
    data.insert("message".to_owned(), sentence(call, error).into());
    if !error.fields.is_empty() {
        let fields: Vec<_> = error
            .fields
            .iter()
            .map(|f| json!({"field": f.field, "code": f.code, "message": f.message}))
            .collect();
        data.insert("fields".to_owned(), fields.into());
    }
    if let Some((revision, _)) = error.current {
        line.push_str(&format!(" (current_revision={revision})"));
        data.insert("current_revision".to_owned(), revision.into());
    }
    if let Some(scope) = error.missing_scope {
        data.insert("missing_scope".to_owned(), scope.as_str().into());
    }
    if let Some(seconds) = error.retry_after_s {
        data.insert("retry_after_s".to_owned(), seconds.into());
    }
    if error.is_internal() {
        data.insert("request_id".to_owned(), call.request_id.as_ref().into());
    }
    let mut result = CallToolResult::error(vec![ContentBlock::text(one_line(&line))]);
    result.structured_content = Some(json!({ "error": data }));
    result
}

/// Logs what is ours, once, with its chain; what the caller can fix only when debugging.
pub(crate) fn log_error(call: &Call, tool: &str, error: &Error) {
    let code = error.code.as_str();
    let cause = error.source.as_deref().map(chain).unwrap_or_default();
    let request_id = call.request_id.as_ref();
    match error.code.class() {
        ErrorClass::Internal => {
            tracing::error!(
                tool,
                code,
                request_id,
                cause,
                "a tool call failed: {}",
                error.message
            );
        }
        ErrorClass::Unavailable => {
            tracing::warn!(
                tool,
                code,
                request_id,
                cause,
                "a tool call was put off: {}",
                error.message
            );
        }
        _ => tracing::debug!(
            tool,
            code,
            request_id,
            "a tool call was refused: {}",
            error.message
        ),
    }
}

/// The whole sentence: with several faulty fields all of them, since many clients show only text.
fn sentence(call: &Call, error: &Error) -> String {
    if error.is_internal() {
        // Whatever was written inside stays inside.
        return format!(
            "something went wrong on our side; ask again or report the request id {}",
            call.request_id
        );
    }
    match error.fields.as_slice() {
        [] | [_] => error.message.clone(),
        many => many
            .iter()
            .map(|f| f.message.as_str())
            .collect::<Vec<_>>()
            .join("; "),
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn chain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cairn_domain::actor::Caller;
    use cairn_domain::field_error::FieldError;

    use super::*;

    fn call() -> Call {
        Call {
            caller: Arc::new(Caller::operator()),
            is_read_only: false,
            request_id: "r-1".into(),
        }
    }

    fn wire(error: &Error) -> (String, Value) {
        let value = serde_json::to_value(error_result(&call(), error)).expect("serialises");
        assert_eq!(value["isError"], true);
        let text = value["content"][0]["text"]
            .as_str()
            .expect("text")
            .to_owned();
        (text, value["structuredContent"]["error"].clone())
    }

    #[test]
    fn an_error_is_one_line_and_the_same_as_data() {
        let (text, data) = wire(&Error::stale(5, 7, 12));
        assert!(
            text.starts_with("revision_conflict: revision 5 was expected but the article is at 7;"),
            "{text}"
        );
        assert!(text.ends_with("(current_revision=7)"));
        assert_eq!(data["current_revision"], 7);
        let fields = vec![
            FieldError::new("a", "x", "a is\nbad"),
            FieldError::new("b", "y", "b too"),
        ];
        let (text, data) = wire(&Error::invalid_fields(fields));
        assert_eq!(text, "invalid_fields: a is bad; b too");
        assert_eq!(data["fields"][1]["field"], "b");
    }

    #[test]
    fn an_internal_error_says_only_a_request_id() {
        let (text, data) = wire(&Error::internal(std::io::Error::other(
            "secret at 10.0.0.1",
        )));
        assert!(text.contains("r-1") && !text.contains("secret"), "{text}");
        assert!(!data.to_string().contains("secret"));
    }
}
