//! Bare axum that answers the same bytes under the same headers: from memory, and from one
//! primary-key select.

use std::fs;
use std::path::Path as FilePath;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Executor, Row};

use crate::options::FloorHttp;

/// Connections to Postgres, as many as the server's busiest test has clients but for one.
const CONNECTIONS: u32 = 10;

/// What Cairn answered, to be answered again.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) bodies: Vec<Vec<u8>>,
}

/// The first line of the file; the bodies follow, one after the other.
#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    lengths: Vec<usize>,
}

impl Answers {
    pub(crate) fn write(&self, path: &FilePath) -> Result<()> {
        let head = Head {
            status: self.status,
            headers: self.headers.clone(),
            lengths: self.bodies.iter().map(Vec::len).collect(),
        };
        let mut bytes = serde_json::to_vec(&head)?;
        bytes.push(b'\n');
        bytes.extend(self.bodies.iter().flatten());
        fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
    }

    fn read(path: &FilePath) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let end = bytes.iter().position(|b| *b == b'\n');
        let (head, mut rest) = bytes.split_at(end.context("the answers have no head")?);
        rest = &rest[1..];
        let head: Head = serde_json::from_slice(head)?;
        let mut bodies = Vec::with_capacity(head.lengths.len());
        for length in head.lengths {
            let (body, after) = rest
                .split_at_checked(length)
                .context("the answers are cut off")?;
            bodies.push(body.to_vec());
            rest = after;
        }
        Ok(Self {
            status: head.status,
            headers: head.headers,
            bodies,
        })
    }
}

struct Floor {
    status: StatusCode,
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
    let answers = Answers::read(&args.answers)?;
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
        status: StatusCode::from_u16(answers.status)?,
        headers,
        bodies: answers.bodies.into_iter().map(Bytes::from).collect(),
        pool,
    });
    let router = Router::new()
        .route("/memory/{at}", get(from_memory))
        .route("/select/{at}", get(from_postgres))
        .with_state(floor);
    super::serve(router).await
}

async fn from_memory(State(floor): State<Arc<Floor>>, Path(at): Path<usize>) -> Response {
    match floor.bodies.get(at) {
        Some(body) => (floor.status, floor.headers.clone(), body.clone()).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
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
        .and_then(|row| row.try_get::<Vec<u8>, _>(0));
    match found {
        Ok(body) => (floor.status, floor.headers.clone(), body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The bodies as rows of a table of their own, in the server's own database.
async fn fill(args: &FloorHttp, dir: &FilePath, answers: &Answers) -> Result<PgPool> {
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
        "create table cairn_bench.bodies (id bigint primary key, body bytea not null)",
    ] {
        pool.execute(statement).await?;
    }
    let ids: Vec<i64> = (0..).take(answers.bodies.len()).collect();
    sqlx::query("insert into cairn_bench.bodies select * from unnest($1::bigint[], $2::bytea[])")
        .bind(&ids)
        .bind(&answers.bodies)
        .execute(&pool)
        .await?;
    pool.execute("vacuum analyze cairn_bench.bodies").await?;
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_as_they_were() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("answers");
        let answers = Answers {
            status: 404,
            headers: vec![("a".to_owned(), "b".to_owned())],
            bodies: vec![b"one\n".to_vec(), Vec::new(), vec![0xff, b'\n', 0]],
        };
        answers.write(&path).unwrap();
        let back = Answers::read(&path).unwrap();
        assert_eq!(
            (back.status, back.headers, back.bodies),
            (answers.status, answers.headers, answers.bodies)
        );
    }
}
