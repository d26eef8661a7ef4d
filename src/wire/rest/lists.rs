//! What many answers share: `data` around them, moments as texts.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::Timestamp;
use crate::wire::lenient::{Id, Parts, Text};

/// What an answer says, out of the `data` that v2 wraps it in.
pub(super) fn bare(body: &[u8]) -> Option<&RawValue> {
    let whole: &RawValue = serde_json::from_slice(body).ok()?;
    // A list would be taken for the fields of an object in their order.
    let wrapped: Option<Wrapped<'_>> = whole.get().starts_with('{').then(|| serde_json::from_str(whole.get()).ok()).flatten();
    Some(wrapped.and_then(|wrapped| wrapped.data).unwrap_or(whole))
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it; may be empty before the end.
    pub items: Vec<T>,
    /// Where the next one begins; `None` at the end.
    pub next: Option<String>,
}

/// A page of v1.1 whose elements stand under `name`; an empty list is `{}` (contract §9, 21). What is odd is left out.
pub(super) fn page<T>(body: &[u8], name: &str, read: impl Fn(&RawValue) -> Option<T>) -> Option<Page<T>> {
    let parts: Parts<'_> = serde_json::from_slice(body).ok()?;
    let listed: Vec<&RawValue> = match parts.get(name) {
        Some(list) => serde_json::from_str(list.get()).ok()?,
        None => Vec::new(),
    };
    let items = listed.into_iter().filter_map(read).collect();
    let next = parts.get("next_cursor").and_then(|raw| serde_json::from_str::<Text<'_>>(raw.get()).ok());
    Some(Page { items, next: next.map(|cursor| cursor.0.into_owned()).filter(|cursor| !cursor.is_empty()) })
}

/// The one thing of an answer of v1.1, under its name.
pub(super) fn named<'a>(body: &'a [u8], name: &str) -> Option<&'a RawValue> {
    serde_json::from_slice::<Parts<'a>>(body).ok()?.get(name)
}

/// A moment in milliseconds since the epoch, as messages have it.
pub(super) fn millis(at: Option<Id>) -> Option<Timestamp> {
    i64::try_from(at?.0).ok().map(Timestamp::from_millis)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_taken_off_where_it_is() {
        let read = |body: &'static str| bare(body.as_bytes()).map(RawValue::get);
        assert_eq!(read(r#"{"data":{"a":1},"meta":{}}"#), Some(r#"{"a":1}"#));
        assert_eq!(read(r#"{"a":1}"#), Some(r#"{"a":1}"#));
        assert_eq!(read(r#"[{"data":1}]"#), Some(r#"[{"data":1}]"#));
        assert_eq!(read("<html>"), None);
    }

    #[test]
    fn an_empty_list_may_have_no_name() {
        let read = |body: &str| page(body.as_bytes(), "rules", |raw| serde_json::from_str::<u8>(raw.get()).ok());
        let of = |items: &[u8], next: Option<&str>| Some(Page { items: items.to_vec(), next: next.map(str::to_owned) });
        assert_eq!(read("{}"), of(&[], None));
        assert_eq!(read(r#"{"rules":[1,"x",2],"next_cursor":"5"}"#), of(&[1, 2], Some("5")));
        assert_eq!(read(r#"{"rules":[],"next_cursor":""}"#), of(&[], None));
        for none in ["", "[]", r#"{"rules":7}"#] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
