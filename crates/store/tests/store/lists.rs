//! Lists: every order and filter, page by page, without gaps or doubles.

use std::collections::HashSet;

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::ids::PortalId;
use cairn_store::articles::{self, ArticleQuery, ArticleSummary, Face, Sort, SortKey};
use cairn_store::{StoreError, categories, outbox, revisions};

use crate::support::{TestDb, add, article, at, category, created, locale, revision, staged};

/// 120 articles with many equal times and titles, of every status, audience and locale.
async fn seeded() -> (TestDb, PortalId, Vec<Article>) {
    let (db, portal) = TestDb::with_portal().await;
    let folder = category(portal, "Folder");
    let mut tx = db.store.begin().await.unwrap();
    categories::insert(&mut tx, &folder).await.unwrap();
    let mut made = Vec::new();
    for n in 0..120_i64 {
        let mut a = article(portal, &format!("Article {n}"));
        a.updated_at = at(n % 7);
        a.created_at = at(n % 5);
        a.locale = locale(if n % 3 == 0 { "de" } else { "en" });
        a.category = (n % 4 == 0).then_some(folder.id);
        if n % 5 == 0 {
            a.audience = Audience::Internal;
        }
        a.status = Status::ALL[usize::try_from(n % 3).unwrap()];
        a.published_revision = (a.status == Status::Published).then_some(1);
        // Every other published article has a newer head that readers do not see.
        if n % 2 == 0 {
            a.head_revision = 2;
        }
        articles::insert(&mut tx, &a).await.unwrap();
        let mut text = staged(&format!("Title {}", n % 6));
        text.tags = vec![format!("tag {}", n % 3), "all".to_owned()];
        text.author = Some(format!("Author {}", n % 2));
        revisions::append(&mut tx, &revision(&a, 1, &text))
            .await
            .unwrap();
        if n % 2 == 0 {
            let mut head = text.clone();
            head.title = format!("Head {}", n % 6);
            head.tags = vec!["secret".to_owned()];
            revisions::append(&mut tx, &revision(&a, 2, &head))
                .await
                .unwrap();
        }
        made.push(a);
    }
    outbox::append(&mut tx, portal, &[created(&made[0])])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (db, portal, made)
}

async fn all_pages(db: &TestDb, mut query: ArticleQuery) -> Vec<ArticleSummary> {
    let mut all: Vec<ArticleSummary> = Vec::new();
    loop {
        let page = articles::list(&db.store, &query).await.unwrap();
        assert!(page.len() as i64 <= query.limit);
        let Some(last) = page.last() else {
            return all;
        };
        query.after = Some((last.sort_key(query.sort), last.article.id));
        all.extend(page);
    }
}

#[tokio::test]
async fn every_order_pages_through_everything_once() {
    let (db, portal, made) = seeded().await;
    for face in [Face::Authoring, Face::Published, Face::Public] {
        let expected: HashSet<_> = made
            .iter()
            .filter(|a| face == Face::Authoring || a.status == Status::Published)
            .filter(|a| face != Face::Public || a.audience == Audience::Public)
            .map(|a| a.id)
            .collect();
        for sort in Sort::ALL.iter().copied() {
            let mut query = ArticleQuery::new(portal, face, 7);
            query.sort = sort;
            let mut deep = query.clone();
            deep.author = Some("Author 0".to_owned());
            deep.tag = (face != Face::Authoring).then(|| "all".to_owned());
            let by_author = all_pages(&db, deep.clone()).await;
            assert!(
                by_author
                    .windows(2)
                    .all(|pair| pair[0].article.id != pair[1].article.id)
            );
            assert!(
                by_author
                    .iter()
                    .all(|s| s.author.as_deref() == Some("Author 0"))
            );
            assert_eq!(
                articles::count(&db.store, &query).await.unwrap(),
                expected.len() as i64
            );
            let all = all_pages(&db, query).await;
            assert_eq!(all.len(), expected.len(), "{face:?} {sort:?}");
            let ids: HashSet<_> = all.iter().map(|s| s.article.id).collect();
            assert_eq!(ids, expected, "{face:?} {sort:?}");
            let theirs: Vec<_> = all
                .iter()
                .filter(|s| s.author.as_deref() == Some("Author 0"))
                .collect();
            assert_eq!(
                by_author.iter().collect::<Vec<_>>(),
                theirs,
                "{face:?} {sort:?}"
            );
            assert_eq!(
                articles::count(&db.store, &deep).await.unwrap(),
                theirs.len() as i64
            );
            let place = |s: &ArticleSummary| match s.sort_key(sort) {
                SortKey::Time(t) => (t.as_second(), String::new(), s.article.id),
                SortKey::Number(n) => (n, String::new(), s.article.id),
                SortKey::Title(t) => (0, t, s.article.id),
            };
            let descends = matches!(
                sort,
                Sort::UpdatedDesc | Sort::CreatedDesc | Sort::TitleDesc | Sort::NumberDesc
            );
            for pair in all.windows(2) {
                let rises = place(&pair[0]) < place(&pair[1]);
                assert_eq!(rises, !descends, "{face:?} {sort:?}");
            }
        }
    }
}

#[tokio::test]
async fn readers_see_and_filter_the_published_revision_only() {
    let (db, portal, _) = seeded().await;
    for face in [Face::Public, Face::Published] {
        let all = all_pages(&db, ArticleQuery::new(portal, face, 50)).await;
        assert!(all.iter().any(|s| s.article.head_revision == 2));
        assert!(
            all.iter()
                .all(|s| s.title.starts_with("Title") && !s.tags.contains(&"secret".to_owned()))
        );
        let mut secret = ArticleQuery::new(portal, face, 50);
        secret.tag = Some("secret".to_owned());
        assert_eq!(articles::count(&db.store, &secret).await.unwrap(), 0);
    }
    let mut secret = ArticleQuery::new(portal, Face::Authoring, 100);
    secret.tag = Some("secret".to_owned());
    let found = articles::list(&db.store, &secret).await.unwrap();
    assert_eq!(found.len(), 60);
    assert!(found.iter().all(|s| s.title.starts_with("Head")));
}

#[tokio::test]
async fn every_filter_narrows_the_list_as_it_says() {
    let (db, portal, made) = seeded().await;
    let folder = made.iter().find_map(|a| a.category).unwrap();
    type Change = Box<dyn Fn(&mut ArticleQuery)>;
    type Test = Box<dyn Fn(&Article) -> bool>;
    let cases: Vec<(Change, Test)> = vec![
        (
            Box::new(|q| q.status = Some(Status::Draft)),
            Box::new(|a| a.status == Status::Draft),
        ),
        (
            Box::new(|q| q.audience = Some(Audience::Internal)),
            Box::new(|a| a.audience == Audience::Internal),
        ),
        (
            Box::new(|q| q.locale = Some(locale("de"))),
            Box::new(|a| a.locale == locale("de")),
        ),
        (
            Box::new(move |q| q.categories = Some(vec![folder])),
            Box::new(move |a| a.category == Some(folder)),
        ),
        (
            Box::new(|q| q.categories = Some(vec![])),
            Box::new(|_| false),
        ),
        (
            Box::new(|q| q.updated_since = Some(at(4))),
            Box::new(|a| a.updated_at >= at(4)),
        ),
        (
            Box::new(|q| {
                q.status = Some(Status::Archived);
                q.locale = Some(locale("en"))
            }),
            Box::new(|a| a.status == Status::Archived && a.locale == locale("en")),
        ),
    ];
    for (n, (change, test)) in cases.iter().enumerate() {
        let mut query = ArticleQuery::new(portal, Face::Authoring, 9);
        change(&mut query);
        let expected: HashSet<_> = made.iter().filter(|a| test(a)).map(|a| a.id).collect();
        assert_eq!(
            articles::count(&db.store, &query).await.unwrap(),
            expected.len() as i64,
            "case {n}"
        );
        let found: HashSet<_> = all_pages(&db, query)
            .await
            .iter()
            .map(|s| s.article.id)
            .collect();
        assert_eq!(found, expected, "case {n}");
    }
    let mut by_author = ArticleQuery::new(portal, Face::Authoring, 200);
    by_author.author = Some("Author 1".to_owned());
    assert_eq!(articles::count(&db.store, &by_author).await.unwrap(), 60);
    // Readers who ask for drafts or the public for internal articles find nothing, rather than everything.
    let mut drafts = ArticleQuery::new(portal, Face::Published, 9);
    drafts.status = Some(Status::Draft);
    assert_eq!(articles::count(&db.store, &drafts).await.unwrap(), 0);
    let mut internal = ArticleQuery::new(portal, Face::Public, 9);
    internal.audience = Some(Audience::Internal);
    assert_eq!(articles::list(&db.store, &internal).await.unwrap(), []);
    assert_eq!(articles::count(&db.store, &internal).await.unwrap(), 0);
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    let (db, portal, made) = seeded().await;
    let mut query = ArticleQuery::new(portal, Face::Authoring, 9);
    query.after = Some((SortKey::Number(3), made[0].id));
    let error = articles::list(&db.store, &query)
        .await
        .expect_err("another kind");
    assert!(matches!(error, StoreError::Refused(_)));
}

#[tokio::test]
async fn counts_follow_the_face() {
    let (db, portal, made) = seeded().await;
    let folder = made.iter().find_map(|a| a.category);
    for face in [Face::Authoring, Face::Published, Face::Public] {
        for tag in [None, Some(locale("de"))] {
            let counts = categories::counts(&db.store, portal, face, tag.as_ref())
                .await
                .unwrap();
            for category in [folder, None] {
                let expected = made
                    .iter()
                    .filter(|a| a.category == category)
                    .filter(|a| tag.as_ref().is_none_or(|t| &a.locale == t))
                    .filter(|a| face == Face::Authoring || a.status == Status::Published)
                    .filter(|a| face != Face::Public || a.audience == Audience::Public)
                    .count() as i64;
                let found = counts.iter().find(|c| c.0 == category).map_or(0, |c| c.1);
                assert_eq!(found, expected, "{face:?} {tag:?} {category:?}");
            }
        }
    }
}

#[tokio::test]
async fn another_portal_is_never_in_the_list() {
    let (db, portal, _) = seeded().await;
    let other = crate::support::portal("other");
    let mut tx = db.store.begin().await.unwrap();
    cairn_store::portals::insert(&mut tx, &other).await.unwrap();
    add(&mut tx, &article(other.id, "Theirs"), &staged("Theirs")).await;
    outbox::append(&mut tx, other.id, &[created(&article(other.id, "x"))])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let ours = all_pages(&db, ArticleQuery::new(portal, Face::Authoring, 100)).await;
    assert!(ours.iter().all(|s| s.article.portal == portal) && ours.len() == 120);
    assert_eq!(
        articles::count(&db.store, &ArticleQuery::new(other.id, Face::Authoring, 1))
            .await
            .unwrap(),
        1
    );
}
