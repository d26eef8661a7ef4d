//! bots/README.md is true: its walk is carried out as written, each of its examples is run, and what it shows is what is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Where the walk ends and the reference begins.
const REFERENCE: &str = "\n## The form\n";

/// A block of code, and the paragraph before it.
#[derive(Debug)]
struct Block {
    kind: String,
    text: String,
    before: String,
}

fn page() -> String {
    fs::read_to_string(root().join("bots/README.md")).unwrap()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut rest) = (Vec::new(), page);
    while let Some((before, block)) = rest.split_once("\n```") {
        let (kind, block) = block.split_once('\n').unwrap();
        let (text, behind) = if let Some(behind) = block.strip_prefix("```") { ("", behind) } else { block.split_once("\n```").unwrap() };
        let text = if text.is_empty() { String::new() } else { format!("{text}\n") };
        let paragraph = before.trim_end().rsplit("\n\n").next().unwrap();
        blocks.push(Block { kind: kind.to_owned(), text, before: paragraph.to_owned() });
        rest = behind;
    }
    blocks
}

/// Runs the binary in a folder; gives all that it printed.
fn junco(folder: &Path, arguments: &[&str], typed: &str) -> String {
    fs::write(folder.join("typed"), typed).unwrap();
    let input = fs::File::open(folder.join("typed")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_junco"));
    command.args(arguments).current_dir(folder).env_remove("RUST_LOG").stdin(Stdio::from(input));
    let output = command.output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn the_walk_goes_as_written() {
    let page = page();
    let (walk, _) = page.split_once(REFERENCE).unwrap();
    let place = tempfile::tempdir().unwrap();
    let blocks = blocks(walk);
    assert!(blocks.len() > 10);
    for block in &blocks {
        match block.text.strip_prefix("$ junco ") {
            Some(command) => terminal(place.path(), command),
            None => edit(place.path(), block),
        }
    }
}

/// A command, what is typed behind `you>`, and what is shown.
fn terminal(place: &Path, block: &str) {
    let (command, shown) = block.split_once('\n').unwrap();
    let typed: String = shown.lines().filter_map(|line| line.strip_prefix("you> ")).map(|line| format!("{line}\n")).collect();
    let arguments: Vec<&str> = command.split(' ').collect();
    assert_eq!(junco(place, &arguments, &typed), shown, "$ junco {command}");
}

/// A file to be looked at or changed, as the paragraph before it says.
fn edit(place: &Path, block: &Block) {
    let quoted = block.before.split('`').skip(1).step_by(2);
    let file = place.join(quoted.filter(|name| name.starts_with("helpdesk/")).last().expect("a file is named"));
    let (before, told) = (fs::read_to_string(&file).unwrap(), block.before.to_lowercase());
    let after = if told.starts_with("open `") {
        assert_eq!(before, block.text);
        before
    } else if told.contains("in the place of the") {
        let (head, _) = block.text.split_once(" {").unwrap();
        let start = before.find(&format!("{head} {{\n")).expect("what is replaced is there");
        let end = start + before[start..].find("\n}\n").unwrap() + 3;
        format!("{}{}{}", &before[..start], block.text, &before[end..])
    } else {
        assert!(told.contains("at the end of"), "what is to be done with this? {block:?}");
        let line = if block.kind == "kdl" { "\n" } else { "" };
        format!("{before}{line}{}", block.text)
    };
    fs::write(file, after).unwrap();
}

/// A bot with that script and all files of the page, in the folder `b`.
fn bot(script: &str, files: &[(&str, &str)]) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("b");
    let script = if begins(script, "bot \"") { script.to_owned() } else { format!("bot \"example\" version=1\n{script}") };
    for (name, text) in files.iter().copied().chain([("bot.kdl", script.as_str())]) {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), text).unwrap();
    }
    std::os::unix::fs::symlink(root().join("tests/bot/whole/photos"), folder.join("photos")).unwrap();
    place
}

/// Whether a line begins so.
fn begins(text: &str, beginning: &str) -> bool {
    text.lines().any(|line| line.starts_with(beginning))
}

/// The file that a block is: `With this …:`.
fn named(block: &Block) -> Option<&str> {
    block.before.strip_prefix("With this `")?.strip_suffix("`:")
}

#[test]
fn every_example_runs() {
    let page = page();
    let (_, reference) = page.split_once(REFERENCE).unwrap();
    let blocks = blocks(reference);
    let files: Vec<(&str, &str)> = blocks.iter().filter_map(|block| Some((named(block)?, block.text.as_str()))).collect();
    let (mut script, mut wrong, mut run) = ("", Vec::new(), 0);
    for (ix, block) in blocks.iter().enumerate() {
        let is_test = begins(&block.text, "test \"");
        let told = blocks.get(ix + 1).filter(|next| next.kind == "text" && next.before.is_empty() && next.text.contains("--> "));
        let said = match block.kind.as_str() {
            "kdl" if named(block).is_some() => continue,
            "kdl" if is_test => junco(bot(script, &[files.as_slice(), &[("b.test.kdl", &block.text)]].concat()).path(), &["test", "b"], ""),
            "kdl" => junco(bot(&block.text, &files).path(), &["check", "b"], ""),
            // They belong to what stands before them.
            "csv" if named(block).is_some() => continue,
            "text" if ix > 0 && block.text.contains("--> ") => continue,
            "rust" => {
                is_run_elsewhere(&block.text);
                continue;
            }
            _ => panic!("nothing runs this: {block:?}"),
        };
        run += 1;
        let is_right = match told {
            Some(told) => said.replace("--> b/", "--> ").contains(&format!("{}\n", told.text)),
            None if is_test => said.ends_with(" passed, 0 failed\n") && !said.contains("0 tests"),
            None => said == "b: no errors, no warnings\n",
        };
        if !is_right {
            wrong.push(format!("{}\nsays\n{said}", block.text));
        }
        if !is_test && told.is_none() {
            script = &block.text;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(run > 20, "{run}");
}

/// A Rust example is one of the library's own, which `cargo test --doc` runs.
fn is_run_elsewhere(example: &str) {
    let docs = fs::read_to_string(root().join("src/bot/element.rs")).unwrap();
    let documented: String =
        docs.lines().filter_map(|line| line.strip_prefix("///")).map(|line| format!("{}\n", line.trim_start())).collect();
    assert!(documented.contains(example), "{example}");
}
