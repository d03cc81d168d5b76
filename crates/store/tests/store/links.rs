//! Rows of links: kept for what somebody reads, and joined with what readers may see.

use cairn_domain::article::{Article, Status};
use cairn_domain::ids::{ArticleId, PortalId};
use cairn_store::links::{self, LinkRow, LinkTarget, PageTarget};
use cairn_store::{Tx, articles, revisions};

use crate::support::{TestDb, article, draft, revision, staged};

fn row(of: &Article, revision: i32, address: &str, target: Option<ArticleId>) -> LinkRow {
    LinkRow {
        article: of.id,
        revision,
        address: address.to_owned(),
        source: Some("docs".to_owned()),
        path: format!("Guides/{address}"),
        is_image: false,
        target: target.map(LinkTarget::Article),
    }
}

/// Addresses by revision.
async fn kept(db: &TestDb, portal: PortalId, of: &Article) -> Vec<(i32, String)> {
    let mut found = Vec::new();
    for revision in 1..9 {
        let links = links::of_page(&db.store, portal, of.id, revision, 100)
            .await
            .unwrap();
        found.extend(links.into_iter().map(|link| (revision, link.address)));
    }
    found.sort();
    found
}

/// Appends revision `number` and makes it the head, as `published`.
async fn head(tx: &mut Tx, now: &mut Article, number: i32, published: Option<i32>) {
    let before = now.row_version;
    now.head_revision = number;
    now.published_revision = published;
    now.row_version += 1;
    articles::save(tx, now, before).await.unwrap();
    revisions::append(tx, &revision(now, number, &staged("T")))
        .await
        .unwrap();
}

#[tokio::test]
async fn rows_live_as_long_as_their_revision_is_head_or_published() {
    let (db, portal) = TestDb::with_portal().await;
    let mut a = article(portal, "A");
    db.write(&a, &staged("A")).await;
    let mut tx = db.store.begin().await.unwrap();
    links::insert_many(
        &mut tx,
        portal,
        &[row(&a, 1, "x", None), row(&a, 1, "y", None)],
    )
    .await
    .unwrap();
    head(&mut tx, &mut a, 2, Some(1)).await;
    links::carry_many(&mut tx, portal, &[(a.id, 1, 2)])
        .await
        .unwrap();
    links::carry_many(&mut tx, portal, &[(a.id, 1, 2)])
        .await
        .unwrap();
    links::prune(&mut tx, portal, &[a.id]).await.unwrap();
    tx.commit().await.unwrap();
    let both = |revision: i32| [(revision, "x".to_owned()), (revision, "y".to_owned())];
    assert_eq!(kept(&db, portal, &a).await, [both(1), both(2)].concat());

    let mut tx = db.store.begin().await.unwrap();
    head(&mut tx, &mut a, 3, Some(1)).await;
    links::clear(&mut tx, portal, &[(a.id, 3)]).await.unwrap();
    links::insert_many(&mut tx, portal, &[row(&a, 3, "z", None)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let third = (3, "z".to_owned());
    assert_eq!(
        kept(&db, portal, &a).await,
        [&both(1)[..], std::slice::from_ref(&third)].concat()
    );

    let mut tx = db.store.begin().await.unwrap();
    let before = a.row_version;
    a.published_revision = Some(3);
    a.row_version += 1;
    articles::save(&mut tx, &a, before).await.unwrap();
    links::clear(&mut tx, portal, &[(a.id, 3)]).await.unwrap();
    links::insert_many(&mut tx, portal, &[row(&a, 3, "w", None)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(kept(&db, portal, &a).await, [(3, "w".to_owned())]);

    let mut tx = db.store.begin().await.unwrap();
    links::forget(&mut tx, portal, a.id, Some(2)).await.unwrap();
    links::forget(&mut tx, portal, a.id, None).await.unwrap();
    tx.commit().await.unwrap();
    assert!(kept(&db, portal, &a).await.is_empty());
}

#[tokio::test]
async fn a_page_is_told_of_targets_that_readers_may_see_only() {
    let (db, portal) = TestDb::with_portal().await;
    let (a, seen, hidden) = (
        article(portal, "A"),
        article(portal, "Seen"),
        draft(portal, "Hidden"),
    );
    for made in [&a, &seen, &hidden] {
        db.write(made, &staged("T")).await;
    }
    assert_eq!(hidden.status, Status::Draft);
    let mut tx = db.store.begin().await.unwrap();
    let rows = [
        row(&a, 1, "hidden", Some(hidden.id)),
        row(&a, 1, "seen", None),
        row(&a, 1, "waiting", None),
    ];
    links::insert_many(&mut tx, portal, &rows).await.unwrap();
    // Whatever the case, and of its own source only.
    let names = [
        ("docs", "guides/seen".to_owned()),
        ("other", "guides/waiting".to_owned()),
    ];
    let mut found = links::leading_to_files(&mut tx, portal, &names)
        .await
        .unwrap();
    assert_eq!(found, [rows[1].clone()]);
    found[0].target = Some(LinkTarget::Article(seen.id));
    links::point_many(&mut tx, portal, &found).await.unwrap();
    tx.commit().await.unwrap();

    let mut page = links::of_page(&db.store, portal, a.id, 1, 100)
        .await
        .unwrap();
    page.sort_by(|a, b| a.address.cmp(&b.address));
    let told: Vec<_> = page
        .iter()
        .map(|link| (link.to, link.target.is_some()))
        .collect();
    assert_eq!(
        told,
        [
            (Some(LinkTarget::Article(hidden.id)), false),
            (Some(LinkTarget::Article(seen.id)), true),
            (None, false),
        ]
    );
    let wanted = PageTarget::Article {
        locale: seen.locale.clone(),
        slug: seen.slug.clone(),
    };
    assert_eq!(page[1].target, Some(wanted));
    let linking = links::linking_to(&db.store, portal, &[seen.id.as_uuid(), a.id.as_uuid()])
        .await
        .unwrap();
    assert_eq!(linking, [a.id]);
}
