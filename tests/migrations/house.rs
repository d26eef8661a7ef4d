//! A bot's memory and its door, and people who talk to it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use junco::bot::{Sources, compile};
use junco::clock::{Clock as _, ManualClock};
use junco::conversation::{Action, Event, Origin, Outcome};
use junco::model::{Attachment, EventId, Incoming, Key, MessageId, Profile, QuickOption, Tap, Timestamp, UserId};
use junco::store::{EmbeddedStore, Options, Store as _};
use junco::turn::{Arrival, Turns};

/// The account that the bot answers for.
pub(crate) const ACCOUNT: UserId = UserId(906_948_460_078_698_496);

/// When the house is opened.
const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

const BOT: &str = r#"bot "old" version=1
on "hi" { goto "home" }
state "home" { say "Hello {{ user.name }} ❄."; option "Order" goto="order"; option "About" goto="about" }
state "about" { say "A bot of long ago."; option "Home" goto="home" }
state "order" {
  ask "bread" "Which bread?" { option "Rye"; option "Spelt" }
  ask "loaves" "How many loaves?" type="int" min=1 max=9 { invalid "One to nine." }
  say "{{ loaves }} × {{ bread }}."
}
fallback { say "Say hi." }
"#;

/// The house.
pub(crate) struct House {
    pub(crate) store: Arc<EmbeddedStore>,
    pub(crate) turns: Turns,
    pub(crate) clock: Arc<ManualClock>,
    minted: u64,
}

pub(crate) fn key(peer: u64) -> Key {
    Key::new(ACCOUNT, UserId(peer))
}

impl House {
    /// The house over a folder.
    pub(crate) fn open(folder: &Path) -> House {
        // Small, so that a short talk has several files.
        let options = Options { file_size: 8 << 10, checkpoint_every: 8 << 10, ..Options::default() };
        let store = Arc::new(EmbeddedStore::open(folder, options).unwrap());
        let sources = Sources::from([("bot.kdl".to_owned(), BOT.to_owned())]);
        let program = Arc::new(compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).program);
        let clock = Arc::new(ManualClock::at(START));
        let programs = BTreeMap::from([(ACCOUNT, program)]);
        let (turns, _) = Turns::new(store.clone(), clock.clone(), programs, Duration::from_secs(30));
        House { store, turns, clock, minted: 0 }
    }

    /// Somebody writes.
    pub(crate) async fn says(&mut self, peer: u64, text: &str) -> MessageId {
        self.writes(peer, text, None, None).await
    }

    /// Somebody writes the same so often that it comes in one delivery.
    pub(crate) async fn says_at_once(&mut self, peer: u64, text: &str, count: usize) {
        let ids: Vec<_> = (0..count).map(|_| self.mint()).collect();
        let arrivals = ids.into_iter().map(|id| {
            let event = Event::Message { message: incoming(id, text, None, None), from: profile(peer), overtaken: false, waited: false };
            Arrival { key: key(peer), id: EventId::message(ACCOUNT, id), event, peer: profile(peer) }
        });
        assert_eq!(self.turns.arrive(arrivals.collect()).await.unwrap().taken, count);
    }

    /// Somebody sends a picture or a place.
    pub(crate) async fn shows(&mut self, peer: u64, attachment: Attachment) {
        self.writes(peer, "", None, Some(attachment)).await;
    }

    /// Somebody taps the newest option of that label.
    pub(crate) async fn taps(&mut self, peer: u64, label: &str) {
        let option = self.options(peer).await.into_iter().rfind(|option| option.label == label).unwrap();
        self.writes(peer, label, Some(Tap { metadata: option.metadata }), None).await;
    }

    /// Somebody taps the oldest option of that label.
    pub(crate) async fn taps_back(&mut self, peer: u64, label: &str) {
        let option = self.options(peer).await.into_iter().find(|option| option.label == label).unwrap();
        self.writes(peer, label, Some(Tap { metadata: option.metadata }), None).await;
    }

    /// Our account speaks, by another app.
    pub(crate) async fn person_speaks(&mut self, peer: u64, text: &str) {
        let id = self.mint();
        let event = Event::Echo { message: incoming(id, text, None, None), origin: Origin::Other };
        self.arrives(peer, id, event).await;
    }

    /// The first message that waits leaves.
    pub(crate) async fn leaves(&self, peer: u64) {
        let claim = |record: &junco::store::Record| record.state.next_row().map(|row| Event::Claimed { row: row.id }).into_iter().collect();
        self.turns.apply(key(peer), claim).await.unwrap().unwrap();
    }

    /// The first message that waits leaves, and that becomes of it.
    pub(crate) async fn settles(&self, peer: u64, outcome: Outcome) {
        self.leaves(peer).await;
        let settle = |record: &junco::store::Record| {
            let row = record.state.next_row().map(|row| row.id);
            row.map(|row| Event::Settled { row, outcome: outcome.clone() }).into_iter().collect()
        };
        self.turns.apply(key(peer), settle).await.unwrap().unwrap();
    }

    /// All that waits is sent.
    pub(crate) async fn sends(&mut self, peer: u64) {
        while self.store.load(key(peer)).await.unwrap().unwrap().state.next_row().is_some() {
            let id = self.mint();
            self.settles(peer, Outcome::Sent(id)).await;
        }
    }

    /// The same event again; whether it was taken.
    pub(crate) async fn repeats(&self, peer: u64, id: MessageId) -> bool {
        let message = incoming(id, "hi", None, None);
        let event = Event::Message { message, from: profile(peer), overtaken: false, waited: false };
        let arrival = Arrival { key: key(peer), id: EventId::message(ACCOUNT, id), event, peer: profile(peer) };
        self.turns.arrive(vec![arrival]).await.unwrap().taken > 0
    }

    /// The id of a message that is sent now.
    pub(crate) fn mint(&mut self) -> MessageId {
        self.minted += 1;
        self.clock.advance(Duration::from_millis(1_234));
        MessageId(MessageId::first_at(self.clock.now()).0 + self.minted)
    }

    async fn writes(&mut self, peer: u64, text: &str, tap: Option<Tap>, attachment: Option<Attachment>) -> MessageId {
        let id = self.mint();
        let event = Event::Message { message: incoming(id, text, tap, attachment), from: profile(peer), overtaken: false, waited: false };
        self.arrives(peer, id, event).await;
        id
    }

    async fn arrives(&self, peer: u64, id: MessageId, event: Event) {
        let arrival = Arrival { key: key(peer), id: EventId::message(ACCOUNT, id), event, peer: profile(peer) };
        assert_eq!(self.turns.arrive(vec![arrival]).await.unwrap().taken, 1);
    }

    async fn options(&self, peer: u64) -> Vec<QuickOption> {
        let entries = self.store.journal(key(peer), 0..=u64::MAX).await.unwrap();
        let actions = entries.into_iter().flat_map(|entry| entry.turns).flat_map(|turn| turn.actions);
        actions.flat_map(|action| if let Action::Send { message, .. } = action { message.options } else { Vec::new() }).collect()
    }
}

fn incoming(id: MessageId, text: &str, tap: Option<Tap>, attachment: Option<Attachment>) -> Incoming {
    Incoming { id, sent_at: id.minted_at(), text: text.to_owned(), tap, attachment }
}

fn profile(peer: u64) -> Profile {
    Profile { id: UserId(peer), name: format!("Person {peer}"), screen_name: format!("person_{peer}") }
}
