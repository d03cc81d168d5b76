//! The scripts that come with the program: each a file of its own under an address that names its bytes.
//!
//! No page needs one. Comment lines and indentation are dropped once at start, so that the files stay readable and
//! small; nothing else is rewritten, because a rewriter is more than these few lines are worth.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// A script and where it is.
#[derive(Debug)]
pub(crate) struct Script {
    /// Its path from the root of the host; other bytes have another one.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Suggestions under every search field.
pub(crate) static SUGGEST: LazyLock<Script> =
    LazyLock::new(|| Script::new("suggest", include_str!("../../assets/suggest.js")));

/// What the pages of the widget say to the page around them.
pub(crate) static FRAMED: LazyLock<Script> =
    LazyLock::new(|| Script::new("framed", include_str!("../../assets/framed.js")));

/// The button and the frame of the widget; it has an address that stays as well.
pub(crate) static WIDGET: LazyLock<Script> =
    LazyLock::new(|| Script::new("widget", include_str!("../../assets/widget.js")));

impl Script {
    fn new(name: &str, source: &str) -> Self {
        /// Bytes of the digest in the address.
        const DIGEST_BYTES: usize = 6;
        let text = tidy(source);
        let digest = Sha256::digest(text.as_bytes());
        let digest: String = digest
            .iter()
            .take(DIGEST_BYTES)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = format!("/assets/{name}.{digest}.js");
        Self { path, text }
    }
}

/// Drops lines that are comments and what stands before each line. No script of ours has text over several lines.
pub(super) fn tidy(source: &str) -> String {
    let lines = source.lines().map(str::trim);
    let kept: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .collect();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// What a script may weigh on the wire, in bytes.
    const SCRIPT_BYTES_MAX: usize = 3 * 1024;

    #[test]
    fn a_script_stays_within_its_bytes_and_is_not_cut() {
        for script in [&*SUGGEST, &*FRAMED, &*WIDGET] {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(9));
            gzip.write_all(script.text.as_bytes()).unwrap();
            let bytes = gzip.finish().unwrap().len();
            assert!(bytes <= SCRIPT_BYTES_MAX, "{}: {bytes} bytes", script.path);
            assert!(!script.text.contains('`'), "text over lines would be cut");
        }
        let path = &SUGGEST.path;
        assert!(path.starts_with("/assets/suggest.") && path.ends_with(".js"));
    }

    #[test]
    fn only_comments_and_indentation_go() {
        assert_eq!(
            tidy("// a\n  let b = \"// c\";\n\n    d(); // e\n"),
            "let b = \"// c\";\nd(); // e"
        );
    }
}
