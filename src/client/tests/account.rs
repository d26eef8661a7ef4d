//! Signing in, both ways, and what headers tell of limits.

use super::*;
use crate::client::{OAuth2App, RateLimit};
use crate::model::EventsApi;

fn keys() -> Keys {
    Keys { consumer_key: "simkey0001".to_owned(), consumer_secret: Secret::new("sim-consumer-secret-01"), owner: None }
}

fn token(token: &str, secret: &str) -> UserToken {
    UserToken { token: Secret::new(token), secret: Secret::new(secret) }
}

#[tokio::test]
async fn a_user_signs_in_by_three_steps() {
    let (client, seen) = server(&[
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\noauth_token=req&oauth_token_secret=hush&oauth_callback_confirmed=true",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\noauth_token=req&oauth_token_secret=hush&oauth_callback_confirmed=true",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\noauth_token=7-a&oauth_token_secret=b&user_id=7&screen_name=ada",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"access_token\":\"7-a\"}",
    ]);
    let back = Url::parse("http://localhost:3005/back?x=1").expect("a URL");
    let keys = keys();
    let request = client.request_token(&keys, None).await.expect("a token");
    assert_eq!(request, token("req", "hush"));
    client.request_token(&keys, Some(&back)).await.expect("a token");
    let page = client.authorize_url(&request, Some("ada"), true);
    assert_eq!((page.path(), page.query()), ("/oauth/authorize", Some("oauth_token=req&force_login=true&screen_name=ada")));
    assert_eq!(client.authorize_url(&request, None, false).query(), Some("oauth_token=req"));
    let ada = client.access_token(&keys, &request, "1234567").await.expect("a user");
    assert_eq!((ada.user.id, ada.user.screen_name.as_str(), &ada.token), (UserId(7), "ada", &token("7-a", "b")));
    assert_eq!(client.invalidate_token(US).await, Ok(()));
    drop(client);
    let seen: Vec<_> = seen.try_iter().collect();
    let presented = |seen: &Seen, secret: &str| {
        let url = Url::parse(&format!("http://{}{}", seen.header("host"), seen.line.split(' ').nth(1).expect("a path"))).expect("a URL");
        let presented = Presented::parse(seen.header("authorization")).expect("a header");
        assert!(presented.verify(&oauth::Request { method: "POST", url: &url, form: &[] }, "sim-consumer-secret-01", secret));
        (presented.token, presented.callback, presented.verifier)
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(seen[0].line, "POST /oauth/request_token HTTP/1.1");
    assert_eq!(presented(&seen[0], ""), (None, text("oob"), None));
    assert_eq!(presented(&seen[1], ""), (None, text("http://localhost:3005/back?x=1"), None));
    assert_eq!(seen[2].line, "POST /oauth/access_token HTTP/1.1");
    assert_eq!(presented(&seen[2], "hush"), (text("req"), None, text("1234567")), "signed with the secret of the request token");
    assert_eq!(seen[3].line, "POST /1.1/oauth/invalidate_token.json HTTP/1.1");
    assert!(is_signed(&seen[3]));
}

#[tokio::test]
async fn a_callback_that_is_not_registered_is_a_matter_of_configuration() {
    let (client, _seen) = server(answer!("403 Forbidden", r#"{"errors":[{"code":415,"message":"Callback URL not approved"}]}"#));
    let failure = client.request_token(&keys(), None).await.expect_err("refused");
    assert_eq!(failure.remedy(), Remedy::Configuration);
}

#[tokio::test]
async fn a_user_signs_in_by_oauth2() {
    let (client, seen) = server(&[
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"token_type\":\"bearer\",\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":60}",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"token_type\":\"bearer\",\"access_token\":\"b\",\"refresh_token\":\"s\",\"scope\":\"dm.read\"}",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"revoked\":true}",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"data\":{\"id\":\"7\",\"username\":\"ada\",\"name\":\"Ada\"}}",
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n{\"error\":\"invalid_request\",\"error_description\":\"Value passed for the token was invalid.\"}",
    ]);
    let app = OAuth2App { client_id: "cid".to_owned(), client_secret: Some(Secret::new("hush")) };
    let public = OAuth2App { client_secret: None, ..app.clone() };
    let back = Url::parse("http://127.0.0.1/back").expect("a URL");
    let question = client.ask_oauth2(&app, &back, &["dm.read", "dm.write"]);
    let asked: BTreeMap<_, _> = question.url.query_pairs().into_owned().collect();
    assert_eq!((question.url.path(), asked["state"].as_str()), ("/i/oauth2/authorize", question.state.as_str()));
    assert_eq!(asked["scope"], "dm.read dm.write");
    assert_ne!(client.ask_oauth2(&app, &back, &[]).state, question.state);
    assert!((43..=128).contains(&question.verifier.expose().len()), "as the standard has it");
    let got = client.exchange_code(&app, &back, &Secret::new("code"), &question.verifier).await.expect("tokens");
    assert_eq!((got.access.expose(), got.expires_at), ("a", NOW.plus(Duration::from_secs(60))));
    let renewed = client.refresh_oauth2(&public, &Secret::new("r")).await.expect("tokens");
    assert_eq!((renewed.refresh, renewed.scopes), (Some(Secret::new("s")), vec!["dm.read".to_owned()]));
    assert_eq!(client.revoke_oauth2(&app, &Secret::new("b")).await, Ok(()));
    assert_eq!(client.me(Auth::OAuth2(&Secret::new("b"))).await.expect("a user").id, UserId(7));
    assert_eq!(client.refresh_oauth2(&app, &Secret::new("r")).await.expect_err("used up").remedy(), Remedy::Bug);
    let verifier = question.verifier.expose().to_owned();
    drop(client);
    let seen: Vec<_> = seen.try_iter().collect();
    let told = |seen: &Seen| (seen.line.clone(), seen.header("authorization").to_owned(), seen.body.clone());
    let line = |line: &str| format!("{line} HTTP/1.1");
    let exchange = format!(
        "grant_type=authorization_code&code=code&redirect_uri=http%3A%2F%2F127.0.0.1%2Fback&client_id=cid&code_verifier={verifier}"
    );
    assert_eq!(told(&seen[0]), (line("POST /2/oauth2/token"), "Basic Y2lkOmh1c2g=".to_owned(), exchange));
    let refresh = "grant_type=refresh_token&refresh_token=r&client_id=cid".to_owned();
    assert_eq!(told(&seen[1]), (line("POST /2/oauth2/token"), String::new(), refresh), "a public app has no secret to show");
    assert_eq!(told(&seen[2]), (line("POST /2/oauth2/revoke"), "Basic Y2lkOmh1c2g=".to_owned(), "token=b&client_id=cid".to_owned()));
    assert_eq!(told(&seen[3]), (line("GET /2/users/me"), "Bearer b".to_owned(), String::new()));
}

#[test]
fn people_sign_in_at_the_site_beside_the_api() {
    let app = OAuth2App { client_id: "cid".to_owned(), client_secret: None };
    let back = Url::parse("http://127.0.0.1/back").expect("a URL");
    for (api, site) in [("http://api.x.com", "http://x.com"), ("http://127.0.0.1:8090", "http://127.0.0.1:8090")] {
        let url = client(api, Timeouts::default()).ask_oauth2(&app, &back, &[]).url;
        assert_eq!(url.origin().ascii_serialization(), site);
    }
}

#[tokio::test]
async fn limits_are_remembered_by_endpoint() {
    let (client, _seen) = server(&[
        "HTTP/1.1 200 OK\r\nconnection: close\r\nx-rate-limit-limit: 75\r\nx-rate-limit-remaining: 74\r\nx-rate-limit-reset: 1767226500\r\n\
         x-access-level: read-write-directmessages\r\n\r\n{\"id\":7,\"id_str\":\"7\"}",
        "HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\nx-rate-limit-remaining: 0\r\nx-rate-limit-reset: 1767226500\r\n\
         x-user-limit-24hour-remaining: 0\r\nx-user-limit-24hour-reset: 1767230000\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"id\":7}",
        EMPTY,
    ]);
    client.verify_credentials(US).await.expect("a user");
    let failure = client.show_profile(US, 77).await.expect_err("too many");
    let day_is_over = Some(Timestamp::from_millis(1_767_230_000_000));
    assert_eq!(failure, Failure::NotTaken { cause: NotTaken::RateLimited, retry_at: day_is_over });
    client.verify_credentials(US).await.expect("a user");
    let limits = client.limits();
    let names: Vec<_> = limits.keys().map(String::as_str).collect();
    assert_eq!(names, ["GET /1.1/account/verify_credentials.json", "GET /1.1/custom_profiles/:id.json"]);
    let who = &limits[names[0]];
    let window = RateLimit { limit: Some(75), remaining: Some(74), reset: Timestamp::from_millis(1_767_226_500_000) };
    assert_eq!((who.window, who.access.as_deref()), (Some(window), Some("read-write-directmessages")), "silence changes nothing");
    assert!(client.apart().limits().is_empty(), "another token has its own");
    assert_eq!(EventsApi::default(), EventsApi::Enterprise);
    client.indicate_typing(US, UserId(7)).await.expect("shown");
    assert_eq!(client.limits().len(), 2, "an answer without headers says nothing");
}
