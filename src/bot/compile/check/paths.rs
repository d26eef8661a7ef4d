//! Witnesses: the shortest conversation that leads to a place in a program.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Places;
use super::steps::{Act, Step, sample, steps};
use crate::bot::compile::scripts::{Site, Use};
use crate::bot::matcher::Reach;
use crate::bot::program::{Body, Op, Program, PromptKind, RuleIx, StateIx};

/// A place on a way, and the slots whose questions are answered there.
type Spot<'p> = (Site, BTreeSet<&'p str>);

/// Ways through a program, from nothing on.
pub(super) struct Paths<'p> {
    program: &'p Program,
    places: &'p Places<'p>,
    /// Rules that hold in certain states only, by state.
    within: BTreeMap<StateIx, Vec<RuleIx>>,
    /// What begins a conversation, and where.
    starts: Vec<(Act<'p>, Site)>,
    /// What the conditions ask for, by their places.
    asked: BTreeMap<Site, BTreeSet<&'p str>>,
}

/// How a spot was come to first.
struct Way<'p> {
    from: Option<Spot<'p>>,
    act: Act<'p>,
}

impl<'p> Paths<'p> {
    pub(super) fn new(program: &'p Program, places: &'p Places<'p>) -> Self {
        let mut paths = Paths { program, places, within: BTreeMap::new(), starts: Vec::new(), asked: BTreeMap::new() };
        for read in places.notes.reads.iter().filter(|read| read.used == Use::Condition) {
            paths.asked.extend(read.site.map(|site| (site, BTreeSet::new())).filter(|(site, _)| !paths.asked.contains_key(site)));
            if let Some(names) = read.site.and_then(|site| paths.asked.get_mut(&site)) {
                names.insert(read.name());
            }
        }
        for ix in (0..program.rules.len()).map(RuleIx) {
            let rule = program.rule(ix);
            if rule.within.is_empty() {
                paths.starts.extend(paths.said(ix, None).map(|act| (act, (Body::Rule(ix), 0))));
            }
            for state in &rule.within {
                paths.within.entry(*state).or_default().push(ix);
            }
        }
        if program.fallback.is_some() {
            let strange =
                ["what?", "something else", "qqzx"].into_iter().find(|text| program.matcher.find(text, None, Reach::All).is_none());
            paths.starts.extend(strange.map(|text| (Act::Say(text.to_owned()), (Body::Fallback, 0))));
        }
        if let Some(state) = program.welcome.as_ref().and_then(|welcome| welcome.menu) {
            let is_menu = |op: &Op| matches!(op, Op::Prompt(ix) if matches!(program.prompt(*ix).kind, PromptKind::Menu));
            let menu = program.state(state).steps.iter().position(is_menu);
            paths.starts.extend(menu.map(|menu| (Act::None, (Body::State(state), menu))));
        }
        paths
    }

    /// How a person or X makes a rule fire.
    fn said(&self, ix: RuleIx, at: Option<StateIx>) -> Option<Act<'p>> {
        let patterns = &self.places.patterns[ix.0];
        let mine = |text: &String| self.program.matcher.find(text, at, Reach::All).is_some_and(|found| found.rule == ix);
        if let Some(text) = patterns.phrases.iter().map(|phrase| sample(phrase, "something")).find(mine) {
            return Some(Act::Say(text));
        }
        if patterns.regex.is_some() || !patterns.metadata.is_empty() {
            return Some(Act::Say(format!("(what fits `{}`)", self.program.rule(ix).name)));
        }
        let event = self.program.events.iter().find(|(_, rule)| **rule == ix);
        event.map(|(kind, _)| Act::Say(format!("({kind})")))
    }

    /// The shortest conversation to a place on which nothing sets `without`, a line each; `None` where no way leads there.
    pub(super) fn witness(&self, goal: Site, without: Option<&str>) -> Option<Vec<String>> {
        self.search(without, |site| site == goal).map(|lines| {
            let more = lines.len().saturating_sub(12);
            let shown = lines.into_iter().skip(more);
            if more > 0 { std::iter::once("…".to_owned()).chain(shown).collect() } else { shown.collect() }
        })
    }

    fn search(&self, without: Option<&str>, is_goal: impl Fn(Site) -> bool) -> Option<Vec<String>> {
        let mut ways: BTreeMap<Spot<'p>, Way<'p>> = BTreeMap::new();
        let mut waiting: VecDeque<Spot<'p>> = VecDeque::new();
        for (act, site) in &self.starts {
            let captured = |name: &str| match site.0 {
                Body::Rule(ix) => captures(self.places, ix, name),
                Body::State(_) | Body::Fallback | Body::Reminder(_) => false,
            };
            // What a rule captures is there in its own steps only, so that it counts where that is the goal.
            if without.is_some_and(|slot| is_goal(*site) && captured(slot)) {
                continue;
            }
            let spot = (*site, BTreeSet::new());
            ways.entry(spot.clone()).or_insert_with(|| {
                waiting.push_back(spot);
                Way { from: None, act: act.clone() }
            });
        }
        while let Some(spot) = waiting.pop_front() {
            if is_goal(spot.0) {
                return Some(self.told(&ways, spot));
            }
            for step in self.onward(&spot) {
                if without.is_some_and(|slot| self.sets(spot.0, &step, slot)) {
                    continue;
                }
                let next = (step.to, step.given.unwrap_or_else(|| spot.1.clone()));
                ways.entry(next.clone()).or_insert_with(|| {
                    waiting.push_back(next);
                    Way { from: Some(spot.clone()), act: step.act }
                });
            }
        }
        None
    }

    /// The steps from a spot, and the rules that hold only there.
    fn onward(&self, (site, given): &Spot<'p>) -> Vec<Step<'p>> {
        let mut onward = steps(self.program, *site, given);
        let Body::State(state) = site.0 else { return onward };
        let rests = match self.program.steps(site.0).get(site.1) {
            Some(Op::Prompt(_)) => onward.iter().all(|step| !matches!(step.act, Act::None)),
            Some(_) => false,
            None => true,
        };
        for ix in self.within.get(&state).into_iter().flatten().filter(|_| rests) {
            let said = self.said(*ix, Some(state));
            onward.extend(said.map(|act| Step {
                act,
                to: (Body::Rule(*ix), 0),
                sets: Vec::new(),
                unsets: None,
                given: Some(BTreeSet::new()),
            }));
        }
        onward
    }

    /// Whether a step sets a slot, or asks whether it is set.
    fn sets(&self, from: Site, step: &Step, slot: &str) -> bool {
        step.sets.contains(&slot) || self.asked.get(&from).is_some_and(|asked| asked.contains(slot))
    }

    /// What is set for certain at each place, by whatever way one comes.
    pub(super) fn certain(&self) -> BTreeMap<Site, BTreeSet<&'p str>> {
        let mut certain: BTreeMap<Site, BTreeSet<&'p str>> = BTreeMap::new();
        let mut waiting: Vec<(Site, BTreeSet<&'p str>)> = self.starts.iter().map(|(_, site)| (*site, BTreeSet::new())).collect();
        while let Some((site, facts)) = waiting.pop() {
            let facts = match certain.get(&site) {
                Some(known) if known.is_subset(&facts) => continue,
                Some(known) => known.intersection(&facts).copied().collect(),
                None => facts,
            };
            certain.insert(site, facts.clone());
            for step in self.onward(&(site, BTreeSet::new())) {
                let mut after = facts.clone();
                after.extend(step.sets.iter().chain(self.asked.get(&site).into_iter().flatten()));
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
        let starts = self.starts.iter().map(|(_, site)| *site).chain(self.within.values().flatten().map(|ix| (Body::Rule(*ix), 0)));
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
            lines.extend(match &ways[&spot].act {
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

    /// What the bot says at a place.
    fn spoken(&self, (body, ix): Site) -> Option<&'p str> {
        match self.program.steps(body).get(ix)? {
            Op::Say { variants, .. } => variants.first().map(|text| text.source()),
            Op::Prompt(prompt) => self.program.prompt(*prompt).text.as_ref().map(|text| text.source()),
            _ => None,
        }
    }
}

/// Whether every pattern of a rule captures a name.
pub(super) fn captures(places: &Places, ix: RuleIx, name: &str) -> bool {
    let patterns = &places.patterns[ix.0];
    let mut phrases = patterns.phrases.iter().chain(&patterns.metadata);
    let regex = patterns.regex.as_ref().is_none_or(|regex| regex.captures().iter().any(|captured| captured == name));
    let some = !patterns.phrases.is_empty() || !patterns.metadata.is_empty() || patterns.regex.is_some();
    some && regex && phrases.all(|phrase| phrase.captures().any(|captured| captured == name))
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > 60 || line.len() < text.len() {
        format!("{} …", line.chars().take(60).collect::<String>().trim_end())
    } else {
        line.to_owned()
    }
}
