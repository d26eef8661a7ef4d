//! Users as the newer API writes them (contract §6.4).

use serde_json::{Map, Value, json};

use super::super::json;
use super::super::settings::Person;
use super::JOINED;

/// A user with all fields, of which a caller gets three and those asked for.
pub(in crate::simulator) struct NewerUser(Map<String, Value>);

impl NewerUser {
    pub(in crate::simulator) fn new(person: &Person) -> Self {
        let all = json!({
            "id": person.id.to_string(),
            "name": person.name,
            "username": person.screen_name,
            "created_at": json::iso_millis(JOINED),
            "description": "",
            "protected": false,
            "verified": false,
            "profile_image_url": "https://pbs.twimg.com/profile_images/1/a_normal.jpg",
            "public_metrics": { "followers_count": 3, "following_count": person.follows.len(), "tweet_count": 8, "listed_count": 0 },
        });
        NewerUser(all.as_object().cloned().unwrap_or_default())
    }

    /// The user with id, name, handle, and the fields of a list with commas.
    pub(in crate::simulator) fn with_fields(self, fields: &str) -> Value {
        let wanted = |name: &str| matches!(name, "id" | "name" | "username") || fields.split(',').any(|field| field.trim() == name);
        self.0.into_iter().filter(|(name, _)| wanted(name)).collect::<Map<_, _>>().into()
    }

    /// The user as deliveries have it: the counters twice, once as texts.
    pub(in crate::simulator) fn delivered(mut self) -> Value {
        if let Some(Value::Object(metrics)) = self.0.get_mut("public_metrics") {
            let texts: Vec<_> = metrics.iter().map(|(name, count)| (format!("{name}_str"), Value::String(count.to_string()))).collect();
            metrics.extend(texts);
        }
        json!({ "data": self.0 })
    }
}
