//! The newer API's errors: problem JSON (contract §6.5). What the world refuses is put into its words here.

use serde_json::{Value, json};

use super::super::super::refusal::Refusal;
use super::super::super::world::Quota;
use super::super::answer::Answer;

/// What is wrong with most calls.
const INVALID: &str = "One or more parameters to your request was invalid.";

/// A call that the newer API refuses.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) status: u16,
    title: &'static str,
    detail: String,
    /// The last part of the address that names the kind of problem.
    kind: Option<&'static str>,
    errors: Vec<Value>,
    quotas: Vec<(&'static str, Quota)>,
}

impl Problem {
    fn new(status: u16, title: &'static str, detail: impl Into<String>, kind: Option<&'static str>) -> Self {
        Problem { status, title, detail: detail.into(), kind, errors: vec![], quotas: vec![] }
    }

    /// A parameter or a part of the body that cannot be used.
    pub(super) fn invalid(name: &str, value: &str, message: impl std::fmt::Display) -> Self {
        let error = json!({ "parameters": { name: [value] }, "message": message.to_string() });
        Problem { errors: vec![error], ..Self::new(400, "Invalid Request", INVALID, Some("invalid-request")) }
    }

    /// One of the reasons that the documentation names.
    pub(super) fn because(reason: &str, what: impl std::fmt::Display) -> Self {
        let error = json!({ "message": format!("{reason}: {what}") });
        Problem { errors: vec![error], ..Self::new(400, "Invalid Request", INVALID, Some("invalid-request")) }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized", None)
    }

    /// The call cannot be made with this kind of token.
    pub(super) fn wrong_kind(used: &str, supported: &[&str]) -> Self {
        let supported = supported.join(", ");
        let detail =
            format!("Authenticating with {used} is forbidden for this endpoint.  Supported authentication types are [{supported}].");
        Self::new(403, "Unsupported Authentication", detail, Some("unsupported-authentication"))
    }

    /// The token's app was given too little permission.
    pub(super) fn lacks_permission() -> Self {
        let detail = "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.";
        Self::new(403, "Forbidden", detail, Some("oauth1-permissions"))
    }

    pub(super) fn forbidden(detail: &str) -> Self {
        Self::new(403, "Forbidden", detail, None)
    }

    pub(super) fn not_permitted() -> Self {
        Self::forbidden("This operation is not permitted.")
    }

    pub(super) fn no_credit() -> Self {
        let detail = "Your enrolled account does not have any credits to fulfill this request.";
        Self::new(402, "CreditsDepleted", detail, Some("credits"))
    }

    pub(super) fn no_such_page() -> Self {
        Self::new(404, "Not Found", "Not Found", None)
    }

    /// Something with an id that is not there.
    pub(super) fn not_found(resource: &str, parameter: &str, value: &str) -> Self {
        let error = missing(resource, parameter, value);
        let detail = error["detail"].as_str().unwrap_or_default().to_owned();
        Problem { errors: vec![error], ..Self::new(404, "Not Found Error", detail, Some("resource-not-found")) }
    }

    pub(super) fn conflict(reason: &str, what: &str) -> Self {
        let error = json!({ "message": format!("{reason}: {what}") });
        Problem { errors: vec![error], ..Self::new(409, "Conflict", what, None) }
    }

    /// A window is full; the headers tell which.
    pub(super) fn too_many(quotas: Vec<(&'static str, Quota)>) -> Self {
        Problem { quotas, ..Self::new(429, "Too Many Requests", "Too Many Requests", None) }
    }

    pub(super) fn internal() -> Self {
        Self::new(500, "Internal Server Error", "Something is broken. Please try again later.", None)
    }

    pub(super) fn over_capacity() -> Self {
        Self::new(503, "Service Unavailable", "Service Unavailable", None)
    }
}

/// An error of an answer that has other parts: a resource was not found.
pub(super) fn missing(resource: &str, parameter: &str, value: &str) -> Value {
    json!({
        "value": value,
        "detail": format!("Could not find {resource} with {parameter}: [{value}]."),
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": address("resource-not-found"),
    })
}

fn address(kind: &str) -> String {
    format!("https://api.x.com/2/problems/{kind}")
}

/// What the world refuses by the older API's codes.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match (refusal.status, refusal.code) {
            (401, _) | (400, 215) => Problem::unauthorized(),
            (_, 108 | 150 | 349) => Problem::forbidden("You do not have permission to DM one or more participants."),
            (_, 93 | 261) => Problem::lacks_permission(),
            (404, _) => Problem::no_such_page(),
            (429, _) => Problem::too_many(refusal.quota.map(|quota| ("x-rate-limit", quota)).into_iter().collect()),
            (403, _) => Problem::not_permitted(),
            (status, _) => {
                let error = json!({ "message": refusal.message });
                Problem { status, errors: vec![error], ..Self::new(400, "Invalid Request", INVALID, Some("invalid-request")) }
            }
        }
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let kind = problem.kind.map_or_else(|| "about:blank".to_owned(), address);
        let mut body = json!({ "title": problem.title, "detail": problem.detail, "type": kind, "status": problem.status });
        if !problem.errors.is_empty() {
            body["errors"] = problem.errors.into();
        }
        problem
            .quotas
            .into_iter()
            .fold(Answer::problem(problem.status, &body), |answer, (name, quota)| answer.counted_as(name, Some(quota)))
    }
}
