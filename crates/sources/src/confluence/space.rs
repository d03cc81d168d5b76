//! What is in an export besides the bodies: spaces, pages and their tree, people, labels, files.

use std::collections::{BTreeMap, HashMap};

use cairn_domain::limits::CATEGORY_DEPTH_MAX;
use jiff::civil;
use jiff::tz::TimeZone;

use super::entities::Object;
use crate::addresses::encoded;
use crate::article::{Fault, OldAddress, SourceCategory, SourceFile, SourcePortal};

/// A page that readers see.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) id: String,
    pub(super) title: String,
    /// Made up, the same on every run.
    pub(super) path: String,
    pub(super) space_key: Option<String>,
    pub(super) version: Option<String>,
    pub(super) status: &'static str,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    space: Option<String>,
    parent: Option<String>,
    position: Option<i64>,
    /// Id or name of who made it.
    creator: Option<String>,
    creator_name: Option<String>,
}

#[derive(Debug, Default)]
struct Space {
    key: Option<String>,
    name: Option<String>,
    home: Option<String>,
}

#[derive(Debug, Clone)]
struct Attachment {
    name: String,
    page: String,
    version: i64,
    file: Option<String>,
}

/// Everything but the bodies.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    /// The folder of `entities.xml`, with its slash.
    root: String,
    spaces: BTreeMap<String, Space>,
    pages: BTreeMap<u64, Page>,
    by_title: HashMap<(Option<String>, String), u64>,
    users: HashMap<String, String>,
    labels: HashMap<String, String>,
    labellings: Vec<(String, String)>,
    tags: HashMap<String, Vec<String>>,
    attachments: BTreeMap<String, Attachment>,
    by_page: HashMap<(String, String), String>,
}

impl Spaces {
    pub(super) fn new(root: String) -> Self {
        Self {
            root,
            ..Self::default()
        }
    }

    /// Notes one object.
    pub(super) fn note(&mut self, path: &str, object: &Object) -> Result<(), Fault> {
        match object.class.as_str() {
            "Space" => {
                let space = Space {
                    key: object.text("key").map(str::to_owned),
                    name: object.text("name").map(str::to_owned),
                    home: object.reference("homePage").map(str::to_owned),
                };
                self.spaces.insert(object.id.clone(), space);
            }
            "Page" | "BlogPost" => {
                if let Some(page) = self.page_of(path, object)? {
                    let id = page.id.parse().unwrap_or(u64::MAX);
                    self.pages.insert(id, page);
                }
            }
            "ConfluenceUserImpl" => {
                let name = object.text("name").or(object.text("lowerName"));
                if let Some(name) = name {
                    self.users.insert(object.id.clone(), name.to_owned());
                }
            }
            "Label" => {
                // Labels of one person and of teams are no subjects.
                let is_global = object.text("namespace").is_none_or(|of| of == "global");
                if let Some(name) = object.text("name").filter(|_| is_global) {
                    self.labels.insert(object.id.clone(), name.to_owned());
                }
            }
            "Labelling" => {
                if let (Some(label), Some(page)) =
                    (object.reference("label"), object.reference("content"))
                {
                    self.labellings.push((page.to_owned(), label.to_owned()));
                }
            }
            "Attachment" => self.attachment(object),
            _ => {}
        }
        Ok(())
    }

    /// None: an old version, a draft or something deleted.
    fn page_of(&self, path: &str, object: &Object) -> Result<Option<Page>, Fault> {
        let status = match object.text("contentStatus").unwrap_or("current") {
            "current" => "published",
            "archived" => "archived",
            _ => return Ok(None),
        };
        if object.reference("originalVersion").is_some() {
            return Ok(None);
        }
        let fault = |reason: String| Fault::at(path, 1, format!("page {}: {reason}", object.id));
        if object.id.parse::<u64>().is_err() {
            return Err(fault("its `id` is no number; export it again".to_owned()));
        }
        let title = object.text("title").map(str::trim);
        let Some(title) = title else {
            return Err(fault("`title` is missing; an article needs it".to_owned()));
        };
        let when = |name: &str| match object.text(name) {
            None => Ok(None),
            Some(text) => time(text).map(Some).ok_or_else(|| {
                fault(format!(
                    "`{name}` is {text:.60}, a time such as 2024-03-01 09:00:00.000 is expected"
                ))
            }),
        };
        Ok(Some(Page {
            path: format!("{}pages/{}.md", self.root, object.id),
            id: object.id.clone(),
            title: title.to_owned(),
            space_key: None,
            version: object.text("version").map(str::to_owned),
            status,
            created_at: when("creationDate")?,
            updated_at: when("lastModificationDate")?,
            space: object.reference("space").map(str::to_owned),
            parent: object.reference("parent").map(str::to_owned),
            position: object.text("position").and_then(|at| at.parse().ok()),
            creator: object.reference("creator").map(str::to_owned),
            creator_name: object.text("creatorName").map(str::to_owned),
        }))
    }

    fn attachment(&mut self, object: &Object) {
        let is_current = object
            .text("contentStatus")
            .is_none_or(|status| status == "current");
        let page = object
            .reference("containerContent")
            .or(object.reference("content"));
        let name = object.text("title").or(object.text("fileName"));
        if let (true, None, Some(page), Some(name)) =
            (is_current, object.reference("originalVersion"), page, name)
        {
            let version = object.text("version").or(object.text("attachmentVersion"));
            let attachment = Attachment {
                name: name.to_owned(),
                page: page.to_owned(),
                version: version
                    .and_then(|version| version.parse().ok())
                    .unwrap_or(1),
                file: None,
            };
            self.attachments.insert(object.id.clone(), attachment);
        }
    }

    /// Everything was read: joins it.
    pub(super) fn settle(&mut self, paths: &[String]) {
        for page in self.pages.values_mut() {
            let space = page.space.as_ref().and_then(|id| self.spaces.get(id));
            page.space_key = space.and_then(|space| space.key.clone());
        }
        for (id, page) in &self.pages {
            let key = (page.space_key.clone(), page.title.to_lowercase());
            self.by_title.entry(key).or_insert(*id);
        }
        for (page, label) in std::mem::take(&mut self.labellings) {
            if let Some(name) = self.labels.get(&label) {
                let tags = self.tags.entry(page).or_default();
                if !tags.contains(name) {
                    tags.push(name.clone());
                }
            }
        }
        for (id, attachment) in &mut self.attachments {
            let folder = format!("{}attachments/{}/{id}", self.root, attachment.page);
            let exact = format!("{folder}/{}", attachment.version);
            let below = format!("{folder}/");
            // The newest version that is there, should the numbers disagree.
            let newest = || {
                let there = paths.iter().filter(|path| path.starts_with(&below));
                there
                    .max_by_key(|path| {
                        path.rsplit('/')
                            .next()
                            .and_then(|name| name.parse::<u64>().ok())
                    })
                    .cloned()
            };
            let is_there = paths.contains(&exact);
            attachment.file = if is_there { Some(exact) } else { newest() };
            if let Some(file) = &attachment.file {
                let key = (attachment.page.clone(), attachment.name.to_lowercase());
                self.by_page.insert(key, file.clone());
            }
        }
    }

    pub(super) fn pages(&self) -> impl Iterator<Item = &Page> {
        self.pages.values()
    }

    pub(super) fn page(&self, id: &str) -> Option<&Page> {
        self.pages.get(&id.parse().ok()?)
    }

    /// The page of this title in a space; none: in the space of the page that asks.
    pub(super) fn titled(&self, from: &Page, space: Option<&str>, title: &str) -> Option<&Page> {
        let key = space.map(str::to_owned).or_else(|| from.space_key.clone());
        let id = self.by_title.get(&(key, title.to_lowercase()))?;
        self.pages.get(id)
    }

    /// The file of an attachment of a page.
    pub(super) fn file(&self, page: &Page, name: &str) -> Option<&str> {
        let key = (page.id.clone(), name.to_lowercase());
        self.by_page.get(&key).map(String::as_str)
    }

    pub(super) fn user(&self, key: &str) -> Option<&str> {
        self.users.get(key).map(String::as_str)
    }

    pub(super) fn labels_of(&self, page: &str) -> Vec<String> {
        self.tags.get(page).cloned().unwrap_or_default()
    }

    pub(super) fn author_of(&self, page: &Page) -> Option<String> {
        let user = page.creator.as_ref().and_then(|key| self.users.get(key));
        user.or(page.creator_name.as_ref()).cloned()
    }

    fn space_of(&self, page: &Page) -> Option<&Space> {
        self.spaces.get(page.space.as_ref()?)
    }

    /// The titles of the pages above, without the space's own page, and the space where there are
    /// several.
    pub(super) fn category_path(&self, page: &Page) -> Vec<String> {
        let space = self.space_of(page);
        let home = space.and_then(|space| space.home.as_deref());
        let mut path = Vec::new();
        let mut at = page.parent.as_deref();
        while let Some(above) = at.and_then(|id| self.page(id)) {
            if home != Some(above.id.as_str()) {
                path.push(above.title.clone());
            }
            // Rings do not happen, but files do.
            if path.len() >= CATEGORY_DEPTH_MAX {
                break;
            }
            at = above.parent.as_deref().filter(|parent| *parent != above.id);
        }
        if self.spaces.len() > 1
            && let Some(name) = space.and_then(|space| space.name.clone().or(space.key.clone()))
        {
            path.push(name);
        }
        path.reverse();
        path.truncate(CATEGORY_DEPTH_MAX);
        path
    }

    pub(super) fn portal(&self) -> SourcePortal {
        let mut found: BTreeMap<Vec<String>, Option<i32>> = BTreeMap::new();
        for page in self.pages.values() {
            let path = self.category_path(page);
            for depth in 1..=path.len() {
                found
                    .entry(path.get(..depth).unwrap_or_default().to_vec())
                    .or_default();
            }
        }
        for page in self.pages.values() {
            let mut own = self.category_path(page);
            own.push(page.title.clone());
            if let Some(position) = found.get_mut(&own) {
                *position = page.position.and_then(|at| i32::try_from(at).ok());
            }
        }
        let categories = found.into_iter().map(|(path, position)| SourceCategory {
            path,
            position,
            ..SourceCategory::default()
        });
        let only = self
            .spaces
            .values()
            .next()
            .filter(|_| self.spaces.len() == 1);
        SourcePortal {
            name: only.and_then(|space| space.name.clone()),
            categories: categories.collect(),
            ..SourcePortal::default()
        }
    }

    /// The addresses of spaces lead to their own pages.
    pub(super) fn old_addresses(&self) -> Vec<OldAddress> {
        let mut found = Vec::new();
        for space in self.spaces.values() {
            let home = space.home.as_deref().and_then(|id| self.page(id));
            let (Some(key), Some(home)) = (&space.key, home) else {
                continue;
            };
            let key = encoded(key);
            let urls = [
                format!("/display/{key}"),
                format!("/wiki/spaces/{key}"),
                format!("/wiki/spaces/{key}/overview"),
                format!("/spaces/{key}"),
                format!("/spaces/{key}/overview"),
            ];
            // The locale is that of the import; the article's own permanent address leads on to it.
            let target = format!("/pages/viewpage.action?pageId={}", home.id);
            found.extend(urls.map(|old_url| OldAddress {
                old_url,
                target: target.clone(),
            }));
        }
        found
    }

    pub(super) fn files(&self) -> Vec<SourceFile> {
        let files = self
            .attachments
            .values()
            .filter(|attachment| self.page(&attachment.page).is_some());
        let files = files.filter_map(|attachment| {
            Some(SourceFile {
                path: attachment.file.clone()?,
                name: attachment.name.clone(),
            })
        });
        let mut files: Vec<SourceFile> = files.collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }
}

/// A time of the server, which the export does not name the zone of: taken as UTC.
fn time(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.to_string());
    }
    let time = text.parse::<civil::DateTime>().ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().to_string())
}
