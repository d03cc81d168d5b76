//! A write asked for twice is done once.

use std::time::{Duration, Instant};

use cairn_domain::ids::PortalId;
use cairn_store::idempotency::{self, Claim};
use cairn_store::{Result, StoreError, Tx};
use serde_json::json;
use sqlx::{Connection, Row};
use uuid::Uuid;

use crate::support::{TestDb, at};

const ACTOR: Uuid = Uuid::from_u128(5);

async fn claim(tx: &mut Tx, portal: PortalId, print: u8) -> Result<Claim> {
    idempotency::claim(
        tx,
        portal,
        ACTOR,
        "key",
        &[print; 32],
        "create_article",
        at(0),
    )
    .await
}

#[tokio::test]
async fn a_committed_outcome_is_replayed_and_another_request_is_told() {
    let (db, portal) = TestDb::with_portal().await;
    let outcome = json!({"id": "1", "nested": [1, null, "x"]});
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(claim(&mut tx, portal, 1).await.unwrap(), Claim::Fresh);
    idempotency::finish(&mut tx, portal, ACTOR, "key", &outcome)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(
        claim(&mut tx, portal, 1).await.unwrap(),
        Claim::Replay(outcome)
    );
    assert_eq!(claim(&mut tx, portal, 2).await.unwrap(), Claim::Mismatch);
    let other_operation = idempotency::claim(
        &mut tx,
        portal,
        ACTOR,
        "key",
        &[1; 32],
        "update_article",
        at(0),
    )
    .await;
    assert_eq!(other_operation.unwrap(), Claim::Mismatch);
    let other_actor = idempotency::claim(
        &mut tx,
        portal,
        Uuid::nil(),
        "key",
        &[1; 32],
        "create_article",
        at(0),
    )
    .await;
    assert_eq!(other_actor.unwrap(), Claim::Fresh);
}

#[tokio::test]
async fn a_rolled_back_claim_leaves_the_key_free() {
    let (db, portal) = TestDb::with_portal().await;
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(claim(&mut tx, portal, 1).await.unwrap(), Claim::Fresh);
    drop(tx);
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(claim(&mut tx, portal, 2).await.unwrap(), Claim::Fresh);
}

#[tokio::test]
async fn a_second_request_waits_for_the_first_and_replays_it() {
    let (db, portal) = TestDb::with_portal().await;
    let mut first = db.store.begin().await.unwrap();
    claim(&mut first, portal, 1).await.unwrap();
    idempotency::finish(&mut first, portal, ACTOR, "key", &json!("done"))
        .await
        .unwrap();
    let mut second = db.store.begin().await.unwrap();
    let (answer, ()) = tokio::join!(claim(&mut second, portal, 1), async {
        // The first commits once the second is seen waiting for it.
        wait_until_blocked(&db).await;
        first.commit().await.unwrap();
    });
    assert_eq!(answer.unwrap(), Claim::Replay(json!("done")));
}

#[tokio::test]
async fn a_request_that_waits_longer_than_a_second_is_told_it_is_in_flight() {
    let (db, portal) = TestDb::with_portal().await;
    let mut first = db.store.begin().await.unwrap();
    claim(&mut first, portal, 1).await.unwrap();
    let mut second = db.store.begin().await.unwrap();
    let started = Instant::now();
    let error = claim(&mut second, portal, 1).await.expect_err("in flight");
    let waited = started.elapsed();
    assert!(
        matches!(error, StoreError::InFlight) && error.is_transient(),
        "{error}"
    );
    assert!(
        waited >= Duration::from_millis(900) && waited < Duration::from_secs(4),
        "{waited:?}"
    );
    assert!(second.commit().await.is_err());
    idempotency::finish(&mut first, portal, ACTOR, "key", &json!(1))
        .await
        .unwrap();
    first.commit().await.unwrap();
}

#[tokio::test]
async fn the_short_patience_ends_with_the_claim() {
    let (db, portal) = TestDb::with_portal().await;
    for committed in [false, true] {
        let mut holder = sqlx::PgConnection::connect_with(db.owner.options())
            .await
            .unwrap();
        let mut tx = db.store.begin().await.unwrap();
        let claimed = claim(&mut tx, portal, 1).await.unwrap();
        assert_eq!(matches!(claimed, Claim::Replay(_)), committed);
        // The setting of the transaction is only visible from inside: wait for a lock for longer than a second.
        let mut lock = holder.begin().await.unwrap();
        sqlx::query("select 1 from portals where id = $1 for no key update")
            .bind(portal.as_uuid())
            .execute(&mut *lock)
            .await
            .unwrap();
        let (locked, ()) = tokio::join!(cairn_store::portals::lock(&mut tx, portal), async {
            tokio::time::sleep(Duration::from_millis(1_300)).await;
            lock.rollback().await.unwrap();
        });
        assert!(locked.unwrap().is_some());
        if !committed {
            idempotency::finish(&mut tx, portal, ACTOR, "key", &json!(1))
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn old_keys_are_pruned() {
    let (db, portal) = TestDb::with_portal().await;
    let mut tx = db.store.begin().await.unwrap();
    claim(&mut tx, portal, 1).await.unwrap();
    idempotency::finish(&mut tx, portal, ACTOR, "key", &json!(1))
        .await
        .unwrap();
    // Finished twice is a fault of the program.
    assert!(
        idempotency::finish(&mut tx, portal, ACTOR, "key", &json!(2))
            .await
            .is_err()
    );
    tx.commit().await.unwrap();
    assert_eq!(idempotency::prune(&db.store, at(0)).await.unwrap(), 0);
    assert_eq!(idempotency::prune(&db.store, at(1)).await.unwrap(), 1);
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(claim(&mut tx, portal, 9).await.unwrap(), Claim::Fresh);
}

async fn wait_until_blocked(db: &TestDb) {
    let mut watcher = sqlx::PgConnection::connect_with(db.admin.options())
        .await
        .unwrap();
    loop {
        let row = sqlx::query("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
            .fetch_one(&mut watcher)
            .await
            .unwrap();
        if row.get::<i64, _>(0) > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}
