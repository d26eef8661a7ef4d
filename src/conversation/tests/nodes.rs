//! The nodes that reach out of a turn: lookups, reminders, pictures, links, confirmations.

use serde_json::json;

use super::*;
use crate::model::{LookupFailure, LookupMethod};

fn ok(body: serde_json::Value) -> LookupAnswer {
    LookupAnswer::Ok { status: 200, body }
}

fn failed(reason: LookupFailure) -> LookupAnswer {
    LookupAnswer::Failed { reason, status: (reason == LookupFailure::Refused).then_some(503), detail: String::new() }
}

const SHOP: &str = r##"bot "shop" version=1 { allow "shop.example" }
on "home" { goto "home" }
on "order" { goto "order" }
on "snow in {area...}" {
  http "snow" get="https://shop.example/snow?q={{ area }}" {
    ok { say "{{ area }}: {{ snow.new }} of {{ snow.lifts[0].name }}" }
    fail { say "No snow: {{ snow.error }} {{ snow.status }}." }
  }
}
state "home" { say "Home."; option "Order" goto="order" }
state "order" {
  ask "map" "Which map?" { option "Aspen" value="asp"; option "Vail" value="vail" }
  ask "qty" "How many?" type="int" min=1 max=5
  confirm "Order {{ qty }} x {{ map }}?" once=#true { no goto="home" }
  http "order" post="https://shop.example/orders" timeout="3s" retry=1 idempotency="{{ prompt.id }}" {
    body map="{{ map }}" qty="{{ qty }}" note="{{ qty }} maps"
    ok { say "Done: order {{ order.number }}."; goto "home" }
    fail { say "The shop is not answering: {{ order.error }}."; goto "home" }
  }
}
fallback { say "What?" }"##;

fn ordering() -> Chat {
    let mut chat = Chat::with(SHOP);
    chat.says("order").taps("Aspen").says("2").hears_back("Order 2 x asp?");
    chat
}

#[test]
fn a_lookup_is_ordered_and_its_answer_goes_on_in_its_branch() {
    let mut chat = ordering();
    chat.taps("Yes").hears_back("");
    let request = chat.request();
    assert_eq!((request.method, request.url.as_str()), (LookupMethod::Post, "https://shop.example/orders"));
    assert_eq!(request.body, Some(json!({ "map": "asp", "qty": 2, "note": "2 maps" })), "values keep their types");
    assert_eq!((request.timeout, request.retry, request.allow), (Duration::from_secs(3), 1, vec!["shop.example".to_owned()]));
    assert!(request.idempotency.is_some_and(|key| key.starts_with("10-20-") && key.ends_with("-3")), "the third asking");
    chat.is_answered(ok(json!({ "number": 1001, "much": "else" }))).hears_back("Done: order 1001.\nHome.").is_at("home");
    assert_eq!(chat.state.answers["order"], json!({ "number": 1001 }), "only what texts read is kept");
}

#[test]
fn a_lookup_that_fails_goes_on_in_the_other_branch() {
    let mut chat = ordering();
    chat.taps("Yes").is_answered(failed(LookupFailure::Timeout)).hears_back("The shop is not answering: timeout.\nHome.");
    assert_eq!(chat.trace.fired, Fired::Lookup("order".into(), false));
}

#[test]
fn what_the_person_writes_meanwhile_waits_and_is_taken_in_its_order() {
    let mut chat = ordering();
    chat.taps("Yes").taps("Yes").hears_back("");
    assert_eq!(chat.trace.fired, Fired::Waits);
    chat.says("order").hears_back("");
    chat.is_answered(ok(json!({ "number": 7 })));
    chat.hears_back("Done: order 7.\nHome.\n--\nThat no longer counts.\n--\nWhich map?");
    assert!(chat.state.waiting.is_empty());
}

#[test]
fn past_thirty_two_the_lookup_has_failed_and_all_are_taken() {
    let mut chat = ordering();
    chat.taps("Yes");
    for n in 0..32 {
        chat.says(&format!("word {n}")).hears_back("");
    }
    assert_eq!(chat.state.waiting.len(), 32);
    chat.says("home");
    assert!(chat.state.waiting.is_empty() && chat.state.lookup.is_none());
    assert!(chat.answer().starts_with("The shop is not answering: unknown."), "{}", chat.answer());
    assert!(chat.answer().ends_with("Home."), "{}", chat.answer());
}

#[test]
fn a_late_answer_of_a_lookup_that_is_over_changes_nothing() {
    let mut chat = ordering();
    chat.taps("Yes").is_answered(ok(json!({ "number": 7 })));
    let before = chat.state.clone();
    chat.take(Event::LookupDone { number: 1, answer: ok(json!({ "number": 8 })) }).hears_back("");
    assert_eq!(chat.state, before);
}

#[test]
fn a_lookup_of_a_rule_keeps_what_was_captured_and_shows_the_open_prompt_again() {
    let mut chat = Chat::with(SHOP);
    chat.says("home").says("snow in Aspen & Vail").hears_back("");
    assert_eq!(chat.request().url, "https://shop.example/snow?q=Aspen%20%26%20Vail");
    chat.is_answered(ok(json!({ "new": 4, "lifts": [{ "name": "Gent" }] }))).hears_back("Aspen & Vail: 4 of Gent").is_at("home");
    assert_eq!(chat.labels(), ["Order"]);
    chat.says("snow in x").is_answered(failed(LookupFailure::Refused)).hears_back("No snow: refused 503.");
}

#[test]
fn a_script_that_has_the_lookup_no_longer_goes_on_where_the_person_is() {
    let mut chat = Chat::with(SHOP);
    chat.says("home").says("snow in Aspen");
    chat.program = program(&SHOP.replace("http \"snow\"", "http \"weather\"").replace("snow.", "weather."));
    chat.is_answered(ok(json!({}))).hears_back("Please choose:").is_at("home");
}

#[test]
fn a_confirmation_that_counts_once_is_never_run_again() {
    let mut chat = ordering();
    let confirmation = chat.messages.len() - 1;
    chat.taps("Yes").is_answered(ok(json!({ "number": 7 })));
    for _ in 0..12 {
        chat.taps_of(confirmation, "Yes").hears_back("That no longer counts.");
        assert_eq!((chat.trace.lateness, chat.trace.policy), (Some(Lateness::Consumed), Some(crate::bot::Late::Reject)));
        chat.says("home");
    }
    assert!(chat.state.askings.iter().all(|asking| asking.prompt != "confirm"), "the record no longer knows it");
}

#[test]
fn no_leads_elsewhere_and_words_do_as_well_as_buttons() {
    ordering().taps("No").hears_back("Home.").is_at("home");
    ordering().says("no!").hears_back("Home.").is_at("home");
    let mut chat = ordering();
    chat.says("yes");
    assert!(chat.state.lookup.is_some());
}

#[test]
fn lookups_in_a_circle_end() {
    let mut chat = Chat::with(SHOP);
    chat.says("order").taps("Aspen").says("2").taps("Yes");
    // A script in a circle does not compile, so the counter is set as if there had been one.
    chat.state.looked_up = 10;
    chat.is_answered(ok(json!({ "number": 1 })));
    chat.state.looked_up = 10;
    chat.take(Event::TimerFired { number: 99 }).hears_back("");
    chat.says("snow in Vail").hears_back("");
    assert_eq!(chat.state.looked_up, 1, "the person has spoken");
}

const BELL: &str = r##"bot "bell" version=1
on "home" { goto "home" }
on "wake me" { remind "10m" id="bell" { say "Ring!"; goto "awake" }; say "In ten minutes." }
on "nudge" { remind "1h" { say "Still there?" }; say "Fine." }
on "stop" { cancel "bell"; say "Stopped." }
on "stop all" { cancel; say "All stopped." }
state "home" { say "Home."; option "Again" goto="home" }
state "awake" { say "Good morning."; option "Home" goto="home" }"##;

#[test]
fn a_reminder_speaks_when_its_time_is_over_once() {
    let mut chat = Chat::with(BELL);
    chat.says("home").says("wake me").hears_back("In ten minutes.");
    assert_eq!(chat.state.due(Duration::ZERO), Some(chat.now.plus(Duration::from_secs(600))));
    chat.passes("9m").hears_back("").passes("1m").hears_back("Ring!\nGood morning.").is_at("awake");
    chat.passes("1h").hears_back("");
    assert!(chat.state.timers.is_empty());
}

#[test]
fn a_reminder_starts_anew_and_can_be_stopped() {
    let mut chat = Chat::with(BELL);
    chat.says("home").says("wake me").wait("5m").says("wake me").passes("6m").hears_back("");
    chat.says("stop").passes("1h").hears_back("");
    chat.says("nudge").says("wake me").says("stop").passes("2h").hears_back("Still there?").is_at("home");
    assert_eq!(chat.labels(), ["Again"], "the open prompt is shown again");
    chat.says("nudge").says("wake me").says("stop all").passes("2h").hears_back("");
}

#[test]
fn pictures_and_buttons_hang_on_messages() {
    let script = r##"bot "p" version=1
        table "photos" file="photos.csv" key="file"
        on "home" { goto "home" }
        on "logo" { media "logo.png" caption="For {{ user.name }}"; link "Shop" url="https://shop.example/{{ user.id }}" }
        state "home" { say "Look:"; media pick="photos" caption="caption"; option "Another" goto="home" }"##;
    let png = crate::bot::FileFacts { bytes: 100, kind: Some(crate::model::MediaType::Png) };
    let texts = [("bot.kdl", script), ("photos.csv", "file,caption\na.png,A\nb.png,B\nc.png,\n")];
    let mut sources = Sources::from(texts.map(|(name, text)| (name.to_owned(), text.to_owned())));
    sources.files.extend(["a.png", "b.png", "c.png", "logo.png"].map(|name| (name.to_owned(), png)));
    let mut chat = Chat::with(BELL);
    chat.program = compile(&sources).unwrap_or_else(|found| panic!("{found:#?}")).program;
    chat.says("home");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let picture = chat.messages.last().unwrap();
        assert_eq!((picture.options.len(), chat.messages.len() - chat.before), (1, 2), "the text, then the picture with the menu");
        seen.insert((picture.media.clone().unwrap(), picture.text.clone()));
        chat.taps("Another");
    }
    let all = [("a.png", "A"), ("b.png", "B"), ("c.png", "")].map(|(file, caption)| (file.to_owned(), caption.to_owned()));
    assert_eq!(seen, all.into(), "all of them, before one comes again");
    chat.says("logo");
    let logo = &chat.messages[chat.before];
    assert_eq!((logo.media.as_deref(), logo.text.as_str()), (Some("logo.png"), "For Ada"));
    assert_eq!(logo.links[0].url, "https://shop.example/20");
}

#[test]
fn counts_tags_and_courtesies_are_ordered() {
    let script = r##"bot "c" version=1
        on "go" { typing; read; count "visits" by="{{ user.name }}"; tag "keen"; say "Counted." }"##;
    let mut chat = Chat::with(script);
    chat.says("go").hears_back("Counted.");
    let told: Vec<&Action> = chat.actions.iter().filter(|action| !matches!(action, Action::Send { .. })).collect();
    let read = Action::Read { message: MessageId::first_at(chat.now) };
    let count = Action::Count { name: "visits".into(), by: Some("Ada".into()) };
    assert_eq!(told, [&Action::Typing, &read, &count, &Action::Tag { name: "keen".into() }]);
    assert!(chat.state.tags.contains("keen"));
}

#[test]
fn events_within_the_hold_are_taken_in_their_order() {
    let script = r##"bot "h" version=1 { reorder "300ms" }
        on "a" { say "A" }
        on "b" { say "B" }"##;
    let mut chat = Chat::with(script);
    let heard = |chat: &mut Chat, text: &str, at: i64| {
        let sent_at = Timestamp::from_millis(at);
        let message = Incoming { id: MessageId::first_at(sent_at), sent_at, text: text.into(), tap: None, attachment: None };
        chat.take(Event::Message { message, from: Profile::unknown(key().peer), overtaken: false, waited: false });
    };
    let start = chat.now.as_millis();
    heard(&mut chat, "b", start + 20);
    chat.hears_back("");
    chat.wait("100ms");
    heard(&mut chat, "a", start + 10);
    assert_eq!(chat.state.due(Duration::ZERO), Some(Timestamp::from_millis(start + 300)));
    chat.wait("200ms");
    chat.before = chat.messages.len();
    let before = chat.before;
    // The outbox wakes the conversation; any event shows that its time has come.
    chat.take(Event::TimerFired { number: 99 });
    assert_eq!(chat.messages[before..].iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["A", "B"]);
}

#[test]
fn numbered_menus_are_lines_of_the_text_and_take_numbers_and_older_labels() {
    let mut chat = Chat::with(&super::classes::bot("follow"));
    chat.rendering = Rendering { numbered: true, ..Rendering::default() };
    chat.says("home").hears_back("Home.\n1 Photo\n2 Report");
    assert!(chat.messages[0].numbered);
    chat.says("2").hears_back("Which area?\n1 Aspen\n2 Vail");
    chat.says("photo").hears_back("A photo.\n1 Home").is_at("photo");
    assert_eq!(chat.trace.lateness, Some(Lateness::Superseded));
}

#[test]
fn the_line_that_turns_a_numbered_page_has_a_number_that_does() {
    let options: String = ["Ant", "Bee", "Cat", "Dog", "Elk"].map(|name| format!("option \"{name}\" goto=\"{name}\"; ")).concat();
    let states: String = ["Ant", "Bee", "Cat", "Dog", "Elk"].map(|name| format!("state \"{name}\" {{ say \"{name}!\" }}\n")).concat();
    let mut chat = Chat::with(&format!("bot \"b\" version=1\non \"home\" {{ goto \"home\" }}\nstate \"home\" {{ {options} }}\n{states}"));
    chat.rendering = Rendering { numbered: true, options: 3 };
    chat.says("home");
    assert_eq!(chat.labels(), ["Ant", "Bee", "More …"]);
    chat.says("3");
    assert_eq!(chat.labels(), ["Cat", "Dog", "More …"]);
    chat.says("3");
    assert_eq!(chat.labels()[0], "Elk");
    chat.says("1").hears_back("Elk!");
}

#[test]
fn a_confirmation_that_was_typed_is_not_run_again_by_a_tap_on_a_message_in_doubt() {
    let mut chat = Chat::with(SHOP);
    chat.says("order").taps("Aspen");
    chat.delivers = false;
    chat.says("2");
    let (confirmation, row, check_at) = (chat.messages.len() - 1, chat.state.rows[0].id, chat.now);
    chat.take(Event::Claimed { row }).take(Event::Settled { row, outcome: Outcome::Unsure { check_at, refusal: None } });
    chat.says("yes").is_answered(ok(json!({ "number": 7 }))).taps_of(confirmation, "Yes");
    assert_eq!((chat.trace.lateness, chat.state.lookup.is_some()), (Some(Lateness::Consumed), false));
    assert!(chat.state.rows.iter().all(|other| other.id != row), "the tap tells that it has arrived");
}
