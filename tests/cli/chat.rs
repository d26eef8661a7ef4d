//! `junco dev` and `junco talk`, through a pipe and by scripts.

use super::program::{BOT, Place, Ran, WRONG};

fn play(script: &str) -> Ran {
    let place = Place::with_bot("echo", BOT);
    place.write("chat.kdl", script);
    place.run(&["dev", "bots/echo", "--script", "chat.kdl"])
}

fn assert_tells(ran: &Ran, told: &str) {
    assert!(ran.err.contains(told), "expected {told:?} in {:?}", ran.err);
}

#[test]
fn the_chats_of_the_repository_are_as_expected() {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut played = 0;
    for entry in std::fs::read_dir(format!("{root}/tests/chats")).unwrap() {
        let script = entry.unwrap().path().display().to_string();
        let ran = Place::new().run(&["dev", &format!("{root}/bots/snowbot"), "--script", &script]);
        assert_eq!(ran.code, Some(0), "{script}: {}", ran.err);
        assert!(ran.out.ends_with("as expected\n"), "{}", ran.out);
        played += 1;
    }
    assert!(played > 0);
}

#[test]
fn a_reply_that_is_not_as_expected_names_file_and_line() {
    let ran = play("user \"hi\"\nbot \"Good bye\"\n");
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.err, "junco: chat.kdl:2: expected a message with `Good bye`, but the bot said `Hello.`\n");
}

#[test]
fn every_kind_of_expectation_can_fail() {
    for (script, told) in [
        ("user \"hi\"\nbot options=3", "chat.kdl:2: expected 3 options, but the message has 2"),
        ("user \"hi\"\nbot state=\"bye\"", "chat.kdl:2: expected the state `bye`, but the conversation is in `home`"),
        ("user \"hi\"\nbot \"Hello\" count=2", "chat.kdl:2: expected `Hello` 2 times in all, but the bot said it 1 times"),
        ("user \"hi\"", "chat.kdl: the bot said more than the script expects, beginning with\n#1  Hello."),
        ("user \"hi\"\ntap \"Later\"", "chat.kdl:2: no message has an option `Later`"),
        ("user \"hi\"\nbot\ntap \"Bye\" of=\"it\"", "chat.kdl:3: no message was named `it`: write as=\"it\" behind its bot"),
    ] {
        let ran = play(script);
        assert_eq!(ran.code, Some(1), "{script}");
        assert_tells(&ran, told);
    }
}

#[test]
fn a_script_that_cannot_be_read_is_refused_before_anything_starts() {
    for (script, told) in [
        ("user \"hi", "error[quote]"),
        ("\n\nusr \"hi\"", "error[unknown-node]: `usr` does not stand in a chat over HTTP\n --> chat.kdl:3:1"),
        ("\n\nusr \"hi\"", "= help: did you mean `user`?"),
        ("bot \"a\" optons=1", "`bot` has no property `optons`\n --> chat.kdl:1:9"),
        ("user", "`user` lacks a text\n --> chat.kdl:1:1"),
        ("bot late=\"expired\"", "chat.kdl:1: late= or media= is for the tests of `junco test`: here X and time are real"),
    ] {
        let ran = play(script);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{script}");
        assert_tells(&ran, told);
    }
    let ran = Place::with_bot("echo", BOT).run(&["dev", "bots/echo", "--script", "none.kdl"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), "junco: none.kdl: No such file or directory (os error 2)\n"));
}

#[test]
fn a_bot_that_cannot_run_is_told_with_file_line_and_caret() {
    for command in ["dev", "talk"] {
        let place = Place::with_bot("wrong", WRONG);
        let ran = place.run(&[command, "bots/wrong"]);
        assert_eq!(ran.code, Some(1));
        assert_tells(&ran, "junco: the bot cannot run:\n\nerror[goto-nowhere]");
        assert_tells(&ran, "bots/wrong/bot.kdl:3:54");
        assert_tells(&ran, "^^^^^^ no such state");
        assert_tells(&place.run(&[command, "nowhere"]), "nowhere: there is no such folder");
        assert!(!place.path().join("data").exists(), "nothing is made for a bot that cannot run");
    }
}

#[test]
fn a_chat_goes_on_where_it_stopped() {
    let place = Place::with_bot("echo", BOT);
    let first = place.run_typing(&["dev", "bots/echo"], "hi\n");
    assert!(first.out.contains("data/dev/echo (kept for the next start)"), "{}", first.out);
    assert!(first.out.contains("you> hi\n#1  Hello.\n"), "{}", first.out);
    let second = place.run_typing(&["dev", "bots/echo"], "once more\n");
    assert!(second.out.contains("data/dev/echo (they go on where they stopped"), "{}", second.out);
    assert!(second.out.contains("you> once more\n#1  Hello again.\n"), "a label of the open menu may be typed: {}", second.out);
    assert_eq!((second.code, second.err.as_str()), (Some(0), ""));
}

#[test]
fn a_talk_leaves_nothing_behind() {
    let place = Place::with_bot("echo", BOT);
    let ran = place.run_typing(&["talk", "bots/echo"], "hi\n2\n");
    assert!(ran.out.contains("you> 2\n#2  So long.\n"), "{}", ran.out);
    assert!(!place.path().join("data").exists());
}

#[test]
fn a_person_is_told_what_cannot_be_done() {
    let typed = "hi\n#7\n#1 lunch\n/lunch\n#1\n/crash\n#1 bye\n";
    let ran = Place::with_bot("echo", BOT).run_typing(&["talk", "bots/echo"], typed);
    for told in [
        "you> #7\n    there is no message #7; the bot has sent 1\n",
        "you> #1 lunch\n    no option `lunch` there; it has: Once more, Bye\n",
        "you> /lunch\n    there is no /lunch: /help tells what there is, and /say /lunch types it to the bot\n",
        "you> #1\n#1  Hello.\n",
        "you> /crash\n    the service was cut off and started again\n",
        "you> #1 bye\n#2  So long.\n",
    ] {
        assert!(ran.out.contains(told), "expected {told:?} in {}", ran.out);
    }
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn a_line_that_is_no_text_does_not_end_the_chat() {
    let ran = Place::with_bot("echo", BOT).run_typing(&["talk", "bots/echo"], b"\xff\xfe\nhi\n");
    assert!(ran.out.contains("you> hi\n#2  Hello.\n"), "{}", ran.out);
}

#[test]
fn warnings_are_told_at_the_start_a_line_each() {
    let script = format!("{BOT}state \"lost\" {{ say \"?\"; option \"Home\" goto=\"home\" }}\n");
    let ran = Place::with_bot("echo", &script).run(&["dev", "bots/echo"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.err.trim(),
        "WARN bots/echo/bot.kdl:6: nothing leads to the state `lost`; lead there with a rule, an option or a goto; or take it out"
    );
}
