//! Adding an account by having its owner sign in with X.

use std::os::unix::fs::PermissionsExt as _;

use crate::world::{APP, BOT, Browser, EVE, World};

/// Begins, and tells the question's token and the page that leads to X.
async fn begins(browser: &Browser, webhook: u64) -> (String, String) {
    let page = browser.post("/account/let-in", &[("app", &APP.to_string()), ("webhook", &webhook.to_string())]).await;
    assert_eq!(page.status, 200, "{page:?}");
    let link = page.text.split("href=\"").find(|part| part.contains("/oauth/authorize")).unwrap();
    let token = link.split("oauth_token=").nth(1).unwrap().split(['&', '"']).next().unwrap();
    (token.to_owned(), page.text.clone())
}

/// The path of an address of the console.
fn path(url: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_is_subscribed_and_the_page_tells_what_to_add() {
    let (world, webhook) = World::registered().await;
    let ada = world.browser("ada").await;
    let (token, page) = begins(&ada, webhook).await;
    assert!(page.contains("/account/let-in/back") && page.contains("callback"), "{page}");
    let back = ada.decides(&world.x.url(), &token, EVE, "allow").await;
    // X's redirect brings no cookie; the second request does.
    let first = ada.comes_from_elsewhere(&back.location).await;
    assert!(first.status == 200 && first.refresh.contains("again=yes"), "{first:?}");
    assert_eq!(world.subscribers(webhook).await, [], "nothing happens for whoever has no session");
    let page = ada.get(&format!("{}&again=yes", path(&back.location))).await;
    for told in ["890", "@<bdi>eve</bdi>", "is subscribed", "[[account]]", "user_id = &quot;890&quot;", "secrets/890.token"] {
        assert!(page.text.contains(told), "{told}: {page:?}");
    }
    assert_eq!(world.subscribers(webhook).await, [EVE]);
    for file in ["secrets/890.token", "secrets/890.token-secret"] {
        let path = world.path(file);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let secret = std::fs::read_to_string(&path).unwrap();
        assert!(!secret.trim().is_empty() && !page.text.contains(secret.trim()), "a secret is shown");
        assert!(!ada.get("/audit").await.text.contains(secret.trim()));
    }
    let again = ada.get(&format!("{}&again=yes", path(&back.location))).await;
    assert_eq!(again.status, 400, "a question is answered once");
    let page = ada.get("/account").await.text;
    assert!(page.contains("not in the configuration"), "{page}");
    assert!(ada.get("/audit").await.text.contains("who signed in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_for_the_session_that_asked_and_a_no_changes_nothing() {
    let (world, webhook) = World::registered().await;
    let (ada, other) = (world.browser("ada").await, world.browser("ada").await);
    let (token, _) = begins(&ada, webhook).await;
    let back = path(&ada.decides(&world.x.url(), &token, EVE, "allow").await.location);
    let strange = other.get(&back).await;
    assert!(strange.status == 400 && strange.text.contains("not the way back"), "{strange:?}");
    assert_eq!(world.browser("vic").await.get(&back).await.status, 403);
    assert_eq!(world.subscribers(webhook).await, []);

    let (token, _) = begins(&ada, webhook).await;
    let back = path(&ada.decides(&world.x.url(), &token, EVE, "deny").await.location);
    let page = ada.get(&back).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/account"));
    assert!(ada.get("/account").await.text.contains("said no at X"));
    assert_eq!((world.subscribers(webhook).await, world.path("secrets").exists()), (vec![], false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_x_refuses_on_the_way_is_told() {
    let (world, webhook) = World::registered().await;
    let ada = world.browser("ada").await;
    let (token, _) = begins(&ada, webhook).await;
    ada.decides(&world.x.url(), &token, BOT, "allow").await;
    let page = ada.get(&format!("/account/let-in/back?oauth_token={token}&oauth_verifier=guessed")).await;
    assert_eq!(page.status, 303, "{page:?}");
    assert!(ada.get("/account").await.text.contains("role=\"alert\""));
    assert!(ada.get("/audit").await.text.contains("not done"));
    let (token, _) = begins(&ada, 9).await;
    let back = path(&ada.decides(&world.x.url(), &token, EVE, "allow").await.location);
    assert_eq!(ada.get(&back).await.status, 303);
    assert!(ada.get("/account").await.text.contains("role=\"alert\""), "there is no such webhook");
    assert!(!world.path("secrets").exists(), "no token is kept of an account that was not subscribed");
}
