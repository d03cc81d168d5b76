//! Faults are told apart: the caller's, time's, ours.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cairn_store::{
    ConnectParams, OnBulkBackend, PoolOptions, Store, StoreError, in_bulk, outbox, portals,
};
use sqlx::{Connection, query};

use crate::support::{TestDb, article, created, id, portal};

/// Ends every connection of the serving role to this database, as a crash would.
async fn cut(db: &TestDb) {
    let mut admin = sqlx::PgConnection::connect_with(db.admin.options())
        .await
        .unwrap();
    query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and usename = $1")
        .bind(db.app.user())
        .execute(&mut admin)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_connection_that_breaks_at_the_commit_leaves_the_outcome_unknown() {
    let (db, portal) = TestDb::with_portal().await;
    let mut tx = db.store.begin().await.unwrap();
    outbox::append(&mut tx, portal, &[created(&article(portal, "x"))])
        .await
        .unwrap();
    cut(&db).await;
    let error = tx.commit().await.expect_err("cut");
    assert!(matches!(error, StoreError::OutcomeUnknown(_)), "{error:?}");
    assert!(error.is_transient());
    // The pool mends itself.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(outbox::head(&db.store, portal).await.unwrap().0, 0);
}

#[tokio::test]
async fn a_connection_that_breaks_before_is_only_unavailable() {
    let (db, portal) = TestDb::with_portal().await;
    let mut tx = db.store.begin().await.unwrap();
    cut(&db).await;
    let error = portals::lock(&mut tx, portal).await.expect_err("cut");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let after = tx.commit().await.expect_err("nothing to commit");
    assert!(matches!(after, StoreError::Refused(_)), "{after:?}");
}

#[tokio::test]
async fn a_failed_transaction_is_never_reported_as_committed() {
    let (db, _) = TestDb::with_portal().await;
    let mut tx = db.store.begin().await.unwrap();
    portals::insert(&mut tx, &portal("lost")).await.unwrap();
    let mut same_id = portal("twin");
    same_id.id = cairn_domain::ids::PortalId::INSTANCE;
    portals::insert(&mut tx, &same_id)
        .await
        .expect_err("breaks a rule");
    // Postgres itself would answer this COMMIT without an error.
    assert!(tx.commit().await.is_err());
    let names: Vec<_> = portals::list(&db.store)
        .await
        .unwrap()
        .into_iter()
        .map(|p| p.name)
        .collect();
    assert_eq!(names, ["help"]);
}

#[tokio::test]
async fn a_held_row_is_a_lock_timeout_and_names_no_sql() {
    let (db, portal) = TestDb::with_portal().await;
    let mut first = db.store.begin().await.unwrap();
    portals::lock(&mut first, portal).await.unwrap();
    let mut second = db.store.begin().await.unwrap();
    let error = portals::lock(&mut second, portal).await.expect_err("held");
    assert!(matches!(error, StoreError::LockTimeout), "{error:?}");
    first.rollback().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_and_a_closed_port_say_what_to_do() {
    let db = TestDb::new().await;
    let nobody = db.admin.with_user("cairn_store_test_nobody", "wrong");
    let options = PoolOptions {
        acquire_timeout: Duration::from_millis(400),
        ..PoolOptions::default()
    };
    let error = Store::connect(&nobody, options.clone())
        .await
        .expect_err("no such role");
    assert!(
        matches!(&error, StoreError::Refused(text) if text.contains("user, password")),
        "{error:?}"
    );
    let closed = ConnectParams::from_url("postgres://a:b@127.0.0.1:1/x").unwrap();
    let error = Store::connect(&closed, options).await.expect_err("closed");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn the_pool_says_how_busy_it_is_and_a_busy_one_is_unavailable() {
    let db = TestDb::new().await;
    let options = PoolOptions {
        connections_max: 2,
        acquire_timeout: Duration::from_millis(300),
        replica: None,
        on_bulk_backend: None,
    };
    let store = Store::connect(&db.app, options).await.unwrap();
    let (a, b) = (store.begin().await.unwrap(), store.begin().await.unwrap());
    let state = store.pool_state();
    assert_eq!((state.open, state.idle, state.max), (2, 0, 2));
    let error = store.ping().await.expect_err("none left");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    drop((a, b));
    store.ping().await.unwrap();
    store.close().await;
    assert!(store.ping().await.is_err());
}

#[tokio::test]
async fn a_row_that_cannot_be_true_names_itself() {
    let (db, portal) = TestDb::with_portal().await;
    let mut owner = sqlx::PgConnection::connect_with(db.owner.options())
        .await
        .unwrap();
    query("update portals set locales = array['not a locale'] where id = $1")
        .bind(portal.as_uuid())
        .execute(&mut owner)
        .await
        .unwrap();
    let error = portals::list(&db.store).await.expect_err("nonsense");
    let text = error.to_string();
    assert!(
        text.contains("portals.locale") && text.contains(&portal.to_string()),
        "{text}"
    );
    let _ = id();
}

#[tokio::test]
async fn bulk_work_has_connections_of_its_own_and_their_backends_are_told() {
    let db = TestDb::new().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&told);
    let options = PoolOptions {
        connections_max: 1,
        acquire_timeout: Duration::from_millis(300),
        on_bulk_backend: Some(OnBulkBackend(Arc::new(move |pid| {
            list.lock().unwrap().push(pid);
        }))),
        ..PoolOptions::default()
    };
    let store = Store::connect(&db.app, options).await.unwrap();
    let held = store.begin().await.unwrap();
    assert!(store.ping().await.is_err(), "the only connection is held");
    assert!(told.lock().unwrap().is_empty());
    for _ in 0..5 {
        in_bulk(store.ping()).await.unwrap();
    }
    let mut backends = told.lock().unwrap().clone();
    assert!((1..=2).contains(&backends.len()), "{backends:?}");
    backends.dedup();
    assert_eq!(backends, *told.lock().unwrap(), "once for each");
    let in_bulk_too = in_bulk(store.begin()).await.unwrap();
    held.rollback().await.unwrap();
    store.ping().await.unwrap();
    in_bulk_too.rollback().await.unwrap();
    store.close().await;
}
