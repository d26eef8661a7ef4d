//! Webhooks, subscriptions, replays and welcome messages, looked after from the console.

use std::time::Duration;

use junco::conversation::Notice;
use junco::simulator::Settings;

use crate::world::{APP, BOT, EVE, PATIENCE, World};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_only_look_sees_it_all_and_changes_nothing() {
    let (world, webhook) = World::registered().await;
    let (vic, ada) = (world.browser("vic").await, world.browser("ada").await);
    let page = vic.get("/account").await;
    assert_eq!(page.status, 200);
    for told in [
        &webhook.to_string(),
        &world.webhook(),
        "not subscribed",
        "@<bdi>bot</bdi>",
        "Bot &lt;b&gt;of&lt;/b&gt; bots",
        "Welcome &lt;here&gt;.",
        "Windows of X",
    ] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let changing = [
        "webhook/create",
        "webhook/check",
        "webhook/delete",
        "subscription/add",
        "subscription/remove",
        "let-in",
        "replay",
        "welcome/set",
        "welcome/delete",
    ];
    let (app, id, user) = (APP.to_string(), webhook.to_string(), BOT.to_string());
    let fields =
        [("app", app.as_str()), ("webhook", &id), ("user", &user), ("url", &world.webhook()), ("from", "x"), ("to", "x"), ("sure", "yes")];
    for path in changing {
        assert!(!page.text.contains(&format!("action=\"/account/{path}\"")), "{path}");
        assert_eq!(vic.post(&format!("/account/{path}"), &fields).await.status, 403, "{path}");
    }
    assert_eq!((world.x.webhooks().len(), world.subscribers(webhook).await), (1, vec![]));
    assert!(ada.get("/account").await.text.contains("action=\"/account/webhook/delete\""));
    for page in ["/account", "/account/part", "/account/notices", "/account/replay/part", "/audit"] {
        let text = ada.get(page).await.text;
        for secret in world.secrets() {
            assert!(!text.contains(&secret), "{page} shows {secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_registered_checked_and_deleted_and_nothing_is_done_unasked() {
    let world = World::new().await;
    let ada = world.browser("ada").await;
    let app = APP.to_string();
    let page = ada.get("/account").await.text;
    assert!(page.contains("no webhook of this app yet") && page.contains(&format!("value=\"{}\"", world.webhook())), "{page}");
    let page = ada.does("/account/webhook/create", &[("app", &app), ("url", &world.webhook())]).await;
    let id = world.x.webhooks()[0].id.0.to_string();
    assert!(page.contains(&format!("Webhook {id} is registered")) && !page.contains("no webhook of this app yet"), "{page}");
    assert!(!ada.get("/account").await.text.contains("is registered. Nobody"), "told once");
    assert!(ada.does("/account/webhook/check", &[("app", &app), ("webhook", &id)]).await.contains("is valid."));

    let other = ada.post("/account/webhook/create", &[("app", &app), ("url", "http://127.0.0.1:9/elsewhere")]).await;
    assert!(other.status == 200 && other.text.contains("cannot change the address") && other.text.contains("name=\"sure\""), "{other:?}");
    let asked = ada.post("/account/webhook/delete", &[("app", &app), ("webhook", &id)]).await;
    assert!(asked.status == 200 && asked.text.contains("Delete it"), "{asked:?}");
    assert_eq!(world.x.webhooks().len(), 1);
    let unfit = ada.post("/account/webhook/create", &[("app", &app), ("url", "http://bot.example:99/")]).await;
    assert!(unfit.status == 400 && unfit.text.contains("https only"), "{unfit:?}");

    // Nobody answers a challenge there.
    let page = ada.does("/account/webhook/create", &[("app", &app), ("url", "http://127.0.0.1:9/elsewhere"), ("sure", "yes")]).await;
    assert!(page.contains("role=\"alert\"") && page.contains("214"), "X's refusal with advice: {page}");
    let page = ada.does("/account/webhook/delete", &[("app", &app), ("webhook", &id), ("sure", "yes")]).await;
    assert!(page.contains("is deleted") && world.x.webhooks().is_empty(), "{page}");
    let page = ada.does("/account/webhook/delete", &[("app", &app), ("webhook", &id), ("sure", "yes")]).await;
    assert!(page.contains("role=\"alert\""), "what is gone is gone: {page}");

    let audit = ada.get("/audit").await.text;
    for told in [format!("register the webhook {}", world.webhook()), format!("delete the webhook {id}"), "not done".to_owned()] {
        assert!(audit.contains(&told), "{told}: {audit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_subscribed_and_taken_out() {
    let (world, webhook) = World::registered().await;
    let ada = world.browser("ada").await;
    let (app, id, bot, eve) = (APP.to_string(), webhook.to_string(), BOT.to_string(), EVE.to_string());
    let whose = |user| [("app", app.as_str()), ("webhook", id.as_str()), ("user", user)];
    let page = ada.does("/account/subscription/add", &whose(bot.as_str())).await;
    assert!(page.contains("123 is subscribed.") && page.contains("1 subscribed of"), "{page}");
    assert_eq!(world.subscribers(webhook).await, [BOT]);
    let stranger = ada.post("/account/subscription/add", &whose(eve.as_str())).await;
    assert!(stranger.status == 400 && stranger.text.contains("sign in with X"), "{stranger:?}");
    let asked = ada.post("/account/subscription/remove", &whose(bot.as_str())).await;
    assert!(asked.status == 200 && world.subscribers(webhook).await == [BOT], "{asked:?}");
    let sure: Vec<_> = whose(bot.as_str()).into_iter().chain([("sure", "yes")]).collect();
    assert!(ada.does("/account/subscription/remove", &sure).await.contains("no longer subscribed"));
    assert_eq!(world.subscribers(webhook).await, []);
    let page = ada.get("/account").await.text;
    assert!(page.contains("taken out") && page.contains("<bdi>ada</bdi> took the account out"), "{page}");
    ada.does("/account/subscription/add", &whose(bot.as_str())).await;
    let page = ada.get("/account").await.text;
    assert!(!page.contains(">taken out<") && page.contains("<bdi>ada</bdi> let the account in again"), "{page}");
    let wishes = [Notice::TakenOut { by: "ada".into() }, Notice::LetIn { by: "ada".into() }];
    assert_eq!(world.notices().await.into_iter().filter(|notice| wishes.contains(notice)).collect::<Vec<_>>(), wishes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_held_to_the_rules_followed_and_written_down() {
    let (world, webhook) = World::registered().await;
    let ada = world.browser("ada").await;
    let (app, id, bot) = (APP.to_string(), webhook.to_string(), BOT.to_string());
    ada.does("/account/subscription/add", &[("app", &app), ("webhook", &id), ("user", &bot)]).await;
    world.x.advance(4 * HOUR);
    let field = |ago: Duration| {
        let at = jiff::Timestamp::from_millisecond(world.x.now().minus(ago).as_millis()).unwrap();
        at.strftime("%Y-%m-%dT%H:%M").to_string()
    };
    let order = |from: Duration, to: Duration| {
        let (from, to) = (field(from), field(to));
        let (ada, app, id) = (&ada, &app, &id);
        async move { ada.does("/account/replay", &[("app", app), ("webhook", id), ("from", &from), ("to", &to)]).await }
    };
    for (from, to, told) in [
        (3 * HOUR, HOUR / 12, "ended 10 minutes ago"),
        (HOUR / 4, HOUR / 5, "began 31 minutes ago"),
        (HOUR, 2 * HOUR, "The span is empty"),
        (130 * HOUR, HOUR, "120 hours only"),
    ] {
        let page = order(from, to).await;
        assert!(page.contains(told) && page.contains("role=\"alert\""), "{told}: {page}");
    }
    let page = order(4 * HOUR, HOUR).await;
    assert!(page.contains("The replay is ordered.") && page.contains("2 jobs"), "{page}");
    let ended = async {
        loop {
            world.x.advance(Duration::from_secs(60));
            let page = ada.get("/account/replay/part").await.text;
            if page.contains(">ended<") {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let page = tokio::time::timeout(6 * PATIENCE, ended).await.expect("the replay ends");
    assert_eq!(page.matches(">complete<").count(), 2, "{page}");
    let notices = world.notices().await;
    let ordered = notices.iter().filter(|notice| matches!(notice, Notice::ReplayOrdered { .. })).count();
    let ended = notices.iter().filter(|notice| matches!(notice, Notice::ReplayEnded { complete: true, .. })).count();
    assert_eq!((ordered, ended), (2, 2), "{notices:?}");
    let page = ada.get("/account").await.text;
    assert!(page.contains("ended, everything was delivered"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_welcome_message_is_set_from_the_script_and_taken_away() {
    let (world, _) = World::registered().await;
    let ada = world.browser("ada").await;
    let bot = BOT.to_string();
    let page = ada.get("/account").await.text;
    assert!(page.contains("X shows none") && page.contains("not what X has"), "{page}");
    let page = ada.does("/account/welcome/set", &[("user", &bot)]).await;
    assert!(page.contains("is set (") && page.contains("X has just this") && page.contains("the default"), "{page}");
    let asked = ada.post("/account/welcome/delete", &[("user", &bot)]).await;
    assert!(asked.status == 200 && asked.text.contains("no longer greeted"), "{asked:?}");
    let page = ada.does("/account/welcome/delete", &[("user", &bot), ("sure", "yes")]).await;
    assert!(page.contains("1 welcome message of 123 deleted") && page.contains("X shows none"), "{page}");
    let stranger = Settings::OWNER.to_string();
    assert_eq!(ada.post("/account/welcome/set", &[("user", &stranger)]).await.status, 404);
}
