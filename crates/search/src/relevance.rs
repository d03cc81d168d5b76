//! Scores of a ranked list against judgements, as `trec_eval` computes them: gains are the grades,
//! the discount is log2(rank + 1), the ideal list comes from the judgements.

use std::collections::BTreeMap;

/// Judged queries: query id → document id → grade.
#[derive(Debug, Clone, Default)]
pub struct Qrels(BTreeMap<String, BTreeMap<String, u32>>);

impl Qrels {
    /// Reads lines `query-id <tab> document-id <tab> grade`; a first line that names the columns is
    /// skipped. The error names the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut qrels = Self::default();
        for (at, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with("query-id") {
                continue;
            }
            let mut columns = line.split('\t');
            let (Some(query), Some(document), Some(grade)) =
                (columns.next(), columns.next(), columns.next())
            else {
                return Err(format!("line {}: three columns expected", at + 1));
            };
            let grade: i64 = grade
                .trim()
                .parse()
                .map_err(|e| format!("line {}: {e}", at + 1))?;
            let grade = u32::try_from(grade.max(0)).unwrap_or(u32::MAX);
            qrels
                .0
                .entry(query.to_owned())
                .or_default()
                .insert(document.to_owned(), grade);
        }
        Ok(qrels)
    }

    /// The grades of one query, if it was judged.
    pub fn of(&self, query: &str) -> Option<&BTreeMap<String, u32>> {
        self.0.get(query)
    }

    /// How many queries were judged.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Normalised discounted cumulative gain of the first `depth` documents: 0 to 1.
pub fn ndcg_at(depth: usize, ranked: &[impl AsRef<str>], grades: &BTreeMap<String, u32>) -> f64 {
    let dcg = |gains: &mut dyn Iterator<Item = u32>| -> f64 {
        gains
            .take(depth)
            .enumerate()
            .map(|(at, gain)| f64::from(gain) / (at as f64 + 2.0).log2())
            .sum()
    };
    let mut ideal: Vec<u32> = grades.values().copied().collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let best = dcg(&mut ideal.into_iter());
    if best == 0.0 {
        return 0.0;
    }
    dcg(&mut ranked
        .iter()
        .map(|id| grades.get(id.as_ref()).copied().unwrap_or(0)))
        / best
}

/// One over the rank of the first relevant document; 0 when none was found.
pub fn reciprocal_rank(ranked: &[impl AsRef<str>], grades: &BTreeMap<String, u32>) -> f64 {
    ranked
        .iter()
        .position(|id| grades.get(id.as_ref()).is_some_and(|g| *g > 0))
        .map_or(0.0, |at| 1.0 / (at as f64 + 1.0))
}

/// The share of the relevant documents among the first `depth`.
pub fn recall_at(depth: usize, ranked: &[impl AsRef<str>], grades: &BTreeMap<String, u32>) -> f64 {
    let relevant = grades.values().filter(|g| **g > 0).count();
    if relevant == 0 {
        return 0.0;
    }
    let found = ranked
        .iter()
        .take(depth)
        .filter(|id| grades.get(id.as_ref()).is_some_and(|g| *g > 0))
        .count();
    found as f64 / relevant as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_trec_eval() {
        // Checked by hand: DCG = 1/log2(3) + 2/log2(4); ideal = 2/log2(2) + 1/log2(3).
        let qrels =
            Qrels::parse("query-id\tcorpus-id\tscore\nq\ta\t1\nq\tb\t2\nq\tc\t0\n").unwrap();
        let grades = qrels.of("q").unwrap();
        let ranked = ["x", "a", "b"];
        let want = (1.0 / 3f64.log2() + 1.0) / (2.0 + 1.0 / 3f64.log2());
        assert!((ndcg_at(10, &ranked, grades) - want).abs() < 1e-12);
        assert_eq!(reciprocal_rank(&ranked, grades), 0.5);
        assert_eq!(recall_at(2, &ranked, grades), 0.5);
        assert_eq!(ndcg_at(1, &ranked, grades), 0.0);
        assert_eq!(qrels.len(), 1);
    }

    #[test]
    fn a_bad_line_is_named() {
        assert_eq!(
            Qrels::parse("q\ta\t1\nq\n").unwrap_err(),
            "line 2: three columns expected"
        );
    }
}
