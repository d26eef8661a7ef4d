//! (f) What each stage of an acknowledgement costs, in one thread, without sockets and without a disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use junco::bot::Program;
use junco::clock::{Clock, SystemClock};
use junco::conversation::{Context, Event, Rendering, State, step};
use junco::model::{EventId, Key, Profile};
use junco::service::compile_bot;
use junco::store::{Entry, EntryKind, MemoryStore, Record, TurnLog};
use junco::turn::{Arrival, Turns};
use junco::wire::{DirectMessage, EventBody, envelope, signature};

use crate::Wish;
use crate::table::{head, median, row};
use crate::world::{ACCOUNT, Press, SECRET, snowbot};

/// Few messages from each, as in the other figures.
const PEERS: u64 = 5_000;
const EVENTS: usize = 20_000;

/// So many go through one stage before the next begins; nobody writes twice among them.
const BATCH: usize = 500;

const STAGES: [&str; 6] = ["verify", "parse", "step", "encode", "decode record", "all of the turn, stored in memory"];

pub(crate) async fn print(wish: &Wish) {
    head("(f) the stages of an acknowledgement, in one thread: processor time", &["", "an event"]);
    let mut way = Way::new();
    let mut rounds = Vec::new();
    // The first round warms the caches.
    for _ in 0..=wish.rounds {
        rounds.push(way.round().await);
    }
    for (place, stage) in STAGES.into_iter().enumerate() {
        let time = median(rounds[1..].iter().map(|times| times[place])).as_secs_f64() / EVENTS as f64;
        row(&[stage.to_owned(), format!("{:.2} µs", time * 1e6)]);
    }
}

struct Way {
    program: Arc<Program>,
    press: Press,
}

impl Way {
    fn new() -> Self {
        Way { program: Arc::new(compile_bot(&snowbot()).unwrap().program), press: Press::new(PEERS) }
    }

    /// The time of each stage, over all events, with conversations that begin anew.
    async fn round(&mut self) -> [Duration; STAGES.len()] {
        let mut times = [Duration::ZERO; STAGES.len()];
        let mut records: BTreeMap<Key, Vec<u8>> = BTreeMap::new();
        let programs = BTreeMap::from([(ACCOUNT, self.program.clone())]);
        let (turns, _woken) = Turns::new(Arc::new(MemoryStore::new()), Arc::new(SystemClock), programs, Duration::from_secs(30));
        for _ in 0..EVENTS / BATCH {
            let bodies: Vec<String> = (0..BATCH).map(|_| self.press.body()).collect();
            let signatures: Vec<String> = bodies.iter().map(|body| signature::sign(SECRET.as_bytes(), body.as_bytes())).collect();
            let deliveries = || signatures.iter().zip(&bodies);
            timed(&mut times[0], || {
                assert!(deliveries().all(|(signature, body)| signature::verify(signature, SECRET.as_bytes(), body.as_bytes())));
            });
            let arrivals: Vec<Arrival> = timed(&mut times[1], || bodies.iter().map(|body| arrival(body)).collect());
            let stored: Vec<Option<&Vec<u8>>> = arrivals.iter().map(|arrival| records.get(&arrival.key)).collect();
            let before = timed(&mut times[4], || {
                let record = |(arrival, stored): (&Arrival, &Option<&Vec<u8>>)| match stored {
                    Some(bytes) => Record::decode(bytes).unwrap(),
                    None => Record::new(State::new(arrival.peer.clone(), SystemClock.now())),
                };
                arrivals.iter().zip(&stored).map(record).collect::<Vec<_>>()
            });
            let entries: Vec<Entry> = timed(&mut times[2], || {
                arrivals.iter().zip(before).map(|(arrival, record)| taken(&self.program, arrival, record)).collect()
            });
            let bytes: Vec<Vec<u8>> = timed(&mut times[3], || entries.iter().map(|entry| entry.encode().unwrap()).collect());
            assert_eq!(bytes.len(), BATCH);
            records.extend(entries.iter().map(|entry| (entry.key, entry.record.encode().unwrap())));
            let begun = processor_time();
            for arrival in arrivals {
                turns.arrive(vec![arrival]).await.unwrap();
            }
            times[5] += processor_time() - begun;
        }
        times
    }
}

/// What the webhook makes of a delivery.
fn arrival(body: &str) -> Arrival {
    let direct = message(body);
    let (id, peer) = (EventId::message(ACCOUNT, direct.message.id), direct.sender_profile.clone());
    let event = Event::Message { message: direct.message, from: direct.sender_profile, overtaken: false, waited: false };
    Arrival { key: Key::new(ACCOUNT, direct.sender), id, event, peer }
}

fn message(body: &str) -> DirectMessage {
    let mut events = envelope::parse(body.as_bytes()).unwrap().events;
    match events.pop().unwrap().body {
        EventBody::Message(message) => message,
        other => panic!("a {} is not a message", other.kind()),
    }
}

fn taken(program: &Program, arrival: &Arrival, mut record: Record) -> Entry {
    let Arrival { key, event, .. } = arrival;
    let (key, event, now) = (*key, event.clone(), SystemClock.now());
    record.revision += 1;
    let context = Context {
        key,
        now,
        revision: record.revision,
        messages: 0,
        turn: 0,
        rendering: Rendering::default(),
        peer_is_ours: false,
        recalled: None,
    };
    let before = std::mem::replace(&mut record.state, State::new(Profile::unknown(key.peer), now));
    let step = step(program, before, &event, &context);
    record.state = step.state;
    let log = TurnLog { event, actions: step.actions, trace: step.trace };
    Entry { kind: EntryKind::Turns, key, at: now, events: Vec::new(), forgotten: Vec::new(), turns: vec![log], record, sealed: None }
}

fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let begun = processor_time();
    let done = work();
    *total += processor_time() - begun;
    done
}

/// The time that this thread has had a processor: unlike the time of day it does not count how busy the machine is.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split_whitespace().next().and_then(|time| time.parse().ok()).unwrap())
}
