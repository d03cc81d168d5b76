//! What an import remembers, put beside what is here now: whether the file is the same, whether the
//! article is, and what to say when both are not. Pure decisions; nothing here reads or writes.

use cairn_domain::article::Article;
use cairn_domain::ids::CategoryId;
use cairn_domain::revision::Staged;
use cairn_store::imported_files::{ImportedFile, Remembered};

use crate::articles::import::prepare::Prepared;

/// What is known of an item before its article is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody has this id yet.
    New,
    /// The file says what it said the last time, from the same place.
    Same,
    /// It says the same from another place; only where it lies is to be remembered.
    Moved(ImportedFile),
    /// It says something else than the last time, or there was no last time.
    Changed(Option<ImportedFile>),
    /// The text of its article was erased.
    Purged,
}

/// Puts an item beside what is remembered under its id.
pub(super) fn standing(item: &Prepared, source: &str, known: Option<&Remembered>) -> Standing {
    let Some(known) = known else {
        return Standing::New;
    };
    if known.is_purged {
        return Standing::Purged;
    }
    match &known.file {
        Some(file) if file.digest == item.digest => {
            if file.source == source && file.path == item.path {
                Standing::Same
            } else {
                Standing::Moved(file.clone())
            }
        }
        file => Standing::Changed(file.clone()),
    }
}

/// What the file wants the article to be.
pub(super) struct Wanted<'a> {
    pub(super) item: &'a Prepared,
    /// The source the batch comes from.
    pub(super) source: &'a str,
    /// Where it hangs; none inside when a category on the way is not there yet.
    pub(super) category: Option<Option<CategoryId>>,
    /// Whether the file asks for a slug other than the article's.
    pub(super) moves_slug: bool,
}

/// Why the file may not be taken: what was changed here since it was last the same, and is not what
/// the file says now. What was changed on both sides to the same is no conflict.
pub(super) fn conflict(
    article: &Article,
    head: &Staged,
    file: Option<&ImportedFile>,
    wanted: &Wanted<'_>,
) -> Option<String> {
    let item = wanted.item;
    // What came from elsewhere was never the same as a file of this source.
    let file_here = file.filter(|f| f.source == wanted.source);
    let mut changes = Vec::new();
    if *head != item.new.staged && file_here.is_none_or(|f| f.revision != article.head_revision) {
        changes.push(match file_here {
            Some(f) => format!(
                "its text was edited here (revision {}, imported as {})",
                article.head_revision, f.revision
            ),
            None => "its text is another".to_owned(),
        });
    }
    if wanted.category != Some(article.category)
        && file_here.is_none_or(|f| f.category != article.category)
    {
        changes.push("its category is another".to_owned());
    }
    if item.new.status != article.status && file_here.is_none_or(|f| f.status != article.status) {
        changes.push(format!("its status is {} here", article.status.as_str()));
    }
    if item.audience.is_some_and(|a| a != article.audience)
        && file_here.is_none_or(|f| f.audience != article.audience)
    {
        changes.push(format!(
            "its audience is {} here",
            article.audience.as_str()
        ));
    }
    if wanted.moves_slug && file_here.is_none_or(|f| f.slug != article.slug.as_str()) {
        changes.push(format!("its slug is \"{}\" here", article.slug));
    }
    if changes.is_empty() {
        return None;
    }
    let changes = changes.join(", ");
    Some(match (file, file_here) {
        (Some(_), Some(_)) => format!(
            "the file and the article both changed since the last import: {changes}; carry the change over into the file, or import with overwrite to let the file win"
        ),
        (Some(file), None) => format!(
            "the article was imported from source \"{}\", not \"{}\", and differs: {changes}; give the source its old name, give the file another id, or import with overwrite to let the file win",
            file.source, wanted.source
        ),
        (None, _) => format!(
            "an article with this id is here that no import made, and it differs: {changes}; give the file another id, or import with overwrite to let the file win"
        ),
    })
}
