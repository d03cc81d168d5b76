//! Portals to arrange a test with.

use std::sync::Arc;

use cairn_domain::portal::Portal;
use cairn_service::portals::{self, WritePortal};

use crate::app::TestApp;

/// A portal to be made, in English unless said otherwise.
pub struct PortalBuilder<'a> {
    app: &'a TestApp,
    command: WritePortal,
}

impl<'a> PortalBuilder<'a> {
    pub(crate) fn new(app: &'a TestApp, slug: &str) -> Self {
        let command = WritePortal {
            slug: Some(slug.to_owned()),
            name: Some(format!("The portal {slug}")),
            locales: Some(vec!["en".to_owned()]),
            ..WritePortal::default()
        };
        Self { app, command }
    }

    /// In these locales, the first of them the default.
    #[must_use]
    pub fn locales(mut self, locales: &[&str]) -> Self {
        self.command.locales = Some(locales.iter().map(|l| (*l).to_owned()).collect());
        self
    }

    /// At the root of these hostnames.
    #[must_use]
    pub fn hostnames(mut self, hostnames: &[&str]) -> Self {
        self.command.hostnames = Some(hostnames.iter().map(|h| (*h).to_owned()).collect());
        self
    }

    /// Makes it.
    pub async fn create(self) -> Arc<Portal> {
        portals::create(&self.app.operator(), self.command)
            .await
            .expect("the portal is made")
    }
}
