//! Files that come with the program: the mark, the scripts, and the pictures of the demo help centers.
//!
//! The files are a closed table in the binary. Nothing here ever opens a path, so there is nothing
//! outside to reach.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use cairn_service::{FileTarget, SafeHtml, Target};

use super::entry::Entry;
use super::headers::{self, CachePolicy, Transport};
use super::scripts::{FRAMED, SUGGEST};

/// Where the mark is served; the number is raised when the drawing changes.
pub(crate) const MARK_PATH: &str = "/assets/mark.svg?v=1";

/// A drawing may carry its own style, and nothing else.
const POLICY_OF_DRAWING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
);

macro_rules! demo_pictures {
    ($($name:literal from $file:literal,)*) => {
        const PICTURES: &[(&str, &[u8])] = &[$((
            $name,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/portals/", $file)),
        ),)*];
    };
}

demo_pictures! {
    "demo/help/cancel-sailing.webp" from "help/media/cancel-sailing.webp",
    "demo/help/copy-timetable.webp" from "help/media/copy-timetable.webp",
    "demo/help/invite-crew.webp" from "help/media/invite-crew.webp",
    "demo/help/load-week.webp" from "help/media/load-week.webp",
    "demo/help/move-booking.webp" from "help/media/move-booking.webp",
    "demo/help/payouts.webp" from "help/media/payouts.webp",
    "demo/help/scan-colours.webp" from "help/media/scan-colours.webp",
    "demo/help/webhook-log.webp" from "help/media/webhook-log.webp",
    "demo/hilfe/abfahrt-absagen.webp" from "hilfe/media/abfahrt-absagen.webp",
    "demo/musaada/ilgha-rihla.webp" from "musaada/media/ilgha-rihla.webp",
}

/// Width and height of every picture of the demo, in pixels.
const PICTURE_SIZE: (u32, u32) = (1_120, 640);
/// What the addresses of the demo's pictures begin with.
const DEMO: &str = "/assets/demo/";

/// The demo's pictures by their addresses.
static SIZED: LazyLock<HashMap<String, Target>> = LazyLock::new(|| {
    let files = PICTURES.iter().map(|(name, _)| {
        let address = format!("/assets/{name}");
        let file = FileTarget {
            address: address.clone(),
            size: Some(PICTURE_SIZE),
            variants: Vec::new(),
        };
        (address, Target::File(file))
    });
    files.collect()
});

/// A body whose pictures of the demo say how large they are, as attachments do: no text moves when one comes.
pub(crate) fn sized(html: &SafeHtml) -> Cow<'_, SafeHtml> {
    if html.as_str().contains(DEMO) {
        Cow::Owned(html.clone().with_targets(&SIZED))
    } else {
        Cow::Borrowed(html)
    }
}

static MARK: &[u8] = include_bytes!("../../assets/mark.svg");

/// The files, as ready answers.
#[derive(Debug)]
pub(crate) struct Assets(Vec<(&'static str, Arc<Entry>)>);

impl Assets {
    pub(crate) fn new(transport: &Transport) -> Self {
        let answer = |bytes: &'static [u8], kind, policy| {
            let mut headers = headers::common(transport, policy, CachePolicy::Immutable);
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            Arc::new(Entry::kept(StatusCode::OK, headers, bytes))
        };
        let mut files = vec![("mark.svg", answer(MARK, "image/svg+xml", POLICY_OF_DRAWING))];
        for (name, bytes) in PICTURES {
            files.push((name, answer(bytes, "image/webp", headers::POLICY_OF_DATA)));
        }
        let kind = "text/javascript; charset=utf-8";
        for script in [&*SUGGEST, &*FRAMED] {
            let name = script.path.strip_prefix("/assets/").unwrap_or_default();
            files.push((
                name,
                answer(script.text.as_bytes(), kind, headers::POLICY_OF_DATA),
            ));
        }
        Self(files)
    }

    /// The answer for a path under `/assets/`.
    pub(crate) fn find(&self, path: &str) -> Option<&Arc<Entry>> {
        let name = path.strip_prefix("/assets/")?;
        let found = self.0.iter().find(|(n, _)| *n == name)?;
        Some(&found.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_picture_of_the_demo_is_in_the_table() {
        let portals = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/portals");
        let mut files = Vec::new();
        for portal in std::fs::read_dir(&portals).unwrap().flatten() {
            let media = portal.path().join("media");
            for file in std::fs::read_dir(&media).into_iter().flatten().flatten() {
                let slug = portal.file_name().into_string().unwrap();
                files.push(format!(
                    "demo/{slug}/{}",
                    file.file_name().into_string().unwrap()
                ));
            }
        }
        files.sort();
        let mut table: Vec<String> = PICTURES.iter().map(|(n, _)| (*n).to_owned()).collect();
        table.sort();
        assert_eq!(table, files);
    }

    #[test]
    fn every_picture_of_the_demo_is_as_large_as_pages_say() {
        // RFC 6386 §9.1: a key frame begins with its tag, 9d 01 2a, and two sizes in 14 bits each.
        const FRAME_AT: usize = 12 + 8;
        for (name, bytes) in PICTURES {
            assert_eq!(&bytes[12..16], b"VP8 ", "{name}");
            let frame = &bytes[FRAME_AT + 3..];
            assert_eq!(frame[..3], [0x9d, 0x01, 0x2a], "{name}");
            let side =
                |at: usize| u32::from(u16::from_le_bytes([frame[at], frame[at + 1]]) & 0x3fff);
            assert_eq!((side(3), side(5)), PICTURE_SIZE, "{name}");
        }
    }

    #[test]
    fn only_names_of_the_table_are_served() {
        let assets = Assets::new(&Transport::new("http://localhost", false));
        assert!(assets.find("/assets/mark.svg").is_some());
        assert!(
            assets
                .find("/assets/demo/help/cancel-sailing.webp")
                .is_some()
        );
        for path in [
            "/assets/",
            "/assets/demo/",
            "/assets/demo/help/../help/cancel-sailing.webp",
            "/assets/../Cargo.toml",
            "/assets/site.css",
            "/assets/demo/help/media/cancel-sailing.webp",
            "/assets/%6dark.svg",
            "/assets//mark.svg",
        ] {
            assert!(assets.find(path).is_none(), "{path}");
        }
        assert!(assets.find(&SUGGEST.path).is_some());
        assert!(assets.find("/assets/suggest.js").is_none());
    }
}
