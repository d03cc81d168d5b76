//! One construct, one line: what authors write and what the page gets.

use crate::{RenderOptions, Rendered, render};

fn rendered(body: &str) -> Rendered {
    render(body, &RenderOptions::default()).expect("within the limits")
}

/// The HTML without line ends between blocks, which mean nothing.
fn check(body: &str, wanted: &str) {
    let html = rendered(body).html.into_string();
    let mut short = html.replace("\n\n", "\n").replace(">\n<", "><");
    short.truncate(short.trim_end().len());
    assert_eq!(short.trim_start(), wanted, "{body}");
}

const LINK: &str = "<svg class=\"i\" aria-hidden=\"true\"><use href=\"#link\"></use></svg>";

fn icon(name: &str) -> String {
    LINK.replace("#link", &format!("#{name}"))
}

#[test]
fn headings_get_an_id_and_an_anchor() {
    check(
        "## Before *you* start",
        &format!(
            "<h2 id=\"h-before-you-start\">Before <em>you</em> start<a class=\"anchor\" \
             href=\"#h-before-you-start\" aria-label=\"Link to “Before you start”\">{LINK}</a></h2>"
        ),
    );
    check(
        "### \"A\" & <b>b</b> {#pay}",
        &format!(
            "<h3 id=\"h-pay\">\"A\" &amp; <b>b</b><a class=\"anchor\" href=\"#h-pay\" \
             aria-label=\"Link to “&quot;A&quot; &amp; b”\">{LINK}</a></h3>"
        ),
    );
    check("<h1>a</h1>", "<h2>a</h2>");
}

#[test]
fn the_page_keeps_its_only_h1() {
    let levels = |body: &str| -> Vec<u8> {
        let headings = rendered(body).headings;
        headings.iter().map(|heading| heading.level).collect()
    };
    assert_eq!(levels("# a\n\n## b\n\n###### c"), [2, 3, 6]);
    assert_eq!(levels("## a\n\n### b"), [2, 3]);
}

#[test]
fn a_first_heading_that_repeats_the_title_is_left_out() {
    let options = RenderOptions {
        hide_first_heading_equal_to: Some("Refund a ticket".into()),
        ..RenderOptions::default()
    };
    let rendered = render("# Refund a Ticket\n\n## Then\n\na", &options).unwrap();
    assert!(!rendered.html.as_str().contains("Refund"));
    assert!(
        rendered
            .html
            .as_str()
            .starts_with("<a id=\"h-refund-a-ticket\"></a>\n<h2"),
        "what led to it still leads there"
    );
    let headings: Vec<_> = rendered
        .headings
        .iter()
        .map(|h| (h.level, h.body_offset))
        .collect();
    assert_eq!(headings, [(2, 19)]);
}

#[test]
fn a_title_is_recognised_by_what_readers_see_of_it() {
    let shown = |title: &str, body: &str| {
        let options = RenderOptions {
            hide_first_heading_equal_to: Some(title.into()),
            ..RenderOptions::default()
        };
        let rendered = render(body, &options).unwrap();
        (rendered.headings.len(), rendered.html.into_string())
    };
    for (title, body) in [
        ("Set up", "# <a name=\"top\"></a>Set up\n\na [b](#top)"),
        ("Set up", "<!-- c -->\n\n# **Set**  up\n\na"),
        (
            "Set up",
            "<a name=\"top\"></a>\n\n## Set *up* {#own}\n\na [b](#top)",
        ),
        ("Set up `cairn`", "Set up `cairn`\n===\n\na"),
        ("R&D", "# R&amp;D\n\na"),
        ("SET UP ", "# Set up #\n\na"),
    ] {
        let (headings, html) = shown(title, body);
        assert_eq!(headings, 0, "{html}");
        assert!(!html.contains("<h") && !html.contains("Set"), "{html}");
        if body.contains("#top") {
            assert!(html.contains("<a id=\"h-top\"></a>"), "{html}");
        }
    }
    for (title, body) in [
        ("Set up", "Words.\n\n# Set up"),
        ("Set up", "![a](b.png)\n\n# Set up"),
        ("Set up", "<p>words</p>\n\n# Set up"),
        ("Set up", "# Set up now"),
        ("", "# \n\na"),
    ] {
        assert_eq!(shown(title, body).0, 1, "{body}");
    }
}

#[test]
fn pictures_without_words_are_named_once() {
    let rendered =
        rendered("![](a.png) ![b](b.png) <img src=a.png> <img src=\"c&amp;d.png\" alt=' '>");
    assert_eq!(rendered.pictures_without_words, ["a.png", "c&d.png"]);
}

#[test]
fn fragments_lead_to_headings_however_they_are_written() {
    for target in ["#pay-now", "#Pay-Now", "#pay%20now", "#h-pay-now"] {
        let html = rendered(&format!("## Pay now\n\n[a]({target})")).html;
        assert!(
            html.as_str().contains("<a href=\"#h-pay-now\">a</a>"),
            "{html}"
        );
    }
    check("[a](#)", "<p><a href=\"#\">a</a></p>");
    check(
        "<a name=\"old\"></a>[b](#old)",
        "<p><a id=\"h-old\"></a><a href=\"#h-old\">b</a></p>",
    );
}

#[test]
fn alerts_have_their_kind_or_bold_first_words_as_title() {
    let alert = |kind: &str, name: &str, symbol: &str, inner: &str| {
        let icon = icon(symbol);
        format!(
            "<aside class=\"alert {kind}\" aria-label=\"{name}\">{icon}<div>{inner}</div></aside>"
        )
    };
    for (kind, name, symbol) in [
        ("note", "Note", "info"),
        ("tip", "Tip", "tip"),
        ("important", "Important", "info"),
        ("warning", "Warning", "warn"),
        ("caution", "Caution", "warn"),
    ] {
        check(
            &format!("> [!{}]\n> a", name.to_uppercase()),
            &alert(kind, name, symbol, &format!("<b>{name}</b><p>a</p>")),
        );
    }
    check(
        "> [!WARNING]\n> **No way *back***\n> a",
        &alert(
            "warning",
            "Warning",
            "warn",
            "<b>No way <em>back</em></b><p>a</p>",
        ),
    );
    check(
        "> [!TIP]\n> **Bold** and on",
        &alert(
            "tip",
            "Tip",
            "tip",
            "<b>Tip</b><p><strong>Bold</strong> and on</p>",
        ),
    );
    let two = rendered("> [!TIP]\n> a\n\nb\n\n> [!TIP]\n> c").html;
    assert!(two.as_str().contains("aria-label=\"Tip 2\""), "{two}");
    check("> a", "<blockquote><p>a</p></blockquote>");
}

#[test]
fn tables_scroll_in_a_named_box_and_align_by_class() {
    check(
        "## Fees\n\n|a|b|c|\n|-|:-:|-:|\n|1|2|3|",
        &format!(
            "<h2 id=\"h-fees\">Fees<a class=\"anchor\" href=\"#h-fees\" aria-label=\"Link to \
             “Fees”\">{LINK}</a></h2><div class=\"table\" tabindex=\"0\" role=\"region\" \
             aria-label=\"Table 1: Fees\"><table><thead><tr><th scope=\"col\">a</th>\
             <th scope=\"col\" class=\"a-mid\">b</th><th scope=\"col\" class=\"a-end\">c</th></tr>\
             </thead><tbody><tr><td>1</td><td class=\"a-mid\">2</td><td class=\"a-end\">3</td></tr>\
             </tbody></table></div>"
        ),
    );
    check(
        "<table><tr><td align=right>1</table>",
        "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Table 1\"><table><tbody>\
         <tr><td class=\"a-end\">1</td></tr></tbody></table></div>",
    );
}

#[test]
fn tasks_have_boxes_that_only_show() {
    check(
        "- [x] a\n- [ ] b",
        "<ul class=\"tasks\"><li class=\"task done\"><input type=\"checkbox\" disabled=\"\" \
         checked=\"\" aria-label=\"Task\"> a</li><li class=\"task open\"><input type=\"checkbox\" \
         disabled=\"\" aria-label=\"Task\"> b</li></ul>",
    );
    check(
        "- [ ] a\n\n- [ ] b",
        "<ul class=\"tasks\"><li class=\"task open\"><p><input type=\"checkbox\" disabled=\"\" \
         aria-label=\"Task\"> a</p></li><li class=\"task open\"><p><input type=\"checkbox\" \
         disabled=\"\" aria-label=\"Task\"> b</p></li></ul>",
    );
    check("<input type=text>", "");
}

#[test]
fn notes_stand_at_the_end_and_both_ends_are_linked() {
    check(
        "a[^x] b[^y] c[^x]\n\n[^y]: second\n[^x]: first\n",
        "<p>a<sup class=\"fn\"><a id=\"fnref-1\" href=\"#fn-1\" aria-label=\"Note 1\">1</a></sup> \
         b<sup class=\"fn\"><a id=\"fnref-2\" href=\"#fn-2\" aria-label=\"Note 2\">2</a></sup> \
         c<sup class=\"fn\"><a id=\"fnref-1-2\" href=\"#fn-1\" aria-label=\"Note 1\">1</a></sup></p>\
         <section class=\"notes\" aria-label=\"Notes\"><ol>\
         <li id=\"fn-1\">first <a href=\"#fnref-1\" aria-label=\"Back to the text\">Back</a> \
         <a href=\"#fnref-1-2\" aria-label=\"Back to the text (2)\">Back (2)</a></li>\
         <li id=\"fn-2\">second <a href=\"#fnref-2\" aria-label=\"Back to the text\">Back</a></li>\
         </ol></section>",
    );
    let unused = rendered("a\n\n[^x]: never shown");
    assert_eq!(unused.removed, ["the note [^x]; nothing refers to it"]);
    check("a[^none]", "<p>a[^none]</p>");
}

#[test]
fn pictures_load_late_from_the_second_on() {
    check(
        "![a \"b\"](x.png) ![](y.png)",
        "<p><img src=\"x.png\" alt=\"a &quot;b&quot;\" decoding=\"async\"> \
         <img src=\"y.png\" alt=\"\" loading=\"lazy\" decoding=\"async\"></p>",
    );
    check(
        "![a](x.png \"What it shows\")",
        "<figure><img src=\"x.png\" alt=\"a\" decoding=\"async\">\
         <figcaption>What it shows</figcaption></figure>",
    );
    check("![a](data:image/png;base64,xx)", "<p>a</p>");
    check("<img src=\"data:x\" alt='a\"b'>", "a\"b");
}

#[test]
fn links_say_where_they_lead() {
    check(
        "[a](https://a.example \"t\") [b](/x) [c](mailto:d@e.example)",
        "<p><a href=\"https://a.example\" title=\"t\" rel=\"noopener\">a</a> <a href=\"/x\">b</a> \
         <a href=\"mailto:d@e.example\">c</a></p>",
    );
    check("[a](javascript:x)", "<p>a</p>");
    check(
        "[a](//b.example/c)",
        "<p><a href=\"https://b.example/c\" rel=\"noopener\">a</a></p>",
    );
    check(
        "see www.a.example, or x@a.example; `www.b.example`",
        "<p>see <a href=\"http://www.a.example\" rel=\"noopener\">www.a.example</a>, or \
         <a href=\"mailto:x@a.example\">x@a.example</a>; <code>www.b.example</code></p>",
    );
    let rendered =
        rendered("# a\n\n[b](/c?d&e) ![f](g.png) [^1] [h](#a)\n\n[^1]: https://i.example\n");
    let links: Vec<_> = rendered
        .links
        .iter()
        .map(|l| (l.target.as_str(), l.is_image))
        .collect();
    assert_eq!(
        links,
        [
            ("/c?d&e", false),
            ("g.png", true),
            ("#h-a", false),
            ("https://i.example", false)
        ]
    );
}

#[test]
fn plain_markup_and_raw_html_that_is_listed_stand() {
    check(
        "~~a~~ **b** *c*",
        "<p><del>a</del> <strong>b</strong> <em>c</em></p>",
    );
    check(
        "press <kbd>E</kbd>, H<sub>2</sub>O",
        "<p>press <kbd>E</kbd>, H<sub>2</sub>O</p>",
    );
    check(
        "<details open>\n<summary>Q</summary>\n\n*a*\n\n</details>",
        &format!(
            "<details open=\"\"><summary>Q{}</summary><p><em>a</em></p></details>",
            icon("down")
        ),
    );
    check("<b>a\n\nb</b>", "<p><b>a</b></p><p>b</p>");
    check("a\n\n</div></aside>\n\nb", "<p>a</p><p>b</p>");
    check("3. a\n4. b", "<ol start=\"3\"><li>a</li><li>b</li></ol>");
}

#[test]
fn authors_cannot_bring_what_only_the_assembly_writes() {
    for html in [
        "<svg class=i><use href=#link></use></svg>",
        "<input type=checkbox>",
        "<div class=table tabindex=0 role=region>a</div>",
        "<a class=anchor href=x rel=x>a</a>",
        "<img loading=eager decoding=sync src=x>",
        "`<svg>` &lt;svg&gt; \\<svg>",
    ] {
        let out = rendered(html).html.into_string();
        for ours in [
            "<svg",
            "<use",
            "<input",
            "tabindex",
            "role=",
            "class=\"anchor",
            "rel=",
            "loading",
        ] {
            assert!(!out.contains(ours), "{ours} in {out}");
        }
    }
}

#[test]
fn labels_are_the_callers_and_escaped() {
    let mut options = RenderOptions::default();
    options.labels.tip = "Tipp <&\"".into();
    options.labels.anchor = "Zu „{}“ \"".into();
    let html = render("# a\n\n> [!TIP]\n> b", &options)
        .unwrap()
        .html
        .into_string();
    assert!(html.contains("aria-label=\"Zu „a“ &quot;\""), "{html}");
    assert!(
        html.contains("aria-label=\"Tipp &lt;&amp;&quot;\""),
        "{html}"
    );
    assert!(html.contains("<b>Tipp &lt;&amp;\"</b>"), "{html}");
}

#[test]
fn what_goes_is_told_to_the_author() {
    let told = rendered("<script>x</script>\n\n[a](javascript:x) <b onclick=y>c</b>").removed;
    assert_eq!(
        told,
        [
            "the element <script> and what was in it",
            "a link to javascript:; only http, https, mailto, tel and relative addresses work",
            "the attribute onclick of <b>",
        ]
    );
    assert!(
        rendered("# a\n\nplain **text** with <kbd>k</kbd>")
            .removed
            .is_empty()
    );
}

#[test]
fn limits_refuse_by_name_before_the_work_is_done() {
    let limit = |body: &str| render(body, &RenderOptions::default()).unwrap_err().limit;
    assert_eq!(
        limit(&"a".repeat(crate::BODY_BYTES_MAX + 1)),
        "body_bytes_max"
    );
    assert_eq!(limit(&"> ".repeat(200)), "depth_max");
    assert_eq!(limit(&"[^a] ".repeat(1_001)), "footnote_marks_max");
    assert_eq!(limit(&"<b>".repeat(257)), "html_depth_max");
    assert_eq!(limit(&"a\n\n".repeat(600_000)), "events_max");
    assert_eq!(
        limit(&format!("<div>{}", "<br>".repeat(crate::HTML_NODES_MAX))),
        "html_nodes_max"
    );
    let error = render(&"> ".repeat(200), &RenderOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the body has 101 levels of Markdown nesting but 100 are allowed (depth_max); \
         take quotes and lists out of each other"
    );
}
