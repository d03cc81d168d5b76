//! What is there in the end, held against what was acknowledged.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinSet;

use super::writers::{Door, Written};

/// How many articles are looked at at once.
const AT_ONCE: usize = 8;
/// How many creations are sent once more: their keys must have been remembered.
const REPLAYS: usize = 50;
/// How many faults are spelled out.
const EXAMPLES_MAX: usize = 30;

/// The difference between what was acknowledged and what is there.
#[derive(Debug, Default)]
pub(crate) struct Reckoning {
    /// Articles written one by one.
    pub(crate) articles: u64,
    /// Acknowledged revisions.
    pub(crate) revisions: u64,
    /// Articles that came by import.
    pub(crate) imported: u64,
    /// Their revisions together.
    pub(crate) imported_revisions: u64,
    /// Acknowledged and not there.
    pub(crate) lost: u64,
    /// There more often than acknowledged.
    pub(crate) doubled: u64,
    /// What exactly is wrong.
    pub(crate) faults: Vec<String>,
}

impl Reckoning {
    fn fault(&mut self, what: String) {
        if self.faults.len() < EXAMPLES_MAX {
            self.faults.push(what);
        }
    }

    fn lost(&mut self, count: usize, what: String) {
        self.lost += count as u64;
        self.fault(format!("lost: {what}"));
    }

    fn doubled(&mut self, count: usize, what: String) {
        self.doubled += count as u64;
        self.fault(format!("doubled: {what}"));
    }

    fn add(&mut self, other: Self) {
        self.revisions += other.revisions;
        self.lost += other.lost;
        self.doubled += other.doubled;
        other.faults.into_iter().for_each(|fault| self.fault(fault));
    }
}

/// Looks at everything.
pub(crate) async fn reckon(door: &Door, portal: &str, written: Vec<Written>) -> Reckoning {
    let mut found = Reckoning::default();
    send_again(door, &written, &mut found).await;
    let (total, items) = all_articles(door, portal).await;
    if total != items.len() as u64 {
        found.fault(format!(
            "the list says total {total} and holds {}",
            items.len()
        ));
    }
    let mut titles: HashMap<&str, usize> = HashMap::new();
    let mut sources = HashSet::new();
    let mut numbers = HashSet::new();
    for item in &items {
        if !numbers.insert(item["number"].as_i64()) {
            found.fault(format!("number {} is there twice", item["number"]));
        }
        if let Some(source) = item["source_id"].as_str() {
            found.imported += 1;
            found.imported_revisions += item["head_revision"].as_u64().unwrap_or_default();
            if !sources.insert(source) {
                found.doubled(1, format!("source_id {source}"));
            }
        } else {
            *titles
                .entry(item["title"].as_str().unwrap_or_default())
                .or_default() += 1;
        }
    }
    for article in &written {
        found.articles += 1;
        match titles.remove(article.title.as_str()) {
            Some(1) => {}
            Some(n) => found.doubled(n - 1, format!("\"{}\" is there {n} times", article.title)),
            None => found.fault(format!("\"{}\" is not in the list", article.title)),
        }
    }
    for (title, n) in titles {
        found.doubled(n, format!("\"{title}\" is there and nobody was told"));
    }
    look_into_each(door, written, &mut found).await;
    found
}

async fn look_into_each(door: &Door, written: Vec<Written>, found: &mut Reckoning) {
    let written = Arc::new(written);
    let mut lookers = JoinSet::new();
    for first in 0..AT_ONCE {
        let (door, written) = (door.clone(), Arc::clone(&written));
        lookers.spawn(async move {
            let mut found = Reckoning::default();
            for article in written.iter().skip(first).step_by(AT_ONCE) {
                look_into(&door, article, &mut found).await;
            }
            found
        });
    }
    for part in lookers.join_all().await {
        found.add(part);
    }
}

/// The article and each of its revisions.
async fn look_into(door: &Door, article: &Written, found: &mut Reckoning) {
    let acknowledged = article.bodies.len();
    found.revisions += acknowledged as u64;
    let path = format!("/articles/{}", article.id);
    let answer = door.request(Method::GET, &path).send().await;
    let answer = answer.unwrap_or_else(|error| panic!("GET {path}: {error}"));
    if answer.status() == 404 {
        return found.lost(
            acknowledged,
            format!("{} with {acknowledged} revisions", article.title),
        );
    }
    let etag = answer
        .headers()
        .get("etag")
        .and_then(|tag| tag.to_str().ok())
        .map(str::to_owned);
    let now: Value = answer
        .json()
        .await
        .unwrap_or_else(|error| panic!("GET {path}: {error}"));
    if etag.as_deref() != Some(&article.etag) {
        found.fault(format!(
            "{}: the tag is {etag:?}, acknowledged was {}",
            article.title, article.etag
        ));
    }
    let head = now["head_revision"].as_u64().unwrap_or_default() as usize;
    if head < acknowledged {
        found.fault(format!(
            "{}: the head is revision {head}, acknowledged was {acknowledged}",
            article.title
        ));
    }
    if now["body"].as_str() != article.bodies.last().map(String::as_str) {
        found.fault(format!(
            "{}: its body is not the last one that was acknowledged",
            article.title
        ));
    }
    let numbers = revision_numbers(door, &path).await;
    let dense: Vec<u64> = (1..=numbers.len() as u64).rev().collect();
    if numbers != dense || numbers.len() != head {
        found.fault(format!(
            "{}: its revisions are {numbers:?} and its head {head}",
            article.title
        ));
    }
    let mut texts: HashMap<String, usize> = HashMap::new();
    for number in numbers {
        let revision = door.get(&format!("{path}/revisions/{number}")).await;
        *texts
            .entry(revision["body"].as_str().unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    for (at, body) in article.bodies.iter().enumerate() {
        let name = || format!("revision {} of {}", at + 1, article.title);
        match texts.remove(body) {
            Some(1) => {}
            Some(n) => found.doubled(n - 1, format!("{} stands there {n} times", name())),
            None => found.lost(1, name()),
        }
    }
    for (text, n) in texts {
        found.doubled(
            n,
            format!(
                "{} holds a text nobody was told about: {text:?}",
                article.title
            ),
        );
    }
}

async fn revision_numbers(door: &Door, path: &str) -> Vec<u64> {
    let items = pages(door, &format!("{path}/revisions?limit=100")).await.1;
    items
        .iter()
        .map(|item| item["revision"].as_u64().unwrap_or_default())
        .collect()
}

/// Every article of the portal, and the number the list claims.
pub(crate) async fn all_articles(door: &Door, portal: &str) -> (u64, Vec<Value>) {
    pages(
        door,
        &format!("/articles?portal={portal}&limit=100&sort=number"),
    )
    .await
}

async fn pages(door: &Door, path: &str) -> (u64, Vec<Value>) {
    let mut items = Vec::new();
    let mut next = path.to_owned();
    loop {
        let mut page = door.get(&next).await;
        let total = page["total"].as_u64().unwrap_or_default();
        items.append(page["items"].as_array_mut().expect("a list has items"));
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}&cursor={}", escaped(cursor)),
            None => return (total, items),
        }
    }
}

fn escaped(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// A key that was used before the kills still gives the article of then.
async fn send_again(door: &Door, written: &[Written], found: &mut Reckoning) {
    for article in written.iter().step_by(written.len() / REPLAYS + 1) {
        let request = door
            .request(Method::POST, "/articles")
            .header("idempotency-key", &article.key);
        let answer = request
            .json(&article.creation)
            .send()
            .await
            .expect("the server answers");
        let status = answer.status();
        let text = answer.text().await.expect("the server answers");
        let again: Value = serde_json::from_str(&text).unwrap_or_default();
        if again["id"] != article.id.as_str() || again["revision"] != 1 {
            found.doubled(
                1,
                format!(
                    "{} sent again under {}: {status} {text}",
                    article.title, article.key
                ),
            );
        }
    }
}
