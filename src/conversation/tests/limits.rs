//! What templates become only when they are rendered, against the limits of the platform; and what a record must not grow to.

use serde_json::json;

use super::*;
use crate::bot::limits;
use crate::model::LookupFailure;

fn faults(chat: &Chat) -> usize {
    chat.actions.iter().filter(|action| matches!(action, Action::Fault { .. })).count()
}

#[test]
fn a_label_that_x_would_refuse_is_replaced_by_the_options_name() {
    let mut chat = Chat::with(
        r#"bot "b"
on "hi" { goto "home" }
state "home" { ask "x" "What?" { option "Home" goto="home"; option "{{ user.name }}" value="v" }
  say "{{ x }}"
  option "{{ x }}" goto="home" id="one"
  option "{{ x }}{{ x }}" goto="home" id="x.example" }"#,
    );
    chat.state.peer.name = "  ".into();
    chat.says("hi");
    assert_eq!((chat.labels(), faults(&chat)), (vec!["Home", "v"], 1), "nothing but space");
    chat.state.slots.insert("x".into(), Value::Text("see shop.example".into()));
    let program = &chat.program;
    let mut scope = crate::bot::Scope::new(program);
    scope.set_text("x", "see shop.example");
    let menu = program.prompt_named(program.state_named("home").expect("the state"), "menu").expect("its menu");
    let labels: Vec<_> = program.choices(menu, &scope).options.into_iter().map(|choice| choice.label).collect();
    assert_eq!(labels, ["one", "…"], "links, and a name that is one too");
}

#[test]
fn small_print_that_is_empty_for_one_option_is_shown_for_none() {
    let mut chat = Chat::with(
        r#"bot "b"
on "hi" { goto "home" }
state "home" { say "Hi."; option "A" goto="home" desc="{{ user.name }}"; option "B" goto="home" desc="Always" }"#,
    );
    chat.says("hi");
    assert!(chat.messages[0].options.iter().all(|option| option.description.is_some()));
    chat.state.peer.name = " ".into();
    chat.says("hi");
    assert!(chat.messages[1].options.iter().all(|option| option.description.is_none()));
}

#[test]
fn a_link_that_x_would_refuse_is_left_out_and_told_of() {
    let mut chat = Chat::with("bot \"b\"\non \"hi\" { say \"Look:\"; link \"{{ user.name }}\" url=\"{{ user.screen_name }}\" }");
    let long = "x".repeat(50);
    for (label, url, shown) in [
        ("Shop", "https://a.example/x", Some("Shop")),
        (&*long, "http://a.example", Some(&long[..limits::LABEL])),
        ("Shop", "nowhere", None),
        ("Shop", "ftp://a.example", None),
        ("Shop", "https://", None),
        ("Shop", "https://a.example/a b", None),
        ("shop.example", "https://a.example", None),
        (" ", "https://a.example", None),
    ] {
        chat.state.peer.name = label.into();
        chat.state.peer.screen_name = url.into();
        chat.says("hi").hears_back("Look:");
        let links = chat.messages.last().map(|message| message.links.as_slice()).unwrap_or_default();
        assert_eq!((links.first().map(|link| link.label.as_str()), faults(&chat)), (shown, usize::from(shown.is_none())), "{label} {url}");
    }
}

#[test]
fn a_caption_that_is_too_long_goes_on_behind_its_picture() {
    let mut output = super::super::output::Output::default();
    output.media("a.png".into(), &"snow ".repeat(limits::TEXT / 4));
    output.media("b.png".into(), "");
    output.say("Under it.", false);
    let messages: Vec<Outgoing> = output.into_drafts().into_iter().map(|draft| draft.message).collect();
    assert_eq!(messages.iter().map(|message| message.media.as_deref()).collect::<Vec<_>>(), [Some("a.png"), None, Some("b.png")]);
    assert!(messages.iter().all(|message| limits::length(&message.text) <= limits::TEXT));
    assert_eq!(messages[2].text, "Under it.", "what is said next stands under it, from the first line on");
}

#[test]
fn empty_lines_without_end_are_no_message() {
    let mut chat = Chat::with(
        r#"bot "b"
on "hi" { say "{{ '\n' * 12000 }}x" }"#,
    );
    chat.says("hi");
    assert!(chat.messages.iter().all(|message| !message.text.trim().is_empty()));
    assert!(chat.messages.last().is_some_and(|message| message.text.ends_with('x')));
}

const CHAIN: &str = r#"bot "b" { allow "s.example" }
on "ask" { http "a" get="https://s.example/a" { ok { say "A" }; fail { http "b" get="https://s.example/b" { ok { say "B" }; fail { say "None." } } } } }
fallback { say "What?" }"#;

#[test]
fn where_too_many_wait_the_lookup_of_the_failed_branch_has_failed_too() {
    let mut chat = Chat::with(CHAIN);
    chat.says("ask");
    for _ in 0..32 {
        chat.says("x");
    }
    assert_eq!(chat.state.waiting.len(), 32);
    chat.says("x");
    assert!(chat.state.waiting.is_empty() && chat.state.lookup.is_none(), "all of them were taken");
    assert!(chat.messages.iter().any(|message| message.text == "None."));
}

#[test]
fn of_many_that_come_at_once_no_more_wait_than_may() {
    let mut chat = Chat::with(&CHAIN.replace("\"b\" {", "\"b\" { reorder \"2s\";"));
    chat.says("ask");
    let start = chat.now;
    for _ in 0..40 {
        chat.now = chat.now.plus(Duration::from_millis(1));
        let message = Incoming { id: MessageId::first_at(chat.now), sent_at: chat.now, text: "x".into(), tap: None, attachment: None };
        let from = chat.state.peer.clone();
        // All in one delivery: what may be taken is taken behind the last of them.
        chat.revision += 1;
        chat.log.push(Event::Message { message, from, overtaken: false, waited: false });
        let event = chat.log[chat.log.len() - 1].clone();
        chat.step(&event);
    }
    assert!(chat.state.waiting.len() > 32 && chat.now.since(start) < Duration::from_secs(2));
    chat.take(Event::Claimed { row: RowId { revision: 0, index: 0 } });
    assert!(chat.state.waiting.len() <= 32, "{} wait", chat.state.waiting.len());
    assert_eq!(chat.messages.iter().filter(|message| message.text == "None.").count(), 1);
}

#[test]
fn a_lookup_goes_on_in_the_rule_that_ordered_it() {
    let mut chat = Chat::with(
        r#"bot "b" { allow "s.example" }
on "hi" { goto "one" }
on "more" in="one" { http "s" get="https://s.example/1" { ok { say "One." }; fail { goto "two" } } }
on "more" in="two" { http "s" get="https://s.example/2" { ok { say "Two." }; fail { goto "one" } } }
state "one" { say "In one."; option "Two" goto="two" }
state "two" { say "In two."; option "One" goto="one" }"#,
    );
    chat.says("hi").taps("Two").says("more").is_answered(LookupAnswer::Ok { status: 200, body: json!({}) });
    assert!(chat.answer().starts_with("Two."), "{}", chat.answer());
    chat.taps("One").says("more").is_answered(LookupAnswer::Failed { reason: LookupFailure::Timeout, status: None, detail: String::new() });
    chat.is_at("two");
}

#[test]
fn what_records_keep_of_a_long_rule_is_short() {
    let words = "snow ".repeat(100);
    let script = format!(
        "bot \"b\" {{ allow \"s.example\" }}\non \"{words}\" {{ remind \"1h\" {{ say \"Now.\" }}; http \"s\" get=\"https://s.example\" {{ ok {{ say \"A\" }}; fail {{ say \"B\" }} }} }}"
    );
    let program = program(&script);
    assert!(program.reminders[0].id.len() <= 80 && program.lookups[0].id.len() <= 80);
}

#[test]
fn where_a_record_grows_too_large_messages_wait_in_the_journal_alone() {
    let mut chat = Chat::with("bot \"b\"\non \"hi\" { say \"1\" break=#true; say \"2\" break=#true; say \"3\" break=#true }");
    chat.delivers = false;
    chat.says("hi");
    let first = chat.state.rows[0].id;
    chat.state.at = Some("x".repeat(5_000));
    chat.take(Event::Claimed { row: first });
    assert_eq!(chat.state.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [first], "the one on its way stays");
    assert_eq!(chat.state.backlog, Some(Backlog { next: RowId { index: 1, ..first }, count: 2, desk: false }));
}
