//! Translations of an import: articles of one source whose files say one key.
//!
//! The article in the portal's default locale is the one the others are translated from; as long as
//! it is not there, the oldest stands in for it. Those that came before it are joined when it comes,
//! so the order of the files does not matter.

use std::collections::{BTreeMap, HashMap};

use cairn_domain::article::{Article, Status, TranslatedFrom};
use cairn_domain::ids::{ArticleId, PortalId, TranslationGroupId};
use cairn_domain::locale::Locale;
use cairn_domain::scope::Scope;
use cairn_store::Tx;
use cairn_store::imported_files::KeyedTranslation;

use crate::articles::import::decide::Work;
use crate::articles::import::plan::Joined;
use crate::articles::import::prepare::Prepared;
use crate::{Result, authorize};

/// The translation groups that the changed items of a batch name.
#[derive(Default)]
pub(super) struct Groups {
    by_key: BTreeMap<String, Vec<Member>>,
}

/// An article of a group before the batch.
struct Member {
    id: ArticleId,
    locale: Locale,
    /// Its file says the key; else it was joined by hand and stays as it is.
    is_keyed: bool,
    /// What is put away takes no place: a file that was renamed is another article.
    takes_place: bool,
}

impl Groups {
    /// Looks up the groups of these keys.
    pub(super) async fn load<'a>(
        tx: &mut Tx,
        portal: PortalId,
        source: &str,
        items: impl Iterator<Item = &'a Prepared>,
    ) -> Result<Self> {
        let mut by_key: BTreeMap<String, Vec<Member>> = items
            .filter_map(|item| item.translation_key.clone())
            .map(|key| (key, Vec::new()))
            .collect();
        if by_key.is_empty() {
            return Ok(Self::default());
        }
        let keys: Vec<String> = by_key.keys().cloned().collect();
        let found = cairn_store::imported_files::translations(tx, portal, source, &keys).await?;
        for KeyedTranslation {
            key,
            is_keyed,
            article,
        } in found
        {
            by_key.entry(key).or_default().push(Member {
                id: article.id,
                takes_place: article.status != Status::Archived,
                locale: article.locale,
                is_keyed,
            });
        }
        Ok(Self { by_key })
    }

    /// The articles that may have to be changed when others join them.
    pub(super) fn keyed(&self) -> impl Iterator<Item = ArticleId> {
        let members = self.by_key.values().flatten();
        members.filter(|m| m.is_keyed).map(|m| m.id)
    }

    /// Takes an item's place in its group, or says who has it.
    pub(super) fn take(&mut self, item: &Prepared, article: ArticleId) -> Result<(), String> {
        let Some(key) = &item.translation_key else {
            return Ok(());
        };
        let takes_place = item.new.status != Status::Archived;
        let members = self.by_key.entry(key.clone()).or_default();
        let other = members
            .iter()
            .find(|m| m.takes_place && m.locale == item.new.locale && m.id != article);
        if let Some(other) = other.filter(|_| takes_place) {
            return Err(format!(
                "translation_key: the translations under this key have an article in {} already ({}); give the files different keys, or archive the other one first",
                item.new.locale, other.id
            ));
        }
        members.retain(|m| m.id != article);
        members.push(Member {
            id: article,
            locale: item.new.locale.clone(),
            is_keyed: true,
            takes_place,
        });
        Ok(())
    }
}

impl Work<'_> {
    /// Joins what belongs together, after every item was decided. `locked` are the rows of the
    /// articles that were there before.
    pub(super) fn join(
        &mut self,
        groups: &Groups,
        locked: &HashMap<ArticleId, Article>,
        default_locale: &Locale,
    ) -> Result<()> {
        let at: HashMap<ArticleId, usize> = (self.plan.writes.iter().enumerate())
            .map(|(at, write)| (write.article.id, at))
            .collect();
        for members in groups.by_key.values() {
            let keyed: Vec<ArticleId> = (members.iter().filter(|m| m.is_keyed))
                .map(|m| m.id)
                .filter(|id| at.contains_key(id) || locked.contains_key(id))
                .collect();
            let now_of = |id: &ArticleId| match at.get(id) {
                Some(at) => Some(&self.plan.writes[*at].article),
                None => locked.get(id),
            };
            let Some(root) = keyed.iter().filter_map(now_of).min_by_key(|a| {
                let is_archived = a.status == Status::Archived;
                (a.locale != *default_locale, is_archived, a.number)
            }) else {
                continue;
            };
            // The oldest says which group it is: those who know it by its id still find it.
            let group = keyed
                .iter()
                .filter_map(now_of)
                .min_by_key(|a| a.number)
                .map_or(root.translation_group, |a| a.translation_group);
            let from = TranslatedFrom {
                article: root.id,
                revision: root.head_revision,
            };
            for id in &keyed {
                self.join_one(*id, group, from, &keyed, at.get(id).copied(), locked)?;
            }
        }
        Ok(())
    }

    fn join_one(
        &mut self,
        id: ArticleId,
        group: TranslationGroupId,
        root: TranslatedFrom,
        all: &[ArticleId],
        at: Option<usize>,
        locked: &HashMap<ArticleId, Article>,
    ) -> Result<()> {
        let (article, has_new_text) = match at {
            Some(at) => {
                let write = &self.plan.writes[at];
                (&write.article, write.text.is_some())
            }
            // What was put away before stays as it was.
            None => match locked.get(&id) {
                Some(article) if article.status != Status::Archived => (article, false),
                _ => return Ok(()),
            },
        };
        let from = match article.translated_from {
            // The one the others are from is from none of them.
            Some(old) if id == root.article => (!all.contains(&old.article)).then_some(old),
            None if id == root.article => None,
            // Whoever did not write anew is as far as before.
            Some(old) if old.article == root.article && !has_new_text => Some(old),
            _ => Some(root),
        };
        let mut fields = Vec::new();
        if article.translation_group != group {
            fields.push("translation_group");
        }
        if article.translated_from != from {
            fields.push("translated_from");
        }
        if fields.is_empty() {
            return Ok(());
        }
        if article.status == Status::Published {
            authorize::scope(self.ctx, Scope::ArticlesPublish)?;
        }
        if let Some(at) = at {
            let write = &mut self.plan.writes[at];
            write.article.translation_group = group;
            write.article.translated_from = from;
            for field in fields {
                write.note(field, self.now);
            }
        } else {
            let before = article.clone();
            let mut article = before.clone();
            article.translation_group = group;
            article.translated_from = from;
            article.row_version += 1;
            article.updated_at = self.now;
            self.plan.joined.push(Joined {
                before,
                article,
                changed: fields,
            });
        }
        Ok(())
    }
}
