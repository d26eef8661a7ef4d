//! Webhooks, subscriptions and replay in the words of all of X's interfaces (contract §4.6–4.8, §6.2, §6.3).
//!
//! The newer interface wraps in `data` what the older one says bare, so one reader takes both.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lists::{bare, moment};
use crate::model::{AppId, Timestamp, UserId};
use crate::wire::lenient::{Id, Text};

/// A registered webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id, a number like all others.
    pub id: u64,
    /// Where events are delivered.
    pub url: String,
    /// Whether it passed its last challenge; an invalid one gets no events.
    pub valid: bool,
    /// When it was registered, where X tells.
    pub created_at: Option<Timestamp>,
}

/// The webhook in the answer to a registration.
pub fn webhook(body: &[u8]) -> Option<Webhook> {
    serde_json::from_str::<WebhookBody<'_>>(bare(body)?.get()).ok().map(Into::into)
}

/// The webhooks in the answer to a listing; of premium's environments, all of them.
pub fn webhooks(body: &[u8]) -> Option<Vec<Webhook>> {
    let list = bare(body)?;
    let hooks = match serde_json::from_str::<Vec<WebhookBody<'_>>>(list.get()) {
        Ok(hooks) => hooks,
        Err(_) => {
            let body: Environments<'_> = serde_json::from_str(list.get()).ok()?;
            body.environments.into_iter().flat_map(|environment| environment.webhooks).collect()
        }
    };
    Some(hooks.into_iter().map(Into::into).collect())
}

/// Whether a challenge that was asked for has been passed; without words it has.
pub fn validity(body: &[u8]) -> bool {
    let told = bare(body).and_then(|body| serde_json::from_str::<Validity>(body.get()).ok());
    told.and_then(|told| told.valid).unwrap_or(true)
}

/// Whether a user is subscribed: v1.1 says so without words, v2 in words.
pub fn subscribed(body: &[u8]) -> bool {
    let told = bare(body).and_then(|body| serde_json::from_str::<Subscribed>(body.get()).ok());
    told.and_then(|told| told.subscribed).unwrap_or(true)
}

/// Who is subscribed to a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subscriptions {
    /// The app whose subscriptions these are, where X tells.
    pub application: Option<AppId>,
    /// The users.
    pub users: Vec<UserId>,
}

/// The users in the answer to a listing.
pub fn subscriptions(body: &[u8]) -> Option<Subscriptions> {
    let body: SubscriptionsBody = serde_json::from_str(bare(body)?.get()).ok()?;
    let users = body.subscriptions.into_iter().map(|one| UserId(one.user_id.0)).collect();
    Some(Subscriptions { application: body.application_id.map(|id| AppId(id.0)), users })
}

/// How many subscriptions there are, and how many there may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// The name of the contract's account; empty where X does not tell.
    pub account_name: String,
    /// Subscriptions that stand.
    pub all: u64,
    /// Subscriptions that may stand, where X tells.
    pub provisioned: Option<u64>,
}

/// The count in the answer to `subscriptions/count`: X writes its numbers as strings.
pub fn count(body: &[u8]) -> Option<Count> {
    let body: CountBody<'_> = serde_json::from_str(bare(body)?.get()).ok()?;
    Some(Count {
        account_name: body.account_name.map(|name| name.0.into_owned()).unwrap_or_default(),
        all: body.subscriptions_count_all.or(body.subscriptions_count)?.0,
        provisioned: body.provisioned_count.map(|count| count.0),
    })
}

/// A replay that X has begun; `replay_job_status` tells its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayJob {
    /// Its id.
    pub id: u64,
    /// When it was ordered, where X tells.
    pub created_at: Option<Timestamp>,
}

/// The job in the answer to a replay; an older form of v2 nests it in `replay_event`.
pub fn replay_job(body: &[u8]) -> Option<ReplayJob> {
    let body: ReplayBody<'_> = serde_json::from_str(bare(body)?.get()).ok()?;
    let job = match body.replay_event {
        Some(nested) => nested,
        None => JobBody { job_id: body.job_id, created_at: body.created_at },
    };
    Some(ReplayJob { id: job.job_id?.0, created_at: job.created_at.and_then(|at| moment(&at)) })
}

/// A moment as `from_date` and `to_date` take it: `yyyymmddhhmm`, UTC, the minute that has begun.
pub fn replay_date(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y%m%d%H%M").to_string()
}

/// The body that orders a replay of v2.
pub fn replay_order(webhook: u64, from: Timestamp, to: Timestamp) -> String {
    let order = serde_json::json!({ "webhook_id": webhook.to_string(), "from_date": replay_date(from), "to_date": replay_date(to) });
    order.to_string()
}

/// The body that registers a webhook of v2.
pub fn new_webhook(address: &str) -> String {
    serde_json::json!({ "url": address }).to_string()
}

#[derive(Deserialize)]
struct WebhookBody<'a> {
    id: Id,
    #[serde(borrow)]
    url: Text<'a>,
    valid: bool,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
}

impl From<WebhookBody<'_>> for Webhook {
    fn from(body: WebhookBody<'_>) -> Self {
        let created_at = body.created_at.and_then(|at| moment(&serde_json::from_str(at.get()).ok()?));
        Webhook { id: body.id.0, url: body.url.0.into_owned(), valid: body.valid, created_at }
    }
}

#[derive(Deserialize)]
struct Environments<'a> {
    #[serde(borrow)]
    environments: Vec<Environment<'a>>,
}

#[derive(Deserialize)]
struct Environment<'a> {
    #[serde(borrow, default)]
    webhooks: Vec<WebhookBody<'a>>,
}

#[derive(Deserialize)]
struct Validity {
    valid: Option<bool>,
}

#[derive(Deserialize)]
struct Subscribed {
    subscribed: Option<bool>,
}

#[derive(Deserialize)]
struct SubscriptionsBody {
    application_id: Option<Id>,
    subscriptions: Vec<Subscriber>,
}

#[derive(Deserialize)]
struct Subscriber {
    user_id: Id,
}

#[derive(Deserialize)]
struct CountBody<'a> {
    #[serde(borrow)]
    account_name: Option<Text<'a>>,
    subscriptions_count_all: Option<Id>,
    subscriptions_count: Option<Id>,
    provisioned_count: Option<Id>,
}

#[derive(Deserialize)]
struct ReplayBody<'a> {
    job_id: Option<Id>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
    #[serde(borrow)]
    replay_event: Option<JobBody<'a>>,
}

#[derive(Deserialize)]
struct JobBody<'a> {
    job_id: Option<Id>,
    #[serde(borrow)]
    created_at: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOOK: &str =
        r#"{"id":"2006000000000000001","url":"https:\/\/bot.example.org\/hook","valid":true,"created_at":"2026-01-02T03:04:05.000Z"}"#;

    fn read<T>(reader: fn(&[u8]) -> Option<T>, body: &str) -> Option<T> {
        reader(body.as_bytes())
    }

    #[test]
    fn webhooks_are_read_bare_and_wrapped() {
        let hook = Webhook {
            id: 2_006_000_000_000_000_001,
            url: "https://bot.example.org/hook".to_owned(),
            valid: true,
            created_at: Some(Timestamp::from_millis(1_767_323_045_000)),
        };
        assert_eq!(read(webhook, HOOK), Some(hook.clone()));
        assert_eq!(read(webhook, &format!(r#"{{"data":{HOOK}}}"#)), Some(hook.clone()));
        let list = Some(vec![hook.clone()]);
        assert_eq!(read(webhooks, &format!("[{HOOK}]")), list);
        assert_eq!(read(webhooks, &format!(r#"{{"data":[{HOOK}],"meta":{{"result_count":1}}}}"#)), list);
        let environments = format!(r#"{{"environments":[{{"environment_name":"a","webhooks":[{HOOK}]}},{{"environment_name":"b"}}]}}"#);
        assert_eq!(read(webhooks, &environments), list);
        assert_eq!(read(webhooks, "[]"), Some(vec![]));
        assert_eq!(read(webhooks, r#"{"data":[],"meta":{"result_count":0}}"#), Some(vec![]));
        let timeless = Webhook { created_at: None, ..hook };
        for odd in [r#""yesterday""#, "null", "7", "{}"] {
            let body = HOOK.replace(r#""2026-01-02T03:04:05.000Z""#, odd);
            assert_eq!(read(webhook, &body), Some(timeless.clone()), "{odd}");
        }
        for none in ["", "{}", "[7]", r#"{"data":{}}"#, r#"{"data":7}"#] {
            assert_eq!((read(webhook, none), read(webhooks, none)), (None, None), "{none}");
        }
    }

    #[test]
    fn subscriptions_and_counts_are_read_bare_and_wrapped() {
        let list = r#"{"webhook_id":"5","webhook_url":"u","application_id":"16777259","subscriptions":[{"user_id":"7"},{"user_id":8}]}"#;
        let told = Some(Subscriptions { application: Some(AppId(16_777_259)), users: vec![UserId(7), UserId(8)] });
        assert_eq!(read(subscriptions, list), told);
        assert_eq!(read(subscriptions, &format!(r#"{{"data":{list}}}"#)), told);
        assert_eq!(read(subscriptions, "{}"), None);
        let numbers =
            r#"{"account_name":"our","subscriptions_count_all":"1","subscriptions_count_direct_messages":"0","provisioned_count":"50"}"#;
        let told = Some(Count { account_name: "our".to_owned(), all: 1, provisioned: Some(50) });
        assert_eq!(read(count, numbers), told);
        assert_eq!(read(count, &format!(r#"{{"data":{numbers}}}"#)), told);
        let premium = Some(Count { account_name: String::new(), all: 2, provisioned: Some(15) });
        assert_eq!(read(count, r#"{"subscriptions_count":"2","provisioned_count":"15"}"#), premium);
        assert_eq!(read(count, "{}"), None);
        assert!(subscribed(b"") && subscribed(br#"{"data":{"subscribed":true}}"#) && !subscribed(br#"{"data":{"subscribed":false}}"#));
        assert!(validity(b"") && validity(br#"{"data":{"valid":true}}"#) && !validity(br#"{"data":{"valid":false}}"#));
    }

    #[test]
    fn a_replay_is_ordered_and_answered() {
        let job = Some(ReplayJob { id: 9, created_at: Some(Timestamp::from_millis(1_767_323_045_000)) });
        let bare = r#"{"job_id":"9","created_at":"2026-01-02T03:04:05Z"}"#;
        assert_eq!(read(replay_job, bare), job);
        assert_eq!(read(replay_job, &format!(r#"{{"data":{bare}}}"#)), job);
        assert_eq!(read(replay_job, &format!(r#"{{"data":{{"for_user_id":"x","replay_event":{bare}}}}}"#)), job);
        assert_eq!(read(replay_job, "{}"), None);
        let at = Timestamp::from_millis(1_767_323_045_678);
        assert_eq!(replay_date(at), "202601020304");
        assert_eq!(replay_order(5, at, at), r#"{"from_date":"202601020304","to_date":"202601020304","webhook_id":"5"}"#);
    }
}
