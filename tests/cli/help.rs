//! `--help`, and the README's table of commands beside it.

use super::program::Place;

/// The README's row of each command, and the command's words.
fn documented() -> Vec<(Vec<String>, String)> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `junco "));
    let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
    let words = |row: &str| row.split('`').next().unwrap().split(' ').take_while(is_word).map(str::to_owned).collect();
    rows.map(|row| (words(row), row.to_owned())).collect()
}

/// What `--help` prints behind these words.
fn help(words: &[String]) -> String {
    let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    arguments.push("--help");
    let ran = Place::new().run(&arguments);
    assert_eq!(ran.code, Some(0), "{arguments:?}");
    ran.out
}

/// The commands that `--help` tells behind these words, and those behind each of them.
fn told(words: &[String]) -> Vec<Vec<String>> {
    let help = help(words);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).filter(|command| *command != "help").collect();
    if commands.is_empty() {
        return vec![words.to_vec()];
    }
    commands.into_iter().flat_map(|command| told(&[words, &[command.to_owned()]].concat())).collect()
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
    let mut told = told(&[]);
    told.sort();
    let mut documented: Vec<Vec<String>> = documented().into_iter().map(|(command, _)| command).collect();
    documented.sort();
    assert_eq!(told, documented);
}

#[test]
fn the_readme_tells_every_option() {
    for (command, row) in documented() {
        assert_eq!(flags(&help(&command)), flags(&row), "{command:?}");
    }
}

#[test]
fn what_is_asked_wrongly_exits_2() {
    for arguments in [&[][..], &["frob"], &["dev"], &["run", "--confg", "x"], &["sim", "--listen", "here"]] {
        let ran = Place::new().run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
    }
}
