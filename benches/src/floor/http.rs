//! Bare axum that answers the same bytes under the same headers: from memory, and from one
//! primary-key select.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Executor, Row};

use crate::options::FloorHttp;
use crate::out;

/// Connections to Postgres, as many as the server's busiest test has clients but for one.
const CONNECTIONS: u32 = 10;

/// What Cairn answered, to be answered again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answers {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) bodies: Vec<String>,
}

struct Floor {
    headers: HeaderMap,
    bodies: Vec<Bytes>,
    pool: Option<PgPool>,
}

/// Serves until it is killed; prints its port.
pub(crate) fn command(args: &FloorHttp) -> Result<()> {
    // As the server's runtime is made: one worker per core it may use.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(args))
}

async fn serve(args: &FloorHttp) -> Result<()> {
    let answers = std::fs::read(&args.answers)
        .with_context(|| format!("cannot read {}", args.answers.display()))?;
    let answers: Answers = serde_json::from_slice(&answers)?;
    let pool = match &args.socket_dir {
        Some(dir) => Some(fill(args, dir, &answers).await?),
        None => None,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &answers.headers {
        headers.append(
            HeaderName::from_bytes(name.as_bytes())?,
            HeaderValue::from_str(value)?,
        );
    }
    let floor = Arc::new(Floor {
        headers,
        bodies: answers.bodies.into_iter().map(Bytes::from).collect(),
        pool,
    });
    let router = Router::new()
        .route("/memory/{at}", get(from_memory))
        .route("/select/{at}", get(from_postgres))
        .with_state(floor);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    out::line(&json!({"port": listener.local_addr()?.port()}).to_string());
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn from_memory(State(floor): State<Arc<Floor>>, Path(at): Path<usize>) -> Response {
    match floor.bodies.get(at) {
        Some(body) => (floor.headers.clone(), body.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn from_postgres(State(floor): State<Arc<Floor>>, Path(id): Path<i64>) -> Response {
    let Some(pool) = &floor.pool else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let found = sqlx::query("select body from cairn_bench.bodies where id = $1")
        .bind(id)
        .fetch_one(pool)
        .await
        .and_then(|row| row.try_get::<String, _>(0));
    match found {
        Ok(body) => (floor.headers.clone(), body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The bodies as rows of a table of their own, in the server's own database.
async fn fill(args: &FloorHttp, dir: &PathBuf, answers: &Answers) -> Result<PgPool> {
    let password = std::env::var("PGPASSWORD").unwrap_or_default();
    let options = PgConnectOptions::new()
        .socket(dir)
        .port(args.port)
        .username(&args.user)
        .database(&args.database)
        .password(&password);
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(CONNECTIONS)
        .connect_with(options)
        .await
        .context("the floor cannot connect to Postgres")?;
    for statement in [
        "create schema if not exists cairn_bench",
        "drop table if exists cairn_bench.bodies",
        "create table cairn_bench.bodies (id bigint primary key, body text not null)",
    ] {
        pool.execute(statement).await?;
    }
    let ids: Vec<i64> = (0..).take(answers.bodies.len()).collect();
    sqlx::query("insert into cairn_bench.bodies select * from unnest($1::bigint[], $2::text[])")
        .bind(&ids)
        .bind(&answers.bodies)
        .execute(&pool)
        .await?;
    pool.execute("vacuum analyze cairn_bench.bodies").await?;
    Ok(pool)
}
