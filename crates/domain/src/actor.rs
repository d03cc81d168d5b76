//! Who did it, as recorded, and who asks now.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ApiKeyId, PortalId};
use crate::scope::ScopeSet;

/// What kind of hand did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A program with an API key.
    Key,
    /// The operator at the command line of the machine that owns the data directory.
    Operator,
    /// Cairn itself: first start, demo content.
    System,
}

impl ActorKind {
    /// The word in rows and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            ActorKind::Key => "key",
            ActorKind::Operator => "operator",
            ActorKind::System => "system",
        }
    }

    /// Reads the word back.
    pub fn parse(text: &str) -> Option<Self> {
        [ActorKind::Key, ActorKind::Operator, ActorKind::System]
            .into_iter()
            .find(|k| k.as_str() == text)
    }
}

/// Who did it, as rows remember: the name is kept as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The kind of hand.
    pub kind: ActorKind,
    /// The key's id; nil for operator and system.
    pub id: Uuid,
    /// The key's name, `operator` or `system`.
    pub name: String,
}

impl Actor {
    /// The operator at the command line.
    pub fn operator() -> Self {
        Self {
            kind: ActorKind::Operator,
            id: Uuid::nil(),
            name: "operator".to_owned(),
        }
    }

    /// Cairn itself.
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: Uuid::nil(),
            name: "system".to_owned(),
        }
    }
}

/// Which portals a credential reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every portal, also those made later.
    All,
    /// These and no other.
    Only(Vec<PortalId>),
}

impl Reach {
    /// Whether the portal is within reach.
    pub fn contains(&self, portal: PortalId) -> bool {
        match self {
            Reach::All => true,
            Reach::Only(portals) => portals.contains(&portal),
        }
    }
}

/// The authenticated requester of this call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// As the rows will remember.
    pub actor: Actor,
    /// What may be done.
    pub scopes: ScopeSet,
    /// Where.
    pub reach: Reach,
    /// The portal that reads use when the request names none.
    pub default_portal: Option<PortalId>,
    /// The API key behind the call, if there is one.
    pub key: Option<ApiKeyId>,
}

impl Caller {
    /// The operator: everything, everywhere.
    pub fn operator() -> Self {
        Self {
            actor: Actor::operator(),
            scopes: ScopeSet::full(),
            reach: Reach::All,
            default_portal: None,
            key: None,
        }
    }

    /// Cairn itself.
    pub fn system() -> Self {
        Self {
            actor: Actor::system(),
            ..Self::operator()
        }
    }
}
