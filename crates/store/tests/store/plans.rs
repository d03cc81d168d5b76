//! Hot reads find their rows through an index, also once the server plans them without knowing the values.

use cairn_domain::article::Article;
use cairn_domain::old_address::OldAddress;
use cairn_domain::redirect::{Redirect, RedirectTarget, TargetUrl};
use cairn_store::articles::insert_many;
use cairn_store::imported_files::{self, ImportedFile};
use cairn_store::links::{self, LinkRow, LinkTarget};
use cairn_store::{outbox, redirects, renderings, revisions, statements};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row, query};

use crate::support::{TestDb, article, created, revision, staged};

/// The generic plan of a statement: what the server settles on for a statement that is used often.
async fn plan(connection: &mut PgConnection, name: &str, values: &str) -> String {
    let (_, sql) = statements()
        .into_iter()
        .find(|(n, _)| n.ends_with(name))
        .unwrap_or_else(|| panic!("no statement {name}"));
    let types = values
        .split(", ")
        .map(|v| v.split("::").nth(1).unwrap())
        .collect::<Vec<_>>()
        .join(", ");
    connection
        .execute(AssertSqlSafe(format!("prepare hot ({types}) as {sql}")))
        .await
        .unwrap();
    let rows = query(AssertSqlSafe(format!("explain execute hot ({values})")))
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    connection.execute("deallocate hot").await.unwrap();
    rows.iter()
        .map(|row| row.get::<String, _>(0))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The file an article came from.
fn file(article: &Article, batch: i32) -> ImportedFile {
    ImportedFile {
        article: article.id,
        source: "docs".to_owned(),
        path: format!("{batch}/{}.md", article.number),
        translation_key: None,
        digest: [0; 32],
        revision: 1,
        category: None,
        status: article.status,
        audience: article.audience,
        slug: article.slug.as_str().to_owned(),
        imported_at: article.created_at,
    }
}

/// Some links of an article: one to itself, others to nothing yet.
fn linked(article: &Article, batch: i32) -> Vec<LinkRow> {
    let row = |n: i64| LinkRow {
        article: article.id,
        revision: 1,
        address: format!("{n}.md"),
        source: Some("docs".to_owned()),
        path: format!("{batch}/{n}.md"),
        is_image: false,
        target: (n == 0).then_some(LinkTarget::Article(article.id)),
    };
    (0..4).map(|n| row(n * article.number)).collect()
}

#[tokio::test]
async fn hot_reads_never_walk_a_whole_table() {
    let (db, portal) = TestDb::with_portal().await;
    for batch in 0..6 {
        let made: Vec<_> = (0..500)
            .map(|n| {
                let mut made = article(portal, &format!("Article {batch} {n}"));
                made.source_id = Some(format!("{batch}-{n}"));
                made
            })
            .collect();
        let mut tx = db.store.begin().await.unwrap();
        insert_many(&mut tx, &made).await.unwrap();
        let texts: Vec<_> = made.iter().map(|a| revision(a, 1, &staged("T"))).collect();
        revisions::append_many(&mut tx, &texts).await.unwrap();
        let pages: Vec<_> = made
            .iter()
            .map(|a| renderings::Rendering {
                portal,
                article: a.id,
                revision: 1,
                html: "<p>x</p>".repeat(50),
                rendered_with: 1,
                outline: "[]".into(),
            })
            .collect();
        renderings::put_many(&mut tx, &pages).await.unwrap();
        let files: Vec<_> = made.iter().map(|a| file(a, batch)).collect();
        imported_files::put_many(&mut tx, portal, &files)
            .await
            .unwrap();
        let rows: Vec<_> = made.iter().flat_map(|a| linked(a, batch)).collect();
        links::insert_many(&mut tx, portal, &rows).await.unwrap();
        outbox::append(
            &mut tx,
            portal,
            &made.iter().map(created).collect::<Vec<_>>(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
    for batch in 0..4 {
        let made: Vec<_> = (0..1_000)
            .map(|n| Redirect {
                old: OldAddress::parse("old_url", &format!("/kb/{batch}?id={n}")).unwrap(),
                target: RedirectTarget::Url(
                    TargetUrl::parse("target", &format!("/to/{batch}/{n}")).unwrap(),
                ),
            })
            .collect();
        let mut tx = db.store.begin().await.unwrap();
        redirects::put_many(&mut tx, portal, &made, jiff::Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let mut owner = PgConnection::connect_with(db.owner.options())
        .await
        .unwrap();
    owner
        .execute("set plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    let p = format!("'{portal}'::uuid");
    // A first import runs before the first statistics: an index that only looks as good walked the whole source for
    // every link.
    let values = format!("{p}, null::text[], null::text[]");
    let plan_before = plan(&mut owner, "resolve::FILES", &values).await;
    assert!(
        !plan_before.contains("Filter: ((n.name)"),
        "files are looked through for every name:\n{plan_before}"
    );
    owner.execute("analyze").await.unwrap();
    let filters = format!(
        "{p}, true::bool, null::text, null::text, null::uuid[], null::text, null::timestamptz, 20::int8"
    );
    for (name, values) in [
        (
            "help_center::ARTICLE",
            format!("{p}, 'en'::text, 'article-1-1'::text"),
        ),
        (
            "help_center::REDIRECT_OF",
            format!("{p}, 'en'::text, 'x'::text"),
        ),
        (
            "redirects::FIND",
            format!("{p}, array['/a']::text[], array['']::text[], 100::int8"),
        ),
        ("redirects::LEADING_TO", format!("{p}, array['/a']::text[]")),
        (
            "redirects::LIST",
            format!("{p}, '/a'::text, ''::text, 20::int8"),
        ),
        (
            "help_center::ELSEWHERE",
            format!("{p}, array['de','fr']::text[], 'x'::text"),
        ),
        ("articles::GET_BY_ID", format!("{p}, 0::int4, {p}")),
        ("articles::GET_BY_NUMBER", format!("{p}, 0::int4, 7::int8")),
        (
            "articles::GET_BY_SLUG",
            format!("{p}, 0::int4, 'en'::text, 'x'::text"),
        ),
        (
            "articles::GET_BY_SOURCE",
            format!("{p}, 0::int4, 'en'::text, 'x'::text"),
        ),
        ("articles::FIND_PORTAL", p.clone()),
        (
            "articles::TAKEN_SLUGS",
            format!("{p}, 'en'::text, 'article'::text, 100::int8"),
        ),
        (
            "batch::LOCK_MANY",
            format!("{p}, null::uuid[], null::uuid[]"),
        ),
        ("list::UPDATED_DESC", filters.clone()),
        (
            "list::UPDATED_DESC_NEXT",
            format!("{filters}, now()::timestamptz, {p}"),
        ),
        ("list::NUMBER_ASC_NEXT", format!("{filters}, 7::int8, {p}")),
        ("index_rows::SCAN_FOR_INDEX", format!("{p}, {p}, 500::int8")),
        ("outbox::READ_AFTER", format!("{p}, 10::int8, 100::int8")),
        ("revisions::LIST", format!("{p}, {p}, 9::int4, 20::int8")),
        ("page::OF_PAGE", format!("{p}, {p}, 1::int4, 5000::int8")),
        ("page::LINKING_TO", format!("{p}, null::uuid[]")),
        ("resolve::FILES", format!("{p}, null::text[], null::text[]")),
        (
            "resolve::LEADING_TO_FILES",
            format!("{p}, null::text[], null::text[]"),
        ),
        ("resolve::LEADING_TO_PATHS", format!("{p}, null::text[]")),
        ("resolve::LEADING_TO_NUMBERS", format!("{p}, null::text[]")),
        (
            "idempotency::SEEN",
            format!("{p}, {p}, 'k'::text, '5s'::text"),
        ),
    ] {
        let plan = plan(&mut owner, name, &values).await;
        // A small table of revisions is cheaper to hash whole than to visit: lists only promise to cut their page along
        // an index of the articles.
        let is_list = name.starts_with("list::");
        let tables = if is_list {
            &["articles"][..]
        } else {
            &[
                "articles",
                "revisions",
                "renderings",
                "outbox",
                "links",
                "imported_files",
                "redirects",
            ]
        };
        for table in tables {
            assert!(
                !plan.contains(&format!("Seq Scan on {table}")),
                "{name} walks all of {table}:\n{plan}"
            );
        }
        if is_list {
            // An incremental sort only orders ties, within the page.
            let cut = plan.find("Limit").expect("a page");
            assert!(
                !plan[cut..].contains("->  Sort"),
                "{name} sorts before it cuts:\n{plan}"
            );
        }
    }
}
