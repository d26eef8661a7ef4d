//! Whatever comes in whatever order: what holds after every single step.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::bot::{self, limits};
use crate::store::Record;

/// Everything that waits, pages, fails, repeats or grows.
const BOT: &str = r##"bot "p" version=1 { late "follow" ttl="30m"; idle "5h" }
table "areas" file="areas.csv" key="name"
on "hi" { goto "home" }
on "help" scope="any" { say "Help." }
on "many" { goto "many" }
on "pick {area}" { goto "report" area="{{ area }}" }
on "bye" { end }
on metadata="old {x...}" { say "Old {{ x }}." }
state "home" {
  say "Home." "Home again, {{ user.name }}."
  option "Report" goto="report" desc="Snow"
  option "Form" goto="form" desc="Words" metadata="verbatim form"
  option "Many" goto="many" desc="Talk"
}
state "report" late="rewind" {
  set note="before"
  ask "area" "Which area?" from="areas" page=18 fuzzy=1 { option "Somewhere else" value=">1" desc="Elsewhere" }
  say "Report: {{ area }}, {{ note }}."
  set note="after"
  option "Home" goto="home"
}
state "form" late="reject" {
  ask "a" "Words?" greedy=#true
  ask "b" "More words?" greedy=#true
  ask "n" "How many?" type="int" min=1 max=5 retries=1 giveup="home"
  say "{{ a }} {{ b }} {{ n }}"
  goto "home"
}
state "many" late="ignore" { SAYS option "Home" goto="home"; option "Again" goto="many" }
fallback { say "What?"; after 3 goto="home" }"##;

/// The same bot after its author took things away.
fn scripts() -> [Program; 2] {
    let says: String = (0..13).map(|i| format!("say \"Line {i}.\" break=#true; ")).collect();
    let first = BOT.replace("SAYS", &says);
    let second = first.replace("option \"Form\" goto=\"form\" desc=\"Words\" metadata=\"verbatim form\"", "").replace("SAYS", "");
    let rows: String = (0..45).map(|i| format!("Area {i},Row {i}\n")).collect();
    let program = |script: String, rows: &str| {
        let sources = Sources::from([("bot.kdl".to_owned(), script), ("areas.csv".to_owned(), format!("name,desc\n{rows}"))]);
        match compile(&sources) {
            Ok(compiled) => compiled.program,
            Err(found) => panic!("{}", found.iter().map(|one| one.render(&sources, false)).collect::<String>()),
        }
    };
    [program(first, &rows), program(second, "Area 1,Row 1\n")]
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Move {
    Says(String),
    /// A tap on an option of any message that was ever ordered.
    Taps(prop::sample::Index, prop::sample::Index),
    TapsForeign(String, Option<String>),
    Claims,
    /// An outcome for any row there ever was.
    Settles(prop::sample::Index, usize),
    /// An outcome for the row that leaves next.
    SettlesNext(usize),
    Echoes(prop::sample::Index, Origin),
    Waits(u32),
    Restarts,
    Deploys,
}

fn moves() -> impl Strategy<Value = Move> {
    let words =
        ["hi", "help", "many", "form", "report", "pick Area 3", "pick nowhere", "bye", "Area 7", "area 77", "more", "2", "3", "19", ""];
    let text = prop_oneof![
        6 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,30}",
        1 => (0usize..1_100).prop_map(|length| "ж".repeat(length)),
        1 => Just("word ".repeat(2_500)),
    ];
    let origin = prop_oneof![Just(Origin::Ours), Just(Origin::Other), Just(Origin::Unknown)];
    let metadata =
        prop_oneof![Just("old 7".to_owned()), Just("verbatim form".to_owned()), Just("j1;home/menu;x;1;r;1;2".to_owned()), "\\PC{0,20}"];
    prop_oneof![
        6 => text.prop_map(Move::Says),
        8 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(message, option)| Move::Taps(message, option)),
        1 => (prop::sample::select(vec!["Form".to_owned(), "Home".to_owned(), "hi".to_owned()]), prop::option::of(metadata))
            .prop_map(|(label, metadata)| Move::TapsForeign(label, metadata)),
        8 => Just(Move::Claims),
        1 => (any::<prop::sample::Index>(), 0usize..6).prop_map(|(row, outcome)| Move::Settles(row, outcome)),
        8 => prop_oneof![5 => Just(0usize), 2 => 1usize..6].prop_map(Move::SettlesNext),
        3 => (any::<prop::sample::Index>(), origin).prop_map(|(message, origin)| Move::Echoes(message, origin)),
        2 => prop_oneof![1u32..60, 1_000u32..30_000].prop_map(Move::Waits),
        1 => Just(Move::Restarts),
        1 => Just(Move::Deploys),
    ]
}

/// A conversation and what an onlooker remembers of it.
struct World<'a> {
    programs: &'a [Program; 2],
    deployed: usize,
    record: Record,
    now: Timestamp,
    /// Every message ordered, with its row.
    ordered: Vec<(RowId, Outgoing)>,
    /// The askings, as the journal holds them.
    askings: BTreeMap<u32, Asking>,
    answered: BTreeSet<u32>,
}

impl World<'_> {
    fn plays(&mut self, one: &Move) {
        match one {
            Move::Says(text) => self.hears(text, None),
            Move::Taps(message, option) => {
                let menus: Vec<&Outgoing> = self.ordered.iter().map(|(_, message)| message).filter(|m| !m.options.is_empty()).collect();
                if menus.is_empty() {
                    return;
                }
                let option = option.get(&message.get(&menus).options).clone();
                self.hears(&option.label, Some(Tap { metadata: option.metadata }));
            }
            Move::TapsForeign(label, metadata) => self.hears(label, Some(Tap { metadata: metadata.clone() })),
            Move::Claims => {
                let row = self.record.state.next_row().filter(|row| matches!(row.status, RowStatus::Due(_))).map(|row| row.id);
                row.into_iter().for_each(|row| self.takes(&Event::Claimed { row }));
            }
            Move::Settles(row, outcome) if !self.ordered.is_empty() => {
                let row = row.get(&self.ordered).0;
                self.takes(&Event::Settled { row, outcome: self.outcome(*outcome) });
            }
            Move::SettlesNext(outcome) => {
                let row = self.record.state.next_row().filter(|row| matches!(row.status, RowStatus::Sending(_))).map(|row| row.id);
                row.into_iter().for_each(|row| self.takes(&Event::Settled { row, outcome: self.outcome(*outcome) }));
            }
            Move::Echoes(message, origin) if !self.ordered.is_empty() => {
                let text = message.get(&self.ordered).1.text.clone();
                let message = Incoming { id: MessageId::first_at(self.now), sent_at: self.now, text, tap: None, attachment: None };
                self.takes(&Event::Echo { message, origin: *origin });
            }
            Move::Settles(..) | Move::Echoes(..) => {}
            Move::Waits(seconds) => self.now = self.now.plus(Duration::from_secs(u64::from(*seconds))),
            Move::Restarts => self.record = Record::decode(&self.record.encode().unwrap()).unwrap(),
            Move::Deploys => self.deployed = 1 - self.deployed,
        }
    }

    fn outcome(&self, kind: usize) -> Outcome {
        let refused = |person| Outcome::Refused { code: 1, reason: "no".into(), person };
        match kind {
            0 => Outcome::Sent(MessageId::first_at(self.now)),
            1 => Outcome::RetryAt(self.now.plus(Duration::from_secs(5))),
            2 => Outcome::Unsure { check_at: self.now.plus(Duration::from_secs(30)), refusal: None },
            3 => Outcome::Resend,
            kind => refused(kind == 5),
        }
    }

    fn hears(&mut self, text: &str, tap: Option<Tap>) {
        self.now = self.now.plus(Duration::from_millis(700));
        let message = Incoming { id: MessageId::first_at(self.now), sent_at: self.now, text: text.into(), tap, attachment: None };
        let from = Profile { id: key().peer, name: "Ada".into(), screen_name: "ada_example".into() };
        self.takes(&Event::Message { message, from, overtaken: false, waited: false });
    }

    fn takes(&mut self, event: &Event) {
        let program = &self.programs[self.deployed];
        let before = self.record.state.clone();
        self.record.revision += 1;
        let tapped = tapped(event);
        let recalled = tapped.as_ref().and_then(|(number, _)| self.askings.get(number)).cloned();
        let recalled = recalled.map(|asking| Asking { answered: self.answered.contains(&asking.number), ..asking });
        let expected = tapped.as_ref().map(|(number, option)| self.lateness(*number, option));
        let context = Context {
            key: key(),
            now: self.now,
            revision: self.record.revision,
            messages: 0,
            turn: 0,
            rendering: Rendering::default(),
            peer_is_ours: false,
            recalled,
        };
        let step = step(program, before.clone(), event, &context);
        assert_eq!(step, super::super::step(program, before.clone(), event, &context), "the machine draws no chance");

        assert!(expected.is_none_or(|expected| step.trace.lateness == Some(expected)), "{expected:?} {:?} {event:?}", step.trace);
        self.remember(&before, tapped, &step);
        self.record.seen.mark(MessageId::first_at(self.now));
        self.record.state = step.state;
        self.check(&before, &step.actions);
    }

    /// The class of a tap on an option of ours, out of the table of design §4 and what an onlooker knows.
    fn lateness(&self, number: u32, option: &Metadata) -> Lateness {
        let (program, state) = (&self.programs[self.deployed], &self.record.state);
        let prompt = program.state_named(&option.state).and_then(|state| program.prompt_named(state, &option.prompt));
        let has = |prompt| program.choices(prompt, &bot::Scope::new(program)).options.iter().any(|choice| choice.id == option.option);
        let is_page = option.option.starts_with('>');
        match prompt {
            Some(prompt) if is_page || has(prompt) => {
                let may_have_arrived = |row: &Row| row.doubtful.is_some() || !matches!(row.status, RowStatus::Due(_));
                if state.rows.iter().any(|row| row.asking == Some(number) && may_have_arrived(row)) {
                    Lateness::Early
                } else if self.answered.contains(&number) {
                    Lateness::Consumed
                } else if program.ttl(prompt).is_some_and(|ttl| self.now.since(self.askings[&number].at) > ttl) {
                    Lateness::Expired
                } else if state.open == Some(number) {
                    Lateness::Current
                } else {
                    Lateness::Superseded
                }
            }
            _ => Lateness::Retired,
        }
    }

    /// Notes what the turn asked and what it answered.
    fn remember(&mut self, before: &State, tapped: Option<(u32, Metadata)>, step: &Step) {
        for asking in &step.state.askings {
            self.askings.entry(asking.number).or_insert_with(|| asking.clone());
        }
        let acted = matches!(step.trace.lateness, Some(Lateness::Current | Lateness::Early))
            || matches!(step.trace.policy, Some(bot::Late::Follow | bot::Late::Rewind));
        let turned = matches!(&step.trace.fired, Fired::Option(_, id) if id == "more" || id.starts_with("page "));
        match (&step.trace.fired, tapped) {
            (Fired::Option(..), Some((number, _))) if acted && !turned => drop(self.answered.insert(number)),
            (Fired::Answer(_), _) => self.answered.extend(before.open),
            // By its label, typed or tapped without our metadata.
            (Fired::Option(..), None) => {
                let answered = step.state.askings.iter().filter(|asking| asking.answered).map(|asking| asking.number);
                self.answered.extend(answered);
            }
            _ => {}
        }
    }

    fn check(&mut self, before: &State, actions: &[Action]) {
        let state = &self.record.state;
        let size = self.record.encode().unwrap().len();
        assert!(size <= 6_000, "a record of {size} bytes");
        assert!(state.rows.is_sorted_by_key(|row| row.id), "rows leave in their order");
        assert!(state.rows.windows(2).all(|two| two[0].id != two[1].id), "each row has its own name");
        assert!(state.open.is_none_or(|open| state.askings.iter().any(|asking| asking.number == open)), "the open prompt is remembered");
        let sent: Vec<(RowId, Outgoing)> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Send { row, message, .. } => Some((*row, message.clone())),
                _ => None,
            })
            .collect();
        assert!(sent.len() <= 10);
        for row in &state.rows {
            let is_old = before.rows.iter().any(|old| old.id == row.id);
            assert!(
                is_old != sent.iter().any(|(id, _)| *id == row.id),
                "a row is as old as its message, and once settled never comes back"
            );
        }
        sent.iter().for_each(|(_, message)| keeps_the_limits(message));
        self.ordered.extend(sent);
    }
}

/// The asking and the option that a tap with our metadata names.
fn tapped(event: &Event) -> Option<(u32, Metadata)> {
    let Event::Message { message, .. } = event else { return None };
    let metadata = Metadata::read(message.tap.as_ref()?.metadata.as_deref()?, key())?;
    match metadata.asking {
        AskingRef::Number(number) => Some((number, metadata)),
        AskingRef::Welcome => None,
    }
}

/// Contract §5.
fn keeps_the_limits(message: &Outgoing) {
    assert!((1..=limits::TEXT).contains(&limits::length(&message.text)) && !message.text.trim().is_empty());
    assert!(message.options.len() <= limits::OPTIONS);
    let described = message.options.iter().filter(|option| option.description.is_some()).count();
    assert!(described == 0 || described == message.options.len(), "all or none has a description");
    for option in &message.options {
        assert!((1..=limits::LABEL).contains(&limits::length(&option.label)));
        assert!(option.description.as_deref().is_none_or(|text| limits::length(text) <= limits::DESCRIPTION));
        assert!(option.metadata.as_deref().is_none_or(|text| limits::length(text) <= limits::METADATA));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_that_may_come_breaks_a_promise(moves in prop::collection::vec(moves(), 1..60)) {
        static SCRIPTS: std::sync::LazyLock<[Program; 2]> = std::sync::LazyLock::new(scripts);
        let now = Timestamp::from_millis(1_767_225_600_000);
        let state = State::new(Profile::unknown(key().peer), now);
        let record = Record::new(state);
        let mut world = World { programs: &SCRIPTS, deployed: 0, record, now, ordered: Vec::new(), askings: BTreeMap::new(), answered: BTreeSet::new() };
        for one in &moves {
            world.plays(one);
        }
    }
}
