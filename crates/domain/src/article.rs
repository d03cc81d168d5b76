//! Articles: one unit of content in one locale, and the rules by which it changes.
//!
//! An article has a head revision (newest saved) and, while it is published, a published revision
//! (what readers see). [`Article::apply`] is the one place that decides what a change does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::field_error::FieldErrors;
use crate::ids::{ArticleId, CategoryId, PortalId, TranslationGroupId};
use crate::limits::{
    AUTHOR_CHARS_MAX, BODY_BYTES_MAX, EDITS_MAX, EXCERPT_CHARS_MAX, FRONT_MATTER_BYTES_MAX,
    MESSAGE_CHARS_MAX, SOURCE_ID_BYTES_MAX, TAG_CHARS_MAX, TAGS_MAX, TITLE_CHARS_MAX,
};
use crate::locale::Locale;
use crate::revision::Staged;
use crate::slug::Slug;
use crate::text::{check_required_text, check_text};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word in rows, addresses and answers.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// Reads the word back.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text)
            }
        }
    };
}

words! {
    /// Where an article stands.
    Status {
        /// Being written; readers do not see it.
        Draft = "draft",
        /// Readers see its published revision.
        Published = "published",
        /// Put away; readers do not see it.
        Archived = "archived",
    }
}

words! {
    /// Who may read it once published.
    Audience {
        /// Everybody.
        Public = "public",
        /// Credentials with `articles:read` only; never the public help center.
        Internal = "internal",
    }
}

/// An article without its text: the live fields and the numbers of its revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Whose.
    pub portal: PortalId,
    /// Its id.
    pub id: ArticleId,
    /// Short number, unique in the portal; may have gaps.
    pub number: i64,
    /// In which language.
    pub locale: Locale,
    /// Shared with its translations.
    pub translation_group: TranslationGroupId,
    /// Path segment, unique among the live slugs of portal and locale.
    pub slug: Slug,
    /// Where it hangs in the tree.
    pub category: Option<CategoryId>,
    /// Who may read it.
    pub audience: Audience,
    /// Where it stands.
    pub status: Status,
    /// Newest saved revision.
    pub head_revision: i32,
    /// What readers see. *Invariant:* present exactly while `status` is published.
    pub published_revision: Option<i32>,
    /// Raised by every change, staged or live.
    pub row_version: i64,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was last published.
    pub published_at: Option<Timestamp>,
    /// What it was translated from.
    #[serde(default)]
    pub translated_from: Option<TranslatedFrom>,
    /// When its text was erased; what is left is a tombstone.
    #[serde(default)]
    pub purged_at: Option<Timestamp>,
}

/// The article a translation was made from, as it was then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranslatedFrom {
    /// Which article.
    pub article: ArticleId,
    /// Which revision of it; the translation is behind once readers see a later one.
    pub revision: i32,
}

/// What an article is a translation of, and which group it is in with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translation {
    /// Shared by all translations of each other.
    pub group: TranslationGroupId,
    /// The article it was made from; none for one that stands alone.
    pub from: Option<TranslatedFrom>,
}

impl Article {
    /// Whether the head holds something readers do not see yet.
    pub fn has_unpublished_changes(&self) -> bool {
        self.published_revision
            .is_some_and(|r| r < self.head_revision)
    }
}

/// What a new article starts as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewArticle {
    /// Its text.
    pub staged: Staged,
    /// In which language.
    pub locale: Locale,
    /// Path segment; made from the title when absent.
    pub slug: Option<Slug>,
    /// Where it hangs in the tree.
    pub category: Option<CategoryId>,
    /// Who may read it.
    pub audience: Audience,
    /// Draft unless asked otherwise.
    pub status: Status,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
    /// Why, for the first revision.
    pub message: String,
}

impl NewArticle {
    /// Checks every field and notes every fault.
    pub fn validate(&self, errors: &mut FieldErrors) {
        validate_staged(errors, &self.staged);
        check_text(errors, "message", &self.message, MESSAGE_CHARS_MAX);
        if let Some(source_id) = &self.source_id {
            check_required_text(errors, "source_id", source_id, SOURCE_ID_BYTES_MAX);
        }
    }
}

/// One find/replace; `find` must stand in the base body exactly once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The passage to replace, to the byte.
    pub find: String,
    /// What stands there instead.
    pub replace: String,
}

/// What a change does to the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyChange {
    /// The whole body anew.
    Whole(String),
    /// Passages of the base revision.
    Edits(Vec<Edit>),
}

/// A change to an article; what is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ArticleEdit {
    /// Staged.
    pub title: Option<String>,
    /// Staged.
    pub body: Option<BodyChange>,
    /// Staged.
    pub excerpt: Option<String>,
    /// Staged.
    pub tags: Option<Vec<String>>,
    /// Staged; `Some(None)` takes the name away.
    pub author: Option<Option<String>>,
    /// Staged; `Some(None)` takes it away.
    pub front_matter: Option<Option<String>>,
    /// Live.
    pub slug: Option<Slug>,
    /// Live; `Some(None)` takes it out of the tree.
    pub category: Option<Option<CategoryId>>,
    /// Live.
    pub audience: Option<Audience>,
    /// Live; `published` publishes the head, also of an article that is published already.
    pub status: Option<Status>,
    /// Live.
    pub locale: Option<Locale>,
    /// Live.
    pub translation: Option<Translation>,
    /// Why, for the revision.
    pub message: String,
}

impl ArticleEdit {
    /// Checks what can be checked without the article and notes every fault.
    pub fn validate(&self, errors: &mut FieldErrors) {
        if let Some(title) = &self.title {
            check_required_text(errors, "title", title, TITLE_CHARS_MAX);
        }
        match &self.body {
            Some(BodyChange::Whole(body)) => check_body(errors, body),
            Some(BodyChange::Edits(edits)) => {
                if edits.is_empty() || edits.len() > EDITS_MAX {
                    errors.add(
                        "edits",
                        "invalid_count",
                        format!("edits needs 1 to {EDITS_MAX} entries"),
                    );
                }
                for (i, edit) in edits.iter().enumerate() {
                    if edit.find.is_empty() {
                        errors.add(
                            format!("edits.{i}.find"),
                            "required",
                            "find is empty; quote the passage to replace",
                        );
                    }
                }
            }
            None => {}
        }
        if let Some(excerpt) = &self.excerpt {
            check_text(errors, "excerpt", excerpt, EXCERPT_CHARS_MAX);
        }
        if let Some(tags) = &self.tags {
            check_tags(errors, tags);
        }
        if let Some(Some(author)) = &self.author {
            check_required_text(errors, "author", author, AUTHOR_CHARS_MAX);
        }
        if let Some(front_matter) = &self.front_matter {
            check_front_matter(errors, front_matter.as_deref());
        }
        check_text(errors, "message", &self.message, MESSAGE_CHARS_MAX);
    }

    /// Whether a live field is named: those need `articles:publish` once published.
    pub fn touches_live(&self) -> bool {
        self.slug.is_some()
            || self.category.is_some()
            || self.audience.is_some()
            || self.status.is_some()
            || self.locale.is_some()
            || self.translation.is_some()
    }

    /// The text after the change, made from the text of the base revision.
    ///
    /// # Errors
    /// Every passage that is not found, found more than once, or overlaps another.
    pub fn staged_on(&self, base: &Staged) -> Result<Staged, FieldErrors> {
        let mut errors = FieldErrors::new();
        let body = match &self.body {
            None => base.body.clone(),
            Some(BodyChange::Whole(body)) => body.clone(),
            Some(BodyChange::Edits(edits)) => apply_edits(&mut errors, &base.body, edits),
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        let staged = Staged {
            title: self.title.clone().unwrap_or_else(|| base.title.clone()),
            body,
            excerpt: self.excerpt.clone().unwrap_or_else(|| base.excerpt.clone()),
            tags: self.tags.clone().unwrap_or_else(|| base.tags.clone()),
            author: self.author.clone().unwrap_or_else(|| base.author.clone()),
            front_matter: self
                .front_matter
                .clone()
                .unwrap_or_else(|| base.front_matter.clone()),
        };
        check_body(&mut errors, &staged.body);
        if errors.is_empty() {
            Ok(staged)
        } else {
            Err(errors)
        }
    }
}

/// Replaces passages of `body`. All of them are looked up in the same base text, so their order
/// does not matter and one cannot eat what another made.
fn apply_edits(errors: &mut FieldErrors, body: &str, edits: &[Edit]) -> String {
    let mut places: Vec<(usize, usize, &str)> = Vec::with_capacity(edits.len());
    for (i, edit) in edits.iter().enumerate() {
        let field = format!("edits.{i}.find");
        let Some(start) = body.find(&edit.find) else {
            errors.add(field, "edit_not_found", "find does not stand in the body of the expected revision; read the article again and quote the passage exactly");
            continue;
        };
        // Overlapping occurrences count: "aa" stands twice in "aaa".
        let next = start + body[start..].chars().next().map_or(1, char::len_utf8);
        if body[next..].contains(&edit.find) {
            errors.add(
                field,
                "edit_ambiguous",
                "find stands in the body more than once; quote more of the text around it",
            );
            continue;
        }
        places.push((start, start + edit.find.len(), &edit.replace));
    }
    places.sort_unstable_by_key(|p| p.0);
    if let Some(pair) = places.windows(2).find(|pair| pair[0].1 > pair[1].0) {
        let at = pair[1].0;
        errors.add(
            "edits",
            "edits_overlap",
            format!("two edits overlap at byte {at} of the body; join them into one"),
        );
    }
    if !errors.is_empty() {
        return String::new();
    }
    let mut out = String::with_capacity(body.len());
    let mut end = 0;
    for (start, stop, replace) in places {
        out.push_str(&body[end..start]);
        out.push_str(replace);
        end = stop;
    }
    out.push_str(&body[end..]);
    out
}

/// Against what a change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// The head revision; live fields may have moved meanwhile.
    Revision(i32),
    /// The exact state that an ETag names.
    Exact {
        /// Head revision.
        revision: i32,
        /// Row version.
        row_version: i64,
    },
}

impl Expected {
    /// The head revision it names: the base of the change.
    pub const fn revision(self) -> i32 {
        match self {
            Expected::Revision(revision) | Expected::Exact { revision, .. } => revision,
        }
    }
}

/// What a change comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// Everything was so already.
    Unchanged,
    /// The article moved on since it was read.
    StaleRevision,
    /// The article after the change.
    Changed {
        /// The row to save.
        article: Box<Article>,
        /// Whether a new revision is to be appended.
        new_revision: bool,
        /// Names of the fields that changed, in a fixed order, for the audit.
        changed: Vec<&'static str>,
    },
}

impl Article {
    /// Decides what a change does. `head` is the text of the head, `staged` the text after the change.
    pub fn apply(
        &self,
        edit: &ArticleEdit,
        head: &Staged,
        staged: &Staged,
        expected: Expected,
        now: Timestamp,
    ) -> Applied {
        let stale = match expected {
            Expected::Revision(revision) => revision != self.head_revision,
            Expected::Exact {
                revision,
                row_version,
            } => revision != self.head_revision || row_version != self.row_version,
        };
        if stale {
            return Applied::StaleRevision;
        }
        let mut changed = changed_staged(head, staged);
        let new_revision = !changed.is_empty();
        let mut next = self.clone();
        if new_revision {
            next.head_revision += 1;
        }
        set(&mut next.slug, edit.slug.as_ref(), "slug", &mut changed);
        set(
            &mut next.category,
            edit.category.as_ref(),
            "category",
            &mut changed,
        );
        set(
            &mut next.audience,
            edit.audience.as_ref(),
            "audience",
            &mut changed,
        );
        set(
            &mut next.locale,
            edit.locale.as_ref(),
            "locale",
            &mut changed,
        );
        if let Some(Translation { group, from }) = edit.translation {
            set(
                &mut next.translation_group,
                Some(&group),
                "translation_group",
                &mut changed,
            );
            set(
                &mut next.translated_from,
                Some(&from),
                "translated_from",
                &mut changed,
            );
        }
        set(
            &mut next.status,
            edit.status.as_ref(),
            "status",
            &mut changed,
        );
        if edit.status == Some(Status::Published)
            && next.published_revision != Some(next.head_revision)
        {
            next.published_revision = Some(next.head_revision);
            next.published_at = Some(now);
            changed.push("published_revision");
        }
        if next.status != Status::Published && next.published_revision.take().is_some() {
            changed.push("published_revision");
        }
        if changed.is_empty() {
            return Applied::Unchanged;
        }
        next.row_version += 1;
        next.updated_at = now;
        Applied::Changed {
            article: Box::new(next),
            new_revision,
            changed,
        }
    }
}

fn set<T: Clone + PartialEq>(
    place: &mut T,
    value: Option<&T>,
    name: &'static str,
    changed: &mut Vec<&'static str>,
) {
    if let Some(value) = value
        && value != place
    {
        *place = value.clone();
        changed.push(name);
    }
}

fn changed_staged(old: &Staged, new: &Staged) -> Vec<&'static str> {
    [
        ("title", old.title != new.title),
        ("body", old.body != new.body),
        ("excerpt", old.excerpt != new.excerpt),
        ("tags", old.tags != new.tags),
        ("author", old.author != new.author),
        ("front_matter", old.front_matter != new.front_matter),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

/// Checks every staged field and notes every fault.
pub fn validate_staged(errors: &mut FieldErrors, staged: &Staged) {
    check_required_text(errors, "title", &staged.title, TITLE_CHARS_MAX);
    check_body(errors, &staged.body);
    check_text(errors, "excerpt", &staged.excerpt, EXCERPT_CHARS_MAX);
    check_tags(errors, &staged.tags);
    if let Some(author) = &staged.author {
        check_required_text(errors, "author", author, AUTHOR_CHARS_MAX);
    }
    check_front_matter(errors, staged.front_matter.as_deref());
}

fn check_body(errors: &mut FieldErrors, body: &str) {
    if body.len() > BODY_BYTES_MAX {
        errors.add(
            "body",
            "too_long",
            format!(
                "body has {} bytes, at most {BODY_BYTES_MAX} are allowed; split the article",
                body.len()
            ),
        );
    }
    if body.contains('\0') {
        errors.add(
            "body",
            "nul_character",
            "body contains the NUL character (U+0000), which cannot be stored; remove it",
        );
    }
}

fn check_tags(errors: &mut FieldErrors, tags: &[String]) {
    if tags.len() > TAGS_MAX {
        errors.add(
            "tags",
            "too_many",
            format!(
                "tags has {} entries, at most {TAGS_MAX} are allowed",
                tags.len()
            ),
        );
    }
    for (i, tag) in tags.iter().enumerate() {
        check_required_text(errors, &format!("tags.{i}"), tag, TAG_CHARS_MAX);
    }
}

fn check_front_matter(errors: &mut FieldErrors, front_matter: Option<&str>) {
    if front_matter.is_some_and(|f| f.len() > FRONT_MATTER_BYTES_MAX) {
        errors.add("front_matter", "too_long", format!("front matter is larger than {FRONT_MATTER_BYTES_MAX} bytes of JSON; keep the long values in the body"));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn staged(body: &str) -> Staged {
        Staged {
            title: "Title".to_owned(),
            body: body.to_owned(),
            excerpt: String::new(),
            tags: vec![],
            author: None,
            front_matter: None,
        }
    }

    fn article(status: Status) -> Article {
        Article {
            portal: PortalId::from_uuid(Uuid::from_u128(1)),
            id: ArticleId::from_uuid(Uuid::from_u128(2)),
            number: 1,
            locale: Locale::parse("locale", "en").expect("a tag"),
            translation_group: TranslationGroupId::from_uuid(Uuid::from_u128(2)),
            slug: Slug::from_title("Title", "article"),
            category: None,
            audience: Audience::Public,
            status,
            head_revision: 3,
            published_revision: (status == Status::Published).then_some(3),
            row_version: 5,
            source_id: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            published_at: None,
            translated_from: None,
            purged_at: None,
        }
    }

    fn apply(article: &Article, edit: &ArticleEdit, expected: Expected) -> Applied {
        let head = staged("one two");
        let next = edit.staged_on(&head).expect("edits fit");
        article.apply(edit, &head, &next, expected, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn writing_moves_the_head_and_leaves_what_readers_see() {
        let edit = ArticleEdit {
            body: Some(BodyChange::Whole("new".to_owned())),
            ..ArticleEdit::default()
        };
        let Applied::Changed {
            article,
            new_revision,
            changed,
        } = apply(&article(Status::Published), &edit, Expected::Revision(3))
        else {
            panic!("the body changed");
        };
        assert_eq!(
            (
                article.head_revision,
                article.published_revision,
                article.row_version
            ),
            (4, Some(3), 6)
        );
        assert!(new_revision && article.has_unpublished_changes());
        assert_eq!(changed, ["body"]);
    }

    #[test]
    fn asking_for_published_publishes_the_head() {
        let mut waiting = article(Status::Published);
        waiting.head_revision = 4;
        let edit = ArticleEdit {
            status: Some(Status::Published),
            ..ArticleEdit::default()
        };
        let Applied::Changed {
            article,
            new_revision,
            ..
        } = apply(&waiting, &edit, Expected::Revision(4))
        else {
            panic!("the head was not published yet");
        };
        assert_eq!(article.published_revision, Some(4));
        assert!(!new_revision);
    }

    #[test]
    fn a_change_that_changes_nothing_is_nothing() {
        let edit = ArticleEdit {
            title: Some("Title".to_owned()),
            status: Some(Status::Published),
            ..ArticleEdit::default()
        };
        assert_eq!(
            apply(&article(Status::Published), &edit, Expected::Revision(3)),
            Applied::Unchanged
        );
    }

    #[test]
    fn a_stale_expectation_is_refused_before_anything_else() {
        let edit = ArticleEdit::default();
        let article = article(Status::Draft);
        assert_eq!(
            apply(&article, &edit, Expected::Revision(2)),
            Applied::StaleRevision
        );
        assert_eq!(
            apply(
                &article,
                &edit,
                Expected::Exact {
                    revision: 3,
                    row_version: 4
                }
            ),
            Applied::StaleRevision
        );
        assert_eq!(
            apply(
                &article,
                &edit,
                Expected::Exact {
                    revision: 3,
                    row_version: 5
                }
            ),
            Applied::Unchanged
        );
    }

    #[test]
    fn unpublishing_takes_the_published_revision_away() {
        let edit = ArticleEdit {
            status: Some(Status::Archived),
            ..ArticleEdit::default()
        };
        let Applied::Changed { article, .. } =
            apply(&article(Status::Published), &edit, Expected::Revision(3))
        else {
            panic!("it was published");
        };
        assert_eq!(
            (article.status, article.published_revision),
            (Status::Archived, None)
        );
    }

    #[test]
    fn edits_match_exactly_once_or_say_why() {
        let check = |body: &str, edits: &[(&str, &str)], want: Result<&str, &str>| {
            let edits = edits
                .iter()
                .map(|(f, r)| Edit {
                    find: (*f).to_owned(),
                    replace: (*r).to_owned(),
                })
                .collect();
            let edit = ArticleEdit {
                body: Some(BodyChange::Edits(edits)),
                ..ArticleEdit::default()
            };
            let got = edit
                .staged_on(&staged(body))
                .map(|s| s.body)
                .map_err(|e| e.finish().expect_err("faults")[0].code.clone());
            assert_eq!(got.as_deref().map_err(String::as_str), want);
        };
        check("one two three", &[("two", "2")], Ok("one 2 three"));
        check(
            "one two three",
            &[("three", "3"), ("one", "two")],
            Ok("two two 3"),
        );
        check("one two", &[("zwei", "2")], Err("edit_not_found"));
        check("aaa", &[("aa", "b")], Err("edit_ambiguous"));
        check("ééé", &[("é", "b")], Err("edit_ambiguous"));
        check(
            "one two",
            &[("one t", "x"), ("two", "y")],
            Err("edits_overlap"),
        );
    }
}
