//! What all adaptors do to a body: HTML to Markdown with its addresses changed, the list of
//! attachments below it, and the fields Cairn has no place for.

use cairn_domain::limits::BODY_BYTES_MAX;
use serde_json::Value;

use crate::html_to_markdown::markdown_of;
use crate::markup::{parse_html, readdress};

/// The Markdown of some HTML. The change gets the address of a link or a picture (then true) and
/// gives another one or nothing.
///
/// # Errors
/// Why it is too large.
pub(crate) fn body_of(
    html: &str,
    change: &dyn Fn(&str, bool) -> Option<String>,
) -> Result<String, String> {
    let mut nodes = parse_html(html).map_err(|error| error.to_string())?;
    readdress(&mut nodes, change);
    let body = markdown_of(&nodes);
    bounded(&body)?;
    Ok(body)
}

/// Whether an article may have such a body.
///
/// # Errors
/// That it is too long.
pub(crate) fn bounded(body: &str) -> Result<(), String> {
    if body.len() > BODY_BYTES_MAX {
        let length = body.len();
        return Err(format!(
            "its body has {length} bytes, at most {BODY_BYTES_MAX} are allowed; split it"
        ));
    }
    Ok(())
}

/// Adds a list of files below a body: name and address.
pub(crate) fn attachment_list<'a>(
    body: &mut String,
    files: impl Iterator<Item = (&'a str, String)>,
) {
    let mut is_first = true;
    for (name, address) in files {
        if std::mem::take(&mut is_first) && !body.is_empty() {
            body.push('\n');
        }
        let label: String = name
            .chars()
            .flat_map(|c| {
                let escape = "\\`*_[]<>~&".contains(c).then_some('\\');
                escape.into_iter().chain((!c.is_control()).then_some(c))
            })
            .collect();
        let address = address
            .replace(' ', "%20")
            .replace('(', "%28")
            .replace(')', "%29");
        body.push_str(&format!("- [{label}]({address})\n"));
    }
}

/// A JSON object in text, in this order; none when it has nothing in it.
pub(crate) fn front_matter(fields: &[(&str, Value)]) -> Option<String> {
    if fields.is_empty() {
        return None;
    }
    let mut text = String::from("{");
    for (number, (name, value)) in fields.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(*name).to_string());
        text.push(':');
        text.push_str(&value.to_string());
    }
    text.push('}');
    Some(text)
}
