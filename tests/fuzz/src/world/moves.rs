//! What may happen to a conversation.

use std::time::Duration;

use junco::conversation::{AskingRef, Event, Metadata, Origin, Outcome, Refusal, Row, RowStatus};
use junco::model::{
    Attachment, Incoming, Key, LookupAnswer, LookupFailure, MediaKind, MessageId, Outgoing, Profile, Tap, Timestamp, UserId,
};
use serde_json::json;

use super::super::bytes::Bytes;
use super::{KEY, TURNS, World};

/// What a person may type, whatever the bot.
const TYPED: [&str; 44] = [
    "hi",
    "home",
    "menu",
    "go 0",
    "go 1",
    "go 2",
    "go 3",
    "go 4",
    "set up",
    "stop",
    "start",
    "resume me",
    "bot",
    "forget me",
    "yes",
    "no",
    "more",
    "Yes",
    "1",
    "2",
    "3",
    "20",
    "-7",
    "2,5",
    "today",
    "2026-12-24",
    "a@b.ch",
    "+41 44 123 45 67",
    "https://a.example/x",
    "Area 7",
    "area 77",
    "One",
    "please",
    "aspen please",
    "count 3",
    "one and two",
    "heavy snow",
    "an agent",
    "",
    " ",
    "❄",
    "x\u{0}y\u{202e}",
    "{{ x }}",
    "www.x.example",
];

/// How many rows the outbox takes up at a time.
const REFILL: usize = 10;

impl World<'_> {
    /// Something happens.
    pub(super) fn moves(&mut self, bytes: &mut Bytes) {
        match bytes.below(32) {
            0..=5 => {
                let text = self.typed(bytes);
                self.hears(text, None, bytes);
            }
            6..=11 => self.taps(bytes),
            12 => self.taps_what_is_not_there(bytes),
            13..=15 => self.sends(bytes),
            16 => self.settles_any(bytes),
            17 => self.echoes(bytes),
            18..=20 => self.answers(bytes),
            21 => {
                let number =
                    if bytes.rarely(4) { u32::from(bytes.next()) } else { self.state.timers.first().map_or(1, |timer| timer.number) };
                self.takes(vec![Event::TimerFired { number }]);
            }
            22 => {
                let kind = *bytes.pick(&["follow", "unfollow", "block", "nothing"]);
                let from = person(bytes);
                self.takes(vec![Event::Account { kind: kind.to_owned(), from }]);
            }
            23 | 24 => {
                let seconds = *bytes.pick(&[1, 5, 15, 70, 400, 2_000, 20_000, 100_000, 3_000_000, 90_000_000]);
                self.now = self.now.plus(Duration::from_secs(seconds));
            }
            25 => self.now = self.now.minus(Duration::from_secs(*bytes.pick(&[1, 30, 5_000, 100_000]))),
            26 => self.deployed = bytes.below(self.programs.len()),
            27 => self.comes_at_once(bytes),
            _ => self.attends(),
        }
    }

    fn typed(&self, bytes: &mut Bytes) -> String {
        match bytes.below(64) {
            44 => "ж".repeat(4 * usize::from(bytes.next())),
            45 => "❄ snow ".repeat(1_400),
            46 => "v".repeat(usize::from(bytes.next())),
            47.. => {
                let labels: Vec<&str> = self
                    .ordered
                    .iter()
                    .rev()
                    .take(8)
                    .flat_map(|(_, message, _)| &message.options)
                    .map(|option| option.label.as_str())
                    .collect();
                if labels.is_empty() { "home".to_owned() } else { labels[usize::from(bytes.next()) % labels.len()].to_owned() }
            }
            known => TYPED[known].to_owned(),
        }
    }

    /// A tap on an option of any message there ever was.
    fn taps(&mut self, bytes: &mut Bytes) {
        let menus: Vec<&Outgoing> =
            self.ordered.iter().rev().map(|(_, message, _)| message).filter(|message| !message.options.is_empty()).take(256).collect();
        let Some(menu) = menus.get(usize::from(bytes.next()) / 4 % menus.len().max(1)) else { return };
        let option = bytes.pick(&menu.options).clone();
        let metadata = match (bytes.below(24), &option.metadata) {
            // Of another conversation, of one that was forgotten, or spoilt on its way.
            (21, Some(text)) => Metadata::read(text, KEY).map(|metadata| metadata.write(Key::new(UserId(10), UserId(21)))),
            (22, Some(text)) => {
                Metadata::read(text, KEY).map(|metadata| Metadata { started: Timestamp::from_millis(7), ..metadata }.write(KEY))
            }
            (23, Some(text)) => Some(text.chars().rev().skip(usize::from(bytes.next()) % 16).collect::<String>().chars().rev().collect()),
            (20, _) => None,
            (_, metadata) => metadata.clone(),
        };
        self.hears(option.label, Some(Tap { metadata }), bytes);
    }

    /// A tap on an option that was never shown here: of the welcome message, of an asking to come, or of no bot at all.
    fn taps_what_is_not_there(&mut self, bytes: &mut Bytes) {
        let program = &self.programs[self.deployed];
        let state = program.states.get(bytes.below(8)).map_or("gone", |state| state.name.as_str());
        let prompts: Vec<&str> = program.prompts.iter().map(|prompt| prompt.name.as_str()).chain(["menu", "gone", "~late"]).collect();
        let metadata = Metadata {
            state: state.to_owned(),
            prompt: (*bytes.pick(&prompts)).to_owned(),
            option: (*bytes.pick(&["o0", "o1", "v0", "yes", "no", ">1", ">999", ">18446744073709551615", "", "Area 3"])).to_owned(),
            asking: if bytes.rarely(2) { AskingRef::Welcome } else { AskingRef::Number(u32::from(bytes.next())) },
            revision: "r".to_owned(),
            started: self.state.started,
        };
        let metadata = match bytes.below(4) {
            0 => "old 7".to_owned(),
            1 => "verbatim".to_owned(),
            _ => metadata.write(KEY),
        };
        self.hears("Home".to_owned(), Some(Tap { metadata: Some(metadata) }), bytes);
    }

    fn hears(&mut self, text: String, tap: Option<Tap>, bytes: &mut Bytes) {
        let event = self.message(text, tap, 0, bytes);
        self.takes(vec![event]);
    }

    /// A message of the person, `late` by so many messages.
    fn message(&mut self, text: String, tap: Option<Tap>, late: u64, bytes: &mut Bytes) -> Event {
        self.now = self.now.plus(Duration::from_millis(700));
        self.heard += 1;
        let place = || Attachment::Place { longitude: 8.5, latitude: 47.25, name: None };
        let photo = || Attachment::Media { id: 7, kind: MediaKind::Photo, url: format!("https://ton.example/{}", "x".repeat(1_500)) };
        let attachment = match bytes.below(32) {
            30 => Some(place()),
            31 => Some(photo()),
            _ => None,
        };
        // Ids are ordered by time, and there is one of each.
        let id = MessageId(MessageId::first_at(self.now).0.saturating_sub(late << 32) | self.heard);
        let message = Incoming { id, sent_at: self.now, text, tap, attachment };
        Event::Message { message, from: person(bytes), overtaken: late > 0, waited: false }
    }

    /// One delivery with several messages, not in their order.
    fn comes_at_once(&mut self, bytes: &mut Bytes) {
        let count = *bytes.pick(&[2, 3, 9, 40]);
        let mut events = Vec::new();
        for _ in 0..count {
            let text = self.typed(bytes);
            let late = bytes.next() / 64;
            events.push(self.message(text, None, u64::from(late), bytes));
        }
        self.takes(events);
    }

    /// The outbox does the next thing: it claims a row, settles one, or takes up the backlog.
    fn sends(&mut self, bytes: &mut Bytes) {
        let Some(row) = self.state.next_row() else { return self.refills() };
        let row = row.clone();
        match row.status {
            RowStatus::Due(_) => self.takes(vec![Event::Claimed { row: row.id }]),
            RowStatus::Sending(_) | RowStatus::Unsure { .. } => {
                let outcome = self.outcome(bytes);
                self.takes(vec![Event::Settled { row: row.id, outcome }]);
            }
        }
    }

    fn refills(&mut self) {
        let Some(backlog) = self.state.backlog else { return };
        let waiting = self.ordered.iter().filter(|(row, ..)| *row >= backlog.next);
        let mut rows: Vec<Row> =
            waiting.map(|(row, message, asking)| Row::due(*row, message, *asking, self.now)).take(REFILL + 1).collect();
        let next = rows.get(REFILL).map(|row| row.id);
        rows.truncate(REFILL);
        self.takes(vec![Event::Refilled { rows, next }]);
        assert!(self.state.backlog != Some(backlog) || self.state.rows.is_empty(), "what waits is taken up");
    }

    fn settles_any(&mut self, bytes: &mut Bytes) {
        if !self.ordered.is_empty() {
            let row = self.ordered[self.ordered.len() - 1 - usize::from(bytes.next()) % self.ordered.len()].0;
            let outcome = self.outcome(bytes);
            self.takes(vec![Event::Settled { row, outcome }]);
        }
    }

    fn outcome(&self, bytes: &mut Bytes) -> Outcome {
        let later = self.now.plus(Duration::from_secs(30));
        match bytes.below(12) {
            0..=6 => Outcome::Sent(MessageId::first_at(self.now)),
            7 => Outcome::RetryAt(later),
            8 => Outcome::Unsure { check_at: later, refusal: None },
            9 => Outcome::Unsure { check_at: later, refusal: Some(Refusal { code: 151, reason: "no".to_owned() }) },
            10 => Outcome::Resend,
            _ => Outcome::Refused { code: 349, reason: "no".to_owned(), person: bytes.rarely(2) },
        }
    }

    /// Our account speaks: as the bot did, or by a person.
    fn echoes(&mut self, bytes: &mut Bytes) {
        let origin = *bytes.pick(&[Origin::Ours, Origin::Other, Origin::Unknown]);
        let place = usize::from(bytes.next()) % (self.ordered.len() + 1);
        let text = self.ordered.iter().rev().nth(place).map_or_else(|| "A person here.".to_owned(), |(_, message, _)| message.text.clone());
        let message = Incoming { id: MessageId::first_at(self.now), sent_at: self.now, text, tap: None, attachment: None };
        self.takes(vec![Event::Echo { message, origin }]);
    }

    /// A server answers, well or not, in time or long after; also one that nobody asked.
    fn answers(&mut self, bytes: &mut Bytes) {
        let number = match &self.state.lookup {
            Some(lookup) if !bytes.rarely(8) => lookup.number,
            _ => u32::from(bytes.next()),
        };
        let ok = |body| LookupAnswer::Ok { status: 200, body };
        let answer = match bytes.below(8) {
            0 => return self.takes(vec![Event::LookupClaimed { number }]),
            1 | 2 => ok(json!({ "text": "x", "list": [{ "a": 1 }, 2], "new": 4, "open": 9, "total": 12, "number": 1001, "error": null })),
            3 => ok(json!({ "text": "long ".repeat(190), "list": "no list", "number": "7".repeat(60) })),
            4 => ok(json!({ "text": "❄".repeat(4_000), "list": { "0": { "a": [[[[[[[[]]]]]]]] } } })),
            5 => ok(json!([null, 1.5e300, -0.0, "\u{0}"])),
            _ => {
                let reason =
                    *bytes.pick(&[LookupFailure::Timeout, LookupFailure::Refused, LookupFailure::TooLarge, LookupFailure::Unknown]);
                LookupAnswer::Failed { reason, status: None, detail: "it is gone".to_owned() }
            }
        };
        self.takes(vec![Event::LookupDone { number, answer }]);
    }

    /// Whatever is due by now is seen to: messages that waited, timers, and rows up to the first that does not leave.
    fn attends(&mut self) {
        for _ in 0..TURNS {
            let timer = self.state.timers.iter().filter(|_| self.state.lookup.is_none()).find(|timer| timer.at <= self.now);
            let unclaimed = self.state.lookup.as_ref().filter(|lookup| lookup.claimed.is_none());
            let row = self.state.next_row().filter(|row| matches!(row.status, RowStatus::Due(at) if at <= self.now));
            let event = if let Some(timer) = timer {
                Event::TimerFired { number: timer.number }
            } else if let Some(lookup) = unclaimed {
                Event::LookupClaimed { number: lookup.number }
            } else if let Some(row) = row {
                Event::Claimed { row: row.id }
            } else if self.state.taken_up_next(self.now).is_some() {
                return self.takes(Vec::new());
            } else {
                return;
            };
            self.takes(vec![event]);
        }
        panic!("there is something to do without end: {:#?}", self.state);
    }
}

/// Who writes; names may be missing, and as long as X lets them be, or longer.
fn person(bytes: &mut Bytes) -> Profile {
    let (name, screen_name) = match bytes.below(16) {
        13 => (String::new(), String::new()),
        14 => ("❄".repeat(50), "a".repeat(15)),
        15 => ("𝔸".repeat(300), "x.example ".repeat(30)),
        _ => ("Ada".to_owned(), "ada_example".to_owned()),
    };
    Profile { id: KEY.peer, name, screen_name }
}
