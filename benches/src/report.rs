//! What was measured, as Markdown for people and as JSON for programs.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::limit::Judged;
use crate::out;

/// The report so far. A section is printed when it is measured: what was found is not lost when
/// something later fails.
#[derive(Default)]
pub(crate) struct Report {
    data: Map<String, Value>,
    judged: Vec<Judged>,
}

/// A table with a heading.
pub(crate) struct Section<'a> {
    pub(crate) title: &'a str,
    pub(crate) columns: &'a [&'a str],
    pub(crate) rows: Vec<Vec<String>>,
    /// Sentences below the table.
    pub(crate) notes: Vec<String>,
}

impl Report {
    /// Keeps numbers under a name.
    pub(crate) fn keep(&mut self, name: &str, value: impl Serialize) -> Result<()> {
        let value = serde_json::to_value(value).context("numbers are JSON")?;
        self.data.insert(name.to_owned(), value);
        Ok(())
    }

    /// Keeps ratios that have a limit, for the table at the end.
    pub(crate) fn judge(&mut self, judged: impl IntoIterator<Item = Judged>) {
        self.judged.extend(judged);
    }

    /// Every ratio that has a limit, once more.
    pub(crate) fn print_judged(&mut self) -> Result<()> {
        if self.judged.is_empty() {
            return Ok(());
        }
        let rows = self.judged.iter().map(|judged| {
            let [ratio, limit] = judged.cells();
            vec![judged.what.clone(), ratio, limit]
        });
        self.print(&Section {
            title: "Ratios that have a limit",
            columns: &["what", "ratio", "limit"],
            rows: rows.collect(),
            notes: Vec::new(),
        });
        self.keep("limits", self.judged.clone())
    }

    /// Prints a section.
    pub(crate) fn print(&self, section: &Section<'_>) {
        out::line(&markdown(section));
    }

    /// Writes everything kept.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.data).context("numbers are JSON")?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A table whose columns also line up for readers of plain text.
fn markdown(section: &Section<'_>) -> String {
    let mut widths: Vec<usize> = section.columns.iter().map(|c| c.chars().count()).collect();
    for row in &section.rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| match at {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = format!("\n### {}\n\n", section.title);
    text += &line(&mut section.columns.iter().copied());
    let rules: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(at, width)| match at {
            0 => "-".repeat(*width),
            _ => "-".repeat(width - 1) + ":",
        })
        .collect();
    text += &line(&mut rules.iter().map(String::as_str));
    for row in &section.rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    if !section.notes.is_empty() {
        text += &format!("\n{}\n", section.notes.join(" "));
    }
    text.trim_end().to_owned()
}

/// A rate: no more digits than repeat.
pub(crate) fn rate(per_s: f64) -> String {
    match per_s {
        r if r >= 10_000.0 => grouped((r / 100.0).round() * 100.0),
        r if r >= 100.0 => grouped(r.round()),
        r => format!("{r:.1}"),
    }
}

fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Milliseconds.
pub(crate) fn ms(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}

/// How often the second goes into the first.
pub(crate) fn ratio(one: f64, other: f64) -> String {
    if other <= 0.0 {
        return "–".to_owned();
    }
    format!("{:.2}", one / other)
}

/// A share as per cent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Above this share of the machine, foreign work is more than the kernel's own.
const NOISE: f64 = 0.05;

/// A sentence about the work of others meanwhile.
pub(crate) fn foreign(share: f64) -> String {
    let advice = if share > NOISE {
        ": the machine was busy, run again when it is not"
    } else {
        ""
    };
    format!(
        "Foreign work: at most {} of the machine{advice}.",
        percent(share)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_repeat() {
        assert_eq!(rate(146_324.4), "146,300");
        assert_eq!(rate(1_234.5), "1,235");
        assert_eq!(rate(244.4), "244");
        assert_eq!(rate(21.94), "21.9");
        assert_eq!(ms(0.1234), "0.123");
        assert_eq!(ms(1_440.2), "1440");
        assert_eq!(ratio(1.0, 2.0), "0.50");
        assert_eq!(ratio(1.0, 0.0), "–");
    }

    #[test]
    fn a_table_lines_up() {
        let section = Section {
            title: "T",
            columns: &["what", "per s"],
            rows: vec![vec!["a".to_owned(), "1,000".to_owned()]],
            notes: vec!["One.".to_owned(), "Two.".to_owned()],
        };
        assert_eq!(
            markdown(&section),
            "\n### T\n\n| what | per s |\n| ---- | ----: |\n| a    | 1,000 |\n\nOne. Two."
        );
    }
}
