//! The newer API: menus as numbered text, events by Account Activity of either version or by X Activity, sends by either interface.

use std::time::Duration;

use junco::account::sign_in;
use junco::client::{Auth, Client, Events, OAuth2App, Timeouts};
use junco::clock::{Clock, SystemClock};
use junco::conversation::Event;
use junco::model::{EventsApi, Secret, UserId};
use junco::simulator::{Fault, FaultKind, Stage};
use std::sync::Arc;

use crate::world::{ADA, BEN, BOT, MINUTE, PATIENCE, World, keys, token};

const SCRIPT: &str = r#"bot "b" version=1 { handoff mute="1h" }
on "hi" { goto "home" }
on "shop" { say "Our shop:"; link "Open shop" url="https://shop.example/a"; typing; read }
state "home" { say "Home."; option "Hours" goto="hours"; option "Order" goto="hours" }
state "hours" { say "We are open."; option "Home" goto="home" }
fallback { say "What?" }
"#;

/// Another interface for events and for messages.
async fn world(events: &str, flavor: &str) -> World {
    World::over(
        SCRIPT,
        "[limits]\necho_wait = \"1s\"\nresend_after = \"4s\"\nsend_timeout = \"2s\"",
        &format!("flavor = \"{flavor}\"\nevents = \"{events}\""),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn menus_are_numbered_text_whichever_interface_delivers() {
    for events in ["v1.1", "v2"] {
        let world = world(events, "v2").await;
        let home = world.answer(ADA, world.says(ADA, "hi")).await;
        assert_eq!((home.text.as_str(), home.options.len()), ("Home.\n1 Hours\n2 Order", 0), "{events}");
        assert_eq!(world.answer(ADA, world.says(ADA, "1")).await.text, "We are open.\n1 Home");
        // Buttons are lines too; typing and reading there are none.
        assert!(world.answer(ADA, world.says(ADA, "shop")).await.text.starts_with("Our shop:\nOpen shop: https://"));
        assert_eq!(world.calls("direct_messages"), [0; 0], "{events}");
        assert_eq!(world.said(ADA).len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_the_newer_api_go_with_quick_replies_of_the_older() {
    let world = world("v2", "v1.1").await;
    let home = world.answer(ADA, world.says(ADA, "hi")).await;
    assert_eq!(home.options.len(), 2);
    assert_eq!(world.answer(ADA, world.taps(ADA, &home, "Hours")).await.text, "We are open.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_newer_api_refuses_holds_every_message_back_until_there_is_a_new_one() {
    let mut world = world("v2", "v2").await;
    let app = OAuth2App { client_id: world.client_id(), client_secret: Some(Secret::new(world.client_secret())) };
    let path = world.path("oauth2.json");
    // Used up already: it can neither send nor be renewed. The account's other token is good, but sends nothing.
    let used = grant(&world, BOT).await;
    let granted = client(&world).refresh_oauth2(&app, used.refresh.as_ref().unwrap()).await.unwrap();
    sign_in::keep(&path, &junco::client::OAuth2Token { expires_at: SystemClock.now(), ..used }).unwrap();
    world.oauth2(&path);
    world.restart_with("[watch]\nevery = \"1s\"").await;
    let hi = world.says(ADA, "hi");
    world.until("sending is paused", |standing| standing.paused.is_some()).await;
    for _ in 0..3 {
        world.x.advance(20 * MINUTE);
        world.looked().await;
    }
    assert!(world.standing().await.paused.is_some(), "{:?}", world.noticed().await);
    assert_eq!(world.noticed().await.iter().filter(|notice| notice.name() == "token_refused").count(), 1, "{:?}", world.noticed().await);
    sign_in::keep(&path, &granted).unwrap();
    world.x.advance(MINUTE);
    assert_eq!(world.answer(ADA, hi).await.text, "Home.\n1 Hours\n2 Order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_that_waited_while_the_flavor_was_changed_goes_as_numbered_text_and_once() {
    // By its echo it is known as well as by the list.
    for with_echo in [false, true] {
        menu_that_waited(with_echo).await;
    }
}

async fn menu_that_waited(with_echo: bool) {
    let mut world = world("v1.1", "v1.1").await;
    world.token_is_good(false);
    let limits = "[watch]\nevery = \"1s\"\n[limits]\necho_wait = \"1s\"\nresend_after = \"4s\"\nsend_timeout = \"2s\"";
    world.restart_with(limits).await;
    let hi = world.says(ADA, "hi");
    world.until("sending is paused", |standing| standing.paused.is_some()).await;
    world.stop().await;
    world.token_is_good(true);
    world.interfaces("flavor = \"v2\"\nevents = \"v1.1\"");
    // Its answer is lost.
    world.x.fault(Fault {
        kind: FaultKind::LoseAnswer { with: junco::simulator::Failure::Close },
        of: junco::simulator::Copies::All,
        times: Some(1),
    });
    if !with_echo {
        world.x.fault(Fault { kind: FaultKind::Hold, of: junco::simulator::Copies::Echo, times: None });
    }
    world.start().await;
    let settled = async {
        loop {
            let rows = world.store().load(junco::model::Key::new(BOT, ADA)).await.unwrap().unwrap().state.rows;
            if rows.is_empty() {
                break;
            }
            world.x.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("its fate is known");
    assert_eq!(world.answer(ADA, hi).await.text, "Home.\n1 Hours\n2 Order");
    assert_eq!(world.said(ADA).len(), 1, "{:?}", world.said(ADA));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_among_the_messages_of_the_newer_api() {
    let world = world("v2", "v2").await;
    world.x.fault(Fault {
        kind: FaultKind::LoseAnswer { with: junco::simulator::Failure::Close },
        of: junco::simulator::Copies::All,
        times: Some(1),
    });
    // No echo comes, so only the list tells.
    world.x.fault(Fault { kind: FaultKind::Hold, of: junco::simulator::Copies::Echo, times: None });
    let hi = world.says(ADA, "hi");
    world.answer(ADA, hi).await;
    let settled = async {
        while world.store().next_due().await.unwrap().is_some() {
            world.x.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("its fate is known");
    assert_eq!(world.calls("dm_events"), [200]);
    assert_eq!(world.said(ADA), ["Home.\n1 Hours\n2 Order"], "it is not said twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_echo_without_an_app_confirms_ours_and_hands_over_to_a_person() {
    let world = world("activity", "v2").await;
    grant(&world, BOT).await;
    let webhook = world.x.webhooks()[0].id.0;
    let granted = token(BOT);
    events(&world).subscribe(webhook, BOT, Auth::User(keys().user(&granted))).await.unwrap();
    world.answer(ADA, world.says(ADA, "hi")).await;
    let echoed = |stage: &Stage| stage.deliveries().iter().any(|delivery| delivery.echo && !delivery.attempts.is_empty()).then_some(());
    world.x.wait_for(PATIENCE, echoed).await.expect("an echo");
    assert_eq!(world.answer(ADA, world.says(ADA, "1")).await.text, "We are open.\n1 Home", "our own echo silences nobody");
    world.settled().await;
    // A person writes from the account, long after our last message.
    world.x.advance(Duration::from_secs(60));
    let spoke = world.x.send_as_human(BOT, ADA, "Let me see.", None).unwrap();
    world.until_journal(ADA, |event| matches!(event, Event::Echo { message, .. } if message.id == spoke)).await;
    world.says(ADA, "1");
    world.has_taken(ADA, 3).await;
    world.answer(BEN, world.says(BEN, "hi")).await;
    assert_eq!(world.said(ADA).len(), 3, "the bot is silent: {:?}", world.said(ADA));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_oauth_2_tokens_sends_with_them_and_renews_them() {
    let mut world = world("v2", "v2").await;
    let (client, app) =
        (client(&world), OAuth2App { client_id: world.client_id(), client_secret: Some(Secret::new(world.client_secret())) });
    let granted = grant(&world, BOT).await;
    // It is about to end, so the first send renews it.
    let path = world.path("oauth2.json");
    sign_in::keep(&path, &junco::client::OAuth2Token { expires_at: SystemClock.now(), ..granted.clone() }).unwrap();
    world.oauth2(&path);
    // Its other token is good for nothing, so nothing else can have sent.
    world.token_is_good(false);
    world.restart_with("").await;
    world.answer(ADA, world.says(ADA, "hi")).await;
    let renewed = sign_in::kept(&path).unwrap();
    assert!(renewed.access != granted.access && renewed.expires_at > SystemClock.now());
    assert!(client.refresh_oauth2(&app, &granted.refresh.unwrap()).await.is_err(), "the old one was used up");
    world.settled().await;
    assert_eq!(world.calls("/messages"), [201]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_subscribes_to_activity_with_the_oauth_2_tokens() {
    let mut world = world("activity", "v2").await;
    let granted = grant(&world, BOT).await;
    let path = world.path("oauth2.json");
    sign_in::keep(&path, &granted).unwrap();
    world.oauth2(&path);
    // The account's other token is good for nothing, so nothing else can have subscribed it.
    world.token_is_good(false);
    world.restart_with("[watch]\nevery = \"1s\"").await;
    world.looked().await;
    let webhook = world.x.webhooks()[0].id.0;
    assert_eq!(events(&world).subscriptions(webhook).await.unwrap().users, [BOT]);
    world.answer(ADA, world.says(ADA, "hi")).await;
}

fn client(world: &World) -> Client {
    Client::new(world.x.url().parse().unwrap(), Timeouts::default(), Arc::new(SystemClock)).unwrap()
}

fn events(world: &World) -> Events {
    Events::new(client(world), EventsApi::Activity, keys())
}

/// A person lets the app in, on X's own page.
async fn grant(world: &World, person: UserId) -> junco::client::OAuth2Token {
    let client = client(world);
    let app = OAuth2App { client_id: world.client_id(), client_secret: Some(Secret::new(world.client_secret())) };
    let back = "http://127.0.0.1:1/back".parse().unwrap();
    let question = client.ask_oauth2(&app, &back, &["dm.read", "dm.write", "tweet.read", "users.read", "offline.access"]);
    let mut form: Vec<(String, String)> = question.url.query_pairs().into_owned().collect();
    form.extend([("person".to_owned(), person.to_string()), ("decision".to_owned(), "allow".to_owned())]);
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = http.post(format!("{}/i/oauth2/authorize", world.x.url())).form(&form).send().await.unwrap();
    let location: url::Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    client.exchange_code(&app, &back, &Secret::new(code), &question.verifier).await.unwrap()
}
