//! People of the house at the console.

use super::*;

const SHOP: &str = r##"bot "shop" version=1
on "home" { goto "home" }
on "human" { goto "human" }
on "stop" scope="any" { optout; say "Bye." }
on "start" scope="any" { optin; say "Hello." }
state "home" {
  ask "size" "Which size?" { option "S"; option "L" }
  say "{{ size }} it is."
}
state "human" {
  say "One moment."
  handoff { resume on="bot" goto="home"; timeout "1h" goto="home" }
}
fallback { say "What?" }"##;

impl Chat {
    fn desk(&mut self, order: DeskOrder) -> &mut Self {
        self.wait("1s");
        self.take(Event::Desk { by: "kim".into(), order })
    }

    fn desk_says(&mut self, text: &str) -> &mut Self {
        self.desk(DeskOrder::Say { text: text.into() })
    }
}

#[test]
fn who_takes_over_writes_and_the_bot_is_silent_until_it_is_resumed() {
    let mut chat = Chat::with(SHOP);
    chat.says("home").hears_back("Which size?");
    chat.desk(DeskOrder::Pause).hears_back("");
    assert!(chat.actions.contains(&Action::HandOver { queue: None, note: String::new() }));
    chat.says("L").hears_back("").wait("400d").says("L").hears_back("");
    assert_eq!(chat.trace.fired, Fired::Silent);
    chat.desk_says("Let me see <b>").hears_back("Let me see <b>");
    assert_eq!(chat.trace.fired, Fired::Desk);
    chat.desk(DeskOrder::Resume).hears_back("");
    assert_eq!((chat.trace.fired.clone(), chat.state.silence.clone()), (Fired::Desk, None));
    // The question from before is still open.
    chat.says("L").hears_back("L it is.");
}

#[test]
fn taking_over_withholds_what_has_not_begun_to_leave() {
    let mut chat = Chat::with(SHOP);
    chat.delivers = false;
    chat.says("home").desk(DeskOrder::Pause);
    assert!(matches!(&chat.actions[..], [Action::DeadLetter { reason, .. }, Action::HandOver { .. }] if reason.starts_with("withheld")));
    chat.desk_says("Hello");
    assert_eq!(chat.state.rows.len(), 1);
}

#[test]
fn what_a_person_of_the_house_wrote_is_withheld_by_nobody_of_the_house() {
    let mut chat = Chat::with(&SHOP.replace("version=1", "version=1 { handoff mute=\"1h\" }"));
    chat.delivers = false;
    // It waits, since nothing may leave now; and so does what is written next.
    chat.desk_says("One").desk_says("Two").desk(DeskOrder::Pause).desk_says("Three").operator_says("from my phone");
    assert_eq!(chat.state.rows.len(), 3, "{:?}", chat.actions);
    let message = Outgoing { text: "again".into(), ..Outgoing::default() };
    chat.desk(DeskOrder::Again { message, row: None }).desk(DeskOrder::Resume).desk(DeskOrder::Pause);
    assert_eq!(chat.state.rows.len(), 4, "{:?}", chat.actions);
}

#[test]
fn after_a_taking_over_no_message_of_the_bot_is_tried_again() {
    let mut chat = Chat::with(SHOP);
    chat.delivers = false;
    chat.says("home");
    let row = chat.state.rows[0].id;
    let doubt = Outcome::Unsure { check_at: chat.now, refusal: None };
    chat.take(Event::Claimed { row }).take(Event::Settled { row, outcome: doubt }).desk(DeskOrder::Pause);
    chat.take(Event::Settled { row, outcome: Outcome::Resend });
    assert!(matches!(&chat.actions[..], [Action::DeadLetter { .. }]), "{:?}", chat.actions);
    assert_eq!(chat.state.rows, []);
}

#[test]
fn a_pause_outlasts_the_words_and_times_that_end_others() {
    let mut chat = Chat::with(&SHOP.replace("version=1", "version=1 { handoff mute=\"1h\" }"));
    chat.says("home").desk(DeskOrder::Pause).operator_says("from my phone").desk_says("and from here");
    chat.wait("2h").says("home").hears_back("");
    // Somebody who took over a handing over is not overtaken by its timeout; the person's own word still counts.
    let mut chat = Chat::with(SHOP);
    chat.says("human").desk(DeskOrder::Pause).passes("3h").hears_back("");
    chat.says("bot").hears_back("Which size?");
}

#[test]
fn what_was_handed_over_goes_on_where_it_says_when_it_is_given_back() {
    let mut chat = Chat::with(SHOP);
    chat.says("human").desk(DeskOrder::Resume).hears_back("Which size?").is_at("home");
    chat.desk(DeskOrder::Resume).hears_back("");
}

#[test]
fn a_person_of_the_house_is_not_bound_by_the_bots_limit() {
    let mut chat = Chat::with(SHOP);
    chat.says("home").desk(DeskOrder::Pause);
    for _ in 0..40 {
        chat.desk_says("still here").hears_back("still here");
    }
}

#[test]
fn a_refused_message_goes_out_again_as_it_was() {
    let mut chat = Chat::with(SHOP);
    chat.says("home");
    let message = chat.messages.last().expect("it spoke").clone();
    chat.desk(DeskOrder::Again { message: message.clone(), row: None });
    assert_eq!(chat.messages.last(), Some(&message), "with its options");
    chat.taps("L").hears_back("L it is.");
}

#[test]
fn a_message_with_buttons_goes_out_again_as_text_where_there_are_none() {
    let mut chat = Chat::with(SHOP);
    chat.says("home");
    let link = Link { label: "Sizes".into(), url: "https://shop.example/sizes".into() };
    let message = Outgoing { links: vec![link], ..chat.messages.last().expect("it spoke").clone() };
    chat.rendering.numbered = true;
    chat.desk(DeskOrder::Again { message, row: None }).hears_back("Which size?\nSizes: https://shop.example/sizes\n1 S\n2 L");
    let once_more = chat.messages.last().expect("it spoke").clone();
    chat.desk(DeskOrder::Again { message: once_more, row: None }).hears_back("Which size?\nSizes: https://shop.example/sizes\n1 S\n2 L");
    chat.says("2").hears_back("L it is.");
}

#[test]
fn nobody_writes_to_who_wants_to_hear_nothing() {
    let mut chat = Chat::with(SHOP);
    chat.says("stop").desk_says("One more thing").hears_back("");
    assert!(matches!(&chat.actions[..], [Action::Fault { .. }]), "{:?}", chat.actions);
    let message = Outgoing { text: "again".into(), ..Outgoing::default() };
    chat.desk(DeskOrder::Again { message, row: None }).hears_back("");
}

#[test]
fn what_people_of_the_house_wrote_is_not_withheld_where_it_waits_in_the_journal() {
    let mut chat = Chat::with(SHOP);
    chat.delivers = false;
    chat.desk(DeskOrder::Pause);
    for _ in 0..22 {
        chat.desk_says("still here");
    }
    assert_eq!(chat.state.backlog.map(|backlog| (backlog.count, backlog.desk)), Some((2, true)));
    chat.desk(DeskOrder::Pause);
    assert_eq!(chat.state.backlog.map(|backlog| backlog.count), Some(2));

    let mut chat = Chat::with(SHOP);
    chat.delivers = false;
    for _ in 0..22 {
        chat.says("home");
    }
    chat.desk_says("wait");
    assert_eq!(chat.state.backlog.map(|backlog| backlog.desk), Some(false), "the bot's are among them");
}
