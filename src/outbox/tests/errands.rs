//! Lookups, timers, and what is only shown, by the outbox as it runs.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::Notify;

use super::*;
use crate::bot::FileFacts;
use crate::client::{Download, DownloadFailure, Failure as CallFailure, Refusal};
use crate::model::{LookupMethod, MediaType, Outgoing};
use crate::wire::rest::{MessagePage, Scope};

const SCRIPT: &str = r#"bot "b" version=1 { allow "feeds.example" }
on "get" { typing; read; say "One moment."; http "g" get="https://feeds.example/a" { ok { say "Got {{ g.n }}." }; fail { say "Failed." } } }
on "post" { http "p" post="https://feeds.example/a" { body n="1"; ok { say "Posted {{ p.n }}." }; fail { say "Not known: {{ p.error }}." } } }
on "old" { media "old.png" caption="As it was." }
on "bad" { media "bad.png" caption="Not to be seen." }
on "gone" { media "gone.png" }
on "later" { say "Yes."; remind "1h" { say "Ding." } }
"#;

/// X and a server in one: takes everything, and answers lookups while it is open.
#[derive(Default)]
struct Town {
    sent: Mutex<Vec<String>>,
    asked: Mutex<Vec<LookupMethod>>,
    shown: AtomicUsize,
    under_way: AtomicUsize,
    /// How many lookups have to be under way before one is answered.
    gate: AtomicUsize,
    moved: Notify,
}

impl Town {
    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl Platform for Arc<Town> {
    async fn send_message(&self, _: UserId, _: UserId, message: &Outgoing, media: Option<u64>) -> Result<MessageId, CallFailure> {
        // X has forgotten what was uploaded at first, and does not want the bad one at all.
        if media == Some(1) || media.is_some() && message.media.as_deref() == Some("bad.png") {
            let (status, code, message, scope) = (400, 324, "The validation of media ids failed.".to_owned(), Scope::Media);
            return Err(CallFailure::Refused(Refusal { status, code, reason: String::new(), message, scope }));
        }
        let mut sent = self.sent.lock().unwrap();
        sent.push(format!("{}{}", message.text, media.map(|id| format!("[{id}]")).unwrap_or_default()));
        Ok(MessageId(u64::MAX - 1_000 + sent.len() as u64))
    }

    async fn list_messages(&self, _: UserId, _: Option<&str>) -> Result<MessagePage, CallFailure> {
        Ok(MessagePage { messages: Vec::new(), next: None })
    }

    async fn media(&self, _: UserId, file: &str, anew: bool) -> Result<u64, MediaFailure> {
        if file == "gone.png" { Err(MediaFailure::Unusable("there is no such file".to_owned())) } else { Ok(1 + u64::from(anew)) }
    }

    async fn fetch(&self, _: UserId, _: &str, _: usize) -> Result<Download, DownloadFailure> {
        Err(DownloadFailure::Unknown)
    }

    async fn indicate_typing(&self, _: UserId, _: UserId) -> Result<(), CallFailure> {
        self.shown.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn mark_read(&self, _: UserId, _: UserId, last: MessageId) -> Result<(), CallFailure> {
        assert_eq!(last.minted_at().as_seconds(), 1_767_225_600);
        self.shown.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[async_trait]
impl Servers for Arc<Town> {
    async fn ask(&self, _: &str, request: &LookupRequest) -> LookupAnswer {
        self.asked.lock().unwrap().push(request.method);
        self.under_way.fetch_add(1, Ordering::SeqCst);
        self.moved.notify_waiters();
        while self.under_way.load(Ordering::SeqCst) < self.gate.load(Ordering::SeqCst) {
            self.moved.notified().await;
        }
        LookupAnswer::Ok { status: 200, body: json!({ "n": 7 }) }
    }
}

/// The bot, its world, and a clock that a test moves.
struct Errand {
    world: Arc<Town>,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    turns: Arc<Turns>,
    outbox: JoinHandle<()>,
    _stop: watch::Sender<bool>,
    heard: u64,
}

impl Errand {
    fn new(gate: usize) -> Self {
        let (world, store) = (Arc::new(Town::default()), Arc::new(MemoryStore::new()));
        world.gate.store(gate, Ordering::SeqCst);
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_767_225_600_000)));
        let (turns, outbox, _stop) = run(&world, &store, &clock);
        Errand { world, store, clock, turns, outbox, _stop, heard: 0 }
    }

    async fn crash(&mut self) {
        self.outbox.abort();
        let _ = (&mut self.outbox).await;
        self.world.under_way.store(0, Ordering::SeqCst);
        (self.turns, self.outbox, self._stop) = run(&self.world, &self.store, &self.clock);
    }

    async fn hears(&mut self, peer: UserId, text: &str) {
        self.heard += 1;
        let id = MessageId(MessageId::first_at(self.clock.now()).0 + self.heard);
        let message = Incoming { id, sent_at: self.clock.now(), text: text.into(), tap: None, attachment: None };
        let event = Event::Message { message, from: Profile::unknown(peer), overtaken: false, waited: false };
        let arrival = Arrival { key: Key::new(BOT, peer), id: EventId::message(BOT, id), event, peer: Profile::unknown(peer) };
        self.turns.arrive(vec![arrival]).await.unwrap();
    }

    async fn says(&self, texts: &[&str]) {
        eventually(&format!("the bot says {texts:?}"), || async { self.world.sent() == texts }).await;
    }

    async fn asks(&self, count: usize) {
        eventually("servers are asked", || async { self.world.asked() == count }).await;
    }
}

fn run(world: &Arc<Town>, store: &Arc<MemoryStore>, clock: &Arc<ManualClock>) -> Parts {
    let mut sources = Sources::from([("bot.kdl".to_owned(), SCRIPT.to_owned())]);
    let files = ["old.png", "bad.png", "gone.png"].map(|file| (file.to_owned(), FileFacts { bytes: 9, kind: Some(MediaType::Png) }));
    sources.files.extend(files);
    let program = match compile(&sources) {
        Ok(compiled) => Arc::new(compiled.program),
        Err(found) => panic!("{found:?}"),
    };
    let (turns, woken) = Turns::new(store.clone(), clock.clone(), BTreeMap::from([(BOT, program)]), LOST_AFTER);
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
    let (x, servers) = (Arc::new(world.clone()), Arc::new(world.clone()));
    let outbox = Outbox::new(turns.clone(), x, servers, clock.clone(), apps, pace, settings);
    let (stop, stopped) = watch::channel(false);
    (turns, tokio::spawn(outbox.run(woken, stopped)), stop)
}

#[tokio::test]
async fn what_is_said_before_a_lookup_leaves_before_it_and_its_answer_comes_back() {
    let mut scene = Errand::new(2);
    scene.hears(ADA, "get").await;
    scene.asks(1).await;
    scene.says(&["One moment."]).await;
    eventually("typing and reading are shown", || async { scene.world.shown.load(Ordering::SeqCst) == 2 }).await;
    scene.world.gate.store(0, Ordering::SeqCst);
    scene.world.moved.notify_waiters();
    scene.says(&["One moment.", "Got 7."]).await;
    assert_eq!(scene.world.asked(), 1);
}

#[tokio::test]
async fn lookups_of_many_conversations_are_under_way_together() {
    let mut scene = Errand::new(4);
    for peer in 1..=8 {
        scene.hears(UserId(peer), "post").await;
    }
    eventually("all are answered", || async { scene.world.sent() == ["Posted 7."; 8] }).await;
    assert_eq!(scene.world.asked(), 8);
}

#[tokio::test]
async fn after_a_crash_only_what_does_no_harm_is_asked_again() {
    let mut scene = Errand::new(9);
    scene.hears(ADA, "get").await;
    scene.hears(crate::simulator::Settings::BEN, "post").await;
    scene.asks(2).await;
    scene.crash().await;
    scene.world.gate.store(0, Ordering::SeqCst);
    scene.clock.advance(Duration::from_secs(600));
    scene.asks(3).await;
    eventually("both have ended", || async { scene.world.sent().len() == 3 }).await;
    let mut sent = scene.world.sent();
    sent.sort();
    assert_eq!(sent, ["Got 7.", "Not known: unknown.", "One moment."]);
    assert_eq!(scene.world.asked.lock().unwrap()[2], LookupMethod::Get);
}

#[tokio::test]
async fn a_timer_goes_off_when_its_time_has_come() {
    let mut scene = Errand::new(0);
    scene.hears(ADA, "later").await;
    scene.says(&["Yes."]).await;
    scene.clock.advance(Duration::from_secs(3_599));
    scene.hears(ADA, "later").await;
    scene.says(&["Yes.", "Yes."]).await;
    scene.clock.advance(Duration::from_secs(3_600));
    scene.says(&["Yes.", "Yes.", "Ding."]).await;
}

#[tokio::test]
async fn a_picture_is_uploaded_anew_left_out_or_a_dead_letter() {
    let mut scene = Errand::new(0);
    for text in ["old", "bad", "gone", "later"] {
        scene.hears(ADA, text).await;
    }
    scene.says(&["As it was.[2]", "Not to be seen.", "Yes."]).await;
    let entries = scene.store.journal(Key::new(BOT, ADA), 1..=u64::MAX).await.unwrap();
    let dead = entries.into_iter().flat_map(|entry| entry.turns).flat_map(|turn| turn.actions).filter_map(|action| match action {
        Action::DeadLetter { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(dead.collect::<Vec<_>>(), ["there is no such file"]);
}
