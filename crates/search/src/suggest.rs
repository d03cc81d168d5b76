//! Suggestions while somebody types: the articles whose titles say what stands there so far.
//!
//! Only titles are looked at: every word in them, the last one unfinished; when no title says all of
//! it, those that say most.

use std::sync::Arc;

use cairn_domain::ids::PortalId;
use cairn_domain::locale::Locale;
use tantivy::Term;
use tantivy::query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;

use crate::answer::Hit;
use crate::collect::{Collected, Top};
use crate::document::Face;
use crate::error::SearchError;
use crate::plan::{Manner, Plan, plan};
use crate::portal::Portal;
use crate::rerank::by_second_look;
use crate::room::Inner;
use crate::rules::SearchRules;
use crate::search::{UnitResult, hit};
use crate::unit::Opened;

/// Most suggestions of one answer.
pub(crate) const SUGGESTIONS_MAX: usize = 20;

/// What is asked for while somebody types.
#[derive(Debug, Clone)]
pub struct SuggestRequest {
    /// In which portal.
    pub portal: PortalId,
    /// For which readers.
    pub face: Face,
    /// In which locale.
    pub locale: Locale,
    /// What stands there so far.
    pub text: String,
    /// Most suggestions, at most [`SUGGESTIONS_MAX`].
    pub limit: usize,
    /// What operators taught the search of this locale.
    pub rules: Option<Arc<SearchRules>>,
}

pub(crate) fn suggest(
    room: &Inner,
    portal: &Portal,
    request: &SuggestRequest,
) -> Result<Vec<Hit>, SearchError> {
    let live = portal.live()?;
    let Some(slot) = live.unit(&request.locale, request.face) else {
        return Ok(Vec::new());
    };
    let opened = room.open_slot(slot)?;
    let result = suggest_in(room, opened, request).map_err(SearchError::engine("suggest"))?;
    let best = result.found.best.clone();
    best.into_iter()
        .map(|ranked| hit(&result, ranked, None, 0))
        .collect()
}

fn suggest_in(
    room: &Inner,
    opened: Arc<Opened>,
    request: &SuggestRequest,
) -> tantivy::Result<UnitResult> {
    let ranking = &room.definition.ranking;
    let mut analyzer = opened.analyzer.for_search();
    let taught = request
        .rules
        .as_ref()
        .map(|rules| room.taught(request.portal, &request.locale, rules, &mut analyzer));
    let plan = plan(
        &request.text,
        &opened,
        &mut analyzer,
        taught.as_deref(),
        ranking,
        Manner::Typing,
    )?;
    let limit = request.limit.min(SUGGESTIONS_MAX);
    let mut found = Collected::default();
    for occur in [Occur::Must, Occur::Should] {
        if found.best.len() >= limit {
            break;
        }
        let Some(query) = titles(&plan, &opened, occur) else {
            break;
        };
        let top = Top {
            count: limit.max(ranking.second_look.first),
            facets: None,
        };
        found = opened.searcher.search(&query, &top)?;
    }
    by_second_look(&opened, &plan, &ranking.second_look, &mut found.best)?;
    found.best.truncate(limit);
    Ok(UnitResult::new(request.locale.clone(), opened, plan, found))
}

/// Every word in a title, in any of its forms.
fn titles(plan: &Plan, opened: &Opened, occur: Occur) -> Option<BooleanQuery> {
    let words: Vec<(Occur, Box<dyn Query>)> = plan
        .words
        .iter()
        .filter(|word| !word.is_part)
        .map(|word| {
            let forms = word.forms.iter().filter(|form| form.then.is_empty());
            let forms: Vec<Box<dyn Query>> = forms
                .map(|form| {
                    let term = Term::from_field_text(opened.fields.title, &form.stem);
                    let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
                    Box::new(BoostQuery::new(Box::new(query), form.boost)) as Box<dyn Query>
                })
                .collect();
            (
                occur,
                Box::new(DisjunctionMaxQuery::new(forms)) as Box<dyn Query>,
            )
        })
        .collect();
    (!words.is_empty()).then(|| BooleanQuery::from(words))
}
