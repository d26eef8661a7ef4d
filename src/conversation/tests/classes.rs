//! Late taps, class by class; their table under all policies is beside this.

use super::*;
use crate::bot::Late;

/// A bot whose menus and questions have the policy, and expire after 30 minutes.
pub(super) fn bot(policy: &str) -> String {
    format!(
        r##"bot "late" version=1 {{ late "{policy}" ttl="30m" }}
        on "home" {{ goto "home" }}
        on "report" {{ goto "report" }}
        on "fresh" {{ goto "fresh" }}
        on metadata="old menu {{x...}}" {{ say "An old menu: {{{{ x }}}}." }}
        state "home" {{ say "Home."; option "Photo" goto="photo"; option "Report" goto="report" }}
        state "photo" {{ say "A photo."; option "Home" goto="home" }}
        state "fresh" {{ say "Fresh."; option "Home" goto="home" }}
        state "report" {{
          set note="before"
          ask "area" "Which area?" {{ option "Aspen" value="aspen"; option "Vail" value="vail" }}
          set note="after"
          say "Report: {{{{ area }}}}."
          option "Back" goto="home"
        }}"##
    )
}

#[test]
fn rewind_restores_the_slots_and_follow_keeps_them() {
    for (policy, note) in [("rewind", "before"), ("follow", "after")] {
        let mut chat = Chat::with(&bot(policy).replace(r#"set note="after""#, r#"if "area == 'aspen'" { set note="after" }"#));
        chat.says("report").taps("Aspen").taps_of(0, "Vail").hears_back("Report: vail.");
        assert_eq!(chat.slot("note").as_deref(), Some(note), "{policy}");
    }
}

#[test]
fn the_kind_decides_where_nothing_else_does() {
    let program = program(&bot("follow").replace(r#"{ late "follow" ttl="30m" }"#, ""));
    let late = |state: &str, prompt: &str| {
        let state = program.state_named(state).unwrap();
        program.late(program.prompt_named(state, prompt).unwrap())
    };
    assert_eq!((late("home", "menu"), late("report", "area")), (Late::Follow, Late::Rewind));
}

#[test]
fn an_open_prompt_that_is_too_old_expires_but_typed_answers_do_not() {
    let mut chat = Chat::with(&bot("reject"));
    chat.says("report").wait("31m").taps("Vail").hears_back("That no longer counts.\nWhich area?");
    assert_eq!(chat.trace.lateness, Some(Lateness::Expired));
    chat.says("Vail").hears_back("Report: vail.");
}

#[test]
fn the_first_class_that_holds_is_taken() {
    let mut chat = Chat::with(&bot("follow"));
    chat.says("report").taps("Aspen").wait("31m").taps_of(0, "Vail");
    assert_eq!(chat.trace.lateness, Some(Lateness::Consumed), "consumed comes before expired");
}

#[test]
fn an_option_that_the_script_has_no_longer_is_never_run() {
    for gone in [r#"option "Photo" goto="photo";"#, r#"say "Home."; option "Photo" goto="photo"; option "Report" goto="report""#] {
        let mut chat = Chat::with(&bot("follow"));
        chat.says("home").says("fresh");
        let changed = if gone.starts_with("say") { r#"say "Home." ; option "Other" goto="fresh""# } else { "" };
        chat.program = program(&bot("follow").replace(gone, changed).replace(r#"on "home""#, r#"on "photo" { goto "photo" }; on "home""#));
        chat.taps_of(0, "Photo").hears_back("That no longer counts.").is_at("fresh");
        assert_eq!((chat.trace.lateness, chat.trace.policy), (Some(Lateness::Retired), Some(Late::Reject)));
    }
}

#[test]
fn a_renamed_state_still_takes_its_taps() {
    let mut chat = Chat::with(&bot("follow"));
    chat.says("home").says("fresh");
    let renamed = bot("follow").replace(r#"state "home""#, r#"state "start" was="home""#).replace(r#"goto "home""#, r#"goto "start""#);
    chat.program = program(&renamed.replace(r#"goto="home""#, r#"goto="start""#));
    chat.taps_of(0, "Photo").hears_back("A photo.");
    assert_eq!(chat.trace.lateness, Some(Lateness::Superseded));
}

#[test]
fn a_tap_that_is_not_ours_goes_to_its_rule_then_to_its_label_then_is_text() {
    let mut chat = Chat::with(&bot("follow"));
    let foreign = |metadata: &str| Some(Tap { metadata: Some(metadata.into()) });
    chat.says("home").says("fresh");
    chat.hears("Anything", foreign("old menu: Links")).hears_back("An old menu: Links.");
    assert_eq!(chat.trace.lateness, Some(Lateness::Foreign));
    chat.hears("Photo", foreign("unknown")).hears_back("A photo.");
    chat.hears("report", foreign("unknown")).hears_back("Which area?");
    chat.hears("vail", Some(Tap { metadata: None })).hears_back("Report: vail.");
}

#[test]
fn another_conversations_metadata_is_not_ours() {
    let mut chat = Chat::with(&bot("follow"));
    chat.says("home");
    let stolen = chat.messages[0].options[0].metadata.clone().unwrap();
    let (rest, _) = stolen.rsplit_once(';').unwrap();
    chat.hears("zzz", Some(Tap { metadata: Some(format!("{rest};00000000")) }));
    assert_eq!(chat.trace.lateness, Some(Lateness::Foreign));
    chat.hears_back("");
}

#[test]
fn metadata_of_the_authors_own_goes_out_verbatim_and_is_found_again() {
    let script = bot("reject").replace(r#"option "Photo" goto="photo""#, r#"option "Photo" goto="photo" metadata="see_photo""#);
    let mut chat = Chat::with(&script);
    chat.says("home");
    assert_eq!(chat.messages[0].options[0].metadata.as_deref(), Some("see_photo"));
    chat.taps("Photo").hears_back("A photo.");
    assert_eq!(chat.trace.lateness, Some(Lateness::Current));
    chat.taps_of(0, "Photo").hears_back("That no longer counts.");
    assert_eq!(chat.trace.lateness, Some(Lateness::Consumed), "it has the class of its asking");
}

#[test]
fn a_tap_on_a_message_that_is_not_confirmed_yet_is_current_and_confirms_it() {
    let mut chat = Chat::with(&bot("reject"));
    chat.delivers = false;
    chat.says("home");
    let row = chat.state.rows[0].id;
    chat.take(Event::Claimed { row });
    chat.taps_of(0, "Photo").hears_back("A photo.");
    assert_eq!(chat.trace.lateness, Some(Lateness::Early));
    assert_eq!(chat.state.rows.len(), 1, "only the photo is left to be sent");
    chat.take(Event::Settled { row, outcome: Outcome::Sent(MessageId(1)) });
    assert_eq!(chat.state.rows.len(), 1, "the answer of the API settles nothing else");
    chat.taps_of(0, "Report").hears_back("That no longer counts.");
    assert_eq!(chat.trace.lateness, Some(Lateness::Superseded), "who goes elsewhere has not answered twice");
    chat.taps_of(0, "Photo").hears_back("That no longer counts.");
    assert_eq!(chat.trace.lateness, Some(Lateness::Consumed), "the second tap on it is a double tap");
}

#[test]
fn a_skipped_question_and_an_answered_one_take_their_taps_out_of_order() {
    let mut chat = Chat::with(&bot("follow"));
    chat.says("home").taps("Report").hears_back("Which area?");
    chat.taps_of(0, "Photo").hears_back("A photo.").is_at("photo");
    chat.taps_of(1, "Aspen").hears_back("Report: aspen.").is_at("report");
    chat.taps_of(1, "Vail").hears_back("Report: vail.").is_at("report");
}

#[test]
fn a_tap_of_an_asking_that_nobody_remembers_is_late_all_the_same() {
    let mut chat = Chat::with(&bot("rewind"));
    chat.says("report");
    for _ in 0..12 {
        chat.says("fresh");
    }
    chat.taps_of(0, "Vail").hears_back("Report: vail.").is_at("report");
    assert_eq!(chat.trace.lateness, Some(Lateness::Expired), "older than the journal is older than the ttl");
}

#[test]
fn long_menus_turn_their_pages() {
    let rows: String = (1..=25).map(|n| format!("Area {n}\n")).collect();
    let script = r##"bot "b" version=1
        table "areas" file="areas.csv" key="name"
        on "go" { goto "a" }
        state "a" { ask "area" "Which?" from="areas" page=10 ; say "Got {{ area }}."; option "Again" goto="a" }"##;
    let sources = Sources::from([("bot.kdl".to_owned(), script.to_owned()), ("areas.csv".to_owned(), format!("name\n{rows}"))]);
    let mut chat = Chat::with(SMALL);
    chat.program = compile(&sources).unwrap_or_else(|found| panic!("{found:#?}")).program;
    chat.says("go");
    assert_eq!((chat.labels().len(), chat.labels()[10]), (11, "More …"));
    chat.taps("More …");
    assert_eq!(chat.labels()[..2], ["Area 11", "Area 12"]);
    chat.says("more").hears_back("Which?");
    assert_eq!(chat.labels().len(), 6);
    chat.taps_of(0, "More …");
    assert_eq!(chat.labels()[0], "Area 11", "an older page turns too");
    chat.says("3").hears_back("Got Area 13.");
    chat.taps_of(0, "Area 2").hears_back("Got Area 2.");
}

const SMALL: &str = r#"bot "b" version=1
on "go" { goto "a" }
state "a" { say "A."; option "Again" goto="a" }"#;

#[test]
fn an_option_that_is_called_like_a_page_is_an_option() {
    let script = bot("follow").replace(r#"value="vail""#, r#"value=">1""#);
    let mut chat = Chat::with(&script);
    chat.says("report").taps("Vail").hears_back("Report: >1.");
}

#[test]
fn taps_that_name_no_asking_of_this_conversation_answer_none() {
    let mut chat = Chat::with(&bot("follow"));
    chat.says("home");
    let ours = Metadata::read(chat.messages[0].options[0].metadata.as_deref().unwrap(), key()).unwrap();
    let welcome = Metadata { asking: AskingRef::Welcome, ..ours.clone() }.write(key());
    chat.hears("Photo", Some(Tap { metadata: Some(welcome) })).hears_back("A photo.");
    let forgotten = Metadata { started: ours.started.plus(Duration::from_secs(1)), ..ours }.write(key());
    chat.hears("Photo", Some(Tap { metadata: Some(forgotten) })).hears_back("A photo.");
    assert_eq!(chat.trace.lateness, Some(Lateness::Expired), "nobody knows of an answer");
    assert!(chat.state.answered.is_empty());
}

#[test]
fn an_asking_that_nobody_remembers_is_answered_once() {
    let mut chat = Chat::with(&bot("rewind"));
    chat.says("report");
    for _ in 0..12 {
        chat.says("fresh");
    }
    chat.taps_of(0, "Vail").hears_back("Report: vail.").taps_of(0, "Aspen").hears_back("Report: aspen.");
    assert_eq!(chat.trace.lateness, Some(Lateness::Consumed));
}
