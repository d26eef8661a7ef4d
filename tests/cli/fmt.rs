//! `junco fmt`.

use super::program::Place;

const LOOSE: &str = "bot \"x\"   version=1\non \"hi\"{say \"Hi.\"}   // greets\n";
const NEAT: &str = "bot \"x\" version=1\non \"hi\" { say \"Hi.\" }  // greets\n";

#[test]
fn scripts_and_tests_are_formatted_once() {
    let place = Place::with_bot("x", LOOSE);
    place.write("bots/x/chats/a.test.kdl", "test \"a\"{user \"hi\"}\n");
    let checked = place.run(&["fmt", "--check", "bots/x"]);
    let named = "bots/x/bot.kdl\nbots/x/chats/a.test.kdl\n";
    assert_eq!((checked.code, checked.out.as_str()), (Some(1), named));
    assert_eq!(place.read("bots/x/bot.kdl"), LOOSE, "nothing is changed by looking");
    let ran = place.run(&["fmt", "bots/x"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), named));
    assert_eq!(place.read("bots/x/bot.kdl"), NEAT);
    let again = place.run(&["fmt", "--check", "bots/x"]);
    assert_eq!((again.code, again.out.as_str()), (Some(0), ""));
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    let place = Place::with_bot("x", "bot \"x\" {\n");
    place.write("bots/y/bot.kdl", LOOSE);
    let ran = place.run(&["fmt", "bots/x", "bots/y"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("error[brace]") && ran.err.contains("bots/x/bot.kdl:1:9"), "{}", ran.err);
    assert_eq!(place.read("bots/x/bot.kdl"), "bot \"x\" {\n");
    assert_eq!(place.read("bots/y/bot.kdl"), NEAT, "the others are formatted all the same");
    assert_eq!(place.run(&["fmt", "bots/z"]).code, Some(1));
}
