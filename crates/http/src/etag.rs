//! Entity tags (RFC 9110 §8.8.3) and the conditions that quote them.
//!
//! An article's tag is strong and reads `"<revision>.<row_version>"`; portals and categories have
//! no revisions and read `"<row_version>"`. Writes compare strongly and take exactly one tag: a
//! list, a weak tag or `*` would say less than the server needs to know.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use cairn_domain::article::Expected;

use crate::problem::Problem;

/// The tag of an article.
pub fn of_article(revision: i32, row_version: i64) -> String {
    format!("\"{revision}.{row_version}\"")
}

/// The tag of a thing without revisions.
pub fn of_version(row_version: i64) -> String {
    format!("\"{row_version}\"")
}

/// The tag as a header value.
pub(crate) fn header_value(tag: &str) -> HeaderValue {
    HeaderValue::from_str(tag).expect("a tag is digits, a dot and quotes")
}

/// Against which state of an article the request was made; none without `If-Match`.
///
/// # Errors
/// 400 naming the header, for anything but one strong tag of an article.
pub fn article_if_match(headers: &HeaderMap) -> Result<Option<Expected>, Problem> {
    let Some(tag) = single(headers)? else {
        return Ok(None);
    };
    let expected = match tag.split_once('.') {
        Some((revision, version)) => number(revision)
            .and_then(|r| i32::try_from(r).ok())
            .zip(number(version))
            .map(|(revision, row_version)| Expected::Exact {
                revision,
                row_version,
            }),
        None => number(tag)
            .and_then(|r| i32::try_from(r).ok())
            .map(Expected::Revision),
    };
    expected.map(Some).ok_or_else(|| {
        refuse("is not the tag of an article; send the ETag of the article as it was read, such as \"7.12\", or its revision alone, such as \"7\"")
    })
}

/// Against which row version the request was made; none without `If-Match`.
///
/// # Errors
/// 400 naming the header, for anything but one strong tag with a row version.
pub fn version_if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(tag) = single(headers)? else {
        return Ok(None);
    };
    number(tag)
        .map(Some)
        .ok_or_else(|| refuse("is not a row version in quotes; send the ETag or row_version as it was read, such as \"3\""))
}

/// Whether `If-None-Match` names this tag (weak comparison, RFC 9110 §13.1.2).
pub fn if_none_match(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
}

/// The inside of the one strong tag in `If-Match`.
fn single(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(refuse("is there more than once; send one entity tag"));
    }
    let text = value
        .to_str()
        .map_err(|_| refuse("is not ASCII; send one entity tag in quotes"))?
        .trim();
    if text == "*" {
        return Err(refuse(
            "must name the state the change was made against; \"*\" would overwrite whatever is there",
        ));
    }
    if text.starts_with("W/") {
        return Err(refuse(
            "is a weak entity tag, which cannot guard a write; send the strong tag of the JSON answer",
        ));
    }
    if text.contains(',') {
        return Err(refuse(
            "lists several entity tags; send the one the change was made against",
        ));
    }
    text.strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .filter(|t| !t.contains('"'))
        .map(Some)
        .ok_or_else(|| {
            refuse("is not an entity tag; it needs double quotes around it, such as \"7.12\"")
        })
}

/// A positive number in its one spelling: no sign, no leading zero.
fn number(text: &str) -> Option<i64> {
    let canonical = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if canonical { text.parse().ok() } else { None }
}

fn refuse(what: &str) -> Problem {
    const IF_MATCH: &str = "If-Match";
    debug_assert_eq!(HeaderName::from_static("if-match"), header::IF_MATCH);
    Problem::invalid_field(IF_MATCH, "invalid_header", format!("{IF_MATCH} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                header::IF_MATCH,
                HeaderValue::from_str(value).expect("a header"),
            );
        }
        headers
    }

    #[test]
    fn a_strong_tag_names_the_state() {
        let exact = Expected::Exact {
            revision: 7,
            row_version: 12,
        };
        assert_eq!(
            article_if_match(&if_match(&["\"7.12\""])).ok().flatten(),
            Some(exact)
        );
        let tag = of_article(7, 12);
        assert_eq!(
            article_if_match(&if_match(&[&tag])).ok().flatten(),
            Some(exact)
        );
        assert_eq!(
            article_if_match(&if_match(&["\"7\""])).ok().flatten(),
            Some(Expected::Revision(7))
        );
        assert_eq!(
            version_if_match(&if_match(&["\"3\""])).ok().flatten(),
            Some(3)
        );
        assert!(matches!(article_if_match(&HeaderMap::new()), Ok(None)));
        assert!(matches!(version_if_match(&HeaderMap::new()), Ok(None)));
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for bad in [
            "*",
            "",
            "7",
            "7.12",
            "W/\"7.12\"",
            "\"7.12",
            "\"\"",
            "\"0\"",
            "\"07\"",
            "\"-7\"",
            "\"+7\"",
            "\"7.\"",
            "\".7\"",
            "\"7.1.2\"",
            "\"a\"",
            "\"7.12\", \"7.13\"",
            "\"99999999999999999999\"",
            "\"7.99999999999999999999\"",
            "\"2147483648\"",
            "\"7\"\"8\"",
        ] {
            let problem = article_if_match(&if_match(&[bad])).expect_err(bad);
            assert_eq!(problem.status(), 400, "{bad}");
            assert_eq!(problem.body("").errors[0].field, "If-Match", "{bad}");
        }
        assert!(article_if_match(&if_match(&["\"7\"", "\"7\""])).is_err());
        assert!(version_if_match(&if_match(&["\"7.12\""])).is_err());
    }

    #[test]
    fn if_none_match_compares_weakly_and_takes_lists() {
        let none_match = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::IF_NONE_MATCH,
                HeaderValue::from_str(value).expect("a header"),
            );
            if_none_match(&headers, "\"7.12\"")
        };
        assert!(none_match("\"7.12\"") && none_match("W/\"7.12\"") && none_match("*"));
        assert!(none_match("\"1.1\", \"7.12\""));
        assert!(!none_match("\"7.13\"") && !none_match("7.12") && !none_match(""));
    }
}
