//! Nothing of one face or locale shows in another: no hit, no count, no score, no suggestion.

use cairn_search::{ArticleChange, Face, SearchRequest};

use crate::support::{
    PORTAL, article, at, document, draft, empty_room, find, locale, numbers, published, request,
};

#[test]
fn faces_share_one_unit_until_they_differ() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(
        PORTAL,
        &[published(document(1, "Open secret", "public"))],
        at(1),
    )
    .unwrap();
    assert_eq!(room.list_units(PORTAL).unwrap().len(), 1);
    for face in Face::ALL {
        assert_eq!(numbers(&find(&room, face, "secret")), [1]);
    }
    room.apply(
        PORTAL,
        &[draft(document(2, "Closed secret", "draft"))],
        at(2),
    )
    .unwrap();
    assert_eq!(
        room.list_units(PORTAL).unwrap().len(),
        3 - 1,
        "published is still the same"
    );
    assert_eq!(numbers(&find(&room, Face::Public, "secret")), [1]);
    assert_eq!(numbers(&find(&room, Face::Published, "secret")), [1]);
    assert_eq!(find(&room, Face::Authoring, "secret").total, 2);
}

#[test]
fn an_unpublished_article_leaves_the_public_faces_and_stays_for_authors() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let one = document(1, "Holiday policy", "text");
    room.apply(
        PORTAL,
        &[
            published(one.clone()),
            published(document(2, "Holiday", "x")),
        ],
        at(1),
    )
    .unwrap();
    room.apply(PORTAL, &[draft(one)], at(2)).unwrap();
    assert_eq!(numbers(&find(&room, Face::Public, "holiday")), [2]);
    assert_eq!(numbers(&find(&room, Face::Published, "holiday")), [2]);
    assert_eq!(find(&room, Face::Authoring, "holiday").total, 2);
}

#[test]
fn an_internal_article_is_published_but_not_public() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    room.apply(
        PORTAL,
        &[published(document(1, "Holiday policy", "text"))],
        at(1),
    )
    .unwrap();
    let mut internal = document(2, "Holiday internals", "text");
    internal.audience = cairn_domain::article::Audience::Internal;
    let documents = [Face::Published, Face::Authoring]
        .map(|f| (f, internal.clone()))
        .to_vec();
    room.apply(
        PORTAL,
        &[ArticleChange {
            article: article(2),
            documents,
        }],
        at(2),
    )
    .unwrap();
    assert_eq!(numbers(&find(&room, Face::Public, "holiday")), [1]);
    assert_eq!(find(&room, Face::Published, "holiday").total, 2);
    assert_eq!(find(&room, Face::Authoring, "holiday").total, 2);
    // Not even the dictionary knows.
    assert_eq!(find(&room, Face::Public, "internals").total, 0);
    assert_eq!(find(&room, Face::Public, "intrenals").corrected, None);
}

#[test]
fn drafts_and_other_locales_change_no_public_score() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let base: Vec<_> = (1..=50)
        .map(|n| {
            published(document(
                n,
                &format!("Calendar {n}"),
                &"calendar share words ".repeat(n as usize % 7 + 1),
            ))
        })
        .collect();
    room.apply(PORTAL, &base, at(1)).unwrap();
    let scores = |face| -> Vec<(i64, f32)> {
        find(&room, face, "share calendar")
            .hits
            .iter()
            .map(|h| (h.number, h.score))
            .collect()
    };
    let before = scores(Face::Public);
    let mut more: Vec<_> = (100..600)
        .map(|n| draft(document(n, "Calendar draft", "calendar calendar share")))
        .collect();
    more.extend((1_000..1_500).map(|n| {
        let mut d = document(n, "Kalender calendar", "calendar share");
        d.locale = locale("de");
        published(d)
    }));
    room.apply(PORTAL, &more, at(2)).unwrap();
    assert_eq!(scores(Face::Public), before);
    assert_ne!(scores(Face::Authoring), before);
}

#[test]
fn several_locales_are_merged_by_rank() {
    let dir = tempfile::tempdir().unwrap();
    let room = empty_room(dir.path());
    let in_locale = |n, tag: &str, title: &str| {
        let mut d = document(n, title, "Outlook");
        d.locale = locale(tag);
        published(d)
    };
    room.apply(
        PORTAL,
        &[
            in_locale(1, "en", "Outlook Outlook"),
            in_locale(2, "en", "Something with the word Outlook in a longer title"),
            in_locale(3, "de", "Outlook einrichten"),
            in_locale(4, "ja", "Outlookの設定"),
        ],
        at(1),
    )
    .unwrap();
    let ask = |locales: &[&str], limit, offset| {
        let request = SearchRequest {
            locales: locales.iter().map(|l| locale(l)).collect(),
            limit,
            offset,
            ..request(Face::Public, "outlook")
        };
        room.search(&request).unwrap()
    };
    assert_eq!(numbers(&ask(&["en", "de", "ja"], 20, 0)), [1, 3, 4, 2]);
    assert_eq!(numbers(&ask(&["de", "en"], 2, 1)), [1, 2]);
    assert_eq!(ask(&["de", "en"], 2, 0).total, 3);
    assert_eq!(ask(&[], 20, 0).total, 4, "no locale means all");
    assert_eq!(ask(&["fr"], 20, 0).total, 0);
    assert_eq!(ask(&["en", "en"], 20, 0).total, 2, "a locale counts once");
}
