//! `junco graph`.

use super::program::{BOT, Place, WRONG};

#[test]
fn a_bot_is_drawn_in_each_format() {
    let place = Place::with_bot("echo", BOT);
    for (format, begins, way) in [
        (None, "<svg ", "home: Bye → bye"),
        (Some("dot"), "digraph \"echo\" {", "n0 -> n1 [label=\"Bye\"];"),
        (Some("mermaid"), "---\ntitle: \"echo\"", "n0 -->|\"Bye\"| n1"),
    ] {
        let format = format.map(|format| ["--format", format]).unwrap_or(["--format", "svg"]);
        let ran = place.run(&["graph", "bots/echo", format[0], format[1]]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        assert!(ran.out.starts_with(begins) && ran.out.contains(way), "{}", ran.out);
    }
}

#[test]
fn it_is_written_to_a_file() {
    let place = Place::with_bot("echo", BOT);
    let ran = place.run(&["graph", "bots/echo", "-o", "echo.svg"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    assert!(place.read("echo.svg").ends_with("</svg>\n"));
    let nowhere = place.run(&["graph", "bots/echo", "-o", "none/echo.svg"]);
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.err.contains("none/echo.svg"), "{}", nowhere.err);
}

#[test]
fn a_bot_with_a_mistake_is_not_drawn() {
    let ran = Place::with_bot("wrong", WRONG).run(&["graph", "bots/wrong"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("there is no state `hoem`"), "{}", ran.err);
}

#[test]
fn a_picture_that_cannot_be_written_is_no_success() {
    let place = Place::with_bot("echo", BOT);
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device that is always full");
    let ran = place.command(&["graph", "bots/echo"]).stdout(full).output().expect("it runs");
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("standard output"), "{ran:?}");
}
