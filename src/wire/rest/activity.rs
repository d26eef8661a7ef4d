//! Subscriptions of X Activity: one a kind of event and user (contract §6.4).

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::lists::{bare, moment};
use crate::model::{Timestamp, UserId};
use crate::wire::lenient::{Id, Text};

/// A subscription to one kind of event of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivitySubscription {
    /// Its id.
    pub id: u64,
    /// The kind of event, as `dm.received`.
    pub kind: String,
    /// The user whose events these are; `oauth.revoke` has none.
    pub user: Option<UserId>,
    /// Where they are delivered; without a webhook they are in the stream alone.
    pub webhook: Option<u64>,
    /// What they carry along; may be empty.
    pub tag: String,
    /// When it was made, where X tells.
    pub created_at: Option<Timestamp>,
}

/// The body that subscribes to a kind of event.
pub fn new_activity(kind: &str, user: UserId, webhook: Option<u64>, tag: Option<&str>) -> String {
    let mut body = json!({ "event_type": kind, "filter": { "user_id": user.to_string() } });
    if let Some(tag) = tag {
        body["tag"] = tag.into();
    }
    if let Some(webhook) = webhook {
        body["webhook_id"] = webhook.to_string().into();
    }
    body.to_string()
}

/// The body that changes a subscription: nothing else of it can be changed.
pub fn changed_activity(webhook: Option<u64>, tag: Option<&str>) -> String {
    let mut body = json!({});
    if let Some(tag) = tag {
        body["tag"] = tag.into();
    }
    if let Some(webhook) = webhook {
        body["webhook_id"] = webhook.to_string().into();
    }
    body.to_string()
}

/// The subscriptions in an answer. X shows that of a creation in three forms: a list, an object, an object in `subscription`.
pub fn activity_subscriptions(body: &[u8]) -> Option<Vec<ActivitySubscription>> {
    let data = bare(body)?;
    if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(data.get()) {
        return Some(list.into_iter().filter_map(one).collect());
    }
    let nested = serde_json::from_str::<Nested<'_>>(data.get()).ok().and_then(|nested| nested.subscription);
    match nested {
        Some(nested) => one(nested).map(|one| vec![one]),
        None => match one(data) {
            Some(one) => Some(vec![one]),
            // A list of none may come without one; anything else is something else.
            None => total(body).filter(|total| *total == 0).map(|_| Vec::new()),
        },
    }
}

/// How many subscriptions the app has in all.
pub fn activity_total(body: &[u8]) -> Option<u64> {
    total(body).or_else(|| activity_subscriptions(body).map(|list| list.len() as u64))
}

fn one(raw: &RawValue) -> Option<ActivitySubscription> {
    let body: Body<'_> = raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten()?;
    Some(ActivitySubscription {
        id: body.subscription_id?.0,
        kind: body.event_type?.0.into_owned(),
        user: body.filter.and_then(|filter| filter.user_id).map(|id| UserId(id.0)),
        webhook: body.webhook_id.map(|id| id.0),
        tag: body.tag.map(|tag| tag.0.into_owned()).unwrap_or_default(),
        created_at: body.created_at.as_ref().and_then(moment),
    })
}

fn total(body: &[u8]) -> Option<u64> {
    let body: Whole = serde_json::from_slice(body).ok()?;
    let meta = body.meta?;
    Some(meta.total_subscriptions.or(meta.result_count)?.0)
}

#[derive(Deserialize)]
struct Whole {
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    total_subscriptions: Option<Id>,
    result_count: Option<Id>,
}

#[derive(Deserialize)]
struct Nested<'a> {
    #[serde(borrow)]
    subscription: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Body<'a> {
    subscription_id: Option<Id>,
    #[serde(borrow)]
    event_type: Option<Text<'a>>,
    filter: Option<Filter>,
    webhook_id: Option<Id>,
    #[serde(borrow)]
    tag: Option<Text<'a>>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Filter {
    user_id: Option<Id>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"subscription_id":"5","event_type":"dm.received","filter":{"user_id":"7"},"tag":"in","webhook_id":"9",
        "created_at":"2026-01-02T03:04:05.000Z","updated_at":"x"}"#;

    fn subscription() -> ActivitySubscription {
        ActivitySubscription {
            id: 5,
            kind: "dm.received".to_owned(),
            user: Some(UserId(7)),
            webhook: Some(9),
            tag: "in".to_owned(),
            created_at: Some(Timestamp::from_millis(1_767_323_045_000)),
        }
    }

    #[test]
    fn each_of_the_three_forms_is_read() {
        for form in [format!("[{ONE}]"), ONE.to_owned(), format!(r#"{{"subscription":{ONE}}}"#)] {
            let body = format!(r#"{{"data":{form},"meta":{{"total_subscriptions":3}}}}"#);
            assert_eq!(activity_subscriptions(body.as_bytes()), Some(vec![subscription()]), "{form}");
            assert_eq!(activity_total(body.as_bytes()), Some(3));
        }
        assert_eq!(activity_subscriptions(br#"{"data":[],"meta":{"total_subscriptions":0}}"#), Some(vec![]));
        assert_eq!(activity_subscriptions(br#"{"meta":{"total_subscriptions":0}}"#), Some(vec![]));
        assert_eq!(activity_total(format!(r#"{{"data":[{ONE}]}}"#).as_bytes()), Some(1));
        for none in ["", "{}", r#"{"data":{}}"#, r#"{"data":7,"meta":{"total_subscriptions":3}}"#] {
            assert_eq!(activity_subscriptions(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn a_subscription_is_ordered_and_changed() {
        let body = new_activity("dm.received", UserId(7), Some(9), Some("in"));
        assert_eq!(body, r#"{"event_type":"dm.received","filter":{"user_id":"7"},"tag":"in","webhook_id":"9"}"#);
        assert_eq!(new_activity("dm.sent", UserId(7), None, None), r#"{"event_type":"dm.sent","filter":{"user_id":"7"}}"#);
        assert_eq!(changed_activity(Some(9), None), r#"{"webhook_id":"9"}"#);
        assert_eq!(changed_activity(None, Some("x")), r#"{"tag":"x"}"#);
    }
}
