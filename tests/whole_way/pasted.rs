//! A chat on the phone page, copied as a conversation test: it is read, it passes, and it fails for a bot that says something else.

use std::path::Path;
use std::sync::Arc;

use junco::bot::compile;
use junco::model::MessageId;
use junco::rehearsal::script::read_suite;
use junco::rehearsal::{Look, check, run};
use junco::service::read_bot;
use junco::simulator::Shown;

use crate::town::{BOT, PATIENCE, PEER, Town};

/// The stubs of SnowBot's own tests: the simulator cannot tell what a script calls its lookups.
const STUBS: &str = "stub \"snow\" ok=#true new=6 base=48 lifts.open=7 lifts.all=8 sky=\"Sun until noon, then high cloud.\"\n";

/// Chats over HTTP, as the page's forms do.
struct Phone<'a> {
    town: &'a Town,
    client: reqwest::Client,
}

impl Phone<'_> {
    async fn fill(&self, what: &str, fields: &[(&str, &str)]) {
        let ids = [("person", PEER.to_string()), ("with", BOT.to_string())];
        let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(ids).collect::<Vec<_>>();
        let reply = self.client.post(format!("{}/phone/{what}", self.town.x.url())).form(&fields).send().await.unwrap();
        assert_eq!(reply.status().as_u16(), 200, "{fields:?}");
    }

    async fn answered(&self, what: &str, fields: &[(&str, &str)]) -> Shown {
        let newest = self.town.x.transcript(PEER, BOT).last().map_or(MessageId(0), |message| message.id);
        self.fill(what, fields).await;
        self.town.answer(newest).await
    }

    async fn says(&self, text: &str) -> Shown {
        self.answered("say", &[("text", text)]).await
    }

    async fn taps(&self, menu: &Shown, label: &str) -> Shown {
        let option = menu.options.iter().position(|option| option.label == label).unwrap_or_else(|| panic!("{label}: {menu:?}"));
        self.answered("tap", &[("message", &menu.id.to_string()), ("option", &option.to_string())]).await
    }

    async fn test(&self) -> String {
        let address = format!("{}/phone/chat.test.kdl?people={PEER}&with={BOT}", self.town.x.url());
        self.client.get(address).send().await.unwrap().text().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_was_copied_passes_as_a_test() {
    let town = Town::with_snowbot().await;
    let phone = Phone { town: &town, client: reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap() };
    let home = phone.says("hi").await;
    let learn = phone.taps(&home, "Learn about snow").await;
    phone.taps(&learn, "How a flake grows").await;
    // From a menu that is long out of sight, twice.
    phone.taps(&home, "Help").await;
    phone.taps(&home, "Help").await;
    // Tests are played by another: pictures begin elsewhere, and the bot greets by name.
    phone.taps(&home, "See a snow picture").await;
    phone.says("hi").await;
    phone.says("a \"quoted\" \\ text\nof two lines, \u{202e}turned\u{202c} ☃").await;
    phone.says("report aspen").await;
    town.delivered().await;
    // Delivered the other way round, and so answered.
    let before = town.said().len();
    phone.fill("once", &[("once", "swap")]).await;
    phone.fill("say", &[("text", "help")]).await;
    phone.fill("say", &[("text", "about")]).await;
    let both = |stage: &junco::simulator::Stage| {
        (stage.transcript(BOT, PEER).iter().filter(|one| one.from == BOT).count() == before + 2).then_some(())
    };
    town.x.wait_for(PATIENCE, both).await.expect("both are answered");
    assert!(town.said()[before].contains("example bot"), "{:?}", town.said());
    let text = phone.test().await;
    assert!(text.contains("// Since it began the bot asked a server, snow.example/reports/aspen.json: stub"), "{text}");
    assert!(text.contains("as=\"m1\"") && text.contains("tap \"Help\" of=\"m1\""), "{text}");

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bots/snowbot");
    let program = Arc::new(compile(&read_bot(&folder).unwrap()).unwrap_or_else(|found| panic!("{found:?}")).program);
    let pasted = format!("{STUBS}{text}");
    // A rehearsal runs a runtime of its own.
    let rehearse = move |text: String| {
        let suite = read_suite("pasted.test.kdl", &text).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
        assert_eq!(check(&program, &suite), []);
        let report = run(&program, &suite, &suite.tests[0], &Look::ALL).unwrap();
        report.failures.iter().map(|failure| format!("{}: {}", failure.look.name(), failure.diagnostic.message)).collect::<Vec<_>>()
    };
    let (failures, others) = tokio::task::spawn_blocking(move || {
        let other = pasted.replace("Welcome to SnowBot", "Welcome to another");
        (rehearse(pasted), rehearse(other))
    })
    .await
    .unwrap();
    assert_eq!(failures, Vec::<String>::new(), "{text}");
    assert_eq!(others.len(), 3, "what was said is compared");
}
