//! Switches of a connection: `/mcp?readonly=1` and `X-MCP-Readonly: true`.

use http::request::Parts;

/// Whether the connection wants to be read-only. Strict: anything but a clear no is a yes, because
/// somebody who wrote the word did not want writes.
pub(crate) fn is_read_only(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    let in_query = query.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        name.eq_ignore_ascii_case("readonly") && !is_no(value.as_bytes())
    });
    in_query
        || parts
            .headers
            .get_all("x-mcp-readonly")
            .iter()
            .any(|v| !is_no(v.as_bytes()))
}

fn is_no(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    value == b"0" || value.eq_ignore_ascii_case(b"false")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn anything_but_a_clear_no_is_a_yes() {
        for (uri, header, want) in [
            ("/mcp", None, false),
            ("/mcp?readonly=1", None, true),
            ("/mcp?a=b&readonly", None, true),
            ("/mcp?readonly=false", None, false),
            ("/mcp?readonly=0", Some("true"), true),
            ("/mcp", Some("yes"), true),
            ("/mcp", Some("false"), false),
            ("/mcp?readonly=1", Some("false"), true),
        ] {
            let mut request = Request::builder().uri(uri);
            if let Some(value) = header {
                request = request.header("X-MCP-Readonly", value);
            }
            let (parts, ()) = request.body(()).expect("a request").into_parts();
            assert_eq!(is_read_only(&parts), want, "{uri} {header:?}");
        }
    }
}
