//! The watchdog against an X that answers as it is told, on a clock that is moved.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::*;
use crate::bot::{Sources, compile};
use crate::client::{EventsFailure, Failure, NotTaken, Refusal};
use crate::clock::ManualClock;
use crate::conversation::Event;
use crate::model::{EventId, Incoming, Key, MessageId, Profile};
use crate::store::MemoryStore;
use crate::turn::Arrival;
use crate::wire::DirectMessage;
use crate::wire::rest::{MessagePage, Scope, Webhook};

const ONE: UserId = UserId(1);
const OTHER: UserId = UserId(2);
const HOOK: u64 = 77;
const MINUTE: Duration = Duration::from_secs(60);

/// What X answers, and what it was asked.
#[derive(Default)]
struct Told {
    valid: bool,
    refuses_to_validate: bool,
    /// Why X tells nothing of its webhooks, if it does not.
    tells_nothing: Option<NotTaken>,
    /// Accounts that are not subscribed, and those of them that X will not subscribe.
    gone: BTreeSet<UserId>,
    unwilling: BTreeSet<UserId>,
    /// What replays are answered with, the next first; a job's id where nothing is left.
    replays: Vec<EventsFailure>,
    validated: usize,
    ordered: Vec<(Timestamp, Timestamp)>,
    /// Pages of messages, the newest first.
    pages: Vec<Vec<DirectMessage>>,
    listed: usize,
}

#[derive(Default)]
struct Fake(Mutex<Told>);

fn refused(status: u16, code: u32) -> EventsFailure {
    Failure::Refused(Refusal { status, code, message: String::new(), scope: Scope::Account, reason: String::new() }).into()
}

#[async_trait]
impl Platform for Fake {
    fn reach(&self) -> Duration {
        Duration::from_secs(5 * 24 * 3600)
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, EventsFailure> {
        let told = self.0.lock().unwrap();
        if let Some(cause) = told.tells_nothing.clone() {
            return Err(Failure::NotTaken { cause, retry_at: None }.into());
        }
        let valid = told.valid;
        Ok(vec![Webhook { id: HOOK, url: "https://bot.example/hook".into(), valid, created_at: None }])
    }

    async fn validate(&self, _: u64) -> Result<bool, EventsFailure> {
        let mut told = self.0.lock().unwrap();
        told.validated += 1;
        if told.refuses_to_validate {
            return Err(refused(403, 214));
        }
        told.valid = true;
        Ok(true)
    }

    async fn register(&self, _: &str) -> Result<Webhook, EventsFailure> {
        Err(refused(403, 214))
    }

    async fn subscribers(&self, _: u64) -> Result<Vec<UserId>, EventsFailure> {
        let told = self.0.lock().unwrap();
        Ok([ONE, OTHER].into_iter().filter(|account| !told.gone.contains(account)).collect())
    }

    async fn subscribe(&self, _: u64, account: UserId) -> Result<(), EventsFailure> {
        let mut told = self.0.lock().unwrap();
        if told.unwilling.contains(&account) {
            return Err(refused(403, 0));
        }
        told.gone.remove(&account);
        Ok(())
    }

    async fn replay(&self, _: u64, from: Timestamp, until: Timestamp) -> Result<u64, EventsFailure> {
        let mut told = self.0.lock().unwrap();
        if !told.replays.is_empty() {
            return Err(told.replays.remove(0));
        }
        told.ordered.push((from, until));
        Ok(told.ordered.len() as u64)
    }

    async fn list_messages(&self, account: UserId, cursor: Option<&str>) -> Result<MessagePage, Failure> {
        let mut told = self.0.lock().unwrap();
        told.listed += 1;
        let page: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        if account != ONE || told.pages.len() <= page {
            return Ok(MessagePage::default());
        }
        let next = (told.pages.len() > page + 1).then(|| (page + 1).to_string());
        Ok(MessagePage { messages: told.pages[page].clone(), next })
    }

    async fn verify(&self, _: UserId) -> Result<(), Failure> {
        Err(Failure::NotTaken { cause: NotTaken::Overloaded, retry_at: None })
    }
}

/// Whoever takes what is listed.
#[derive(Default)]
struct Door(Mutex<Vec<MessageId>>);

#[async_trait]
impl Intake for Door {
    async fn take(&self, _: UserId, messages: Vec<DirectMessage>) -> Result<(), TurnError> {
        self.0.lock().unwrap().extend(messages.iter().map(|direct| direct.message.id));
        Ok(())
    }
}

struct House {
    x: Arc<Fake>,
    door: Arc<Door>,
    clock: Arc<ManualClock>,
    turns: Arc<Turns>,
    watchdog: Watchdog,
    ward: Ward,
    said: AtomicUsize,
}

impl House {
    /// A service that starts at `start`, over what an earlier one has left.
    fn start(store: &Arc<MemoryStore>, start: Timestamp, x: Arc<Fake>) -> House {
        let sources = Sources::from([("bot.kdl".to_owned(), "bot \"b\" version=1\nfallback { say \"What?\" }".to_owned())]);
        let program = Arc::new(compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).program);
        let clock = Arc::new(ManualClock::at(start));
        let programs = BTreeMap::from([(ONE, program.clone()), (OTHER, program)]);
        let (turns, _) = Turns::new(store.clone(), clock.clone(), programs, MINUTE);
        let (turns, door) = (Arc::new(turns), Arc::new(Door::default()));
        let settings = Settings { every: MINUTE, revalidate: true, repair: false, silence: MINUTE, fetch: true, forget: false };
        let ward = Ward::new(AppId(9), x.clone(), None, true, vec![ONE, OTHER]);
        let watchdog = Watchdog::new(turns.clone(), clock.clone(), door.clone(), settings, Vec::new());
        House { x, door, clock, turns, watchdog, ward, said: AtomicUsize::new(0) }
    }

    /// So many minutes pass, and the watchdog goes its rounds.
    async fn pass(&mut self, minutes: u64) {
        for _ in 0..minutes {
            self.clock.advance(MINUTE);
            self.watchdog.round(&mut self.ward).await.unwrap();
        }
    }

    async fn standing(&self, account: UserId) -> Standing {
        self.turns.standing(account).await.unwrap()
    }

    async fn noticed(&self, account: UserId) -> Vec<Notice> {
        let entries = self.turns.store().journal(Key::of_account(account), 0..=u64::MAX).await.unwrap();
        let notices = entries.into_iter().flat_map(|entry| entry.turns).filter_map(|turn| match turn.event {
            Event::Noticed(notice) if notice != Notice::Listening => Some(notice),
            _ => None,
        });
        notices.collect()
    }

    async fn silences(&self, account: UserId) -> usize {
        self.noticed(account).await.iter().filter(|notice| matches!(notice, Notice::Silence { .. })).count()
    }

    /// Somebody writes to the account.
    async fn hears(&self) {
        let number = self.said.fetch_add(1, Ordering::Relaxed) as u64;
        let id = MessageId(MessageId::first_at(self.clock.now()).0 + number);
        let message = Incoming { id, sent_at: self.clock.now(), text: "hm".into(), tap: None, attachment: None };
        let from = Profile::unknown(UserId(50));
        let event = Event::Message { message, from: from.clone(), overtaken: false, waited: false };
        let arrival = Arrival { key: Key::new(ONE, from.id), id: EventId::message(ONE, id), event, peer: from };
        self.turns.arrive(vec![arrival]).await.unwrap();
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.x.0.lock().unwrap()
    }
}

fn at(minute: u64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000).plus(MINUTE * minute as u32)
}

fn x(valid: bool) -> Arc<Fake> {
    Arc::new(Fake(Mutex::new(Told { valid, ..Told::default() })))
}

/// A service that watched for some minutes, was away for an hour, and is back at minute 70.
async fn back_after_an_hour(x: Arc<Fake>) -> House {
    let store = Arc::new(MemoryStore::new());
    let mut before = House::start(&store, at(0), x.clone());
    before.pass(10).await;
    House::start(&store, at(70), x)
}

fn listed(minute: u64) -> DirectMessage {
    let id = MessageId::first_at(at(minute));
    let message = Incoming { id, sent_at: at(minute), text: "hm".into(), tap: None, attachment: None };
    let sender_profile = Profile::unknown(UserId(50));
    DirectMessage { message, sender: UserId(50), recipient: ONE, source_app: None, sender_profile, welcome: None }
}

#[tokio::test]
async fn a_webhook_that_stays_invalid_is_not_challenged_without_end() {
    let mut house = House::start(&Arc::new(MemoryStore::new()), at(0), x(false));
    house.told().refuses_to_validate = true;
    house.pass(15).await;
    let first = house.told().validated;
    assert!((3..=10).contains(&first), "{first} in a quarter of an hour");
    house.pass(120).await;
    assert!(house.told().validated - first <= 16, "and then every quarter of an hour or so");
    assert_eq!(house.noticed(ONE).await, [Notice::WebhookInvalid], "it is told once");
    house.told().refuses_to_validate = false;
    house.pass(16).await;
    assert!(house.noticed(ONE).await.contains(&Notice::WebhookValidated));
}

#[tokio::test]
async fn one_job_is_ordered_for_all_accounts_and_again_where_it_did_not_deliver_everything() {
    let mut house = back_after_an_hour(x(true)).await;
    house.pass(10).await;
    assert_eq!(house.told().ordered, []);
    house.pass(5).await;
    assert_eq!(house.told().ordered, [(at(5), at(70))], "from shortly before the last sign of life; both accounts in one job");
    house.turns.replay_ended(1, false).await.unwrap();
    house.pass(1).await;
    assert_eq!(house.told().ordered.len(), 2);
    house.turns.replay_ended(2, true).await.unwrap();
    house.pass(60).await;
    assert_eq!(house.told().ordered.len(), 2);
    for account in [ONE, OTHER] {
        assert_eq!(house.standing(account).await.gaps, [], "{account}");
    }
}

#[tokio::test]
async fn a_job_of_which_nothing_is_heard_is_ordered_again_and_in_the_end_the_list_tells() {
    let mut house = back_after_an_hour(x(true)).await;
    house.told().pages = vec![vec![listed(80), listed(60)], vec![listed(40), listed(2)]];
    house.pass(15).await;
    assert_eq!(house.told().ordered.len(), 1);
    house.pass(100).await;
    assert_eq!(house.told().ordered.len(), 1, "it may take its time");
    house.pass(3 * 125).await;
    assert_eq!(house.told().ordered.len(), 3);
    assert_eq!(house.standing(ONE).await.gaps, []);
    let ids = [40, 60].map(|minute| MessageId::first_at(at(minute)));
    assert_eq!(*house.door.0.lock().unwrap(), ids, "what lies in the gap, oldest first");
}

#[tokio::test]
async fn a_job_that_ends_before_x_has_answered_the_order_is_known_to_have_ended() {
    let mut house = back_after_an_hour(x(true)).await;
    house.turns.replay_ended(1, true).await.unwrap();
    house.pass(15).await;
    assert_eq!(house.told().ordered.len(), 1);
    assert_eq!(house.standing(ONE).await.gaps, []);
}

#[tokio::test]
async fn a_replay_that_another_process_ordered_may_have_come_to_nobody_and_is_ordered_again() {
    let store = Arc::new(MemoryStore::new());
    let x = x(true);
    House::start(&store, at(0), x.clone()).pass(10).await;
    House::start(&store, at(70), x.clone()).pass(15).await;
    assert_eq!(x.0.lock().unwrap().ordered.len(), 1);
    // Away for seconds only, which is no gap; but X does not try again what it replays.
    let mut house = House::start(&store, at(85), x);
    house.turns.recall_accounts().await.unwrap();
    house.turns.replay_ended(1, true).await.unwrap();
    house.pass(2).await;
    assert_eq!(house.told().ordered.len(), 2);
    house.turns.replay_ended(2, true).await.unwrap();
    assert_eq!(house.standing(ONE).await.gaps, []);
}

#[tokio::test]
async fn of_a_gap_that_begins_before_x_replays_the_rest_is_replayed_and_the_beginning_listed() {
    let store = Arc::new(MemoryStore::new());
    let x = x(true);
    House::start(&store, at(0), x.clone()).pass(10).await;
    let back = 6 * 24 * 60;
    let mut house = House::start(&store, at(back), x);
    house.told().pages = vec![vec![listed(back - 60), listed(60)]];
    house.pass(30).await;
    assert_eq!(house.told().ordered.len(), 1, "one job at a time");
    for job in 1..200 {
        house.turns.replay_ended(job, true).await.unwrap();
        house.pass(8).await;
    }
    assert_eq!(house.standing(ONE).await.gaps, []);
    assert!((55..=61).contains(&house.told().ordered.len()), "five days in jobs of two hours: {}", house.told().ordered.len());
    assert_eq!(house.door.0.lock().unwrap().first(), Some(&MessageId::first_at(at(60))), "what no replay reaches is listed");
}

#[tokio::test]
async fn an_hour_in_which_nothing_could_be_reached_is_a_gap_and_one_in_which_x_was_busy_is_none() {
    for (cause, is_gap) in [(NotTaken::Unreachable(String::new()), true), (NotTaken::RateLimited, false), (NotTaken::Overloaded, false)] {
        let mut house = House::start(&Arc::new(MemoryStore::new()), at(0), x(true));
        house.pass(10).await;
        house.told().tells_nothing = Some(cause);
        house.pass(60).await;
        house.told().tells_nothing = None;
        house.pass(1).await;
        let gaps = house.standing(ONE).await.gaps;
        let spans: Vec<_> = gaps.iter().map(|gap| (gap.from, gap.until, gap.list)).collect();
        assert_eq!(spans, if is_gap { vec![(at(5), at(71), None)] } else { vec![] });
        house.pass(5).await;
        assert_eq!(house.standing(ONE).await.gaps.len(), gaps.len(), "it is told once");
    }
}

#[tokio::test]
async fn what_came_while_x_could_not_be_asked_may_not_be_all() {
    let mut house = House::start(&Arc::new(MemoryStore::new()), at(0), x(true));
    house.pass(10).await;
    house.told().tells_nothing = Some(NotTaken::Unreachable(String::new()));
    house.pass(60).await;
    house.hears().await;
    house.told().tells_nothing = None;
    house.pass(1).await;
    for account in [ONE, OTHER] {
        assert_eq!(house.standing(account).await.gaps.len(), 1);
    }
}

#[tokio::test]
async fn an_account_that_x_will_not_subscribe_keeps_no_other_from_it() {
    let mut house = House::start(&Arc::new(MemoryStore::new()), at(0), x(true));
    house.pass(2).await;
    house.told().gone = BTreeSet::from([ONE, OTHER]);
    house.told().unwilling = BTreeSet::from([ONE]);
    house.pass(2).await;
    assert_eq!(house.told().gone, BTreeSet::from([ONE]));
    house.told().unwilling.clear();
    house.pass(20).await;
    assert_eq!(house.told().gone, BTreeSet::new());
}

#[tokio::test]
async fn an_account_that_a_person_took_out_stays_out_until_a_person_lets_it_in() {
    let store = Arc::new(MemoryStore::new());
    let mut house = House::start(&store, at(0), x(true));
    house.pass(2).await;
    house.turns.notice(ONE, |_| vec![Notice::TakenOut { by: "kim".into() }]).await.unwrap();
    // X does not end it at once.
    house.pass(1).await;
    house.told().gone = BTreeSet::from([ONE]);
    house.pass(60).await;
    let mut house = House::start(&store, at(120), house.x);
    house.pass(60).await;
    assert_eq!(house.told().gone, BTreeSet::from([ONE]));
    let noticed = house.noticed(ONE).await;
    assert!(!noticed.iter().any(|notice| matches!(notice, Notice::NotSubscribed | Notice::LetIn { .. })), "{noticed:?}");
    let by = |by: &str| Notice::LetIn { by: by.into() };
    house.turns.notice(ONE, |_| vec![by("kim")]).await.unwrap();
    house.pass(2).await;
    assert_eq!(house.told().gone, BTreeSet::new());
    assert!(house.standing(ONE).await.gaps.iter().all(|gap| gap.until.since(gap.from) < 15 * MINUTE), "nobody wanted what came meanwhile");

    // Taken out here, and subscribed by a command.
    house.turns.notice(OTHER, |_| vec![Notice::TakenOut { by: "kim".into() }]).await.unwrap();
    house.pass(10).await;
    assert!(house.noticed(OTHER).await.contains(&by("")), "{:?}", house.noticed(OTHER).await);
}

#[tokio::test]
async fn while_another_replay_runs_ours_waits() {
    let mut house = back_after_an_hour(x(true)).await;
    house.told().replays = vec![refused(409, 355), Failure::NotTaken { cause: NotTaken::RateLimited, retry_at: None }.into()];
    house.pass(12).await;
    assert_eq!(house.standing(ONE).await.jobs().count(), 0);
    house.pass(10).await;
    assert_eq!(house.standing(ONE).await.jobs().count(), 1);
    assert!(!house.noticed(ONE).await.iter().any(|notice| matches!(notice, Notice::ReplayUnavailable { .. })), "429 is not for ever");
}

#[tokio::test]
async fn where_x_replays_nothing_the_list_is_asked_within_its_limit() {
    for never in [refused(403, 200), refused(403, 453), refused(401, 61)] {
        let mut house = back_after_an_hour(x(true)).await;
        house.told().replays = vec![never];
        house.told().pages = (10..70).rev().map(|minute| vec![listed(minute)]).collect();
        house.pass(14).await;
        assert!((10..=12).contains(&house.told().listed), "{} calls", house.told().listed);
        assert_eq!(house.door.0.lock().unwrap().len(), 0, "nothing is taken out of order");
        house.pass(120).await;
        assert_eq!(house.door.0.lock().unwrap().len(), 60);
        assert_eq!(house.standing(ONE).await.gaps, []);
        // The next gap need not be offered to X first.
        assert_eq!(house.told().ordered, []);
    }
}

/// A house of which the first account heard something every five minutes of eight days, and knows it.
async fn after_busy_days() -> House {
    let store = Arc::new(MemoryStore::new());
    let before = House::start(&store, at(0), x(true));
    let days = 8 * 24 * 60;
    for _ in (0..days).step_by(5) {
        before.clock.advance(5 * MINUTE);
        before.hears().await;
    }
    let mut house = House::start(&store, at(days + 1), x(true));
    house.pass(1).await;
    house.watchdog.learn().await;
    house
}

#[tokio::test]
async fn a_silence_far_beyond_the_usual_is_told_of_once_and_looked_after() {
    let mut house = after_busy_days().await;
    let validated = house.told().validated;
    house.pass(20).await;
    assert_eq!(house.silences(ONE).await, 0, "twenty minutes may pass");
    house.pass(180).await;
    assert_eq!(house.silences(ONE).await, 1);
    assert_eq!(house.told().validated, validated + 1, "X is asked to challenge the webhook");
    assert_eq!(house.silences(OTHER).await, 0, "an account that nobody writes to is not alarmed about");
    assert_eq!(house.standing(ONE).await.gaps, [], "it has answered the challenge");
}

#[tokio::test]
async fn where_the_challenge_of_a_silence_fails_the_whole_silence_is_a_gap() {
    let mut house = after_busy_days().await;
    // X holds the webhook for valid all the while.
    house.told().refuses_to_validate = true;
    house.pass(200).await;
    let noticed = house.noticed(ONE).await;
    let [Notice::Silence { since }, Notice::GapFound { from, until, withheld: false }, ..] = noticed[..] else { panic!("{noticed:?}") };
    assert!(from < since && until.since(since) >= MINUTE * 60, "{noticed:?}");
    assert_eq!(house.standing(OTHER).await.gaps, [], "nobody expects anything of it");
}
