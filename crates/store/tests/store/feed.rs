//! The feed: dense positions in commit order, whatever writers do at once.

use std::collections::HashSet;

use cairn_domain::event::Subject;
use cairn_domain::ids::{EventId, PortalId};
use cairn_store::outbox::NewEvent;
use cairn_store::{StoreError, outbox, portals};

use crate::support::{TestDb, at, id, portal};

fn event(portal: PortalId) -> NewEvent {
    NewEvent {
        id: EventId::from_uuid(id()),
        kind: "portal.updated".to_owned(),
        subject: Subject::Portal(portal),
        revision: None,
        at: at(0),
    }
}

async fn append(db: &TestDb, portal: PortalId, events: &[NewEvent]) -> i64 {
    let mut tx = db.store.begin().await.unwrap();
    let pos = outbox::append(&mut tx, portal, events).await.unwrap();
    tx.commit().await.unwrap();
    pos
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_leave_no_gap_and_a_reader_never_sees_one() {
    const WRITERS: usize = 8;
    const WRITES: usize = 25;
    let (db, portal) = TestDb::with_portal().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = db.store.clone();
        writers.spawn(async move {
            let mut committed = 0;
            for n in 0..WRITES {
                // Some take several positions at once, some give theirs back.
                let events: Vec<_> = (0..1 + n % 3).map(|_| event(portal)).collect();
                let mut tx = store.begin().await.unwrap();
                outbox::append(&mut tx, portal, &events).await.unwrap();
                if (n + writer) % 5 == 0 {
                    tx.rollback().await.unwrap();
                } else {
                    tx.commit().await.unwrap();
                    committed += events.len();
                }
            }
            committed
        });
    }
    let mut read = Vec::new();
    let mut committed = 0;
    loop {
        let last = read
            .last()
            .map_or(0, |e: &cairn_domain::event::Event| e.pos);
        for found in outbox::read_after(&db.store, portal, last, 7)
            .await
            .unwrap()
        {
            assert_eq!(found.pos, read.len() as i64 + 1, "a gap or a double");
            read.push(found);
        }
        match writers.try_join_next() {
            Some(done) => committed += done.unwrap(),
            None if writers.is_empty() && read.len() >= committed => break,
            None => tokio::task::yield_now().await,
        }
    }
    assert_eq!(read.len(), committed);
    let ids: HashSet<_> = read.iter().map(|e| e.id).collect();
    assert_eq!(ids.len(), committed);
    let (pos, last) = outbox::head(&db.store, portal).await.unwrap();
    assert_eq!(
        (pos, last),
        (committed as i64, Some(read[committed - 1].id))
    );
}

#[tokio::test]
async fn nothing_but_a_commit_follows_the_position() {
    let (db, portal) = TestDb::with_portal().await;
    let mut tx = db.store.begin().await.unwrap();
    outbox::append(&mut tx, portal, &[event(portal)])
        .await
        .unwrap();
    let error = portals::lock(&mut tx, portal).await.expect_err("too late");
    assert!(error.to_string().contains("last statement"), "{error}");
    tx.commit().await.unwrap();
    assert_eq!(outbox::head(&db.store, portal).await.unwrap().0, 1);
}

#[tokio::test]
async fn a_write_without_an_event_or_a_feed_is_refused() {
    let (db, portal) = TestDb::with_portal().await;
    let mut tx = db.store.begin().await.unwrap();
    assert!(matches!(
        outbox::append(&mut tx, portal, &[]).await,
        Err(StoreError::Refused(_))
    ));
    let nobody = PortalId::from_uuid(id());
    assert!(matches!(
        outbox::append(&mut tx, nobody, &[event(nobody)]).await,
        Err(StoreError::Inconsistent {
            table: "portal_feed",
            ..
        })
    ));
}

#[tokio::test]
async fn every_portal_counts_for_itself() {
    let (db, first) = TestDb::with_portal().await;
    let other = portal("other");
    let mut tx = db.store.begin().await.unwrap();
    portals::insert(&mut tx, &other).await.unwrap();
    outbox::append(&mut tx, PortalId::INSTANCE, &[event(other.id)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(append(&db, first, &[event(first), event(first)]).await, 2);
    assert_eq!(append(&db, other.id, &[event(other.id)]).await, 1);
    let heads = outbox::heads(&db.store).await.unwrap();
    let of = |portal| heads.iter().find(|h| h.0 == portal).unwrap().1;
    assert_eq!((of(first), of(other.id), of(PortalId::INSTANCE)), (2, 1, 1));
    assert_eq!(heads.len(), 3);
}

#[tokio::test]
async fn events_come_back_as_they_went_in() {
    let (db, portal) = TestDb::with_portal().await;
    let new = NewEvent {
        revision: Some(7),
        at: at(3),
        ..event(portal)
    };
    append(&db, portal, &[event(portal), new.clone()]).await;
    let events = outbox::read_after(&db.store, portal, 1, 10).await.unwrap();
    let [found] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (found.portal, found.pos, found.id, &found.kind[..]),
        (portal, 2, new.id, "portal.updated")
    );
    assert_eq!(
        (found.subject, found.revision, found.at),
        (new.subject, Some(7), at(3))
    );
}

#[tokio::test]
async fn pruning_takes_a_prefix_and_remembers_the_last_event() {
    let (db, portal) = TestDb::with_portal().await;
    // Old, old, young, old: clocks of several machines disagree.
    let mut ids = Vec::new();
    for seconds in [10, 20, 100, 30] {
        let event = NewEvent {
            at: at(seconds),
            ..event(portal)
        };
        ids.push(event.id);
        append(&db, portal, &[event]).await;
    }
    assert_eq!(
        outbox::oldest_pos(&db.store, portal).await.unwrap(),
        Some(1)
    );
    assert_eq!(
        outbox::prune(&db.store, portal, 2, at(50)).await.unwrap(),
        1
    );
    assert_eq!(
        outbox::prune(&db.store, portal, 99, at(50)).await.unwrap(),
        1
    );
    assert_eq!(
        outbox::oldest_pos(&db.store, portal).await.unwrap(),
        Some(3)
    );
    assert_eq!(
        outbox::prune(&db.store, portal, 99, at(500)).await.unwrap(),
        2
    );
    assert_eq!(outbox::oldest_pos(&db.store, portal).await.unwrap(), None);
    assert_eq!(
        outbox::event_id_at(&db.store, portal, 3).await.unwrap(),
        None
    );
    assert_eq!(
        outbox::event_id_at(&db.store, portal, 4).await.unwrap(),
        Some(ids[3])
    );
    assert_eq!(append(&db, portal, &[event(portal)]).await, 5);
}
