//! Witnesses: the shortest conversation that leads to a place in a program.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Places;
use super::steps::{Act, Step, sample, steps};
use crate::bot::compile::scripts::Site;
use crate::bot::matcher::Reach;
use crate::bot::program::{Body, Op, Program, PromptKind, RuleIx, StateIx};

/// A place on a way, the slots whose questions are answered there, and whether the slot that is looked for is set.
type Spot<'p> = (Site, BTreeSet<&'p str>, bool);

/// Most lines of a witness; what comes before is left out.
const LINES: usize = 12;

/// Ways through a program, from nothing on.
pub(super) struct Paths<'p> {
    program: &'p Program,
    places: &'p Places<'p>,
    /// Rules that hold in certain states only, by state.
    within: BTreeMap<StateIx, Vec<RuleIx>>,
    /// What begins a conversation.
    starts: Vec<Start<'p>>,
    /// What is read at a place. Behind it nothing is said of these names again: they are known, or were complained about.
    read: BTreeMap<Site, BTreeSet<&'p str>>,
}

/// Something that begins a conversation.
struct Start<'p> {
    act: Act<'p>,
    site: Site,
    /// What the message gives to the steps of the rule that takes it.
    captures: Vec<&'p str>,
}

/// How a spot was come to first.
struct Way<'p> {
    from: Option<Spot<'p>>,
    act: Act<'p>,
}

impl<'p> Paths<'p> {
    pub(super) fn new(program: &'p Program, places: &'p Places<'p>) -> Self {
        let mut paths = Paths { program, places, within: BTreeMap::new(), starts: Vec::new(), read: BTreeMap::new() };
        for read in &places.notes.reads {
            let Some(site) = read.site else { continue };
            paths.read.entry(site).or_default().insert(read.name());
        }
        for ix in (0..program.rules.len()).map(RuleIx) {
            let rule = program.rule(ix);
            if rule.within.is_empty() {
                let starts = paths.said(ix, None);
                paths.starts.extend(starts);
            }
            for state in &rule.within {
                paths.within.entry(*state).or_default().push(ix);
            }
        }
        let start = |act, site| Start { act, site, captures: Vec::new() };
        if program.fallback.is_some() {
            let strange =
                ["what?", "something else", "qqzx"].into_iter().find(|text| program.matcher.find(text, None, Reach::All).is_none());
            paths.starts.extend(strange.map(|text| start(Act::Say(text.to_owned()), (Body::Fallback, 0))));
        }
        if let Some(state) = program.welcome.as_ref().and_then(|welcome| welcome.menu) {
            let is_menu = |op: &Op| matches!(op, Op::Prompt(ix) if matches!(program.prompt(*ix).kind, PromptKind::Menu));
            let menu = program.state(state).steps.iter().position(is_menu);
            paths.starts.extend(menu.map(|menu| start(Act::None, (Body::State(state), menu))));
        }
        paths
    }

    /// The ways in which a person or X makes a rule fire, one for each of its patterns.
    fn said(&self, ix: RuleIx, at: Option<StateIx>) -> Vec<Start<'p>> {
        let (patterns, site) = (&self.places.patterns[ix.0], (Body::Rule(ix), 0));
        let mine = |text: &String| self.program.matcher.find(text, at, Reach::All).is_some_and(|found| found.rule == ix);
        let phrases = patterns.phrases.iter().map(|phrase| (sample(phrase, "something"), phrase)).filter(|(text, _)| mine(text));
        let mut starts: Vec<Start> =
            phrases.map(|(text, phrase)| Start { act: Act::Say(text), site, captures: phrase.captures().collect() }).collect();
        let told = |text: &str| Act::Say(format!("({text})"));
        if let Some(regex) = &patterns.regex {
            let captures = self.places.captures(ix).filter(|name| regex.captures().iter().any(|captured| captured == name));
            starts.push(Start { act: told(&format!("what fits `{}`", regex.source())), site, captures: captures.collect() });
        }
        starts.extend(patterns.metadata.iter().map(|phrase| {
            let act = told(&format!("a tap with the metadata `{}`", sample(phrase, "something")));
            Start { act, site, captures: phrase.captures().collect() }
        }));
        let event = self.program.events.iter().filter(|(_, rule)| **rule == ix);
        starts.extend(event.map(|(kind, _)| Start { act: told(kind), site, captures: Vec::new() }));
        starts
    }

    /// The shortest conversation to a place on which nothing sets `without`, a line each; `None` where no way leads there.
    pub(super) fn witness(&self, goal: Site, without: Option<&str>) -> Option<Vec<String>> {
        let lines = self.search(goal, without)?;
        let more = lines.len().saturating_sub(LINES);
        let shown = lines.into_iter().skip(more);
        Some(if more > 0 { std::iter::once("…".to_owned()).chain(shown).collect() } else { shown.collect() })
    }

    fn search(&self, goal: Site, without: Option<&str>) -> Option<Vec<String>> {
        let mut ways: BTreeMap<Spot<'p>, Way<'p>> = BTreeMap::new();
        let mut waiting: VecDeque<Spot<'p>> = VecDeque::new();
        for start in &self.starts {
            if serves(start, goal, without) {
                let spot = (start.site, BTreeSet::new(), false);
                ways.entry(spot.clone()).or_insert_with(|| {
                    waiting.push_back(spot);
                    Way { from: None, act: start.act.clone() }
                });
            }
        }
        while let Some(spot) = waiting.pop_front() {
            if spot.0 == goal && !spot.2 {
                return Some(self.told(&ways, spot));
            }
            for step in self.onward(spot.0, &spot.1, goal, without) {
                let set = without.is_some_and(|slot| self.leaves_set(&spot, &step, slot));
                let next = (step.to, step.given.unwrap_or_else(|| spot.1.clone()), set);
                ways.entry(next.clone()).or_insert_with(|| {
                    waiting.push_back(next);
                    Way { from: Some(spot.clone()), act: step.act }
                });
            }
        }
        None
    }

    /// The steps from a spot, and the rules that hold only there.
    fn onward(&self, site: Site, given: &BTreeSet<&str>, goal: Site, without: Option<&str>) -> Vec<Step<'p>> {
        let mut onward = steps(self.program, site, given);
        let Body::State(state) = site.0 else { return onward };
        let rests = match self.program.steps(site.0).get(site.1) {
            Some(Op::Prompt(_)) => onward.iter().all(|step| !matches!(step.act, Act::None)),
            Some(_) => false,
            None => true,
        };
        for ix in self.within.get(&state).into_iter().flatten().filter(|_| rests) {
            let said = self.said(*ix, Some(state)).into_iter().find(|start| serves(start, goal, without));
            onward.extend(said.map(|start| Step { given: Some(BTreeSet::new()), ..Step::new(start.act, start.site) }));
        }
        onward
    }

    /// Whether a slot is set behind a step, or was read before it.
    fn leaves_set(&self, (from, _, set): &Spot, step: &Step, slot: &str) -> bool {
        let read = || self.read.get(from).is_some_and(|read| read.contains(slot));
        step.unsets != Some(slot) && (*set || step.sets.contains(&slot) || read())
    }

    /// What is set for certain at each place, by whatever way one comes.
    pub(super) fn certain(&self) -> BTreeMap<Site, BTreeSet<&'p str>> {
        let mut certain: BTreeMap<Site, BTreeSet<&'p str>> = BTreeMap::new();
        let mut waiting: Vec<(Site, BTreeSet<&'p str>)> = self.starts.iter().map(|start| (start.site, BTreeSet::new())).collect();
        while let Some((site, facts)) = waiting.pop() {
            let facts = match certain.get(&site) {
                Some(known) if known.is_subset(&facts) => continue,
                Some(known) => known.intersection(&facts).copied().collect(),
                None => facts,
            };
            certain.insert(site, facts.clone());
            for step in self.onward(site, &BTreeSet::new(), site, None) {
                let mut after = facts.clone();
                after.extend(step.sets.iter().chain(self.read.get(&site).into_iter().flatten()));
                if let Some(slot) = step.unsets {
                    after.remove(slot);
                }
                waiting.push((step.to, after));
            }
        }
        certain
    }

    /// Whether some way leads to a place for the first time on which the slot was set.
    pub(super) fn can_be_set(&self, goal: Site, slot: &str) -> bool {
        let starts = self.starts.iter().map(|start| start.site).chain(self.within.values().flatten().map(|ix| (Body::Rule(*ix), 0)));
        let starts: Vec<Site> = starts.collect();
        let mut seen: BTreeSet<(Site, bool)> = BTreeSet::new();
        let mut waiting: Vec<(Site, bool)> = starts.iter().map(|site| (*site, false)).collect();
        let mut spread = false;
        while let Some((site, set)) = waiting.pop() {
            match seen.insert((site, set)) {
                true if site != goal => {}
                true if set => return true,
                // Behind the goal the slot may well be set, but too late.
                _ => continue,
            }
            for step in steps(self.program, site, &BTreeSet::new()) {
                let after = (set || step.sets.contains(&slot)) && step.unsets != Some(slot);
                if after && !spread {
                    // Rules are taken at any time: what one way set is there on all that begin later.
                    spread = true;
                    waiting.extend(starts.iter().map(|start| (*start, true)));
                }
                waiting.push((step.to, after));
            }
        }
        false
    }

    /// A way as a chat.
    fn told(&self, ways: &BTreeMap<Spot<'p>, Way<'p>>, goal: Spot<'p>) -> Vec<String> {
        let mut spots = vec![goal];
        while let Some(from) = spots.last().and_then(|spot| ways[spot].from.clone()) {
            spots.push(from);
        }
        let mut lines = Vec::new();
        for spot in spots.into_iter().rev() {
            let way = &ways[&spot];
            lines.extend(match &way.act {
                // Only the welcome message begins by itself.
                Act::None if way.from.is_none() => self.welcome(),
                Act::None => None,
                Act::Tap(label) => Some(format!("tap  {}", short(label))),
                Act::Say(text) => Some(format!("user {}", short(text))),
                Act::Wrong => Some("user (what does not fit, again and again)".to_owned()),
                Act::Answer(name, true) => Some(format!("({name} answers)")),
                Act::Answer(name, false) => Some(format!("({name} does not answer)")),
                Act::Time => Some("(time goes by)".to_owned()),
            });
            lines.extend(self.spoken(spot.0).map(|text| format!("bot  {}", short(text))));
        }
        lines
    }

    fn welcome(&self) -> Option<String> {
        let text = self.program.welcome.as_ref().and_then(|welcome| welcome.text.first())?;
        Some(format!("bot  {}", short(text.source())))
    }

    /// What the bot says at a place.
    fn spoken(&self, (body, ix): Site) -> Option<&'p str> {
        match self.program.steps(body).get(ix)? {
            Op::Say { variants, .. } => variants.first().map(|text| text.source()),
            Op::Prompt(prompt) => self.program.prompt(*prompt).text.as_ref().map(|text| text.source()),
            _ => None,
        }
    }
}

/// Whether a start may begin a way on which nothing sets `without`: what a rule captures is there in its own steps only.
fn serves(start: &Start, goal: Site, without: Option<&str>) -> bool {
    start.site.0 != goal.0 || without.is_none_or(|slot| !start.captures.contains(&slot))
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > 60 || line.len() < text.len() {
        format!("{} …", line.chars().take(60).collect::<String>().trim_end())
    } else {
        line.to_owned()
    }
}
