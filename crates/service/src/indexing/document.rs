//! An article as the index keeps it, in every face that shows it.

use cairn_domain::article::{Audience, Status};
use cairn_domain::category::{Category, path_to_root};
use cairn_domain::revision::Staged;
use cairn_search::{ArticleChange, Face, IndexDocument, SectionText};
use cairn_store::articles::IndexRow;

/// What the index is to hold of an article now.
pub(crate) fn change(row: &IndexRow, tree: &[Category]) -> ArticleChange {
    let article = &row.article;
    if article.purged_at.is_some() {
        return ArticleChange {
            article: article.id,
            documents: Vec::new(),
        };
    }
    let head = document(row, tree, &row.head, article.head_revision);
    let mut documents = Vec::with_capacity(3);
    if let (Some(staged), Some(revision)) = (&row.published, article.published_revision)
        && article.status == Status::Published
    {
        let published = if revision == article.head_revision {
            head.clone()
        } else {
            document(row, tree, staged, revision)
        };
        if article.audience == Audience::Public {
            documents.push((Face::Public, published.clone()));
        }
        documents.push((Face::Published, published));
    }
    documents.push((Face::Authoring, head));
    ArticleChange {
        article: article.id,
        documents,
    }
}

fn document(row: &IndexRow, tree: &[Category], staged: &Staged, revision: i32) -> IndexDocument {
    let article = &row.article;
    let categories = article
        .category
        .map(|id| path_to_root(tree, id))
        .unwrap_or_default();
    let name_of = |id| tree.iter().find(|c| c.id == id).map(|c| c.name.clone());
    let category_names = categories.iter().filter_map(|id| name_of(*id)).collect();
    // While the head is ahead, readers still see what was published then, at the time of then.
    let updated_at = if revision == article.head_revision {
        article.updated_at
    } else {
        article.published_at.unwrap_or(article.updated_at)
    };
    IndexDocument {
        article: article.id,
        number: article.number,
        revision,
        row_version: article.row_version,
        locale: article.locale.clone(),
        source_id: article.source_id.clone(),
        slug: article.slug.as_str().to_owned(),
        title: staged.title.clone(),
        excerpt: staged.excerpt.clone(),
        sections: sections(&staged.body),
        address_words: address_words(row),
        anchor_words: anchor_words(&staged.body),
        categories,
        category_names,
        tags: staged.tags.clone(),
        status: article.status,
        audience: article.audience,
        author: staged.author.clone(),
        updated_at_ms: updated_at.as_millisecond(),
    }
}

/// The words of the file an article came from: they stand in addresses that people still have, often
/// in another language than the text.
fn address_words(row: &IndexRow) -> String {
    let path = row.imported_path.as_deref().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    words_of(std::iter::once(
        file.rsplit_once('.').map_or(file, |(stem, _)| stem),
    ))
}

/// The words of the anchors an author named.
fn anchor_words(body: &str) -> String {
    let anchors = cairn_markdown::anchors(body).unwrap_or_default();
    words_of(anchors.iter().map(String::as_str))
}

fn words_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = names
        .flat_map(|name| name.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

fn sections(body: &str) -> Vec<SectionText> {
    match cairn_markdown::sections(body) {
        Ok(sections) => sections
            .into_iter()
            .map(|s| SectionText {
                heading: s.heading,
                heading_path: s.heading_path,
                anchor: s.anchor,
                text: s.text,
            })
            .collect(),
        // Bodies are rendered before they are saved, so this is one that an older limit let in.
        Err(_) => vec![SectionText {
            heading: None,
            heading_path: Vec::new(),
            anchor: None,
            text: body.to_owned(),
        }],
    }
}
