//! The front page, and that it tells no lies.

use serde_json::Value;

use crate::bot::Bot;

#[tokio::test]
async fn the_front_page_says_how_to_point_a_bot_here() {
    let bot = Bot::new().await;
    let page = bot.carry_out(bot.request("GET", "/")).await.expect("an answer");
    assert!(page.headers["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/plain")));
    for part in [bot.simulator.url().as_str(), "simkey0001", "events/new.json", "@ada", "/settings/connected_apps", "owner_token = "] {
        assert!(page.text.contains(part), "{part} is not in\n{}", page.text);
    }
    let html = bot.carry_out(bot.request("GET", "/").header("accept", "text/html,*/*;q=0.8")).await.expect("an answer");
    assert!(html.headers["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/html")));
    assert!(html.headers.contains_key("content-security-policy"));
    for part in ["<!DOCTYPE html>", "width=device-width", "color-scheme:light dark", "simkey0001", r#"href="/settings/connected_apps""#] {
        assert!(html.text.contains(part), "{part} is not in\n{}", html.text);
    }
    assert!(!html.text.contains("<script") && !html.text.contains("src="), "nothing from elsewhere");
}

#[tokio::test]
async fn every_verb_that_is_told_of_is_there() {
    let bot = Bot::ready().await;
    let page = bot.carry_out(bot.request("GET", "/")).await.expect("an answer").text;
    let verbs = page.lines().map(str::trim).filter(|line| line.split(' ').nth(1).is_some_and(|path| path.starts_with("/sim/")));
    let mut count = 0;
    for verb in verbs {
        count += 1;
        let mut parts = verb.splitn(3, ' ');
        let (method, path, body) = (parts.next().expect("a method"), parts.next().expect("a path"), parts.next());
        let request = bot.request(method, path);
        let body: Option<Value> = body.map(|body| serde_json::from_str(body).unwrap_or_else(|error| panic!("{verb}: {error}")));
        let reply = bot.carry_out(body.iter().fold(request, |request, body| request.json(body))).await.expect("an answer");
        // An id that is only an example is refused, and in the admin's own words.
        let known =
            reply.status == 200 || (reply.status == 400 && !reply.text.contains("missing field") && !reply.text.contains("unknown"));
        assert!(known, "{verb}: {} {}", reply.status, reply.text);
    }
    assert!(count > 35, "{count} verbs were found in\n{page}");
}

#[tokio::test]
async fn a_command_can_be_copied_as_it_stands() {
    let bot = Bot::ready().await;
    let page = bot.carry_out(bot.request("GET", "/")).await.expect("an answer").text;
    let command = page.lines().find(|line| line.contains("/sim/say -H")).expect("a command");
    let body = command.split("-d '").nth(1).and_then(|rest| rest.strip_suffix('\'')).expect("a body");
    let request = bot.request("POST", "/sim/say").header("content-type", "application/json").body(body.to_owned());
    assert_eq!(bot.carry_out(request).await.expect("an answer").status, 200);
    assert_eq!(bot.got(1).await[0].message(), bot.transcript()[0].id);
}
