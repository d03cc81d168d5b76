//! What a command says: answers on standard output, faults on standard error.

use std::io::Write;
use std::process::ExitCode;

/// Writes one line of answer and flushes it: a script that reads the line may act on it.
pub(crate) fn line(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Writes one JSON value as one line.
pub(crate) fn json(value: &serde_json::Value) -> std::io::Result<()> {
    line(&value.to_string())
}

/// Says why a command failed, causes included, and gives its exit code.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    let text = match error.downcast_ref::<cairn_cluster::ClusterError>() {
        Some(cluster) => cluster.report(),
        None => format!("error: {error:#}"),
    };
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}

/// Lays rows out in columns; the first row is the heading.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let gap = width.saturating_sub(cell.chars().count()) + 2;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', gap));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up_by_characters() {
        let rows = [["name", "id"], ["Übersicht", "1"], ["a", "22"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|r| r.map(String::from).to_vec()).collect();
        assert_eq!(table(&rows), "name       id\nÜbersicht  1\na          22\n");
    }
}
