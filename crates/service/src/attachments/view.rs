//! What is known of an attachment, from which each door makes its own form.

use std::sync::Arc;

use cairn_domain::attachment::{Attachment, AttachmentPath};
use cairn_domain::portal::Portal;
use cairn_domain::scope::Scope;
use cairn_store::articles::Face;

use crate::{Context, address};

/// Most paths that are shown of one attachment.
pub(crate) const PATHS_SHOWN_MAX: i64 = 100;

/// One attachment, whole.
#[derive(Debug, Clone)]
pub struct AttachmentView {
    /// Whose.
    pub portal: Arc<Portal>,
    /// What is stored.
    pub attachment: Attachment,
    /// Under which paths of which sources it came, the first of them; only where one is asked for.
    pub paths: Vec<AttachmentPath>,
    /// How bodies write it: `/attachments/<id>/<name>`.
    pub address: String,
    /// Where readers get it, absolute, as long as a published, public article shows it.
    pub url: String,
    /// The Markdown that shows it.
    pub markdown: String,
    /// What is odd about it, one sentence each.
    pub warnings: Vec<String>,
}

impl AttachmentView {
    pub(crate) fn new(ctx: &Context, portal: Arc<Portal>, attachment: Attachment) -> Self {
        let place = |base: &str| address::attachment(base, attachment.id, &attachment.name);
        let (address, url) = (
            place(""),
            ctx.app.public_url(&place(&address::base(&portal))),
        );
        Self {
            markdown: markdown(&attachment, &address),
            warnings: warnings(&attachment),
            portal,
            attachment,
            paths: Vec::new(),
            address,
            url,
        }
    }
}

/// What the caller sees of attachments: all, or those that published articles show.
pub(crate) fn face(ctx: &Context) -> Face {
    let scopes = ctx.caller.scopes;
    if scopes.contains(Scope::ArticlesWrite) || scopes.contains(Scope::AttachmentsWrite) {
        Face::Authoring
    } else {
        Face::Published
    }
}

/// Whether browsers show it where an article names it.
fn is_picture(attachment: &Attachment) -> bool {
    attachment.media_type.starts_with("image/")
        && cairn_attachments::kind::offered(&attachment.media_type).0
            != cairn_attachments::kind::BYTES
}

fn markdown(attachment: &Attachment, address: &str) -> String {
    let name = &attachment.name;
    if is_picture(attachment) {
        let words = name
            .rsplit_once('.')
            .map_or(name.as_str(), |(words, _)| words);
        format!("![{}]({address})", escaped(words))
    } else {
        format!("[{}]({address})", escaped(name))
    }
}

/// The text of a link: ASCII punctuation loses its meaning (CommonMark 0.31 §2.4).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '-' | '.' | ',' | ':' | ';') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn warnings(attachment: &Attachment) -> Vec<String> {
    const DECODED: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
    if !DECODED.contains(&attachment.media_type.as_str()) {
        return Vec::new();
    }
    let Some((width, height)) = attachment.size else {
        return vec![
            "the picture is damaged: it cannot be read as what it begins like; it was kept as it came, without a size"
                .to_owned(),
        ];
    };
    let pixels = i64::from(width) * i64::from(height);
    let most = i64::try_from(cairn_attachments::PICTURE_PIXELS_MAX).unwrap_or(i64::MAX);
    if pixels > most {
        return vec![format!(
            "the picture has {} megapixels, and pictures above {} are not made smaller for small screens; bring a smaller one",
            pixels / 1_000_000,
            most / 1_000_000
        )];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_a_link_as_it_is() {
        assert_eq!(
            escaped("a](x) *b* <c> \\ 1.0-é"),
            "a\\]\\(x\\) \\*b\\* \\<c\\> \\\\ 1.0-é"
        );
    }
}
