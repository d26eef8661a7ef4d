//! Custom profiles: a name and a picture of their own for messages of an account (contract §4.3).

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::lists::{Page, millis, named, page};
use crate::model::Timestamp;
use crate::wire::lenient::{Id, Text};

/// A custom profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomProfile {
    /// What a message names it by.
    pub id: u64,
    /// The name that is shown.
    pub name: String,
    /// When it was made, where X tells.
    pub created_at: Option<Timestamp>,
}

/// The body of a new profile, with a picture that was uploaded.
pub fn new_profile(name: &str, avatar: u64) -> String {
    json!({ "custom_profile": { "name": name, "avatar": { "media": { "id": avatar.to_string() } } } }).to_string()
}

/// The profile in an answer.
pub fn profile(body: &[u8]) -> Option<CustomProfile> {
    read(named(body, "custom_profile")?)
}

/// A page of profiles.
pub fn profiles(body: &[u8]) -> Option<Page<CustomProfile>> {
    page(body, "custom_profiles", read)
}

fn read(raw: &RawValue) -> Option<CustomProfile> {
    let body: Body<'_> = serde_json::from_str(raw.get()).ok()?;
    Some(CustomProfile { id: body.id.0, name: body.name.0.into_owned(), created_at: millis(body.created_timestamp) })
}

#[derive(Deserialize)]
struct Body<'a> {
    id: Id,
    #[serde(borrow)]
    name: Text<'a>,
    created_timestamp: Option<Id>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_written_and_read() {
        let body = r#"{"custom_profile":{"avatar":{"media":{"id":"5"}},"name":"Jon"}}"#;
        assert_eq!(new_profile("Jon", 5), body);
        let one = r#"{"id":"100001","created_timestamp":"1479767168196","name":"Jon","avatar":{"media":{"url":"u"}}}"#;
        let jon = CustomProfile { id: 100_001, name: "Jon".to_owned(), created_at: Some(Timestamp::from_millis(1_479_767_168_196)) };
        assert_eq!(profile(format!(r#"{{"custom_profile":{one}}}"#).as_bytes()), Some(jon.clone()));
        let list = profiles(format!(r#"{{"custom_profiles":[{one}]}}"#).as_bytes());
        assert_eq!(list, Some(Page { items: vec![jon], next: None }));
        assert_eq!(profile(b"{}"), None);
    }
}
