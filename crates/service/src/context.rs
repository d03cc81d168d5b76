//! The context of one call: who asks, and everything the use cases need to answer.

use std::sync::Arc;

use cairn_domain::actor::Caller;

use crate::app::App;

/// An authoring call. Public pages hold a [`crate::help_center::HelpCenter`] instead, so that
/// the compiler keeps drafts in.
#[derive(Clone)]
pub struct Context {
    /// The application.
    pub(crate) app: Arc<App>,
    /// Who asks.
    pub(crate) caller: Caller,
}

impl Context {
    /// A call by this caller.
    pub fn new(app: Arc<App>, caller: Caller) -> Self {
        Self { app, caller }
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The application behind the call.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }
}
