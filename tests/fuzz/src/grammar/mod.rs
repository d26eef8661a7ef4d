//! Scripts out of bytes: a small grammar over all nodes of the language, so that most scripts are nearly right and many are.

mod asking;
mod header;
mod steps;
mod words;

use std::fmt::Write;

use junco::bot::{Element, FileFacts, SCRIPT, Sources};
use junco::model::MediaType;

use super::bytes::Bytes;

/// A script under way.
struct Grammar<'g, 'b> {
    bytes: &'g mut Bytes<'b>,
    /// Whether names and properties may be wrong.
    slips: bool,
    /// The states of the script.
    states: Vec<&'static str>,
    /// How deep the steps are nested.
    depth: usize,
    /// Whether the steps are those of a state, which may ask.
    asks: bool,
    /// Whether the state has asked something before: else it must not lead on by itself, or it may go round for ever.
    asked: bool,
}

/// Names of states. One is as long as a name may be, in bytes too.
const STATES: [&str; 5] = ["home", "a", "b", "❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄❄", "d;%"];

/// The files of a bot.
pub(crate) fn script(bytes: &mut Bytes) -> Sources {
    let slips = bytes.rarely(2);
    let states = STATES[..=bytes.below(STATES.len())].to_vec();
    let mut grammar = Grammar { bytes, slips, states, depth: 0, asks: false, asked: false };
    let mut nodes = grammar.header();
    for state in grammar.states.clone() {
        nodes.push(grammar.state(state));
    }
    nodes.extend(grammar.rules());
    nodes.push(grammar.fallback());
    let text: String = nodes.iter().map(Element::to_string).collect();
    with_files(text)
}

impl Grammar<'_, '_> {
    fn state(&mut self, name: &str) -> Element {
        let mut state = Element::new("state").arg(name);
        if let Some(late) = self.late() {
            state = state.prop("late", late);
        }
        if self.bytes.rarely(8) {
            state = state.prop("ttl", "30m");
        }
        (self.depth, self.asks, self.asked) = (0, true, false);
        let steps = self.steps(6);
        steps.into_iter().chain(self.menu()).fold(state, Element::child)
    }

    /// A rule for each state, and some more.
    fn rules(&mut self) -> Vec<Element> {
        self.asks = false;
        let mut rules = Vec::new();
        for (ix, state) in self.states.clone().into_iter().enumerate() {
            let goto = Element::new("goto").arg(state);
            let goto = if self.bytes.rarely(4) { goto.prop(self.slot(), self.text()) } else { goto };
            rules.push(Element::new("on").arg(format!("go {ix}")).child(goto));
        }
        let mut starts =
            vec!["go on", "stop", "start", "{x} please", "count {n:int}", "{q...} and {area}", "* snow", "event", "match", "metadata"];
        for _ in 0..self.bytes.below(6) {
            let start = starts.remove(self.bytes.below(starts.len()));
            let mut rule = match start {
                "event" => Element::new("on").prop("event", "follow"),
                "metadata" => Element::new("on").prop("metadata", "old {x...}"),
                "match" => Element::new("on").prop("match", r"(?i)\b(agent|human)\b"),
                words => Element::new("on").arg(words),
            };
            if start != "event" && self.bytes.rarely(3) {
                rule = rule.prop("scope", "any");
            }
            rules.push(self.steps(3).into_iter().fold(rule, Element::child));
        }
        rules.push(set_up());
        // Who can go has to be able to come back.
        rules.push(
            Element::new("on").arg("resume me").prop("scope", "any").child(Element::new("optin")).child(Element::new("goto").arg("home")),
        );
        rules
    }

    fn fallback(&mut self) -> Element {
        let mut fallback = Element::new("fallback").child(Element::new("say").arg(self.text()));
        if self.bytes.rarely(2) {
            fallback = fallback.child(Element::new("after").arg(2).prop("goto", *self.bytes.pick(&self.states.clone())));
        }
        self.steps(1).into_iter().fold(fallback, Element::child)
    }
}

/// Sets and reads all there is, so that every name is known.
fn set_up() -> Element {
    let set = words::SLOTS.iter().fold(Element::new("set"), |set, slot| set.prop(slot, "{{ user.name }}"));
    let read = words::SLOTS.iter().map(|slot| format!("{{{{ {slot} }}}}")).collect::<String>();
    let branch = |name| Element::new(name).child(Element::new("say").arg(format!("{read}{{{{ s.error }}}}")));
    let http = Element::new("http").arg("s").prop("get", "https://s.example/").child(branch("ok")).child(branch("fail"));
    Element::new("on").arg("set up").child(set).child(http)
}

/// The same tables and pictures for every script; which of them a script names is its own affair.
pub(crate) fn with_files(text: String) -> Sources {
    let mut areas = "name,desc,id\n".to_owned();
    (0..45).for_each(|ix| writeln!(areas, "Area {ix},Row {ix},{ix}").unwrap_or_default());
    let few = r#"[{"key": "One", "url": "https://one.example/a"}, {"key": "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ", "url": "x"}]"#;
    let photos = format!("file;caption\np/1.png;\np/2.png;{}\np/3.png;Three\n", "ж".repeat(10_000));
    let texts = [(SCRIPT, text), ("areas.csv", areas), ("few.json", few.to_owned()), ("photos.csv", photos)];
    let mut sources: Sources = texts.map(|(file, text)| (file.to_owned(), text)).into_iter().collect();
    for file in ["p/1.png", "p/2.png", "p/3.png"] {
        sources.files.insert(file.to_owned(), FileFacts { bytes: 1_000, kind: Some(MediaType::Png) });
    }
    sources
}
