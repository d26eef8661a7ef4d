//! Bodies of the newer API: JSON that names nothing unknown.

use serde::de::DeserializeOwned;

use super::super::call::Call;
use super::problem::Problem;

/// Reads a body.
pub(super) fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Problem> {
    if !call.is_json() {
        return Err(Problem::invalid("content-type", "", "Requests with bodies must have content-type of application/json."));
    }
    serde_json::from_slice(&call.body).map_err(|error| Problem::invalid("body", "", error))
}

/// An id, which is a text of digits here.
pub(super) fn id(name: &str, text: &str) -> Result<u64, Problem> {
    let digits = !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|_| digits);
    id.ok_or_else(|| Problem::invalid(name, text, format_args!("The `{name}` parameter value [{text}] does not match ^[0-9]{{1,19}}$")))
}
