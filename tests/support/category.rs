//! Categories to arrange a test with.

use cairn_domain::category::Category;
use cairn_service::categories::{self, WriteCategory};

use crate::app::TestApp;

/// A category to be made in the portal `help`, unless said otherwise.
pub struct CategoryBuilder<'a> {
    app: &'a TestApp,
    command: WriteCategory,
}

impl<'a> CategoryBuilder<'a> {
    pub(crate) fn new(app: &'a TestApp, name: &str) -> Self {
        let command = WriteCategory {
            portal: Some("help".to_owned()),
            name: Some(name.to_owned()),
            ..WriteCategory::default()
        };
        Self { app, command }
    }

    /// In this portal.
    #[must_use]
    pub fn in_portal(mut self, portal: &str) -> Self {
        self.command.portal = Some(portal.to_owned());
        self
    }

    /// Below another.
    #[must_use]
    pub fn below(mut self, parent: &Category) -> Self {
        self.command.parent = Some(Some(parent.id.to_string()));
        self
    }

    /// At this place among its siblings.
    #[must_use]
    pub fn position(mut self, position: i32) -> Self {
        self.command.position = Some(position);
        self
    }

    /// Makes it.
    pub async fn create(self) -> Category {
        categories::create(&self.app.operator(), self.command)
            .await
            .expect("the category is made")
    }
}
