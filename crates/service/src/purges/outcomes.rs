//! Outcomes of earlier writes, without what they hold of something erased.
//!
//! An outcome is the answer of a write, kept for its retries. It never holds a text, but addresses
//! and ids of other systems, which are made from titles.

use cairn_domain::ids::PortalId;
use cairn_store::Tx;
use serde_json::Value;
use uuid::Uuid;

use crate::Result;

/// What stands in place of something erased; a slug may be read back from it.
const BLANK: &str = "purged";

/// The members in which an answer says something that was made from the content.
const TELLING: [&str; 11] = [
    "slug",
    "source_id",
    "title",
    "name",
    "path",
    "address",
    "url",
    "markdown",
    "old_url",
    "reason",
    "digest",
];

/// Takes out of every outcome what it says of the subject: the telling members of each object that
/// names it by its id, and sentences that quote one of its `names`.
pub(super) async fn redact(
    tx: &mut Tx,
    portal: PortalId,
    subject: Uuid,
    names: &[String],
) -> Result<()> {
    let id = subject.to_string();
    let mut looked_for = vec![id.as_str()];
    // A name is part of a JSON text as JSON writes it; those that need escapes are found by the id.
    looked_for.extend(names.iter().map(String::as_str).filter(|n| !n.is_empty()));
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let kept = cairn_store::purges::outcomes_naming(tx, portal, &looked_for).await?;
    for mut outcome in kept {
        if clean(&mut outcome.outcome, &id, &quoted) {
            cairn_store::purges::put_outcome(tx, portal, &outcome).await?;
        }
    }
    Ok(())
}

/// Cleans a value; whether anything was taken out.
fn clean(value: &mut Value, id: &str, quoted: &[String]) -> bool {
    match value {
        Value::String(text) => {
            let tells = quoted.iter().any(|q| text.contains(q.as_str()));
            if tells {
                *text = BLANK.to_owned();
            }
            tells
        }
        Value::Array(values) => values
            .iter_mut()
            .fold(false, |done, v| clean(v, id, quoted) | done),
        Value::Object(members) => {
            let is_subject = members.values().any(|v| names_it(v, id));
            let mut done = false;
            for (name, member) in members {
                let tells = is_subject && TELLING.contains(&name.as_str())
                    || name == "old_url" && is_one_of(member, quoted);
                if tells && member.is_string() {
                    *member = BLANK.into();
                    done = true;
                } else {
                    done |= clean(member, id, quoted);
                }
            }
            done
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a value is the id itself, or a redirect's target with it.
fn names_it(value: &Value, id: &str) -> bool {
    value
        .as_str()
        .is_some_and(|text| text == id || text.strip_prefix("article:") == Some(id))
}

fn is_one_of(value: &Value, quoted: &[String]) -> bool {
    value
        .as_str()
        .is_some_and(|text| quoted.iter().any(|q| q.trim_matches('"') == text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_tells_of_the_subject_goes_and_nothing_else() {
        let quoted = vec!["\"about-bob\"".to_owned()];
        let mut outcome = json!({
            "article": {"id": "1", "slug": "about-bob", "locale": "en", "number": 4},
            "results": [
                {"id": "2", "slug": "about-eve", "result": "created"},
                {"id": "1", "slug": "about-bob", "result": "created"},
                {"result": "failed", "id": "3", "reason": "slug \"about-bob\" is taken by another"},
                {"result": "failed", "reason": "slug \"about-bobby\" is taken by another"},
            ],
        });
        assert!(clean(&mut outcome, "1", &quoted));
        assert_eq!(
            outcome,
            json!({
                "article": {"id": "1", "slug": "purged", "locale": "en", "number": 4},
                "results": [
                    {"id": "2", "slug": "about-eve", "result": "created"},
                    {"id": "1", "slug": "purged", "result": "created"},
                    {"result": "failed", "id": "3", "reason": "purged"},
                    {"result": "failed", "reason": "slug \"about-bobby\" is taken by another"},
                ],
            })
        );
        assert!(!clean(
            &mut json!({"id": "2", "slug": "about-eve"}),
            "1",
            &quoted
        ));
    }
}
