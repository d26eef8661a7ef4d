//! A chat as a conversation test: what the person did, and what the bot said to it.
//!
//! Tests are played by the Ada of the default world. Where somebody else chatted, the bot may have called them by their name, and
//! begun its pictures elsewhere: of such messages the test asks for less. What a script calls its servers the simulator cannot tell;
//! where one was asked since the chat began, a comment says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::super::settings::{Person, Settings};
use super::super::stage::Stage;
use super::super::world::{DeliveryRecord, Shown, WEB_CLIENT};
use super::Sorry;
use super::view::View;
use crate::model::{MediaKind, MessageId, Tap, Timestamp, UserId};

/// A pause that may have let a reminder go off; shorter ones are the time that typing takes.
const PAUSE: Duration = Duration::from_secs(5);

/// `GET /phone/chat.test.kdl`: the chat of the first of these people.
pub(super) async fn test(request: HttpRequest, stage: Data<Stage>, settings: Data<Settings>) -> Result<HttpResponse, Sorry> {
    let view = View::read(request.query_string(), &stage, &settings)?;
    let person = view.people.first().ok_or(Sorry::Missing("person"))?;
    let chat = as_heard(stage.transcript(person.id, view.with.id), person.id, &stage.deliveries());
    let began = chat.first().map(|message| message.at).unwrap_or_default();
    let asked = stage.feeds().into_iter().filter(|(_, feed)| feed.last.as_ref().is_some_and(|last| last.at >= began));
    let asked: Vec<(String, Option<Value>)> = asked.map(|(path, feed)| (path, feed.feed.body)).collect();
    let text = written(person, view.with.id, &chat, &asked);
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

/// The chat as the bot has it: what was delivered late stands where it came, and what never came is left out.
fn as_heard(chat: Vec<Shown>, person: UserId, deliveries: &[DeliveryRecord]) -> Vec<Shown> {
    let mut heard: BTreeMap<MessageId, Option<Timestamp>> = BTreeMap::new();
    for delivery in deliveries.iter().filter(|delivery| !delivery.echo && delivery.for_user != Some(person)) {
        let Some(message) = delivery.message else { continue };
        let taken = delivery.attempts.iter().find(|attempt| attempt.status == Some(200));
        // When it began: by its end the bot may have answered.
        let taken = taken.map(|attempt| attempt.at.minus(attempt.latency));
        let known = heard.entry(message).or_default();
        *known = [*known, taken].into_iter().flatten().min();
    }
    let place = |mut message: Shown| {
        if message.from == person
            && let Some(heard) = heard.get(&message.id)
        {
            message.at = (*heard)?.max(message.at);
        }
        Some(message)
    };
    let mut chat: Vec<Shown> = chat.into_iter().filter_map(place).collect();
    chat.sort_by_key(|message| message.at);
    chat
}

/// The test.
fn written(person: &Person, account: UserId, chat: &[Shown], asked: &[(String, Option<Value>)]) -> String {
    let taps = taps(account, chat);
    let mut named = BTreeMap::new();
    for menu in taps.values() {
        let number = named.len() + 1;
        named.entry(*menu).or_insert(format!("m{number}"));
    }
    let mut test = String::new();
    for (path, body) in asked {
        let body = body.as_ref().map(|body| format!(" json={}", raw(&body.to_string()))).unwrap_or_default();
        let comment = format!("Since it began the bot asked a server, {path}: stub \"NAME OF THE LOOKUP\" ok=#true{body}");
        let comment: String = comment.chars().map(|letter| if is_plain(letter) { letter } else { ' ' }).collect();
        let _ = writeln!(test, "// {comment}");
    }
    let began = chat.first().map(|message| message.at).unwrap_or_default();
    let began = jiff::Timestamp::from_millisecond(began.as_millis()).unwrap_or_default();
    let title = format!("{} on {}", person.name, began.strftime("%Y-%m-%d at %H:%M:%S"));
    let _ = writeln!(test, "test {} {{", quoted(&title));
    let mut last: Option<Timestamp> = None;
    let reader = Reader { account, taps, named, stranger: Some(person).filter(|person| !is_player(person, account)) };
    for message in chat {
        let pause = last.map(|last| message.at.since(last)).filter(|pause| *pause >= PAUSE);
        last = Some(message.at);
        if message.welcome.is_some() {
            let _ = writeln!(test, "  // X showed the welcome message.");
            continue;
        }
        if let Some(pause) = pause {
            // What the bot says by itself comes a little after its time, what a person does a little before the next.
            let seconds = if message.from == account { pause.as_millis().div_ceil(1_000) } else { pause.as_millis() / 1_000 };
            let _ = writeln!(test, "  wait \"{seconds}s\"");
        }
        let _ = writeln!(test, "  {}", reader.step(message));
    }
    if chat.iter().all(|message| message.welcome.is_some()) {
        let _ = writeln!(test, "  silent");
    }
    test + "}\n"
}

/// Whether tests are played by this person, with this account.
fn is_player(person: &Person, account: UserId) -> bool {
    person.id == Settings::ADA && person.name == "Ada" && person.screen_name == "ada" && account == Settings::BOT
}

/// What is known of a chat.
struct Reader<'a> {
    account: UserId,
    taps: BTreeMap<MessageId, MessageId>,
    named: BTreeMap<MessageId, String>,
    /// The person, when tests are played by another.
    stranger: Option<&'a Person>,
}

impl Reader<'_> {
    fn step(&self, message: &Shown) -> String {
        let text = quoted(&message.text);
        if message.from == self.account {
            // Somebody else writes from the account, with a client that is made for people.
            return if message.app == WEB_CLIENT { format!("operator {text}") } else { self.said(message) };
        }
        let menu = self.taps.get(&message.id).and_then(|menu| self.named.get(menu));
        match (message.tap.as_ref(), menu, message.picture.map(|picture| picture.kind)) {
            (Some(_), Some(name), _) => format!("tap {text} of={}", quoted(name)),
            (Some(Tap { metadata: Some(metadata) }), None, _) => format!("tap {text} metadata={}", quoted(metadata)),
            (_, _, Some(MediaKind::Photo)) => format!("user {text} photo=\"photo.jpg\""),
            (_, _, Some(MediaKind::AnimatedGif)) => format!("user {text} photo=\"moving.gif\""),
            (_, _, Some(MediaKind::Video)) => format!("user {text} photo=\"video.mp4\""),
            (_, _, None) => format!("user {text}"),
        }
    }

    fn said(&self, message: &Shown) -> String {
        let mut said = "bot".to_owned();
        let text = self.sure_of(message);
        if !text.is_empty() {
            let _ = write!(said, " {}", quoted(text));
        }
        if !message.options.is_empty() {
            let _ = write!(said, " options={}", message.options.len());
        }
        if !message.links.is_empty() {
            let _ = write!(said, " links={}", message.links.len());
        }
        if message.picture.is_some() {
            said.push_str(" media=#true");
        }
        if let Some(name) = self.named.get(&message.id) {
            let _ = write!(said, " as={}", quoted(name));
        }
        said
    }

    /// As much of a text as does not depend on the person.
    fn sure_of<'t>(&self, message: &'t Shown) -> &'t str {
        match self.stranger {
            None => &message.text,
            Some(_) if message.picture.is_some() => "",
            Some(person) => {
                let names = [person.name.as_str(), person.screen_name.as_str()];
                let pieces = names
                    .into_iter()
                    .filter(|name| !name.is_empty())
                    .fold(vec![message.text.as_str()], |pieces, name| pieces.into_iter().flat_map(|piece| piece.split(name)).collect());
                pieces.into_iter().max_by_key(|piece| piece.len()).unwrap_or_default()
            }
        }
    }
}

/// Which menu each tap was on: the newest before it that has this option. A welcome message is none that a test could name.
fn taps(account: UserId, chat: &[Shown]) -> BTreeMap<MessageId, MessageId> {
    let mut taps = BTreeMap::new();
    for (place, message) in chat.iter().enumerate() {
        let Some(tap) = message.tap.as_ref().filter(|_| message.from != account) else { continue };
        let has = |menu: &&Shown| {
            menu.from == account && menu.options.iter().any(|option| option.label == message.text && option.metadata == tap.metadata)
        };
        if let Some(menu) = chat[..place].iter().rev().find(has).filter(|menu| menu.welcome.is_none()) {
            taps.insert(message.id, menu.id);
        }
    }
    taps
}

/// A text in quotes. What would not be seen, or would turn the text around, is written by its number, as the language asks.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if is_plain(letter) => quoted.push(letter),
            letter => {
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(letter));
            }
        }
    }
    quoted + "\""
}

/// A text in quotes as it is, with so many signs around them that none in it ends it.
fn raw(text: &str) -> String {
    let ends = |signs: &String| text.contains(&format!("\"{signs}"));
    let signs = (1..).map(|count| "#".repeat(count)).find(|signs| !ends(signs)).unwrap_or_default();
    format!("{signs}\"{text}\"{signs}")
}

/// Whether a letter may stand in a text as it is.
fn is_plain(letter: char) -> bool {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !letter.is_control() && !turns && !matches!(letter, '\u{feff}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AppId, QuickOption};

    fn message(second: i64, from: UserId, to: UserId, text: &str) -> Shown {
        let id = MessageId::first_at(Timestamp::from_millis(1_770_000_000_000 + second * 1_000));
        let (options, links, at) = (vec![], vec![], id.minted_at());
        let (picture, tap, profile, welcome, initiated_via) = (None, None, None, None, None);
        let app = if from == Settings::BOT { Settings::APP } else { WEB_CLIENT };
        Shown { id, at, from, to, text: text.to_owned(), options, links, picture, tap, app, profile, welcome, initiated_via }
    }

    fn said(second: i64, text: &str) -> Shown {
        message(second, Settings::BOT, Settings::BEN, text)
    }

    fn heard(second: i64, text: &str) -> Shown {
        message(second, Settings::BEN, Settings::BOT, text)
    }

    fn menu(second: i64, metadata: &str) -> Shown {
        let options = vec![QuickOption { label: "Yes".to_owned(), description: None, metadata: Some(metadata.to_owned()) }];
        Shown { options, ..said(second, "Well, Ben?") }
    }

    fn tap(second: i64, metadata: &str) -> Shown {
        Shown { tap: Some(Tap { metadata: Some(metadata.to_owned()) }), ..heard(second, "Yes") }
    }

    #[test]
    fn a_chat_is_told_step_by_step() {
        let chat = [
            Shown { welcome: Some(5), ..menu(0, "w") },
            tap(1, "w"),
            menu(2, "a"),
            menu(3, "b"),
            tap(4, "a"),
            heard(10, "a \"b\"\\\n\u{202e}c"),
            Shown { app: AppId(WEB_CLIENT.0), ..said(11, "I take over") },
            said(3_611, "Still there, Ben?"),
            said(3_611, "Ben"),
        ];
        let person = Person::new(Settings::BEN.0, "ben", "Ben");
        let text = written(&person, Settings::BOT, &chat, &[("a\nb".to_owned(), Some(serde_json::json!({ "x": 1 })))]);
        let expected = r##"// Since it began the bot asked a server, a b: stub "NAME OF THE LOOKUP" ok=#true json=#"{"x":1}"#
test "Ben on 2026-02-02 at 02:40:00" {
  // X showed the welcome message.
  tap "Yes" metadata="w"
  bot "Well, " options=1 as="m1"
  bot "Well, " options=1
  tap "Yes" of="m1"
  wait "6s"
  user "a \"b\"\\\n\u{202e}c"
  operator "I take over"
  wait "3600s"
  bot "Still there, "
  bot
}
"##;
        assert_eq!(text, expected);
        assert_eq!(written(&person, Settings::BOT, &[], &[]).lines().nth(1), Some("  silent"), "a test has steps");
    }

    #[test]
    fn an_answer_with_a_colour_in_it_stays_one_text() {
        let asked = [("snow".to_owned(), Some(serde_json::json!({ "colour": "#fff", "tag": "##" })))];
        let text = written(&Person::new(5, "eve", "Eve"), Settings::BOT, &[], &asked);
        assert!(text.contains(r####"json=###"{"colour":"#fff","tag":"##"}"###"####), "{text}");
    }

    #[test]
    fn whoever_plays_the_tests_is_quoted_word_by_word() {
        let ada = Person::new(Settings::ADA.0, "ada", "Ada");
        let text = written(&ada, Settings::BOT, &[said(0, "Well, Ada?")], &[]);
        assert!(text.contains("bot \"Well, Ada?\""), "{text}");
        let other = written(&Person::new(Settings::ADA.0, "ada", "Ida"), Settings::BOT, &[said(0, "Well, Ida?")], &[]);
        assert!(other.contains("bot \"Well, \""), "{other}");
    }
}
