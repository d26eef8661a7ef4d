use proptest::prelude::*;

use super::*;
use crate::bot::{Answer, Op, PromptIx, PromptKind, Reach, Scope};

fn sources(text: &str) -> Sources {
    Sources::from([(SCRIPT.to_owned(), text.to_owned()), ("t.csv".to_owned(), "name,desc\nVail,big\nAspen,bigger\n".to_owned())])
}

fn program(text: &str) -> Program {
    compile(&sources(text)).map(|compiled| compiled.program).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn snowbot() -> Sources {
    let files = ["bot.kdl", "data/resorts.csv", "data/links.csv", "data/playlists.csv"];
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/bots/snowbot/");
    let read = |file: &str| std::fs::read_to_string(format!("{root}{file}")).unwrap();
    files.map(|file| (file.to_owned(), read(file))).into()
}

#[test]
fn snowbot_compiles_without_a_word() {
    let sources = snowbot();
    let shown = |found: &[Diagnostic]| found.iter().map(|found| found.render(&sources, false)).collect::<Vec<_>>().join("\n\n");
    let compiled = compile(&sources).unwrap_or_else(|found| panic!("{}", shown(&found)));
    assert!(compiled.warnings.is_empty(), "{}", shown(&compiled.warnings));

    let program = compiled.program;
    let report = program.state_named("report").unwrap();
    let area = program.prompt_named(report, "area").unwrap();
    let labels: Vec<String> =
        program.choices(area, &Scope::new(&program)).options.into_iter().map(|choice| choice.label.into_owned()).collect();
    assert_eq!(labels.len(), 20);
    assert!(["Aspen", "Vail", "Home"].iter().all(|label| labels.iter().any(|known| known == label)));
    for (typed, state) in
        [("Bot", "home"), ("wx", "weather"), ("pic", "photo"), ("learn", "links"), ("rpt vail", "report"), ("MUSIC!", "playlists")]
    {
        let rule = program.matcher.find(typed, None, Reach::All).unwrap_or_else(|| panic!("nothing takes {typed}"));
        let Some(Op::Goto(target)) = program.rules[rule.rule.0].steps.first() else { panic!("{typed} leads nowhere") };
        assert_eq!(program.state(target.state).name, state, "{typed}");
    }
    let old = program.matcher.find_metadata("location_choice: Wolf Creek", None).unwrap();
    assert_eq!(old.captures["area"], "Wolf Creek");
}

#[test]
fn branches_become_jumps() {
    let program = program(
        r#"
        bot "x"
        on "hi" { goto "a" }
        state "a" {
          ask "n" "How many?" type="int" min=1
          if "n > 2" { say "many"; goto "a" }
          elif "n == 2" { say "two" }
          else { say "one" }
          say "end"
        }
        "#,
    );
    let steps = &program.states[0].steps;
    let shape: Vec<String> = steps
        .iter()
        .map(|op| match op {
            Op::JumpUnless { to, .. } => format!("unless {to}"),
            Op::Jump { to } => format!("jump {to}"),
            Op::Say { variants, .. } => variants[0].source().to_owned(),
            Op::Goto(_) => "goto".to_owned(),
            Op::Prompt(PromptIx(0)) => "ask".to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(shape, ["ask", "unless 5", "many", "goto", "jump 9", "unless 8", "two", "jump 9", "one", "end"]);
    assert!(matches!(&program.prompts[0].kind, PromptKind::Question(q) if matches!(q.answer, Answer::Int { min: Some(1), max: None })));
}

#[test]
fn prompts_and_options_have_lasting_names() {
    let program = program(
        r#"
        bot "x"
        table "t" file="t.csv" key="name"
        on "hi" { goto "a" }
        state "a" late="rewind" was="old older" {
          ask "area" "Where?" from="t" { option "Away" goto="b" desc="x"; option "Else" value="other" id="e" desc="y" }
          say "{{ area }}"
          option "Back" goto="a" area="{{ area }}"
          option "B" goto="b" id="bee"
        }
        state "b" { say "b"; option "A" goto="a" }
        "#,
    );
    let a = program.state_named("older").unwrap();
    assert_eq!(program.state(a).name, "a");
    let ids = |name| {
        let prompt = program.prompt_named(a, name).unwrap();
        program.choices(prompt, &Scope::new(&program)).options.into_iter().map(|choice| choice.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("area"), ["Vail", "Aspen", "b/Away", "e"]);
    assert_eq!(ids("menu"), ["a/Back", "bee"]);
    let menu = program.prompt(program.prompt_named(a, "menu").unwrap());
    assert_eq!(menu.at, program.state(a).steps.len() - 1);
    assert_eq!(menu.options[0].goto.as_ref().unwrap().slots[0].0, "area");
}

#[test]
fn order_and_files_do_not_matter() {
    let mut sources = sources("bot \"x\"\ninclude \"more/*.kdl\"\non \"hi\" { goto \"a\" }\n");
    sources.insert("more/a.kdl".to_owned(), "state \"a\" { say \"{{ t['Vail'].desc }}\"; option \"A\" goto=\"a\" }".to_owned());
    sources.insert("more/t.kdl".to_owned(), "table \"t\" file=\"t.csv\" key=\"name\"\ninclude \"bot.kdl\"".to_owned());
    let one = compile(&sources).unwrap().program;
    let Op::Say { variants, .. } = &one.states[0].steps[0] else { panic!("nothing is said") };
    assert_eq!(variants[0].render(&Scope::new(&one)).unwrap(), "big");

    sources.insert("unused.csv".to_owned(), "changed".to_owned());
    assert_eq!(compile(&sources).unwrap().program.revision, one.revision, "only the bot's own files count");
    sources.insert("t.csv".to_owned(), "name,desc\nVail,huge\n".to_owned());
    assert_ne!(compile(&sources).unwrap().program.revision, one.revision);
    assert_eq!(one.revision.len(), 8);
}

#[test]
fn only_files_of_the_bot_are_wanted() {
    for (path, wanted) in
        [("bot.kdl", true), ("menus/a.kdl", true), ("data/a.csv", true), ("a.json", true), ("a.test.kdl", false), ("a.png", false)]
    {
        assert_eq!(is_source(path), wanted, "{path}");
    }
}

/// Cuts a piece out of a text, and puts another one there.
fn mutilated(text: &str, from: usize, len: usize, new: &str) -> String {
    let (start, end) = (text.floor_char_boundary(from), text.floor_char_boundary(from + len));
    format!("{}{new}{}", &text[..start], &text[end..])
}

#[test]
fn a_table_that_breaks_off_is_pointed_at_within_its_file() {
    let script = "bot \"b\"\ntable \"t\" file=\"t.json\" key=\"a\"\n";
    for broken in ["[{\"a\": \"b\"},\n {\"c\n", "", "[\"é", "[{\"a\": \"é\u{2744}\n"] {
        let sources = Sources::from([("bot.kdl".to_owned(), script.to_owned()), ("t.json".to_owned(), broken.to_owned())]);
        let found = compile(&sources).unwrap_err();
        let finding = found.iter().find(|finding| finding.file == "t.json").unwrap();
        assert!(broken.get(finding.span.clone()).is_some(), "{finding:?}");
    }
}

#[test]
fn what_a_message_could_not_carry_is_refused() {
    let long = "x".repeat(1_001);
    let menu = "on \"hi\" { goto \"a\" }\nstate \"a\" { say \"A\"; option \"A\" goto=\"a\"";
    for (script, code) in [
        (format!("bot \"b\" {{ words {{ choose \"{long}\" }} }}\n{menu} }}"), "text"),
        (format!("bot \"b\" {{ words {{ ask \" \" }} }}\n{menu} }}"), "text"),
        (format!("bot \"b\"\n{menu} metadata=\"{{{{{long}\" }}"), "option"),
        (format!("bot \"b\"\ntable \"t\" file=\"t.json\" key=\"k\"\n{menu}; ask \"x\" \"X?\" from=\"t\"; say \"{{{{ x }}}}\" }}"), "row"),
    ] {
        let mut sources = sources(&script);
        sources.insert("t.json".to_owned(), "[{\"k\": \"a\"}, {\"k\": \" \"}]".to_owned());
        let found = compile(&sources).unwrap_err();
        assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), [code], "{script} {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_script_compiles_or_is_explained(
        cuts in prop::collection::vec((0..9_000_usize, 0..40_usize, "[ \"{}=;#a*\n(|)\\[\\]❄%]{0,4}"), 1..4),
        table in (0..900_usize, 0..30_usize, "[,;\"\na1é]{0,4}"),
    ) {
        let mut sources = snowbot();
        for (from, len, new) in &cuts {
            let text = mutilated(&sources[SCRIPT], *from, *len, new);
            sources.insert(SCRIPT.to_owned(), text);
        }
        let text = mutilated(&sources["data/resorts.csv"], table.0, table.1, &table.2);
        sources.insert("data/resorts.csv".to_owned(), text);
        match compile(&sources) {
            Ok(compiled) => prop_assert!(compiled.warnings.iter().all(|found| found.severity == Severity::Warning)),
            Err(found) => {
                prop_assert!(found.iter().any(|found| found.severity == Severity::Error));
                for finding in found {
                    let text = &sources[&finding.file];
                    prop_assert!(text.get(finding.span.clone()).is_some(), "{:?}", finding);
                    finding.render(&sources, false);
                }
            }
        }
    }
}
