//! People of the house, consent, and being forgotten.

use super::*;

const DESK: &str = r##"bot "desk" version=1 { handoff mute="12h" }
on "home" { goto "home" }
on "human" { goto "human" }
on "status" scope="any" { say "All is well." }
on "stop" scope="any" { optout; say "You will not hear from us. Send START to resume." }
on "start" scope="any" { optin; say "Welcome back."; goto "home" }
on "forget me" scope="any" { forget; say "Forgotten." }
on "remind" { remind "1h" { say "An hour." }; say "Fine." }
welcome { say "Hi."; menu "home" }
state "home" { say "Home."; option "Human" goto="human" }
state "human" {
  say "A colleague will answer. Send BOT to come back."
  handoff queue="desk" note="{{ user.name }} wrote:\n{{ transcript }}" { resume on="bot"; timeout "12h" goto="home" }
}
fallback { say "What?" }"##;

fn handed_over() -> Chat {
    let mut chat = Chat::with(DESK);
    chat.says("home").taps("Human").hears_back("A colleague will answer. Send BOT to come back.");
    chat
}

fn withheld(chat: &Chat) -> usize {
    chat.actions.iter().filter(|action| matches!(action, Action::DeadLetter { reason, .. } if reason.starts_with("withheld"))).count()
}

#[test]
fn a_person_takes_over_with_a_note_and_the_bot_is_silent() {
    let mut chat = handed_over();
    let note = chat.actions.iter().find_map(|action| match action {
        Action::HandOver { queue, note } => Some((queue.clone(), note.clone())),
        _ => None,
    });
    let (queue, note) = note.expect("it was handed over");
    assert_eq!(queue.as_deref(), Some("desk"));
    assert_eq!(note, "Ada wrote:\nAda: home\ndesk: Home.\nAda: Human");
    for text in ["home", "hello?", "1"] {
        chat.says(text).hears_back("");
        assert_eq!(chat.trace.fired, Fired::Silent);
    }
    chat.taps("Human").hears_back("");
    chat.says("status").hears_back("All is well.");
    chat.says("home").hears_back("");
}

#[test]
fn a_word_takes_the_bot_back_and_it_answers() {
    handed_over().says("Bot!").hears_back("Home.").is_at("home");
    let mut chat = handed_over();
    chat.says("bot");
    assert_eq!((chat.trace.fired.clone(), chat.state.silence.clone(), chat.state.timers.len()), (Fired::TookBack, None, 0));
    assert!(chat.actions.contains(&Action::TakeBack));
}

#[test]
fn the_time_is_over_only_when_the_person_of_the_house_has_been_silent_so_long() {
    let mut chat = handed_over();
    chat.passes("11h").hears_back("").operator_says("I am here").passes("11h").hears_back("");
    chat.passes("1h").hears_back("Home.").is_at("home");
    chat.says("hm").hears_back("What?");
}

#[test]
fn a_time_that_leads_nowhere_goes_on_behind_the_handing_over() {
    let script = DESK
        .replace(" timeout \"12h\" goto=\"home\"", " timeout \"12h\"")
        .replace("\n}\nfallback", "\n  say \"Nobody came.\"\n  option \"Home\" goto=\"home\"\n}\nfallback");
    let mut chat = Chat::with(&script);
    chat.says("human").passes("12h").hears_back("Nobody came.").is_at("human");
    assert_eq!(chat.labels(), ["Home"]);
}

#[test]
fn a_persons_answer_from_another_app_silences_the_bot_for_its_time_and_withholds_what_was_not_sent() {
    let mut chat = Chat::with(DESK);
    chat.delivers = false;
    chat.says("home");
    chat.operator_says("Let me help").hears_back("");
    assert_eq!((withheld(&chat), chat.state.rows.len()), (1, 0));
    chat.says("home").hears_back("");
    chat.wait("12h").says("home").hears_back("Home.");
}

#[test]
fn what_is_on_its_way_is_not_withheld() {
    let mut chat = Chat::with(DESK);
    chat.delivers = false;
    chat.says("home");
    let row = chat.state.rows[0].id;
    chat.take(Event::Claimed { row });
    chat.operator_says("Let me help");
    assert_eq!((withheld(&chat), chat.state.rows.len()), (0, 1));
}

#[test]
fn a_bot_that_declares_no_handing_over_goes_on() {
    let mut chat = Chat::with(&DESK.replace(r#" { handoff mute="12h" }"#, ""));
    chat.says("home").operator_says("Let me help").says("home").hears_back("Home.");
}

#[test]
fn who_opted_out_hears_nothing_until_asking_for_it() {
    let mut chat = Chat::with(DESK);
    chat.says("home").says("remind").says("stop").hears_back("You will not hear from us. Send START to resume.");
    for text in ["home", "status", "stop", "hello"] {
        chat.says(text).hears_back("");
        assert_eq!(chat.trace.fired, Fired::OptedOut, "{text}");
    }
    chat.taps("Human").hears_back("").passes("2h").hears_back("");
    chat.take(Event::Account { kind: "follow".into(), from: Profile::unknown(key().peer) }).hears_back("");
    chat.says("start").hears_back("Welcome back.\nHome.").is_at("home");
    chat.says("hm").hears_back("What?");
}

#[test]
fn opting_out_withholds_what_earlier_turns_wanted_to_say() {
    let mut chat = Chat::with(DESK);
    chat.delivers = false;
    chat.says("home").says("stop");
    assert_eq!((withheld(&chat), chat.state.rows.len()), (1, 1), "only the good-bye is left");
}

#[test]
fn a_forgotten_person_is_a_stranger_whose_old_menus_answer_nothing() {
    let mut chat = Chat::with(DESK);
    chat.says("home").says("remind").says("forget me").hears_back("Forgotten.");
    assert!(chat.actions.contains(&Action::Forget));
    let state = &chat.state;
    assert!(state.slots.is_empty() && state.askings.is_empty() && state.timers.is_empty() && state.lines.len() <= 1);
    assert_eq!((state.peer.name.as_str(), state.at.as_deref()), ("", None));
    chat.passes("2h").hears_back("");
    chat.taps_of(0, "Human");
    assert_eq!(chat.trace.lateness, Some(Lateness::Superseded), "it is of no asking of this conversation");
}

#[test]
fn who_opted_out_and_is_forgotten_still_hears_nothing() {
    let mut chat = Chat::with(DESK);
    chat.says("stop");
    chat.state.opted_out = true;
    let mut forgotten = Chat::with(&DESK.replace("optin; say", "optin; forget; say"));
    forgotten.state = chat.state.clone();
    forgotten.says("hello").hears_back("");
}

#[test]
fn other_events_of_the_account_have_their_rules() {
    let mut chat = Chat::with(&DESK.replace("on \"home\"", "on event=\"follow\" { goto \"home\" }\non \"home\""));
    let from = Profile { id: key().peer, name: "Ada".into(), screen_name: "ada".into() };
    chat.take(Event::Account { kind: "follow".into(), from: from.clone() }).hears_back("Home.").is_at("home");
    chat.take(Event::Account { kind: "block".into(), from }).hears_back("");
}

#[test]
fn a_secret_answer_is_in_no_transcript_and_asks_to_be_kept_out_of_the_journal() {
    let script = DESK.replace("say \"A colleague", "ask \"pin\" \"Your PIN?\" secret=#true\n  say \"A colleague");
    let mut chat = Chat::with(&script);
    chat.says("human").hears_back("Your PIN?").says("s3cret");
    assert!(chat.trace.is_secret && chat.slot("pin").as_deref() == Some("s3cret"));
    let noted = format!("{:?}", chat.actions);
    assert!(noted.contains("Ada: •••") && !noted.contains("s3cret"), "{noted}");
}

#[test]
fn who_opted_out_is_sent_nothing_again_whatever_becomes_of_what_was_on_its_way() {
    let unsure = |check_at| Outcome::Unsure { check_at, refusal: None };
    for word in ["stop", "forget me"] {
        for doubt in 0..3 {
            for answer in 0..4 {
                let mut chat = Chat::with(DESK);
                chat.delivers = false;
                chat.says("home");
                let row = chat.state.rows[0].id;
                let now = chat.now;
                chat.take(Event::Claimed { row });
                if doubt > 0 {
                    chat.take(Event::Settled { row, outcome: unsure(now) });
                }
                if doubt > 1 {
                    chat.take(Event::Settled { row, outcome: Outcome::Resend });
                }
                chat.says(word);
                assert!(matches!(chat.state.rows[0].status, RowStatus::Unsure { .. }), "its echo is still known: {:?}", chat.state.rows);
                let outcome = match answer {
                    0 => Outcome::Sent(MessageId(7)),
                    1 => Outcome::RetryAt(now),
                    2 => Outcome::Resend,
                    _ => {
                        chat.take(Event::Settled { row, outcome: unsure(now) });
                        Outcome::RetryAt(now)
                    }
                };
                chat.take(Event::Settled { row, outcome });
                assert!(chat.state.rows.iter().all(|other| other.id != row), "{word}, {doubt}, {answer}: {:?}", chat.state.rows);
                assert_eq!((withheld(&chat), chat.state.rows.len()), (usize::from(answer > 0), 1), "only the good-bye is left");
            }
        }
    }
}

#[test]
fn a_secret_that_does_not_fit_is_a_secret_all_the_same() {
    let script = DESK.replace("say \"A colleague", "ask \"pin\" \"Your PIN?\" type=\"int\" secret=#true\n  say \"A colleague");
    let mut chat = Chat::with(&script);
    chat.says("human").hears_back("Your PIN?").says("s3cret");
    assert!(chat.trace.is_secret && matches!(chat.trace.fired, Fired::Retry(_)));
    assert!(!format!("{:?}", chat.state.lines).contains("s3cret"));
}
