//! The welcome message: what is set at X, and what taps on it do.

use super::{Chat, key};
use crate::bot::{FileFacts, Program, Sources, compile};
use crate::conversation::{Lateness, Unsettable, welcome};
use crate::model::{MediaType, Outgoing, Tap, UserId};

const SCRIPT: &str = r#"bot "b" version=1
welcome { say "Hello."; say "What shall it be?"; media "hello.png"; menu "home" }
on "go" { goto "home" }
state "home" { say "Home."; option "Photo" goto="photo" desc="One look"; option "Help" goto="help" desc="All I know" }
state "photo" { say "A photo."; option "Home" goto="home" }
state "help" { say "Help yourself."; option "Home" goto="home" }"#;

fn program(script: &str) -> Program {
    let mut sources = Sources::from([("bot.kdl".to_owned(), script.to_owned())]);
    sources.files.insert("hello.png".to_owned(), FileFacts { bytes: 9, kind: Some(MediaType::Png) });
    compile(&sources).unwrap_or_else(|found| panic!("{found:#?}")).program
}

fn set(script: &str) -> Outgoing {
    welcome(&program(script), key().account).unwrap()
}

fn tap(message: &Outgoing, label: &str) -> Option<Tap> {
    let option = message.options.iter().find(|option| option.label == label).unwrap();
    Some(Tap { metadata: option.metadata.clone() })
}

#[test]
fn a_tap_on_it_is_current_whoever_taps_and_whatever_was_asked_since() {
    let message = set(SCRIPT);
    assert_eq!((message.text.as_str(), message.media.as_deref()), ("Hello.\nWhat shall it be?", Some("hello.png")));
    let mut chat = Chat::with(SCRIPT.replace("media \"hello.png\";", "").as_str());
    for _ in 0..2 {
        chat.hears("Help", tap(&message, "Help")).hears_back("Help yourself.").is_at("help");
        assert_eq!(chat.trace.lateness, Some(Lateness::Current));
        chat.says("go").is_at("home");
    }
}

#[test]
fn it_stays_the_same_when_something_else_of_the_script_changes() {
    assert_eq!(set(SCRIPT), set(&SCRIPT.replace("A photo.", "Another photo.")));
    assert_ne!(set(SCRIPT), set(&SCRIPT.replace("One look", "Two looks")));
    let other = welcome(&program(SCRIPT), UserId(5)).unwrap();
    assert_ne!(set(SCRIPT).options, other.options, "each account has its own");
}

#[test]
fn what_cannot_be_the_same_for_everybody_is_told() {
    let whole = "welcome { say \"Hello.\"; say \"What shall it be?\"; media \"hello.png\"; menu \"home\" }";
    assert_eq!(welcome(&program(&SCRIPT.replace(whole, "")), key().account), Err(Unsettable::NotThere));
    let named = SCRIPT.replace("option \"Photo\"", "option \"Photo of {{ user.name }}\"");
    let found = compile(&Sources::from([("bot.kdl".to_owned(), named.replace("media \"hello.png\";", ""))])).unwrap_err();
    assert!(found[0].message.contains("the options of `home` are not"), "{found:#?}");
}
