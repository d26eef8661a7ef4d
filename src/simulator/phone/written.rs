//! A chat as a conversation test: what the person did, and what the bot said to it.
//!
//! The simulator does not know the bot: what a script draws from servers, and whom it takes the person for, it cannot tell. Where a
//! server was asked, the test says so in a comment.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::super::settings::{Person, Settings};
use super::super::stage::Stage;
use super::super::world::{Shown, WEB_CLIENT};
use super::Sorry;
use super::view::View;
use crate::model::{MediaKind, MessageId, Timestamp, UserId};

/// A pause that may have let a reminder go off; shorter ones are the time that typing takes.
const PAUSE: Duration = Duration::from_secs(5);

/// `GET /phone/chat.test.kdl`: the chat of the first of these people.
pub(super) async fn test(request: HttpRequest, stage: Data<Stage>, settings: Data<Settings>) -> Result<HttpResponse, Sorry> {
    let view = View::read(request.query_string(), &stage, &settings)?;
    let person = view.people.first().ok_or(Sorry::Missing("person"))?;
    let asked: Vec<String> = stage.feeds().into_iter().filter(|(_, feed)| feed.calls > 0).map(|(path, _)| path).collect();
    let text = written(person, view.with.id, &stage.transcript(person.id, view.with.id), &asked);
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

/// The test.
fn written(person: &Person, account: UserId, chat: &[Shown], asked: &[String]) -> String {
    let taps = taps(account, chat);
    let mut named: BTreeMap<MessageId, String> = BTreeMap::new();
    for menu in taps.values() {
        let number = named.len() + 1;
        named.entry(*menu).or_insert_with(|| format!("m{number}"));
    }
    let mut test = String::new();
    for path in asked {
        let path: String = path.chars().map(|letter| if is_plain(letter) { letter } else { ' ' }).collect();
        let _ = writeln!(test, "// The bot asked the server at {path}: add stub \"NAME\" ok=#true and what it answered.");
    }
    let began = chat.first().map(|message| message.at).unwrap_or_default();
    let began = jiff::Timestamp::from_millisecond(began.as_millis()).unwrap_or_default();
    let title = format!("{} on {}", person.name, began.strftime("%Y-%m-%d at %H:%M:%S"));
    let _ = writeln!(test, "test {} {{", quoted(&title));
    let mut last: Option<Timestamp> = None;
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
        let _ = writeln!(test, "  {}", step(message, account, &taps, &named));
    }
    if chat.iter().all(|message| message.welcome.is_some()) {
        let _ = writeln!(test, "  silent");
    }
    test + "}\n"
}

fn step(message: &Shown, account: UserId, taps: &BTreeMap<MessageId, MessageId>, named: &BTreeMap<MessageId, String>) -> String {
    let text = quoted(&message.text);
    if message.from == account {
        // Somebody else writes from the account, with a client that is made for people.
        return if message.app == WEB_CLIENT { format!("operator {text}") } else { said(message, named.get(&message.id)) };
    }
    match (&message.tap, taps.get(&message.id).and_then(|menu| named.get(menu))) {
        (Some(_), Some(name)) => format!("tap {text} of={}", quoted(name)),
        (Some(tap), None) => match &tap.metadata {
            Some(metadata) => format!("tap {text} metadata={}", quoted(metadata)),
            None => format!("user {text}"),
        },
        (None, _) => match message.picture.map(|picture| picture.kind) {
            Some(MediaKind::Photo) => format!("user {text} photo=\"photo.jpg\""),
            Some(MediaKind::AnimatedGif) => format!("user {text} photo=\"moving.gif\""),
            Some(MediaKind::Video) => format!("user {text} photo=\"video.mp4\""),
            None => format!("user {text}"),
        },
    }
}

fn said(message: &Shown, name: Option<&String>) -> String {
    let mut said = "bot".to_owned();
    if !message.text.is_empty() {
        let _ = write!(said, " {}", quoted(&message.text));
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
    if let Some(name) = name {
        let _ = write!(said, " as={}", quoted(name));
    }
    said
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

/// Whether a letter may stand in a text as it is.
fn is_plain(letter: char) -> bool {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !letter.is_control() && !turns && !matches!(letter, '\u{feff}' | '\u{2028}' | '\u{2029}')
}
