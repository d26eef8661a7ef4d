//! What the platform insists on, as far as that is known, and what no source pins down: all of it can be changed while it runs.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::error::Error;
use super::super::json;
use super::super::world::Face;
use super::NewerRules;

/// What the platform insists on. Figures are those of the contract unless a test or a benchmark wants others.
///
/// In JSON spans are written as everywhere in the house: `"300ms"`, `"3s"`, `"1h"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Webhook addresses must be https, without a port, of at most 200 characters (contract §1.5). Off, for `http://127.0.0.1:port`.
    pub strict_urls: bool,
    /// How many webhooks may be registered (contract §4.6).
    pub webhooks: usize,
    /// How many subscriptions an app may have (contract §4.6).
    pub subscriptions: usize,
    /// The premium environments, each a sandbox; their names tell upper from lower case (contract §4.7).
    pub environments: Vec<String>,
    /// Whether replay is enabled for the account; what happens meanwhile is kept for five days (contract §4.8).
    pub replay: bool,
    /// Whether deliveries carry the platform's inner headers, as seen in real traffic (contract §1.4).
    pub inner_headers: bool,
    /// How long after it was made a subscription begins to get events; up to 10 s at X (contract §2.1).
    #[serde(with = "json::span")]
    pub subscription_delay: Duration,
    /// How long a webhook may take to answer a challenge or an event (contract §1.1, §2.2).
    #[serde(with = "json::span")]
    pub answer_limit: Duration,
    /// The waits before the second, third … attempt of a delivery (contract §2.2).
    #[serde(with = "json::spans")]
    pub retry_after: Vec<Duration>,
    /// How often valid webhooks are challenged; `None` for never.
    #[serde(with = "json::maybe_span")]
    pub crc_period: Option<Duration>,
    /// How many deliveries of one webhook may be under way at a time; 1 delivers strictly in order.
    pub concurrency: usize,
    /// How long a GIF or a video is worked on after its upload, scaled as retries are (contract §4.4).
    #[serde(with = "json::span")]
    pub media_processing: Duration,
    /// Whether the limits per 15 minutes and per day hold.
    pub rate_limits: bool,
    /// Whether answers carry `x-rate-limit-…` headers, which X leaves out at times (contract §4.9).
    pub rate_headers: bool,
    /// Messages a user may send a day, free replies apart (contract §4.1).
    pub user_daily: usize,
    /// Messages an app may send a day, free replies apart (contract §4.1).
    pub app_daily: usize,
    /// Whether the same text twice in a row to one person is refused with 151 (contract §5).
    pub refuse_duplicates: bool,
    /// Whether answers write `/` as `\/` and non-ASCII as `\uXXXX`, as X does (contract §4).
    pub escape_answers: bool,
    /// The same for deliveries, whose form is not known (contract §8).
    pub escape_deliveries: bool,
    /// Whether lists of messages have an empty page, which yet has a cursor, before each of their pages (contract §4.1).
    pub empty_pages: bool,
    /// Whether an account may make a second welcome message the default, instead of the first; else the rule of the first must be
    /// destroyed before. The docs say both (contract §4.2).
    pub newest_welcome_wins: bool,
    /// Whether accounts may have custom profiles, which X allows to few (contract §4.3).
    pub custom_profiles: bool,
    /// The status of 214 for bodies of a wrong shape (contract §4.10).
    pub body_refusals: u16,
    /// Whether a message that breaks a limit is told which, where X's text for it is not known (contract §5).
    pub tell_limits: bool,
    /// How `user_has_blocked` stands beside posts that name a user (contract §2.4).
    pub user_has_blocked: Flag,
    /// How many deliveries and calls are remembered; messages always are.
    pub remembered: usize,
    /// What is different for those who call the newer API.
    pub v2: NewerRules,
}

/// How a yes or no is written whose form no source pins down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// `"false"`, as it was seen.
    Text,
    /// `false`, as it is described.
    Boolean,
    /// Not at all.
    Absent,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            strict_urls: false,
            webhooks: 3,
            subscriptions: 500,
            environments: vec!["dev".to_owned()],
            replay: true,
            inner_headers: true,
            subscription_delay: Duration::ZERO,
            answer_limit: Duration::from_secs(3),
            retry_after: [3, 27, 242].map(Duration::from_secs).to_vec(),
            crc_period: Some(Duration::from_secs(3600)),
            concurrency: 16,
            media_processing: Duration::from_secs(2),
            rate_limits: true,
            rate_headers: true,
            user_daily: 1_000,
            app_daily: 15_000,
            refuse_duplicates: false,
            escape_answers: true,
            escape_deliveries: false,
            empty_pages: false,
            newest_welcome_wins: false,
            custom_profiles: true,
            body_refusals: 400,
            tell_limits: true,
            user_has_blocked: Flag::Text,
            remembered: 10_000,
            v2: NewerRules::default(),
        }
    }
}

impl Rules {
    /// How long a webhook that was registered by this face may take.
    pub(in super::super) fn answer_limit(&self, face: Face) -> Duration {
        match face {
            Face::Older => self.answer_limit,
            Face::Newer => self.v2.answer_limit,
        }
    }

    /// These rules, but for those that `changes` names, a JSON object.
    pub fn changed(&self, changes: &Value) -> Result<Self, Error> {
        let unfit = |what: &dyn std::fmt::Display| Error::World(format!("these rules cannot be: {what}"));
        let mut all = serde_json::to_value(self).map_err(|error| unfit(&error))?;
        let changes = changes.as_object().ok_or_else(|| unfit(&"they must be an object"))?;
        for (name, value) in changes {
            match (&mut all[name], value) {
                (Value::Object(known), Value::Object(changed)) => known.extend(changed.clone()),
                (known, changed) => *known = changed.clone(),
            }
        }
        let rules: Rules = serde_json::from_value(all).map_err(|error| unfit(&error))?;
        rules.check().map_err(|what| unfit(&what))?;
        Ok(rules)
    }

    /// What can be written and yet makes no rule.
    fn check(&self) -> Result<(), &'static str> {
        if self.crc_period.is_some_and(|period| period.is_zero()) {
            return Err("`crc_period` is null for never, or longer than no time");
        }
        if !(400..600).contains(&self.body_refusals) {
            return Err("`body_refusals` is the status of a refusal, from 400 to 599");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_changed_one_by_one() {
        let rules = Rules::default().changed(&json!({ "answer_limit": "300ms", "retry_after": ["1s", "1m"], "crc_period": null }));
        let expected = Rules {
            answer_limit: Duration::from_millis(300),
            retry_after: [1, 60].map(Duration::from_secs).to_vec(),
            crc_period: None,
            ..Rules::default()
        };
        assert_eq!(rules.expect("they are rules"), expected);
        assert_eq!(Rules::default().changed(&json!({})).expect("none is changed"), Rules::default());
        for bad in [
            json!({ "anser_limit": "3s" }),
            json!({ "answer_limit": 3 }),
            json!({ "answer_limit": "soon" }),
            json!([]),
            json!({ "crc_period": "0s" }),
            json!({ "body_refusals": 101 }),
        ] {
            let error = Rules::default().changed(&bad).expect_err("no rule").to_string();
            assert!(error.starts_with("this world cannot be: these rules cannot be: "), "{error}");
        }
    }
}
