//! What a person types and what is found.

use cairn_domain::article::{Audience, Status};
use cairn_domain::ids::CategoryId;
use cairn_search::{Face, Filters, SearchRequest, SearchRoom, SectionText};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{
    PORTAL, article, at, document, draft, empty_room, find, gone, locale, numbers, published,
    request,
};

fn room_of(articles: &[(&str, &str)]) -> (TempDir, SearchRoom) {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let changes: Vec<_> = articles
        .iter()
        .enumerate()
        .map(|(i, (title, body))| published(document(i as u128 + 1, title, body)))
        .collect();
    room.apply(PORTAL, &changes, at(1)).unwrap();
    (dir, room)
}

#[test]
fn of_two_titles_with_the_same_words_the_one_in_the_order_of_the_query_stands_first() {
    let (_dir, room) = room_of(&[
        ("Share a calendar, not a folder", "Same text."),
        ("Share a folder, not a calendar", "Same text."),
        ("Something else", "Other words."),
    ]);
    let order = |text| numbers(&find(&room, Face::Public, text));
    assert_eq!(order("share the calendar"), [1, 2]);
    assert_eq!(order("share the folder"), [2, 1]);
}

#[test]
fn a_heading_says_more_than_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let section = |heading: Option<&str>, text: &str| SectionText {
        heading: heading.map(str::to_owned),
        heading_path: heading.into_iter().map(str::to_owned).collect(),
        anchor: None,
        text: text.to_owned(),
    };
    // Behind the opening words, which weigh more than both.
    let opening = "opening ".repeat(80);
    let mut printing = document(1, "Invoices", "");
    printing.sections = vec![
        section(None, &opening),
        section(Some("Print"), "Rounding is described elsewhere."),
    ];
    let mut rounding = document(2, "Payments", "");
    rounding.sections = vec![
        section(None, &opening),
        section(Some("Rounding"), "Print is described elsewhere."),
    ];
    let changes = [printing, rounding].map(published);
    room.apply(PORTAL, &changes, at(1)).unwrap();
    let order = |text| numbers(&find(&room, Face::Public, text));
    assert_eq!(order("rounding"), [2, 1]);
    assert_eq!(order("print"), [1, 2]);
}

#[test]
fn an_address_that_says_what_was_asked_and_little_more_stands_first() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let mut long = document(1, "Réunions", "Le texte.");
    long.address_words = "schedule one meeting for several rooms".to_owned();
    let mut short = document(2, "Réunions", "Le texte.");
    short.address_words = "schedule a meeting with several rooms not with one".to_owned();
    let mut exact = document(3, "Réunions", "Le texte.");
    exact.address_words = "schedule meeting".to_owned();
    room.apply(PORTAL, &[long, short, exact].map(published), at(1))
        .unwrap();
    assert_eq!(
        numbers(&find(&room, Face::Public, "schedule meeting"))[0],
        3
    );
}

#[test]
fn equal_scores_stand_in_the_order_of_ids_and_pages_neither_repeat_nor_skip() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    // Three batches make three segments; ids come in disorder.
    for (pos, start) in [(1, 2), (2, 1), (3, 0)] {
        let batch: Vec<_> = (0..40u128)
            .map(|n| {
                published(document(
                    (n * 37 + start * 41) % 120 + 1,
                    "Same",
                    "same words",
                ))
            })
            .collect();
        room.apply(PORTAL, &batch, at(pos)).unwrap();
    }
    let total = find(&room, Face::Public, "same").total;
    let mut seen = Vec::new();
    for offset in (0..total as usize).step_by(7) {
        let page = room
            .search(&SearchRequest {
                limit: 7,
                offset,
                ..request(Face::Public, "same")
            })
            .unwrap();
        assert_eq!(page.total, total);
        seen.extend(numbers(&page));
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(seen, sorted);
    assert_eq!(seen.len() as u64, total);
}

#[test]
fn filters_narrow_hits_and_counts_and_leave_scores_alone() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let category = |n: u128| CategoryId::from_uuid(Uuid::from_u128(n));
    let mut one = document(1, "Calendar", "words");
    one.categories = vec![category(1), category(2)];
    one.tags = vec!["How To".into(), "Österreich".into()];
    one.author = Some("Ada L.".into());
    one.updated_at_ms = 5_000;
    let mut two = document(2, "Calendar too", "words");
    two.categories = vec![category(2)];
    two.audience = Audience::Internal;
    two.updated_at_ms = -1;
    let mut three = document(3, "Calendar draft", "words");
    three.status = Status::Draft;
    room.apply(
        PORTAL,
        &[published(one), published(two), draft(three)],
        at(1),
    )
    .unwrap();
    let ask = |filters: Filters| {
        let answer = room
            .search(&SearchRequest {
                filters,
                ..request(Face::Authoring, "calendar")
            })
            .unwrap();
        let mut found = numbers(&answer);
        found.sort_unstable();
        assert_eq!(answer.total as usize, found.len());
        found
    };
    let none = Filters::default;
    assert_eq!(ask(none()), [1, 2, 3]);
    assert_eq!(
        ask(Filters {
            category: Some(category(2)),
            ..none()
        }),
        [1, 2]
    );
    assert_eq!(
        ask(Filters {
            category: Some(category(1)),
            ..none()
        }),
        [1]
    );
    assert_eq!(
        ask(Filters {
            category: Some(category(9)),
            ..none()
        }),
        Vec::<i64>::new()
    );
    assert_eq!(
        ask(Filters {
            tag: Some("how to".into()),
            ..none()
        }),
        [1]
    );
    assert_eq!(
        ask(Filters {
            tag: Some("O\u{308}STERREICH".into()),
            ..none()
        }),
        [1]
    );
    assert_eq!(
        ask(Filters {
            tag: Some("how".into()),
            ..none()
        }),
        Vec::<i64>::new()
    );
    assert_eq!(
        ask(Filters {
            status: Some(Status::Draft),
            ..none()
        }),
        [3]
    );
    assert_eq!(
        ask(Filters {
            audience: Some(Audience::Internal),
            ..none()
        }),
        [2]
    );
    assert_eq!(
        ask(Filters {
            author: Some("ada l.".into()),
            ..none()
        }),
        [1]
    );
    assert_eq!(
        ask(Filters {
            updated_since_ms: Some(5_000),
            ..none()
        }),
        [1]
    );
    assert_eq!(
        ask(Filters {
            updated_since_ms: Some(0),
            ..none()
        }),
        [1, 3]
    );
    assert_eq!(
        ask(Filters {
            updated_since_ms: Some(i64::MIN),
            ..none()
        }),
        [1, 2, 3]
    );
    let both = Filters {
        category: Some(category(2)),
        audience: Some(Audience::Public),
        ..none()
    };
    assert_eq!(ask(both), [1]);
    let plain = find(&room, Face::Authoring, "calendar");
    let filters = Filters {
        tag: Some("how to".into()),
        ..none()
    };
    let filtered = room
        .search(&SearchRequest {
            filters,
            ..request(Face::Authoring, "calendar")
        })
        .unwrap();
    let score = plain.hits.iter().find(|h| h.number == 1).unwrap().score;
    assert_eq!(filtered.hits[0].score, score);
}

#[test]
fn a_slip_is_repaired_only_when_nearly_no_document_has_the_word() {
    let (_dir, room) = room_of(&[
        ("Delegate access", "delegates delegate"),
        ("Delegate rights", "delegate"),
        ("More delegates", "a delegate"),
        ("Greener offices", "greener greener"),
        ("Greece", "greece greece"),
        ("Greece again", "greece"),
        ("Greece thrice", "greece"),
    ]);
    let answer = find(&room, Face::Public, "delegtae rights");
    assert_eq!(answer.corrected.as_deref(), Some("delegate rights"));
    assert_eq!(numbers(&answer)[0], 2);
    assert!(
        answer.hits[0]
            .snippet
            .html
            .contains("<mark>delegate</mark>")
    );
    // A word that documents have is not a slip of another.
    let answer = find(&room, Face::Public, "greece holiday");
    assert_eq!(answer.total, 3);
    assert_eq!(answer.corrected, None);
}

#[test]
fn words_of_removed_documents_are_not_suggested() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let mut batch: Vec<_> = (1..=30)
        .map(|n| published(document(n, "Common", "ordinary words")))
        .collect();
    batch.extend((31..=34).map(|n| published(document(n, "Merger", "merger secret zeppelin"))));
    room.apply(PORTAL, &batch, at(1)).unwrap();
    assert_eq!(
        find(&room, Face::Public, "zepelin common")
            .corrected
            .as_deref(),
        Some("zeppelin common")
    );
    let removed: Vec<_> = (31..=34).map(gone).collect();
    room.apply(PORTAL, &removed, at(2)).unwrap();
    let answer = find(&room, Face::Public, "zepelin common");
    assert_eq!((answer.corrected, answer.total), (None, 30));
    assert_eq!(find(&room, Face::Public, "common zepp").total, 30);
    assert_eq!(find(&room, Face::Public, "zeppelin").total, 0);
}

#[test]
fn the_last_word_may_be_unfinished() {
    let (_dir, room) = room_of(&[("Share a calendar", "x"), ("Share a mailbox", "x")]);
    assert_eq!(numbers(&find(&room, Face::Public, "share cale")), [1, 2]);
    assert_eq!(
        find(&room, Face::Public, "cale share").hits.len(),
        2,
        "only the last one"
    );
}

#[test]
fn no_word_of_a_query_is_required() {
    let (_dir, room) = room_of(&[
        ("First company", "about Google"),
        ("Dr", "Smith and others"),
    ]);
    assert_eq!(
        find(
            &room,
            Face::Public,
            "First Google Company nobody wrote about"
        )
        .total,
        1
    );
    assert_eq!(numbers(&find(&room, Face::Public, "Dr Smith")), [2]);
}

#[test]
fn a_query_of_stop_words_still_finds() {
    let (_dir, room) = room_of(&[("The Who", "a band"), ("Other", "nothing like this")]);
    assert_eq!(numbers(&find(&room, Face::Public, "the")), [1]);
    assert_eq!(find(&room, Face::Public, "").total, 0);
}

#[test]
fn syntax_is_only_words() {
    let (_dir, room) = room_of(&[("Title fields", "NOT an operator")]);
    for text in [
        "title:fields",
        "\"title fields",
        "fields AND (",
        "-fields",
        "fields^9 OR *:*",
    ] {
        assert_eq!(find(&room, Face::Public, text).total, 1, "{text}");
    }
}

#[test]
fn all_four_unicode_forms_of_a_word_find_the_same_articles() {
    let (_dir, room) = room_of(&[
        ("Réglages", "ﬁchiers Ｗｏｒｄ"),
        ("Re\u{301}glages", "fichiers Word"),
    ]);
    for text in [
        "réglages",
        "re\u{301}glages",
        "reglages",
        "ﬁchiers",
        "fichiers",
        "Ｗｏｒｄ",
        "word",
    ] {
        assert_eq!(find(&room, Face::Public, text).total, 2, "{text}");
    }
}

#[test]
fn japanese_and_chinese_are_found_by_bigrams_in_their_own_and_any_locale() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let mut one = document(
        1,
        "添付ファイルを追加する",
        "Outlook で新規作成フォームのアイテムに添付ファイルを追加します。",
    );
    one.locale = locale("ja");
    let mut two = document(2, "予定表を共有する", "同僚と予定表を共有します。");
    two.locale = locale("ja");
    let mixed = document(3, "Using 添付ファイル in English", "text");
    room.apply(
        PORTAL,
        &[published(one), published(two), published(mixed)],
        at(1),
    )
    .unwrap();
    let ask = |tag: &str, text: &str| {
        room.search(&SearchRequest {
            locales: vec![locale(tag)],
            ..request(Face::Public, text)
        })
        .unwrap()
    };
    let answer = ask("ja", "添付ファイルの追加方法");
    assert_eq!(numbers(&answer)[0], 1);
    assert!(
        answer.hits[0].snippet.html.contains("<mark>添付ファイル"),
        "{}",
        answer.hits[0].snippet.html
    );
    assert_eq!(numbers(&ask("ja", "予定表")), [2]);
    assert_eq!(numbers(&ask("en", "ファイル")), [3]);
}

#[test]
fn a_hit_names_the_section_its_snippet_stands_in() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let mut d = document(1, "Calendars", "");
    let section = |heading: Option<&str>, text: &str| SectionText {
        heading: heading.map(str::to_owned),
        heading_path: heading.map(str::to_owned).into_iter().collect(),
        anchor: heading.map(str::to_lowercase),
        text: text.to_owned(),
    };
    d.sections = vec![
        section(None, "An introduction to calendars."),
        section(Some("Sharing"), "Pick a delegate & confirm <now>."),
        section(Some("Printing"), "Pick a printer."),
    ];
    room.apply(PORTAL, &[published(d)], at(1)).unwrap();
    let hit = &find(&room, Face::Public, "delegates").hits[0];
    assert_eq!(
        hit.section.as_ref().unwrap().anchor.as_deref(),
        Some("sharing")
    );
    assert!(
        hit.snippet
            .html
            .contains("<mark>delegate</mark> &amp; confirm &lt;now&gt;.")
    );
    // Headings are found though they stand in no snippet.
    let hit = &find(&room, Face::Public, "printing").hits[0];
    assert_eq!(
        hit.section.as_ref().unwrap().heading.as_deref(),
        Some("Printing")
    );
    let answer = room
        .search(&SearchRequest {
            snippets: false,
            ..request(Face::Public, "delegates")
        })
        .unwrap();
    assert_eq!(answer.hits[0].snippet.html, "");
    assert_eq!(answer.hits[0].article, article(1));
}

#[test]
fn a_very_long_body_is_found_whole_and_shown_quickly() {
    let filler = "Lorem ipsum dolor sit amet consectetur. ".repeat(50_000);
    let body = format!("{filler} needle {filler}");
    let (_dir, room) = room_of(&[("Long", &body)]);
    let started = std::time::Instant::now();
    let answer = find(&room, Face::Public, "needle");
    assert_eq!(answer.total, 1);
    assert!((160..=202).contains(&answer.hits[0].snippet.text.chars().count()));
    assert!(started.elapsed().as_millis() < 1_000);
}

#[test]
fn a_question_is_also_asked_with_what_its_best_answers_say() {
    let on_topic = "garden plants with yellow wilting leaves in summer lack iron: chlorosis";
    let mut articles = vec![
        ("Drawing", "leaves are drawn with pencils upon paper"),
        ("Minerals", "leaves lack iron which is called chlorosis"),
    ];
    articles.extend(["Ferns", "Roses", "Beans", "Herbs", "Mosses"].map(|t| (t, on_topic)));
    articles.extend([("Engines", "oil and filters"); 60]);
    let (_dir, room) = room_of(&articles);
    let question = "why do garden plants have yellow wilting leaves when watering in summer heat";
    let found = numbers(&find(&room, Face::Public, question));
    assert_eq!(
        found[5..],
        [2, 1],
        "what answers the question names the cause"
    );
    // A few words mean what they say: both say one of them, and stand in their order.
    let found = numbers(&find(&room, Face::Public, "yellow leaves summer"));
    assert_eq!(found[5..], [1, 2]);
}
