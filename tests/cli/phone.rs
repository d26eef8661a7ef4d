//! `junco dev` and its phone page: the welcome message, the levers, and a chat that becomes a test of the bot.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

use super::program::Place;

const BOT: &str = r#"bot "inn" version=1
welcome { say "Come in!"; menu "home" }
on "hi" { goto "home" }
state "home" { say "Good evening, {{ user.name }}."; option "Soup" goto="soup"; option "Bed" goto="bed" }
state "soup" { say "Here it is."; option "Home" goto="home" }
state "bed" { say "Sleep well."; option "Home" goto="home" }
fallback { say "Say hi." }
"#;

/// A `junco dev` under way; it is ended with the test.
struct Dev {
    child: Child,
    /// Nobody types, and the chat goes on until this is closed.
    _keyboard: ChildStdin,
    phone: String,
    client: reqwest::Client,
}

impl Dev {
    fn start(place: &Place) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_junco"));
        command.args(["dev", "bots/inn"]).current_dir(place.path()).env("RUST_LOG", "warn");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let phone = lines.find_map(|line| Some(line.strip_prefix("phone:")?.trim().to_owned())).expect("its address is printed");
        // What it prints is read on, or it would stop when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        // Nothing here is encrypted, but no client is made without.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        Dev { _keyboard: child.stdin.take().unwrap(), child, phone, client }
    }

    async fn get(&self, path: &str) -> String {
        self.client.get(format!("{}{path}", self.phone)).send().await.unwrap().text().await.unwrap()
    }

    async fn fill_in(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let reply = self.client.post(format!("{}{path}", self.phone)).form(fields).send().await.unwrap();
        let (status, text) = (reply.status(), reply.text().await.unwrap());
        assert!(status.is_success(), "{path} {fields:?}: {text}");
        text
    }

    /// The chat, once it has so many messages.
    async fn chat(&self, messages: usize) -> Vec<Value> {
        let x = self.phone.trim_end_matches("/phone");
        let mut after = "0".to_owned();
        let mut chat: Vec<Value> = Vec::new();
        while chat.len() < messages {
            let address = format!("{x}/sim/transcript?a=@ada&b=@snowbot&after={after}&wait_ms=20000");
            let new: Vec<Value> = serde_json::from_str(&self.client.get(address).send().await.unwrap().text().await.unwrap()).unwrap();
            after = new.last().unwrap_or_else(|| panic!("no more than {chat:?}"))["id"].as_str().unwrap().to_owned();
            chat.extend(new);
        }
        chat
    }

    async fn says(&self, text: &str) {
        self.fill_in("/say", &[("person", "ada"), ("with", "snowbot"), ("text", text)]).await;
    }

    async fn taps(&self, message: &Value, option: &str) {
        self.fill_in("/tap", &[("person", "ada"), ("message", message["id"].as_str().unwrap()), ("option", option)]).await;
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_on_the_phone_becomes_a_test() {
    let place = Place::with_bot("inn", BOT);
    let dev = Dev::start(&place);
    let page = dev.get("?people=ada").await;
    assert!(page.contains("Welcome message") && page.contains("Come in!"), "{page}");
    let welcome = dev.chat(1).await.remove(0);
    dev.taps(&welcome, "0").await;
    assert_eq!(dev.chat(3).await[2]["text"], "Here it is.");

    assert_eq!(dev.fill_in("/lever", &[("lever", "crash")]).await, "The bot was cut off and started again.");
    dev.says("hi").await;
    let home = dev.chat(5).await.remove(4);
    assert_eq!(home["text"], "Good evening, Ada.");
    dev.taps(&home, "1").await;
    dev.chat(7).await;

    // A restart takes the script as it is then.
    place.write("bots/inn/bot.kdl", &BOT.replace("Sleep well.", "Sleep tight."));
    assert!(dev.fill_in("/lever", &[("lever", "restart")]).await.contains("with its script as it is now"));
    dev.taps(&home, "1").await;
    assert_eq!(dev.chat(9).await[8]["text"], "Sleep tight.");
    place.write("bots/inn/bot.kdl", "bot");
    let broken = dev.client.post(format!("{}/lever", dev.phone)).form(&[("lever", "restart")]).send().await.unwrap();
    assert_eq!(broken.status(), 500);
    assert!(broken.text().await.unwrap().contains("bot.kdl"), "why it does not start is told");

    place.write("bots/inn/bot.kdl", &BOT.replace("Sleep well.", "Sleep tight."));
    place.write("bots/inn/chat.test.kdl", &dev.get("/chat.test.kdl?people=ada").await.replace("Sleep well.", "Sleep tight."));
    let ran = place.run(&["test", "bots/inn"]);
    assert_eq!(ran.code, Some(0), "{}\n{ran:?}", place.read("bots/inn/chat.test.kdl"));
    assert!(ran.out.contains("1 passed"), "{ran:?}");
}
