//! Articles: found by every name, saved against the row that was read, many at once.

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::ids::{ArticleId, CategoryId, PortalId};
use cairn_store::articles::{
    self, ArticleKey, ArticleQuery, Face, Inserted, Saved, Sort, SortKey, Which, insert_many,
    load_for_index, save_many, scan, scan_for_index,
};
use cairn_store::{
    StoreError, constraint, help_center, imported_files, outbox, portals, renderings, revisions,
    slug_history,
};
use jiff::Timestamp;

use crate::support::{
    TestDb, add, article, at, created, draft, id, locale, portal, revision, slug, staged,
};

#[tokio::test]
async fn an_article_is_found_by_every_name_as_it_went_in() {
    let (db, portal) = TestDb::with_portal().await;
    let mut made = article(portal, "Größe & Maße");
    made.source_id = Some("kb-7".to_owned());
    let mut text = staged("Größe");
    text.front_matter = Some("{\"b\": 1,  \"a\":2}".to_owned());
    text.tags = vec![
        "z".into(),
        "a b".into(),
        "\"quoted\", {braces}".into(),
        "日本".into(),
    ];
    text.body = "line\r\n\ttab \u{1f600} \u{202e}bidi\u{202c} e\u{301}".to_owned();
    db.write(&made, &text).await;
    let keys = [
        ArticleKey::Id(made.id),
        ArticleKey::Number(made.number),
        ArticleKey::Slug {
            locale: locale("en"),
            slug: "größe-maße".into(),
        },
        ArticleKey::Source {
            locale: locale("en"),
            source_id: "kb-7".into(),
        },
    ];
    for key in &keys {
        let found = articles::get(&db.store, portal, key, Which::Head)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.article, made);
        assert_eq!(found.staged, text);
        assert_eq!((found.revision, found.saved_at), (1, at(1)));
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(
            articles::get_in(&mut tx, portal, key).await.unwrap(),
            Some(found)
        );
        // Somebody else's portal looks like nothing at all.
        let other = PortalId::from_uuid(id());
        assert_eq!(
            articles::get(&db.store, other, key, Which::Head)
                .await
                .unwrap(),
            None
        );
    }
    assert_eq!(
        articles::find_portal_of(&db.store, made.id).await.unwrap(),
        Some(portal)
    );
    assert_eq!(
        articles::find_portal_of(&db.store, ArticleId::from_uuid(id()))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn head_published_and_old_revisions_are_told_apart() {
    let (db, portal) = TestDb::with_portal().await;
    let made = article(portal, "First");
    db.write(&made, &staged("First")).await;
    let next = Article {
        head_revision: 2,
        row_version: 2,
        ..made.clone()
    };
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(
        articles::lock(&mut tx, portal, made.id).await.unwrap(),
        Some(made.clone())
    );
    assert_eq!(articles::save(&mut tx, &next, 1).await.unwrap(), Saved::Yes);
    revisions::append(&mut tx, &revision(&next, 2, &staged("Second")))
        .await
        .unwrap();
    outbox::append(&mut tx, portal, &[created(&next)])
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let key = ArticleKey::Id(made.id);
    let title = async |which| {
        articles::get(&db.store, portal, &key, which)
            .await
            .unwrap()
            .map(|s| (s.staged.title, s.revision))
    };
    assert_eq!(title(Which::Head).await, Some(("Second".into(), 2)));
    assert_eq!(title(Which::Published).await, Some(("First".into(), 1)));
    assert_eq!(title(Which::Revision(1)).await, Some(("First".into(), 1)));
    assert_eq!(title(Which::Revision(3)).await, None);
    assert_eq!(
        title(Which::Revision(-1)).await,
        Some(("First".into(), 1)),
        "below 1 means 1, never a marker"
    );

    let rows = load_for_index(&db.store, portal, &[made.id, ArticleId::from_uuid(id())])
        .await
        .unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(
        (&row.head, row.published.as_ref()),
        (&staged("Second"), Some(&staged("First")))
    );

    let list = revisions::list(&db.store, portal, made.id, None, 10)
        .await
        .unwrap();
    assert_eq!(list.iter().map(|r| r.number).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(list[0].body_bytes as usize, staged("Second").body.len());
    assert_eq!(
        revisions::list(&db.store, portal, made.id, Some(2), 10)
            .await
            .unwrap()
            .len(),
        1
    );
    let old = revisions::get(&db.store, portal, made.id, 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(old, revision(&made, 1, &staged("First")));
}

#[tokio::test]
async fn what_is_taken_is_named_and_the_transaction_goes_on() {
    let (db, portal) = TestDb::with_portal().await;
    let mut first = article(portal, "Refunds");
    first.source_id = Some("s".to_owned());
    db.write(&first, &staged("Refunds")).await;
    let mut tx = db.store.begin().await.unwrap();
    let mut second = draft(portal, "Refunds");
    assert_eq!(
        articles::insert(&mut tx, &second).await.unwrap(),
        Inserted::SlugTaken
    );
    second.source_id = Some("s".to_owned());
    assert_eq!(
        articles::insert(&mut tx, &second).await.unwrap(),
        Inserted::SourceTaken
    );
    second.source_id = None;
    let taken = articles::taken_slugs(&mut tx, portal, &locale("en"), "refunds")
        .await
        .unwrap();
    assert_eq!(taken, ["refunds"]);
    second.slug = slug("refunds-2");
    second.number = first.number;
    let error = articles::insert(&mut tx, &second)
        .await
        .expect_err("a number twice");
    assert!(
        error.is_conflict_with(constraint::ARTICLE_NUMBER),
        "{error}"
    );
    second.number = first.number + 1_000;
    add(&mut tx, &second, &staged("Refunds")).await;
    // The same slug in another language is another address.
    let mut german = draft(portal, "Refunds");
    german.locale = locale("de");
    add(&mut tx, &german, &staged("Refunds")).await;
    outbox::append(&mut tx, portal, &[created(&second)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn taken_slugs_are_the_base_and_its_numbers_only() {
    let (db, portal) = TestDb::with_portal().await;
    let mut tx = db.store.begin().await.unwrap();
    for text in [
        "ab", "ab-2", "ab-10", "ab-c", "ab-2-c", "abc", "ab2", "a", "äb-2",
    ] {
        add(&mut tx, &draft(portal, text), &staged(text)).await;
    }
    let mut taken = articles::taken_slugs(&mut tx, portal, &locale("en"), "ab")
        .await
        .unwrap();
    taken.sort();
    assert_eq!(taken, ["ab", "ab-10", "ab-2"]);
    assert_eq!(
        articles::taken_slugs(&mut tx, portal, &locale("en"), "äb")
            .await
            .unwrap(),
        ["äb-2"]
    );
    assert!(
        articles::taken_slugs(&mut tx, portal, &locale("de"), "ab")
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_row_that_moved_on_is_not_overwritten() {
    let (db, portal) = TestDb::with_portal().await;
    let made = draft(portal, "Text");
    db.write(&made, &staged("Text")).await;
    db.write(&draft(portal, "Other"), &staged("Other")).await;
    let next = Article {
        row_version: 2,
        ..made.clone()
    };
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(articles::save(&mut tx, &next, 1).await.unwrap(), Saved::Yes);
    let error = articles::save(&mut tx, &next, 1)
        .await
        .expect_err("moved on");
    assert!(
        matches!(
            error,
            StoreError::Stale {
                table: "articles",
                ..
            }
        ),
        "{error}"
    );
    let renamed = Article {
        slug: slug("Other"),
        row_version: 3,
        ..next.clone()
    };
    assert_eq!(
        articles::save(&mut tx, &renamed, 2).await.unwrap(),
        Saved::SlugTaken
    );
    let mut many = vec![(
        Article {
            row_version: 3,
            ..next.clone()
        },
        2,
    )];
    save_many(&mut tx, &many).await.unwrap();
    many[0].0.row_version = 9;
    assert!(matches!(
        save_many(&mut tx, &many).await,
        Err(StoreError::Stale { .. })
    ));
}

#[tokio::test]
async fn an_import_writes_many_articles_in_few_statements() {
    let (db, portal) = TestDb::with_portal().await;
    let mut made: Vec<Article> = (0..500)
        .map(|n| {
            let mut article = article(portal, &format!("Article {n}"));
            article.source_id = Some(format!("source-{n}"));
            article
        })
        .collect();
    let texts: Vec<_> = made
        .iter()
        .enumerate()
        .map(|(n, a)| {
            let mut text = staged(a.slug.as_str());
            text.tags = (0..n % 4).map(|t| format!("tag {t}")).collect();
            text.author = (n % 2 == 0).then(|| "Ada".to_owned());
            revision(a, 1, &text)
        })
        .collect();
    let pages: Vec<_> = made
        .iter()
        .map(|a| renderings::Rendering {
            portal,
            article: a.id,
            revision: 1,
            html: format!("<p>{}</p>", a.slug),
            rendered_with: 1,
            outline: "[]".to_owned(),
        })
        .collect();
    let mut tx = db.store.begin().await.unwrap();
    let inserted = insert_many(&mut tx, &made).await.unwrap();
    assert_eq!(inserted.len(), 500);
    revisions::append_many(&mut tx, &texts).await.unwrap();
    renderings::put_many(&mut tx, &pages).await.unwrap();
    let events: Vec<_> = made.iter().map(created).collect();
    assert_eq!(outbox::append(&mut tx, portal, &events).await.unwrap(), 500);
    tx.commit().await.unwrap();

    // The second run finds them by their sources, and locks them in the order of their ids.
    let mut sources: Vec<_> = (0..500)
        .map(|n| (locale("en"), format!("source-{n}")))
        .collect();
    sources.reverse();
    sources.push((locale("de"), "source-1".to_owned()));
    let mut tx = db.store.begin().await.unwrap();
    let found = imported_files::find_in(&mut tx, portal, &sources)
        .await
        .unwrap();
    assert!(found.iter().all(|f| f.file.is_none() && !f.is_purged));
    let ids: Vec<_> = found.iter().map(|f| f.article).collect();
    let locked = articles::lock_many(&mut tx, portal, &ids, &[])
        .await
        .unwrap();
    made.sort_by_key(|a| a.id);
    assert_eq!(locked, made);
    let heads: Vec<_> = locked.iter().map(|a| (a.id, a.head_revision)).collect();
    let read = revisions::texts(&mut tx, portal, &heads).await.unwrap();
    assert_eq!(read.len(), 500);
    for (id, staged) in read {
        let text = texts.iter().find(|t| t.article == id).unwrap();
        assert_eq!(staged, text.staged);
    }
    // A new one among known ones: only the new one is added.
    let mut again = made[..3].to_vec();
    again[0].id = ArticleId::from_uuid(id());
    again[0].number = 1_000_000;
    again.push(article(portal, "Brand new"));
    let new = again[3].id;
    assert_eq!(insert_many(&mut tx, &again).await.unwrap(), [new]);
    drop(tx);

    let mut seen = Vec::new();
    loop {
        let page = scan_for_index(&db.store, portal, seen.last().copied(), 64)
            .await
            .unwrap();
        assert!(
            page.iter()
                .all(|row| row.published.as_ref() == Some(&row.head))
        );
        let light = scan(&db.store, portal, seen.last().copied(), 64)
            .await
            .unwrap();
        assert_eq!(
            light,
            page.iter()
                .map(|row| row.article.clone())
                .collect::<Vec<_>>()
        );
        if page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|row| row.article.id));
    }
    assert_eq!(seen, made.iter().map(|a| a.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_statement_never_takes_two_portals() {
    let (db, first) = TestDb::with_portal().await;
    let other = portal("other");
    let mut tx = db.store.begin().await.unwrap();
    portals::insert(&mut tx, &other).await.unwrap();
    let both = [draft(first, "a"), draft(other.id, "b")];
    assert!(matches!(
        insert_many(&mut tx, &both).await,
        Err(StoreError::Refused(_))
    ));
}

#[tokio::test]
async fn the_schema_keeps_what_must_never_break() {
    let (db, portal) = TestDb::with_portal().await;
    let broken = |change: fn(&mut Article)| {
        let mut article = article(portal, "Broken");
        change(&mut article);
        article
    };
    for (article, rule) in [
        (
            broken(|a| a.published_revision = None),
            "articles_published_check",
        ),
        (
            broken(|a| a.status = Status::Archived),
            "articles_published_check",
        ),
        (
            broken(|a| a.published_revision = Some(2)),
            "articles_revisions_check",
        ),
        (broken(|a| a.number = 0), "articles_number_check"),
        (
            broken(|a| a.category = Some(CategoryId::from_uuid(id()))),
            constraint::ARTICLE_CATEGORY,
        ),
    ] {
        let mut tx = db.store.begin().await.unwrap();
        let error = articles::insert(&mut tx, &article).await.expect_err(rule);
        assert!(error.is_conflict_with(rule), "{rule}: {error}");
    }
    // A head without its revision is noticed at the commit at the latest.
    let mut tx = db.store.begin().await.unwrap();
    let headless = Article {
        audience: Audience::Internal,
        ..draft(portal, "Headless")
    };
    articles::insert(&mut tx, &headless).await.unwrap();
    outbox::append(&mut tx, portal, &[created(&headless)])
        .await
        .unwrap();
    let error = tx.commit().await.expect_err("no revision");
    assert!(error.is_conflict_with(constraint::ARTICLE_HEAD), "{error}");
    assert_eq!(outbox::head(&db.store, portal).await.unwrap().0, 0);
}

#[tokio::test]
async fn a_snapshot_sees_one_moment() {
    let (db, portal) = TestDb::with_portal().await;
    db.write(&article(portal, "Before"), &staged("Before"))
        .await;
    let mut snapshot = db.store.snapshot().await.unwrap();
    let (pos, event) = snapshot.feed_head(portal).await.unwrap();
    assert!(pos == 1 && event.is_some());
    db.write(&article(portal, "After"), &staged("After")).await;
    assert_eq!(
        snapshot
            .scan_for_index(portal, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(snapshot.scan(portal, None, 10).await.unwrap().len(), 1);
    assert_eq!(snapshot.categories(portal).await.unwrap(), []);
    assert_eq!(snapshot.feed_head(portal).await.unwrap(), (pos, event));
    snapshot.finish().await.unwrap();
    assert_eq!(outbox::head(&db.store, portal).await.unwrap().0, 2);
}

#[tokio::test]
async fn what_postgres_cannot_hold_is_not_found_rather_than_an_error() {
    let (db, portal) = TestDb::with_portal().await;
    db.write(&article(portal, "Here"), &staged("Here")).await;
    let en = locale("en");
    let nul = "a\0b".to_owned();
    for key in [
        ArticleKey::Slug {
            locale: en.clone(),
            slug: nul.clone(),
        },
        ArticleKey::Source {
            locale: en.clone(),
            source_id: nul.clone(),
        },
    ] {
        assert_eq!(
            articles::get(&db.store, portal, &key, Which::Head)
                .await
                .unwrap(),
            None
        );
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(articles::get_in(&mut tx, portal, &key).await.unwrap(), None);
    }
    assert_eq!(
        help_center::article(&db.store, portal, &en, &nul)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        help_center::redirect_of(&db.store, portal, &en, &nul)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        slug_history::find(&db.store, portal, &en, &nul)
            .await
            .unwrap(),
        None
    );
    let all = ArticleQuery::new(portal, Face::Authoring, 9);
    for query in [
        ArticleQuery {
            tag: Some(nul.clone()),
            ..all.clone()
        },
        ArticleQuery {
            author: Some(nul.clone()),
            ..all.clone()
        },
    ] {
        assert_eq!(articles::count(&db.store, &query).await.unwrap(), 0);
        assert_eq!(articles::list(&db.store, &query).await.unwrap(), []);
    }
    for (moment, expected) in [(Timestamp::MIN, 1), (Timestamp::MAX, 0)] {
        let since = ArticleQuery {
            updated_since: Some(moment),
            ..all.clone()
        };
        assert_eq!(articles::count(&db.store, &since).await.unwrap(), expected);
        let after = ArticleQuery {
            sort: Sort::UpdatedAsc,
            after: Some((SortKey::Time(moment), ArticleId::from_uuid(id()))),
            ..all.clone()
        };
        assert_eq!(
            articles::list(&db.store, &after).await.unwrap().len(),
            expected as usize
        );
    }
    let forged = ArticleQuery {
        sort: Sort::TitleAsc,
        after: Some((SortKey::Title(nul), ArticleId::from_uuid(id()))),
        ..all
    };
    assert!(matches!(
        articles::list(&db.store, &forged).await,
        Err(StoreError::Refused(_))
    ));
}
