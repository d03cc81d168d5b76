//! Keys with any scopes, portals and end.

use std::sync::Arc;
use std::time::Duration;

use cairn_domain::actor::Caller;
use cairn_service::keys::CreateKey;
use cairn_service::{App, Context, keys};

/// A key and its secret.
#[derive(Debug, Clone)]
pub struct TestKey {
    /// Its id.
    pub id: String,
    /// `cairn_sk_…`.
    pub secret: String,
}

impl TestKey {
    /// Not a key: right in length and letters, wrong in its checksum.
    pub fn garbage() -> Self {
        Self {
            id: String::new(),
            secret: format!("cairn_sk_{}", "x".repeat(49)),
        }
    }
}

/// A key to be made by the operator.
pub struct KeyBuilder<'a> {
    app: &'a Arc<App>,
    command: CreateKey,
}

impl<'a> KeyBuilder<'a> {
    pub(crate) fn new(app: &'a Arc<App>) -> Self {
        let command = CreateKey {
            name: Some("a test's key".to_owned()),
            scopes: vec!["full".to_owned()],
            ..CreateKey::default()
        };
        Self { app, command }
    }

    /// What it is called.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.command.name = Some(name.to_owned());
        self
    }

    /// What it may do; everything unless said.
    #[must_use]
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        self.command.scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
        self
    }

    /// Where; everywhere unless said.
    #[must_use]
    pub fn portals(mut self, portals: &[&str]) -> Self {
        self.command.portals = Some(portals.iter().map(|p| (*p).to_owned()).collect());
        self
    }

    /// How long it lives.
    #[must_use]
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.command.expires_at = Some((self.app.now() + life).to_string());
        self
    }

    /// Makes it.
    pub async fn create(self) -> TestKey {
        let operator = Context::new(Arc::clone(self.app), Caller::operator());
        let new = keys::create(&operator, self.command)
            .await
            .expect("the key is made");
        TestKey {
            id: new.view.id.to_string(),
            secret: new.secret.expect("a new key shows its secret"),
        }
    }
}
