//! Account Activity, premium: named sandboxes.

use junco::simulator::{Outcome, Person, Settings, Stage, Token};
use serde_json::{Value, json};

use crate::bot::{Bot, PATIENCE, encoded};

const ALL: &str = "/1.1/account_activity/all";

async fn register(bot: &Bot) -> crate::bot::Reply {
    bot.post(Settings::OWNER, &format!("{ALL}/dev/webhooks.json?url={}", encoded(&bot.url)), None).await
}

#[tokio::test]
async fn an_environment_has_one_webhook_and_what_goes_with_it() {
    let bot = Bot::new().await;
    let subscriptions = format!("{ALL}/dev/subscriptions.json");
    let reply = bot.post(Settings::BOT, &subscriptions, None).await;
    assert_eq!(reply.refused(), (403, 170));
    assert!(reply.text.contains("Webhook URL must be defined to create subscriptions."), "{}", reply.text);
    let made = register(&bot).await;
    assert_eq!((made.status, &made.json()["valid"]), (200, &json!(true)), "{}", made.text);
    let again = format!("{ALL}/dev/webhooks.json?url={}", encoded(&format!("{}&second", bot.url)));
    assert_eq!(bot.post(Settings::OWNER, &again, None).await.refused(), (403, 214), "a sandbox has one");
    assert_eq!(
        bot.post(Settings::OWNER, &again.replace("/dev/", "/Dev/"), None).await.refused(),
        (404, 34),
        "names tell upper from lower case"
    );

    assert_eq!(bot.get(Settings::BOT, &subscriptions).await.refused(), (404, 34));
    assert_eq!(bot.post(Settings::BOT, &subscriptions, None).await.status, 204);
    assert_eq!(bot.get(Settings::BOT, &subscriptions).await.status, 204);
    assert_eq!(bot.post(Settings::BOT, &subscriptions, None).await.refused(), (409, 355));
    let list = bot.with_bearer("GET", &format!("{ALL}/dev/subscriptions/list.json")).await.json();
    assert_eq!((&list["environment"], &list["subscriptions"]), (&json!("dev"), &json!([{ "user_id": Settings::BOT.to_string() }])));
    let count = bot.with_bearer("GET", &format!("{ALL}/subscriptions/count.json")).await.json();
    assert_eq!((&count["subscriptions_count"], &count["provisioned_count"]), (&json!("1"), &json!("15")));
    let enterprise = bot.with_bearer("GET", "/1.1/account_activity/subscriptions/count.json").await.json();
    assert_eq!(enterprise["subscriptions_count_all"], "0", "that is counted apart");
    let all = bot.with_bearer("GET", &format!("{ALL}/webhooks.json")).await.json();
    assert_eq!(all["environments"], json!([{ "environment_name": "dev", "webhooks": [made.json()] }]));
    assert_eq!(bot.with_bearer("GET", "/1.1/account_activity/webhooks.json").await.json(), json!([]));

    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let hook = format!("{ALL}/dev/webhooks/{id}.json");
    assert_eq!(bot.call("PUT", Settings::OWNER, &hook, None).await.status, 204);
    assert_eq!(bot.call("PUT", Settings::OWNER, &format!("/1.1/account_activity/webhooks/{id}.json"), None).await.refused(), (404, 34));
    assert_eq!(bot.call("DELETE", Settings::BOT, &subscriptions, None).await.status, 204);
    assert_eq!(bot.call("DELETE", Settings::BOT, &subscriptions, None).await.refused(), (404, 34));
    bot.post(Settings::BOT, &subscriptions, None).await;
    let one = format!("{ALL}/dev/subscriptions/{}.json", Settings::BOT);
    assert_eq!(bot.with_bearer("DELETE", &one).await.status, 204);
    assert_eq!(bot.call("DELETE", Settings::OWNER, &hook, None).await.status, 204);
    assert!(bot.simulator.webhooks().is_empty());
}

#[tokio::test]
async fn a_sandbox_has_fifteen_subscriptions() {
    let people = (1..=16).map(|id| Person::new(id, &format!("p{id}"), "P"));
    let bot = Bot::with(|settings| {
        settings.people.extend(people.clone());
        settings.tokens.extend(people.map(|person| Token::for_user(person.id, Settings::APP)));
    })
    .await;
    register(&bot).await;
    let mut statuses = Vec::new();
    for id in 1..=16 {
        statuses.push(bot.post(junco::model::UserId(id), &format!("{ALL}/dev/subscriptions.json"), None).await.status);
    }
    assert_eq!(statuses, [vec![204; 15], vec![403]].concat());
}

#[tokio::test]
async fn a_sandbox_delivers_once_and_no_more() {
    let bot = Bot::new().await;
    register(&bot).await;
    bot.post(Settings::BOT, &format!("{ALL}/dev/subscriptions.json"), None).await;
    bot.answer(&[500]);
    bot.simulator.say(Settings::ADA, Settings::BOT, "lost").expect("a message");
    let over = |stage: &Stage| stage.deliveries().into_iter().find(|record| record.outcome == Outcome::Dropped);
    let record = bot.simulator.wait_for(PATIENCE, over).await.expect("it is dropped");
    assert_eq!(record.attempts.len(), 1);
    assert_eq!(bot.got(1).await[0].json()["direct_message_events"].as_array().map(Vec::len), Some(1));
    let listed: Value = serde_json::to_value(&record).expect("JSON");
    assert_eq!((&listed["kind"], &listed["replay"]), (&json!("direct_message_events"), &Value::Null));
}
