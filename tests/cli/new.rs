//! `junco new`.

use super::program::Place;

/// A bot that was just made passes everything that is asked of bots.
#[track_caller]
fn is_in_order(place: &Place, bot: &str) {
    let checked = place.run(&["check", bot]);
    assert_eq!((checked.code, checked.out), (Some(0), format!("{bot}: no errors, no warnings\n")), "{}", checked.err);
    let tested = place.run(&["test", bot]);
    assert!(tested.code == Some(0) && tested.out.ends_with("4 passed, 0 failed\n"), "{}{}", tested.out, tested.err);
    let formatted = place.run(&["fmt", "--check", bot]);
    assert_eq!((formatted.code, formatted.out.as_str()), (Some(0), ""));
}

#[test]
fn a_new_bot_runs_and_has_a_test() {
    let place = Place::new();
    let made = place.run(&["new", "bots/help-desk"]);
    let files = "bots/help-desk/bot.kdl\nbots/help-desk/data/places.csv\nbots/help-desk/help-desk.test.kdl\n";
    assert_eq!((made.code, made.out), (Some(0), format!("{files}Talk to it: junco talk bots/help-desk\n")));
    assert!(place.read("bots/help-desk/bot.kdl").contains("bot \"help-desk\" version=1 lang=\"en\" {\n"));
    is_in_order(&place, "bots/help-desk");
}

#[test]
fn a_new_bot_has_the_words_of_its_language() {
    let place = Place::new();
    assert_eq!(place.run(&["new", "hilfe", "--lang", "de"]).code, Some(0));
    assert!(place.read("hilfe/bot.kdl").contains("lang=\"de\" {\n  late"));
    is_in_order(&place, "hilfe");
    assert_eq!(place.run(&["new", "hjälp", "--lang", "sv"]).code, Some(0));
    assert!(place.read("hjälp/bot.kdl").contains("    more \"More …\"\n"), "what is not known is there to be translated");
    is_in_order(&place, "hjälp");
}

#[test]
fn nothing_is_written_over() {
    let place = Place::with_bot("x", "bot \"x\"\n");
    let ran = place.run(&["new", "bots/x"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("bots/x is there already"), "{}", ran.err);
    assert_eq!(place.read("bots/x/bot.kdl"), "bot \"x\"\n");
    for wrong in [vec!["new", "a b"], vec!["new", "."], vec!["new", "y", "--lang", "\""]] {
        assert_eq!(place.run(&wrong).code, Some(2), "{wrong:?}");
    }
}
