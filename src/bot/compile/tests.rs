use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::bot::{Answer, Confirm, FileFacts, Op, PromptKind, Reach, Scope};
use crate::model::MediaType;

fn sources(text: &str) -> Sources {
    Sources::from([(SCRIPT.to_owned(), text.to_owned()), ("t.csv".to_owned(), "name,desc\nVail,big\nAspen,bigger\n".to_owned())])
}

fn program(text: &str) -> Program {
    compile(&sources(text)).map(|compiled| compiled.program).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn snowbot() -> Sources {
    folder("bots/snowbot")
}

/// A bot's folder of the repository.
fn folder(name: &str) -> Sources {
    fn gather(folder: &Path, prefix: &str, sources: &mut Sources) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().display()));
            if path.is_dir() {
                gather(&path, &format!("{name}/"), sources);
            } else if is_source(&name) {
                sources.insert(name, std::fs::read_to_string(&path).unwrap());
            } else {
                let bytes = std::fs::read(&path).unwrap();
                sources.files.insert(name, FileFacts { bytes: bytes.len() as u64, kind: MediaType::of(&bytes) });
            }
        }
    }
    let mut sources = Sources::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name), "", &mut sources);
    sources
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
    let shape = shape(&program.states[0].steps);
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

/// The steps of a body, a word each.
fn shape(steps: &[Op]) -> Vec<String> {
    let word = |op: &Op| match op {
        Op::JumpUnless { to, .. } => format!("unless {to}"),
        Op::Jump { to } => format!("jump {to}"),
        Op::Say { variants, .. } => variants[0].source().to_owned(),
        Op::Goto(_) => "goto".to_owned(),
        Op::Prompt(_) => "ask".to_owned(),
        Op::LookUp(_) => "http".to_owned(),
        Op::Remind(_) => "remind".to_owned(),
        Op::HandOver(_) => "handoff".to_owned(),
        other => format!("{other:?}"),
    };
    steps.iter().map(word).collect()
}

#[test]
fn a_confirmation_has_two_branches() {
    let program = program(
        r#"
        bot "x" { words { yes "Aye"; no "Nay" } }
        on "hi" { goto "a" }
        state "a" {
          confirm "One?" { no goto="b" n="1" }
          confirm "Two?" once=#true ttl="1h" { yes { say "y"; say "yy" }; no { say "n" } }
          confirm "Three?" id="sure" { yes { end } }
          say "end"
        }
        state "b" { say "{{ n }}"; option "A" goto="a" }
        "#,
    );
    assert_eq!(shape(&program.states[0].steps), ["ask", "jump 3", "goto", "ask", "y", "yy", "jump 8", "n", "ask", "End", "jump 11", "end"]);
    let names: Vec<&str> = program.prompts[..3].iter().map(|prompt| prompt.name.as_str()).collect();
    assert_eq!(names, ["confirm", "confirm-2", "sure"]);
    let confirms: Vec<(bool, usize)> = program.prompts[..3]
        .iter()
        .map(|prompt| match &prompt.kind {
            PromptKind::Confirm(confirm) => (confirm.once, confirm.no),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(confirms, [(false, 2), (true, 7), (false, 11)]);
    let options: Vec<(&str, &str)> = program.prompts[0].options.iter().map(|option| (option.id.as_str(), option.label.source())).collect();
    assert_eq!(options, [(Confirm::YES, "Aye"), (Confirm::NO, "Nay")]);
}

#[test]
fn a_lookup_has_two_branches_and_keeps_what_is_read() {
    let program = program(
        r#"
        bot "x" { allow "f.example" }
        on "hi {q...}" {
          http "one" get="https://f.example/{{ q }}" { ok { say "{{ one.a.b }} {{ one.c[:2] }}" }; fail { say "{{ one.error }}" } }
          http "one" get="https://f.example/" timeout="1s" retry=2 cache="1m" { fail { say "no" } }
        }
        on "more" { goto "a" }
        state "a" {
          ask "n" "How many?" type="int"
          http "two" post="https://f.example/" { body n="{{ n }}" m=4 t="x {{ n }}"; ok { say "{{ two | tojson }}"; option "A" goto="a" }; fail { say "no" } }
          option "Again" goto="a"
        }
        "#,
    );
    let ids: Vec<&str> = program.lookups.iter().map(|lookup| lookup.id.as_str()).collect();
    assert_eq!(ids, ["a/two", "on hi {q...}/one", "on hi {q...}/one-2"]);
    let [two, one, again] = program.lookups.as_slice() else { panic!("three") };
    assert_eq!(
        shape(program.steps(one.body)),
        ["http", "{{ one.a.b }} {{ one.c[:2] }}", "jump 4", "{{ one.error }}", "http", "jump 7", "no"]
    );
    assert_eq!((one.at, one.fail, again.at, again.fail), (0, 3, 4, 6));
    assert_eq!((again.retry, again.timeout, again.cache), (2, Duration::from_secs(1), Some(Duration::from_secs(60))));
    let paths = |paths: &[&[&str]]| Reads::Paths(paths.iter().map(|path| path.iter().map(|part| (*part).to_owned()).collect()).collect());
    assert_eq!(one.reads, paths(&[&["a", "b"], &["c"], &["error"]]));
    assert_eq!(two.reads, Reads::All);
    assert_eq!(shape(program.steps(two.body)), ["ask", "http", "{{ two | tojson }}", "ask", "jump 6", "no", "ask"]);
    let mut scope = Scope::new(&program);
    scope.set_int("n", 3);
    let sent: Vec<String> = two.fields.iter().map(|(name, text)| format!("{name}={}", text.json(&scope).unwrap())).collect();
    assert_eq!(sent, ["n=3", "m=4", "t=\"x 3\""]);
}

#[test]
fn timers_and_handing_over_have_bodies_and_names_of_their_own() {
    let program = program(
        r#"
        bot "x"
        on "hi" { remind "1h" { say "r"; remind "2h" { say "rr" } }; remind "1d" id="late" { goto "a" }; cancel "late"; cancel }
        on "start" scope="any" { optin }
        on event="follow" { say "f" }
        state "a" {
          handoff queue="q" note="{{ transcript }}" { resume on="[the] (bot|Robot!)" "me" goto="a"; timeout "12h" }
          say "behind"
          handoff { resume on="bot" }
          option "A" goto="a"
        }
        "#,
    );
    let reminders: Vec<(&str, u64, Vec<String>)> =
        program.reminders.iter().map(|reminder| (reminder.id.as_str(), reminder.after.as_secs() / 3_600, shape(&reminder.steps))).collect();
    assert_eq!(
        reminders,
        [
            ("on hi/remind", 1, vec!["r".to_owned(), "remind".to_owned()]),
            ("on hi/remind/remind", 2, vec!["rr".to_owned()]),
            ("late", 24, vec!["goto".to_owned()])
        ]
    );
    assert!(program.rules[1].opts_in && !program.rules[0].opts_in);
    assert_eq!(program.events["follow"], RuleIx(2));
    assert!(program.reads_transcript);
    let ids: Vec<(&str, usize)> = program.handoffs.iter().map(|handoff| (handoff.id.as_str(), handoff.at)).collect();
    assert_eq!(ids, [("a/handoff", 0), ("a/handoff-2", 2)]);
    let resume = program.handoffs[0].resume.as_ref().unwrap();
    assert_eq!(resume.words, ["bot", "me", "robot", "the bot", "the robot"]);
    assert!(resume.goto.is_some() && program.handoffs[0].timeout.as_ref().is_some_and(|(_, goto)| goto.is_none()));
}

#[test]
fn the_bot_with_every_node_says_what_it_needs() {
    let mut sources = folder("tests/bot/whole");
    let photos = ["photos/lift.png", "photos/powder.png", "photos/ridge.png"];
    let program = compile(&sources).unwrap().program;
    assert_eq!(program.media.iter().map(String::as_str).collect::<Vec<_>>(), photos);
    assert_eq!(program.defaults.allow, ["feeds.example", "shop.example"]);
    assert_eq!(program.lookup(program.lookup_named("order/order").unwrap()).reads, Reads::Paths(vec![vec!["number".to_owned()]]));
    sources.files.insert(photos[0].to_owned(), FileFacts { bytes: 6 << 20, kind: Some(MediaType::Png) });
    let found = compile(&sources).unwrap_err();
    assert_eq!((found[0].code, found[0].file.as_str()), ("media", "data/photos.csv"));
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
        (format!("bot \"b\"\ntable \"t\" file=\"t.json\" key=\"k\"\n{menu}; ask \"x\" \"X?\" from=\"t\"; say \"{{{{ x }}}}\" }}"), "cell"),
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
