//! What only the first start does, so that it can be killed anywhere and repeated: the content it
//! begins with and the first key, which is printed once and works.
//!
//! ```text
//! (no file)  is the database empty? no ─► done, by somebody else's hand
//!     │ yes
//! pending    content, key …             killed: the key nobody saw is revoked, all is repeated
//! printing   the key is on its way out  killed: perhaps somebody saw it, so it stays, and another
//! done                                          one is made and printed
//! ```

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cairn_service::clock::{IdSource, SystemIds};
use cairn_service::{Context, keys, portals};
use cairn_sources::SourcePortal;
use serde::{Deserialize, Serialize};

use crate::demo;
use crate::import::{InProcess, Target};
use crate::owner::state_file;

const FILE: &str = "first-start.json";
/// The portal that is there from the start.
const PORTAL: &str = "help";
const PORTAL_NAME: &str = "Help center";
/// The name of the first key; nobody else's key is revoked by it, because no other can be made
/// before the first start is done.
const KEY_NAME: &str = "first key";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Pending,
    Printing,
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    stage: Stage,
    portal: Option<String>,
}

/// The first start of a data directory, or the memory that it is over.
#[derive(Debug)]
pub(crate) struct FirstStart {
    path: PathBuf,
    state: State,
}

/// What the start tells: the portal and, the first time, the key.
#[derive(Debug)]
pub(crate) struct Printed {
    /// Slug of the portal that is there from the start.
    pub(crate) portal: Option<String>,
    /// The first key.
    pub(crate) api_key: Option<String>,
}

/// What a state of the file calls for.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Nothing was ever done here: look at the database.
    Look,
    /// Do everything; a key from an earlier try was never shown.
    Begin,
    /// Do everything; a key from an earlier try may have been shown.
    BeginBesidePrinted,
    Nothing,
}

fn decide(state: Option<&State>) -> Next {
    match state.map(|state| state.stage) {
        None => Next::Look,
        Some(Stage::Pending) => Next::Begin,
        Some(Stage::Printing) => Next::BeginBesidePrinted,
        Some(Stage::Done) => Next::Nothing,
    }
}

impl FirstStart {
    /// Does what is left of the first start, up to the key that [`FirstStart::printed`] must follow.
    ///
    /// # Errors
    /// What the application refuses, or a state file that cannot be written.
    pub(crate) async fn run(dir: &Path, ctx: &Context, with_demo: bool) -> Result<(Self, Printed)> {
        let path = dir.join(FILE);
        let state: Option<State> = state_file::read(&path)?;
        let mut next = decide(state.as_ref());
        let mut this = Self {
            path,
            state: state.unwrap_or(State {
                stage: Stage::Pending,
                portal: None,
            }),
        };
        if next == Next::Look {
            next = this.look(ctx).await?;
        }
        if next == Next::Nothing {
            let printed = Printed {
                portal: this.state.portal.clone(),
                api_key: None,
            };
            return Ok((this, printed));
        }
        let portal = content(ctx, with_demo).await?;
        this.state.portal = Some(portal.clone());
        if next == Next::Begin {
            revoke_unseen(ctx).await?;
        }
        let key = keys::create_first(ctx, KEY_NAME, &portal)
            .await
            .context("cannot make the first key")?;
        let printed = Printed {
            portal: Some(portal),
            api_key: Some(key.secret.context("a new key has a secret")?),
        };
        this.enter(Stage::Printing)?;
        Ok((this, printed))
    }

    /// Notes that the key is out; from now on there is none to print.
    ///
    /// # Errors
    /// A state file that cannot be written.
    pub(crate) fn printed(&mut self) -> Result<()> {
        if self.state.stage == Stage::Printing {
            self.enter(Stage::Done)?;
        }
        Ok(())
    }

    /// An empty database begins here; one with content was begun by another data directory.
    async fn look(&mut self, ctx: &Context) -> Result<Next> {
        let there = portals::list(ctx)
            .await
            .context("cannot list the portals")?;
        match there.first() {
            None => {
                self.enter(Stage::Pending)?;
                Ok(Next::Begin)
            }
            Some(portal) => {
                self.state.portal = Some(portal.slug.to_string());
                self.enter(Stage::Done)?;
                Ok(Next::Nothing)
            }
        }
    }

    fn enter(&mut self, stage: Stage) -> Result<()> {
        self.state.stage = stage;
        state_file::write(&self.path, &self.state)
    }
}

/// Makes the content a start begins with and gives the slug of its portal. May run twice.
async fn content(ctx: &Context, with_demo: bool) -> Result<String> {
    if with_demo {
        let id: String = SystemIds.secret()[..8]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        demo::load(ctx, &id).await?;
    } else {
        let target = InProcess(ctx.clone());
        if target.portal(PORTAL).await?.is_none() {
            let like = SourcePortal {
                name: Some(PORTAL_NAME.to_owned()),
                ..SourcePortal::default()
            };
            let locales = ["en".to_owned()];
            target.make_portal(PORTAL, &like, &locales).await?;
        }
    }
    Ok(PORTAL.to_owned())
}

/// Revokes first keys of tries that ended before they could print one.
async fn revoke_unseen(ctx: &Context) -> Result<()> {
    let mut cursor = None;
    loop {
        let page = keys::list(ctx, None, cursor)
            .await
            .context("cannot list the keys")?;
        let unseen = page
            .items
            .iter()
            .filter(|k| k.name == KEY_NAME && k.revoked_at.is_none());
        for key in unseen {
            keys::revoke(ctx, &key.id.to_string(), None)
                .await
                .context("cannot revoke the key of an interrupted start")?;
            tracing::info!(key.id = %key.id, "revoked the key of an interrupted start");
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: Stage) -> State {
        State {
            stage,
            portal: Some("help".to_owned()),
        }
    }

    #[test]
    fn each_stage_says_what_is_left() {
        assert_eq!(decide(None), Next::Look);
        assert_eq!(decide(Some(&at(Stage::Pending))), Next::Begin);
        assert_eq!(decide(Some(&at(Stage::Printing))), Next::BeginBesidePrinted);
        assert_eq!(decide(Some(&at(Stage::Done))), Next::Nothing);
    }

    #[test]
    fn a_key_is_over_once_it_is_printed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE);
        let mut first = FirstStart {
            path: path.clone(),
            state: at(Stage::Pending),
        };
        first.enter(Stage::Printing).unwrap();
        assert_eq!(
            decide(state_file::read(&path).unwrap().as_ref()),
            Next::BeginBesidePrinted
        );
        first.printed().unwrap();
        let kept: State = state_file::read(&path).unwrap().unwrap();
        assert_eq!(kept, at(Stage::Done));
        // A later start prints no key and must not write anything either.
        std::fs::remove_file(&path).unwrap();
        first.printed().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_damaged_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE);
        std::fs::write(&path, "{\"stage\":").unwrap();
        let error = state_file::read::<State>(&path).unwrap_err();
        assert!(format!("{error:#}").contains(FILE));
    }
}
