//! `--help`, and the README's table of commands beside it.

use super::program::Place;

/// The README's row of each command.
fn documented() -> Vec<(String, String)> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `junco "));
    rows.map(|row| (row.split([' ', '`']).next().unwrap().to_owned(), row.to_owned())).collect()
}

fn flags(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| word.len() > 2 && word.starts_with("--"));
    let mut flags: Vec<String> = words.filter(|word| *word != "--help").map(str::to_owned).collect();
    flags.sort();
    flags.dedup();
    flags
}

#[test]
fn the_readme_tells_every_command() {
    let ran = Place::new().run(&["--help"]);
    assert_eq!(ran.code, Some(0));
    let commands = ran.out.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut told: Vec<String> = commands.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
    told.retain(|command| command != "help");
    told.sort();
    let mut documented: Vec<String> = documented().into_iter().map(|(command, _)| command).collect();
    documented.sort();
    assert_eq!(told, documented);
}

#[test]
fn the_readme_tells_every_option() {
    for (command, row) in documented() {
        let ran = Place::new().run(&[&command, "--help"]);
        assert_eq!(ran.code, Some(0));
        assert_eq!(flags(&ran.out), flags(&row), "junco {command}");
    }
}

#[test]
fn what_is_asked_wrongly_exits_2() {
    for arguments in [&[][..], &["frob"], &["dev"], &["run", "--confg", "x"], &["sim", "--listen", "here"]] {
        let ran = Place::new().run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
    }
}
