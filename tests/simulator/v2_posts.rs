//! Posts and likes of both APIs: what is liked at one is liked at the other.

use junco::simulator::Settings;
use serde_json::json;

use crate::bot::Bot;

#[tokio::test]
async fn a_like_is_told_once_and_can_be_taken_back_at_either_api() {
    let bot = Bot::ready().await;
    let id = bot.simulator.post(Settings::ADA, "Snow & ice", None).expect("a post");
    let likes = format!("/2/users/{}/likes", Settings::BOT);
    let like = async || bot.post(Settings::BOT, &likes, Some(json!({ "tweet_id": id.to_string() }))).await;
    assert_eq!(like().await.json(), json!({ "data": { "liked": true } }));
    assert_eq!(bot.got(1).await[0].json()["favorite_events"][0]["user"]["screen_name"], "snowbot");
    assert_eq!(like().await.json(), json!({ "data": { "liked": true } }), "it is liked already");
    let older = |verb: &str| format!("/1.1/favorites/{verb}.json?id={id}");
    assert_eq!(bot.post(Settings::BOT, &older("create"), None).await.refused(), (403, 139), "and so it is at the older API");

    assert_eq!(bot.post(Settings::BOT, &older("destroy"), None).await.status, 200);
    assert_eq!(bot.post(Settings::BOT, &older("destroy"), None).await.refused(), (404, 144), "there is nothing to take back");
    like().await;
    assert_eq!(bot.got(2).await.len(), 2, "taking it back is not told, liking again is");
    let unlike = format!("{likes}/{id}");
    for _ in 0..2 {
        assert_eq!(bot.call("DELETE", Settings::BOT, &unlike, None).await.json(), json!({ "data": { "liked": false } }));
    }
    assert_eq!(bot.post(Settings::BOT, &older("destroy"), None).await.refused(), (404, 144));
}

#[tokio::test]
async fn likes_are_given_by_oneself_to_what_is_there() {
    let bot = Bot::ready().await;
    let id = bot.simulator.post(Settings::ADA, "Snow", None).expect("a post");
    let body = |id: u64| Some(json!({ "tweet_id": id.to_string() }));
    assert_eq!(bot.post(Settings::BOT, &format!("/2/users/{}/likes", Settings::ADA), body(id)).await.status, 400);
    assert_eq!(bot.post(Settings::BOT, &format!("/2/users/{}/likes", Settings::BOT), body(5)).await.status, 404);
    assert_eq!(bot.with_bearer("POST", &format!("/2/users/{}/likes", Settings::BOT)).await.status, 403);
}

#[tokio::test]
async fn posts_are_listed_newest_first() {
    let bot = Bot::ready().await;
    let path = format!("/2/users/{}/tweets?max_results=5", Settings::ADA);
    assert_eq!(bot.get(Settings::BOT, &path).await.json(), json!({ "meta": { "result_count": 0 } }));
    let ids: Vec<u64> = (0..6).map(|number| bot.simulator.post(Settings::ADA, &format!("post {number}"), None).expect("a post")).collect();
    let listed = bot.with_bearer("GET", &path).await.json();
    assert_eq!((&listed["data"][0]["id"], &listed["data"][0]["text"]), (&json!(ids[5].to_string()), &json!("post 5")));
    assert_eq!(listed["meta"], json!({ "result_count": 5, "newest_id": ids[5].to_string(), "oldest_id": ids[1].to_string() }));
}
