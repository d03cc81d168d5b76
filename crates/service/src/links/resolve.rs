//! What is there for the paths that rows name: four looks however many rows.
//!
//! *Invariant:* the answer depends on the rows and on what is there, not on the order in which it
//! came. Whatever comes asks the rows that may mean it again, also those that lead somewhere already.

use std::collections::{BTreeSet, HashMap};

use cairn_domain::ids::PortalId;
use cairn_domain::old_address::AskedAddress;
use cairn_store::Tx;
use cairn_store::links::{FoundFile, FoundRedirect, LinkRow, LinkTarget};

use super::meaning::{attachment_of, split_host};
use super::names::candidates;
use crate::Result;

/// Gives every row its target, or takes it away.
pub(super) async fn resolve(tx: &mut Tx, portal: PortalId, rows: &mut [LinkRow]) -> Result<()> {
    let mut names = BTreeSet::new();
    let mut ids = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for row in rows.iter() {
        if let Some(asked) = old_address_of(row) {
            for path in asked.folded_paths() {
                let queries = asked.queries().iter();
                addresses.extend(queries.map(|query| (path.clone(), query.clone())));
            }
        }
        if let Some(id) = attachment_of(&row.path) {
            ids.insert(id);
        }
        if let Some((source, path)) = file_of(row) {
            for name in candidates(path, row.is_image) {
                names.insert((source, name.to_ascii_lowercase()));
            }
        }
    }
    let mut found = Found::default();
    if !names.is_empty() {
        let names: Vec<_> = names.into_iter().collect();
        for file in cairn_store::links::files(tx, portal, &names).await? {
            let name = file.path.to_ascii_lowercase();
            let key = (file.source.clone(), name);
            found.files.entry(key).or_default().push(file);
        }
    }
    if !addresses.is_empty() {
        let addresses: Vec<_> = addresses.into_iter().collect();
        for redirect in cairn_store::links::redirects(tx, portal, &addresses).await? {
            let path = redirect.old.path().to_ascii_lowercase();
            found.redirects.entry(path).or_default().push(redirect);
        }
    }
    if !ids.is_empty() {
        let ids: Vec<_> = ids.into_iter().collect();
        let attachments = cairn_store::links::attachments(tx, portal, &ids).await?;
        found.attachments.extend(attachments);
    }
    for row in rows {
        row.target = found.target(row);
    }
    Ok(())
}

/// The file a row may mean: source and path.
fn file_of(row: &LinkRow) -> Option<(&str, &str)> {
    let source = row.source.as_deref()?;
    if attachment_of(&row.path).is_some() || split_host(&row.address).is_some() {
        return None;
    }
    Some((source, row.path.strip_prefix('/').unwrap_or(&row.path)))
}

/// The address of the site before that a row may mean.
fn old_address_of(row: &LinkRow) -> Option<AskedAddress> {
    if row.is_image || !row.path.starts_with('/') || attachment_of(&row.path).is_some() {
        return None;
    }
    let address = match split_host(&row.address) {
        Some((_, path)) => path,
        None => row.address.as_str(),
    };
    match address.split_once('?') {
        Some((path, query)) => AskedAddress::of(path, Some(query)),
        None => AskedAddress::of(address, None),
    }
}

/// What was found.
#[derive(Default)]
struct Found {
    /// By source and path in lower case.
    files: HashMap<(String, String), Vec<FoundFile>>,
    /// By path in lower case.
    redirects: HashMap<String, Vec<FoundRedirect>>,
    attachments: BTreeSet<cairn_domain::ids::AttachmentId>,
}

impl Found {
    fn target(&self, row: &LinkRow) -> Option<LinkTarget> {
        if let Some(id) = attachment_of(&row.path) {
            let is_here = self.attachments.contains(&id);
            return is_here.then_some(LinkTarget::Attachment(id));
        }
        self.file(row).or_else(|| self.redirect(row))
    }

    /// Where the redirect that fits best leads, as it would lead a reader.
    fn redirect(&self, row: &LinkRow) -> Option<LinkTarget> {
        let asked = old_address_of(row)?;
        let paths = asked.folded_paths();
        paths
            .iter()
            .filter_map(|path| self.redirects.get(path))
            .flatten()
            .filter_map(|redirect| Some((asked.rank(&redirect.old)?, redirect.target)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, target)| target)
    }

    /// As written before any other case; then in the order of the candidates.
    fn file(&self, row: &LinkRow) -> Option<LinkTarget> {
        let (source, path) = file_of(row)?;
        let candidates = candidates(path, row.is_image);
        let files = |candidate: &String| {
            let key = (source.to_owned(), candidate.to_ascii_lowercase());
            let files = self.files.get(&key).map(Vec::as_slice).unwrap_or_default();
            files
                .iter()
                .filter(|file| !row.is_image || matches!(file.target, LinkTarget::Attachment(_)))
        };
        let as_written = candidates
            .iter()
            .find_map(|candidate| files(candidate).find(|file| file.path == *candidate));
        let any_case = || {
            candidates
                .iter()
                .find_map(|candidate| files(candidate).min_by(|a, b| a.path.cmp(&b.path)))
        };
        Some(as_written.or_else(any_case)?.target)
    }
}
