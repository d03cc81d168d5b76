//! The context of one call: who asks, and everything the use cases need to answer.

use std::sync::Arc;

use cairn_domain::actor::Caller;
use cairn_domain::search_count::SearchSource;

use crate::app::App;

/// An authoring call. Public pages hold a [`crate::help_center::HelpCenter`] instead, so that
/// the compiler keeps drafts in.
#[derive(Clone)]
pub struct Context {
    /// The application.
    pub(crate) app: Arc<App>,
    /// Who asks.
    pub(crate) caller: Caller,
    /// Under which door searches are counted; none: they are not.
    pub(crate) searches: Option<SearchSource>,
}

impl Context {
    /// A call by this caller, whose searches are not counted.
    pub fn new(app: Arc<App>, caller: Caller) -> Self {
        Self {
            app,
            caller,
            searches: None,
        }
    }

    /// The same call, whose searches are counted under this door, or not at all.
    #[must_use]
    pub fn counting_searches(mut self, door: Option<SearchSource>) -> Self {
        self.searches = door;
        self
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
