//! The full user of v1.1, as ties, posts and `verify_credentials` have it (contract §2.5).

use serde_json::{Value, json};

use super::super::json;
use super::super::settings::Person;
use super::JOINED;

/// How an id is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum IdForm {
    /// As a string: in ties.
    Text,
    /// As a number, with `id_str` beside it: in posts and answers.
    Number,
}

/// A person.
pub(in crate::simulator) fn full(person: &Person, form: IdForm) -> Value {
    let mut user = json!({
        "name": person.name,
        "screen_name": person.screen_name,
        "location": "",
        "description": "",
        "protected": false,
        "verified": false,
        "followers_count": 3,
        "friends_count": person.follows.len(),
        "listed_count": 0,
        "favourites_count": 1,
        "statuses_count": 8,
        "created_at": json::user_date(JOINED),
        "geo_enabled": false,
        "lang": "",
        "default_profile": true,
        "default_profile_image": false,
        "profile_image_url": "http://pbs.twimg.com/profile_images/1/a_normal.jpg",
        "profile_image_url_https": "https://pbs.twimg.com/profile_images/1/a_normal.jpg",
        // Colours that nobody chose are -1.
        "profile_background_color": -1,
        "profile_link_color": -1,
        "profile_text_color": -1,
    });
    match form {
        IdForm::Text => user["id"] = person.id.to_string().into(),
        IdForm::Number => {
            user["id"] = person.id.0.into();
            user["id_str"] = person.id.to_string().into();
        }
    }
    user
}
