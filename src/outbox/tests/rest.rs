//! The outbox comes to rest: after all that is due now was served, nothing is due now. What were due and led to nothing would be looked
//! at for ever, twenty milliseconds apart.

use super::*;
use crate::client::{Download, DownloadFailure, Failure as CallFailure, NotTaken, Unsure};
use crate::model::{LookupFailure, Outgoing, Tap};
use crate::store::Store;
use crate::wire::rest::MessagePage;

const SCRIPT: &str = r##"bot "b" version=1 { allow "feeds.example"; handoff mute="1h"; reorder "2s"; idle "1h" }
on "get" { http "g" get="https://feeds.example/a" retry=2 { ok { say "Got {{ g.n }}."; goto "menu" }; fail { say "Failed."; remind "5m" { http "h" get="https://feeds.example/b" { ok { say "Late." }; fail { say "Never." } } } } } }
on "post" { say "Wait."; http "p" post="https://feeds.example/a" { body n="1"; ok { goto "ask" }; fail { goto "desk" } } }
on "later" { say "Yes."; remind "1m" { say "Ding." }; remind "10m" { goto "menu" } }
on "much" { say "1"; say "2" break=#true; say "3" break=#true; say "4" break=#true }
on "stop" scope="any" { optout; say "Bye." }
on "start" scope="any" { optin; say "Back." }
on "forget" scope="any" { forget; say "Forgotten." }
state "menu" { say "Menu."; option "Ask" goto="ask"; option "Desk" goto="desk" }
state "ask" { ask "n" "A number?" type="int" retries=1 secret=#true late="reject"; say "Thanks." }
state "desk" { say "A colleague comes."; handoff { resume on="bot"; timeout "20m" goto="menu" } }
fallback { say "What?" }
"##;

const WORDS: [&str; 14] =
    ["get", "post", "later", "much", "much", "stop", "start", "start", "forget", "Ask", "Desk", "bot", "17", "nonsense"];

/// Chance that a seed repeats.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// An X of which nothing is certain.
struct Moody(Mutex<Dice>, Arc<ManualClock>);

impl Moody {
    fn roll(&self, end: u64) -> u64 {
        self.0.lock().unwrap().roll(end)
    }

    fn failure(&self) -> CallFailure {
        match self.roll(3) {
            0 => CallFailure::NotTaken { cause: NotTaken::Overloaded, retry_at: None },
            1 => CallFailure::NotTaken { cause: NotTaken::RateLimited, retry_at: Some(self.1.now().plus(Duration::from_secs(30))) },
            _ => CallFailure::Unsure(Unsure::TimedOut),
        }
    }
}

#[async_trait]
impl Platform for Moody {
    async fn send_message(&self, _: UserId, _: UserId, _: &Outgoing, _: Option<u64>) -> Result<MessageId, CallFailure> {
        if self.roll(3) > 0 { Err(self.failure()) } else { Ok(MessageId(u64::MAX - self.roll(1 << 30))) }
    }
    async fn list_messages(&self, _: UserId, _: Option<&str>) -> Result<MessagePage, CallFailure> {
        if self.roll(2) > 0 { Err(self.failure()) } else { Ok(MessagePage { messages: Vec::new(), next: None }) }
    }
    async fn media(&self, _: UserId, _: &str, _: bool) -> Result<u64, MediaFailure> {
        Err(MediaFailure::Unusable("no pictures here".to_owned()))
    }
    async fn fetch(&self, _: UserId, _: &str, _: usize) -> Result<Download, DownloadFailure> {
        Err(DownloadFailure::Unknown)
    }

    async fn indicate_typing(&self, _: UserId, _: UserId) -> Result<(), CallFailure> {
        Ok(())
    }
    async fn mark_read(&self, _: UserId, _: UserId, _: MessageId) -> Result<(), CallFailure> {
        Ok(())
    }
}

/// The conversation of all these tests.
const KEY: Key = Key { account: BOT, peer: ADA };

/// A bot, and an outbox that is driven by hand.
struct Bench {
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    turns: Arc<Turns>,
    outbox: Arc<Outbox>,
    /// Nobody listens to it.
    _woken: mpsc::UnboundedReceiver<Wake>,
}

impl Bench {
    fn new(seed: u64) -> Self {
        let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::at(Timestamp::from_millis(1_767_225_600_000))));
        let program = match compile(&Sources::from([("bot.kdl".to_owned(), SCRIPT.to_owned())])) {
            Ok(compiled) => Arc::new(compiled.program),
            Err(found) => panic!("{found:?}"),
        };
        let (turns, _woken) = Turns::new(store.clone(), clock.clone(), BTreeMap::from([(BOT, program)]), LOST_AFTER);
        let turns = Arc::new(turns);
        let settings = Settings {
            owner: "test".into(),
            resend: true,
            echo_wait: ECHO_WAIT,
            resend_after: RESEND_AFTER,
            in_flight: 4,
            picture_bytes: 1 << 20,
            free_replies: true,
        };
        let (apps, pace) = (BTreeMap::from([(BOT, AppId(1))]), Pace::new(Limits::default()));
        let x = Arc::new(Moody(Mutex::new(Dice(seed)), clock.clone()));
        let outbox = Outbox::new(turns.clone(), x, Arc::new(Nobody), clock.clone(), apps, pace, settings);
        Bench { store, clock, turns, outbox, _woken }
    }

    async fn arrives(&self, id: MessageId, event: Event) {
        let arrival = Arrival { key: KEY, id: EventId::message(BOT, id), event, peer: Profile::unknown(ADA) };
        self.turns.arrive(vec![arrival]).await.unwrap();
    }
}

#[tokio::test]
async fn after_all_that_is_due_was_served_nothing_is() {
    for seed in 0..120 {
        let mut dice = Dice(seed);
        let bench = Bench::new(seed);
        let Bench { store, clock, outbox, .. } = &bench;
        let mut pending: Vec<Errand> = Vec::new();
        for number in 0..60 {
            for _ in 0..dice.roll(3) {
                let event = happening(&mut dice, clock.now());
                let id = MessageId(MessageId::first_at(clock.now()).0 + number * 8 + dice.roll(8));
                bench.arrives(id, event(id)).await;
            }
            pending.extend(outbox.serve_due().await.unwrap());
            if !pending.is_empty() && dice.roll(3) > 0 {
                let errand = pending.swap_remove(dice.roll(pending.len() as u64) as usize);
                // Some are never answered, as where the process ends.
                match dice.roll(3) {
                    0 => drop(errand),
                    1 => outbox.answer(errand, LookupAnswer::Ok { status: 200, body: serde_json::json!({ "n": 7 }) }).await.unwrap(),
                    _ => {
                        let answer = LookupAnswer::Failed { reason: LookupFailure::Timeout, status: None, detail: String::new() };
                        outbox.answer(errand, answer).await.unwrap();
                    }
                }
                pending.extend(outbox.serve_due().await.unwrap());
            }
            let (due, record) = (store.next_due().await.unwrap(), store.load(KEY).await.unwrap());
            let is_under_way = !pending.is_empty();
            assert!(due.is_none_or(|due| due > clock.now()) || is_under_way, "seed {seed}, step {number}: {record:#?}");
            let spans = [1, 50, 120, 400, 3_000, 61_000, 700_000, 4_000_000];
            clock.advance(Duration::from_millis(spans[dice.roll(spans.len() as u64) as usize]));
        }
    }
}

/// Messages that have arrived are held for a while, so those behind a wish wait when it is granted.
#[tokio::test]
async fn what_was_written_after_the_wish_to_be_forgotten_is_taken() {
    for at_once in [false, true] {
        let bench = Bench::new(1);
        let written = |number: u64, text: &str| {
            let id = MessageId(MessageId::first_at(bench.clock.now()).0 + number);
            let message = Incoming { id, sent_at: bench.clock.now(), text: text.into(), tap: None, attachment: None };
            let event = Event::Message { message, from: Profile::unknown(ADA), overtaken: false, waited: false };
            Arrival { key: KEY, id: EventId::message(BOT, id), event, peer: Profile::unknown(ADA) }
        };
        let arrivals = vec![written(1, "my name is Ada"), written(2, "forget"), written(3, "desk"), written(4, "hello")];
        let deliveries = if at_once { vec![arrivals] } else { arrivals.into_iter().map(|arrival| vec![arrival]).collect() };
        for delivery in deliveries {
            bench.turns.arrive(delivery).await.unwrap();
            bench.clock.advance(Duration::from_millis(500));
        }
        bench.clock.advance(Duration::from_millis(if at_once { 1_501 } else { 501 }));
        bench.turns.take_up(KEY).await.unwrap();
        let entries = bench.store.journal(KEY, 1..=u64::MAX).await.unwrap();
        let turns: Vec<_> = entries.iter().flat_map(|entry| &entry.turns).collect();
        let said = turns.iter().flat_map(|turn| &turn.actions).filter_map(|action| match action {
            Action::Send { message, .. } => Some(message.text.as_str()),
            _ => None,
        });
        assert_eq!(said.collect::<Vec<_>>(), ["What?", "Forgotten.", "What?", "What?"], "at once: {at_once}");
        assert!(!format!("{turns:?}").contains("Ada"), "of what was written before, nothing is shown");
        assert!(bench.store.load(KEY).await.unwrap().unwrap().state.waiting.is_empty());
    }
}

#[tokio::test]
async fn of_an_account_that_withdraws_its_access_nothing_more_leaves() {
    let bench = Bench::new(1);
    let now = bench.clock.now();
    let message = Incoming { id: MessageId::first_at(now), sent_at: now, text: "much".into(), tap: None, attachment: None };
    let event = Event::Message { message, from: Profile::unknown(ADA), overtaken: false, waited: false };
    bench.arrives(MessageId::first_at(now), event).await;
    bench.clock.advance(Duration::from_secs(3));
    bench.turns.take_up(KEY).await.unwrap();
    let record = bench.store.load(KEY).await.unwrap().unwrap();
    let row = record.state.rows[0].id;
    let sent = Event::Settled { row, outcome: Outcome::Sent(MessageId(7)) };
    assert_eq!(bench.outbox.settle_and_go_on(KEY, &record, &sent).len(), 2, "the next goes with it");
    bench.turns.withdraw(BOT).await.unwrap();
    assert_eq!(bench.outbox.settle_and_go_on(KEY, &record, &sent), [sent]);
}

#[tokio::test]
async fn a_conversation_that_a_mistake_is_met_in_rests() {
    let bench = Bench::new(1);
    let id = MessageId::first_at(bench.clock.now());
    let message = Incoming { id, sent_at: bench.clock.now(), text: "get".into(), tap: None, attachment: None };
    bench.arrives(id, Event::Message { message, from: Profile::unknown(ADA), overtaken: false, waited: false }).await;
    bench.clock.advance(Duration::from_secs(3));
    bench.turns.take_up(KEY).await.unwrap();
    // Its server's stand-in panics.
    assert!(bench.outbox.begin(KEY));
    let slot = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    assert!(tokio::spawn(bench.outbox.clone().take_up(KEY, slot)).await.is_err());
    assert!(bench.outbox.parked().contains_key(&KEY));
    assert!(bench.outbox.begin(KEY), "it is not thought to be served for ever");
    assert_eq!(bench.outbox.due().await, [], "and is not taken up again at once");
    bench.clock.advance(PARKED * 60);
    assert_eq!(bench.outbox.due().await, [KEY]);
}

/// Something that may happen to a conversation.
fn happening(dice: &mut Dice, now: Timestamp) -> Box<dyn FnOnce(MessageId) -> Event> {
    let word = WORDS[dice.roll(WORDS.len() as u64) as usize];
    let (kind, is_tap) = (dice.roll(12), dice.roll(4) == 0);
    Box::new(move |id| {
        let tap = is_tap.then_some(Tap { metadata: None });
        let message = Incoming { id, sent_at: now, text: word.into(), tap, attachment: None };
        match kind {
            0 => Event::Echo { message, origin: Origin::Other },
            1 => Event::Echo { message, origin: Origin::Unknown },
            _ => Event::Message { message, from: Profile::unknown(ADA), overtaken: false, waited: false },
        }
    })
}
