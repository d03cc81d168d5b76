//! Every hostile line of the corpora as a query: an answer, never a panic, never an endless search.

use std::fs;

use cairn_search::{Face, SearchRequest};

use crate::support::{PORTAL, at, document, empty_room, find, locale, published, request, shared};

fn inputs(file: &str) -> Vec<String> {
    let Some(path) = shared(&format!("corpora/{file}")) else {
        return Vec::new();
    };
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|v| v["input"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn every_line_of_the_corpora_is_answered_and_every_snippet_is_only_text_and_marks() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let mut lines = inputs("text.jsonl");
    lines.extend(inputs("unicode.jsonl"));
    lines.extend(inputs("html.jsonl").into_iter().step_by(40));
    lines.extend(
        [
            "",
            " ",
            "\0",
            "\"",
            "\"unclosed",
            "title:",
            "a AND (b OR",
            "-",
            "--",
            "*",
            "?*",
            "[a TO b]",
            "word~9",
            "^^^",
            "\\",
            "\u{202e}abc",
            "\u{1f468}\u{200d}\u{1f469}",
        ]
        .map(str::to_owned),
    );
    lines.push("x".repeat(100_000));
    lines.push("字".repeat(100_000));
    lines.push("a ".repeat(100_000));
    lines.push("\u{300}".repeat(10_000));
    // The lines are articles too, so that they are found, completed, repaired and shown.
    let articles: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(i, line)| {
            let mut d = document(
                i as u128 + 1,
                &line.chars().take(255).collect::<String>(),
                line,
            );
            d.locale = locale(if i % 7 == 0 { "ja" } else { "en" });
            published(d)
        })
        .collect();
    room.apply(PORTAL, &articles, at(1)).unwrap();
    for line in &lines {
        let answer = room
            .search(&SearchRequest {
                locales: Vec::new(),
                ..request(Face::Public, line)
            })
            .unwrap_or_else(|e| panic!("{line:?}: {e}"));
        for hit in answer.hits {
            let bare = hit
                .snippet
                .html
                .replace("<mark>", "")
                .replace("</mark>", "");
            assert!(
                !bare.contains(['<', '>', '"', '\'']),
                "{:?}",
                hit.snippet.html
            );
            assert!(hit.snippet.text.chars().count() <= 202);
        }
    }
}

#[test]
fn an_over_long_query_is_cut_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(PORTAL, &[published(document(1, "Needle", "x"))], at(1))
        .unwrap();
    let long = format!("needle {}", "hay ".repeat(80));
    let answer = find(&room, Face::Public, &long);
    assert!(answer.truncated);
    assert_eq!(answer.total, 1);
    assert!(!find(&room, Face::Public, "needle hay").truncated);
    assert!(find(&room, Face::Public, &"é".repeat(2_000)).truncated);
}
