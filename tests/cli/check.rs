//! `junco check`.

use super::program::{BOT, Place, WRONG};

#[test]
fn a_good_bot_is_told_so() {
    let ran = Place::with_bot("echo", BOT).run(&["check", "bots/echo"]);
    assert_eq!((ran.code, ran.out.trim_end(), ran.err.as_str()), (Some(0), "bots/echo: no errors, no warnings", ""));
}

#[test]
fn the_bots_of_the_repository_are_good() {
    let bots = concat!(env!("CARGO_MANIFEST_DIR"), "/bots/snowbot");
    let ran = Place::new().run(&["check", bots]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_mistake_is_shown_where_it_stands() {
    let ran = Place::with_bot("wrong", WRONG).run(&["check", "bots/wrong"]);
    assert_eq!(ran.code, Some(1));
    let shown = r#"error[goto-nowhere]: there is no state `hoem`
 --> bots/wrong/bot.kdl:3:54
  |
3 | state "home" { say "Hello."; option "Once more" goto="hoem" }
  |                                                      ^^^^^^ no such state
  |
  = help: did you mean `home`?
"#;
    assert!(ran.out.contains(shown), "{}", ran.out);
    assert!(ran.out.ends_with("bots/wrong: 1 error, no warnings\n"), "{}", ran.out);
}

#[test]
fn what_is_no_bot_is_told_and_the_others_are_checked() {
    let place = Place::with_bot("wrong", WRONG);
    place.write("empty/notes.txt", "");
    let ran = place.run(&["check", "nowhere", "empty", "bots/wrong/bot.kdl", "bots/wrong"]);
    assert_eq!(ran.code, Some(1));
    for told in [
        "junco: nowhere: there is no such folder; a bot is a folder with a bot.kdl in it\n",
        "junco: empty: there is no bot.kdl in this folder; a bot is a folder with a script of that name\n",
        "junco: bots/wrong/bot.kdl: this is a file; name the bot's folder, the one with the bot.kdl\n",
    ] {
        assert!(ran.err.contains(told), "expected {told:?} in {:?}", ran.err);
    }
    assert!(ran.out.contains("bots/wrong: 1 error"), "{}", ran.out);
}
