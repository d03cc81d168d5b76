//! Categories: the tree of a portal, with counts.

use std::collections::HashMap;

use cairn_domain::category::{Category, CategoryFields, path_to_root};
use cairn_domain::event::Subject;
use cairn_domain::field_error::FieldErrors;
use cairn_domain::ids::{CategoryId, EventId, PortalId};
use cairn_domain::limits::{CATEGORIES_MAX, CATEGORY_DEPTH_MAX, PAGE_SIZE_MAX};
use cairn_domain::operation::Operation;
use cairn_domain::scope::Scope;
use cairn_domain::slug::Slug;
use cairn_store::Tx;
use cairn_store::outbox::NewEvent;
use serde::{Deserialize, Serialize};

use crate::articles::view::face;
use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::text_input::Input;
use crate::{Context, Error, ErrorCode, Result, audit, authorize, cursor};

/// How many numbers are tried for a slug before something is wrong.
const SLUG_TRIES_MAX: u64 = 10_000;

/// A node of the tree in pre-order: a child follows its parent.
#[derive(Debug, Clone)]
pub struct CategoryNode {
    /// The category.
    pub category: Category,
    /// Depth below the top, from 0.
    pub depth: usize,
    /// Articles in it that the caller may read.
    pub article_count: i64,
    /// Articles in it and below.
    pub article_count_with_children: i64,
}

/// Which tree.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListCategories {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Only what is below this category (id, slug or name).
    pub parent: Option<String>,
    /// Count articles of this locale only.
    pub locale: Option<String>,
    /// 1 to 100; a tree is best seen whole, so the default is 100.
    pub limit: Option<i64>,
    /// Opaque, from the page before.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// One page of the tree.
#[derive(Debug, Clone)]
pub struct CategoryPage {
    /// Slug of the portal.
    pub portal: String,
    /// The nodes in pre-order.
    pub items: Vec<CategoryNode>,
    /// Nodes over all pages.
    pub total: i64,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// A new category, or a change to one; for a change what is `None` stays as it is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WriteCategory {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// Required for a new one.
    pub name: Option<String>,
    /// Slug; made from the name when absent.
    pub slug: Option<String>,
    /// Parent (id, slug or name); `Some(None)` moves it to the top.
    pub parent: Option<Option<String>>,
    /// One sentence.
    pub description: Option<String>,
    /// Order among siblings.
    pub position: Option<i32>,
    /// Row version the change was made against; required for a change.
    pub expected_version: Option<i64>,
    /// Retrying with the same key gives the same outcome.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// What is remembered of a write.
#[derive(Serialize, Deserialize)]
struct CategoryOutcome {
    category: Category,
}

/// Lists the tree.
///
/// # Errors
/// `portal_required`, `missing_scope`, `invalid_fields`, `invalid_cursor`.
pub async fn list(ctx: &Context, query: ListCategories) -> Result<CategoryPage> {
    authorize::operation(ctx, Operation::ListCategories)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let tree = ctx.app.tree(portal.id).await?;
    let mut input = Input::default();
    let limit = input.limit(Some(query.limit.unwrap_or(PAGE_SIZE_MAX as i64)));
    let locale = input.locale(query.locale.as_deref());
    let parent = input.category("parent", query.parent.as_deref(), &tree);
    input.finish()?;
    let offset = match &query.cursor {
        Some(cursor) => cursor::decode::<usize>(&("categories", portal.id, &query), cursor)?,
        None => 0,
    };
    // Counts tell about articles, so they follow the scopes for articles.
    let counts: HashMap<_, _> = if ctx.caller.scopes.contains(Scope::ArticlesRead) {
        cairn_store::categories::counts(&ctx.app.store, portal.id, face(ctx), locale.as_ref())
            .await?
            .into_iter()
            .collect()
    } else {
        HashMap::new()
    };
    let nodes = preorder(&tree, parent, &counts);
    let total = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
    let end = offset.saturating_add(limit);
    let next_cursor = if end < nodes.len() {
        Some(cursor::encode(&("categories", portal.id, &query), &end)?)
    } else {
        None
    };
    Ok(CategoryPage {
        portal: portal.slug.as_str().to_owned(),
        items: nodes.into_iter().skip(offset).take(limit).collect(),
        total,
        next_cursor,
    })
}

/// The nodes below `parent` in pre-order, siblings by position, then name.
pub(crate) fn preorder(
    tree: &[Category],
    parent: Option<CategoryId>,
    counts: &HashMap<Option<CategoryId>, i64>,
) -> Vec<CategoryNode> {
    let mut children: HashMap<Option<CategoryId>, Vec<&Category>> = HashMap::new();
    for category in tree {
        children.entry(category.parent).or_default().push(category);
    }
    for siblings in children.values_mut() {
        siblings.sort_by(|a, b| (a.position, &a.name, a.id).cmp(&(b.position, &b.name, b.id)));
    }
    let mut nodes = Vec::with_capacity(tree.len());
    walk(&children, parent, 0, counts, &mut nodes);
    nodes
}

/// Depth is bounded by [`CATEGORY_DEPTH_MAX`] on every write, and here once more.
fn walk(
    children: &HashMap<Option<CategoryId>, Vec<&Category>>,
    parent: Option<CategoryId>,
    depth: usize,
    counts: &HashMap<Option<CategoryId>, i64>,
    nodes: &mut Vec<CategoryNode>,
) -> i64 {
    let mut sum = 0;
    for category in children.get(&parent).map(Vec::as_slice).unwrap_or_default() {
        let own = counts.get(&Some(category.id)).copied().unwrap_or(0);
        let at = nodes.len();
        nodes.push(CategoryNode {
            category: (*category).clone(),
            depth,
            article_count: own,
            article_count_with_children: own,
        });
        if depth < CATEGORY_DEPTH_MAX {
            let below = walk(children, Some(category.id), depth + 1, counts, nodes);
            nodes[at].article_count_with_children += below;
        }
        sum += nodes[at].article_count_with_children;
    }
    sum
}

/// A category and everything below it.
pub(crate) fn with_children(tree: &[Category], id: CategoryId) -> Vec<CategoryId> {
    let mut ids = vec![id];
    let mut at = 0;
    while let Some(parent) = ids.get(at).copied() {
        let below = tree
            .iter()
            .filter(|c| c.parent == Some(parent))
            .map(|c| c.id);
        let new: Vec<_> = below.filter(|id| !ids.contains(id)).collect();
        ids.extend(new);
        at += 1;
    }
    ids
}

/// Creates a category.
///
/// # Errors
/// `invalid_fields`, `missing_scope`, `slug_taken`, the idempotency ones.
pub async fn create(ctx: &Context, command: WriteCategory) -> Result<Category> {
    authorize::operation(ctx, Operation::CreateCategory)?;
    let portal = authorize::portal(ctx, command.portal.as_deref(), Purpose::Write)?;
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        portal.id,
        Operation::CreateCategory,
        &command,
    )?;
    let now = ctx.app.now();
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<CategoryOutcome>(ctx, &mut tx).await? {
        return Ok(outcome.category);
    }
    // The portal row is locked: two writers of one tree take turns, so no cycle and no doubled slug.
    cairn_store::portals::lock(&mut tx, portal.id).await?;
    let tree = cairn_store::categories::list_in(&mut tx, portal.id).await?;
    let fields = fields(&command, None, &tree)?;
    if tree.len() >= CATEGORIES_MAX {
        return Err(Error::new(
            ErrorCode::Conflict,
            format!(
                "the portal has {CATEGORIES_MAX} categories, which is the most; join some first"
            ),
        ));
    }
    let category = Category {
        portal: portal.id,
        id: CategoryId::from_uuid(ctx.app.ids.uuid(now)),
        parent: fields.parent,
        slug: slug(&fields, None, &tree)?,
        name: fields.name,
        description: fields.description,
        position: fields.position,
        row_version: 1,
        created_at: now,
        updated_at: now,
    };
    if !cairn_store::categories::insert(&mut tx, &category).await? {
        return Err(slug_taken(&category.slug));
    }
    finish(
        ctx,
        tx,
        &idempotent,
        Operation::CreateCategory,
        None,
        category,
    )
    .await
}

/// Changes a category named by its id.
///
/// # Errors
/// `precondition_required`, `revision_conflict`, `not_found`, and as for a new one.
pub async fn update(ctx: &Context, id: &str, command: WriteCategory) -> Result<Category> {
    authorize::operation(ctx, Operation::UpdateCategory)?;
    let id: CategoryId = id.parse().map_err(|_| Error::not_found("such category"))?;
    let portal = portal_of(ctx, id)
        .await?
        .ok_or_else(|| Error::not_found("such category"))?;
    let Some(expected) = command.expected_version else {
        return Err(Error::new(
            ErrorCode::PreconditionRequired,
            "a category is changed against the version it was read at; send its ETag as If-Match",
        ));
    };
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        portal,
        Operation::UpdateCategory,
        &(id, &command),
    )?;
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<CategoryOutcome>(ctx, &mut tx).await? {
        return Ok(outcome.category);
    }
    cairn_store::portals::lock(&mut tx, portal).await?;
    let tree = cairn_store::categories::list_in(&mut tx, portal).await?;
    let Some(before) = tree.iter().find(|c| c.id == id).cloned() else {
        return Err(Error::not_found("such category"));
    };
    if before.row_version != expected {
        let mut error = Error::stale(0, 0, before.row_version);
        error.message = format!(
            "version {expected} was expected but the category is at {}; read it again and reapply your change",
            before.row_version
        );
        return Err(error);
    }
    let fields = fields(&command, Some(&before), &tree)?;
    let category = Category {
        parent: fields.parent,
        slug: slug(&fields, Some(&before), &tree)?,
        name: fields.name,
        description: fields.description,
        position: fields.position,
        row_version: before.row_version + 1,
        updated_at: ctx.app.now(),
        ..before.clone()
    };
    if !cairn_store::categories::update(&mut tx, &category).await? {
        return Err(slug_taken(&category.slug));
    }
    finish(
        ctx,
        tx,
        &idempotent,
        Operation::UpdateCategory,
        Some(&before),
        category,
    )
    .await
}

/// The last steps of both writes: audit, outcome, event, commit, memory.
async fn finish(
    ctx: &Context,
    mut tx: Tx,
    idempotent: &Idempotent<'_>,
    operation: Operation,
    before: Option<&Category>,
    category: Category,
) -> Result<Category> {
    let json = |c: &Category| serde_json::to_value(c).map_err(Error::internal);
    let subject = Subject::Category(category.id);
    let at = category.updated_at;
    audit::append(
        ctx,
        &mut tx,
        audit::Entry {
            portal: category.portal,
            operation,
            subject,
            revision: None,
            before: before.map(json).transpose()?,
            after: Some(json(&category)?),
            message: "",
            at,
        },
    )
    .await?;
    idempotent
        .finish(
            ctx,
            &mut tx,
            &CategoryOutcome {
                category: category.clone(),
            },
        )
        .await?;
    let event = NewEvent {
        id: EventId::from_uuid(ctx.app.ids.uuid(at)),
        kind: operation
            .row()
            .event
            .unwrap_or(operation.row().name)
            .to_owned(),
        subject,
        revision: None,
        at,
    };
    cairn_store::outbox::append(&mut tx, category.portal, &[event]).await?;
    tx.commit().await?;
    ctx.app.forget_tree(category.portal);
    ctx.app.wake.notify_one();
    Ok(category)
}

/// The portal of a category, among those within reach.
async fn portal_of(ctx: &Context, id: CategoryId) -> Result<Option<PortalId>> {
    let directory = ctx.app.portals();
    for portal in directory
        .all()
        .iter()
        .filter(|p| ctx.caller.reach.contains(p.id))
    {
        if ctx.app.tree(portal.id).await?.iter().any(|c| c.id == id) {
            return Ok(Some(portal.id));
        }
    }
    Ok(None)
}

fn fields(
    command: &WriteCategory,
    base: Option<&Category>,
    tree: &[Category],
) -> Result<CategoryFields> {
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    let slug = input.slug(command.slug.as_deref());
    let parent = match &command.parent {
        Some(Some(named)) => input.category("parent", Some(named), tree),
        Some(None) => None,
        None => base.and_then(|b| b.parent),
    };
    let fields = CategoryFields {
        parent,
        slug,
        name: command
            .name
            .clone()
            .or_else(|| base.map(|b| b.name.clone()))
            .unwrap_or_default(),
        description: command
            .description
            .clone()
            .or_else(|| base.map(|b| b.description.clone()))
            .unwrap_or_default(),
        position: command
            .position
            .or_else(|| base.map(|b| b.position))
            .unwrap_or(0),
    };
    fields.validate(&mut input.errors);
    check_place(&mut input.errors, base.map(|b| b.id), fields.parent, tree);
    input.finish()?;
    Ok(fields)
}

/// No cycle, no tree deeper than the limit.
fn check_place(
    errors: &mut FieldErrors,
    id: Option<CategoryId>,
    parent: Option<CategoryId>,
    tree: &[Category],
) {
    let Some(parent) = parent else { return };
    let path = path_to_root(tree, parent);
    if id.is_some_and(|id| path.contains(&id)) {
        errors.add(
            "parent",
            "cycle",
            "parent is the category itself or stands below it; choose one outside of it",
        );
    }
    let below = id.map_or(0, |id| height(tree, id));
    if path.len() + 1 + below > CATEGORY_DEPTH_MAX {
        errors.add(
            "parent",
            "too_deep",
            format!(
                "the tree would be deeper than {CATEGORY_DEPTH_MAX} levels; choose a higher parent"
            ),
        );
    }
}

/// How many levels stand below a category.
fn height(tree: &[Category], id: CategoryId) -> usize {
    let top = path_to_root(tree, id).len();
    with_children(tree, id)
        .into_iter()
        .map(|c| path_to_root(tree, c).len() - top)
        .max()
        .unwrap_or(0)
}

fn slug(fields: &CategoryFields, before: Option<&Category>, tree: &[Category]) -> Result<Slug> {
    let taken = |slug: &Slug| {
        tree.iter()
            .any(|c| c.slug == *slug && Some(c.id) != before.map(|b| b.id))
    };
    if let Some(slug) = &fields.slug {
        return if taken(slug) {
            Err(slug_taken(slug))
        } else {
            Ok(slug.clone())
        };
    }
    if let Some(before) = before {
        return Ok(before.slug.clone());
    }
    free_slug(&fields.name, tree)
}

/// A slug for a new category: from its name, numbered when taken.
pub(crate) fn free_slug(name: &str, tree: &[Category]) -> Result<Slug> {
    let base = Slug::from_title(name, "category");
    std::iter::once(base.clone())
        .chain((2..SLUG_TRIES_MAX).map(|n| base.numbered(n)))
        .find(|slug| !tree.iter().any(|c| c.slug == *slug))
        .ok_or_else(|| slug_taken(&base))
}

fn slug_taken(slug: &Slug) -> Error {
    Error::new(
        ErrorCode::SlugTaken,
        format!("slug \"{slug}\" is taken by another category of the portal; choose another"),
    )
}
