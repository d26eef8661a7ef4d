//! OAuth 2 at the newer API: the page, the code, the tokens, and what each kind of token is good for.

use std::time::Duration;

use junco::simulator::{Permission, Settings};
use serde_json::json;

use crate::bot::Bot;
use crate::v2::{CALLBACK, SCOPES, VERIFIER, asking, parameter};

const ME: &str = "/2/users/me";

/// The page as a browser gets it.
async fn page(bot: &Bot, change: &[(&str, &str)]) -> (u16, String) {
    let request = bot.request("GET", "/i/oauth2/authorize").query(&asking(change));
    let reply = bot.carry_out(request).await.expect("an answer");
    assert!(reply.headers["content-security-policy"].to_str().expect("text").starts_with("default-src 'none'"));
    (reply.status, reply.text)
}

#[tokio::test]
async fn the_page_shows_who_asks_for_what_and_hides_nothing_in_scripts() {
    let bot = Bot::new().await;
    let (status, text) = page(&bot, &[("state", "\"><script>alert(1)</script>")]).await;
    assert_eq!(status, 200, "{text}");
    for part in
        ["our-bot wants to access your account", "<code>dm.write</code>", "@ada", "Chloé ☃", "value=\"cancel\"", "name=\"code_challenge\""]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("<script"), "{text}");
}

#[tokio::test]
async fn a_bad_request_is_told_to_the_person_and_not_to_the_address() {
    let bot = Bot::new().await;
    for (change, part) in [
        (("client_id", "nobody"), "client_id"),
        (("redirect_uri", "no address"), "redirect_uri"),
        (("response_type", "token"), "response_type"),
        (("scope", "dm.read world.rule"), "world.rule"),
        (("scope", ""), "scope"),
        (("code_challenge", ""), "code_challenge"),
        (("code_challenge_method", "S512"), "code_challenge"),
    ] {
        let (status, text) = page(&bot, &[change]).await;
        assert!(status == 400 && text.contains(part), "{change:?}: {status} {text}");
        let form = asking(&[change, ("person", "@ada"), ("decision", "allow")]);
        let reply = bot.carry_out(bot.request("POST", "/i/oauth2/authorize").form(&form)).await.expect("an answer");
        assert_eq!((reply.status, reply.headers.get("location")), (400, None), "{change:?}");
    }
}

#[tokio::test]
async fn allowing_leads_to_a_token_for_whom_one_said_to_be() {
    let bot = Bot::new().await;
    let back = bot.consent(Settings::ADA, &[]).await;
    assert!(back.as_str().starts_with("http://127.0.0.1:1/back?to=me&"), "{back}");
    assert_eq!(parameter(&back, "state").as_deref(), Some("s t&te"));
    let reply = bot.exchange(&parameter(&back, "code").expect("a code")).await;
    let tokens = reply.json();
    assert_eq!((reply.status, &tokens["token_type"], &tokens["expires_in"]), (200, &json!("bearer"), &json!(7200)));
    assert_eq!(tokens["scope"], "dm.read dm.write media.write offline.access tweet.read users.read");
    let me = bot.with_token("GET", ME, tokens["access_token"].as_str().expect("a token"), None).await;
    assert_eq!(me.json(), json!({ "data": { "id": Settings::ADA.to_string(), "name": "Ada", "username": "ada" } }));
}

#[tokio::test]
async fn cancelling_leads_back_without_a_code() {
    let bot = Bot::new().await;
    let back = bot.consent(Settings::ADA, &[("decision", "cancel")]).await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!((parameter(&back, "code"), parameter(&back, "state").as_deref()), (None, Some("s t&te")));
}

#[tokio::test]
async fn a_code_lives_half_a_minute_and_a_token_two_hours_of_the_worlds_time() {
    let bot = Bot::new().await;
    let back = bot.consent(Settings::ADA, &[]).await;
    let code = parameter(&back, "code").expect("a code");
    bot.simulator.advance(Duration::from_secs(31));
    let reply = bot.exchange(&code).await;
    assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("invalid_request")));

    let back = bot.consent(Settings::ADA, &[]).await;
    let tokens = bot.exchange(&parameter(&back, "code").expect("a code")).await.json();
    let (access, refresh) = (tokens["access_token"].as_str().expect("one"), tokens["refresh_token"].as_str().expect("another"));
    bot.simulator.advance(Duration::from_secs(2 * 60 * 60));
    assert_eq!(bot.with_token("GET", ME, access, None).await.problem(), (401, "Unauthorized".to_owned()));
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let renewed = bot.client("/2/oauth2/token", &form).await.json();
    assert_eq!(bot.with_token("GET", ME, renewed["access_token"].as_str().expect("a token"), None).await.status, 200);
    assert_eq!(bot.client("/2/oauth2/token", &form).await.status, 400, "a refresh token is used once");

    let form = [("token", renewed["refresh_token"].as_str().expect("a token"))];
    assert_eq!(bot.client("/2/oauth2/revoke", &form).await.json(), json!({ "revoked": true }));
    assert_eq!(bot.with_token("GET", ME, renewed["access_token"].as_str().expect("a token"), None).await.status, 401);
}

#[tokio::test]
async fn without_offline_access_there_is_nothing_to_refresh() {
    let bot = Bot::new().await;
    let back = bot.consent(Settings::ADA, &[("scope", "dm.read")]).await;
    let tokens = bot.exchange(&parameter(&back, "code").expect("a code")).await.json();
    assert_eq!(tokens["refresh_token"], json!(null));
}

#[tokio::test]
async fn confidential_clients_show_their_secret_and_public_ones_name_themselves() {
    let bot = Bot::new().await;
    let code = parameter(&bot.consent(Settings::ADA, &[]).await, "code").expect("a code");
    let form = |code| {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", "simclient0001"),
        ]
    };
    let named = bot.carry_out(bot.request("POST", "/2/oauth2/token").form(&form(&code))).await.expect("an answer");
    assert_eq!((named.status, &named.json()["error"]), (401, &json!("unauthorized_client")));
    let wrong = bot.request("POST", "/2/oauth2/token").basic_auth("simclient0001", Some("wrong")).form(&form(&code));
    assert_eq!(bot.carry_out(wrong).await.expect("an answer").status, 401);
    assert_eq!(bot.exchange(&code).await.status, 200, "a client that was refused used nothing up");

    let public = Bot::with(|settings| settings.apps[0].client_secret = None).await;
    let code = parameter(&public.consent(Settings::ADA, &[]).await, "code").expect("a code");
    let named = public.carry_out(public.request("POST", "/2/oauth2/token").form(&form(&code))).await.expect("an answer");
    assert_eq!(named.status, 200, "{}", named.text);
    let refresh = named.json()["refresh_token"].clone();
    let json = json!({ "grant_type": "refresh_token", "refresh_token": refresh, "client_id": "simclient0001" });
    let renewed = public.carry_out(public.request("POST", "/2/oauth2/token").json(&json)).await.expect("an answer");
    assert_eq!(renewed.status, 200, "JSON will do: {}", renewed.text);
    assert_eq!(public.exchange(&code).await.status, 401, "it has no secret to show");
}

#[tokio::test]
async fn an_app_with_callbacks_has_no_others() {
    let elsewhere = "https://bot.example.org/back";
    let bot = Bot::with(|settings| settings.apps[0].callbacks = Some(vec![elsewhere.to_owned()])).await;
    assert_eq!(page(&bot, &[("redirect_uri", elsewhere)]).await.0, 200);
    assert_eq!(page(&bot, &[("redirect_uri", "https://bot.example.org/back/")]).await.0, 400);
    assert_eq!(page(&bot, &[]).await.0, 400, "this machine is not among the callbacks");
    let open = Bot::new().await;
    assert_eq!(page(&open, &[("redirect_uri", elsewhere)]).await.0, 200, "an app without a list may send people anywhere");
}

#[tokio::test]
async fn each_kind_of_token_is_refused_where_it_is_not_good() {
    let bot = Bot::with(|settings| settings.tokens[1].permission = Permission::Read).await;
    let app = bot.app().await;
    let narrow = bot.granted(Settings::ADA, "users.read").await;
    assert_eq!(bot.with_token("GET", ME, &app, None).await.problem(), (403, "Unsupported Authentication".to_owned()));
    assert_eq!(bot.with_token("GET", ME, &narrow, None).await.problem(), (403, "Forbidden".to_owned()));
    assert_eq!(bot.with_token("GET", ME, "nonsense", None).await.problem(), (401, "Unauthorized".to_owned()));
    assert_eq!(bot.carry_out(bot.request("GET", ME)).await.expect("an answer").problem(), (401, "Unauthorized".to_owned()));
    let signed = bot.get(Settings::BOT, ME).await;
    assert_eq!((signed.status, signed.headers["x-access-level"].to_str().expect("text")), (200, "read-write-directmessages"));
    assert_eq!(bot.get(Settings::OWNER, ME).await.headers["x-access-level"], "read");
    let wide = bot.granted(Settings::ADA, SCOPES).await;
    let older = bot.with_token("GET", "/1.1/account/verify_credentials.json", &wide, None).await;
    assert_eq!(older.refused(), (403, 220), "the older API does not know these tokens");
}

#[tokio::test]
async fn tokens_that_do_not_work_are_refused_and_forms_from_elsewhere_too() {
    let bot = Bot::new().await;
    let token = bot.granted(Settings::ADA, SCOPES).await;
    bot.simulator.let_tokens_work(Settings::ADA, false);
    assert_eq!(bot.with_token("GET", ME, &token, None).await.status, 401);
    bot.simulator.let_tokens_work(Settings::ADA, true);
    assert_eq!(bot.with_token("GET", ME, &token, None).await.status, 200);
    let form = asking(&[("person", "@ada"), ("decision", "allow")]);
    let request = bot.request("POST", "/i/oauth2/authorize").header("origin", "https://elsewhere.example").form(&form);
    assert_eq!(bot.carry_out(request).await.expect("an answer").status, 400);
}

#[tokio::test]
async fn people_are_found_by_id_and_by_handle() {
    let bot = Bot::new().await;
    let app = bot.app().await;
    let ada = bot.with_token("GET", "/2/users/by/username/ADA?user.fields=created_at,public_metrics", &app, None).await.json();
    assert_eq!((&ada["data"]["id"], &ada["data"]["created_at"]), (&json!(Settings::ADA.to_string()), &json!("2025-03-14T09:26:53.000Z")));
    assert_eq!(
        (&ada["data"]["public_metrics"]["tweet_count"], &ada["data"]["verified"]),
        (&json!(8), &json!(null)),
        "only what was asked for"
    );
    let path = format!("/2/users/{}", Settings::BEN);
    assert_eq!(bot.with_token("GET", &path, &app, None).await.json()["data"]["username"], "ben");
    let nobody = bot.with_token("GET", "/2/users/4711", &app, None).await;
    assert_eq!((nobody.status, &nobody.json()["errors"][0]["title"]), (200, &json!("Not Found Error")));
    assert_eq!(bot.with_token("GET", "/2/users/x", &app, None).await.problem(), (400, "Invalid Request".to_owned()));
    assert_eq!(bot.with_token("GET", "/2/elsewhere", &app, None).await.problem(), (404, "Not Found".to_owned()));
}

#[tokio::test]
async fn calls_are_counted_and_cost_what_they_cost() {
    let bot = Bot::with(|settings| settings.rules.v2.credit = Some(76)).await;
    let first = bot.get(Settings::BOT, ME).await;
    assert_eq!(
        (&first.headers["x-rate-limit-limit"], &first.headers["x-rate-limit-remaining"]),
        (&"75".parse().expect("a header"), &"74".parse().expect("a header"))
    );
    for _ in 1..75 {
        assert_eq!(bot.get(Settings::BOT, ME).await.status, 200);
    }
    let full = bot.get(Settings::BOT, ME).await;
    assert_eq!(
        (full.problem(), &full.headers["x-rate-limit-remaining"]),
        ((429, "Too Many Requests".to_owned()), &"0".parse().expect("a header"))
    );
    assert_eq!(bot.get(Settings::BOT, ME).await.problem(), (402, "CreditsDepleted".to_owned()));
}
