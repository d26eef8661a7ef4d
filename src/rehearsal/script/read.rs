//! From the text of a test file to its tests, or to everything that is wrong with it.

use std::time::Duration;

use kdl::{KdlDocument, KdlNode, KdlValue};

use super::fields::{Fields, Findings, json, span_of};
use super::{Covers, CrashPoint, End, Expected, Given, LATENESS, Shuffle, Step, Stub, Suite, Tap, Test, What, Written};
use crate::bot::{Diagnostic, document, syntax_errors};
use crate::conversation::{Lateness, Value};
use crate::model::{LookupAnswer, LookupFailure};

/// Nodes of a test.
const STEPS: &[&str] = &[
    "user",
    "tap",
    "bot",
    "silent",
    "given",
    "wait",
    "redeliver",
    "crash",
    "restart",
    "calls",
    "stub",
    "shuffle",
    "end",
    "operator",
    "event",
];

/// Nodes at the top of a file of tests.
const TOP: &[&str] = &["stub", "test", "covers"];

/// Nodes that can be shuffled.
const SHUFFLED: &[&str] = &["user", "tap"];

/// Nodes of a chat that is played over real HTTP.
const CHAT: &[&str] = &["user", "tap", "bot", "redeliver", "crash", "restart"];

/// Reads a file of conversation tests.
pub fn read_suite(file: &str, text: &str) -> Result<Suite, Vec<Diagnostic>> {
    let (found, document) = parse(file, text)?;
    let mut suite = Suite { file: file.to_owned(), text: text.to_owned(), stubs: Vec::new(), tests: Vec::new(), covers: Vec::new() };
    for node in document.nodes() {
        let fields = Fields::new(node, &found);
        match fields.name() {
            "stub" => suite.stubs.push(stub(&fields)),
            "covers" => suite.covers.push(covers(&fields)),
            "test" => {
                let name = fields.arg("a name");
                fields.finish();
                let steps = steps(node, &found, STEPS);
                if suite.tests.iter().any(|test| test.name == name) {
                    found.add(
                        "duplicate",
                        fields.at(),
                        format!("a second test is called `{name}`"),
                        Some("give it another name".to_owned()),
                    );
                }
                suite.tests.push(Test { name, at: fields.at(), steps });
            }
            other => misplaced(&fields, other, "a file of tests", TOP),
        }
    }
    finish(found, suite)
}

/// Reads a chat that is played over real HTTP: the steps of one test, without the node around them.
pub fn read_chat(file: &str, text: &str) -> Result<Vec<Step>, Vec<Diagnostic>> {
    let (found, document) = parse(file, text)?;
    let steps = document.nodes().iter().filter_map(|node| step(node, &found, CHAT)).collect();
    finish(found, steps)
}

fn parse(file: &str, text: &str) -> Result<(Findings, KdlDocument), Vec<Diagnostic>> {
    let errors = syntax_errors(file, text);
    match document(text) {
        Some(document) if errors.is_empty() => Ok((Findings::new(file), document)),
        _ => Err(errors),
    }
}

fn finish<T>(found: Findings, read: T) -> Result<T, Vec<Diagnostic>> {
    let found = found.into_found();
    if found.is_empty() { Ok(read) } else { Err(found) }
}

fn misplaced(fields: &Fields<'_>, name: &str, place: &str, names: &[&str]) {
    fields.found.unknown("unknown-node", fields.at(), format!("`{name}` does not stand in {place}"), name, names);
}

fn steps(node: &KdlNode, found: &Findings, allowed: &[&str]) -> Vec<Step> {
    let children = node.children().map(KdlDocument::nodes).unwrap_or_default();
    if children.is_empty() {
        let fields = Fields::new(node, found);
        found.add("missing", fields.at(), format!("`{}` has no steps", fields.name()), Some("put them in braces behind it".to_owned()));
    }
    children.iter().filter_map(|node| step(node, found, allowed)).collect()
}

fn step(node: &KdlNode, found: &Findings, allowed: &[&str]) -> Option<Step> {
    let fields = Fields::new(node, found);
    let name = fields.name();
    if !allowed.contains(&name) {
        let place = if allowed == STEPS {
            "a test"
        } else if allowed == CHAT {
            "a chat over HTTP"
        } else {
            "`shuffle`"
        };
        misplaced(&fields, name, place, allowed);
        return None;
    }
    let what = match name {
        "user" => What::User(written(&fields)),
        "tap" => What::Tap(tap(&fields)),
        "bot" => What::Bot(expected(&fields)),
        "silent" => What::Silent,
        "given" => What::Given(given(&fields)),
        "wait" => {
            let (text, at) = (fields.arg("a span of time"), fields.node.entries().first().map_or(fields.at(), span_of));
            What::Wait(fields.as_span(&text, at).unwrap_or_default())
        }
        "redeliver" => redeliver(&fields),
        "crash" => What::Crash(crash_point(&fields)),
        "restart" => What::Restart,
        "calls" => What::Calls { name: fields.arg("the name of a lookup"), count: fields.int("count") },
        "stub" => What::Stub(stub(&fields)),
        "shuffle" => shuffle(&fields),
        "end" => What::End(end(&fields)),
        "operator" => What::Operator(fields.arg("a text")),
        _ => What::Event(fields.arg("a kind of event, as \"follow\"")),
    };
    if matches!(what, What::Given(_) | What::End(_) | What::Stub(_)) {
        fields.finish_args()
    } else {
        fields.finish()
    }
    Some(Step { at: fields.at(), what })
}

fn written(fields: &Fields<'_>) -> Written {
    let place = fields.text("place").and_then(|text| {
        let place = read_place(&text);
        if place.is_none() {
            let at = fields.prop("place").map_or(fields.at(), span_of);
            let help = "write degrees north and east, and a name if it has one: \"46.95,7.45 Bern\"".to_owned();
            fields.found.add("place", at, format!("`{text}` is no place"), Some(help));
        }
        place
    });
    Written { text: fields.arg("a text"), photo: fields.text("photo"), place }
}

fn read_place(text: &str) -> Option<(f64, f64, Option<String>)> {
    let (point, name) = text.split_once(' ').map_or((text, None), |(point, name)| (point, Some(name.to_owned())));
    let (north, east) = point.split_once(',')?;
    Some((north.parse().ok()?, east.parse().ok()?, name))
}

fn tap(fields: &Fields<'_>) -> Tap {
    let was = fields.text("was").and_then(|text| {
        let was = text.split_once('/').map(|(state, prompt)| (state.to_owned(), prompt.to_owned()));
        if was.is_none() {
            let at = fields.prop("was").map_or(fields.at(), span_of);
            fields.found.add("was", at, format!("`{text}` names no menu"), Some("write its state and its name: \"shop/menu\"".to_owned()));
        }
        was
    });
    Tap { label: fields.arg("a label"), of: fields.text("of"), metadata: fields.text("metadata"), was }
}

fn expected(fields: &Fields<'_>) -> Expected {
    let media = fields.prop("media").and_then(|entry| match entry.value() {
        KdlValue::Bool(true) => Some(String::new()),
        _ => fields.as_text(entry),
    });
    Expected {
        text: fields.maybe_arg(),
        state: fields.text("state"),
        options: fields.int("options"),
        count: fields.int("count"),
        late: fields.one_of("late", &LATENESS),
        media,
        links: fields.int("links"),
        name: fields.text("as"),
    }
}

fn given(fields: &Fields<'_>) -> Given {
    let state = fields.text("state").unwrap_or_else(|| {
        fields.found.add("missing", fields.at(), "`given` lacks state=".to_owned(), Some("add state=\"…\"".to_owned()));
        String::new()
    });
    let (prompt, name) = (fields.text("at"), fields.text("as"));
    let slots = fields.rest().into_iter().filter_map(|(slot, entry)| match entry.value() {
        KdlValue::Integer(number) => i64::try_from(*number).ok().map(Value::Int).map(|value| (slot.to_owned(), value)),
        KdlValue::Float(number) => Some((slot.to_owned(), Value::Number(*number))),
        _ => fields.as_text(entry).map(|text| (slot.to_owned(), Value::Text(text))),
    });
    Given { state, prompt, name, slots: slots.collect() }
}

fn redeliver(fields: &Fields<'_>) -> What {
    let (all, last) = (fields.flag("all"), fields.flag("last"));
    if all == Some(true) && last == Some(true) {
        fields.found.add("redeliver", fields.at(), "all events or the last one?".to_owned(), Some("keep one of the two".to_owned()));
    }
    What::Redeliver { all: last != Some(true) }
}

fn crash_point(fields: &Fields<'_>) -> CrashPoint {
    let points = [("commit", CrashPoint::Commit), ("send", CrashPoint::Send), ("lookup", CrashPoint::Lookup)];
    fields.one_of("after", &points).unwrap_or(CrashPoint::Commit)
}

fn shuffle(fields: &Fields<'_>) -> What {
    let (seeds, within) = (fields.int("seeds").unwrap_or(100), fields.span("within").unwrap_or(Duration::from_millis(300)));
    What::Shuffle(Shuffle { seeds, within, steps: steps(fields.node, fields.found, SHUFFLED) })
}

fn end(fields: &Fields<'_>) -> End {
    let state = fields.text("state");
    let slots = fields.rest().into_iter().map(|(slot, entry)| match json(entry.value()) {
        serde_json::Value::String(text) => (slot.to_owned(), text),
        other => (slot.to_owned(), other.to_string()),
    });
    End { state, slots: slots.collect() }
}

fn stub(fields: &Fields<'_>) -> Stub {
    let at = fields.at();
    let (name, delay) = (fields.arg("the name of a lookup"), fields.span("delay").unwrap_or_default());
    let ok = fields.flag("ok").unwrap_or_else(|| {
        let help = "add ok=#true and what it answers, or ok=#false".to_owned();
        fields.found.add("missing", fields.at(), "`stub` does not say whether the server answers".to_owned(), Some(help));
        true
    });
    let reasons = [
        ("timeout", LookupFailure::Timeout),
        ("refused", LookupFailure::Refused),
        ("unreachable", LookupFailure::Unreachable),
        ("too_large", LookupFailure::TooLarge),
        ("unreadable", LookupFailure::Unreadable),
    ];
    let reason = fields.one_of("reason", &reasons).unwrap_or(LookupFailure::Refused);
    let status: u16 = fields.int("status").unwrap_or(if ok { 200 } else { 503 });
    let whole = fields.text("json").map(|text| (serde_json::from_str(&text), fields.prop("json").map_or(fields.at(), span_of)));
    let answer = if ok {
        let mut body = match whole {
            None => serde_json::Value::Object(serde_json::Map::new()),
            Some((Ok(body), _)) => body,
            Some((Err(error), at)) => {
                fields.found.add("json", at, format!("this is not JSON: {error}"), None);
                serde_json::Value::Null
            }
        };
        fields.rest().into_iter().for_each(|(path, entry)| put(&mut body, path, json(entry.value())));
        LookupAnswer::Ok { status, body }
    } else {
        fields.finish();
        let status = (reason == LookupFailure::Refused).then_some(status);
        LookupAnswer::Failed { reason, status, detail: "the stub says so".to_owned() }
    };
    fields.finish_args();
    Stub { name, at, answer, delay }
}

/// Puts a value at a path into an object: `wind.speed` is the member of a member.
fn put(body: &mut serde_json::Value, path: &str, value: serde_json::Value) {
    let mut place = body;
    for name in path.split('.') {
        if !place.is_object() {
            *place = serde_json::Value::Object(serde_json::Map::new());
        }
        place = &mut place[name];
    }
    *place = value;
}

fn covers(fields: &Fields<'_>) -> Covers {
    let percent = |name: &'static str| {
        let (entry, text) = (fields.prop(name)?, fields.text(name)?);
        let share = text.strip_suffix('%').and_then(|number| number.parse().ok()).filter(|share| *share <= 100);
        if share.is_none() {
            let help = "write a share of the whole: \"90%\"".to_owned();
            fields.found.add("percent", span_of(entry), format!("`{text}` is no share"), Some(help));
        }
        share
    };
    let late = fields.text("late").unwrap_or_default();
    let at = fields.prop("late").map_or(fields.at(), span_of);
    let late: Vec<Lateness> = late.split_whitespace().filter_map(|word| fields.as_one_of(word, at.clone(), &LATENESS)).collect();
    let covers = Covers { at: fields.at(), states: percent("states"), options: percent("options"), late };
    fields.finish();
    covers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Vec<String> {
        match read_suite("a.test.kdl", text) {
            Ok(_) => Vec::new(),
            Err(found) => found.into_iter().map(|found| format!("{}: {}", &text[found.span], found.message)).collect(),
        }
    }

    #[test]
    fn the_tests_of_the_language_are_read() {
        let text = r#"
stub "snow" ok=#true new=4 "wind.speed"=2.5
stub "order" ok=#false status=404 delay="2s"
test "one" {
  user "hi" place="46.95,7.45 Bern"
  bot "Hello" state="home" options=4 as="m1" late="superseded" media=#true links=2
  tap "Report" of="m1"
  given state="order" map="asp" qty=2 at="confirm" as="c"
  wait "31m"; redeliver all=#true; redeliver last=#true; crash after="send"; restart; silent
  calls "order" count=0
  stub "snow" ok=#true
  shuffle seeds=200 within="300ms" { user "a"; tap "b" }
  end state="photo" map="asp"
  operator "I am here"; event "follow"
}
covers states="90%" options="100%" late="superseded retired"
"#;
        let suite = read_suite("a.test.kdl", text).unwrap();
        let LookupAnswer::Ok { status: 200, body } = &suite.stubs[0].answer else { panic!("{:?}", suite.stubs[0]) };
        assert_eq!(*body, serde_json::json!({ "new": 4, "wind": { "speed": 2.5 } }));
        assert_eq!(suite.tests[0].steps.len(), 16);
        assert_eq!(suite.covers[0].late, [Lateness::Superseded, Lateness::Retired]);
        let What::Given(given) = &suite.tests[0].steps[3].what else { panic!("given") };
        assert_eq!(given.slots, [("map".to_owned(), Value::Text("asp".to_owned())), ("qty".to_owned(), Value::Int(2))]);
    }

    #[test]
    fn what_cannot_be_meant_is_told_where_it_stands() {
        assert_eq!(wrong("test \"a\" { usr \"hi\" }"), ["usr: `usr` does not stand in a test"]);
        assert_eq!(wrong("test \"a\" { bot optons=3 }"), ["optons=3: `bot` has no property `optons`"]);
        assert_eq!(wrong("test \"a\" { bot late=\"stale\" }"), ["late=\"stale\": `stale` means nothing here"]);
        assert_eq!(wrong("test \"a\" { wait \"31\" }"), ["\"31\": `31` is not a span of time"]);
        assert_eq!(wrong("test \"a\" { user }"), ["user: `user` lacks a text"]);
        assert_eq!(wrong("test \"a\" { }"), ["test: `test` has no steps"]);
        assert_eq!(wrong("test \"a\" { shuffle { bot } }"), ["bot: `bot` does not stand in `shuffle`"]);
        assert_eq!(wrong("covers states=\"90\""), ["states=\"90\": `90` is no share"]);
        assert_eq!(wrong("test \"a\" { user \"a\" }\ntest \"a\" { user \"b\" }"), ["test: a second test is called `a`"]);
        assert_eq!(wrong("test \"a\" { wait 31m }").len(), 1);
    }
}
