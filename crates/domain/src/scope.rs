//! Scopes: what a credential may do. The one list; a scope exists only once something is guarded by it.

use std::fmt;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// One permission.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// All of them, in the order documents list them.
            pub const ALL: &'static [Scope] = &[$(Scope::$name,)*];

            /// The text that stands in keys, errors and documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Scope::$name => $text,)* }
            }
        }
    };
}

scopes! {
    /// Read published articles, public and internal.
    ArticlesRead = "articles:read",
    /// Read drafts, heads and other revisions; move the head.
    ArticlesWrite = "articles:write",
    /// Change what is live: publish, archive, and live fields of published articles.
    ArticlesPublish = "articles:publish",
    /// Bring files that articles show, and list those that none does.
    AttachmentsWrite = "attachments:write",
    /// Read the category tree.
    CategoriesRead = "categories:read",
    /// Create and change categories.
    CategoriesWrite = "categories:write",
    /// Read portals.
    PortalsRead = "portals:read",
    /// Create and change portals; reindex and verify their indexes.
    PortalsWrite = "portals:write",
    /// Erase articles, revisions and attachments for good; in no bundle but `full`.
    ArticlesPurge = "articles:purge",
    /// Restore portals from bundles: history under the names of those who wrote it.
    PortalsRestore = "portals:restore",
    /// Search.
    SearchRead = "search:read",
    /// Read and change the rules of search: synonyms, stop words, pins, hidden keywords.
    SearchWrite = "search:write",
    /// Create, list and revoke API keys.
    KeysAdmin = "keys:admin",
}

impl Scope {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What `mcp:read` stands for.
const MCP_READ: &[Scope] = &[
    Scope::ArticlesRead,
    Scope::CategoriesRead,
    Scope::PortalsRead,
    Scope::SearchRead,
];

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeSet(u32);

impl ScopeSet {
    /// Nothing is allowed.
    pub const EMPTY: ScopeSet = ScopeSet(0);

    /// Everything is allowed: what a key of kind `full` has.
    pub fn full() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Reads the names a key was made with: scopes, and the bundles `mcp:read`, `mcp:write`
    /// (implies read), `mcp:admin` (implies write) and `full`. The first unknown name is the error.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut set = Self::EMPTY;
        for name in names {
            match name {
                "full" => set = Self::full(),
                "mcp:read" => set.extend(MCP_READ),
                "mcp:write" => {
                    set.extend(MCP_READ);
                    set.insert(Scope::ArticlesWrite);
                }
                "mcp:admin" => {
                    set.extend(MCP_READ);
                    set.extend(&[
                        Scope::ArticlesWrite,
                        Scope::ArticlesPublish,
                        Scope::CategoriesWrite,
                    ]);
                }
                _ => {
                    let scope = Scope::ALL.iter().find(|s| s.as_str() == name);
                    set.insert(*scope.ok_or_else(|| name.to_owned())?);
                }
            }
        }
        Ok(set)
    }

    /// The names a key may be made with: scopes, then bundles.
    pub fn names() -> Vec<&'static str> {
        let mut names: Vec<_> = Scope::ALL.iter().map(|s| s.as_str()).collect();
        names.extend(["mcp:read", "mcp:write", "mcp:admin", "full"]);
        names
    }

    /// Whether the scope is in the set.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Adds a scope. What may be written may be read: `articles:write` brings `articles:read`.
    pub fn insert(&mut self, scope: Scope) {
        self.0 |= scope.bit();
        match scope {
            Scope::ArticlesWrite | Scope::ArticlesPublish | Scope::AttachmentsWrite => {
                self.0 |= Scope::ArticlesRead.bit();
            }
            Scope::CategoriesWrite => self.0 |= Scope::CategoriesRead.bit(),
            Scope::PortalsWrite => self.0 |= Scope::PortalsRead.bit(),
            Scope::SearchWrite => self.0 |= Scope::SearchRead.bit(),
            _ => {}
        }
    }

    fn extend(&mut self, scopes: &[Scope]) {
        scopes.iter().for_each(|s| self.insert(*s));
    }

    /// The scopes in the set, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .iter()
            .copied()
            .filter(move |s| self.contains(*s))
    }

    /// Whether everything in `other` is here too.
    pub const fn covers(self, other: ScopeSet) -> bool {
        self.0 & other.0 == other.0
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Self::EMPTY;
        scopes.into_iter().for_each(|s| set.insert(s));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_are_what_they_say() {
        let read = ScopeSet::from_names(["mcp:read"]).expect("a bundle");
        let write = ScopeSet::from_names(["mcp:write"]).expect("a bundle");
        assert!(write.covers(read) && !read.contains(Scope::ArticlesWrite));
        assert!(!write.contains(Scope::ArticlesPublish));
        assert_eq!(
            ScopeSet::from_names(["articles:fly"]),
            Err("articles:fly".to_owned())
        );
        let bundles = ScopeSet::from_names(["mcp:read", "mcp:write", "mcp:admin"]);
        assert!(!bundles.expect("bundles").contains(Scope::ArticlesPurge));
        assert!(ScopeSet::full().contains(Scope::ArticlesPurge));
        assert!(ScopeSet::full().covers(ScopeSet::from_names(["mcp:admin"]).expect("a bundle")));
    }
}
