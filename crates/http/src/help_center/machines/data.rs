//! The pages as schema.org describes them, in one block of JSON-LD each.
//!
//! The block is data, not script: a browser never runs it, and Content-Security-Policy has no word in
//! it. How no text of an author can end the block is [`Data`]'s affair.

use cairn_service::help_center::{ArticlePage, CategoryLink, CategoryPage};
use serde_json::{Value, json};

use super::xml::moment;
use crate::help_center::frame::Place;
use crate::help_center::html::Data;

/// Longest headline that search engines take, in characters.
const HEADLINE_CHARS_MAX: usize = 110;

/// Articles are `Article` and the trail to them; a list of questions is `FAQPage` as well.
pub(crate) fn of_article(place: &Place<'_>, page: &ArticlePage) -> Data {
    let headline: String = page.title.chars().take(HEADLINE_CHARS_MAX).collect();
    let mut article = json!({
        "@type": "Article",
        "headline": headline,
        "description": page.excerpt,
        "datePublished": moment(page.updated_at),
        "dateModified": moment(page.updated_at),
        "inLanguage": page.locale.as_str(),
        "mainEntityOfPage": page.url,
        "publisher": organisation(place),
    });
    if let Some(name) = &page.author {
        article["author"] = json!({"@type": "Person", "name": name});
    }
    let own = (page.title.as_str(), page.url.clone());
    let mut graph = vec![article, trail(place, &page.crumbs, own)];
    if !page.questions.is_empty() {
        let questions = page.questions.iter().map(|question| {
            json!({
                "@type": "Question",
                "name": question.asked,
                "acceptedAnswer": {"@type": "Answer", "text": question.answer},
            })
        });
        graph.push(json!({
            "@type": "FAQPage",
            "url": page.url,
            "inLanguage": page.locale.as_str(),
            "mainEntity": questions.collect::<Vec<_>>(),
        }));
    }
    block(&graph)
}

/// A category is a `CollectionPage` and the trail to it.
pub(crate) fn of_category(place: &Place<'_>, page: &CategoryPage, url: &str) -> Data {
    let own = &page.category;
    let above = page.crumbs.len().saturating_sub(1);
    let above = page.crumbs.get(..above).unwrap_or_default();
    let collection = json!({
        "@type": "CollectionPage",
        "name": own.name,
        "description": own.description,
        "url": url,
        "inLanguage": place.locale.as_str(),
    });
    let here = (own.name.as_str(), place.center.absolute(&own.path));
    block(&[collection, trail(place, above, here)])
}

/// The first page is the `WebSite`, which can be searched.
pub(crate) fn of_home(place: &Place<'_>, url: &str) -> Data {
    let search = place
        .center
        .absolute(&format!("{}/search", place.home(place.locale)));
    block(&[json!({
        "@type": "WebSite",
        "name": place.portal.name,
        "url": url,
        "inLanguage": place.locale.as_str(),
        "publisher": organisation(place),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": format!("{search}?q={{search_term_string}}")},
            "query-input": "required name=search_term_string",
        },
    })])
}

fn organisation(place: &Place<'_>) -> Value {
    json!({"@type": "Organization", "name": place.portal.name, "url": place.center.root()})
}

fn trail(place: &Place<'_>, above: &[CategoryLink], own: (&str, String)) -> Value {
    let home = place.center.absolute(&place.home(place.locale));
    let nodes = [(place.portal.name.as_str(), home)]
        .into_iter()
        .chain(
            above
                .iter()
                .map(|c| (c.name.as_str(), place.center.absolute(&c.path))),
        )
        .chain([own]);
    let items: Vec<_> = nodes
        .enumerate()
        .map(|(i, (name, url))| {
            json!({"@type": "ListItem", "position": i + 1, "name": name, "item": url})
        })
        .collect();
    json!({"@type": "BreadcrumbList", "itemListElement": items})
}

fn block(graph: &[Value]) -> Data {
    Data::of(&json!({"@context": "https://schema.org", "@graph": graph}))
}
