//! Webhooks, subscriptions and replay, in each of the interfaces.

use super::*;
use crate::client::events::EventsFailure;

const FROM: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const TO: Timestamp = Timestamp::from_millis(1_767_229_200_000);

macro_rules! told {
    ($body:literal) => {
        concat!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", $body)
    };
}

macro_rules! refused {
    ($status:literal, $body:literal) => {
        concat!("HTTP/1.1 ", $status, "\r\nconnection: close\r\n\r\n", $body)
    };
}

/// What an app is given its bearer token with.
const TOKEN: &str = told!(r#"{"token_type":"bearer","access_token":"secret%2F"}"#);
const REFUSED_TOKEN: &str = refused!("401 Unauthorized", r#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#);

fn keys() -> Keys {
    let owner = UserToken { token: Secret::new("4503599627370601-simtoken"), secret: Secret::new("sim-token-secret-01") };
    Keys { consumer_key: "simkey0001".to_owned(), consumer_secret: Secret::new("sim-consumer-secret-01"), owner: Some(owner) }
}

fn events(api: &str, answers: &'static [&'static str]) -> (Events, mpsc::Receiver<Seen>) {
    let (client, seen) = server(answers);
    (Events::new(client, api.parse().expect("an interface"), keys()), seen)
}

/// What was asked, each as `METHOD PATH AUTH`, and the bodies.
fn asked(events: Events, seen: mpsc::Receiver<Seen>) -> Vec<String> {
    drop(events);
    seen.try_iter()
        .map(|seen| {
            let auth = match seen.header("authorization") {
                "Bearer secret%2F" => "A",
                "Bearer user" => "OAuth2",
                "Basic c2lta2V5MDAwMTpzaW0tY29uc3VtZXItc2VjcmV0LTAx" => "keys",
                _ => "U",
            };
            if auth == "U" {
                assert!(is_signed(&seen), "{}", seen.line);
            }
            let line = seen.line.trim_end_matches(" HTTP/1.1").replace("/1.1/account_activity", "").replace("/2/account_activity", "v2:");
            format!("{line} {auth} {}", seen.body).trim_end().to_owned()
        })
        .collect()
}

/// Makes every call once, and a subscription twice.
async fn tour(events: &Events, auth: Auth<'_>) {
    let hook = events.register("https://b/h?x=1").await.expect("a webhook");
    assert_eq!((hook.id, hook.url.as_str(), hook.valid), (5, "https://b/h?x=1", true));
    assert_eq!(events.list().await, Ok(vec![]));
    assert_eq!(events.subscribe(5, UserId(7), auth).await, Ok(()));
    assert_eq!(events.subscribe(5, UserId(7), auth).await, Ok(()), "one that stands is a success");
    assert_eq!(events.is_subscribed(5, UserId(7), auth).await, Ok(true));
    assert_eq!(events.is_subscribed(5, UserId(7), auth).await, Ok(false));
    assert_eq!(events.subscriptions(5).await.expect("a list").users, [UserId(7)]);
    assert_eq!(events.count().await.expect("a count").all, 1);
    assert_eq!(events.unsubscribe(5, UserId(7)).await, Ok(()));
    assert_eq!(events.unsubscribe(5, UserId(7)).await, Ok(()), "one that is gone is a success");
    assert_eq!(events.delete(5).await, Ok(()));
}

#[tokio::test]
async fn enterprise_is_called_as_the_contract_says() {
    let (events, seen) = events(
        "enterprise",
        &[
            told!(r#"{"id":"5","url":"https:\/\/b\/h?x=1","valid":true,"created_at":"2026-01-02T03:04:05Z"}"#),
            TOKEN,
            told!("[]"),
            EMPTY,
            refused!("409 Conflict", r#"{"errors":[{"code":355,"message":"Subscription already exists."}]}"#),
            EMPTY,
            refused!("404 Not Found", r#"{"errors":[{"code":34,"message":"no"}]}"#),
            told!(r#"{"webhook_id":"5","webhook_url":"u","application_id":"1","subscriptions":[{"user_id":"7"}]}"#),
            told!(
                r#"{"account_name":"a","subscriptions_count_all":"1","subscriptions_count_direct_messages":"0","provisioned_count":"50"}"#
            ),
            EMPTY,
            refused!("404 Not Found", r#"{"errors":[{"code":34,"message":"no"}]}"#),
            EMPTY,
            EMPTY,
            "HTTP/1.1 202 Accepted\r\nconnection: close\r\n\r\n{\"job_id\":\"9\",\"created_at\":\"2026-01-02T03:04:05Z\"}",
        ],
    );
    tour(&events, Auth::User(US)).await;
    assert_eq!(events.validate(5).await, Ok(true));
    let job = events.replay(5, FROM, TO).await.expect("a job");
    assert_eq!((job.id, job.created_at), (9, Some(Timestamp::from_millis(1_767_323_045_000))));
    assert_eq!(
        asked(events, seen),
        [
            "POST /webhooks.json?url=https%3A%2F%2Fb%2Fh%3Fx%3D1 U",
            "POST /oauth2/token keys grant_type=client_credentials",
            "GET /webhooks.json A",
            "POST /webhooks/5/subscriptions/all.json U",
            "POST /webhooks/5/subscriptions/all.json U",
            "GET /webhooks/5/subscriptions/all.json U",
            "GET /webhooks/5/subscriptions/all.json U",
            "GET /webhooks/5/subscriptions/all/list.json A",
            "GET /subscriptions/count.json A",
            "DELETE /webhooks/5/subscriptions/7/all.json A",
            "DELETE /webhooks/5/subscriptions/7/all.json A",
            "DELETE /webhooks/5.json U",
            "PUT /webhooks/5.json U",
            "POST /replay/webhooks/5/subscriptions/all.json?from_date=202601010000&to_date=202601010100 A",
        ]
    );
}

#[tokio::test]
async fn premium_has_its_environment_and_no_replay() {
    let (events, seen) = events(
        "premium:Prod",
        &[
            told!(r#"{"id":"5","url":"https:\/\/b\/h?x=1","valid":true}"#),
            TOKEN,
            told!("[]"),
            EMPTY,
            refused!("409 Conflict", r#"{"errors":[{"code":355,"message":"Subscription already exists."}]}"#),
            EMPTY,
            refused!("404 Not Found", r#"{"errors":[{"code":34,"message":"no"}]}"#),
            told!(r#"{"environment":"Prod","application_id":"1","subscriptions":[{"user_id":"7"}]}"#),
            told!(r#"{"subscriptions_count":"1","provisioned_count":"15"}"#),
            EMPTY,
            refused!("404 Not Found", r#"{"errors":[{"code":34,"message":"no"}]}"#),
            EMPTY,
            EMPTY,
            told!(r#"{"environments":[{"environment_name":"Prod","webhooks":[{"id":"5","url":"u","valid":true}]}]}"#),
        ],
    );
    tour(&events, Auth::User(US)).await;
    assert_eq!(events.validate(5).await, Ok(true));
    assert_eq!(events.list_everywhere().await.expect("a list")[0].id, 5);
    let lacking = events.replay(5, FROM, TO).await.expect_err("there is none");
    assert_eq!(lacking.to_string(), "premium:Prod has no replay");
    assert_eq!(
        asked(events, seen),
        [
            "POST /all/Prod/webhooks.json?url=https%3A%2F%2Fb%2Fh%3Fx%3D1 U",
            "POST /oauth2/token keys grant_type=client_credentials",
            "GET /all/Prod/webhooks.json A",
            "POST /all/Prod/subscriptions.json U",
            "POST /all/Prod/subscriptions.json U",
            "GET /all/Prod/subscriptions.json U",
            "GET /all/Prod/subscriptions.json U",
            "GET /all/Prod/subscriptions/list.json A",
            "GET /all/subscriptions/count.json A",
            "DELETE /all/Prod/subscriptions/7.json A",
            "DELETE /all/Prod/subscriptions/7.json A",
            "DELETE /all/Prod/webhooks/5.json U",
            "PUT /all/Prod/webhooks/5.json U",
            "GET /all/webhooks.json A",
        ]
    );
}

#[tokio::test]
async fn v2_wraps_its_answers_and_is_asked_twice_about_validity() {
    let user = Secret::new("user");
    let (events, seen) = events(
        "v2",
        &[
            TOKEN,
            told!(r#"{"data":{"id":"5","url":"https:\/\/b\/h?x=1","valid":true,"created_at":"2026-01-02T03:04:05.000Z"}}"#),
            told!(r#"{"data":[],"meta":{"result_count":0}}"#),
            told!(r#"{"data":{"subscribed":true}}"#),
            refused!("400 Bad Request", r#"{"title":"x","reason":"DuplicateSubscriptionFailed","status":400}"#),
            told!(r#"{"data":{"subscribed":true}}"#),
            told!(r#"{"data":{"subscribed":false}}"#),
            told!(r#"{"data":{"application_id":"1","webhook_id":"5","webhook_url":"u","subscriptions":[{"user_id":"7"}]}}"#),
            told!(r#"{"data":{"account_name":"a","provisioned_count":"50","subscriptions_count_all":"1"}}"#),
            told!(r#"{"data":{"subscribed":false}}"#),
            refused!("400 Bad Request", r#"{"errors":[{"reason":"SubscriptionNotFound","message":"no"}]}"#),
            told!(r#"{"data":{"deleted":true}}"#),
            told!(r#"{"data":{"valid":true}}"#),
            told!(r#"{"data":[{"id":"5","url":"u","valid":false}],"meta":{"result_count":1}}"#),
            told!(r#"{"data":{"job_id":"9","created_at":"2026-01-02T03:04:05Z"}}"#),
        ],
    );
    tour(&events, Auth::OAuth2(&user)).await;
    assert_eq!(events.validate(5).await, Ok(false), "the challenge was only begun, or failed");
    assert_eq!(events.replay(5, FROM, TO).await.expect("a job").id, 9);
    assert_eq!(
        asked(events, seen),
        [
            "POST /oauth2/token keys grant_type=client_credentials",
            r#"POST /2/webhooks A {"url":"https://b/h?x=1"}"#,
            "GET /2/webhooks A",
            "POST v2:/webhooks/5/subscriptions/all OAuth2 {}",
            "POST v2:/webhooks/5/subscriptions/all OAuth2 {}",
            "GET v2:/webhooks/5/subscriptions/all OAuth2",
            "GET v2:/webhooks/5/subscriptions/all OAuth2",
            "GET v2:/webhooks/5/subscriptions/all/list A",
            "GET v2:/subscriptions/count A",
            "DELETE v2:/webhooks/5/subscriptions/7/all A",
            "DELETE v2:/webhooks/5/subscriptions/7/all A",
            "DELETE /2/webhooks/5 A",
            "PUT /2/webhooks/5 A",
            "GET /2/webhooks A",
            r#"POST /2/webhooks/replay A {"from_date":"202601010000","to_date":"202601010100","webhook_id":"5"}"#,
        ]
    );
}

#[tokio::test]
async fn activity_has_a_subscription_for_each_kind_of_event() {
    let user = Secret::new("user");
    let (client, seen) = server(&[
        TOKEN,
        told!(
            r#"{"data":[{"subscription_id":"1","event_type":"dm.received","filter":{"user_id":"7"},"webhook_id":"5"},
                {"subscription_id":"2","event_type":"dm.sent","filter":{"user_id":"7"},"webhook_id":"6"}],"meta":{"total_subscriptions":2}}"#
        ),
        told!(r#"{"data":[{"subscription_id":"3","event_type":"dm.sent"}]}"#),
        told!(r#"{"data":{"subscription_id":"4","event_type":"dm.read"}}"#),
        refused!("400 Bad Request", r#"{"title":"x","reason":"DuplicateSubscriptionFailed","status":400}"#),
        told!(r#"{"data":[{"subscription_id":"1","event_type":"dm.read","filter":{"user_id":"7"},"webhook_id":"5"}]}"#),
        told!(
            r#"{"data":[{"subscription_id":"1","event_type":"dm.read","filter":{"user_id":"7"},"webhook_id":"5"},
                {"subscription_id":"2","event_type":"dm.sent","filter":{"user_id":"7"},"webhook_id":"5"},
                {"subscription_id":"3","event_type":"dm.received","filter":{"user_id":"7"},"webhook_id":"5"},
                {"subscription_id":"4","event_type":"dm.indicate_typing","filter":{"user_id":"7"},"webhook_id":"5"}]}"#
        ),
        told!(r#"{"data":[],"meta":{"total_subscriptions":4}}"#),
        told!(r#"{"data":[{"subscription_id":"1","event_type":"dm.read","filter":{"user_id":"7"},"webhook_id":"5"}]}"#),
        told!(r#"{"data":{"deleted":true}}"#),
        told!(r#"{"data":{"subscription":{"subscription_id":"8","event_type":"oauth.revoke"}}}"#),
        EMPTY,
    ]);
    let events = Events::new(client.clone(), EventsApi::Activity, keys());
    assert_eq!(events.subscribe(5, UserId(7), Auth::OAuth2(&user)).await, Ok(()));
    assert_eq!(events.is_subscribed(5, UserId(7), Auth::OAuth2(&user)).await, Ok(false), "one kind of four is not all");
    assert_eq!(events.is_subscribed(5, UserId(7), Auth::OAuth2(&user)).await, Ok(true));
    assert_eq!(events.count().await.expect("a count").all, 4);
    assert_eq!(events.unsubscribe(5, UserId(7)).await, Ok(()));
    let made = client.subscribe_to_activity(Auth::OAuth2(&user), "oauth.revoke", UserId(7), None, Some("t")).await.expect("one");
    assert_eq!((made.id, made.kind.as_str()), (8, "oauth.revoke"));
    assert_eq!(client.change_activity(Auth::OAuth2(&user), 8, Some(5), None).await, Ok(()));
    drop(client);
    let made = |kind: &str| {
        format!(r#"POST /2/activity/subscriptions OAuth2 {{"event_type":"{kind}","filter":{{"user_id":"7"}},"webhook_id":"5"}}"#)
    };
    assert_eq!(
        asked(events, seen),
        [
            "POST /oauth2/token keys grant_type=client_credentials".to_owned(),
            "GET /2/activity/subscriptions A".to_owned(),
            made("dm.sent"),
            made("dm.read"),
            made("dm.indicate_typing"),
            "GET /2/activity/subscriptions A".to_owned(),
            "GET /2/activity/subscriptions A".to_owned(),
            "GET /2/activity/subscriptions A".to_owned(),
            "GET /2/activity/subscriptions A".to_owned(),
            "DELETE /2/activity/subscriptions/1 A".to_owned(),
            r#"POST /2/activity/subscriptions OAuth2 {"event_type":"oauth.revoke","filter":{"user_id":"7"},"tag":"t"}"#.to_owned(),
            r#"PUT /2/activity/subscriptions/8 OAuth2 {"webhook_id":"5"}"#.to_owned(),
        ]
    );
}

#[tokio::test]
async fn the_stream_is_read_line_by_line_until_it_ends() {
    let (client, seen) = server(&[
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\r\n{\"data\":1}\r\n\r\n{\"data\":2}\r\n{\"da",
        refused!("429 Too Many Requests", r#"{"title":"x"}"#),
    ]);
    let bearer = Bearer::new(&Secret::new("secret%2F"));
    let mut stream = client.activity_stream(&bearer).await.expect("a stream");
    assert_eq!(stream.next().await, Ok(Some(b"{\"data\":1}".to_vec())));
    assert_eq!(stream.next().await, Ok(Some(b"{\"data\":2}".to_vec())));
    assert_eq!(stream.next().await, Ok(None), "half an event is none");
    assert_eq!(client.activity_stream(&bearer).await.expect_err("refused").remedy(), Remedy::WaitForReset);
    let first = seen.recv().expect("a request");
    assert_eq!((first.line.as_str(), first.header("authorization")), ("GET /2/activity/stream HTTP/1.1", "Bearer secret%2F"));
    let endless = server_that(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        while stream.write_all(&[b' '; 4096]).is_ok() {}
    });
    let mut stream = endless.activity_stream(&bearer).await.expect("a stream");
    assert_eq!(stream.next().await, Err(Failure::Unsure(Unsure::UnreadableAnswer)), "a line without end is not kept");
}

#[tokio::test]
async fn a_bearer_token_is_got_once_and_anew_once_it_is_refused() {
    let (events, seen) = events("enterprise", &[TOKEN, told!("[]"), told!("[]"), REFUSED_TOKEN, TOKEN, REFUSED_TOKEN]);
    assert_eq!(events.list().await, Ok(vec![]));
    assert_eq!(events.list().await, Ok(vec![]));
    let Err(EventsFailure::Call(Failure::Refused(refusal))) = events.list().await else { panic!("refused twice is refused") };
    assert_eq!((refusal.status, refusal.code), (401, 89));
    let lines = asked(events, seen);
    let tokens = lines.iter().filter(|line| line.starts_with("POST /oauth2/token")).count();
    assert_eq!((lines.len(), tokens), (6, 2));
}

#[tokio::test]
async fn what_x_refuses_is_told() {
    let refusals = &[
        refused!("403 Forbidden", r#"{"errors":[{"code":214,"message":"Too many resources already created."}]}"#),
        refused!("401 Unauthorized", r#"{"errors":[{"code":89,"message":"no"}]}"#),
        refused!("403 Forbidden", r#"{"errors":[{"code":348,"message":"no"}]}"#),
        refused!("404 Not Found", r#"{"errors":[{"code":34,"message":"no"}]}"#),
    ];
    let (events, _seen) = events("enterprise", refusals);
    let code = |failure| match failure {
        EventsFailure::Call(Failure::Refused(refusal)) => refusal.code,
        other => panic!("{other}"),
    };
    assert_eq!(code(events.register("u").await.expect_err("214")), 214);
    assert_eq!(code(events.is_subscribed(5, UserId(7), Auth::User(US)).await.expect_err("a void token is no answer")), 89);
    assert_eq!(code(events.subscribe(5, UserId(7), Auth::User(US)).await.expect_err("348")), 348);
    assert_eq!(code(events.delete(5).await.expect_err("34")), 34);
    let orphan = Events::new(client("http://127.0.0.1:1", Timeouts::default()), EventsApi::Enterprise, Keys { owner: None, ..keys() });
    assert_eq!(orphan.validate(5).await, Err(EventsFailure::NoOwner));
}
