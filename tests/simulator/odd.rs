//! Odd input at the admin API: what other sites send, what no machine could bear, and slips of the hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use junco::simulator::Settings;
use serde_json::{Value, json};

use crate::bot::{Bot, Reply};

impl Bot {
    async fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        self.carry_out(self.request(method, path).json(&body)).await.expect("an answer")
    }
}

#[tokio::test]
async fn another_site_is_kept_out() {
    let bot = Bot::ready().await;
    let attempt = async |method: &str, path: &str, headers: &[(&str, &str)]| {
        let request = headers.iter().fold(bot.request(method, path), |request, (name, value)| request.header(*name, *value));
        bot.carry_out(request).await.expect("an answer")
    };
    for (path, headers, status) in [
        ("/sim/check", &[("host", "evil.example")][..], 421),
        ("/sim/check", &[("origin", "https://evil.example")], 403),
        ("/sim/check", &[("sec-fetch-site", "same-site")], 403),
        ("/sim/check", &[], 200),
    ] {
        assert_eq!(attempt("POST", path, headers).await.status, status, "{path} {headers:?}");
    }
    for (path, headers, status) in [
        ("/sim/people", &[("host", "evil.example:8090")][..], 421),
        ("/sim/people", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], 403),
        ("/sim/people", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 200),
        ("/sim/people", &[("host", "simulator:8090")], 200),
        ("/", &[("host", "evil.example")], 421),
    ] {
        assert_eq!(attempt("GET", path, headers).await.status, status, "{path} {headers:?}");
    }
    let refused = attempt("GET", "/sim/people", &[("host", "evil.example")]).await;
    assert!(refused.json()["error"].is_string(), "{}", refused.text);
}

#[tokio::test]
async fn a_slip_of_the_hand_is_told() {
    let bot = Bot::ready().await;
    let say = json!({ "from": "@ada", "to": "@snowbot", "text": "hi", "pictrue": "photo" });
    for (method, path, body, part) in [
        ("POST", "/sim/faults", json!({ "kind": "outage", "time": 1 }), "time"),
        ("POST", "/sim/say", say, "pictrue"),
        ("DELETE", "/sim/faults?kind=outrage", json!({}), "outrage"),
        ("DELETE", "/sim/faults?knid=outage", json!({}), "knid"),
        ("PUT", "/sim/feed/snow", json!({ "status": 100 }), "100"),
    ] {
        let reply = bot.ask(method, path, body).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text);
        assert!(reply.json()["error"].as_str().is_some_and(|error| error.contains(part)), "{path}: {}", reply.text);
    }
    assert!(bot.simulator.faults().is_empty());
}

#[tokio::test]
async fn what_no_machine_bears_is_refused() {
    let bot = Bot::ready().await;
    for fault in [
        json!({ "kind": "oversize", "bytes": u64::MAX }),
        json!({ "kind": "duplicate", "copies": u32::MAX }),
        json!({ "kind": "retry_storm", "attempts": u32::MAX, "millis": 0 }),
    ] {
        let reply = bot.ask("POST", "/sim/faults", fault.clone()).await;
        assert_eq!(reply.status, 400, "{fault}: {}", reply.text);
    }
    let last = json!({ "id": u64::MAX.to_string(), "name": "Omega", "screen_name": "omega" });
    assert_eq!(bot.ask("POST", "/sim/people", last).await.status, 200);
    let form = [("name", "After"), ("screen_name", "after"), ("back", "")];
    let after = bot.carry_out(bot.request("POST", "/phone/person").form(&form)).await.expect("an answer");
    assert_eq!(after.status, 303, "somebody can be taken in still: {}", after.text);
    assert_eq!(bot.ask("POST", "/sim/advance", json!({ "seconds": u64::MAX })).await.status, 200);
    bot.simulator.say(Settings::ADA, Settings::BOT, "in the far future").expect("a message");
    assert_eq!(bot.got(1).await.len(), 1, "the world goes on");
}

#[tokio::test]
async fn as_large_a_file_as_the_platform_takes_can_be_sent() {
    let bot = Bot::ready().await;
    let file = STANDARD.encode([b"\x89PNG\r\n\x1a\n", vec![0; 5 << 20].as_slice()].concat());
    let reply = bot.ask("POST", "/sim/say", json!({ "from": "@ada", "to": "@snowbot", "text": "", "file": file })).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}
