//! `junco test`.

use super::program::{BOT, Place};

const GOOD: &str = "test \"a greeting\" { user \"hi\"; bot \"Hello\" as=\"m\"; tap \"Once more\" of=\"m\"; bot \"Hello again\" }\n";

fn place(tests: &str) -> Place {
    let place = Place::with_bot("echo", BOT);
    place.write("bots/echo/echo.test.kdl", tests);
    place
}

#[test]
fn good_tests_are_told_so_with_what_they_reached() {
    let ran = place(GOOD).run(&["test", "bots/echo"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.starts_with("bots/echo: 1 tests\ntest a greeting ... ok\n"), "{}", ran.out);
    assert!(ran.out.contains("option `home/menu: Bye` was not reached"), "{}", ran.out);
    assert!(ran.out.ends_with("\n1 passed, 0 failed\n"), "{}", ran.out);
}

#[test]
fn a_failure_is_shown_where_it_stands_with_the_conversation() {
    let ran = place("test \"a greeting\" {\n  user \"hi\"\n  bot \"Good bye\"\n}\n").run(&["test", "bots/echo"]);
    assert_eq!(ran.code, Some(1));
    for told in [
        "test a greeting ... FAILED\n",
        "---- a greeting (native, paged)\nerror[test]: expected a message with `Good bye`, but the bot said `Hello.`\n --> bots/echo/echo.test.kdl:3:3\n",
        "---- a greeting (numbered)\n",
        "    you  hi\n    bot  Hello.\n",
        "\n0 passed, 1 failed\n",
    ] {
        assert!(ran.out.contains(told), "expected {told:?} in {}", ran.out);
    }
    let ran = place("test \"a\" {\n  user \"hi\"\n  bot \"Good bye\"\n}\n").run(&["test", "bots/echo", "--rendering", "native", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &told["failed"]), (Some(1), &1.into()));
    let failure = &told["bots"][0]["tests"][0]["failures"][0];
    assert_eq!((&failure["line"], &failure["rendering"]), (&3.into(), &"native".into()), "{told}");
}

#[test]
fn some_tests_can_be_chosen_and_lacking_coverage_fails_the_whole() {
    let tests = format!("{GOOD}test \"wrong\" {{ bot }}\ncovers options=\"100%\"\n");
    let ran = place(&tests).run(&["test", "bots/echo", "--filter", "greet"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.ends_with("\n1 passed, 0 failed\n"), "{}", ran.out);
    let ran = place(&format!("{GOOD}covers options=\"100%\"\n")).run(&["test", "bots/echo"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("error[covers]: options are covered to 33 %, and 100 % are asked for"), "{}", ran.out);
}

#[test]
fn what_cannot_be_played_is_told() {
    let ran = place("test \"a\" { usr \"hi\" }").run(&["test", "bots/echo"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("error[unknown-node]: `usr` does not stand in a test\n --> bots/echo/echo.test.kdl:1:12"), "{}", ran.err);
    let ran = place(GOOD).run(&["test", "bots/nowhere"]);
    assert_eq!(ran.code, Some(2));
    let ran = place(GOOD).run(&["test", "bots/echo", "--rendering", "large"]);
    assert_eq!(ran.code, Some(2));
}

#[test]
fn the_bots_of_the_house_pass_their_tests() {
    let root = env!("CARGO_MANIFEST_DIR");
    let ran = place(GOOD).run(&["test", &format!("{root}/bots/snowbot"), &format!("{root}/tests/bot/whole")]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains("options 27 of 27") && ran.out.contains("options 16 of 16"), "{}", ran.out);
}
