//! What can go wrong, once for every door: one table of codes, one error type.
//!
//! Three families: the caller can fix it (code, sentence, fields), ask again later (with how
//! long), and our fault (an opaque id outward, the chain in the log).

use cairn_domain::field_error::FieldError;
use cairn_domain::scope::Scope;

/// The result of every service call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of answer an error is; the doors translate it into their own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The request is malformed or a field breaks a rule.
    Invalid,
    /// No credential, or one that is not valid (any more).
    Unauthenticated,
    /// The credential lacks a scope.
    Forbidden,
    /// There is nothing here for this caller.
    NotFound,
    /// It was here and was erased.
    Gone,
    /// It clashes with what is there or under way.
    Conflict,
    /// The article moved on since it was read.
    Stale,
    /// The request must name the revision it was made against.
    PreconditionRequired,
    /// Larger than a named limit.
    TooLarge,
    /// Well-formed, but it cannot be done to this content.
    Unprocessable,
    /// Ask again after a while.
    Unavailable,
    /// Our fault.
    Internal,
}

macro_rules! error_codes {
    ($($variant:ident = $code:literal, $class:ident, $title:literal;)*) => {
        /// Stable codes; a row is code, class and title.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $(#[doc = $title] $variant,)* }

        impl ErrorCode {
            /// All of them, for documents and tests.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)*];

            /// The stable code.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $code,)* }
            }

            /// The kind of answer.
            pub const fn class(self) -> ErrorClass {
                match self { $(ErrorCode::$variant => ErrorClass::$class,)* }
            }

            /// A short title that does not change from case to case.
            pub const fn title(self) -> &'static str {
                match self { $(ErrorCode::$variant => $title,)* }
            }
        }
    };
}

error_codes! {
    InvalidRequest = "invalid_request", Invalid, "The request could not be read";
    InvalidFields = "invalid_fields", Invalid, "Some fields break a rule";
    InvalidCursor = "invalid_cursor", Invalid, "The cursor does not fit this list";
    PortalRequired = "portal_required", Invalid, "The request must name a portal";
    Unauthenticated = "unauthenticated", Unauthenticated, "A valid API key is required";
    MissingScope = "missing_scope", Forbidden, "The credential lacks a scope";
    NotFound = "not_found", NotFound, "Nothing is here";
    Purged = "purged", Gone, "It was erased";
    MethodNotAllowed = "method_not_allowed", Invalid, "The method is not allowed here";
    Conflict = "conflict", Conflict, "It clashes with what is there";
    SlugTaken = "slug_taken", Conflict, "The slug is taken";
    IdempotencyMismatch = "idempotency_mismatch", Unprocessable, "The idempotency key was used for another request";
    IdempotencyInFlight = "idempotency_in_flight", Conflict, "A request with this idempotency key is still under way";
    RevisionConflict = "revision_conflict", Stale, "The article moved on since it was read";
    PreconditionRequired = "precondition_required", PreconditionRequired, "The request must name the revision it was made against";
    TooLarge = "too_large", TooLarge, "The request is larger than a limit";
    ContentLimit = "content_limit", Unprocessable, "The content exceeds a rendering limit";
    EditFailed = "edit_failed", Unprocessable, "An edit does not fit the body";
    Overloaded = "overloaded", Unavailable, "The server is busy";
    Unavailable = "unavailable", Unavailable, "A part of the server is out of reach";
    OutcomeUnknown = "outcome_unknown", Unavailable, "Whether the write was saved is unknown";
    Internal = "internal", Internal, "Something went wrong on our side";
}

/// What went wrong, in words a stranger can act on.
#[derive(Debug, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Error {
    /// The stable code.
    pub code: ErrorCode,
    /// What happened and the way out.
    pub message: String,
    /// All faulty fields at once.
    pub fields: Vec<FieldError>,
    /// Where the article stands now, for a stale revision: head revision and row version.
    pub current: Option<(i32, i64)>,
    /// The scope that would allow it.
    pub missing_scope: Option<Scope>,
    /// Seconds after which asking again makes sense.
    pub retry_after_s: Option<u32>,
    /// The chain behind it; never shown outward.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with a code and a sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            fields: Vec::new(),
            current: None,
            missing_scope: None,
            retry_after_s: None,
            source: None,
        }
    }

    /// Some fields break a rule; all of them are listed.
    pub fn invalid_fields(fields: Vec<FieldError>) -> Self {
        let message = match fields.as_slice() {
            [one] => one.message.clone(),
            many => format!("{} fields break a rule; see each of them", many.len()),
        };
        Self {
            fields,
            ..Self::new(ErrorCode::InvalidFields, message)
        }
    }

    /// Nothing is here for this caller.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(
            ErrorCode::NotFound,
            format!("there is no {what} within reach of this credential"),
        )
    }

    /// It was erased, and stays so.
    pub fn purged(what: impl std::fmt::Display) -> Self {
        Self::new(
            ErrorCode::Purged,
            format!(
                "{what} was erased; nothing of its text is kept, and it cannot be brought back"
            ),
        )
    }

    /// The credential lacks a scope.
    pub fn missing_scope(scope: Scope) -> Self {
        Self {
            missing_scope: Some(scope),
            ..Self::new(
                ErrorCode::MissingScope,
                format!("this credential lacks the scope {scope}; use a key that has it"),
            )
        }
    }

    /// The article moved on since it was read.
    pub fn stale(expected: i32, revision: i32, row_version: i64) -> Self {
        let message = if expected == revision {
            format!(
                "revision {expected} is still the head, but a live field changed since it was read; read the article again and reapply your change"
            )
        } else {
            format!(
                "revision {expected} was expected but the article is at {revision}; read it again and reapply your change"
            )
        };
        Self {
            current: Some((revision, row_version)),
            ..Self::new(ErrorCode::RevisionConflict, message)
        }
    }

    /// The server is busy; nothing was done.
    pub fn overloaded(what: &str) -> Self {
        Self {
            retry_after_s: Some(1),
            ..Self::new(
                ErrorCode::Overloaded,
                format!("{what} is at its limit; nothing was done, ask again in a second"),
            )
        }
    }

    /// Our fault; the chain goes to the log.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(
                ErrorCode::Internal,
                "something went wrong on our side; nothing is lost, ask again or report the request id",
            )
        }
    }

    /// Whether it is our fault, and so worth an error in the log.
    pub fn is_internal(&self) -> bool {
        self.code.class() == ErrorClass::Internal
    }
}

/// The constraints that say that a slug is taken.
const SLUGS: [&str; 3] = [
    cairn_store::constraint::ARTICLE_SLUG,
    cairn_store::constraint::CATEGORY_SLUG,
    cairn_store::constraint::PORTAL_SLUG,
];

impl From<cairn_store::StoreError> for Error {
    fn from(error: cairn_store::StoreError) -> Self {
        use cairn_store::StoreError as E;
        let (code, retry_after_s) = match &error {
            E::Unavailable { retry_after, .. } => {
                let seconds = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX);
                (ErrorCode::Unavailable, Some(seconds.max(1)))
            }
            E::LockTimeout | E::StatementTimeout => (ErrorCode::Unavailable, Some(1)),
            E::OutcomeUnknown(_) => (ErrorCode::OutcomeUnknown, Some(2)),
            E::InFlight => (ErrorCode::IdempotencyInFlight, Some(1)),
            E::Stale { .. } => (ErrorCode::Conflict, Some(1)),
            // Somebody took it between the look and the write; the transaction is over.
            E::Conflict(name) if SLUGS.contains(&name.as_str()) => {
                return Self::new(ErrorCode::SlugTaken, "the slug was taken in this very moment; choose another, or leave it out to have one made").caused_by(error);
            }
            _ => return Self::internal(error),
        };
        Self {
            retry_after_s,
            source: None,
            ..Self::new(code, error.to_string())
        }
        .caused_by(error)
    }
}

impl From<cairn_markdown::LimitExceeded> for Error {
    fn from(limit: cairn_markdown::LimitExceeded) -> Self {
        let field = FieldError::new("body", "content_limit", limit.to_string());
        Self {
            fields: vec![field],
            ..Self::new(ErrorCode::ContentLimit, limit.to_string())
        }
    }
}

impl From<cairn_search::SearchError> for Error {
    fn from(error: cairn_search::SearchError) -> Self {
        use cairn_search::SearchError as E;
        let (code, message) = match &error {
            // A portal is indexed a moment after it was made; a lost index is being built.
            E::NoIndex { .. } => (
                ErrorCode::Unavailable,
                "the index of this portal is not built yet; ask again in a moment",
            ),
            E::Busy { .. } => (
                ErrorCode::Conflict,
                "the portal is being reindexed already; wait for it to finish",
            ),
            _ => return Self::internal(error),
        };
        Self {
            retry_after_s: Some(1),
            ..Self::new(code, message)
        }
        .caused_by(error)
    }
}

impl Error {
    fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}
