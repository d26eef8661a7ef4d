//! What tests have reached of a bot, and what they have not, with its place.

use std::collections::BTreeMap;

use kdl::{KdlDocument, KdlNode};

use super::finding;
use super::script::{Covers, Suite};
use super::world::Reached;
use crate::bot::{Confirm, Diagnostic, Program, Prompt, PromptKind, Sources, document};
use crate::conversation::Lateness;

/// Something that a test can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is called.
    pub name: String,
    /// The file, and the line from 1; `None` where the script does not show it in so many words.
    pub place: Option<(String, usize)>,
    /// Whether a test has reached it.
    pub reached: bool,
}

/// What tests have reached of a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The states.
    pub states: Vec<Item>,
    /// The options; the rows of a table are one.
    pub options: Vec<Item>,
    /// The classes of lateness that taps had.
    pub late: Vec<Lateness>,
}

/// What all tests together have reached.
pub fn coverage(program: &Program, sources: &Sources, reached: &[Reached]) -> Coverage {
    let places = Places::of(sources);
    let state = |state: &crate::bot::State| Item {
        name: state.name.clone(),
        place: places.states.get(&state.name).cloned(),
        reached: reached.iter().any(|reached| reached.states.contains(&state.name)),
    };
    let mut late: Vec<Lateness> = reached.iter().flat_map(|reached| reached.late.keys().copied()).collect();
    late.sort();
    late.dedup();
    Coverage { states: program.states.iter().map(state).collect(), options: options(program, &places, reached), late }
}

fn options(program: &Program, places: &Places, reached: &[Reached]) -> Vec<Item> {
    let mut menus: BTreeMap<&str, usize> = BTreeMap::new();
    let mut items = Vec::new();
    for prompt in &program.prompts {
        let state = program.state(prompt.state).name.as_str();
        let name = format!("{state}/{}", prompt.name);
        let taken = |id: &str| reached.iter().any(|reached| reached.options.contains(&(name.clone(), id.to_owned())));
        let written = prompt.options.iter().enumerate().map(|(number, option)| {
            let place = match &prompt.kind {
                PromptKind::Question(question) => {
                    places.answers.get(&(state.to_owned(), question.slot.clone())).and_then(|all| all.get(number))
                }
                PromptKind::Menu | PromptKind::Confirm(_) => {
                    let first = menus.get(state).copied().unwrap_or(0);
                    places.options.get(state).and_then(|all| all.get(first + number))
                }
            };
            Item { name: format!("{name}: {}", option.label.source()), place: place.cloned(), reached: taken(&option.id) }
        });
        items.extend(written);
        match &prompt.kind {
            PromptKind::Menu => *menus.entry(state).or_insert(0) += prompt.options.len(),
            PromptKind::Confirm(_) if prompt.options.is_empty() => {
                let answer =
                    |id: &str| Item { name: format!("{name}: {id}"), place: places.states.get(state).cloned(), reached: taken(id) };
                items.extend([answer(Confirm::YES), answer(Confirm::NO)]);
            }
            PromptKind::Confirm(_) | PromptKind::Question(_) => {}
        }
        items.extend(rows(prompt, &name, places.states.get(state), reached));
    }
    items
}

/// The rows of a table, of which one is as good as another.
fn rows(prompt: &Prompt, name: &str, place: Option<&(String, usize)>, reached: &[Reached]) -> Option<Item> {
    let from = prompt.from.as_ref()?;
    let is_row =
        |(of, id): &(String, String)| of == name && !prompt.options.iter().any(|option| option.id == *id) && !id.starts_with("page ");
    let reached = reached.iter().any(|reached| reached.options.iter().any(is_row));
    Some(Item { name: format!("{name}: a row of {}", from.table), place: place.cloned(), reached })
}

impl Coverage {
    /// The share of items that were reached, in percent, rounded down.
    pub fn share(items: &[Item]) -> u32 {
        let reached = items.iter().filter(|item| item.reached).count();
        (reached * 100).checked_div(items.len()).and_then(|share| u32::try_from(share).ok()).unwrap_or(100)
    }

    /// What a file of tests asks for and the tests have not reached.
    pub fn lacks(&self, suite: &Suite) -> Vec<Diagnostic> {
        suite.covers.iter().flat_map(|covers| self.lack(suite, covers)).collect()
    }

    fn lack(&self, suite: &Suite, covers: &Covers) -> Vec<Diagnostic> {
        let missing = |items: &[Item]| {
            let missing: Vec<&str> = items.iter().filter(|item| !item.reached).map(|item| item.name.as_str()).collect();
            format!("not reached: {}", missing.join(", "))
        };
        let share = |what: &str, wanted: Option<u32>, items: &[Item]| {
            let wanted = wanted.filter(|wanted| Coverage::share(items) < *wanted)?;
            let message = format!("{what} are covered to {} %, and {wanted} % are asked for", Coverage::share(items));
            Some(finding("covers", &suite.file, &covers.at, message, Some(missing(items))))
        };
        let mut lacks: Vec<Diagnostic> =
            [share("states", covers.states, &self.states), share("options", covers.options, &self.options)].into_iter().flatten().collect();
        let late = covers.late.iter().filter(|late| !self.late.contains(late));
        lacks.extend(late.map(|late| {
            let help = format!("write a test whose tap is {}", late.word());
            finding("covers", &suite.file, &covers.at, format!("no tap was {}", late.word()), Some(help))
        }));
        lacks
    }
}

/// Where things stand in the files of a bot.
#[derive(Default)]
struct Places {
    states: BTreeMap<String, (String, usize)>,
    /// The options of a state's menus, in the order of the script.
    options: BTreeMap<String, Vec<(String, usize)>>,
    /// The options of its questions, by slot.
    answers: BTreeMap<(String, String), Vec<(String, usize)>>,
}

impl Places {
    fn of(sources: &Sources) -> Self {
        let mut places = Places::default();
        for (file, text) in sources.iter().filter(|(file, _)| file.ends_with(".kdl")) {
            let Some(document) = document(text) else { continue };
            let at = |node: &KdlNode| {
                let before = &text.as_bytes()[..node.name().span().offset().min(text.len())];
                (file.clone(), before.iter().filter(|byte| **byte == b'\n').count() + 1)
            };
            for node in document.nodes().iter().filter(|node| node.name().value() == "state") {
                let Some(state) = first_text(node) else { continue };
                places.states.insert(state.to_owned(), at(node));
                places.walk(state, node, &at);
            }
        }
        places
    }

    fn walk(&mut self, state: &str, node: &KdlNode, at: &impl Fn(&KdlNode) -> (String, usize)) {
        for child in node.children().map(KdlDocument::nodes).unwrap_or_default() {
            match (child.name().value(), first_text(child)) {
                ("option", _) => self.options.entry(state.to_owned()).or_default().push(at(child)),
                ("ask", Some(slot)) => {
                    let options = child.children().map(KdlDocument::nodes).unwrap_or_default();
                    let options = options.iter().filter(|child| child.name().value() == "option").map(at);
                    self.answers.insert((state.to_owned(), slot.to_owned()), options.collect());
                }
                _ => self.walk(state, child, at),
            }
        }
    }
}

fn first_text(node: &KdlNode) -> Option<&str> {
    node.entries().iter().find(|entry| entry.name().is_none()).and_then(|entry| entry.value().as_string())
}
