//! Lists: one envelope for all, and the `Link` to the next page (RFC 8288).

use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::query::{decode, encode};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// What is on this page.
    pub(crate) items: Vec<T>,
    /// How many there are over all pages; absent where counting would cost more than it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) total: Option<i64>,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
    /// Something worth knowing, such as a query that was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) notice: Option<String>,
}

impl<T: Serialize> List<T> {
    /// The answer, with `Link` when there is a next page.
    pub(crate) fn respond(self, uri: &Uri) -> Response {
        let cursor = self.next_cursor.clone();
        link_to_next(axum::Json(self), uri, cursor.as_deref())
    }
}

/// An answer, with `Link` when there is a next page.
pub(crate) fn link_to_next(answer: impl IntoResponse, uri: &Uri, cursor: Option<&str>) -> Response {
    let link = cursor.and_then(|cursor| next_link(uri, cursor));
    let mut response = answer.into_response();
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// `<path?query&cursor=…>; rel="next"`: the same request with another cursor, relative to this host.
fn next_link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let others = uri.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && decode(name).as_deref() != Some("cursor")
    });
    let mut query: Vec<String> = others.map(escape_link).collect();
    query.push(format!("cursor={}", encode(cursor)));
    let target = format!(
        "<{}?{}>; rel=\"next\"",
        escape_link(uri.path()),
        query.join("&")
    );
    HeaderValue::from_str(&target).ok()
}

/// Escapes what may stand in a request's address but not between `<` and `>` of a link.
fn escape_link(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`' | ' ' => encode(&c.to_string()),
            c if c.is_ascii_graphic() => c.to_string(),
            c => encode(&c.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(uri: &str) -> String {
        let uri: Uri = uri.parse().expect("an address");
        next_link(&uri, "abc_-=")
            .expect("a link")
            .to_str()
            .expect("ASCII")
            .to_owned()
    }

    #[test]
    fn the_next_link_keeps_filters_and_replaces_the_cursor() {
        assert_eq!(
            link("/api/v1/articles"),
            "</api/v1/articles?cursor=abc_-%3D>; rel=\"next\""
        );
        assert_eq!(
            link("/api/v1/articles?q=a+b&cursor=old&%63ursor=older&limit=5"),
            "</api/v1/articles?q=a+b&limit=5&cursor=abc_-%3D>; rel=\"next\""
        );
        assert_eq!(
            link("/api/v1/search?q={a}|ö"),
            "</api/v1/search?q=%7Ba%7D%7C%C3%B6&cursor=abc_-%3D>; rel=\"next\""
        );
    }
}
