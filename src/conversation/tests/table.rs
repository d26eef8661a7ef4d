//! The table of design §4: each of the seven classes of lateness under each of the six policies, for a menu and for a question,
//! with the reply and the state it ends in.

use super::classes::bot;
use super::*;

/// Class, policy, and what a tap on the home menu's `Photo` and on the question's `Vail` come to: the reply and the state.
type Row = (Lateness, &'static str, (&'static str, &'static str), (&'static str, &'static str));

const TABLE: [Row; 42] = [
    (Lateness::Foreign, "follow", ("An old menu: Links.", "fresh"), ("An old menu: Links.", "fresh")),
    (Lateness::Foreign, "rewind", ("An old menu: Links.", "fresh"), ("An old menu: Links.", "fresh")),
    (Lateness::Foreign, "apply", ("An old menu: Links.", "fresh"), ("An old menu: Links.", "fresh")),
    (Lateness::Foreign, "ask", ("An old menu: Links.", "fresh"), ("An old menu: Links.", "fresh")),
    (Lateness::Foreign, "reject", ("An old menu: Links.", "fresh"), ("An old menu: Links.", "fresh")),
    (Lateness::Foreign, "ignore", ("An old menu: Links.", "fresh"), ("An old menu: Links.", "fresh")),
    (Lateness::Retired, "follow", ("That no longer counts.", "fresh"), ("That no longer counts.", "fresh")),
    (Lateness::Retired, "rewind", ("That no longer counts.", "fresh"), ("That no longer counts.", "fresh")),
    (Lateness::Retired, "apply", ("That no longer counts.", "fresh"), ("That no longer counts.", "fresh")),
    (Lateness::Retired, "ask", ("That no longer counts.", "fresh"), ("That no longer counts.", "fresh")),
    (Lateness::Retired, "reject", ("That no longer counts.", "fresh"), ("That no longer counts.", "fresh")),
    (Lateness::Retired, "ignore", ("That no longer counts.", "fresh"), ("That no longer counts.", "fresh")),
    (Lateness::Early, "follow", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Early, "rewind", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Early, "apply", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Early, "ask", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Early, "reject", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Early, "ignore", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Consumed, "follow", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Consumed, "rewind", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Consumed, "apply", ("A photo.", "photo"), ("Noted: Vail.", "fresh")),
    (Lateness::Consumed, "ask", ("That was about “Photo”. Go there?", "fresh"), ("That was about “Vail”. Change it?", "fresh")),
    (Lateness::Consumed, "reject", ("That no longer counts.", "fresh"), ("That no longer counts.", "fresh")),
    (Lateness::Consumed, "ignore", ("", "fresh"), ("", "fresh")),
    (Lateness::Expired, "follow", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Expired, "rewind", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Expired, "apply", ("A photo.", "photo"), ("Noted: Vail.", "fresh")),
    (Lateness::Expired, "ask", ("That was about “Photo”. Go there?", "fresh"), ("That was about “Vail”. Change it?", "fresh")),
    (Lateness::Expired, "reject", ("That no longer counts.", "fresh"), ("That no longer counts.", "fresh")),
    (Lateness::Expired, "ignore", ("", "fresh"), ("", "fresh")),
    (Lateness::Superseded, "follow", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Superseded, "rewind", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Superseded, "apply", ("A photo.", "photo"), ("Noted: Vail.", "fresh")),
    (Lateness::Superseded, "ask", ("That was about “Photo”. Go there?", "fresh"), ("That was about “Vail”. Change it?", "fresh")),
    (Lateness::Superseded, "reject", ("That no longer counts.", "fresh"), ("That no longer counts.", "fresh")),
    (Lateness::Superseded, "ignore", ("", "fresh"), ("", "fresh")),
    (Lateness::Current, "follow", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Current, "rewind", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Current, "apply", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Current, "ask", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Current, "reject", ("A photo.", "photo"), ("Report: vail.", "report")),
    (Lateness::Current, "ignore", ("A photo.", "photo"), ("Report: vail.", "report")),
];

/// What is tapped: the text that asks it, an option that answers it, and the option that is tapped late.
const MENU: [&str; 3] = ["home", "Photo", "Photo"];
const QUESTION: [&str; 3] = ["report", "Aspen", "Vail"];

#[test]
fn every_class_has_one_outcome_under_every_policy() {
    for (class, policy, menu, question) in TABLE {
        for (what, expected) in [(MENU, menu), (QUESTION, question)] {
            let mut chat = tapped(class, policy, what);
            let name = format!("{class:?} under {policy}, {}", what[0]);
            assert_eq!(chat.trace.lateness, Some(class), "{name}");
            assert_eq!((chat.answer().as_str(), chat.state.at.as_deref()), (expected.0, Some(expected.1)), "{name}");
            let is_late = matches!(class, Lateness::Consumed | Lateness::Expired | Lateness::Superseded);
            match policy {
                // A rejection shows the open prompt again; its text was said with the menu.
                "reject" if is_late => assert_eq!(chat.labels(), ["Home"], "{name}"),
                "ask" if is_late => {
                    assert_eq!(chat.labels(), ["Yes", "No"], "{name}");
                    let done = if what == MENU { ("A photo.", "photo") } else { ("Report: vail.", "report") };
                    chat.taps("Yes").hears_back(done.0).is_at(done.1);
                }
                "apply" if is_late && what == QUESTION => assert_eq!(chat.slot("area").as_deref(), Some("vail"), "{name}"),
                _ => {}
            }
        }
    }
}

/// A chat, otherwise in the state `fresh`, in which the option was tapped so late.
fn tapped(class: Lateness, policy: &str, [ask, used, late]: [&str; 3]) -> Chat {
    let mut chat = Chat::with(&bot(policy));
    chat.delivers = class != Lateness::Early;
    chat.says(ask);
    if class == Lateness::Early {
        let row = chat.state.rows[0].id;
        chat.take(Event::Claimed { row });
    }
    if matches!(class, Lateness::Early | Lateness::Current) {
        chat.taps_of(0, late);
        return chat;
    }
    if class == Lateness::Consumed {
        chat.taps_of(0, used);
    }
    if class == Lateness::Expired {
        chat.wait("31m");
    }
    chat.says("fresh");
    if class == Lateness::Foreign {
        chat.hears("Links", Some(Tap { metadata: Some("old menu Links".into()) }));
        return chat;
    }
    if class == Lateness::Retired {
        let gone = [r#"option "Photo" goto="photo";"#, r#"; option "Vail" value="vail""#];
        let without = gone.iter().fold(bot(policy), |script, option| script.replace(option, ""));
        chat.program = program(&without.replace(r#"on "home""#, r#"on "photo" { goto "photo" }; on "home""#));
    }
    chat.taps_of(0, late);
    chat
}

#[test]
fn a_no_leaves_everything_as_it_is_and_shows_where_we_are() {
    for policy_says_no in ["No", "2", "no!"] {
        let mut chat = tapped(Lateness::Superseded, "ask", MENU);
        chat.says(policy_says_no).hears_back("Please choose:").is_at("fresh");
        assert_eq!((chat.trace.fired.clone(), chat.labels()), (Fired::Offer(false), vec!["Home"]));
        chat.taps("Yes").hears_back("That no longer counts.");
    }
}

#[test]
fn whoever_says_something_else_has_not_answered() {
    let mut chat = tapped(Lateness::Superseded, "ask", MENU);
    chat.says("report").hears_back("Which area?");
    chat.says("yes").hears_back("That does not fit.\nWhich area?");
}
