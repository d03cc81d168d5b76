//! What people complain about in the search of others, each as a promise of this one.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_domain::article::Audience;
use cairn_domain::ids::CategoryId;
use cairn_search::{
    Face, Keywords, Pin, RelatedRequest, SearchRequest, SearchRoom, SearchRules, SectionText,
    SuggestRequest, Synonym,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{
    PORTAL, article, at, document, empty_room, find, gone, locale, numbers, published, request,
};

fn room_of(locale_of: &str, articles: &[(&str, &str)]) -> (TempDir, SearchRoom) {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let changes: Vec<_> = articles
        .iter()
        .enumerate()
        .map(|(i, (title, body))| {
            let mut document = document(i as u128 + 1, title, body);
            document.locale = locale(locale_of);
            published(document)
        })
        .collect();
    room.apply(PORTAL, &changes, at(1)).unwrap();
    (dir, room)
}

fn ask(room: &SearchRoom, text: &str) -> Vec<i64> {
    numbers(&find(room, Face::Public, text))
}

#[test]
fn no_word_of_a_query_is_dropped_and_none_must_be_there() {
    let (_dir, room) = room_of(
        "en",
        &[
            ("Google", "The company was founded in a garage."),
            ("Agent Smith", "A program."),
            ("Notes", "Nothing in common."),
            ("Quarterly report", "The middle term decides."),
        ],
    );
    assert_eq!(ask(&room, "First Google Company")[0], 1);
    assert_eq!(ask(&room, "Dr Smith"), [2]);
    assert_eq!(ask(&room, "unheard decides unknown"), [4]);
}

#[test]
fn a_word_that_is_there_is_never_taken_for_a_slip() {
    let (_dir, room) = room_of(
        "en",
        &[
            ("Greece", "Travel to greece by ship, to greece by train."),
            ("A greener office", "Greener lamps."),
            ("Woman of the year", "A woman won."),
            ("Carol", "A song for roman halls."),
        ],
    );
    assert_eq!(ask(&room, "greece ship")[0], 1);
    assert!(!ask(&room, "greece ship").contains(&2));
    assert_eq!(ask(&room, "woman year"), [3]);
}

#[test]
fn the_exact_title_stands_first_however_often_others_repeat_its_words() {
    let again = "install update ".repeat(40);
    let (_dir, room) = room_of(
        "en",
        &[
            ("Install update install update guide", &again),
            ("Update", "How an update is made."),
            ("Install and update everything, always, again", &again),
            ("Install", "How to install."),
        ],
    );
    assert_eq!(ask(&room, "install")[0], 4);
    assert_eq!(ask(&room, "update")[0], 2);
}

#[test]
fn joined_and_split_words_meet() {
    let (_dir, room) = room_of(
        "en",
        &[
            ("Credit card payments", "Pay with your credit card."),
            ("GitHub", "Where github stands."),
            ("GPT-3 models", "About gpt 3."),
            ("The Shawshank Redemption", "A film."),
            ("Unrelated", "Other things altogether."),
        ],
    );
    assert_eq!(ask(&room, "creditcard")[0], 1);
    assert_eq!(ask(&room, "git hub sign")[0], 2);
    assert_eq!(ask(&room, "gpt-3")[0], 3);
    assert_eq!(ask(&room, "shaw redemption")[0], 4);
}

#[test]
fn a_german_compound_is_found_by_its_parts_and_its_parts_by_it() {
    let (_dir, room) = room_of(
        "de",
        &[
            ("Lieferdatumsberechnung", "Wie gerechnet wird."),
            ("Verkäufe und Aufträge", "Ein Auftrag aus dem Verkauf."),
            ("Drucker", "Papier nachlegen."),
        ],
    );
    let ask = |text: &str| {
        let request = SearchRequest {
            locales: vec![locale("de")],
            ..request(Face::Public, text)
        };
        let answer = room.search(&request).unwrap();
        (numbers(&answer), answer.hits[0].snippet.html.clone())
    };
    assert_eq!(ask("Datum berechnen").0[0], 1);
    assert_eq!(ask("Verkaufsauftrag").0, [2]);
    assert!(ask("Verkaufsauftrag").1.contains("<mark>Auftrag</mark>"));
}

#[test]
fn all_four_unicode_forms_of_a_word_find_the_same() {
    let (_dir, room) = room_of(
        "fr",
        &[("Réinitialiser l'accès", "Pour réinitialiser ﬁnalement.")],
    );
    for text in [
        "r\u{e9}initialiser",
        "re\u{301}initialiser",
        "REINITIALISER",
        "ﬁnalement",
        "finalement",
    ] {
        let request = SearchRequest {
            locales: vec![locale("fr")],
            ..request(Face::Public, text)
        };
        assert_eq!(numbers(&room.search(&request).unwrap()), [1], "{text}");
    }
}

#[test]
fn instructions_narrow_and_everything_else_is_words() {
    let (_dir, room) = room_of(
        "en",
        &[
            ("Reset a password", "Reset my own password here."),
            (
                "Password rules",
                "My password must be long; reset it never.",
            ),
            ("Admin password", "The admin may reset my own password too."),
        ],
    );
    assert_eq!(ask(&room, "\"my own password\"").len(), 2);
    assert!(!ask(&room, "password -admin").contains(&3));
    assert_eq!(ask(&room, "reset title:rules"), [2]);
    assert!(!ask(&room, "password -\"own password\"").contains(&1));
    for words in [
        "password -",
        "title: password",
        "\"password",
        "-password",
        "password:x",
    ] {
        assert!(!ask(&room, words).is_empty(), "{words}");
    }
}

#[test]
fn what_is_taught_counts_at_once_and_only_as_taught() {
    let (_dir, room) = room_of(
        "en",
        &[
            ("Refunds", "Money comes back by credit card."),
            ("Parking", "Where to leave a car."),
            ("Opening hours", "When we are there."),
        ],
    );
    let rules = SearchRules {
        synonyms: vec![Synonym {
            words: "vehicle".into(),
            means: vec!["car".into()],
        }],
        stop_words: vec!["please".into()],
        pins: vec![Pin {
            query: "when open".into(),
            articles: vec![article(2)],
        }],
        keywords: vec![Keywords {
            article: article(1),
            words: vec!["chargeback".into()],
        }],
    };
    let rules = BTreeMap::from([(locale("en"), Arc::new(rules))]);
    let ask = |text: &str| {
        let request = SearchRequest {
            rules: rules.clone(),
            ..request(Face::Public, text)
        };
        room.search(&request).unwrap()
    };
    assert_eq!(numbers(&ask("vehicle")), [2]);
    assert!(numbers(&ask("car")) == [2] && numbers(&ask("please")).is_empty());
    let pinned = ask("Open, when?");
    assert_eq!(numbers(&pinned)[0], 2);
    assert!(pinned.hits[0].is_pinned);
    assert_eq!(numbers(&ask("chargeback")), [1]);
    assert!(numbers(&find(&room, Face::Public, "chargeback")).is_empty());
}

#[test]
fn every_score_can_be_explained() {
    let (_dir, room) = room_of(
        "en",
        &[
            ("Refunds by card", "Money comes back, sooner or later."),
            ("Parking", "Where to leave a card and a car."),
            ("Card", "Nothing else."),
        ],
    );
    for text in [
        "card refund",
        "crad \"money comes\"",
        "title:card -parking",
        "the",
        "refunds ca",
    ] {
        let request = SearchRequest {
            explain: true,
            ..request(Face::Public, text)
        };
        for hit in room.search(&request).unwrap().hits {
            let parts = hit.explanation.expect("an explanation");
            let words = parts["words"].as_array().unwrap();
            assert!(text == "the" || !words.is_empty(), "{text}: {parts}");
            let (score, by_words) = (&parts["score"], parts["by_words"].as_f64().unwrap());
            let rest = parts["by_the_rest"].as_f64().unwrap();
            let sum = (by_words + rest - score.as_f64().unwrap()).abs();
            assert!(sum < 1e-3 && rest > -1e-3, "{text}: {parts}");
        }
    }
}

#[test]
fn facets_count_what_these_readers_may_see() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let category = |n: u128| CategoryId::from_uuid(Uuid::from_u128(n));
    let of = |n: u128, categories: &[u128], tags: &[&str]| {
        let mut d = document(n, "Words", "words");
        d.categories = categories.iter().map(|c| category(*c)).collect();
        d.tags = tags.iter().map(|t| (*t).to_owned()).collect();
        d
    };
    let mut internal = of(4, &[2, 1], &["secret"]);
    internal.audience = Audience::Internal;
    let changes = [
        published(of(1, &[1], &["a"])),
        published(of(2, &[2, 1], &["A", "b"])),
        published(of(3, &[3], &[])),
        cairn_search::ArticleChange {
            article: article(4),
            documents: vec![
                (Face::Published, internal.clone()),
                (Face::Authoring, internal),
            ],
        },
    ];
    room.apply(PORTAL, &changes, at(1)).unwrap();
    let ask = |face| {
        let request = SearchRequest {
            facets: true,
            ..request(face, "words")
        };
        room.search(&request).unwrap().facets
    };
    let public = ask(Face::Public);
    assert_eq!(
        public.categories,
        [(category(1), 2), (category(2), 1), (category(3), 1)]
    );
    assert_eq!(public.tags, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
    let published = ask(Face::Published);
    assert_eq!(published.categories[0], (category(1), 3));
    assert!(published.tags.contains(&("secret".to_owned(), 1)));
}

#[test]
fn passages_suggestions_and_related_articles_come_from_the_same_unit() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let mut guide = document(1, "Office network guide", "");
    guide.sections = [
        ("Printers", "Load paper into the printer."),
        ("Wireless", "The wireless password changes monthly."),
    ]
    .map(|(heading, text)| SectionText {
        heading: Some(heading.into()),
        heading_path: vec!["Guide".into(), heading.into()],
        anchor: Some(heading.to_lowercase()),
        text: text.into(),
    })
    .to_vec();
    let mut internal = document(
        3,
        "Office wireless secrets",
        "The wireless password is here.",
    );
    internal.audience = Audience::Internal;
    let hidden = cairn_search::ArticleChange {
        article: article(3),
        documents: vec![
            (Face::Published, internal.clone()),
            (Face::Authoring, internal),
        ],
    };
    let changes = [
        published(guide),
        published(document(
            2,
            "Network cables",
            "Office cables for the network.",
        )),
        hidden,
    ];
    room.apply(PORTAL, &changes, at(1)).unwrap();

    let found = room
        .passages(&request(Face::Public, "wireless password"))
        .unwrap();
    assert_eq!(found.passages[0].heading_path, ["Guide", "Wireless"]);
    assert_eq!(found.passages[0].anchor.as_deref(), Some("wireless"));
    assert_eq!(
        found.passages[0].text,
        "The wireless password changes monthly."
    );
    assert!(found.passages.iter().all(|p| p.article.number == 1));

    let suggest = |face, text: &str| {
        let request = SuggestRequest {
            portal: PORTAL,
            face,
            locale: locale("en"),
            text: text.into(),
            limit: 5,
            rules: None,
        };
        let hits = room.suggest(&request).unwrap();
        hits.iter().map(|hit| hit.number).collect::<Vec<_>>()
    };
    assert_eq!(suggest(Face::Public, "office netw")[0], 1);
    assert_eq!(suggest(Face::Public, "netw").len(), 2);
    assert!(suggest(Face::Public, "wireless sec").is_empty());
    assert_eq!(suggest(Face::Published, "wireless sec"), [3]);
    assert!(suggest(Face::Public, "").is_empty());

    let related = |face| {
        let request = RelatedRequest {
            portal: PORTAL,
            face,
            locale: locale("en"),
            article: article(1),
            limit: 5,
        };
        let hits = room.related(&request).unwrap();
        hits.iter().map(|hit| hit.number).collect::<Vec<_>>()
    };
    assert_eq!(related(Face::Public), [2]);
    assert_eq!(related(Face::Published).len(), 2);
}

/// A room in which rows stood that readers never saw answers byte for byte like one that never held
/// them; one from which rows were taken answers with the same hits, totals, facets and suggestions.
#[test]
fn what_is_hidden_changes_nothing_that_readers_can_ask() {
    let texts = |n: u128| {
        let title = format!("Article {n} about printers and ink number{}", n % 7);
        let body = format!(
            "Text {n} with words like toner, paper and cartridge{}.",
            n % 5
        );
        let mut d = document(n, &title, &body);
        d.tags = vec![format!("tag{}", n % 3)];
        d
    };
    let room_of = |with_hidden: bool, with_gone: bool| {
        let dir = tempfile::tempdir().unwrap();
        let room = empty_room(dir.path());
        let mut changes: Vec<_> = (1..60).map(|n| published(texts(n))).collect();
        // Readers have a unit of their own from the beginning.
        let mut draft_of = texts(500);
        draft_of.title = "Hidden printers zebra".into();
        changes.push(crate::support::draft(draft_of));
        if with_hidden {
            for n in 100..140 {
                let mut d = texts(n);
                d.title = format!("Hidden {n} printres zebras tonerr");
                changes.push(crate::support::draft(d));
            }
        }
        room.apply(PORTAL, &changes, at(1)).unwrap();
        if with_gone {
            let came: Vec<_> = (200..220).map(|n| published(texts(n))).collect();
            room.apply(PORTAL, &came, at(2)).unwrap();
            let went: Vec<_> = (200..220).map(gone).collect();
            room.apply(PORTAL, &went, at(3)).unwrap();
        } else {
            room.apply(PORTAL, &[], at(3)).unwrap();
        }
        (dir, room)
    };
    let never = room_of(false, false);
    let hidden = room_of(true, false);
    let taken = room_of(false, true);
    let queries = [
        "printers",
        "printres",
        "zebra",
        "tonr ink",
        "cartridge3 pap",
        "\"about printers\"",
        "article -ink",
        "title:number3",
        "number",
        "hidden printer zebr",
        "text 205",
    ];
    for text in queries {
        let ask = |room: &SearchRoom| {
            let request = SearchRequest {
                facets: true,
                sections: 2,
                ..request(Face::Public, text)
            };
            room.search(&request).unwrap()
        };
        let (a, b, c) = (ask(&never.1), ask(&hidden.1), ask(&taken.1));
        assert_eq!(format!("{a:?}"), format!("{b:?}"), "{text}");
        assert_eq!(
            (a.total, &a.facets, &a.corrected),
            (c.total, &c.facets, &c.corrected),
            "{text}"
        );
        let mut these = numbers(&a);
        let mut those = numbers(&c);
        these.sort_unstable();
        those.sort_unstable();
        if a.total as usize <= these.len() {
            assert_eq!(these, those, "{text}");
        }
        let suggest = |room: &SearchRoom| {
            let request = SuggestRequest {
                portal: PORTAL,
                face: Face::Public,
                locale: locale("en"),
                text: text.into(),
                limit: 20,
                rules: None,
            };
            let hits = room.suggest(&request).unwrap();
            let mut numbers: Vec<_> = hits.iter().map(|h| h.number).collect();
            numbers.sort_unstable();
            (numbers.len(), numbers)
        };
        assert_eq!(suggest(&never.1), suggest(&hidden.1), "{text}");
    }
}
