//! A portal into a bundle: every revision of every article, then the rest, then the files.
//!
//! Articles come before what they refer to, because nobody takes categories or attachments away: what
//! an article names is there when it is asked for later. Of an article that goes on on the next page
//! the row of the first page counts, and revisions made since are left to the next backup.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use cairn_service::clock::{Clock, SystemClock};
use cairn_service::restoration::Counts;
use serde_json::{Value, json};
use tokio::task::{JoinSet, spawn_blocking};

use crate::bundle::keys::SignKey;
use crate::bundle::manifest::{Manifest, hex_digest};
use crate::bundle::pack::{Kind, Pack};
use crate::bundle::rules;
use crate::client::{Client, segment};
use crate::export::Watch;
use crate::limits::{BUNDLE_CONTENT_BYTES_MAX, BUNDLE_ROWS_MAX, EXPORT_FETCHES_MAX};

/// Revisions asked for at once.
const PAGE: usize = 100;

/// Where a bundle goes.
pub(crate) struct BundleOptions {
    /// The file.
    pub(crate) file: PathBuf,
    /// Slug of the portal.
    pub(crate) portal: String,
    /// Whether a file that is there is written over.
    pub(crate) overwrite: bool,
    /// What it is signed with; none: nothing.
    pub(crate) key: Option<SignKey>,
}

/// What is in a bundle.
#[derive(Debug)]
pub(crate) struct Report {
    counts: Counts,
    digest: String,
    is_signed: bool,
    seconds: f64,
}

impl Report {
    /// As one JSON object.
    pub(crate) fn to_json(&self) -> Value {
        let mut all = json!(self.counts);
        all["bundle"] = json!(self.digest);
        all["signed"] = json!(self.is_signed);
        all["seconds"] = json!(self.seconds);
        all
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        format!(
            "{} articles with {} revisions, {} categories, {} attachments and {} redirects in one file{} ({:.1} s)",
            self.counts.articles,
            self.counts.revisions,
            self.counts.categories,
            self.counts.attachments,
            self.counts.redirects,
            if self.is_signed { "" } else { ", not signed" },
            self.seconds
        )
    }
}

/// Writes the portal into one file.
///
/// # Errors
/// What the server refuses, the disk says, or an attachment whose bytes are lost: then no bundle is
/// written, because one that is not whole is no backup.
pub(crate) async fn to_bundle(
    client: &Client,
    options: BundleOptions,
    watch: &impl Watch,
) -> Result<Report> {
    let began = Instant::now();
    let mut work = Work {
        client,
        portal: segment(&options.portal),
        pack: Pack::begin(&options.file, options.overwrite)?,
        counts: Counts::default(),
        next_number: 1,
    };
    let all = work.get("portal-exports", None).await?["numbers"]["articles"].as_u64();
    work.articles(all.unwrap_or_default(), watch).await?;
    let portal = work.rest().await?;
    let manifest = Manifest::new(
        portal,
        work.next_number,
        work.counts,
        SystemClock.now().to_string(),
    );
    let (pack, counts) = (work.pack, work.counts);
    let is_signed = options.key.is_some();
    let digest = spawn_blocking(move || pack.finish(manifest, options.key.as_ref()))
        .await
        .context("writing the bundle was cut off")??;
    Ok(Report {
        counts,
        digest,
        is_signed,
        seconds: began.elapsed().as_secs_f64(),
    })
}

struct Work<'a> {
    client: &'a Client,
    /// Slug of the portal, as it stands in an address.
    portal: String,
    pack: Pack,
    counts: Counts,
    next_number: i64,
}

impl Work<'_> {
    async fn get(&self, list: &str, cursor: Option<&str>) -> Result<Value> {
        let mut path = format!("/api/v1/{list}?portal={}", self.portal);
        if list == "revision-exports" {
            path.push_str(&format!("&limit={PAGE}"));
        }
        if let Some(cursor) = cursor {
            path.push_str(&format!("&cursor={}", segment(cursor)));
        }
        Ok(self.client.get(&path).await?)
    }

    /// Every article with every revision, and from what articles were translated.
    async fn articles(&mut self, all: u64, watch: &impl Watch) -> Result<()> {
        let mut translations = Vec::new();
        // The last article of the page before, which may go on.
        let mut open: Option<Value> = None;
        let mut cursor: Option<String> = None;
        loop {
            let mut page = self.get("revision-exports", cursor.as_deref()).await?;
            let mut items = take_items(&mut page["items"]);
            for item in &mut items {
                let goes_on = open.take().filter(|first| first["id"] == item["id"]);
                match goes_on {
                    Some(first) => go_on(item, &first),
                    None => self.count(item, &mut translations),
                }
            }
            open = items.last().map(|last| {
                let mut row = last.clone();
                row["revisions"] = json!([]);
                row
            });
            items.retain(|item| count_of(&item["revisions"]) > 0);
            self.counts.revisions += items.iter().map(|i| count_of(&i["revisions"])).sum::<i64>();
            self.add_articles(items)?;
            watch.articles(u64::try_from(self.counts.articles).unwrap_or(0), all);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        self.add_rows(Kind::Translations, "translations", translations)
    }

    /// Counts an article that begins.
    fn count(&mut self, item: &Value, translations: &mut Vec<Value>) {
        self.counts.articles += 1;
        self.counts.imported_files += i64::from(!item["imported_file"].is_null());
        self.counts.old_slugs += count_of(&item["old_slugs"]);
        let number = item["number"].as_i64().unwrap_or(0);
        self.next_number = self.next_number.max(number.saturating_add(1));
        if let Some(from) = item["translated_from"].as_object() {
            translations.push(json!({
                "id": item["id"], "article": from["article"], "revision": from["revision"],
            }));
        }
    }

    /// Adds articles, cut into as many members as their size asks for.
    fn add_articles(&mut self, items: Vec<Value>) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let mut waiting = vec![items];
        while let Some(mut items) = waiting.pop() {
            let bytes = serde_json::to_vec(&json!({"articles": items}))?;
            if bytes.len() <= BUNDLE_CONTENT_BYTES_MAX {
                self.pack.add(Kind::Articles, None, &bytes)?;
                continue;
            }
            if items.len() > 1 {
                let behind = items.split_off(items.len() / 2);
                waiting.push(behind);
                waiting.push(items);
                continue;
            }
            let Some((first, second)) = items.pop().and_then(halves) else {
                bail!("a revision has more links than one request takes; remove some of them");
            };
            waiting.push(vec![second]);
            waiting.push(vec![first]);
        }
        Ok(())
    }

    /// Categories, attachments with their files, redirects, hosts; gives the portal.
    async fn rest(&mut self) -> Result<Value> {
        let mut first = self.get("portal-exports", None).await?;
        let next = first["numbers"]["next_number"].as_i64().unwrap_or(1);
        self.next_number = self.next_number.max(next);
        let mut categories = take_items(&mut first["categories"]);
        self.counts.categories = i64::try_from(categories.len()).unwrap_or(i64::MAX);
        sort_by_depth(&mut categories);
        self.add_rows(Kind::Categories, "categories", categories)?;
        let hosts = take_items(&mut first["hosts"]);
        self.add_rows(Kind::Redirects, "hosts", hosts)?;
        let mut attachments = Vec::new();
        let mut cursor = first["next_cursor"].as_str().map(str::to_owned);
        while let Some(at) = cursor {
            let mut page = self.get("portal-exports", Some(&at)).await?;
            attachments.append(&mut take_items(&mut page["attachments"]));
            let redirects = take_items(&mut page["redirects"]);
            self.counts.redirects += i64::try_from(redirects.len()).unwrap_or(0);
            self.add_rows(Kind::Redirects, "redirects", redirects)?;
            cursor = page["next_cursor"].as_str().map(str::to_owned);
        }
        self.counts.attachments = i64::try_from(attachments.len()).unwrap_or(i64::MAX);
        self.files(&attachments).await?;
        self.add_rows(Kind::Attachments, "attachments", attachments)?;
        let portal = first["portal"].take();
        let rules = rules::of_portal(self.client, &portal).await?;
        self.add_rows(Kind::SearchRules, "search_rules", rules)?;
        Ok(portal)
    }

    /// The bytes of attachments, a few at once.
    async fn files(&mut self, attachments: &[Value]) -> Result<()> {
        let mut waiting = attachments.iter().filter(|row| row["purged_at"].is_null());
        let mut seen = HashSet::new();
        let mut under_way: JoinSet<Result<(String, Vec<u8>)>> = JoinSet::new();
        loop {
            while under_way.len() < EXPORT_FETCHES_MAX {
                let Some(row) = waiting.next() else { break };
                let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
                let (id, digest, name) = (text("id"), text("digest"), text("name"));
                if seen.insert(digest.clone()) {
                    let client = self.client.clone();
                    under_way.spawn(async move {
                        let path = format!("/api/v1/attachments/{}/content", segment(&id));
                        let bytes = client.get_bytes(&path).await?;
                        if hex_digest(&bytes) != digest {
                            return Err(anyhow!("its bytes are not those that were brought"));
                        }
                        Ok((name, bytes))
                    });
                }
            }
            let Some(done) = under_way.join_next().await else {
                return Ok(());
            };
            let (name, bytes) = done
                .context("fetching an attachment was cut off")?
                .context("an attachment cannot be read")?;
            self.pack.add(Kind::Files, Some(name), &bytes)?;
        }
    }

    /// Adds rows of one list.
    fn add_rows(&mut self, kind: Kind, list: &str, rows: Vec<Value>) -> Result<()> {
        let mut waiting: Vec<Vec<Value>> = rows
            .chunks(BUNDLE_ROWS_MAX)
            .rev()
            .map(<[Value]>::to_vec)
            .collect();
        while let Some(mut rows) = waiting.pop() {
            let bytes = serde_json::to_vec(&json!({list: rows}))?;
            if bytes.len() > BUNDLE_CONTENT_BYTES_MAX && rows.len() > 1 {
                let behind = rows.split_off(rows.len() / 2);
                waiting.push(behind);
                waiting.push(rows);
                continue;
            }
            self.pack.add(kind, None, &bytes)?;
        }
        Ok(())
    }
}

fn take_items(list: &mut Value) -> Vec<Value> {
    list.as_array_mut().map(std::mem::take).unwrap_or_default()
}

fn count_of(list: &Value) -> i64 {
    let count = list.as_array().map_or(0, Vec::len);
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Gives an article that goes on the row it began with, and no revision beyond it.
fn go_on(item: &mut Value, first: &Value) {
    let head = first["head_revision"].as_i64().unwrap_or(0);
    let mut revisions = take_items(&mut item["revisions"]);
    revisions.retain(|revision| revision["revision"].as_i64().is_some_and(|n| n <= head));
    *item = first.clone();
    item["revisions"] = Value::Array(revisions);
}

/// An article with the first half of its revisions, and with the second.
fn halves(mut item: Value) -> Option<(Value, Value)> {
    let mut first = take_items(&mut item["revisions"]);
    if first.len() < 2 {
        return None;
    }
    let second = first.split_off(first.len() / 2);
    let mut behind = item.clone();
    item["revisions"] = Value::Array(first);
    behind["revisions"] = Value::Array(second);
    Some((item, behind))
}

/// Those above before those below.
fn sort_by_depth(categories: &mut [Value]) {
    let parents: HashMap<String, Option<String>> = categories
        .iter()
        .map(|c| {
            let text = |field: &str| c[field].as_str().map(str::to_owned);
            (text("id").unwrap_or_default(), text("parent"))
        })
        .collect();
    let depth = |category: &Value| {
        let mut depth = 0;
        let mut above = category["parent"].as_str();
        while let Some(id) = above
            && depth <= parents.len()
        {
            depth += 1;
            above = parents.get(id).and_then(|parent| parent.as_deref());
        }
        depth
    };
    categories.sort_by_cached_key(depth);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_that_goes_on_stays_as_it_began() {
        let first = json!({"id": "1", "head_revision": 3, "slug": "a", "revisions": []});
        let mut item = json!({"id": "1", "head_revision": 5, "slug": "b", "revisions": [
            {"revision": 3}, {"revision": 4}, {"revision": 5},
        ]});
        go_on(&mut item, &first);
        let want =
            json!({"id": "1", "head_revision": 3, "slug": "a", "revisions": [{"revision": 3}]});
        assert_eq!(item, want);
    }

    #[test]
    fn parents_come_before_children() {
        let mut categories = vec![
            json!({"id": "3", "parent": "2"}),
            json!({"id": "2", "parent": "1"}),
            json!({"id": "1", "parent": null}),
        ];
        sort_by_depth(&mut categories);
        let ids: Vec<_> = categories.iter().map(|c| c["id"].clone()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
    }

    #[test]
    fn halves_keep_every_revision() {
        let item = json!({"id": "1", "revisions": [1, 2, 3]});
        let (first, second) = halves(item).unwrap();
        assert_eq!(first["revisions"], json!([1]));
        assert_eq!(second["revisions"], json!([2, 3]));
        assert!(halves(json!({"revisions": [1]})).is_none());
    }
}
