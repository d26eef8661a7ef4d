//! Who a token belongs to (contract §4.5, §6.4).

use serde::Deserialize;

use super::lists::bare;
use crate::model::{Profile, UserId};
use crate::wire::lenient::{Id, Text};

/// The user in the answer to `account/verify_credentials`, or to `users/me` of v2.
pub fn user(body: &[u8]) -> Option<Profile> {
    let user: UserBody<'_> = serde_json::from_str(bare(body)?.get()).ok()?;
    let told = |text: Option<Text<'_>>| text.map(|text| text.0.into_owned()).unwrap_or_default();
    Some(Profile { id: UserId(user.id_str.or(user.id)?.0), name: told(user.name), screen_name: told(user.screen_name) })
}

#[derive(Deserialize)]
struct UserBody<'a> {
    id: Option<Id>,
    id_str: Option<Id>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, alias = "username")]
    screen_name: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read() {
        let ada = Profile { id: UserId(9_007_199_254_740_993), name: "Ada".to_owned(), screen_name: "ada".to_owned() };
        assert_eq!(user(br#"{"id":9007199254740992,"id_str":"9007199254740993","name":"Ada","screen_name":"ada"}"#), Some(ada));
        let newer = Some(Profile { id: UserId(7), name: "Ada".to_owned(), screen_name: "ada".to_owned() });
        assert_eq!(user(br#"{"data":{"id":"7","name":"Ada","username":"ada"}}"#), newer);
        assert_eq!(user(br#"{"name":"Ada"}"#), None);
    }
}
