//! What front matter reads as, what it refuses, and that what is written reads back the same.

use proptest::prelude::*;

use super::*;
use crate::limits::FRONT_MATTER_BLOCK_BYTES_MAX;

/// `key=json` of every entry, and the body.
fn read(text: &str) -> Result<(String, &str), String> {
    let block = parse(text).map_err(|fault| fault.to_string())?;
    let entries = block.entries.iter();
    let entries: Vec<String> = entries
        .map(|e| format!("{}={}", e.key, e.value.to_json()))
        .collect();
    Ok((entries.join(" "), &text[block.body_start..]))
}

#[test]
fn what_is_in_the_subset_reads_as_yaml_reads_it() {
    for (text, entries, body) in [
        ("no block", "", "no block"),
        ("", "", ""),
        ("--- \na: 1\n---\nx", "a=1", "x"),
        ("---\n---\n", "", ""),
        ("---\n---", "", ""),
        ("----\na: 1\n---\n", "", "----\na: 1\n---\n"),
        ("---\na: b c\n---\n\n\nx\n", r#"a="b c""#, "\nx\n"),
        ("---\na: b\n---\n \nx", r#"a="b""#, " \nx"),
        ("---\r\na: b\r\n---\r\n\r\nx\r\n", r#"a="b""#, "x\r\n"),
        ("\u{feff}---\na: b\n---\nx", r#"a="b""#, "x"),
        ("\u{feff}x", "", "x"),
        ("---\na: b\n...\nx", r#"a="b""#, "x"),
        ("---\n# c\n\na: b # c\n---\n", r#"a="b""#, ""),
        ("---\na: b#c\n---\n", r#"a="b#c""#, ""),
        (
            "---\na: \"x # \\\"y\\\" \\u00e9\\n\" # c\n---\n",
            r#"a="x # \"y\" é\n""#,
            "",
        ),
        ("---\na: \"\\ud83d\\ude00\"\n---\n", r#"a="😀""#, ""),
        ("---\na: 'it''s \\n'\n---\n", r#"a="it's \\n""#, ""),
        ("---\na: ''\n---\n", r#"a="""#, ""),
        ("---\na:\nb: ~\nc: null\n---\n", "a=null b=null c=null", ""),
        (
            "---\na: true\nb: \"true\"\nc: -7\nd: 007\ne: 1.5\nf: 1.10\n---\n",
            r#"a=true b="true" c=-7 d="007" e=1.5 f="1.10""#,
            "",
        ),
        (
            "---\na: 1e3\nb: inf\nc: 99999999999999999999\n---\n",
            r#"a="1e3" b="inf" c="99999999999999999999""#,
            "",
        ),
        (
            "---\na: [x, \"y, z\", 'w', 3]\nb: []\nc: [ ]\nd: [x,]\n---\n",
            r#"a=["x","y, z","w",3] b=[] c=[] d=["x"]"#,
            "",
        ),
        (
            "---\na:\n- x\n  - \"y\"\n# c\n- 3\nb: c\n---\n",
            r#"a=["x","y",3] b="c""#,
            "",
        ),
        (
            "---\nms.date: 2024-01-02\nurl: https://x/y\n---\n",
            r#"ms.date="2024-01-02" url="https://x/y""#,
            "",
        ),
        ("---\nüber: größe\n---\n", r#"über="größe""#, ""),
    ] {
        let read = read(text);
        assert_eq!(read, Ok((entries.to_owned(), body)), "{text:?}");
    }
}

#[test]
fn what_is_outside_the_subset_is_refused_with_its_line() {
    for (text, line, part) in [
        ("---\na: b\n", 1, "never closed"),
        ("---", 1, "never closed"),
        ("---\na: 1\na: 2\n---\n", 3, "twice"),
        ("---\na\n---\n", 2, "no colon"),
        ("---\na:b\n---\n", 2, "space after the colon"),
        ("---\na: |\n  x\n---\n", 2, "quotes"),
        ("---\na: >-\n---\n", 2, "quotes"),
        ("---\na: {b: c}\n---\n", 2, "quotes"),
        ("---\na: &x y\n---\n", 2, "quotes"),
        ("---\na: *x\n---\n", 2, "quotes"),
        ("---\na: @x\n---\n", 2, "quotes"),
        ("---\na: b: c\n---\n", 2, "colon followed by a space"),
        ("---\na: b:\n---\n", 2, "colon"),
        ("---\na: \"b\n---\n", 2, "not closed"),
        ("---\na: \"b\\", 2, "not closed"),
        ("---\na: \"b\" c\n---\n", 2, "closing quote"),
        ("---\na: \"\\q\"\n---\n", 2, "escape"),
        ("---\na: \"\\ud800\"\n---\n", 2, "escape"),
        ("---\na: \"\\u12\"\n---\n", 2, "escape"),
        ("---\na: 'b\n---\n", 2, "not closed"),
        ("---\na: [b\n---\n", 2, "not closed"),
        ("---\na: [b, [c]]\n---\n", 2, "lists in lists"),
        ("---\na: [b c] d\n---\n", 2, "follows the list"),
        ("---\na: [\"b\" c]\n---\n", 2, "comma"),
        ("---\na: [,]\n---\n", 2, "empty"),
        ("---\nok: 1\n- x\n---\n", 3, "has a value"),
        ("---\n- x\n---\n", 2, "without a key"),
        ("---\na:\n-\n---\n", 3, "empty"),
        ("---\na:\n  b: c\n---\n", 3, "nested"),
        ("---\n: c\n---\n", 2, "a key is"),
        ("---\na b: c\n---\n", 2, "a key is"),
    ] {
        let fault = parse(text).expect_err(text);
        assert_eq!(fault.line, line, "{text:?}: {fault}");
        assert!(fault.reason.contains(part), "{text:?}: {fault}");
    }
}

#[test]
fn a_block_has_a_largest_size() {
    let text = format!(
        "---\n{}",
        "# filler\n".repeat(FRONT_MATTER_BLOCK_BYTES_MAX / 8)
    );
    assert!(parse(&text).unwrap_err().reason.contains("longer than"));
}

#[test]
fn the_line_of_the_body_is_counted() {
    assert_eq!(parse("x").unwrap().body_line, 1);
    assert_eq!(parse("---\na: b\n---\nx").unwrap().body_line, 4);
    assert_eq!(parse("---\na: b\n---\n\nx").unwrap().body_line, 5);
}

#[test]
fn no_cut_of_a_block_panics() {
    let text = "---\nä: \"\\ud83d\\ude00\" # c\nb: ['x''y', \"z\"]\nc:\n  - é\n---\n\nbody";
    let cuts = (0..=text.len()).filter(|at| text.is_char_boundary(*at));
    for at in cuts {
        let _ = parse(&text[..at]);
        let _ = parse(&text[at..]);
    }
}

#[test]
fn any_json_can_stand_in_front_matter() {
    for (text, entries) in [
        (
            "---\n\"my: key\": 1\n'it''s': 2\n---\n",
            r#"my: key=1 it's=2"#,
        ),
        (
            "---\na: {\"b\": [1, {\"c\" : null}]} # c\n---\n",
            r#"a={"b":[1,{"c":null}]}"#,
        ),
        ("---\na: [1, [2, \"x y\"]]\n---\n", r#"a=[1,[2,"x y"]]"#),
        ("---\na: [[]]\nb: {}\n---\n", "a=[[]] b={}"),
        (
            "---\na: !!float 1e3\nb: [!!int -0, !!float 1.10]\nc: !!int 12345678901234567890\n---\n",
            "a=1e3 b=[-0,1.10] c=12345678901234567890",
        ),
        ("---\na: \"\\b\\f\\u0000\"\n---\n", r#"a="\b\f\u0000""#),
    ] {
        assert_eq!(
            read(text).map(|(read, _)| read),
            Ok(entries.to_owned()),
            "{text:?}"
        );
    }
    for (text, part) in [
        ("---\na: {b: c}\n---\n", "JSON"),
        ("---\na: {\"b\": 1} c\n---\n", "follows"),
        ("---\na: [[1]\n---\n", "lists in lists"),
        ("---\n\"a\" 1\n---\n", "colon"),
        ("---\n\"a\": 1\na: 2\n---\n", "twice"),
        ("---\na: !!str x\n---\n", "quotes"),
        ("---\na: !!int x\n---\n", "quotes"),
    ] {
        let fault = parse(text).expect_err(text);
        assert!(fault.reason.contains(part), "{text:?}: {fault}");
    }
    let deep = format!("---\na: {}{}\n---\n", "[".repeat(200), "]".repeat(200));
    assert!(parse(&deep).is_err());
}

#[test]
fn what_is_written_is_what_people_write() {
    let entries = vec![
        Entry::new("id", Value::text("007")),
        Entry::new("title", Value::text("Refunds and payouts")),
        Entry::new("old title", Value::text("Cards: a guide")),
        Entry::new("tags", Value::texts(["x", "y, z", "No"])),
        Entry::new("n", Value::Scalar(Scalar::Number("3".to_owned()))),
        Entry::new("draft", Value::Scalar(Scalar::Bool(false))),
        Entry::new("nil", Value::Scalar(Scalar::Null)),
    ];
    assert_eq!(
        write(&entries),
        "---\nid: \"007\"\ntitle: Refunds and payouts\n\"old title\": \"Cards: a guide\"\n\
         tags: [x, \"y, z\", \"No\"]\nn: 3\ndraft: false\nnil:\n---\n\n"
    );
    assert_eq!(write(&[]), "---\n---\n\n");
}

#[test]
fn of_two_members_with_one_name_the_last_counts() {
    let entries = entries_of(r#"{"a":1,"b":2,"a":3}"#).unwrap();
    let shown: Vec<_> = entries
        .iter()
        .map(|e| (e.key.as_str(), e.value.to_json()))
        .collect();
    assert_eq!(shown, [("a", "3".to_owned()), ("b", "2".to_owned())]);
    for text in ["[]", "1", "{", "{\"a\":1}}"] {
        assert!(entries_of(text).is_err(), "{text}");
    }
}

/// Any JSON, as serde writes it or with other numbers and more space.
fn json() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        (-1e9..1e9_f64).prop_map(|n| n.to_string()),
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        number,
        any::<String>().prop_map(|text| json_text(&text)),
        "[a-z0-9 :#\\[\\]{},&*!|>'\"%@`~?-]{0,12}".prop_map(|text| json_text(&text)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let space = "[ \n\t\r]{0,2}";
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), space).prop_map(|(items, space)| format!(
                "[{space}{}{space}]",
                items.join(&format!("{space},"))
            )),
            (prop::collection::vec((any::<String>(), inner), 0..4), space).prop_map(
                |(members, space)| {
                    let members: Vec<String> = members
                        .into_iter()
                        .map(|(key, value)| format!("{}:{space}{value}", json_text(&key)))
                        .collect();
                    format!("{{{space}{}}}", members.join(","))
                }
            ),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_the_same(
        members in prop::collection::vec((any::<String>(), json()), 0..6),
        body in "\n?[a-z\n-]{0,20}",
    ) {
        let members: Vec<String> = members
            .into_iter()
            .map(|(key, value)| format!("{}: {value}", json_text(&key)))
            .collect();
        let entries = entries_of(&format!("{{{}}}", members.join(","))).unwrap();
        let text = format!("{}{body}", write(&entries));
        let block = parse(&text).map_err(|fault| TestCaseError::fail(format!("{fault}: {text}")))?;
        prop_assert_eq!(&text[block.body_start..], &body);
        prop_assert_eq!(block.entries.len(), entries.len());
        for (read, written) in block.entries.iter().zip(&entries) {
            prop_assert_eq!(&read.key, &written.key);
            prop_assert_eq!(&read.value, &written.value);
            prop_assert_eq!(read.value.to_json(), written.value.to_json());
        }
        // And once more: what was read writes the same text.
        prop_assert_eq!(write(&block.entries), write(&entries));
    }
}
