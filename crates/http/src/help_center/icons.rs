//! The icons, drawn for Cairn on a 24 grid, and the sprite of those that a page uses.
//!
//! The ids share the page with an article's own ids; the renderer prefixes those, so they never meet.

use super::html::Drawing;

const ICONS: &[(&str, &str)] = &[
    (
        "search",
        r#"<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>"#,
    ),
    ("filter", r#"<path d="M4 6.5h16M7 12h10M10 17.5h4"/>"#),
    (
        "globe",
        r#"<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c5 5.5 5 11.5 0 17-5-5.5-5-11.5 0-17"/>"#,
    ),
    ("down", r#"<path d="m6 9.5 6 6 6-6"/>"#),
    ("right", r#"<path d="m9.5 6 6 6-6 6"/>"#),
    (
        "link",
        r#"<path d="M9.5 14.5 14.5 9.5M11 6.5l1.6-1.6a4.6 4.6 0 0 1 6.5 6.5L17.5 13M13 17.5l-1.6 1.6a4.6 4.6 0 0 1-6.5-6.5L6.5 11"/>"#,
    ),
    (
        "info",
        r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 11.5v4.5M12 8h.01"/>"#,
    ),
    (
        "warn",
        r#"<path d="M12 4.5 20.5 19.5h-17zM12 10.5v4M12 17h.01"/>"#,
    ),
    (
        "tip",
        r#"<path d="M9.5 17.5h5M10 20.5h4M8.5 14.5a5.8 5.8 0 1 1 7 0c-.7.6-1 1.5-1 3h-5c0-1.5-.3-2.4-1-3z"/>"#,
    ),
    (
        "md",
        r#"<path d="M3.5 6.5h17v11h-17zM6.5 14.5v-5l2.5 3 2.5-3v5M16.5 9.5v5m-2-2 2 2 2-2"/>"#,
    ),
    (
        "up",
        r#"<path d="M7.5 11v9H4.5v-9zM7.5 11.5 11 4a2.3 2.3 0 0 1 2.3 2.3V9.5h5a1.7 1.7 0 0 1 1.7 2l-1.2 7a1.8 1.8 0 0 1-1.7 1.5H7.5"/>"#,
    ),
    (
        "dn",
        r#"<path d="M16.5 13V4h3v9zM16.5 12.5 13 20a2.3 2.3 0 0 1-2.3-2.3v-3.2h-5a1.7 1.7 0 0 1-1.7-2l1.2-7A1.8 1.8 0 0 1 6.9 4h9.6"/>"#,
    ),
    ("check", r#"<path d="m5 12.5 4.5 4.5L19 7.5"/>"#),
    (
        "mail",
        r#"<path d="M3.5 6h17v12.5h-17zM3.5 7l8.5 6.5L20.5 7"/>"#,
    ),
];

/// The sprite for a page whose own parts use `chrome` and whose body is `body`.
pub(crate) fn sprite(chrome: &[&str], body: &str) -> Drawing {
    let mut out = String::from(r#"<svg class="sprite" aria-hidden="true">"#);
    for (name, paths) in ICONS {
        // A body may hold the text of a use element only where the renderer wrote it: an author's
        // `<` comes escaped. At worst an icon is carried that nothing shows.
        let is_used = chrome.contains(name) || body.contains(&format!("<use href=\"#{name}\""));
        if is_used {
            out.push_str(&format!(
                r#"<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>"#
            ));
        }
    }
    out.push_str("</svg>");
    Drawing(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sprite_carries_the_icons_in_use_and_no_other() {
        let sprite = sprite(&["search"], r##"<svg><use href="#warn"/></svg>"##).0;
        assert!(sprite.contains(r#"id="search""#) && sprite.contains(r#"id="warn""#));
        assert_eq!(sprite.matches("<symbol").count(), 2);
    }
}
