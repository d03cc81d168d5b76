//! What became of an import: counts, faults and warnings, for people and for scripts.

use std::fmt::Write;

use cairn_service::articles::ImportResult;
use serde::Serialize;
use serde_json::{Value, json};

use crate::import::links::DeadLinks;
use crate::limits::IMPORT_ERRORS_MAX;
use crate::out;

/// Faults and warnings a person sees one by one; the rest is counted.
const SHOWN: usize = 20;

/// Why one file did not become an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// The file, from the folder on.
    pub(crate) path: String,
    /// Where in it, from 1.
    pub(crate) line: usize,
    /// Why, and the way out.
    pub(crate) reason: String,
}

impl Fault {
    /// A fault at a line of a file.
    pub(crate) fn at(path: &str, line: usize, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            reason: reason.into(),
        }
    }
}

/// Counts of one import.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) failed: u64,
    /// The first faults.
    pub(crate) faults: Vec<Fault>,
    /// Links that lead nowhere.
    pub(crate) links: DeadLinks,
    /// How long it took.
    pub(crate) elapsed_ms: u128,
}

impl Report {
    /// Notes a file that did not become an article.
    pub(crate) fn fail(&mut self, fault: Fault) {
        self.failed += 1;
        if self.faults.len() < IMPORT_ERRORS_MAX {
            self.faults.push(fault);
        }
    }

    /// Notes what the server made of the files of a batch, in their order.
    pub(crate) fn note(&mut self, paths: &[String], results: Vec<ImportResult>) {
        for (path, result) in paths.iter().zip(results) {
            match result {
                ImportResult::Created { .. } => self.created += 1,
                ImportResult::Updated { .. } => self.updated += 1,
                ImportResult::Unchanged { .. } => self.unchanged += 1,
                ImportResult::Conflict { reason, .. } | ImportResult::Failed { reason } => {
                    self.fail(Fault::at(path, 1, reason))
                }
            }
        }
    }

    /// Files dealt with so far.
    pub(crate) fn files(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.failed
    }

    /// For scripts: the agreed keys, then what explains them. `conflicts` stays 0 until articles
    /// edited here since the last import can be told apart.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "failed": self.failed,
            "conflicts": 0,
            "warnings": self.links.count(),
            "elapsed_ms": u64::try_from(self.elapsed_ms).unwrap_or(u64::MAX),
            "errors": self.faults,
            "dead_links": self.links.warnings(),
        })
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        let counts = [
            ("created", self.created),
            ("updated", self.updated),
            ("unchanged", self.unchanged),
            ("failed", self.failed),
            ("warnings", self.links.count()),
        ];
        let rows: Vec<Vec<String>> = counts
            .iter()
            .map(|(name, count)| vec![(*name).to_owned(), format!("{count:>9}")])
            .collect();
        let mut text = out::table(&rows);
        if !self.faults.is_empty() {
            text.push_str("\nnot imported:\n");
            for fault in self.faults.iter().take(SHOWN) {
                let _ = writeln!(text, "  {}:{}: {}", fault.path, fault.line, fault.reason);
            }
            more(&mut text, self.failed, self.faults.len().min(SHOWN));
        }
        let warnings = self.links.warnings();
        if !warnings.is_empty() {
            text.push_str("\nlinks that lead nowhere:\n");
            let rows: Vec<Vec<String>> = warnings
                .iter()
                .take(SHOWN)
                .map(|w| {
                    let prefix = format!("  {}…", w.prefix);
                    vec![
                        prefix,
                        format!("{:>7}", w.count),
                        format!("e.g. {}", w.example),
                    ]
                })
                .collect();
            text.push_str(&out::table(&rows));
            let shown: u64 = warnings.iter().take(SHOWN).map(|w| w.count).sum();
            if self.links.count() > shown {
                let _ = writeln!(text, "  and {} more", self.links.count() - shown);
            }
        }
        text.truncate(text.trim_end().len());
        text
    }
}

fn more(text: &mut String, all: u64, shown: usize) {
    let rest = all.saturating_sub(shown as u64);
    if rest > 0 {
        let _ = writeln!(
            text,
            "  and {rest} more; --json lists up to {IMPORT_ERRORS_MAX}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_counted_once() {
        let mut report = Report::default();
        let paths: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let (id, slug) = (String::new(), String::new());
        report.note(
            &paths,
            vec![
                ImportResult::Created {
                    id: id.clone(),
                    slug: slug.clone(),
                },
                ImportResult::Updated {
                    id: id.clone(),
                    slug: slug.clone(),
                },
                ImportResult::Unchanged { id, slug },
                ImportResult::Failed {
                    reason: "no".to_owned(),
                },
            ],
        );
        for n in 0..IMPORT_ERRORS_MAX {
            report.fail(Fault::at("e.md", n, "bad"));
        }
        assert_eq!(report.files(), 4 + IMPORT_ERRORS_MAX as u64);
        let json = report.to_json();
        for (key, want) in [
            ("created", 1),
            ("updated", 1),
            ("unchanged", 1),
            ("conflicts", 0),
        ] {
            assert_eq!(json[key], want, "{key}");
        }
        assert_eq!(json["failed"], 1 + IMPORT_ERRORS_MAX);
        assert_eq!(json["errors"].as_array().unwrap().len(), IMPORT_ERRORS_MAX);
        assert_eq!(
            json["errors"][0],
            serde_json::json!({"path": "d", "line": 1, "reason": "no"})
        );
        let text = report.to_text();
        assert!(
            text.contains("e.md:3: bad") && text.contains("981 more"),
            "{text}"
        );
    }
}
