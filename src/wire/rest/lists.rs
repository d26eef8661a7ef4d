//! What many answers share: `data` around them, moments as texts.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::Timestamp;
use crate::wire::lenient::Text;

/// What an answer says, out of the `data` that v2 wraps it in.
pub(super) fn bare(body: &[u8]) -> Option<&RawValue> {
    let whole: &RawValue = serde_json::from_slice(body).ok()?;
    // A list would be taken for the fields of an object in their order.
    let wrapped: Option<Wrapped<'_>> = whole.get().starts_with('{').then(|| serde_json::from_str(whole.get()).ok()).flatten();
    Some(wrapped.and_then(|wrapped| wrapped.data).unwrap_or(whole))
}

/// A moment as X writes it in answers: ISO 8601.
pub(super) fn moment(text: &Text<'_>) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.0.parse().ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}
