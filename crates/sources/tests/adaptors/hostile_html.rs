//! Every line of the hostile corpus goes through the converter and the renderer: nothing panics,
//! nothing takes long, nothing that could run comes out. Skipped, and said so, without the corpora.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use cairn_markdown::{RenderOptions, render};
use cairn_sources::html_to_markdown;
use serde_json::Value;

/// Lines of the corpus.
const LINES: usize = 15_389;
/// Longest time one line may take, unoptimised and beside other work.
const LINE_TIME_MAX: Duration = Duration::from_secs(5);

fn lines() -> Option<Vec<String>> {
    let shared = PathBuf::from(std::env::var_os("CAIRN_SHARED")?);
    let text = std::fs::read_to_string(shared.join("corpora/html.jsonl")).ok()?;
    let input = |line: &str| {
        let value: Value = serde_json::from_str(line).expect("a line of JSON");
        value["input"].as_str().expect("an input").to_owned()
    };
    Some(text.lines().map(input).collect())
}

#[test]
fn no_hostile_html_breaks_the_converter_or_comes_through_it() {
    let Some(lines) = lines() else {
        println!("skipped: CAIRN_SHARED names no folder with corpora/html.jsonl");
        return;
    };
    let mut worst = (Duration::ZERO, 0);
    let mut refused = 0;
    for (number, html) in lines.iter().enumerate() {
        let before = Instant::now();
        let markdown = html_to_markdown(html).expect("far below the limits");
        match render(&markdown, &RenderOptions::default()) {
            Ok(rendered) => {
                let shown = rendered.html.as_str().to_ascii_lowercase();
                for forbidden in ["<script", "<iframe", "<style", "<object"] {
                    assert!(
                        !shown.contains(forbidden),
                        "{html}\n→ {markdown}\n→ {shown}"
                    );
                }
                for link in &rendered.links {
                    let target = link.target.trim().to_ascii_lowercase();
                    let runs = ["javascript:", "vbscript:", "data:"];
                    let runs = runs.iter().any(|scheme| target.starts_with(scheme));
                    assert!(!runs, "{html}\n→ {markdown}\n→ {target}");
                }
            }
            Err(_) => refused += 1,
        }
        worst = worst.max((before.elapsed(), number));
    }
    println!(
        "{} lines, {refused} refused by a named limit, worst {worst:?}",
        lines.len()
    );
    assert_eq!(lines.len(), LINES);
    assert_eq!(refused, 0);
    assert!(worst.0 < LINE_TIME_MAX, "line {}", worst.1);
}

#[test]
fn what_is_made_to_cost_is_cheap_or_refused_with_its_limit() {
    let size = 400_000;
    let repeated = [
        "<div>",
        "<b>",
        "<b><p>",
        "<a href=x>",
        "<ul><li>",
        "<blockquote>",
        "<table><tr><td>",
        "<li>",
        "<p>",
        "<b id=1>x",
        "</b>",
        "&",
        "&amp;",
        "*",
        "**",
        "_a",
        "`",
        "``",
        "[",
        "![",
        "<",
        "<a",
        "<a href=\"",
        "|",
        "<br>",
        "<td>",
        "<tr>",
        "<span>x</span>",
        "<code>`</code>",
        "<code>a</code>",
        "<i>a</i>",
        "\u{10F080}",
        "<pre>",
        "<details><summary>",
        "<h1>",
        "<!--",
        "<![CDATA[",
        "<div class=note>",
        "<strong> </strong>",
        "<img src=x alt=y>",
        "1. ",
        "\n",
        "#",
        "<font>",
        "<table>",
        "<iframe src=x>",
        "<ol start=99999999><li>",
    ];
    for piece in repeated {
        for html in [
            piece.repeat(size / piece.len()),
            format!("{}{}", "x ".repeat(9), piece.repeat(3_000)),
        ] {
            let before = Instant::now();
            let markdown = html_to_markdown(&html);
            let took = before.elapsed();
            assert!(
                took < Duration::from_secs(20),
                "{piece:?} × {} took {took:?}",
                html.len()
            );
            if let Ok(markdown) = markdown {
                assert!(
                    markdown.len() < 40 * size,
                    "{piece:?} grew to {}",
                    markdown.len()
                );
                // Refusals of the renderer have names; a panic would not come back.
                let _ = render(&markdown, &RenderOptions::default());
            }
        }
    }
}
