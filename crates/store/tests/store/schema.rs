//! What the schema promises to everybody, whatever the code does.

use std::time::Duration;

use cairn_store::{PoolOptions, drop_database};
use cairn_store::{
    RoleNames, Store, StoreError, bootstrap, bootstrap_outside, check_server, constraint, epoch,
    leases, migrate, migrations_current, prepare_all, statements,
};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Executor, Row, query};

use crate::support::TestDb;

async fn rows(connection: &mut PgConnection, sql: &'static str) -> Vec<PgRow> {
    query(sql).fetch_all(connection).await.unwrap()
}

#[tokio::test]
async fn every_statement_prepares() {
    let db = TestDb::new().await;
    assert!(statements().len() > 80, "{}", statements().len());
    assert_eq!(prepare_all(&db.store).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn statement_names_are_unique_and_their_text_names_the_portal() {
    let mut names: Vec<_> = statements().iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), statements().len());
    // What belongs to no portal, or finds one, says so where it stands.
    let exempt = [
        "check::",
        "epoch::",
        "leases::",
        "migrate::",
        "pool::",
        "portals::",
        "outbox::HEADS",
        "articles::FIND_PORTAL",
        "idempotency::PRUNE",
        // Of the portal's own row.
        "restorations::RAISE_NUMBERS",
        "restorations::NUMBERS",
        "restorations::PORTAL_SLUG",
        // Functions of the owner: the portal is their first argument.
        "purges::BLANK_",
        "search_rules::BLANK_AUDIT",
    ];
    for (name, sql) in statements() {
        let own = name.strip_prefix("cairn_store::").unwrap();
        if exempt.iter().any(|e| own.starts_with(e)) {
            continue;
        }
        assert!(sql.contains("portal_id"), "{name} does not name its portal");
    }
}

#[tokio::test]
async fn the_constraints_that_code_tells_apart_exist() {
    let db = TestDb::new().await;
    let mut owner = PgConnection::connect_with(db.owner.options())
        .await
        .unwrap();
    let known: Vec<String> = rows(&mut owner, "select conname::text from pg_constraint")
        .await
        .iter()
        .map(|row| row.get(0))
        .collect();
    for name in constraint::ALL {
        assert!(
            known.iter().any(|k| k == name),
            "{name} is not in the schema"
        );
    }
}

#[tokio::test]
async fn the_portal_comes_first_in_every_key() {
    let db = TestDb::new().await;
    let mut owner = PgConnection::connect_with(db.owner.options())
        .await
        .unwrap();
    let strays: Vec<String> = rows(
        &mut owner,
        "select c.conname::text
         from pg_constraint c
         join pg_class t on t.oid = c.conrelid
         join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1]
         where c.contype in ('p', 'u', 'f')
           and t.relnamespace = 'public'::regnamespace
           and a.attname <> 'portal_id'
         order by 1",
    )
    .await
    .iter()
    .map(|row| row.get(0))
    .collect();
    assert_eq!(
        strays,
        [
            "_sqlx_migrations_pkey",
            "leases_pkey",
            "portal_hostnames_hostname_key",
            "portals_pkey",
            "portals_slug_key"
        ]
    );
}

#[tokio::test]
async fn the_serving_role_has_a_grant_on_every_table_and_owns_none() {
    let db = TestDb::new().await;
    let mut app = PgConnection::connect_with(db.app.options()).await.unwrap();
    let closed = rows(
        &mut app,
        "select c.relname::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
           and (not has_table_privilege(c.oid, 'select') or c.relowner = current_user::regrole)",
    )
    .await;
    assert!(closed.is_empty());
    for sql in [
        "update revisions set title = 'x'",
        "delete from revisions",
        "truncate revisions",
        "update audit set message = 'x'",
        "delete from audit",
        "update outbox set kind = 'x'",
        "delete from articles",
        "drop table audit",
        "create table mine (a int)",
        "alter table articles disable trigger all",
        "update _sqlx_migrations set success = false",
    ] {
        let error = app.execute(sql).await.expect_err(sql);
        let code = error.as_database_error().and_then(|e| e.code()).unwrap();
        assert_eq!(code, "42501", "{sql}");
    }
}

#[tokio::test]
async fn a_migrator_killed_with_its_server_keeps_nobody_waiting() {
    let db = TestDb::new().await;
    let ttl = Duration::from_secs(30);
    let app = &db.server.names.app;
    let migrated = || tokio::time::timeout(ttl / 6, migrate(&db.owner, app));
    // The server it was connected to started in 2001: its connections are gone.
    leases::take(&db.store, "migrate", "77@1000000000.000001", ttl)
        .await
        .unwrap();
    migrated().await.expect("it does not wait").unwrap();
    // This one may be at work.
    let start = "select '77@' || extract(epoch from pg_postmaster_start_time())";
    let mut connection = PgConnection::connect_with(db.owner.options())
        .await
        .unwrap();
    let holder: String = rows(&mut connection, start).await[0].get(0);
    leases::take(&db.store, "migrate", &holder, ttl)
        .await
        .unwrap();
    migrated().await.expect_err("it waits for its turn");
}

#[tokio::test]
async fn migrations_run_once_however_many_ask() {
    let db = TestDb::new().await;
    assert!(migrations_current(&db.store).await.unwrap());
    assert_eq!(migrate(&db.owner, &db.server.names.app).await.unwrap(), []);

    let mut names = db.server.names.clone();
    names.database = format!("{}_fresh", db.name);
    let made = bootstrap(&db.server.admin, &names, &db.server.secrets)
        .await
        .unwrap();
    let store = Store::connect(&made.app, PoolOptions::default())
        .await
        .unwrap();
    assert!(!migrations_current(&store).await.unwrap());
    let (a, b, c) = tokio::join!(
        migrate(&made.owner, &names.app),
        migrate(&made.owner, &names.app),
        migrate(&made.owner, &names.app)
    );
    let ran = [a.unwrap(), b.unwrap(), c.unwrap()].concat();
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension() == Some("sql".as_ref()))
        .count();
    assert_eq!(ran.len(), files, "{ran:?}");
    assert!(migrations_current(&store).await.unwrap());
    // Twice changes nothing.
    bootstrap(&db.server.admin, &names, &db.server.secrets)
        .await
        .unwrap();
    store.ping().await.unwrap();
    store.close().await;
    drop_database(&db.server.admin, &names.database)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_that_may_lose_writes_is_refused() {
    let db = TestDb::new().await;
    check_server(&db.store, true).await.unwrap();
    let mut app = PgConnection::connect_with(db.app.options()).await.unwrap();
    let off: Vec<String> = rows(
        &mut app,
        "select name::text from pg_settings
         where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'",
    )
    .await
    .iter()
    .map(|row| row.get(0))
    .collect();
    match check_server(&db.store, false).await {
        Ok(()) => assert!(off.is_empty()),
        Err(StoreError::Refused(text)) => {
            assert!(!off.is_empty());
            for name in off {
                assert!(text.contains(&format!("{name} is off")), "{text}");
            }
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_role_that_could_walk_through_the_rules_is_refused() {
    let db = TestDb::new().await;
    for (params, word) in [(&db.owner, "owns"), (&db.admin, "superuser")] {
        let store = Store::connect(params, PoolOptions::default())
            .await
            .unwrap();
        let error = check_server(&store, true).await.expect_err(word);
        assert!(error.to_string().contains(word), "{error}");
        store.close().await;
    }
}

#[tokio::test]
async fn one_url_is_enough_when_its_role_may_make_roles() {
    let db = TestDb::new().await;
    let mut admin = PgConnection::connect_with(db.admin.options())
        .await
        .unwrap();
    admin
        .execute(
            "drop role if exists cairn_store_test_plain; drop role if exists cairn_store_test_maker;
             create role cairn_store_test_plain login password 'p';
             create role cairn_store_test_maker login password 'p' createrole",
        )
        .await
        .unwrap();
    let names = RoleNames {
        app: "cairn_store_test_made".to_owned(),
        ..db.server.names.clone()
    };
    let plain = db.admin.with_user("cairn_store_test_plain", "p");
    let refused = bootstrap_outside(&plain, None, &names, "made")
        .await
        .expect_err("no right");
    let text = refused.to_string();
    assert!(
        text.contains("CAIRN_OWNER_URL") && text.contains("createrole"),
        "{text}"
    );
    let maker = db.admin.with_user("cairn_store_test_maker", "p");
    let made = bootstrap_outside(&maker, None, &names, "made")
        .await
        .unwrap();
    assert_eq!(made.app.user(), "cairn_store_test_made");
    let store = Store::connect(&made.app, PoolOptions::default())
        .await
        .unwrap();
    store.ping().await.unwrap();
    store.close().await;
    let both = bootstrap_outside(&plain, Some(&db.owner), &names, "made")
        .await
        .unwrap();
    assert_eq!(both.app.user(), "cairn_store_test_plain");
}

#[tokio::test]
async fn the_serving_role_can_read_the_epoch() {
    let db = TestDb::new().await;
    let first = epoch(&db.store).await.unwrap();
    assert!(first.system_identifier > 0 && first.timeline >= 1);
    assert_eq!(epoch(&db.store).await.unwrap(), first);
}
