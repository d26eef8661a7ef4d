//! The platform's errors: a status, a code and the literal text, where one is known (contract §4.10).

use super::world::Quota;

/// A call that the platform refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}/{code}: {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The platform's code; what clients should go by.
    pub code: u32,
    /// The text; not to be relied on.
    pub message: String,
    /// Where the caller stands in the window that is full.
    pub(super) quota: Option<Quota>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Refusal { status, code, message: message.into(), quota: None }
    }

    /// Wrong signature, keys, or kind of authentication.
    pub(super) fn not_authenticated() -> Self {
        Self::new(401, 32, "Could not authenticate you.")
    }

    /// The right to call this is an app's, not a user's.
    pub(super) fn wants_app() -> Self {
        Self::new(401, 32, "Invalid authentication method. Please use application-only authentication.")
    }

    /// The caller's clock is off.
    pub(super) fn clock_is_off() -> Self {
        Self::new(401, 135, "Could not authenticate you.")
    }

    pub(super) fn unknown_token() -> Self {
        Self::new(401, 89, "Invalid or expired token.")
    }

    /// Keys, or a bearer, that are none.
    pub(super) fn unverified() -> Self {
        Self::new(403, 99, "Unable to verify your credentials")
    }

    pub(super) fn bad_authentication() -> Self {
        Self::new(400, 215, "Bad Authentication data.")
    }

    /// A bearer on an endpoint of users.
    pub(super) fn wants_user() -> Self {
        Self::new(403, 220, "Your credentials do not allow access to this resource.")
    }

    pub(super) fn cannot_write() -> Self {
        Self::new(403, 261, "Application cannot perform write actions.")
    }

    pub(super) fn no_messages() -> Self {
        Self::new(403, 93, "This application is not allowed to access or delete your direct messages.")
    }

    /// The app, or whoever calls, has no right to this at all.
    pub(super) fn forbidden() -> Self {
        Self::new(403, 200, "Forbidden.")
    }

    pub(super) fn no_such_page() -> Self {
        Self::new(404, 34, "Sorry, that page does not exist.")
    }

    pub(super) fn no_such_webhook() -> Self {
        Self::new(404, 34, "Webhook does not exist or is associated with a different X application.")
    }

    pub(super) fn no_such_user() -> Self {
        Self::new(404, 108, "Cannot find specified user.")
    }

    /// A file or an upload that cannot be used as it is.
    pub(super) fn bad_media(reason: impl std::fmt::Display) -> Self {
        Self::new(400, 324, reason.to_string())
    }

    pub(super) fn no_such_media() -> Self {
        Self::new(400, 325, "A media id was not found.")
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::new(403, 38, format!("{parameter} parameter is missing."))
    }

    /// A part of the body has the wrong type or is not there: field path, colon, reason.
    pub(super) fn shape(path: &str, reason: impl std::fmt::Display) -> Self {
        Self::new(400, 214, format!("{path}: {reason}"))
    }

    /// A message that breaks a limit; X's text for most of them is not known (contract §5).
    pub(super) fn unsendable(reason: impl std::fmt::Display) -> Self {
        Self::new(403, 151, format!("There was an error sending your message: {reason}"))
    }

    /// The same, without the reason.
    pub(super) fn untold() -> Self {
        Self::new(403, 151, "There was an error sending your message.")
    }

    pub(super) fn over_limit() -> Self {
        Self::new(429, 88, "Rate limit exceeded")
    }
}
