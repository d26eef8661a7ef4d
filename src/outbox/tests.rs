//! Sends of unknown fate, against the simulator. Nobody is subscribed, so no echo ever comes unless a test hands it in; the bot's
//! clock stands until a test moves it.

mod errands;
mod rest;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;

use async_trait::async_trait;
use tokio::task::JoinHandle;
use url::Url;

use super::*;
use crate::bot::{Sources, compile};
use crate::client::{Client, Timeouts};
use crate::clock::{ManualClock, SystemClock};
use crate::conversation::{Action, Event, Origin, Outcome, RowStatus};
use crate::model::{EventId, Incoming, LookupAnswer, LookupRequest, MessageId, Profile, Secret};
use crate::pace::Limits;
use crate::simulator::{Copies, Failure, Fault, FaultKind, Settings as World, Shown, Simulator, Token};
use crate::store::{MemoryStore, Store as _};
use crate::turn::{Arrival, Tally};
use crate::wire::oauth::Credentials;

const BOT: UserId = World::BOT;
const ADA: UserId = World::ADA;
const ECHO_WAIT: Duration = Duration::from_millis(100);
const RESEND_AFTER: Duration = Duration::from_millis(300);
const LOST_AFTER: Duration = Duration::from_millis(200);
/// Long enough for a loaded machine; no test waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);
const LIST: &str = "/1.1/direct_messages/events/list.json";

/// A bot that says one message at X, and the X it says it at.
struct Scene {
    x: Simulator,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    turns: Arc<Turns>,
    outbox: JoinHandle<()>,
    /// Dropped, it would stop the outbox.
    _stop: watch::Sender<bool>,
    resend: bool,
    heard: u64,
}

impl Scene {
    async fn new(faults: &[FaultKind]) -> Self {
        Scene::with(faults, true).await
    }

    async fn with(faults: &[FaultKind], resend: bool) -> Self {
        let x = Simulator::start(World::default()).await.unwrap();
        for kind in faults {
            x.fault(Fault { kind: kind.clone(), of: Copies::All, times: Some(1) });
        }
        let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::at(SystemClock.now())));
        let (turns, outbox, _stop) = start(&x, &store, &clock, resend);
        Scene { x, store, clock, turns, outbox, _stop, resend, heard: 0 }
    }

    /// The process ends without a word, and another takes its place over the same store.
    async fn crash(&mut self) {
        self.outbox.abort();
        let _ = (&mut self.outbox).await;
        (self.turns, self.outbox, self._stop) = start(&self.x, &self.store, &self.clock, self.resend);
    }

    /// A person writes, and the bot has something to say.
    async fn hears(&mut self, peer: UserId) {
        self.heard += 1;
        let id = MessageId(MessageId::first_at(self.clock.now()).0 + self.heard);
        let message = Incoming { id, sent_at: self.clock.now(), text: "hi".into(), tap: None, attachment: None };
        let event = Event::Message { message, from: Profile::unknown(peer), overtaken: false, waited: false };
        self.arrives(peer, id, event).await;
    }

    async fn arrives(&self, peer: UserId, id: MessageId, event: Event) -> Tally {
        let arrival = Arrival { key: Key::new(BOT, peer), id: EventId::message(BOT, id), event, peer: Profile::unknown(peer) };
        self.turns.arrive(vec![arrival]).await.unwrap()
    }

    /// Waits until the row of a conversation stands in doubt, to be looked after once that much time has passed since its attempt.
    async fn in_doubt(&self, peer: UserId, until: Duration) {
        eventually("the row is in doubt", || async {
            let record = self.store.load(Key::new(BOT, peer)).await.unwrap().unwrap();
            let status = record.state.rows.first().map(|row| row.status.clone());
            matches!(status, Some(RowStatus::Unsure { since, check_at, .. }) if check_at.since(since) == until)
        })
        .await;
    }

    /// Waits until nothing is left to be sent to a person.
    async fn settled(&self, peer: UserId) {
        eventually("all is settled", || async { self.store.load(Key::new(BOT, peer)).await.unwrap().unwrap().state.rows.is_empty() }).await;
    }

    fn said(&self, peer: UserId) -> Vec<Shown> {
        self.x.transcript(BOT, peer).into_iter().filter(|message| message.from == BOT).collect()
    }

    /// The statuses of the answers to `events/list`.
    fn lists(&self) -> Vec<u16> {
        self.x.api_calls().iter().filter(|call| call.path == LIST).map(|call| call.status).collect()
    }

    /// What became of the attempts to write to a person, and the reasons of dead letters.
    async fn history(&self, peer: UserId) -> Vec<String> {
        let entries = self.store.journal(Key::new(BOT, peer), 1..=u64::MAX).await.unwrap();
        let turns = entries.into_iter().flat_map(|entry| entry.turns);
        turns
            .filter_map(|turn| match turn.event {
                Event::Settled { outcome: Outcome::Sent(_), .. } => Some("sent".to_owned()),
                Event::Settled { outcome: Outcome::Unsure { .. }, .. } => Some("unsure".to_owned()),
                Event::Settled { outcome: Outcome::Resend, .. } => Some("resend".to_owned()),
                Event::Settled { outcome: Outcome::RetryAt(_), .. } => Some("retry".to_owned()),
                Event::Settled { outcome: Outcome::Refused { .. }, .. } => match &turn.actions[..] {
                    [Action::DeadLetter { code, reason, .. }] => Some(format!("dead {code}: {reason}")),
                    other => panic!("{other:?}"),
                },
                _ => None,
            })
            .collect()
    }
}

fn start(x: &Simulator, store: &Arc<MemoryStore>, clock: &Arc<ManualClock>, resend: bool) -> Parts {
    let script = "bot \"b\" version=1\non \"hi\" { say \"Snow & ice: https://example.org/shop\" }";
    let program = match compile(&Sources::from([("bot.kdl".to_owned(), script.to_owned())])) {
        Ok(compiled) => Arc::new(compiled.program),
        Err(found) => panic!("{found:?}"),
    };
    let (turns, woken) = Turns::new(store.clone(), clock.clone(), BTreeMap::from([(BOT, program)]), LOST_AFTER);
    let (turns, token, app) = (Arc::new(turns), Token::for_user(BOT, World::APP), &x.settings().apps[0]);
    let sender = Sender {
        app: app.id,
        consumer_key: app.consumer_key.clone(),
        consumer_secret: Secret::new(app.consumer_secret.clone()),
        token: Secret::new(token.token),
        token_secret: Secret::new(token.secret),
        folder: PathBuf::new(),
        newer: false,
        access: None,
    };
    let settings = Settings {
        owner: "test".into(),
        resend,
        echo_wait: ECHO_WAIT,
        resend_after: RESEND_AFTER,
        in_flight: 8,
        picture_bytes: 1 << 20,
        free_replies: true,
    };
    let x = X::new(client(x, clock), client(x, clock), clock.clone(), BTreeMap::from([(BOT, sender)]));
    let (apps, pace) = (x.apps(), Pace::new(Limits::default()));
    let outbox = Outbox::new(turns.clone(), Arc::new(x), Arc::new(Nobody), clock.clone(), apps, pace, settings);
    let (stop, stopped) = watch::channel(false);
    (turns, tokio::spawn(outbox.run(woken, stopped)), stop)
}

/// The bot of these tests asks no servers.
struct Nobody;

#[async_trait]
impl Servers for Nobody {
    async fn ask(&self, name: &str, _request: &LookupRequest) -> LookupAnswer {
        panic!("{name} was asked")
    }
}

type Parts = (Arc<Turns>, JoinHandle<()>, watch::Sender<bool>);

fn client(x: &Simulator, clock: &Arc<ManualClock>) -> Client {
    Client::new(Url::parse(&x.url()).unwrap(), Timeouts::default(), clock.clone()).unwrap()
}

/// A store tells nobody that it changed, so it is asked again and again.
async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let asking = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}

fn lost(with: Failure) -> FaultKind {
    FaultKind::LoseAnswer { with }
}

fn refused(with: Failure) -> FaultKind {
    FaultKind::Refuse { with }
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_and_said_once() {
    for failure in [Failure::Close, Failure::InternalError, Failure::AlreadySaid] {
        let mut scene = Scene::new(&[lost(failure)]).await;
        scene.hears(ADA).await;
        scene.in_doubt(ADA, ECHO_WAIT).await;
        assert!(scene.lists().is_empty(), "its echo is waited for first");
        scene.clock.advance(ECHO_WAIT);
        scene.settled(ADA).await;
        assert_eq!(scene.history(ADA).await, ["unsure", "sent"], "{failure:?}");
        assert_eq!(scene.lists(), [200]);
        let [said] = &scene.said(ADA)[..] else { panic!("said twice") };
        let message = Incoming { id: said.id, sent_at: said.at, text: said.text.clone(), tap: None, attachment: None };
        let tally = scene.arrives(ADA, said.id, Event::Echo { message, origin: Origin::Ours }).await;
        assert_eq!(tally, Tally { taken: 0, repeated: 1 }, "its late echo is known");
    }
}

#[tokio::test]
async fn a_message_that_x_did_not_take_is_sent_again() {
    for failure in [Failure::Close, Failure::InternalError] {
        let mut scene = Scene::new(&[refused(failure)]).await;
        scene.hears(ADA).await;
        scene.in_doubt(ADA, ECHO_WAIT).await;
        scene.clock.advance(ECHO_WAIT);
        scene.settled(ADA).await;
        assert_eq!(scene.history(ADA).await, ["unsure", "resend", "sent"], "{failure:?}");
        assert_eq!((scene.lists().len(), scene.said(ADA).len()), (1, 1));
    }
}

#[tokio::test]
async fn an_echo_within_the_wait_spares_the_list() {
    let mut scene = Scene::new(&[lost(Failure::Close)]).await;
    scene.hears(ADA).await;
    scene.in_doubt(ADA, ECHO_WAIT).await;
    let said = scene.said(ADA).remove(0);
    let message = Incoming { id: said.id, sent_at: said.at, text: said.text, tap: None, attachment: None };
    scene.arrives(ADA, said.id, Event::Echo { message, origin: Origin::Unknown }).await;
    scene.clock.advance(RESEND_AFTER);
    scene.hears(ADA).await;
    scene.settled(ADA).await;
    assert_eq!((scene.history(ADA).await, scene.lists().len()), (vec!["unsure".to_owned(), "sent".to_owned()], 0));
}

#[tokio::test]
async fn a_refused_repetition_that_is_not_there_is_a_dead_letter() {
    let mut scene = Scene::new(&[refused(Failure::AlreadySaid)]).await;
    scene.hears(ADA).await;
    scene.in_doubt(ADA, ECHO_WAIT).await;
    scene.clock.advance(ECHO_WAIT);
    scene.settled(ADA).await;
    let history = scene.history(ADA).await;
    let [_, dead] = &history[..] else { panic!("{history:?}") };
    assert!(dead.starts_with("dead 151: ") && dead.contains("You already said that"), "{dead}");
    assert_eq!((scene.lists().len(), scene.said(ADA).len()), (1, 0));
}

#[tokio::test]
async fn another_rows_message_is_not_taken_for_this_ones() {
    let mut scene = Scene::new(&[]).await;
    scene.hears(ADA).await;
    scene.settled(ADA).await;
    scene.x.fault(Fault { kind: refused(Failure::Close), of: Copies::All, times: Some(1) });
    scene.hears(ADA).await;
    scene.in_doubt(ADA, ECHO_WAIT).await;
    scene.clock.advance(ECHO_WAIT);
    scene.settled(ADA).await;
    assert_eq!(scene.history(ADA).await, ["sent", "unsure", "resend", "sent"]);
    assert_eq!(scene.said(ADA).len(), 2, "the same words, twice in a row, on purpose");
}

#[tokio::test]
async fn nor_is_a_persons_who_says_the_same() {
    let mut scene = Scene::new(&[refused(Failure::Close)]).await;
    scene.hears(ADA).await;
    scene.in_doubt(ADA, ECHO_WAIT).await;
    let text = "Snow & ice: https://example.org/shop";
    scene.x.send_as_human(BOT, ADA, text, None).unwrap();
    scene.x.say(ADA, BOT, text).unwrap();
    scene.x.send_as_human(BOT, World::BEN, text, Some(World::APP)).unwrap();
    scene.clock.advance(ECHO_WAIT);
    scene.settled(ADA).await;
    assert_eq!(scene.history(ADA).await, ["unsure", "resend", "sent"]);
}

#[tokio::test]
async fn without_the_list_a_message_is_sent_again_when_its_time_has_come() {
    let mut scene = Scene::new(&[lost(Failure::Close)]).await;
    let (client, token) = (client(&scene.x, &scene.clock), Token::for_user(BOT, World::APP));
    let app = &scene.x.settings().apps[0];
    let token = Some((token.token.as_str(), token.secret.as_str()));
    let credentials = Credentials { consumer_key: &app.consumer_key, consumer_secret: &app.consumer_secret, token };
    for _ in 0..15 {
        client.list_messages(credentials, None).await.unwrap();
    }
    scene.hears(ADA).await;
    scene.in_doubt(ADA, ECHO_WAIT).await;
    scene.clock.advance(ECHO_WAIT);
    scene.in_doubt(ADA, RESEND_AFTER).await;
    assert_eq!(scene.said(ADA).len(), 1, "not before its time");
    scene.clock.advance(RESEND_AFTER - ECHO_WAIT);
    scene.settled(ADA).await;
    assert_eq!(scene.history(ADA).await, ["unsure", "unsure", "resend", "sent"]);
    assert_eq!(scene.said(ADA).len(), 2);
    assert_eq!(scene.lists()[15..], [429], "X said when to come back, so it is not asked again before");
}

#[tokio::test]
async fn all_that_are_unsure_share_one_list() {
    let mut scene = Scene::new(&[lost(Failure::Close), lost(Failure::Close), refused(Failure::Close)]).await;
    let people: BTreeSet<UserId> = scene.x.people().iter().map(|person| person.id).filter(|id| *id != BOT).take(3).collect();
    let apart = ECHO_WAIT / 5;
    for peer in &people {
        scene.hears(*peer).await;
        scene.in_doubt(*peer, ECHO_WAIT).await;
        scene.clock.advance(apart);
    }
    scene.clock.advance(ECHO_WAIT - apart * 3);
    for peer in &people {
        scene.settled(*peer).await;
        assert_eq!((scene.said(*peer).len(), scene.lists()), (1, vec![200]));
        // The next one's time comes a little later; what X told for the first will do.
        scene.clock.advance(apart);
    }
}

#[tokio::test]
async fn a_message_is_found_on_a_later_page() {
    let mut scene = Scene::new(&[lost(Failure::Close)]).await;
    scene.hears(ADA).await;
    scene.in_doubt(ADA, ECHO_WAIT).await;
    for number in 0..60 {
        scene.x.say(World::BEN, BOT, &format!("number {number}")).unwrap();
    }
    scene.clock.advance(ECHO_WAIT);
    scene.settled(ADA).await;
    assert_eq!((scene.history(ADA).await, scene.lists().len()), (vec!["unsure".to_owned(), "sent".to_owned()], 2));
}

#[tokio::test]
async fn what_is_held_is_never_sent_again() {
    let mut scene = Scene::with(&[refused(Failure::Close)], false).await;
    scene.hears(ADA).await;
    scene.in_doubt(ADA, ECHO_WAIT).await;
    scene.clock.advance(ECHO_WAIT);
    scene.settled(ADA).await;
    let history = scene.history(ADA).await;
    assert!(matches!(&history[..], [_, dead] if dead.contains("kept for a person to decide")), "{history:?}");
    assert_eq!(scene.said(ADA).len(), 0);
}

#[tokio::test]
async fn a_send_that_a_crash_cut_off_is_found() {
    let mut scene = Scene::new(&[FaultKind::SlowAnswer { millis: 60_000 }]).await;
    scene.hears(ADA).await;
    scene.x.next_message(BOT, ADA, MessageId(0), PATIENCE).await.unwrap();
    scene.crash().await;
    scene.clock.advance(LOST_AFTER);
    scene.settled(ADA).await;
    assert_eq!((scene.history(ADA).await, scene.said(ADA).len()), (vec!["sent".to_owned()], 1));
}

#[tokio::test]
async fn a_crash_in_doubt_changes_nothing() {
    let mut scene = Scene::new(&[lost(Failure::AlreadySaid)]).await;
    scene.hears(ADA).await;
    scene.in_doubt(ADA, ECHO_WAIT).await;
    scene.crash().await;
    scene.clock.advance(ECHO_WAIT);
    scene.settled(ADA).await;
    assert_eq!((scene.history(ADA).await, scene.said(ADA).len()), (vec!["unsure".to_owned(), "sent".to_owned()], 1));
}

#[test]
fn calls_by_name_do_not_put_off_the_look_at_what_is_due() {
    let looked = Instant::now();
    let looks = (0..5_000).map(|call| next_look(looked + Duration::from_millis(call), LOOK.0, looked));
    assert!(looks.max().is_some_and(|look| look == looked + LOOK.1));
}
