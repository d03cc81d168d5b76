//! Rules in memory, as searches use them: read on first use, forgotten when the feed says that they
//! changed, and at once where they were written.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use cairn_domain::event::Event;
use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::search_rules::{RuleSet, SynonymRule, folded};
use cairn_search::{Keywords, Pin, SearchRules, Synonym};

use crate::indexing::follow::is_of;
use crate::{App, Result};

/// The rules of a portal, by locale.
pub type RulesOfPortal = BTreeMap<Locale, Arc<SearchRules>>;

/// Rules in memory, one entry for each portal that was searched, and how often one was forgotten.
#[derive(Default)]
pub(crate) struct KeptRules(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    known: HashMap<PortalId, Arc<RulesOfPortal>>,
    forgotten: u64,
}

impl App {
    /// The rules of a portal in every locale that has some, as the next search of this process is
    /// planned with.
    ///
    /// # Errors
    /// `unavailable` when they are not in memory and the database is out of reach.
    pub async fn search_rules(&self, portal: PortalId) -> Result<RulesOfPortal> {
        let kept = || {
            self.kept_rules
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let forgotten = {
            let kept = kept();
            if let Some(rules) = kept.known.get(&portal) {
                return Ok((**rules).clone());
            }
            kept.forgotten
        };
        let stored = cairn_store::search_rules::of_portal(&self.store, portal).await?;
        let rules: RulesOfPortal = stored
            .into_iter()
            .map(|(locale, rules)| (locale, Arc::new(for_search(rules))))
            .collect();
        let mut kept = kept();
        // Rules that were forgotten while these were read may be newer than what was read.
        if kept.forgotten == forgotten {
            kept.known.insert(portal, Arc::new(rules.clone()));
        }
        Ok(rules)
    }

    /// Forgets the rules of a portal when one of these events says that they changed: a write of them,
    /// or an erasure of an article, which takes it out of them.
    pub(crate) fn forget_changed_rules(&self, portal: PortalId, events: &[Event]) {
        let changes = |event: &Event| {
            is_of(event, Operation::PutSearchRules) || is_of(event, Operation::PurgeArticle)
        };
        if events.iter().any(changes) {
            self.forget_search_rules(portal);
        }
    }

    /// Forgets the rules of a portal, because they changed or may have.
    pub(crate) fn forget_search_rules(&self, portal: PortalId) {
        let mut kept = self
            .kept_rules
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.known.remove(&portal);
        kept.forgotten += 1;
    }
}

/// Rules as a search takes them: equal words lead from each to all others, and what leads from the
/// same words is joined.
fn for_search(rules: RuleSet<ArticleId>) -> SearchRules {
    let mut synonyms: Vec<Synonym> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut lead = |words: &str, means: &[String]| {
        let form = folded(words);
        let place = *places.entry(form.clone()).or_insert_with(|| {
            synonyms.push(Synonym {
                words: words.to_owned(),
                means: Vec::new(),
            });
            synonyms.len() - 1
        });
        let Some(synonym) = synonyms.get_mut(place) else {
            return;
        };
        for meaning in means {
            let other = folded(meaning);
            if other != form && !synonym.means.iter().any(|m| folded(m) == other) {
                synonym.means.push(meaning.clone());
            }
        }
    };
    for rule in &rules.synonyms {
        match rule {
            SynonymRule::OneWay { words, means } => lead(words, means),
            SynonymRule::Equal { equal } => equal.iter().for_each(|words| lead(words, equal)),
        }
    }
    let pins = rules.pins.into_iter().map(|pin| Pin {
        query: pin.query,
        articles: pin.articles,
    });
    let keywords = rules.keywords.into_iter().map(|keywords| Keywords {
        article: keywords.article,
        words: keywords.words,
    });
    SearchRules {
        synonyms,
        stop_words: rules.stop_words,
        pins: pins.collect(),
        keywords: keywords.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_words_lead_to_each_other_and_one_way_words_only_there() {
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let rules = RuleSet {
            synonyms: vec![
                SynonymRule::Equal {
                    equal: words(&["credit card", "creditcard"]),
                },
                SynonymRule::OneWay {
                    words: "cc".to_owned(),
                    means: words(&["credit card"]),
                },
                SynonymRule::Equal {
                    equal: words(&["CC", "copy"]),
                },
            ],
            ..RuleSet::default()
        };
        let led: Vec<_> = for_search(rules)
            .synonyms
            .into_iter()
            .map(|s| (s.words, s.means))
            .collect();
        assert_eq!(
            led,
            [
                ("credit card".to_owned(), words(&["creditcard"])),
                ("creditcard".to_owned(), words(&["credit card"])),
                ("cc".to_owned(), words(&["credit card", "copy"])),
                ("copy".to_owned(), words(&["CC"])),
            ]
        );
    }
}
