//! A conversation and everything around it that the machine knows nothing of: the person, X, the servers, the clock, the journal.
//! Bytes decide what happens; after every step an onlooker looks whether the promises are kept.

mod moves;
mod onlooker;
mod platform;

use std::collections::BTreeMap;

use junco::bot::Program;
use junco::conversation::{Action, Asking, AskingRef, Context, Event, Metadata, Rendering, RowId, State, step};
use junco::model::{Key, Outgoing, Profile, Timestamp, UserId};

use super::bytes::Bytes;

/// Turns of one commit that are more than any promise allows.
const TURNS: u32 = 200;

/// The conversation.
pub(super) const KEY: Key = Key { account: UserId(10), peer: UserId(20) };

/// A conversation under way, with what an onlooker remembers of it.
pub(super) struct World<'p> {
    /// The bot, and what its author makes of it later.
    programs: &'p [Program],
    deployed: usize,
    rendering: Rendering,
    peer_is_ours: bool,
    state: State,
    now: Timestamp,
    revision: u64,
    /// How many messages of the person there were, so that each has an id of its own.
    heard: u64,
    /// Every message of the bot, its row and the asking that it shows.
    ordered: Vec<(RowId, Outgoing, Option<u32>)>,
    /// The askings, as the journal holds them.
    askings: BTreeMap<u32, Asking>,
    /// Messages of the person, as the journal holds them: by revision and turn.
    messages: BTreeMap<RowId, Event>,
    /// Messages of the bot since the person was last heard.
    said: usize,
}

/// Plays what the bytes say on these programs, of which the first runs first.
pub(super) fn play(programs: &[Program], bytes: &mut Bytes) {
    let now = Timestamp::from_millis(1_767_225_600_000);
    let setting = bytes.next();
    let mut world = World {
        programs,
        deployed: 0,
        rendering: Rendering { numbered: setting & 1 == 1, options: [20, 3, 7, 10][usize::from(setting >> 1 & 3)] },
        peer_is_ours: setting >> 3 == 31,
        state: State::new(Profile::unknown(KEY.peer), now),
        now,
        revision: 0,
        heard: 0,
        ordered: Vec::new(),
        askings: BTreeMap::new(),
        messages: BTreeMap::new(),
        said: 0,
    };
    while !bytes.is_empty() {
        world.moves(bytes);
    }
}

impl World<'_> {
    /// A delivery: its events one after the other in one commit, then the messages that wait and need not any longer.
    fn takes(&mut self, events: Vec<Event>) {
        self.revision += 1;
        let (mut turn, mut messages) = (0, 0);
        for event in events {
            messages += self.turn(&event, turn, messages);
            turn += 1;
        }
        while let Some(next) = self.state.taken_up_next(self.now) {
            let Some(Event::Message { message, from, overtaken, .. }) = self.messages.get(&next.turn).cloned() else {
                panic!("{next:?} waits, and nobody ever said it");
            };
            messages += self.turn(&Event::Message { message, from, overtaken, waited: true }, turn, messages);
            turn += 1;
            assert!(turn < TURNS, "taking up what waits comes to an end");
        }
        self.looks_at_rest();
    }

    /// One event; gives how many messages it made.
    fn turn(&mut self, event: &Event, turn: u32, messages: u32) -> u32 {
        let program = &self.programs[self.deployed];
        let recalled = tapped(event).and_then(|number| self.askings.get(&number)).cloned();
        let context = Context {
            key: KEY,
            now: self.now,
            revision: self.revision,
            messages,
            turn,
            rendering: self.rendering,
            peer_is_ours: self.peer_is_ours,
            recalled,
        };
        if let Event::Message { waited: false, .. } = event {
            self.messages.insert(RowId { revision: self.revision, index: turn }, event.clone());
        }
        let before = self.state.clone();
        let taken = step(program, before.clone(), event, &context);
        assert_eq!(taken, step(program, before.clone(), event, &context), "the machine draws no chance");
        self.looks(&before, event, &taken);
        let sent = taken.actions.iter().filter(|action| matches!(action, Action::Send { .. })).count();
        for action in taken.actions {
            if let Action::Send { row, message, asking, .. } = action {
                self.ordered.push((row, message, asking));
            }
        }
        for asking in &taken.state.askings {
            self.askings.entry(asking.number).or_insert_with(|| asking.clone());
        }
        self.state = taken.state;
        u32::try_from(sent).unwrap_or(u32::MAX)
    }
}

/// The asking that a tap with our metadata names.
fn tapped(event: &Event) -> Option<u32> {
    let Event::Message { message, .. } = event else { return None };
    match Metadata::read(message.tap.as_ref()?.metadata.as_deref()?, KEY)?.asking {
        AskingRef::Number(number) => Some(number),
        AskingRef::Welcome => None,
    }
}
