//! A bot's memory and its door, without the world around them: deliveries come in, sends are settled as X would.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use junco::bot::{Sources, compile};
use junco::clock::{Clock as _, ManualClock};
use junco::conversation::{Action, Event, Origin, Outcome, State};
use junco::model::{EventId, Incoming, Key, MessageId, Profile, Timestamp, UserId};
use junco::store::{EmbeddedStore, Options, Store as _};
use junco::turn::{Arrival, Tally, Turns};
use tempfile::TempDir;

/// The account that the bot answers for.
const ACCOUNT: UserId = UserId(906_948_460_078_698_496);

const BOT: &str = r#"bot "b" version=1
on "hi" { goto "a" }
state "a" { say "Hello." }"#;

/// An event as X delivers it, the first time and every other time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) peer: u64,
    pub(crate) id: MessageId,
    /// Whether it is the echo of what the bot said.
    pub(crate) echo: bool,
}

/// How the process ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// It was asked to.
    Stop,
    /// It was killed.
    Kill,
    /// It was killed, and the record map is gone.
    LoseMap,
    /// It was killed, and the mark that says how far the record map can be trusted is gone.
    LoseMark,
}

/// What the journal says of a person's message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// How often it was taken.
    pub(crate) taken: usize,
    /// What was said to it.
    pub(crate) answers: usize,
    /// Whether it was known to be late.
    pub(crate) overtaken: bool,
}

/// The house.
pub(crate) struct House {
    pub(crate) clock: Arc<ManualClock>,
    folder: TempDir,
    options: Options,
    minted: AtomicU64,
    /// `None` while nothing runs.
    process: Option<Process>,
}

struct Process {
    store: Arc<EmbeddedStore>,
    turns: Turns,
}

impl House {
    /// An empty one, whose journal is kept for so long.
    pub(crate) fn new(now: Timestamp, retention: Duration) -> House {
        let (folder, clock) = (TempDir::new().unwrap(), Arc::new(ManualClock::at(now)));
        // Small, so that the journal has many files.
        let options = Options {
            file_size: 1 << 20,
            checkpoint_every: 2 << 20,
            retention,
            on_fatal: Arc::new(|error| panic!("{error}")),
            ..Options::default()
        };
        let process = Some(Process::start(&folder, &options, &clock));
        House { clock, folder, options, minted: AtomicU64::new(0), process }
    }

    /// The id of a message that is sent now.
    pub(crate) fn mint(&self) -> MessageId {
        MessageId(MessageId::first_at(self.clock.now()).0 + self.minted.fetch_add(1, Ordering::Relaxed) % (1 << 22))
    }

    /// Takes a delivery, sends what it caused, and gives the echoes that X will deliver of that.
    pub(crate) async fn deliver(&self, posts: &[Post]) -> (Tally, Vec<Post>) {
        let tally = self.process().turns.arrive(posts.iter().map(|post| self.arrival(post)).collect()).await.unwrap();
        assert_eq!(tally.taken + tally.repeated, posts.len());
        let peers: BTreeSet<u64> = posts.iter().map(|post| post.peer).collect();
        let echoes = join_all(peers.into_iter().map(|peer| self.send(peer))).await;
        (tally, echoes.into_iter().flatten().collect())
    }

    /// Ends the process, and starts it again.
    pub(crate) async fn restart(&mut self, end: End) {
        let process = self.process.take().unwrap();
        if let End::Stop = end {
            process.store.close().await.unwrap();
        }
        drop(process);
        match end {
            End::Stop | End::Kill => {}
            End::LoseMap => fs::remove_dir_all(self.folder.path().join("sled")).unwrap(),
            End::LoseMark => fs::remove_file(self.folder.path().join("mark")).unwrap(),
        }
        self.process = Some(Process::start(&self.folder, &self.options, &self.clock));
    }

    /// Whether a message is known to have been taken.
    pub(crate) async fn knows(&self, peer: u64, id: MessageId) -> bool {
        self.process().store.has_taken(key(peer), id).await.unwrap()
    }

    /// What the journal, as far as it is kept, says of every message of a person.
    pub(crate) async fn heard(&self) -> BTreeMap<MessageId, Heard> {
        let mut all = BTreeMap::<_, Heard>::new();
        let mut read = |turn: junco::store::TurnLog| match turn.event {
            Event::Message { message, overtaken, .. } => {
                let heard = all.entry(message.id).or_default();
                heard.taken += 1;
                heard.overtaken = overtaken;
                heard.answers += turn.actions.iter().filter(|action| matches!(action, Action::Send { .. })).count();
            }
            // Each of ours was settled before its echo came, and is known from then on.
            Event::Echo { message, .. } => panic!("the echo {} was taken for news", message.id),
            _ => {}
        };
        self.process()
            .store
            .replay(Timestamp::from_millis(i64::MIN), &mut |entry| entry.turns.into_iter().for_each(&mut read))
            .await
            .unwrap();
        all
    }

    fn process(&self) -> &Process {
        self.process.as_ref().unwrap()
    }

    fn arrival(&self, post: &Post) -> Arrival {
        let Post { peer, id, echo } = *post;
        let text = if echo { "Hello." } else { "hi" }.to_owned();
        let message = Incoming { id, sent_at: id.minted_at(), text, tap: None, attachment: None };
        let person = Profile::unknown(UserId(peer));
        let event = match echo {
            true => Event::Echo { message, origin: Origin::Ours },
            false => Event::Message { message, from: person.clone(), overtaken: false, waited: false },
        };
        Arrival { key: key(peer), id: EventId::message(ACCOUNT, id), event, peer: person }
    }

    /// Sends all that waits in a conversation.
    async fn send(&self, peer: u64) -> Vec<Post> {
        let mut echoes = Vec::new();
        while self.process().store.load(key(peer)).await.unwrap().is_some_and(|record| record.state.next_row().is_some()) {
            let id = self.mint();
            // Deliveries at the same time may have sent it already.
            if self.process().turns.apply(key(peer), |record| sent(&record.state, id)).await.unwrap().is_some() {
                echoes.push(Post { peer, id, echo: true });
            }
        }
        echoes
    }
}

impl Process {
    fn start(folder: &TempDir, options: &Options, clock: &Arc<ManualClock>) -> Process {
        let store = Arc::new(EmbeddedStore::open(folder.path(), options.clone()).unwrap());
        let sources = Sources::from([("bot.kdl".to_owned(), BOT.to_owned())]);
        let program = Arc::new(compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).program);
        let programs = BTreeMap::from([(ACCOUNT, program)]);
        let (turns, _) = Turns::new(store.clone(), clock.clone(), programs, Duration::from_secs(30));
        Process { store, turns }
    }
}

fn sent(state: &State, id: MessageId) -> Vec<Event> {
    let Some(row) = state.next_row().map(|row| row.id) else { return Vec::new() };
    vec![Event::Claimed { row }, Event::Settled { row, outcome: Outcome::Sent(id) }]
}

fn key(peer: u64) -> Key {
    Key::new(ACCOUNT, UserId(peer))
}
