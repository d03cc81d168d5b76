//! Portals, categories, keys, audit and leases.

use std::collections::HashSet;
use std::time::Duration;

use cairn_domain::actor::Actor;
use cairn_domain::category::Category;
use cairn_domain::event::Subject;
use cairn_domain::ids::{ApiKeyId, AuditId, CategoryId, PortalId};
use cairn_store::audit::AuditEntry;
use cairn_store::keys::{KeyKind, StoredKey};
use cairn_store::portals::PortalWritten;
use cairn_store::{StoreError, audit, categories, constraint, keys, leases, portals};
use serde_json::json;
use sqlx::{Connection, Row};

use crate::support::{TestDb, at, category, id, portal};

#[tokio::test]
async fn portals_come_back_as_they_went_in_and_the_instance_stays_hidden() {
    let db = TestDb::new().await;
    assert_eq!(portals::list(&db.store).await.unwrap(), []);
    let mut help = portal("help");
    help.hostnames = vec!["a.example.com".into(), "help.example.com".into()];
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(
        portals::insert(&mut tx, &help).await.unwrap(),
        PortalWritten::Yes
    );
    tx.commit().await.unwrap();
    assert_eq!(portals::list(&db.store).await.unwrap(), [help.clone()]);

    help.name = "Other".into();
    help.hostnames = vec!["b.example.com".into(), "help.example.com".into()];
    help.row_version = 2;
    let mut tx = db.store.begin().await.unwrap();
    assert!(portals::lock(&mut tx, help.id).await.unwrap().is_some());
    assert_eq!(
        portals::update(&mut tx, &help).await.unwrap(),
        PortalWritten::Yes
    );
    assert_eq!(
        portals::lock(&mut tx, help.id).await.unwrap(),
        Some(help.clone())
    );
    let stale = portals::update(&mut tx, &help)
        .await
        .expect_err("written at 2 already");
    assert!(matches!(
        stale,
        StoreError::Stale {
            table: "portals",
            ..
        }
    ));
    assert_eq!(
        portals::lock(&mut tx, PortalId::from_uuid(id()))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_taken_slug_or_hostname_is_named() {
    let db = TestDb::new().await;
    let mut help = portal("help");
    help.hostnames = vec!["help.example.com".into()];
    let mut tx = db.store.begin().await.unwrap();
    portals::insert(&mut tx, &help).await.unwrap();
    assert_eq!(
        portals::insert(&mut tx, &portal("help")).await.unwrap(),
        PortalWritten::SlugTaken
    );
    let mut other = portal("other");
    other.hostnames = vec!["free.example.com".into(), "help.example.com".into()];
    let taken = PortalWritten::HostnameTaken("help.example.com".into());
    assert_eq!(portals::insert(&mut tx, &other).await.unwrap(), taken);
    other.row_version = 2;
    assert_eq!(portals::update(&mut tx, &other).await.unwrap(), taken);
    other.slug = help.slug.clone();
    assert_eq!(
        portals::update(&mut tx, &other).await.unwrap(),
        PortalWritten::SlugTaken
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn number_blocks_never_overlap() {
    let (db, portal) = TestDb::with_portal().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 1..=8_i64 {
        let store = db.store.clone();
        tasks.spawn(async move {
            let mut mine = Vec::new();
            for _ in 0..10 {
                let first = portals::take_numbers(&store, portal, n).await.unwrap();
                mine.extend(first..first + n);
            }
            mine
        });
    }
    let mut all = Vec::new();
    while let Some(mine) = tasks.join_next().await {
        all.extend(mine.unwrap());
    }
    let distinct: HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(all.iter().min(), Some(&1));
    assert!(
        portals::take_numbers(&db.store, PortalId::from_uuid(id()), 1)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn categories_keep_their_order_and_their_slugs_apart() {
    let (db, portal) = TestDb::with_portal().await;
    let top = Category {
        position: 2,
        ..category(portal, "Top")
    };
    let child = Category {
        parent: Some(top.id),
        position: 1,
        description: "Under it".into(),
        ..category(portal, "Child")
    };
    let mut tx = db.store.begin().await.unwrap();
    assert!(categories::insert(&mut tx, &top).await.unwrap());
    assert!(categories::insert(&mut tx, &child).await.unwrap());
    assert!(
        !categories::insert(&mut tx, &category(portal, "Top"))
            .await
            .unwrap()
    );
    assert_eq!(
        categories::list_in(&mut tx, portal).await.unwrap(),
        [child.clone(), top.clone()]
    );
    let moved = Category {
        parent: None,
        position: 3,
        row_version: 2,
        ..child.clone()
    };
    assert!(categories::update(&mut tx, &moved).await.unwrap());
    let clash = Category {
        slug: top.slug.clone(),
        row_version: 3,
        ..moved.clone()
    };
    assert!(!categories::update(&mut tx, &clash).await.unwrap());
    assert!(matches!(
        categories::update(&mut tx, &moved).await,
        Err(StoreError::Stale {
            table: "categories",
            ..
        })
    ));
    tx.commit().await.unwrap();
    assert_eq!(
        categories::list(&db.store, portal).await.unwrap(),
        [top.clone(), moved]
    );

    let mut tx = db.store.begin().await.unwrap();
    let orphan = Category {
        parent: Some(CategoryId::from_uuid(id())),
        ..category(portal, "Orphan")
    };
    let error = categories::insert(&mut tx, &orphan)
        .await
        .expect_err("no such parent");
    assert!(
        error.is_conflict_with(constraint::CATEGORY_PARENT),
        "{error}"
    );
}

fn key(name: &str, digest: u8) -> StoredKey {
    StoredKey {
        id: ApiKeyId::from_uuid(id()),
        name: name.to_owned(),
        kind: KeyKind::Scoped,
        digest: [digest; 32],
        hint: "abcd".into(),
        scopes: vec!["mcp:read".into(), "articles:write".into()],
        portals: Some(vec![PortalId::from_uuid(id())]),
        default_portal: None,
        expires_at: Some(at(100)),
        revoked_at: None,
        created_at: at(0),
        created_by: Actor::operator(),
    }
}

#[tokio::test]
async fn keys_are_found_by_digest_also_when_revoked() {
    let db = TestDb::new().await;
    assert_eq!(keys::count(&db.store).await.unwrap(), 0);
    let scoped = key("scoped", 1);
    let full = StoredKey {
        kind: KeyKind::Full,
        portals: None,
        expires_at: None,
        scopes: vec![],
        ..key("full", 2)
    };
    let mut tx = db.store.begin().await.unwrap();
    keys::insert(&mut tx, &scoped).await.unwrap();
    keys::insert(&mut tx, &full).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        keys::find(&db.store, &[1; 32]).await.unwrap(),
        Some(scoped.clone())
    );
    assert_eq!(keys::find(&db.store, &[3; 32]).await.unwrap(), None);
    assert_eq!(
        keys::list(&db.store, None, 10).await.unwrap(),
        [full.clone(), scoped.clone()]
    );
    assert_eq!(
        keys::list(&db.store, Some(full.id), 10).await.unwrap(),
        std::slice::from_ref(&scoped)
    );

    let mut tx = db.store.begin().await.unwrap();
    let revoked = keys::revoke(&mut tx, scoped.id, at(5))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(revoked.revoked_at, Some(at(5)));
    let again = keys::revoke(&mut tx, scoped.id, at(9))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.revoked_at, Some(at(5)));
    assert_eq!(
        keys::revoke(&mut tx, ApiKeyId::from_uuid(id()), at(5))
            .await
            .unwrap(),
        None
    );
    tx.commit().await.unwrap();
    assert_eq!(
        keys::find(&db.store, &[1; 32]).await.unwrap(),
        Some(revoked)
    );
    assert_eq!(keys::count(&db.store).await.unwrap(), 2);
    let mut tx = db.store.begin().await.unwrap();
    let twice = keys::insert(&mut tx, &key("twice", 1))
        .await
        .expect_err("the digest is there");
    assert!(twice.is_conflict_with(constraint::KEY_DIGEST));
}

#[tokio::test]
async fn the_audit_keeps_everything_it_is_given() {
    let (db, portal) = TestDb::with_portal().await;
    let entry = AuditEntry {
        portal,
        id: AuditId::from_uuid(id()),
        at: at(1),
        actor: Actor::operator(),
        key: None,
        action: "portal.create".into(),
        subject: Subject::Portal(portal),
        revision: None,
        before: None,
        after: Some(json!({"slug": "help"})),
        message: "first".into(),
    };
    let second = AuditEntry {
        id: AuditId::from_uuid(id()),
        revision: Some(2),
        key: Some(ApiKeyId::from_uuid(id())),
        before: Some(json!({"status": "draft"})),
        ..entry.clone()
    };
    let mut tx = db.store.begin().await.unwrap();
    audit::append_many(&mut tx, &[entry, second]).await.unwrap();
    tx.commit().await.unwrap();
    let mut owner = sqlx::PgConnection::connect_with(db.owner.options())
        .await
        .unwrap();
    let rows = sqlx::query("select actor_name, action, subject_kind, revision, before, after, key_id is not null as keyed from audit order by id")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].get::<&str, _>("actor_name"), "operator");
    assert_eq!(rows[0].get::<Option<serde_json::Value>, _>("before"), None);
    assert_eq!(
        rows[1].get::<serde_json::Value, _>("before"),
        json!({"status": "draft"})
    );
    assert_eq!(rows[1].get::<Option<i32>, _>("revision"), Some(2));
    assert!(!rows[0].get::<bool, _>("keyed") && rows[1].get::<bool, _>("keyed"));
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_expires() {
    let db = TestDb::new().await;
    let long = Duration::from_secs(60);
    assert!(leases::take(&db.store, "job", "a", long).await.unwrap());
    assert!(
        leases::take(&db.store, "job", "a", long).await.unwrap(),
        "renewed"
    );
    assert!(!leases::take(&db.store, "job", "b", long).await.unwrap());
    leases::release(&db.store, "job", "b").await.unwrap();
    assert!(!leases::take(&db.store, "job", "b", long).await.unwrap());
    leases::release(&db.store, "job", "a").await.unwrap();
    assert!(
        leases::take(&db.store, "job", "b", Duration::ZERO)
            .await
            .unwrap()
    );
    assert!(
        leases::take(&db.store, "job", "a", long).await.unwrap(),
        "b's has expired"
    );
}
