//! Each expectation, failing.

use junco::rehearsal::Look;
use junco::rehearsal::script::read_suite;

use super::{failures, played, program};

const NATIVE: &[Look] = &[Look::Native];

#[test]
fn every_expectation_can_fail() {
    for (steps, told) in [
        ("user \"hi\"; bot \"Bye\"", "bot: expected a message with `Bye`, but the bot said `❄ Welcome.`"),
        ("user \"hi\"; bot state=\"photo\"", "bot: expected the state `photo`, but the conversation is in `home`"),
        ("user \"hi\"; bot options=4", "bot: expected 4 options, but the prompt has 3"),
        ("user \"hi\"; bot late=\"consumed\"", "bot: expected a tap that is consumed, but there was none"),
        ("user \"hi\"; bot; tap \"Order a map\"; bot late=\"expired\"", "bot: expected a tap that is expired, but it was current"),
        ("user \"hi\"; bot media=#true", "bot: expected a picture, but the message has none"),
        ("user \"hi\"; bot links=1", "bot: expected 1 links, but the message has 0"),
        ("user \"hi\"; bot \"Welcome\" count=2", "bot: expected `Welcome` 2 times in all, but the bot said it 1 times"),
        ("bot", "bot: expected a message of the bot, but none came"),
        ("user \"hi\"; silent", "silent: the bot said more than the test expects: `❄ Welcome.`"),
        ("user \"hi\"", "test: the bot said more than the test expects: `❄ Welcome.`"),
        ("user \"hi\"; bot; tap \"Lunch\"", "tap: no message has an option `Lunch`"),
        ("user \"hi\"; bot as=\"m\"; tap \"Lunch\" of=\"m\"", "tap: that message has no option `Lunch`"),
        ("calls \"snow\"", "calls: expected `snow` to be asked at least once, but it was asked 0 times"),
        ("calls \"snow\" count=2", "calls: expected `snow` to be asked 2 times, but it was asked 0 times"),
        ("user \"report vail\"; bot", "bot: the bot asks `snow`, and no stub says what is answered"),
        ("crash after=\"send\"", "crash: the crash never came: nothing was to be sent"),
        ("crash after=\"lookup\"", "crash: the crash never came: no server was to be asked"),
        ("end state=\"home\"", "end: expected the state `home` in the end, but the conversation is in no state"),
        ("given state=\"order\" map=\"asp\"; end map=\"ara\"", "end: expected the slot `map` to be `ara`, but it is `asp`"),
        ("given state=\"order\"; end map=\"ara\"", "end: expected the slot `map` to be `ara`, but it is not set"),
    ] {
        assert_eq!(failures(&format!("test \"a\" {{ {steps} }}"), NATIVE), [told], "{steps}");
    }
}

/// Without a hold the order of arrival decides, and a shuffle shows it.
#[test]
fn a_shuffle_longer_than_the_hold_is_noticed() {
    let text = |within: &str| format!("test \"a\" {{ shuffle within=\"{within}\" {{ user \"hi\"; user \"report nowhere\" }} }}");
    assert_eq!(failures(&text("300ms"), NATIVE), Vec::<String>::new());
    let failed = failures(&text("3s"), NATIVE);
    assert_eq!(failed, ["shuffle: delivered in the order 2, 1, the conversation ends elsewhere"]);
}

/// The bot says it once whatever happens; a process that ends at any point changes nothing.
#[test]
fn a_crash_anywhere_loses_and_doubles_nothing() {
    for crash in ["restart", "crash after=\"commit\"", "crash after=\"send\"", "crash after=\"lookup\""] {
        let text = format!(
            "stub \"snow\" ok=#true new=4 open=9 total=12\ntest \"a\" {{ user \"hi\"; user \"report vail\"; {crash}; redeliver; bot \"Welcome\"; bot \"Vail: 4 in. new\"; silent; redeliver; silent }}"
        );
        assert_eq!(failures(&text, &Look::ALL), Vec::<String>::new(), "{crash}");
    }
}

#[test]
fn a_failure_tells_the_conversation_up_to_it() {
    let report = played("test \"a\" { user \"hi\"; bot; tap \"Order a map\"; bot \"Bye\" }", NATIVE);
    let transcript = report.failures[0].transcript.join("\n");
    assert!(transcript.starts_with("you  hi\nbot  ❄ Welcome.\n     [See snow picture] [Snow report] [Order a map]\ntap  Order a map"));
}

#[test]
fn names_that_the_bot_does_not_have_are_told_before_anything_is_played() {
    let program = program();
    let told = |text: &str| {
        let suite = read_suite("a.test.kdl", text).unwrap();
        let found = junco::rehearsal::check(&program, &suite);
        found.into_iter().map(|found| (found.message, found.help.unwrap_or_default())).collect::<Vec<_>>()
    };
    let pair = |message: &str, help: &str| vec![(message.to_owned(), help.to_owned())];
    assert_eq!(told("test \"a\" { bot state=\"hmoe\" }"), pair("the bot has no state `hmoe`", "did you mean `home`?"));
    assert_eq!(told("stub \"snwo\" ok=#true"), pair("the bot asks no server for `snwo`", "did you mean `snow`?"));
    assert_eq!(
        told("test \"a\" { calls \"order\"; tap \"Yes\" of=\"c\" }"),
        pair("no message was named `c`", "write as=\"c\" behind its bot")
    );
    assert_eq!(
        told("test \"a\" { given state=\"order\" at=\"confrim\" }"),
        pair("the state `order` has no prompt `confrim`", "did you mean `confirm`?")
    );
}
