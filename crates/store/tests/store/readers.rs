//! What readers of the public help center get, and what they never get.

use cairn_domain::article::{Article, Audience, Status};
use cairn_domain::ids::PortalId;
use cairn_store::articles::{self, Saved};
use cairn_store::help_center::{self, Redirect};
use cairn_store::renderings::{self, Rendering};
use cairn_store::{categories, outbox, revisions, slug_history};

use crate::support::{
    TestDb, article, at, category, created, draft, locale, revision, slug, staged,
};

fn rendering(article: &Article, revision: i32, html: &str, rendered_with: i32) -> Rendering {
    Rendering {
        portal: article.portal,
        article: article.id,
        revision,
        html: html.to_owned(),
        rendered_with,
        outline: "[]".to_owned(),
    }
}

async fn put(db: &TestDb, rendering: &Rendering) {
    let mut tx = db.store.begin().await.unwrap();
    renderings::put(&mut tx, rendering).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_page_is_the_published_revision_with_its_html_and_position() {
    let (db, portal) = TestDb::with_portal().await;
    let en = locale("en");
    let made = article(portal, "Refunds");
    db.write(&made, &staged("Refunds")).await;
    let page = help_center::article(&db.store, portal, &en, "refunds")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((page.html, page.outline, page.feed_pos), (None, None, 1));
    put(&db, &rendering(&made, 1, "<p>one</p>", 3)).await;
    // A renderer of an older release does not win, a newer one does.
    put(&db, &rendering(&made, 1, "<p>old</p>", 2)).await;
    let page = help_center::article(&db.store, portal, &en, "refunds")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(page.html, Some(("<p>one</p>".into(), 3)));
    put(&db, &rendering(&made, 1, "<p>new</p>", 4)).await;
    let kept = renderings::get(&db.store, portal, made.id, 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((kept.html.as_str(), kept.rendered_with), ("<p>new</p>", 4));

    // A newer head changes nothing for readers.
    let mut tx = db.store.begin().await.unwrap();
    let next = Article {
        head_revision: 2,
        row_version: 2,
        updated_at: at(99),
        ..made.clone()
    };
    articles::save(&mut tx, &next, 1).await.unwrap();
    revisions::append(&mut tx, &revision(&next, 2, &staged("Secret")))
        .await
        .unwrap();
    renderings::put(&mut tx, &rendering(&next, 2, "<p>secret</p>", 4))
        .await
        .unwrap();
    outbox::append(&mut tx, portal, &[created(&next)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let page = help_center::article(&db.store, portal, &en, "refunds")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((page.staged, page.feed_pos), (staged("Refunds"), 2));
    assert_eq!(page.html, Some(("<p>new</p>".into(), 4)));
    assert_eq!(page.article, next);
    let recent = help_center::recently_updated(&db.store, portal, &en, None, 5)
        .await
        .unwrap();
    assert_eq!(
        recent[0].updated_at,
        at(0),
        "a draft's time is nobody's business"
    );
    assert_eq!(recent[0].title, "Refunds");
}

#[tokio::test]
async fn drafts_archived_internal_and_foreign_articles_look_like_nothing() {
    let (db, portal) = TestDb::with_portal().await;
    let en = locale("en");
    let shown = article(portal, "Shown");
    let hidden = [
        draft(portal, "Draft"),
        Article {
            status: Status::Archived,
            ..draft(portal, "Archived")
        },
        Article {
            audience: Audience::Internal,
            ..article(portal, "Internal")
        },
    ];
    db.write(&shown, &staged("Shown")).await;
    for (n, made) in hidden.iter().enumerate() {
        let made = Article {
            translation_group: shown.translation_group,
            ..made.clone()
        };
        db.write(&made, &staged("Hidden")).await;
        let path = made.slug.as_str();
        assert_eq!(
            help_center::article(&db.store, portal, &en, path)
                .await
                .unwrap(),
            None
        );
        let old = format!("old-{n}");
        let mut tx = db.store.begin().await.unwrap();
        slug_history::keep(&mut tx, portal, &en, &old, made.id, at(0))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            slug_history::find(&db.store, portal, &en, &old)
                .await
                .unwrap(),
            Some(made.id)
        );
        assert_eq!(
            help_center::redirect_of(&db.store, portal, &en, &old)
                .await
                .unwrap(),
            None
        );
    }
    assert!(
        help_center::article(&db.store, portal, &en, "shown")
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        help_center::article(&db.store, portal, &locale("de"), "shown")
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        help_center::article(&db.store, PortalId::INSTANCE, &en, "shown")
            .await
            .unwrap(),
        None
    );
    let titles = |items: Vec<help_center::PublicListItem>| {
        items.into_iter().map(|i| i.title).collect::<Vec<_>>()
    };
    assert_eq!(
        titles(
            help_center::listing(&db.store, portal, &en, None, 9)
                .await
                .unwrap()
        ),
        ["Shown"]
    );
    assert_eq!(
        titles(
            help_center::recently_updated(&db.store, portal, &en, None, 9)
                .await
                .unwrap()
        ),
        ["Shown"]
    );
    assert_eq!(
        help_center::translations(&db.store, portal, shown.translation_group)
            .await
            .unwrap(),
        [(shown.id, en, slug("Shown"))]
    );
}

#[tokio::test]
async fn an_old_slug_leads_to_where_the_article_is_now() {
    let (db, portal) = TestDb::with_portal().await;
    let en = locale("en");
    let made = article(portal, "First");
    db.write(&made, &staged("First")).await;
    let mut tx = db.store.begin().await.unwrap();
    let moved = Article {
        slug: slug("Second"),
        locale: locale("de"),
        row_version: 2,
        ..made.clone()
    };
    assert_eq!(
        articles::save(&mut tx, &moved, 1).await.unwrap(),
        Saved::Yes
    );
    slug_history::keep(&mut tx, portal, &en, "first", made.id, at(1))
        .await
        .unwrap();
    assert!(
        !slug_history::release(&mut tx, portal, &locale("de"), "second")
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    let redirect = help_center::redirect_of(&db.store, portal, &en, "first")
        .await
        .unwrap();
    assert_eq!(
        redirect,
        Some(Redirect {
            locale: locale("de"),
            slug: slug("Second")
        })
    );
    // Another article takes the slug: the memory goes.
    let mut tx = db.store.begin().await.unwrap();
    assert!(
        slug_history::release(&mut tx, portal, &en, "first")
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    assert_eq!(
        help_center::redirect_of(&db.store, portal, &en, "first")
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn listings_take_categories_and_stand_in_the_order_they_were_made() {
    let (db, portal) = TestDb::with_portal().await;
    let en = locale("en");
    let folder = category(portal, "Folder");
    let mut tx = db.store.begin().await.unwrap();
    categories::insert(&mut tx, &folder).await.unwrap();
    tx.commit().await.unwrap();
    for (n, title) in ["b", "c", "a"].into_iter().enumerate() {
        let mut made = article(portal, title);
        made.category = (title != "c").then_some(folder.id);
        made.published_at = Some(at(n as i64));
        db.write(&made, &staged(title)).await;
    }
    let slugs = |items: Vec<help_center::PublicListItem>| {
        items
            .into_iter()
            .map(|i| i.slug.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        slugs(
            help_center::listing(&db.store, portal, &en, None, 2)
                .await
                .unwrap()
        ),
        ["b", "c"]
    );
    let inside = help_center::listing(&db.store, portal, &en, Some(&[folder.id]), 9)
        .await
        .unwrap();
    assert!(inside.iter().all(|i| i.category == Some(folder.id)));
    assert_eq!(slugs(inside), ["b", "a"]);
    assert_eq!(
        slugs(
            help_center::recently_updated(&db.store, portal, &en, None, 9)
                .await
                .unwrap()
        ),
        ["a", "c", "b"]
    );
}
