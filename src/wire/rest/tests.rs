//! Readers on whatever may come: no bytes make one panic.

use proptest::prelude::*;

use super::*;
use crate::model::Timestamp;

/// Runs every reader; what it says does not matter here.
fn read_all(body: &[u8]) {
    let _ = (activity_subscriptions(body), activity_total(body), webhook(body), webhooks(body), validity(body), subscribed(body));
    let _ = (subscriptions(body), count(body), replay_job(body), upload(body), sent_id(body), message_page(body), shown_message(body));
    let _ =
        (user(body), posts::posts(body), profiles::profile(body), profiles::profiles(body), newer::sent(body), newer::message_page(body));
    let _ = (welcome::welcome_message(body), welcome::welcome_messages(body), welcome::rule(body), welcome::rules(body));
    let _ = (bearer_token(body), request_token(body), signed_in(body), oauth2_token(body, Timestamp::from_millis(i64::MAX)));
    for error in read_errors(body) {
        let _ = remedy(403, &error).advice();
    }
    let _ = judge(400, &read_errors(body));
}

/// JSON out of the words of answers, so that readers get past the first brace.
fn answer() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("1e400".to_owned()),
        "[a-zé&;<\\-0-9]{0,12}".prop_map(|text| format!("\"{text}\"")),
        Just("\"2026-01-02T03:04:05Z\"".to_owned()),
        Just("\"9-7\"".to_owned()),
        Just("\"\\ud83d\"".to_owned()),
    ];
    let names = prop::sample::select(vec![
        "data",
        "id",
        "id_str",
        "errors",
        "code",
        "message",
        "reason",
        "type",
        "event",
        "events",
        "next_cursor",
        "meta",
        "result_count",
        "welcome_message",
        "welcome_messages",
        "message_data",
        "text",
        "entities",
        "urls",
        "url",
        "expanded_url",
        "indices",
        "attachment",
        "media",
        "quick_reply",
        "options",
        "label",
        "subscriptions",
        "subscription",
        "user_id",
        "filter",
        "environments",
        "webhooks",
        "valid",
        "processing_info",
        "state",
        "message_create",
        "target",
        "recipient_id",
        "sender_id",
        "dm_conversation_id",
        "event_type",
        "custom_profile",
        "name",
        "access_token",
        "token_type",
        "expires_in",
        "replay_event",
        "job_id",
        "created_at",
        "created_timestamp",
    ]);
    value.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&body);
    }

    #[test]
    fn any_json_is_read_or_refused(body in answer(), cut in any::<prop::sample::Index>()) {
        read_all(body.as_bytes());
        read_all(&body.as_bytes()[..cut.index(body.len() + 1)]);
    }

    #[test]
    fn any_headers_are_read_or_left(value in "[ -~]{0,24}", remaining in any::<u32>()) {
        let remaining = remaining.to_string();
        let limits = Limits::read(|name| Some(if name.ends_with("remaining") { remaining.as_str() } else { value.as_str() }));
        let _ = limits.retry_at();
    }
}
