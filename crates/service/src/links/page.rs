//! The present addresses of a page's links.

use std::collections::{HashMap, HashSet};

use cairn_domain::article::Article;
use cairn_domain::limits::{LINKS_MAX, REDIRECTED_LINKS_MAX};
use cairn_markdown::{FileTarget, Target};
use cairn_store::links::{LinkTarget, PageLink, PageTarget};

use crate::app::Dependency;
use crate::help_center::HelpCenter;
use crate::links::meaning::split_host;
use crate::{Result, address};

impl HelpCenter {
    /// Where the links of the published text lead readers now, by the address in the body, and what
    /// makes that stale.
    pub(crate) async fn targets(
        &self,
        article: &Article,
    ) -> Result<(HashMap<String, Target>, HashSet<Dependency>)> {
        let mut targets = HashMap::new();
        let mut depends_on = HashSet::new();
        let Some(revision) = article.published_revision else {
            return Ok((targets, depends_on));
        };
        let mut redirects = 0;
        let limit = i64::try_from(LINKS_MAX).unwrap_or(i64::MAX);
        let links = cairn_store::links::of_page(
            &self.app.store,
            self.portal.id,
            article.id,
            revision,
            limit,
        )
        .await?;
        for PageLink {
            address,
            path,
            to,
            target,
        } in links
        {
            // What comes points the rows that mean it at itself, and is found by them.
            depends_on.insert(Dependency::LinksOf(article.id));
            if let Some(LinkTarget::Article(id)) = to {
                depends_on.insert(Dependency::Article(id));
            }
            // A redirect says nothing of the article it leads to.
            if path.starts_with('/') && !matches!(to, Some(LinkTarget::Attachment(_))) {
                depends_on.insert(Dependency::Links(self.portal.id));
            }
            if let Some(target) = target {
                targets.insert(address, self.present(target));
            } else if to == Some(LinkTarget::Redirect) && redirects < REDIRECTED_LINKS_MAX {
                redirects += 1;
                // The category it ends in may have its first article for readers tomorrow.
                depends_on.insert(Dependency::Articles(self.portal.id));
                if let Some(to) = self.end_of(&address).await? {
                    targets.insert(address, Target::Page(to));
                }
            }
        }
        Ok((targets, depends_on))
    }

    /// Where an address of the site before leads readers now.
    async fn end_of(&self, address: &str) -> Result<Option<String>> {
        let address = split_host(address).map_or(address, |(_, path)| path);
        let (path, query) = match address.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (address, None),
        };
        self.moved(path, query).await
    }

    fn present(&self, target: PageTarget) -> Target {
        match target {
            PageTarget::Article { locale, slug } => {
                Target::Page(address::article(&self.base, &locale, slug.as_str()))
            }
            PageTarget::Attachment {
                id,
                name,
                size,
                variant_widths,
            } => {
                let pixels = |n: i32| u32::try_from(n).ok();
                Target::File(FileTarget {
                    address: address::attachment(&self.base, id, &name),
                    size: size.and_then(|(width, height)| Some((pixels(width)?, pixels(height)?))),
                    variants: variant_widths
                        .into_iter()
                        .filter_map(|width| {
                            let address = address::attachment_variant(&self.base, id, width);
                            Some((pixels(width)?, address))
                        })
                        .collect(),
                })
            }
        }
    }
}
