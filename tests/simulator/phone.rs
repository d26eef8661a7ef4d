//! The phone page over HTTP: what it shows, what can be done there, who is let in, and that hostile content does no harm.

use junco::model::{MessageId, UserId};
use junco::simulator::{FaultKind, Lever, Person, Settings};
use serde_json::json;

use crate::bot::{Bot, PATIENCE, Reply};

/// What people may be called, and may write.
const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>",
    "\u{202e}gnp.evil\u{202c} \u{2066}",
    "😀👩‍👩‍👧‍👦🏳️‍🌈",
    "</textarea></p><svg/onload=alert(3)>",
    "&lt;b&gt; &amp; ]]> -->",
];

impl Bot {
    async fn page(&self, path: &str) -> Reply {
        self.carry_out(self.request("GET", path)).await.expect("an answer")
    }

    async fn fill_in(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let reply = self.carry_out(self.request("POST", path).form(fields)).await.expect("an answer");
        assert!(reply.status < 400, "{path}: {} {}", reply.status, reply.text);
        reply
    }

    async fn types(&self, text: &str) {
        self.fill_in("/phone/say", &[("person", "ada"), ("with", "snowbot"), ("text", text)]).await;
    }
}

#[tokio::test]
async fn people_chat_side_by_side() {
    let bot = Bot::ready().await;
    bot.types("line one\r\nline two").await;
    let options = json!([{ "label": "Aspen", "description": "A resort", "metadata": "a" }, { "label": "Vail", "description": "Another" }]);
    let ctas = json!([{ "type": "web_url", "label": "Map", "url": "https://map.example/?a=1&b=2" }]);
    bot.send(json!({ "text": "Where?", "quick_reply": { "type": "options", "options": options } })).await;
    bot.send(json!({ "text": "There.", "ctas": ctas })).await;
    let menu = bot.transcript()[1].id;
    let page = bot.page("/phone?people=ada,ben&with=snowbot").await;
    assert_eq!(page.status, 200, "{}", page.text);
    for part in [
        "line one\nline two",
        "@ben",
        "role=\"log\"",
        "A resort",
        "Where?",
        "https://map.example/?a=1&amp;b=2",
        "rel=\"noreferrer noopener\"",
    ] {
        assert!(page.text.contains(part), "{part} is not in\n{}", page.text);
    }
    assert!(page.text.len() < 50_000, "{} bytes", page.text.len());

    // The first menu stays tappable, however often.
    for _ in 0..2 {
        bot.fill_in("/phone/tap", &[("person", "ada"), ("message", &menu.to_string()), ("option", "1")]).await;
    }
    let chat = bot.transcript();
    assert_eq!(chat[3..].iter().map(|message| (message.text.as_str(), message.tap.is_some())).collect::<Vec<_>>(), [("Vail", true); 2]);
    assert_eq!(bot.got(5).await[4].json()["direct_message_events"][0]["message_create"]["message_data"]["text"], "Vail");
}

#[tokio::test]
async fn a_long_chat_is_a_light_page() {
    let bot = Bot::new().await;
    for number in 0..100 {
        bot.simulator.say(Settings::ADA, Settings::BOT, &format!("number {number}.")).expect("a message");
    }
    let page = bot.page("/phone?people=ada").await.text;
    assert!(page.contains("Show 60 older messages") && page.contains("number 60.") && !page.contains("number 59."), "{page}");
    let whole = page.split("class=\"older\"><a href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert_eq!(bot.page(&whole.replace("&amp;", "&")).await.text.matches("<article").count(), 100);
}

#[tokio::test]
async fn nobody_has_to_be_named_and_anybody_can_come() {
    let bot = Bot::ready().await;
    let page = bot.page("/phone").await;
    assert!(page.text.contains("<bdi>Ada</bdi>") && page.text.contains("Chats with SnowBot"), "{}", page.text);
    let both = bot.page("/phone?people=ada&people=chloe").await;
    assert!(
        both.text.contains("<bdi>Ada</bdi> <small><bdi>@ada</bdi></small></h2>") && both.text.contains("<bdi>@chloe</bdi></small></h2>")
    );
    assert_eq!(bot.page("/phone?people=nobody").await.status, 400);

    let fields = [("name", "Zoë"), ("screen_name", "@zoe_1"), ("back", "/phone?people=ada&with=snowbot")];
    let there = bot.fill_in("/phone/person", &fields).await.headers["location"].to_str().expect("an address").to_owned();
    let page = bot.page(&there).await;
    assert!(page.text.contains("@zoe_1") && page.text.contains("<bdi>Zoë</bdi>"), "the new one stands beside: {}", page.text);
    for handle in ["", "a b", "<b>", "ADA"] {
        let form = [("name", "x"), ("screen_name", handle)];
        let reply = bot.carry_out(bot.request("POST", "/phone/person").form(&form)).await.expect("an answer");
        assert_eq!(reply.status, 400, "`{handle}`");
    }
}

#[tokio::test]
async fn who_opens_a_chat_is_welcomed_once() {
    let bot = Bot::ready().await;
    let welcome = json!({ "welcome_message": { "name": "w", "message_data": { "text": "Welcome, whoever you are." } } });
    let made = bot.post(Settings::BOT, "/1.1/direct_messages/welcome_messages/new.json", Some(welcome)).await.json();
    let id = made["welcome_message"]["id"].as_str().expect("an id").to_owned();
    let shown = async |path: &str| bot.page(path).await.text.matches("Welcome, whoever you are.").count();
    assert_eq!(shown("/phone?people=ada").await, 0, "it is no account's default yet");
    let rule = json!({ "welcome_message_rule": { "welcome_message_id": id } });
    bot.post(Settings::BOT, "/1.1/direct_messages/welcome_messages/rules/new.json", Some(rule)).await;
    assert_eq!(shown("/phone?people=ada").await, 1);
    assert_eq!(shown("/phone?people=ada").await, 1, "not each time");
    assert_eq!(bot.page(&format!("/phone?people=ada&welcome={id}")).await.status, 303);
    assert_eq!(shown("/phone?people=ada").await, 2, "a link that names it shows it again");
}

#[tokio::test]
async fn pictures_are_shown_and_sent() {
    let bot = Bot::ready().await;
    bot.fill_in("/phone/say", &[("person", "ada"), ("with", "snowbot"), ("text", ""), ("picture", "photo")]).await;
    let message = bot.transcript()[0].clone();
    assert!(message.picture.is_some() && message.text.is_empty());
    let path = format!("/phone/picture/{}", message.id);
    assert!(bot.page("/phone?people=ada").await.text.contains(&format!("src=\"{path}\"")));
    let picture = bot.page(&path).await;
    assert!(picture.headers["content-type"].to_str().expect("a type").starts_with("image/"), "{:?}", picture.headers);
    assert_eq!(bot.page("/phone/picture/7").await.status, 404);
}

#[tokio::test]
async fn hostile_content_is_shown_harmlessly() {
    let bot = Bot::ready().await;
    let long = "x".repeat(3_000);
    for (number, text) in HOSTILE.iter().copied().chain([long.as_str()]).enumerate() {
        let id = 7_000 + number as u64;
        bot.simulator.admit(Person::new(id, &format!("h{number}"), text)).expect("a person");
        bot.simulator.say(UserId(id), Settings::BOT, text).expect("a message");
        let options = json!([{ "label": text.chars().take(36).collect::<String>() }]);
        let data = json!({ "text": text, "quick_reply": { "type": "options", "options": options } });
        bot.post(Settings::BOT, "/1.1/direct_messages/events/new.json", Some(crate::bot::message(UserId(id), data))).await;
        let page = bot.page(&format!("/phone?people=h{number}")).await.text;
        for mark in ["<script>alert", "<img src=x", "<svg", "</textarea></p>"] {
            assert!(!page.contains(mark), "{mark} came through: {page}");
        }
        let own = page.split("<article").nth(1).expect("a bubble");
        assert!(own.contains("dir=\"auto\""), "{own}");
        let test = bot.page(&format!("/phone/chat.test.kdl?people=h{number}")).await.text;
        assert!(!test.contains('\u{202e}'), "what turns a text around is written by its number: {test}");
        let wire = bot.page("/phone/wire").await.text;
        assert!(!wire.contains("<script>") && !wire.contains("<svg"), "{wire}");
    }
    let dead = json!([{ "type": "web_url", "label": "x", "url": "https://x.example" }]);
    bot.send(json!({ "text": "x", "ctas": dead })).await;
    let page = bot.page("/phone?people=ada&q=%22%3E%3Cscript%3E&way=%3Cb%3E").await.text;
    assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;\"") && !page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn only_the_page_itself_may_post() {
    let bot = Bot::ready().await;
    let (url, form) = (bot.simulator.url(), [("person", "ada"), ("with", "snowbot"), ("text", "hi")]);
    let own = url.trim_start_matches("http://").to_owned();
    let attempt = async |method: &str, headers: &[(&str, &str)]| {
        let mut request = bot.request(method, if method == "GET" { "/phone" } else { "/phone/say" });
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = if method == "POST" { request.form(&form) } else { request };
        bot.carry_out(request).await.expect("an answer").status
    };
    for (method, headers, status) in [
        ("POST", vec![("sec-fetch-site", "same-origin")], 200),
        ("POST", vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 403),
        ("POST", vec![("sec-fetch-site", "same-site")], 403),
        ("POST", vec![("origin", "https://evil.example")], 403),
        ("POST", vec![("origin", "null")], 403),
        ("POST", vec![("origin", url.as_str())], 200),
        ("POST", vec![("host", "evil.example"), ("sec-fetch-site", "same-origin")], 421),
        ("GET", vec![("host", "evil.example:80")], 421),
        ("GET", vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], 403),
        ("GET", vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 200),
        ("GET", vec![("host", own.as_str())], 200),
    ] {
        assert_eq!(attempt(method, &headers).await, status, "{method} {headers:?}");
    }
    let policy = bot.page("/phone").await.headers["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    // A browser without script goes back, and nowhere else.
    for (back, to) in [("/phone?people=ada", "/phone?people=ada"), ("https://evil.example", "/phone"), ("//evil.example", "/phone")] {
        let request = bot.request("POST", "/phone/say").header("sec-fetch-mode", "navigate").header("sec-fetch-site", "same-origin");
        let request = request.form(&[form[0], form[1], form[2], ("back", back)]);
        let reply = bot.carry_out(request).await.expect("an answer");
        assert_eq!((reply.status, reply.headers["location"].to_str().expect("an address")), (303, to));
    }
}

#[tokio::test]
async fn switches_turn_faults_on_and_off() {
    let bot = Bot::ready().await;
    let switch = async |name: &str, on: &str| bot.fill_in("/phone/switch", &[("switch", name), ("on", on)]).await;
    switch("duplicate", "true").await;
    switch("duplicate", "true").await;
    bot.types("twice").await;
    bot.got(2).await;
    let part = bot.page("/phone/switches").await.text;
    assert!(part.contains("aria-pressed=\"true\">Deliver twice<small> 1×"), "{part}");
    switch("duplicate", "false").await;
    assert_eq!(bot.simulator.faults(), []);

    switch("refuse", "true").await;
    assert_eq!(bot.send(json!({ "text": "no" })).await.status, 429);
    switch("refuse", "false").await;
    switch("outage", "true").await;
    bot.types("lost").await;
    let tried = |stage: &junco::simulator::Stage| stage.deliveries().last().filter(|last| !last.attempts.is_empty()).map(|_| ());
    bot.simulator.wait_for(PATIENCE, tried).await.expect("an attempt");
    assert_eq!(bot.got_so_far(), 2);
    switch("outage", "false").await;
    let redelivered = bot.fill_in("/phone/once", &[("once", "redeliver")]).await;
    assert_eq!(redelivered.text, "2 deliveries are made again.");
    let unknown = bot.carry_out(bot.request("POST", "/phone/switch").form(&[("switch", "x"), ("on", "true")])).await.expect("an answer");
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn two_messages_are_swapped() {
    let bot = Bot::ready().await;
    bot.fill_in("/phone/once", &[("once", "swap")]).await;
    bot.types("first").await;
    // What is no message does not count as the second.
    bot.simulator.show_typing(Settings::ADA, Settings::BOT);
    let part = bot.page("/phone/switches").await.text;
    assert!(part.contains("Release what is held (2)") && part.contains("Waiting for two to swap"), "{part}");
    bot.types("second").await;
    let texts = |got: &crate::bot::Got| got.json()["direct_message_events"][0]["message_create"]["message_data"]["text"].clone();
    let got = bot.got(3).await;
    assert_eq!((texts(&got[0]), texts(&got[2])), (json!("second"), json!("first")));
    bot.types("third").await;
    assert_eq!(texts(&bot.got(4).await[3]), "third", "one swap is one swap");

    bot.fill_in("/phone/once", &[("once", "swap")]).await;
    bot.types("fourth").await;
    bot.fill_in("/phone/once", &[("once", "release")]).await;
    assert_eq!(texts(&bot.got(5).await[4]), "fourth");
    assert!(bot.simulator.faults().iter().all(|count| count.fault.kind != FaultKind::Hold));
}

#[tokio::test]
async fn levers_are_pulled_where_there_are_any() {
    let bot = Bot::ready().await;
    assert!(!bot.page("/phone").await.text.contains("/phone/lever"));
    let fails = Lever::new("stop", "Stop <it>", async || Err("it is stuck".to_owned()));
    bot.simulator.offer([Lever::new("start", "Start it", async || Ok("started".to_owned())), fails]);
    assert!(bot.page("/phone").await.text.contains("Stop &lt;it&gt;"));
    assert_eq!(bot.fill_in("/phone/lever", &[("lever", "start")]).await.text, "started");
    let pull = async |lever: &str| bot.carry_out(bot.request("POST", "/phone/lever").form(&[("lever", lever)])).await.expect("an answer");
    let failed = pull("stop").await;
    assert_eq!((failed.status, failed.text.as_str()), (500, "it is stuck"));
    assert_eq!(pull("x").await.status, 404);
}

#[tokio::test]
async fn the_wire_shows_everything_but_secrets() {
    let bot = Bot::ready().await;
    bot.types("over the wire").await;
    bot.got(1).await;
    let bearer = bot.with_bearer("GET", "/1.1/account_activity/webhooks.json").await;
    assert_eq!(bearer.status, 200);
    bot.say("an answer").await;
    let list = bot.page("/phone/wire").await.text;
    let numbers: Vec<u64> =
        list.split("data-more=\"/phone/wire/").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b) && numbers.len() >= 7, "newest first: {numbers:?}");
    let mut all = String::new();
    for number in &numbers {
        all += &bot.page(&format!("/phone/wire/{number}")).await.text;
    }
    let secrets = ["sim-consumer-secret-01", "sim-token-secret", "c2lta2V5MDAwM"];
    let header = bot.simulator.settings().apps[0].consumer_key.clone();
    assert!(all.contains("x-twitter-webhooks-signature: sha256=") && all.contains("oauth_signature="), "{all}");
    assert!(all.contains(&header) && all.contains("Bearer … (") && all.contains("Basic … ("), "{all}");
    assert!(all.contains("&quot;text&quot;: &quot;over the wire&quot;") && all.contains("crc_token="), "{all}");
    for secret in secrets {
        assert!(!all.contains(secret), "{secret} is shown");
    }
    assert!(all.contains("&quot;access_token&quot;: &quot;…&quot;"), "{all}");

    let found = async |query: &str| bot.page(&format!("/phone/wire?{query}")).await.text.matches("<details").count();
    assert_eq!(found("way=challenge").await, 1);
    assert_eq!(found("q=over+the+WIRE").await, 1);
    assert_eq!(found("way=call&q=events/new").await, 1);
    assert_eq!(found("way=delivery&q=204").await, 0);
    assert_eq!(bot.page("/phone/wire/999").await.status, 404);
}

/// Reads news until there is a mark in them. The line is never silent for ever, so all of it has its time.
async fn until(stream: &mut reqwest::Response, told: &mut String, mark: &str) {
    let read = async {
        while !told.contains(mark) {
            let chunk = stream.chunk().await.expect("a stream").expect("more");
            told.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    };
    let read = tokio::time::timeout(PATIENCE, read).await.is_ok();
    assert!(read, "no {mark} in\n{told}");
}

#[tokio::test]
async fn news_come_by_themselves_and_go_on_after_a_break() {
    let bot = Bot::ready().await;
    let page = bot.page("/phone?people=ada,ben").await.text;
    let news = page.split("data-news=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an address").replace("&amp;", "&");
    let mut stream = bot.request("GET", &news).send().await.expect("an answer");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut told = String::new();
    until(&mut stream, &mut told, "event: switches").await;
    bot.types("hello <there>").await;
    until(&mut stream, &mut told, "hello &lt;there&gt;").await;
    bot.post(Settings::BOT, &format!("/1.1/direct_messages/indicate_typing.json?recipient_id={}", Settings::ADA), None).await;
    until(&mut stream, &mut told, "is typing").await;
    bot.simulator.say(Settings::BEN, Settings::BOT, "and from the other").expect("a message");
    until(&mut stream, &mut told, "and from the other").await;
    until(&mut stream, &mut told, "event: wire").await;
    assert!(told.contains(&format!("\"chat\":\"{}\"", Settings::BEN)));

    // The browser says where it was: nothing is told twice, and nothing is missed.
    let place = told.rsplit("\nid: ").next().and_then(|rest| rest.split('\n').next()).expect("a place").to_owned();
    drop(stream);
    bot.say("meanwhile").await;
    let mut stream = bot.request("GET", &news).header("last-event-id", place).send().await.expect("an answer");
    let mut told = String::new();
    until(&mut stream, &mut told, "meanwhile").await;
    assert!(!told.contains("hello"), "{told}");
    let of_another_world = news.rsplit_once('.').map(|(before, _)| format!("{before}.99999")).expect("a count");
    assert!(bot.page(&of_another_world).await.text.starts_with("event: anew"));
}

#[tokio::test]
async fn what_was_read_is_shown() {
    let bot = Bot::ready().await;
    bot.types("one").await;
    let one: MessageId = bot.transcript()[0].id;
    let read = format!("/1.1/direct_messages/mark_read.json?last_read_event_id={one}&recipient_id={}", Settings::ADA);
    assert_eq!(bot.post(Settings::BOT, &read, None).await.status, 204);
    assert!(bot.page("/phone?people=ada").await.text.contains("<span class=\"read\">Read</span>"));
    bot.types("two").await;
    assert!(bot.page("/phone?people=ada").await.text.contains("Read up to "));
}
