//! Whether an article is a list of questions, and what it answers.
//!
//! The rule is plain: at least [`QUESTIONS_MIN`] headings of one level end in a question mark and have
//! text below them. Of several such levels the one with most questions counts, of equals the upper one.

use cairn_markdown::Heading;

/// Fewest questions of a list of questions.
const QUESTIONS_MIN: usize = 2;
/// Most questions that are told.
const QUESTIONS_MAX: usize = 50;
/// Longest answer that is told, in characters: the beginning of what stands below the question.
const ANSWER_CHARS_MAX: usize = 400;
/// The question marks of the scripts the pages are written in.
const MARKS: [char; 5] = ['?', '？', '؟', ';', '՞'];

/// A question of an article and the beginning of its answer, both plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The heading.
    pub asked: String,
    /// The beginning of the text below it.
    pub answer: String,
}

/// The questions of a body; none when it is no list of questions.
pub(super) fn questions(body: &str, headings: &[Heading]) -> Vec<Question> {
    let asks = |heading: &Heading| heading.text.trim_end().ends_with(MARKS);
    let levels = 2..=6_u8;
    levels
        .map(|level| {
            let of_level = headings
                .iter()
                .enumerate()
                .filter(|(_, h)| h.level == level && asks(h));
            // What cannot become a list is not read.
            if of_level.clone().count() < QUESTIONS_MIN {
                return Vec::new();
            }
            of_level
                .take(QUESTIONS_MAX)
                .filter_map(|(i, heading)| {
                    let end = headings.get(i + 1..).unwrap_or_default().iter();
                    let end = end.clone().find(|h| h.level <= level);
                    let end = end.map_or(body.len(), |h| h.body_offset);
                    let below = below(body.get(heading.body_offset..end)?);
                    let answer = cairn_markdown::excerpt(below, ANSWER_CHARS_MAX).ok()?;
                    (!answer.is_empty()).then(|| Question {
                        asked: heading.text.trim().to_owned(),
                        answer,
                    })
                })
                .collect()
        })
        // The first of equals stays.
        .fold(Vec::new(), |best: Vec<Question>, these: Vec<Question>| {
            if these.len() >= QUESTIONS_MIN && these.len() > best.len() {
                these
            } else {
                best
            }
        })
}

/// A section without its heading: the line it begins with, and the underline of one that has one.
fn below(section: &str) -> &str {
    let after = |text: &str| text.find('\n').map(|at| at + 1);
    let Some(first) = after(section) else {
        return "";
    };
    let rest = section.get(first..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default().trim();
    let is_underline = !line.is_empty()
        && (line.bytes().all(|b| b == b'=') || line.bytes().all(|b| b == b'-'))
        && !section.trim_start().starts_with('#');
    if is_underline {
        return rest
            .get(after(rest).unwrap_or(rest.len())..)
            .unwrap_or_default();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Vec<(String, String)> {
        questions(body, &cairn_markdown::headings(body).unwrap())
            .into_iter()
            .map(|q| (q.asked, q.answer))
            .collect()
    }

    #[test]
    fn two_questions_with_answers_make_a_list_of_questions() {
        let found = of(
            "Before.\n\n## Can I?\n\nYes, **you** can.\n\n### A detail\n\nMore.\n\n## Not asked\n\nText.\n\nWhen?\n-----\n\nNow.\n",
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].0, "Can I?");
        assert!(found[0].1.starts_with("Yes, you can."), "{found:?}");
        assert!(!found[0].1.contains("Text."), "{found:?}");
        assert_eq!(found[1], ("When?".to_owned(), "Now.".to_owned()));
        assert_eq!(
            of("## 返金できますか？\n\nはい。\n\n## いつ？\n\n今。\n").len(),
            2
        );
    }

    #[test]
    fn one_question_and_questions_without_answers_make_none() {
        assert!(of("## Can I?\n\nYes.\n\n## Statement\n\nText.\n").is_empty());
        assert!(of("## Can I?\n\n## When?\n\nNow.\n").is_empty());
        assert!(of("## Can I?\n\nYes.\n\n### When?\n\nNow.\n").is_empty());
        assert!(of("").is_empty());
        assert!(of("## ?").is_empty());
    }
}
