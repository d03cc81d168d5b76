//! What became of an import: counts, faults, conflicts and warnings, for people and for scripts.

use std::fmt::Write;

use cairn_service::articles::ImportResult;
use cairn_sources::links::{DeadLinks, Warning};
use cairn_sources::{Fault, Source, SourceArticle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::limits::IMPORT_ERRORS_MAX;
use crate::out;

/// Faults and warnings a person sees one by one; the rest is counted.
const SHOWN: usize = 20;

/// A file that changed, and whose article changed here as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Conflict {
    /// The file.
    pub(crate) path: String,
    /// The article's id here.
    pub(crate) id: String,
    /// Its slug here.
    pub(crate) slug: String,
    /// What differs and the way out.
    pub(crate) reason: String,
}

/// A count, and the first of what it counts.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) count: u64,
    pub(crate) first: Vec<T>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            count: 0,
            first: Vec::new(),
        }
    }
}

impl<T> Listed<T> {
    fn push(&mut self, one: T) {
        self.count += 1;
        if self.first.len() < IMPORT_ERRORS_MAX {
            self.first.push(one);
        }
    }
}

/// What became of the files that articles show.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) uploaded: u64,
    pub(crate) unchanged: u64,
    pub(crate) failed: Listed<Fault>,
}

impl Files {
    pub(crate) fn fail(&mut self, fault: Fault) {
        self.failed.push(fault);
    }
}

/// What became of the old addresses that are no article's own.
#[derive(Debug, Default)]
pub(crate) struct Redirects {
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    pub(crate) failed: Listed<Fault>,
}

impl Redirects {
    pub(crate) fn fail(&mut self, fault: Fault) {
        self.failed.push(fault);
    }
}

/// Counts of one import.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) source: String,
    pub(crate) kind: &'static str,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    /// Of a rehearsal: articles, files and old addresses that would be sent.
    pub(crate) would_send: u64,
    would_upload: u64,
    would_redirect: u64,
    /// Whether nothing was to be sent.
    pub(crate) is_rehearsal: bool,
    pub(crate) failed: Listed<Fault>,
    pub(crate) conflicts: Listed<Conflict>,
    pub(crate) files: Files,
    pub(crate) redirects: Redirects,
    /// Articles whose file is no longer there.
    pub(crate) gone: Listed<String>,
    pub(crate) archived: u64,
    /// Articles that are there in more than one language.
    pub(crate) translated: u64,
    prune_failed: Listed<Fault>,
    links: DeadLinks,
    dead_links: (u64, Vec<Warning>),
    remarks: Listed<Fault>,
    /// How long it took.
    pub(crate) elapsed_ms: u128,
}

impl Report {
    /// Nothing yet, of this source.
    pub(crate) fn new(source: &str, kind: &'static str) -> Self {
        Self {
            source: source.to_owned(),
            kind,
            ..Self::default()
        }
    }

    /// Notes a file that did not become an article.
    pub(crate) fn fail(&mut self, fault: Fault) {
        self.failed.push(fault);
    }

    /// Notes an article that could not be archived.
    pub(crate) fn fail_prune(&mut self, fault: Fault) {
        self.prune_failed.push(fault);
    }

    /// Notes what stops nothing.
    pub(crate) fn remark(&mut self, fault: Fault) {
        self.remarks.push(fault);
    }

    /// Notes articles whose file is no longer there.
    pub(crate) fn gone(&mut self, paths: impl Iterator<Item = String>) {
        paths.for_each(|path| self.gone.push(path));
    }

    /// Looks at the links of an article.
    pub(crate) fn look(&mut self, article: &SourceArticle) {
        self.links.note_file(&article.path);
        for url in &article.old_urls {
            self.links.note_old_url(url);
        }
        self.links
            .look(&article.path, &article.body, article.body_line);
    }

    /// Notes what a source says once all its articles were read.
    pub(crate) fn conclude(&mut self, source: &dyn Source) {
        for file in source.files() {
            self.links.note_file(&file.path);
            self.would_upload += 1;
        }
        for address in source.old_addresses() {
            self.links.note_old_url(&address.old_url);
            self.would_redirect += 1;
        }
        self.dead_links = self.links.dead();
        for remark in source.remarks() {
            self.remark(remark);
        }
    }

    /// Notes what the server made of the files of a batch, in their order.
    pub(crate) fn note(&mut self, paths: &[String], results: Vec<ImportResult>) {
        for (path, result) in paths.iter().zip(results) {
            match result {
                ImportResult::Created { .. } => self.created += 1,
                ImportResult::Updated { .. } => self.updated += 1,
                ImportResult::Unchanged { .. } => self.unchanged += 1,
                ImportResult::Conflict { id, slug, reason } => self.conflicts.push(Conflict {
                    path: path.clone(),
                    id,
                    slug,
                    reason,
                }),
                ImportResult::Failed { reason } => self.fail(Fault::at(path, 1, reason)),
            }
        }
    }

    /// Articles dealt with so far.
    pub(crate) fn articles(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.conflicts.count + self.failed.count
    }

    /// Whether everything that was in the source is here now as the source has it.
    pub(crate) fn is_whole(&self) -> bool {
        let failed = [
            self.failed.count,
            self.conflicts.count,
            self.files.failed.count,
            self.redirects.failed.count,
            self.prune_failed.count,
        ];
        failed.iter().all(|count| *count == 0)
    }

    /// For scripts: the counts, then what explains them.
    pub(crate) fn to_json(&self) -> Value {
        let mut json = json!({
            "source": self.source,
            "kind": self.kind,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "failed": self.failed.count,
            "conflicts": self.conflicts.count,
            "gone": self.gone.count,
            "archived": self.archived,
            "translated": self.translated,
            "warnings": self.dead_links.0,
            "files": {
                "uploaded": self.files.uploaded,
                "unchanged": self.files.unchanged,
                "failed": self.files.failed.count,
            },
            "redirects": {
                "changed": self.redirects.changed,
                "unchanged": self.redirects.unchanged,
                "failed": self.redirects.failed.count,
            },
            "elapsed_ms": u64::try_from(self.elapsed_ms).unwrap_or(u64::MAX),
            "errors": self.failed.first,
            "conflicting": self.conflicts.first,
            "file_errors": self.files.failed.first,
            "redirect_errors": self.redirects.failed.first,
            "archive_errors": self.prune_failed.first,
            "gone_files": self.gone.first,
            "dead_links": self.dead_links.1,
            "remarks": self.remarks.first,
        });
        if self.is_rehearsal {
            json["would_send"] = json!(self.would_send);
            json["would_upload"] = json!(self.would_upload);
            json["would_redirect"] = json!(self.would_redirect);
        }
        json
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{} ({})\n", self.source, self.kind);
        text.push_str(&self.counts());
        list(&mut text, "not imported", &self.failed, |fault| {
            fault.to_string()
        });
        list(
            &mut text,
            "conflicts: file and article both changed, nothing was written (--overwrite lets the file win)",
            &self.conflicts,
            |conflict| format!("{} ({}): {}", conflict.path, conflict.slug, conflict.reason),
        );
        let short = |fault: &Fault| format!("{}: {}", fault.path, fault.reason);
        list(
            &mut text,
            "files that were not taken",
            &self.files.failed,
            short,
        );
        list(
            &mut text,
            "old addresses that were not taken",
            &self.redirects.failed,
            short,
        );
        list(
            &mut text,
            "no longer in the source, still here (--prune archives them)",
            &self.gone,
            Clone::clone,
        );
        list(
            &mut text,
            "could not be archived",
            &self.prune_failed,
            short,
        );
        list(
            &mut text,
            "left out, or read otherwise than it may be meant",
            &self.remarks,
            |fault| {
                if fault.path.is_empty() {
                    fault.reason.clone()
                } else {
                    fault.to_string()
                }
            },
        );
        self.dead_links_text(&mut text);
        text.truncate(text.trim_end().len());
        text
    }

    fn counts(&self) -> String {
        let mut counts = vec![
            ("created", self.created),
            ("updated", self.updated),
            ("unchanged", self.unchanged),
            ("failed", self.failed.count),
        ];
        if self.is_rehearsal {
            counts = vec![
                ("articles to send", self.would_send),
                ("files to send", self.would_upload),
                ("redirects to send", self.would_redirect),
                ("failed", self.failed.count),
            ];
        }
        // What most imports have none of is not shown as a row of zeros.
        let others = [
            ("conflicts", self.conflicts.count),
            ("files uploaded", self.files.uploaded),
            ("files unchanged", self.files.unchanged),
            ("files failed", self.files.failed.count),
            ("redirects changed", self.redirects.changed),
            ("redirects unchanged", self.redirects.unchanged),
            ("redirects failed", self.redirects.failed.count),
            ("gone", self.gone.count),
            ("archived", self.archived),
            ("translated", self.translated),
        ];
        counts.extend(others.into_iter().filter(|(_, count)| *count > 0));
        counts.push(("warnings", self.dead_links.0));
        let rows: Vec<Vec<String>> = counts
            .iter()
            .map(|(name, count)| vec![(*name).to_owned(), format!("{count:>9}")])
            .collect();
        out::table(&rows)
    }

    fn dead_links_text(&self, text: &mut String) {
        let (count, warnings) = &self.dead_links;
        if warnings.is_empty() {
            return;
        }
        text.push_str("\nlinks that lead nowhere:\n");
        let shown = warnings.iter().take(SHOWN);
        let rows: Vec<Vec<String>> = shown
            .clone()
            .map(|w| {
                vec![
                    format!("  {}…", w.prefix),
                    format!("{:>7}", w.count),
                    format!("e.g. {}", w.example),
                ]
            })
            .collect();
        text.push_str(&out::table(&rows));
        let shown: u64 = shown.map(|w| w.count).sum();
        if *count > shown {
            let _ = writeln!(text, "  and {} more", count - shown);
        }
    }
}

/// A heading and the first of a list.
fn list<T>(text: &mut String, heading: &str, listed: &Listed<T>, line: impl Fn(&T) -> String) {
    if listed.count == 0 {
        return;
    }
    let _ = writeln!(text, "\n{heading}:");
    for one in listed.first.iter().take(SHOWN) {
        let _ = writeln!(text, "  {}", line(one));
    }
    let rest = listed.count - (listed.first.len().min(SHOWN)) as u64;
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
        let mut report = Report::new("s", "Markdown");
        let paths: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let (id, slug) = ("i".to_owned(), "the-slug".to_owned());
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
                ImportResult::Unchanged {
                    id: id.clone(),
                    slug: slug.clone(),
                },
                ImportResult::Failed {
                    reason: "no".to_owned(),
                },
                ImportResult::Conflict {
                    id,
                    slug,
                    reason: "both changed".to_owned(),
                },
            ],
        );
        for n in 0..IMPORT_ERRORS_MAX {
            report.fail(Fault::at("e.md", n, "bad"));
        }
        assert_eq!(report.articles(), 5 + IMPORT_ERRORS_MAX as u64);
        let json = report.to_json();
        for (key, want) in [
            ("created", 1),
            ("updated", 1),
            ("unchanged", 1),
            ("conflicts", 1),
        ] {
            assert_eq!(json[key], want, "{key}");
        }
        assert_eq!(json["failed"], 1 + IMPORT_ERRORS_MAX);
        assert_eq!(json["errors"].as_array().unwrap().len(), IMPORT_ERRORS_MAX);
        assert_eq!(
            json["errors"][0],
            json!({"path": "d", "line": 1, "reason": "no"})
        );
        assert_eq!(
            json["conflicting"],
            json!([{"path": "e", "id": "i", "slug": "the-slug", "reason": "both changed"}])
        );
        let text = report.to_text();
        for part in [
            "e.md:3: bad",
            "981 more",
            "e (the-slug): both changed",
            "--overwrite",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn anything_that_is_not_here_as_the_source_has_it_makes_it_not_whole() {
        let fault = || Fault::at("a", 1, "x");
        let spoil: [fn(&mut Report, Fault); 4] = [
            |report, fault| report.fail(fault),
            |report, fault| report.files.fail(fault),
            |report, fault| report.redirects.fail(fault),
            |report, fault| report.fail_prune(fault),
        ];
        for spoil in spoil {
            let mut report = Report::default();
            assert!(report.is_whole());
            spoil(&mut report, fault());
            assert!(!report.is_whole());
        }
        let mut report = Report::default();
        report.remark(fault());
        report.gone(["a.md".to_owned()].into_iter());
        assert!(report.is_whole());
    }
}
