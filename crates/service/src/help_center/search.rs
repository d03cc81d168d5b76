//! The search page: hits, the topics and languages that part them, and what was understood of the words.

use cairn_domain::category::Category;
use cairn_domain::ids::CategoryId;
use cairn_domain::limits::{CATEGORY_DEPTH_MAX, QUERY_BYTES_MAX, SEARCH_OFFSET_MAX};
use cairn_domain::locale::Locale;
use cairn_search::{Face, Hit, SearchAnswer, take_filters};
use jiff::Timestamp;

use crate::help_center::{ArticleLink, HelpCenter};
use crate::search::{ELSEWHERE_MAX, LITTLE, Query, UpdatedWithin, ask, named, other_locales};
use crate::text_input::find_category;
use crate::{Result, address};

/// Sections of a hit beside that of its snippet.
const SECTIONS: usize = 1;
/// Topics of one level by which a search may be narrowed.
const TOPICS_MAX: usize = 12;
/// Other languages that are asked as well.
const LANGUAGES_MAX: usize = 12;
/// Hits on one page.
const PAGE_SIZE: usize = 10;

/// A search as a reader asks for it.
#[derive(Debug, Clone, Default)]
pub struct ReaderSearch {
    /// The words.
    pub q: String,
    /// Slug of the topic it is narrowed to; one that is no topic narrows nothing.
    pub topic: Option<String>,
    /// How long ago a hit changed at most; any time when absent.
    pub updated: Option<UpdatedWithin>,
    /// Whether no word is to be repaired.
    pub as_typed: bool,
    /// Whether a page of ours offered the words, so that nobody asked them by searching so.
    pub is_offered: bool,
    /// Number of the page, from 1.
    pub page: usize,
}

/// One hit on the search page.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// The article.
    pub link: ArticleLink,
    /// Its language.
    pub locale: Locale,
    /// Path of its topic, when that is still there.
    pub topic_path: Option<String>,
    /// Its title: escaped HTML with `<mark>`.
    pub title_html: String,
    /// The cut that matched: escaped HTML with `<mark>`.
    pub snippet_html: String,
    /// Heading and anchor of the section it stands under, then of others that speak to the words.
    pub sections: Vec<(String, String)>,
}

/// A topic by which a search may be narrowed, or is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicCount {
    /// Its slug, for [`ReaderSearch::topic`].
    pub slug: String,
    /// Name.
    pub name: String,
    /// Hits in it and below; never none.
    pub count: u64,
    /// How far below a top topic it stands.
    pub depth: usize,
    /// Whether the search is narrowed to it.
    pub is_chosen: bool,
}

/// The page of a search.
#[derive(Debug, Clone)]
pub struct SearchPage {
    /// The words, cut to the limit.
    pub q: String,
    /// Whether only the beginning of the words was searched for.
    pub is_cut: bool,
    /// The topic it is narrowed to.
    pub topic: Option<Category>,
    /// Whether no word was repaired because the reader wished so.
    pub as_typed: bool,
    /// Whether a page of ours offered the words.
    pub is_offered: bool,
    /// The hits of this page.
    pub hits: Vec<SearchHit>,
    /// How many articles matched.
    pub total: u64,
    /// How many match in all topics together.
    pub total_everywhere: u64,
    /// How many match whenever they changed.
    pub total_any_time: u64,
    /// How long ago the hits changed at most, and since when that is.
    pub updated: Option<(UpdatedWithin, Timestamp)>,
    /// How many match of those that changed within each span, the shortest first.
    pub updated_counts: Vec<(UpdatedWithin, u64)>,
    /// Place of the first hit of this page in the list, from 1.
    pub first: usize,
    /// Number of this page, from 1.
    pub page: usize,
    /// Number of pages.
    pub pages: usize,
    /// The words with slips repaired: what was found is found by these.
    pub corrected: Option<String>,
    /// The words that were repaired, as they were typed.
    pub repaired: Vec<String>,
    /// The topics that part the hits, those of the chosen one below it; none when the words name one.
    pub topics: Vec<TopicCount>,
    /// Other languages in which the words are found, and how often.
    pub languages: Vec<(Locale, u64)>,
    /// Hits in other languages, when there are hardly any in this one.
    pub elsewhere: Vec<SearchHit>,
}

impl SearchPage {
    /// Whether it is a question of its own and no other view of one.
    pub(crate) fn is_asked_first(&self) -> bool {
        let is_narrowed = self.topic.is_some() || self.updated.is_some();
        self.page == 1 && !is_narrowed && !self.as_typed && !self.is_offered
    }
}

impl HelpCenter {
    /// The page of a search. Never cached.
    pub async fn search(&self, locale: &Locale, asked: &ReaderSearch) -> Result<SearchPage> {
        let page = asked.page.clamp(1, SEARCH_OFFSET_MAX / PAGE_SIZE);
        let q = &asked.q[..asked.q.floor_char_boundary(QUERY_BYTES_MAX)];
        let tree = self.app.tree(self.portal.id).await?;
        let names_topic = take_filters(q)
            .category
            .is_some_and(|name| find_category("q", &name, &tree).is_ok());
        let topic = asked.topic.as_deref().filter(|_| !names_topic);
        let topic = topic.and_then(|slug| tree.iter().find(|c| c.slug.as_str() == slug));

        let updated = asked.updated.map(|span| (span, span.since(self.app.now())));
        let since = updated.map(|(_, since)| since);
        let narrowed = |topic: Option<&Category>, since, offset, limit| Query {
            as_typed: asked.as_typed,
            category: topic.map(|topic| topic.id),
            updated_since: since,
            facets: true,
            ..self.query(locale, q, offset, limit)
        };
        let mut query = narrowed(topic, since, (page - 1) * PAGE_SIZE, PAGE_SIZE);
        query.sections = SECTIONS;
        let (answer, _) = ask(&self.app, &self.portal, query).await?;
        // By what a search may be narrowed is counted as if it were not narrowed by that.
        let everywhere = match topic {
            None => None,
            Some(_) => {
                let query = narrowed(None, since, 0, 0);
                Some(ask(&self.app, &self.portal, query).await?.0)
            }
        };
        let any_time = match since {
            None => None,
            Some(_) => {
                let query = narrowed(topic, None, 0, 0);
                Some(ask(&self.app, &self.portal, query).await?.0)
            }
        };
        let whenever = any_time.as_ref().unwrap_or(&answer);
        let total_any_time = whenever.total;
        let updated_counts = named(whenever.facets.clone(), &tree).updated;
        let counted = everywhere.as_ref().unwrap_or(&answer);
        let topics = if names_topic {
            Vec::new()
        } else {
            topics(
                &named(counted.facets.clone(), &tree).categories,
                &tree,
                topic,
            )
        };
        let total_everywhere = counted.total;
        let is_little = total_everywhere < LITTLE && page == 1 && since.is_none();
        let elsewhere = self
            .elsewhere(locale, q, asked.as_typed, since, is_little)
            .await;
        let reachable = answer.total.min(SEARCH_OFFSET_MAX as u64);
        let shown = |hits: Vec<Hit>| {
            let hits = hits.into_iter();
            hits.map(|hit| self.hit(hit, &tree)).collect::<Vec<_>>()
        };
        let (elsewhere, languages) = match elsewhere {
            None => (Vec::new(), Vec::new()),
            Some(found) => {
                let some = found.totals.into_iter().filter(|(_, count)| *count > 0);
                (shown(found.hits), some.collect())
            }
        };
        Ok(SearchPage {
            is_cut: q.len() < asked.q.len() || answer.truncated,
            q: q.to_owned(),
            topic: topic.cloned(),
            as_typed: asked.as_typed,
            is_offered: asked.is_offered,
            hits: shown(answer.hits),
            total: answer.total,
            total_everywhere,
            total_any_time,
            updated,
            updated_counts,
            first: (page - 1) * PAGE_SIZE + 1,
            page,
            pages: usize::try_from(reachable)
                .unwrap_or(usize::MAX)
                .div_ceil(PAGE_SIZE)
                .max(1),
            corrected: answer.corrected,
            repaired: answer.repaired,
            topics,
            languages,
            elsewhere,
        })
    }

    /// What the other languages have, and of them the best hits when there is little in this one. A kindness: when
    /// search is busy there is none.
    async fn elsewhere(
        &self,
        locale: &Locale,
        q: &str,
        as_typed: bool,
        since: Option<Timestamp>,
        is_little: bool,
    ) -> Option<SearchAnswer> {
        let mut others = other_locales(&self.portal, locale);
        others.truncate(LANGUAGES_MAX);
        if others.is_empty() || q.is_empty() {
            return None;
        }
        let limit = if is_little { ELSEWHERE_MAX } else { 0 };
        let mut query = self.query(locale, q, 0, limit);
        query.locales = others;
        query.as_typed = as_typed;
        query.updated_since = since;
        let answer = ask(&self.app, &self.portal, query).await.ok()?;
        Some(answer.0)
    }

    pub(super) fn query(&self, locale: &Locale, q: &str, offset: usize, limit: usize) -> Query {
        Query {
            face: Face::Public,
            locales: vec![locale.clone()],
            q: q.to_owned(),
            category: None,
            tag: None,
            status: None,
            audience: None,
            author: None,
            updated_since: None,
            offset,
            limit,
            facets: false,
            sections: 0,
            as_typed: false,
            explain: false,
        }
    }

    fn hit(&self, hit: Hit, tree: &[Category]) -> SearchHit {
        let link = self.link_of(&hit.locale, &hit);
        let own = hit.categories.first();
        let topic = own.and_then(|id| tree.iter().find(|c| c.id == *id));
        let sections = hit.section.into_iter().chain(hit.sections);
        SearchHit {
            link,
            topic_path: topic.map(|c| address::category(&self.base, &hit.locale, c.slug.as_str())),
            title_html: hit.title_html,
            snippet_html: hit.snippet.html,
            sections: sections
                .filter_map(|s| Some((s.heading?, s.anchor?)))
                .take(SECTIONS + 1)
                .collect(),
            locale: hit.locale,
        }
    }

    pub(super) fn links_of(&self, locale: &Locale, hits: &[Hit]) -> Vec<ArticleLink> {
        hits.iter().map(|hit| self.link_of(locale, hit)).collect()
    }

    fn link_of(&self, locale: &Locale, hit: &Hit) -> ArticleLink {
        ArticleLink {
            id: hit.article,
            title: hit.title.clone(),
            path: address::article(&self.base, locale, &hit.slug),
            excerpt: hit.excerpt.clone(),
            category: hit.category_name.clone(),
            updated_at: Timestamp::from_millisecond(hit.updated_at_ms)
                .unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// The top topics with hits, the largest first; under one that leads to the chosen topic those below it, and so on.
fn topics(
    counts: &[(Category, u64)],
    tree: &[Category],
    chosen: Option<&Category>,
) -> Vec<TopicCount> {
    let mut trail = Vec::new();
    let mut at = chosen;
    while let Some(category) = at.filter(|c| !trail.contains(&c.id)) {
        trail.push(category.id);
        at = tree.iter().find(|c| Some(c.id) == category.parent);
    }
    let mut out = Vec::new();
    unfold(&mut out, counts, &trail, None, 0);
    out
}

/// One level of topics, and what is below those on the trail; its first is the chosen one.
fn unfold(
    out: &mut Vec<TopicCount>,
    counts: &[(Category, u64)],
    trail: &[CategoryId],
    parent: Option<CategoryId>,
    depth: usize,
) {
    let here = counts
        .iter()
        .filter(|(c, count)| c.parent == parent && *count > 0);
    for (n, (category, count)) in here.enumerate() {
        let leads = trail.contains(&category.id);
        // What leads to the chosen topic is shown however small it is.
        if n >= TOPICS_MAX && !leads {
            continue;
        }
        out.push(TopicCount {
            slug: category.slug.to_string(),
            name: category.name.clone(),
            count: *count,
            depth,
            is_chosen: trail.first() == Some(&category.id),
        });
        if leads && depth < CATEGORY_DEPTH_MAX {
            unfold(out, counts, trail, Some(category.id), depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_domain::ids::PortalId;
    use cairn_domain::slug::Slug;
    use uuid::Uuid;

    fn category(n: u128, parent: Option<u128>) -> Category {
        let id = |n| CategoryId::from_uuid(Uuid::from_u128(n));
        Category {
            portal: PortalId::INSTANCE,
            id: id(n),
            parent: parent.map(id),
            slug: Slug::from_stored(format!("c{n}")),
            name: format!("C{n}"),
            description: String::new(),
            position: 0,
            row_version: 1,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn topics_stand_by_size_and_only_the_way_to_the_chosen_one_is_unfolded() {
        let tree = [
            category(1, None),
            category(2, None),
            category(3, Some(1)),
            category(4, Some(3)),
            category(5, Some(1)),
            category(6, Some(2)),
        ];
        let counts: Vec<_> = [(0, 9), (1, 7), (4, 5), (2, 4), (3, 2), (5, 1)]
            .map(|(at, count): (usize, u64)| (tree[at].clone(), count))
            .to_vec();
        let look = |chosen: Option<&Category>| -> Vec<(String, usize, bool)> {
            let rows = topics(&counts, &tree, chosen).into_iter();
            rows.map(|t| (t.slug, t.depth, t.is_chosen)).collect()
        };
        let row = |slug: &str, depth, chosen| (slug.to_owned(), depth, chosen);
        assert_eq!(look(None), [row("c1", 0, false), row("c2", 0, false)]);
        assert_eq!(
            look(Some(&tree[2])),
            [
                row("c1", 0, false),
                row("c5", 1, false),
                row("c3", 1, true),
                row("c4", 2, false),
                row("c2", 0, false),
            ]
        );
        // A circle that no tree should have ends the trail and nothing else.
        let mut circle = tree.to_vec();
        circle[0].parent = Some(circle[2].id);
        let chosen = circle[2].clone();
        let rows = topics(&counts, &circle, Some(&chosen));
        assert!(rows.iter().any(|row| row.slug == "c2"));
    }
}
