//! The server beside the platform, and the house's lookups against it.

use std::sync::Arc;
use std::time::Duration;

use junco::clock::SystemClock;
use junco::model::{LookupAnswer, LookupFailure, LookupMethod, LookupRequest};
use junco::outbox::Lookups;
use junco::simulator::Feed;
use serde_json::{Value, json};

use crate::bot::{Bot, Reply};

async fn set(bot: &Bot, path: &str, feed: Value) -> Reply {
    bot.carry_out(bot.request("PUT", &format!("/sim/feed/{path}")).json(&feed)).await.expect("an answer")
}

async fn asked(bot: &Bot) -> Value {
    bot.carry_out(bot.request("GET", "/sim/feed")).await.expect("an answer").json()
}

fn request(bot: &Bot, method: LookupMethod, path: &str) -> LookupRequest {
    let url = bot.simulator.url();
    LookupRequest {
        method,
        url: format!("{url}/feed/{path}"),
        body: None,
        pictures: std::collections::BTreeMap::new(),
        timeout: Duration::from_secs(20),
        retry: 0,
        cache: None,
        idempotency: None,
        allow: vec![url.trim_start_matches("http://").to_owned()],
    }
}

#[tokio::test]
async fn a_feed_answers_what_it_was_told_and_tells_what_it_was_asked() {
    let bot = Bot::new().await;
    let unset = bot.carry_out(bot.request("GET", "/feed/snow/aspen")).await.expect("an answer");
    assert_eq!(unset.status, 404);
    assert!(unset.json()["error"].as_str().is_some_and(|error| error.contains("PUT /sim/feed/snow/aspen")), "{}", unset.text);
    assert_eq!(set(&bot, "snow/aspen", json!({ "body": { "new": 4 } })).await.status, 200);
    let lookups = Lookups::new(Arc::new(SystemClock));
    let get = request(&bot, LookupMethod::Get, "snow/aspen?ids=7&b=%20");
    assert_eq!(lookups.fetch(&get).await, LookupAnswer::Ok { status: 200, body: json!({ "new": 4 }) });
    let told = asked(&bot).await;
    let record = &told["snow/aspen"];
    assert_eq!(
        (&record["calls"], &record["keys"], &record["status"], &record["body"]),
        (&json!(1), &json!(0), &json!(200), &json!({ "new": 4 }))
    );
    let last = &record["last"];
    let of_last = (&last["method"], &last["query"], &last["idempotency_key"], &last["body"]);
    assert_eq!(of_last, (&json!("GET"), &json!("ids=7&b=%20"), &Value::Null, &Value::Null));

    assert_eq!(set(&bot, "snow/aspen", json!({ "status": 204 })).await.status, 200);
    assert_eq!(lookups.fetch(&get).await, LookupAnswer::Ok { status: 204, body: Value::Null });
    assert_eq!(asked(&bot).await["snow/aspen"]["calls"], 2, "the count goes on");
    assert_eq!(set(&bot, "x", json!({ "status": "many" })).await.status, 400);
}

#[tokio::test]
async fn a_repeated_order_comes_under_one_key() {
    let bot = Bot::new().await;
    bot.simulator.set_feed("orders", Feed { status: 503, body: None, delay_ms: 0 });
    let order = |key: Option<&str>| LookupRequest {
        body: Some(json!({ "qty": 2 })),
        retry: 2,
        idempotency: key.map(str::to_owned),
        ..request(&bot, LookupMethod::Post, "orders")
    };
    let lookups = Lookups::new(Arc::new(SystemClock));
    let refused = lookups.fetch(&order(Some("p-7"))).await;
    assert!(matches!(refused, LookupAnswer::Failed { reason: LookupFailure::Refused, .. }), "{refused:?}");
    let record = bot.simulator.feeds()["orders"].clone();
    assert_eq!((record.calls, record.keys), (3, 1));
    let last = record.last.expect("a request");
    assert_eq!((last.body, last.idempotency_key.as_deref()), (json!({ "qty": 2 }), Some("p-7")));
    bot.simulator.set_feed("orders", Feed::ok(json!({ "number": 1001 })));
    for key in [None, Some("p-8")] {
        assert_eq!(lookups.fetch(&order(key)).await, LookupAnswer::Ok { status: 200, body: json!({ "number": 1001 }) });
    }
    let record = bot.simulator.feeds()["orders"].clone();
    assert_eq!((record.calls, record.keys), (5, 2));
}

#[tokio::test]
async fn a_slow_feed_runs_into_the_timeout() {
    let bot = Bot::new().await;
    bot.simulator.set_feed("snow", Feed { delay_ms: 3_600_000, ..Feed::ok(json!(1)) });
    let hasty = LookupRequest { timeout: Duration::from_millis(100), ..request(&bot, LookupMethod::Get, "snow") };
    let lookups = Lookups::new(Arc::new(SystemClock));
    let outcome = lookups.fetch(&hasty).await;
    assert!(matches!(outcome, LookupAnswer::Failed { reason: LookupFailure::Timeout, .. }), "{outcome:?}");
    assert_eq!(bot.simulator.feeds()["snow"].calls, 1);
}
