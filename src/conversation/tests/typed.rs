//! What takes a typed text, in the order of design §4.

use super::*;

const SHOP: &str = r##"
bot "shop" version=1 { idle "24h" }
on "hi" "menu" { goto "home" }
on "info" { say "Open all day." }
on "order {qty:int} {thing}" { goto "order" qty="{{ qty }}" thing="{{ thing }}" }
on "stop" scope="any" { say "Stopped."; end }
on "leave {what...}" scope="any" { say "Left."; end }
on match=#"(?i)\bhuman\b"# { goto "human" }
state "home" {
  say "Hello {{ user.name }}." "Back again."
  option "Order" goto="order"
  option "About" goto="about"
}
state "about" { say "We sell maps."; option "Home" goto="home" }
state "order" {
  ask "thing" "What?" { option "Map" value="map"; option "Pin" value="pin" }
  ask "qty" "How many?" type="int" min=1 max=5 retries=1 giveup="human" { invalid "One to five, please." }
  if "qty > 3" { say "That is a lot." } 
  else { say "Fine." }
  ask "name" "For whom?" type="text"
  set line="{{ qty }} x {{ thing }} for {{ name }}"
  say "{{ line }}"
  option "Home" goto="home"
}
state "human" { say "A person will come."; option "Home" goto="home" }
fallback { say "Sorry?"; after 3 goto="human" }
"##;

fn chat() -> Chat {
    Chat::with(SHOP)
}

#[test]
fn an_order_from_hello_to_the_end() {
    let mut chat = chat();
    chat.says("Hi!").hears_back("Hello Ada.").is_at("home");
    assert_eq!(chat.labels(), ["Order", "About"]);
    chat.taps("Order").hears_back("What?").is_at("order");
    chat.taps("Map").hears_back("How many?");
    chat.says("4").hears_back("That is a lot.\nFor whom?");
    chat.says("Grandma Ada").hears_back("4 x map for Grandma Ada");
    assert_eq!(chat.labels(), ["Home"]);
    chat.taps("Home").hears_back("Back again.");
    chat.says("menu").hears_back("Hello Ada.");
}

#[test]
fn a_label_a_value_and_a_number_answer_like_a_tap() {
    for typed in ["order", " ORDER! ", "1"] {
        chat().says("hi").says(typed).hears_back("What?");
    }
    for typed in ["Pin", "pin", "2"] {
        let mut chat = chat();
        chat.says("hi").taps("Order").says(typed).hears_back("How many?");
        assert_eq!(chat.slot("thing").as_deref(), Some("pin"), "{typed}");
    }
}

#[test]
fn a_number_that_no_option_has_is_no_answer() {
    chat().says("hi").says("3").hears_back("Sorry?");
    chat().says("hi").says("0").hears_back("Sorry?");
}

#[test]
fn a_rule_fills_slots_and_their_questions_are_skipped() {
    let mut chat = chat();
    chat.says("order 2 pin").hears_back("Fine.\nFor whom?");
    assert_eq!(chat.state.slots.get("qty"), Some(&Value::Int(2)), "the value takes its question's type");
    chat.says("Bob").hears_back("2 x pin for Bob");
}

#[test]
fn a_given_value_that_does_not_fit_is_asked_for() {
    chat().says("order 9 pin").hears_back("How many?");
    chat().says("order 2 hat").hears_back("What?").taps("Map").hears_back("Fine.\nFor whom?");
}

#[test]
fn a_digression_comes_back_to_the_question() {
    let mut chat = chat();
    chat.says("hi").taps("Order").says("info").hears_back("Open all day.\nWhat?").is_at("order");
    assert_eq!(chat.labels(), ["Map", "Pin"]);
    assert_eq!(chat.state.asked, 2, "the same asking is shown again");
    chat.taps_of(1, "Map").hears_back("How many?");
    assert_eq!(chat.trace.lateness, Some(Lateness::Current), "whichever showing is tapped");
}

#[test]
fn a_rule_that_leaves_the_state_is_no_digression() {
    chat().says("hi").taps("Order").says("menu").hears_back("Back again.").is_at("home");
}

#[test]
fn rules_of_any_scope_come_even_before_the_open_prompt() {
    let mut chat = chat();
    chat.says("order 2 pin").says("leave me alone").hears_back("Left.");
    chat.says("order 2 pin").says("stop").hears_back("Stopped.");
    assert_eq!((chat.state.at.as_deref(), chat.state.open), (None, None));
}

#[test]
fn a_literal_rule_goes_before_free_text_but_a_regex_does_not() {
    chat().says("order 2 pin").says("info").hears_back("Open all day.\nFor whom?");
    chat().says("order 2 pin").says("the human next door").hears_back("2 x pin for the human next door");
}

#[test]
fn wrong_answers_are_asked_again_and_then_given_up() {
    let mut chat = chat();
    chat.says("order 2 pin").says("hi").taps("Order").taps("Map");
    chat.says("nine").hears_back("One to five, please.\nHow many?");
    chat.says("nine").hears_back("A person will come.").is_at("human");
    assert!(matches!(chat.trace.fired, Fired::GaveUp(_)));
}

#[test]
fn a_right_answer_forgives_the_wrong_ones() {
    let mut chat = chat();
    chat.says("hi").taps("Order").taps("Map").says("nine").says("2").hears_back("Fine.\nFor whom?");
    assert_eq!(chat.state.wrong, 0);
}

#[test]
fn what_nothing_takes_falls_back_and_the_third_time_leads_away() {
    let mut chat = chat();
    chat.says("blah").hears_back("Sorry?");
    chat.says("blah").hears_back("Sorry?");
    chat.says("blah").hears_back("A person will come.").is_at("human");
}

#[test]
fn something_understood_forgives_the_misses() {
    let mut chat = chat();
    chat.says("blah").says("blah").says("info").says("blah").hears_back("Sorry?");
}

#[test]
fn the_fallback_shows_the_menu_again() {
    let mut chat = chat();
    chat.says("hi").says("blah").hears_back("Sorry?");
    assert_eq!(chat.labels(), ["Order", "About"], "X hides the buttons once the person has written");
}

#[test]
fn a_rule_and_the_fallback_vary_what_they_say() {
    let mut chat = Chat::with(
        r#"bot "b" version=1
        on "thanks" { say "Any time." "You are welcome." }
        fallback { say "Sorry?" "Pardon?" }"#,
    );
    let mut answers = |text: &str| chat.says(text).answer();
    assert_ne!(answers("thanks"), answers("thanks"));
    assert_ne!(answers("zzz"), answers("zzz"));
}

#[test]
fn after_a_long_silence_the_conversation_starts_afresh() {
    let mut chat = chat();
    chat.says("order 2 pin").wait("25h").says("Bob").hears_back("Sorry?");
    assert_eq!((chat.slot("qty"), chat.state.at.as_deref()), (None, None));
}

#[test]
fn free_text_is_bounded() {
    let mut chat = chat();
    chat.says("order 2 pin").says(&"x".repeat(1_001));
    assert!(chat.answer().starts_with("That does not fit."), "{}", chat.answer());
}

#[test]
fn slots_together_are_bounded_and_the_author_is_told() {
    let mut chat = Chat::with(
        r##"bot "b" version=1
        on "go" { goto "a" }
        state "a" { ask "x" "?" ; ask "y" "?" ; ask "z" "?" ; say "{{ x }}{{ y }}{{ z }}"; option "Again" goto="a" }"##,
    );
    chat.says("go").says(&"x".repeat(900)).says(&"y".repeat(900)).says(&"z".repeat(900));
    assert!(chat.actions.iter().any(|action| matches!(action, Action::Fault { what } if what.contains("2 000 bytes"))));
    assert_eq!(chat.slot("z"), None);
    let bytes = rmp_serde::to_vec_named(&chat.state).unwrap().len();
    assert!(bytes < 5_200, "{bytes}");
}

#[test]
fn two_bots_that_talk_to_each_other_stop_after_ten_turns_an_hour_between_them() {
    let mut chat = chat();
    chat.peer_is_ours = true;
    for _ in 0..5 {
        chat.says("blah");
        assert_ne!(chat.answer(), "");
    }
    chat.says("blah").hears_back("");
    assert_eq!(chat.trace.fired, Fired::TalkLimit);
    chat.wait("1h").says("hi");
    assert_ne!(chat.answer(), "", "an hour later they may talk again");
}

#[test]
fn a_person_is_answered_however_often() {
    let mut chat = chat();
    for _ in 0..15 {
        chat.says("hi");
        assert_ne!(chat.answer(), "");
    }
}

#[test]
fn an_answer_that_the_slots_cannot_hold_is_a_retry() {
    let mut chat = chat();
    chat.says("hi").taps("Order").taps("Map").says("2").says(&"ж".repeat(1_000)).hears_back("That does not fit.\nFor whom?");
    assert_eq!((chat.slot("name"), &chat.trace.fired), (None, &Fired::Retry("order/name".into())));
    chat.says("Ada").hears_back("2 x map for Ada");
}
