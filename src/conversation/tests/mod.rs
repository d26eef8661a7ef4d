//! Conversations with the machine, written as chats. The harness plays X and the store: it hands events in, keeps the state,
//! and lets messages arrive.

mod classes;
mod delivery;
mod desk;
mod limits;
mod nodes;
mod people;
mod properties;
mod table;
mod typed;
mod welcome;

use std::time::Duration;

use super::*;
use crate::bot::{Program, Sources, compile};
use crate::model::{Incoming, Key, Link, LookupAnswer, LookupRequest, MessageId, Outgoing, Profile, Tap, Timestamp, UserId};

/// A chat under test.
struct Chat {
    program: Program,
    state: State,
    now: Timestamp,
    revision: u64,
    /// Every message that arrived at the person, oldest first.
    messages: Vec<Outgoing>,
    /// How many messages the person had before the last event.
    before: usize,
    trace: Trace,
    actions: Vec<Action>,
    /// Every event, by its revision less one.
    log: Vec<Event>,
    rendering: Rendering,
    /// Whether what is said arrives, and is known to have arrived, at once.
    delivers: bool,
    peer_is_ours: bool,
}

fn key() -> Key {
    Key::new(UserId(10), UserId(20))
}

impl Chat {
    fn with(script: &str) -> Self {
        let now = Timestamp::from_millis(1_767_225_600_000);
        let profile = Profile { id: key().peer, name: "Ada".into(), screen_name: "ada_example".into() };
        Chat {
            program: program(script),
            state: State::new(profile, now),
            now,
            revision: 0,
            messages: Vec::new(),
            before: 0,
            trace: Trace::default(),
            actions: Vec::new(),
            log: Vec::new(),
            rendering: Rendering::default(),
            delivers: true,
            peer_is_ours: false,
        }
    }

    /// The person types.
    fn says(&mut self, text: &str) -> &mut Self {
        self.hears(text, None)
    }

    /// The person taps the newest option of that label.
    fn taps(&mut self, label: &str) -> &mut Self {
        let place = self.messages.iter().rposition(|message| message.options.iter().any(|option| option.label == label));
        self.taps_of(place.unwrap_or_else(|| panic!("nothing shows {label}: {:#?}", self.messages)), label)
    }

    /// The person taps an option of an older message, counted from 0.
    fn taps_of(&mut self, message: usize, label: &str) -> &mut Self {
        let option = self.messages[message].options.iter().find(|option| option.label == label);
        let metadata = option.unwrap_or_else(|| panic!("no {label} in {:#?}", self.messages[message])).metadata.clone();
        self.hears(label, Some(Tap { metadata }))
    }

    fn hears(&mut self, text: &str, tap: Option<Tap>) -> &mut Self {
        self.wait("1s");
        let message = Incoming { id: MessageId::first_at(self.now), sent_at: self.now, text: text.into(), tap, attachment: None };
        let from = self.state.peer.clone();
        self.take(Event::Message { message, from, overtaken: false, waited: false })
    }

    /// Something happens, and what waited for it is taken up, as `turn` does it.
    fn take(&mut self, event: Event) -> &mut Self {
        self.revision += 1;
        self.before = self.messages.len();
        self.log.push(event.clone());
        self.step(&event);
        while let Some(waiting) = self.state.taken_up_next(self.now) {
            let Event::Message { message, from, overtaken, .. } = self.log[waiting.turn.revision as usize - 1].clone() else { panic!() };
            self.step(&Event::Message { message, from, overtaken, waited: true });
        }
        self
    }

    fn step(&mut self, event: &Event) {
        let context = Context {
            key: key(),
            now: self.now,
            revision: self.revision,
            messages: 0,
            turn: 0,
            rendering: self.rendering,
            peer_is_ours: self.peer_is_ours,
            recalled: None,
        };
        let step = step(&self.program, self.state.clone(), event, &context);
        assert_eq!(step, super::step(&self.program, self.state.clone(), event, &context), "the machine draws no chance");
        (self.state, self.actions, self.trace) = (step.state, step.actions, step.trace);
        for action in &self.actions {
            if let Action::Send { message, .. } = action {
                self.messages.push(message.clone());
            }
        }
        if self.delivers {
            self.state.rows.clear();
        }
    }

    /// The lookup that is on its way is answered.
    fn is_answered(&mut self, answer: LookupAnswer) -> &mut Self {
        let number = self.state.lookup.as_ref().expect("a lookup is on its way").number;
        self.take(Event::LookupDone { number, answer })
    }

    /// Time passes, and the timers that are over then fire.
    fn passes(&mut self, span: &str) -> &mut Self {
        self.wait(span);
        self.before = self.messages.len();
        let before = self.before;
        while let Some(timer) = self.state.timers.iter().find(|timer| timer.at <= self.now) {
            let number = timer.number;
            self.take(Event::TimerFired { number });
        }
        self.before = before;
        self
    }

    /// A person of the house writes from another app.
    fn operator_says(&mut self, text: &str) -> &mut Self {
        self.wait("1s");
        let message = Incoming { id: MessageId::first_at(self.now), sent_at: self.now, text: text.into(), tap: None, attachment: None };
        self.take(Event::Echo { message, origin: Origin::Other })
    }

    fn request(&self) -> LookupRequest {
        let request = self.actions.iter().find_map(|action| match action {
            Action::LookUp { request, .. } => Some(request.clone()),
            _ => None,
        });
        request.unwrap_or_else(|| panic!("nothing was looked up: {:#?}", self.actions))
    }

    fn wait(&mut self, span: &str) -> &mut Self {
        self.now = self.now.plus(crate::model::parse_duration(span).unwrap_or(Duration::ZERO));
        self
    }

    /// What the last event was answered with, one line a message.
    fn answer(&self) -> String {
        self.messages[self.before..].iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n--\n")
    }

    /// The labels under the last answer.
    fn labels(&self) -> Vec<&str> {
        let shown = self.messages[self.before..].last().into_iter().flat_map(|message| &message.options);
        shown.map(|option| option.label.as_str()).collect()
    }

    #[track_caller]
    fn hears_back(&mut self, text: &str) -> &mut Self {
        assert_eq!(self.answer(), text, "{:#?}", self.trace);
        self
    }

    #[track_caller]
    fn is_at(&mut self, state: &str) -> &mut Self {
        assert_eq!(self.state.at.as_deref(), Some(state), "{:#?}", self.trace);
        self
    }

    fn slot(&self, name: &str) -> Option<String> {
        self.state.slots.get(name).map(Value::to_string)
    }
}

fn program(script: &str) -> Program {
    let sources = Sources::from([("bot.kdl".to_owned(), script.to_owned())]);
    match compile(&sources) {
        Ok(compiled) => compiled.program,
        Err(found) => panic!("{}", found.iter().map(|one| one.render(&sources, false)).collect::<String>()),
    }
}
