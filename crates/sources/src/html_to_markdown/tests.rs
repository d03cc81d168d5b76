//! What HTML becomes, construct by construct, and that the renderer reads it as it was meant.

use cairn_markdown::{RenderOptions, render};

use super::html_to_markdown;

#[track_caller]
fn check(html: &str, wanted: &str) {
    let markdown = html_to_markdown(html).unwrap();
    assert_eq!(markdown.trim_end(), wanted, "{html}");
}

/// The words a reader sees are the words of the text, in order and with nothing between them but
/// what plain text puts between cells.
#[track_caller]
fn check_words(html: &str, words: &str) {
    let markdown = html_to_markdown(html).unwrap();
    let rendered = render(&markdown, &RenderOptions::default()).unwrap();
    let of = |text: &str| -> Vec<String> {
        let words = text.split_whitespace().filter(|word| *word != "|");
        words.map(str::to_owned).collect()
    };
    assert_eq!(of(&rendered.plain_text), of(words), "{html}\n→ {markdown}");
}

#[test]
fn prose_is_prose() {
    check("<p>One\n two   three</p><p>four", "One two three\n\nfour");
    check("a<br>b<br/>\n c", "a\\\nb\\\nc");
    check("a<br><br>b<br>", "a\n\nb");
    check("<h2>Head <b>bold</b></h2>text", "## Head **bold**\n\ntext");
    check("<div>a<div>b</div>c</div>", "a\n\nb\n\nc");
    check("<p>a<hr>b", "a\n\n---\n\nb");
    check("<blockquote><p>a<p>b</blockquote>", "> a\n> \n> b");
    check("", "");
    check("<p> &nbsp;</p>", "");
}

#[test]
fn emphasis_is_written_so_that_markdown_reads_it() {
    check("a <b>b</b> <i>c</i> <s>d</s>", "a **b** *c* ~~d~~");
    check("<b>Note:</b>text", "<strong>Note:</strong>text");
    check("<b>Note:</b> text", "**Note:** text");
    check("<b> a </b>b", "**a** b");
    check("<b>a</b><b>b</b>", "**ab**");
    check("<b><i>a</i></b>", "<strong><em>a</em></strong>");
    check(
        "<span style='font-weight: bold'>a</span> <span style=\"text-decoration: line-through;\">b</span>",
        "**a** ~~b~~",
    );
    check("<b></b>a<i> </i>b", "a b");
    check_words(
        "<b>a<i>b</i></b>c<i>d</i><b>e</b>f <u>g</u> H<sub>2</sub>O <kbd>Ctrl</kbd>",
        "abcdef g H2O Ctrl",
    );
    check_words(
        "x<b>«a»</b>y <b>(a)</b>b <em>1</em><b>2</b>",
        "x«a»y (a)b 12",
    );
}

#[test]
fn text_that_looks_like_markdown_stays_text() {
    for text in [
        "*a* _b_ __c__ `d` ~e~ ~~f~~ [g](h) ![i](j) <b>k</b> &amp; &copy; \\ \\* a\\",
        "# a",
        "## a",
        "#tag",
        "- a",
        "+ a",
        "* a",
        "1. a",
        "12) a",
        "> a",
        "---",
        "***",
        "===",
        "```",
        "~~~",
        "| a | b |",
        "[x]: /y",
        "[^1]: z",
        "a_b_c snake_case _x",
        "2 * 3 * 4",
        "a | b",
        "!",
        "![",
        "a!",
        "5 < 6 > 4",
        "<!-- a -->",
        "<script>x</script>",
        "&lt;",
        "C:\\dir\\*.txt",
        ":-- | --:",
        "- - -",
        "[ ] a",
        "[x] b",
        "http://a.example/b_c_d*e*",
        "a@b.example",
        "{#id}x",
        "2019\\. b",
        "    four",
        "$x$ ^y^",
        "«x» …",
    ] {
        let html = text.replace('&', "&amp;").replace('<', "&lt;");
        check_words(&format!("<p>{html}</p>"), text);
        check_words(&format!("<p>a<br>{html}</p>"), &format!("a {text}"));
        check_words(
            &format!("<ul><li>{html}</li><li>b</li></ul>"),
            &format!("{text} b"),
        );
        check_words(&format!("<p><b>{html}</b>x</p>"), &format!("{text}x"));
        check_words(
            &format!("<table><tr><th>h<th>i<tr><td>{html}<td>b</table>"),
            &format!("h i {text} b"),
        );
        check_words(&format!("<p><a href=/x>{html}</a></p>"), text);
    }
    check("<p>a<br>---</p>", "a\\\n\\---");
    check("<h2>a #</h2>", "## a \\#");
}

#[test]
fn lists_nest_and_count() {
    check(
        "<ul><li>a<ul><li>b<li>c</ul><li>d</ul>",
        "- a\n  - b\n  - c\n- d",
    );
    check("<ol><li>a<li>b</ol>", "1. a\n2. b");
    check("<ol start=9><li>a<li>b</ol>", "9.  a\n10. b");
    check(
        "<ul><li><p>a</p><p>b</p></li><li>c</li></ul>",
        "- a\n\n  b\n\n- c",
    );
    check("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b");
    check(
        "<ol><li>a<pre>x\n\ny</pre></li></ol>",
        "1. a\n\n   ```\n   x\n\n   y\n   ```",
    );
    check("<ol><li>a</ol><ol><li>b</ol>", "1. a\n\n<!-- -->\n\n1. b");
    check(
        "<ul><li><input type=checkbox checked> a<li><input type=checkbox>b</ul>",
        "- [x] a\n- [ ] b",
    );
    check("<ul><li><b>1</b>. a</ul>", "- **1**. a");
    check("x<li>a<li>b</li>\ny", "x\n\n- a\n- b\n\ny");
}

#[test]
fn code_keeps_every_character_and_its_language() {
    check(
        "<pre>a *b*\n\n  &lt;c&gt; &amp;amp; `d` \\e\n</pre>",
        "```\na *b*\n\n  <c> &amp; `d` \\e\n```",
    );
    check(
        "<pre><code class='hljs language-rust'>fn a() {}</code></pre>",
        "```rust\nfn a() {}\n```",
    );
    check(
        "<div class=\"highlight-source-shell\"><pre class=\"brush: bash\">ls</pre></div>",
        "```bash\nls\n```",
    );
    check("<pre>a```b</pre>", "````\na```b\n````");
    check("<pre>a<br>b<span>c</span></pre>", "```\na\nbc\n```");
    check("use <code>a  `b` &lt;c&gt;*</code>.", "use ``a `b` <c>*``.");
    check("<code>a</code><code>b</code>", "`ab`");
    check("<code><a href=/x>a_b</a></code>", "<code>[a_b](/x)</code>");
    check(
        "<blockquote><pre>a\n\nb</pre></blockquote>",
        "> ```\n> a\n> \n> b\n> ```",
    );
}

#[test]
fn links_and_pictures_keep_their_addresses() {
    check(
        "<a href='/a b?x=1&amp;y=2' title='T \"q\"'>w</a>",
        "[w](/a%20b?x=1&y=2 \"T \\\"q\\\"\")",
    );
    check("<a href=x(1).html>a [b]</a>", "[a \\[b\\]](x\\(1\\).html)");
    check(
        "<a href='javascript:alert(1)'>a</a> <a href=data:x>b</a>",
        "a b",
    );
    check("<a href=//h.example/x>a</a>", "[a](https://h.example/x)");
    check("<a href=x> a </a>b", "[a](x) b");
    check("<a href=x></a>a", "a");
    check("<a href=x><div>a</div><p>b</p></a>", "[a](x)\n\n[b](x)");
    check(
        "<img src='a b.png' alt='x ] \"y\"' title=t>",
        "![x \\] \"y\"](a%20b.png \"t\")",
    );
    check(
        "<img data-src=a.png src='data:image/gif;base64,xx'>",
        "![](a.png)",
    );
    check("<img src=data:image/png;base64,xx alt=words>", "words");
    check("<a href=x><img src=y alt=z></a>", "[![z](y)](x)");
    check(
        "<figure><img src=a.png alt=b><figcaption>c d</figcaption></figure>",
        "![b](a.png \"c d\")",
    );
    check("<a name=top></a>a", "<a id=\"top\"></a>a");
    check("<h2 id=pay>Pay</h2>", "## Pay {#pay}");
    check(
        "<h2><a name='x y'></a>Pay</h2><a href='#z'>a</a><div id=z>b</div>",
        "## Pay\n\n[a](#z)\n\n<a id=\"z\"></a>b",
    );
}

#[test]
fn films_and_frames_become_links() {
    check(
        "<iframe src='//www.youtube.com/embed/abc?rel=0' title='How to'></iframe>",
        "[How to](https://www.youtube.com/watch?v=abc)",
    );
    check(
        "<iframe src=https://player.vimeo.com/video/12></iframe>",
        "[https://vimeo.com/12](https://vimeo.com/12)",
    );
    check("<video title=T><source src=a.mp4></video>", "[T](a.mp4)");
    check("<iframe src=javascript:x>a</iframe>", "");
}

#[test]
fn boxes_become_alerts() {
    check(
        "<div class='admonition warning'><p class=admonition-title>Mind</p><p>a</p></div>",
        "> [!WARNING]\n> \n> **Mind**\n> \n> a",
    );
    check("<p class='callout info'>a</p>", "> [!NOTE]\n> \n> a");
    check(
        "<div class='callout--danger'>a<ul><li>b</ul></div>",
        "> [!CAUTION]\n> \n> a\n> \n> - b",
    );
    check(
        "<div class=note>a</div><div class=tip>b</div>",
        "> [!NOTE]\n> \n> a\n\n<!-- -->\n\n> [!TIP]\n> \n> b",
    );
    check("<div class='alert'><h2>a</h2></div>", "## a");
    let rendered = render(
        &html_to_markdown("<div class='alert alert-warning'><h4>Own</h4>a</div>").unwrap(),
        &RenderOptions::default(),
    );
    let html = rendered.unwrap().html.as_str().to_owned();
    assert!(
        html.contains("alert warning") && html.contains("Own</b>"),
        "{html}"
    );
}

#[test]
fn tables_are_tables() {
    check(
        "<table><thead><tr><th>a<th>b|c</thead><tr><td>1<br>2<td><code>x|y</code></table>",
        "| a | b\\|c |\n| --- | --- |\n| 1<br>2 | `x\\|y` |",
    );
    check(
        "<table><tr><td>a<td>b<tr><td>c</table>",
        "|  |  |\n| --- | --- |\n| a | b |\n| c |  |",
    );
    check(
        "<table><tr><td><p>a</p><p>b</p><td>c</table>",
        "|  |  |\n| --- | --- |\n| a<br>b | c |",
    );
    check("<table><tr><td>only</table>", "only");
    check(
        "<table><tr><td colspan=2>a &lt;<tr><td><ul><li>b</ul><td><pre>c\n\nd</pre></table>",
        "<table><tr><td colspan=\"2\">a &lt;</td></tr><tr><td><ul><li>b</li></ul></td><td><pre>c&#10;&#10;d</pre></td></tr></table>",
    );
    check(
        "<table><caption>T</caption><tr><th>a<th>b<tr><th>c<td>d</table>",
        "T\n\n| a | b |\n| --- | --- |\n| **c** | d |",
    );
    check_words(
        "<ul><li>x<table><tr><td colspan=2>a<tr><td>b<td>c</table>y</ul>",
        "x a b c y",
    );
}

#[test]
fn details_stay() {
    check(
        "<details><summary>More <b>words</b></summary><p>a</p><ul><li>b</ul></details>",
        "<details><summary>More <b>words</b></summary>\n\na\n\n- b\n\n</details>",
    );
    check_words(
        "<details><summary>s</summary>a <b>b</b></details>c",
        "s a b c",
    );
}

#[test]
fn what_cannot_be_shown_is_dropped_and_nothing_else() {
    check(
        "<script>x</script><style>y</style><template>z</template>a<!-- b -->",
        "a",
    );
    check(
        "<button>Save</button> <label>a</label><select><option>b<option>c</select>",
        "Save a\n\nb\n\nc",
    );
    check("<unknown>a</unknown><x-y>b</x-y>", "ab");
    check("<svg><text>a</text></svg>", "a");
}
