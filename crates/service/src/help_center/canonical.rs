//! The one address of a page: on the portal's own hostname where it has one, else below its slug.
//!
//! A portal with a hostname answers below its slug too. Machines are told one address of the two, so
//! that a page is never two pages to them.

use cairn_domain::ids::CategoryId;

use crate::Result;
use crate::help_center::HelpCenter;

impl HelpCenter {
    /// Scheme, host and prefix of every canonical address, without a trailing slash: the portal's
    /// first hostname at its root, else the public address and the portal's slug.
    pub fn root(&self) -> String {
        let public_url = &self.app.settings.public_url;
        match self.portal.hostnames.first() {
            Some(hostname) => {
                let scheme = public_url.split("://").next().unwrap_or("https");
                format!("{scheme}://{hostname}")
            }
            None => format!("{public_url}{}", crate::address::base(&self.portal)),
        }
    }

    /// Whether the portal has this category.
    ///
    /// # Errors
    /// `unavailable` when the tree is not in memory and the database does not answer.
    pub async fn has_category(&self, id: CategoryId) -> Result<bool> {
        let tree = self.app.tree(self.portal.id).await?;
        Ok(tree.iter().any(|c| c.id == id))
    }

    /// The canonical address of one of its paths, which begins with [`HelpCenter::base`].
    pub fn absolute(&self, path: &str) -> String {
        let below = path.strip_prefix(self.base.as_str()).unwrap_or(path);
        format!("{}{below}", self.root())
    }
}
