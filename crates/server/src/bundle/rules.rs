//! Rules of search on their way into a bundle and out of it, by the same two requests people use.
//!
//! They come back after the articles they name. A locale whose rules somebody wrote meanwhile is refused, as everything
//! else is that differs; their version begins anew.

use anyhow::{Context, Result, bail};
use cairn_domain::search_rules::FIRST_VERSION;
use serde_json::{Map, Value, json};

use crate::client::{Client, fresh_key, segment};

/// The lists a `PUT` asks for.
const LISTS: [&str; 4] = ["synonyms", "stop_words", "pins", "keywords"];

fn path(portal: &str, locale: &str) -> String {
    let (portal, locale) = (segment(portal), segment(locale));
    format!("/api/v1/search-rules?portal={portal}&locale={locale}")
}

/// The four lists of an object that has them among others.
fn lists(rules: &Value) -> Map<String, Value> {
    let list = |name: &str| (name.to_owned(), rules[name].clone());
    LISTS.into_iter().map(list).collect()
}

/// The rules of each locale of a portal that has some.
///
/// # Errors
/// What the server refuses: they need the scope `search:write`.
pub(super) async fn of_portal(client: &Client, portal: &Value) -> Result<Vec<Value>> {
    let slug = portal["slug"].as_str().unwrap_or_default();
    let locales = portal["locales"].as_array().into_iter().flatten();
    let mut all = Vec::new();
    for locale in locales.filter_map(Value::as_str) {
        let there = client.get(&path(slug, locale)).await;
        let mut rules = lists(&there.context("the rules of search cannot be read")?);
        if rules.values().all(|list| *list == json!([])) {
            continue;
        }
        rules.insert("locale".to_owned(), json!(locale));
        all.push(Value::Object(rules));
    }
    Ok(all)
}

/// Puts rules into a portal that has none for their locale; whether they were not there already.
///
/// # Errors
/// What the server refuses, or other rules that are there.
pub(super) async fn restore(client: &Client, portal: &str, rules: &Value) -> Result<bool> {
    let locale = rules["locale"].as_str().unwrap_or_default();
    let path = path(portal, locale);
    let (there, etag) = client.get_with_etag(&path).await?;
    let wanted = lists(rules);
    if lists(&there) == wanted {
        return Ok(false);
    }
    if there["row_version"] != FIRST_VERSION {
        bail!("the rules of search for {locale} are here and not as the bundle has them");
    }
    client.put(&path, &wanted, &etag, &fresh_key()).await?;
    Ok(true)
}
