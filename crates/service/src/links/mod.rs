//! Where the links of bodies lead: noted with each write, pointed at what comes, put into pages.
//!
//! Bodies are stored as written and so is their HTML. A row says which address of a body means which
//! article or attachment; a page is given the present address of that when it is composed. So neither
//! a new slug nor a target that comes later renders anything again.
//!
//! ```text
//! a write      its addresses become rows; each is looked up at once
//! an arrival   the rows that may mean what came are looked up again
//! a page       the rows of its revision, joined with where their targets stand now
//! ```
//!
//! Known quirk: a single write does not hold the portal's row, so a link written in the very moment
//! in which its target is imported may miss it; it is found when either is written again.

mod meaning;
mod names;
mod page;
mod resolve;

use std::collections::{HashMap, HashSet};

use cairn_domain::article::Article;
use cairn_domain::ids::{ArticleId, AttachmentId, PortalId};
use cairn_domain::limits::{LINKS_MAX, SOURCE_HOSTS_MAX};
use cairn_domain::old_address::OldAddress;
use cairn_markdown::{Link, Rendered};
use cairn_store::Tx;
use cairn_store::links::LinkRow;

use crate::links::meaning::{Site, path_of_attachment, split_host};
use crate::links::names::names;
use crate::links::resolve::resolve;
use crate::{Context, Result, address};

pub(crate) use meaning::Origin;

/// A revision that was written, with the links of its body.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Which article.
    pub(crate) article: ArticleId,
    /// Which of its revisions.
    pub(crate) revision: i32,
    /// The links as they stand in the HTML.
    pub(crate) links: Vec<Link>,
    /// The file it came from; none for what was written here.
    pub(crate) origin: Option<Origin>,
}

/// Writes down where the links of revisions lead, in place of what was known of them, and forgets
/// those of revisions that are neither head nor published any more. Articles and revisions must have
/// been saved before. At most five round trips, however many articles.
pub(crate) async fn note_many(
    ctx: &Context,
    tx: &mut Tx,
    portal: PortalId,
    written: &[Written],
) -> Result<()> {
    if written.is_empty() {
        return Ok(());
    }
    let revisions: Vec<_> = written.iter().map(|w| (w.article, w.revision)).collect();
    cairn_store::links::clear(tx, portal, &revisions).await?;
    let site = site(ctx, portal);
    let hosts = hosts(tx, portal, written).await?;
    let mut rows = Vec::new();
    for revision in written {
        rows_of(&site, &hosts, revision, &mut rows);
    }
    if rows.is_empty() {
        return Ok(());
    }
    resolve(tx, portal, &mut rows).await?;
    cairn_store::links::insert_many(tx, portal, &rows).await?;
    Ok(())
}

/// Notes the links of one article after a single write of it: anew when its text was rendered, else
/// those of the revision before.
pub(crate) async fn note(
    ctx: &Context,
    tx: &mut Tx,
    before: &Article,
    article: &Article,
    rendered: Option<&Rendered>,
) -> Result<()> {
    let (old, new) = (before.head_revision, article.head_revision);
    let Some(rendered) = rendered else {
        if new != old {
            let revisions = [(article.id, old, new)];
            carry_many(tx, article.portal, &revisions, &[article.id]).await?;
        }
        return Ok(());
    };
    let origins = cairn_store::links::origins(tx, article.portal, &[article.id]).await?;
    let origin = origins.into_iter().next();
    let written = Written {
        article: article.id,
        revision: new,
        links: rendered.links.clone(),
        origin: origin.map(|(_, source, path)| Origin { source, path }),
    };
    note_many(ctx, tx, article.portal, &[written]).await
}

/// Gives new heads with the body of the one before its links (article, old revision, new revision),
/// and forgets those of revisions of the `saved` articles that nobody reads any more.
pub(crate) async fn carry_many(
    tx: &mut Tx,
    portal: PortalId,
    revisions: &[(ArticleId, i32, i32)],
    saved: &[ArticleId],
) -> Result<()> {
    if !revisions.is_empty() {
        cairn_store::links::carry_many(tx, portal, revisions).await?;
    }
    if !saved.is_empty() {
        cairn_store::links::prune(tx, portal, saved).await?;
    }
    Ok(())
}

/// Points the links that may mean these files at them. The memory of the files must have been saved
/// before, and the portal's row must be locked.
pub(crate) async fn arrived_articles(
    tx: &mut Tx,
    portal: PortalId,
    files: &[Origin],
) -> Result<()> {
    arrived_files(tx, portal, files).await
}

/// Points the links that may mean an attachment at it: by its own address, and by the files it came
/// from. Locks the portal's row; attachment and paths must have been saved before.
pub(crate) async fn arrived_attachment(
    tx: &mut Tx,
    portal: PortalId,
    id: AttachmentId,
    files: &[Origin],
) -> Result<()> {
    cairn_store::portals::lock(tx, portal).await?;
    let path = path_of_attachment(id);
    let rows = cairn_store::links::leading_to_paths(tx, portal, &[path]).await?;
    point(tx, portal, rows).await?;
    arrived_files(tx, portal, files).await
}

/// Points the links that may mean these addresses of the site before at where they lead now, also
/// where that is nowhere any more. The redirects must have been saved before, and the portal's row
/// must be locked.
pub(crate) async fn arrived_redirects(
    tx: &mut Tx,
    portal: PortalId,
    addresses: &[&OldAddress],
) -> Result<()> {
    if addresses.is_empty() {
        return Ok(());
    }
    let mut paths: Vec<String> = addresses.iter().flat_map(|a| a.asked_by()).collect();
    paths.sort_unstable();
    paths.dedup();
    let rows = cairn_store::links::leading_to_paths(tx, portal, &paths).await?;
    point(tx, portal, rows).await?;
    paths.retain(|path| {
        let last = path.rsplit('/').next().unwrap_or_default();
        !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit())
    });
    if paths.is_empty() {
        return Ok(());
    }
    let rows = cairn_store::links::leading_to_numbers(tx, portal, &paths).await?;
    point(tx, portal, rows).await
}

async fn arrived_files(tx: &mut Tx, portal: PortalId, files: &[Origin]) -> Result<()> {
    let mut called = Vec::new();
    for file in files.iter().filter(|file| !file.path.is_empty()) {
        for name in names(&file.path) {
            called.push((file.source.as_str(), format!("/{name}")));
            called.push((file.source.as_str(), name));
        }
    }
    if called.is_empty() {
        return Ok(());
    }
    called.sort_unstable();
    called.dedup();
    let rows = cairn_store::links::leading_to_files(tx, portal, &called).await?;
    point(tx, portal, rows).await
}

/// Looks rows up again and saves those that lead elsewhere now.
async fn point(tx: &mut Tx, portal: PortalId, before: Vec<LinkRow>) -> Result<()> {
    if before.is_empty() {
        return Ok(());
    }
    let mut rows = before.clone();
    resolve(tx, portal, &mut rows).await?;
    let changed: Vec<_> = rows
        .into_iter()
        .zip(&before)
        .filter(|(row, before)| row.target != before.target)
        .map(|(row, _)| row)
        .collect();
    cairn_store::links::point_many(tx, portal, &changed).await?;
    Ok(())
}

/// Learns the hosts of a source's old site from the old addresses of its articles, as written.
pub(crate) async fn note_hosts(
    tx: &mut Tx,
    portal: PortalId,
    source: &str,
    old_urls: impl Iterator<Item = &str>,
) -> Result<()> {
    let hosts: HashSet<String> = old_urls
        .filter_map(|url| Some(split_host(url)?.0))
        .filter(|host| !host.is_empty() && host.len() <= 253)
        .take(SOURCE_HOSTS_MAX)
        .collect();
    if hosts.is_empty() {
        return Ok(());
    }
    let mut hosts: Vec<_> = hosts.into_iter().collect();
    hosts.sort_unstable();
    cairn_store::links::keep_hosts(tx, portal, source, &hosts).await?;
    Ok(())
}

/// The addresses of this portal.
fn site(ctx: &Context, portal: PortalId) -> Site {
    let common = split_host(&ctx.app.settings.public_url).map(|(host, _)| host);
    let mut site = Site {
        hosts: common.into_iter().collect(),
        ..Site::default()
    };
    if let Some(portal) = ctx.app.portals().by_id(portal) {
        site.base = address::base(&portal);
        site.locales = portal.locales.iter().map(ToString::to_string).collect();
        site.hosts.extend(portal.hostnames.iter().cloned());
    }
    site
}

/// Old hosts by source, read when a body has an absolute link and an origin.
async fn hosts(
    tx: &mut Tx,
    portal: PortalId,
    written: &[Written],
) -> Result<HashMap<String, HashSet<String>>> {
    let is_absolute = |link: &Link| split_host(&link.target).is_some();
    let mut sources: Vec<&str> = written
        .iter()
        .filter(|w| w.links.iter().any(is_absolute))
        .filter_map(|w| Some(w.origin.as_ref()?.source.as_str()))
        .collect();
    sources.sort_unstable();
    sources.dedup();
    let mut hosts: HashMap<String, HashSet<String>> = HashMap::new();
    if !sources.is_empty() {
        for (source, host) in cairn_store::links::hosts_of(tx, portal, &sources).await? {
            hosts.entry(source).or_default().insert(host);
        }
    }
    Ok(hosts)
}

/// The rows of one revision: each address once, at most [`LINKS_MAX`].
fn rows_of(
    site: &Site,
    hosts: &HashMap<String, HashSet<String>>,
    written: &Written,
    rows: &mut Vec<LinkRow>,
) {
    let old = written.origin.as_ref().and_then(|o| hosts.get(&o.source));
    let first = rows.len();
    let mut known: HashMap<String, usize> = HashMap::new();
    for link in &written.links {
        let is_old_host = |host: &str| old.is_some_and(|hosts| hosts.contains(host));
        let Some(named) = site.named(&link.target, written.origin.as_ref(), is_old_host) else {
            continue;
        };
        if let Some(row) = known.get(&named.address).and_then(|at| rows.get_mut(*at)) {
            row.is_image &= link.is_image;
            continue;
        }
        if rows.len() - first >= LINKS_MAX {
            return;
        }
        known.insert(named.address.clone(), rows.len());
        rows.push(LinkRow {
            article: written.article,
            revision: written.revision,
            address: named.address,
            source: written.origin.as_ref().map(|o| o.source.clone()),
            path: named.path,
            is_image: link.is_image,
            target: None,
        });
    }
}
