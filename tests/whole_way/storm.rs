//! `kill -9` at random moments under load, with lost answers, refused connections and 5xx on the wire.
//!
//! Every message asks for words of its own, so that each reply names the event it belongs to. A seed repeats the moments of the
//! kills and the faults; what the machine makes of them is its own.

use std::collections::BTreeMap;
use std::time::Duration;

use junco::model::{MessageId, UserId};
use junco::simulator::{Copies, Failure, Fault, FaultKind, Outcome, Person, Shown, Stage};

use crate::town::{BOT, Town};

const BOT_SCRIPT: &str = r#"bot "parrot" version=1
on "say {what...}" { say "You said {{ what }}." }
fallback { say "Say something." }
"#;

/// People who write at the same time.
const PEOPLE: u64 = 40;

/// How long everything may take to calm down at the end: the slowest send waits for its retry after a backoff.
const CALM: Duration = Duration::from_secs(120);

/// A small generator of chance; the seed is printed, so that a storm can be called again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_storm() {
    storm(8, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a hundred kills take about two minutes: cargo test --release --test whole_way -- --ignored storm"]
async fn a_storm_of_a_hundred_kills() {
    storm(100, seed()).await;
}

#[expect(clippy::disallowed_methods, reason = "a storm that failed is called again by its seed: JUNCO_STORM_SEED=7")]
fn seed() -> u64 {
    std::env::var("JUNCO_STORM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

async fn storm(kills: u32, seed: u64) {
    eprintln!("storm of {kills} kills, seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bot.kdl"), BOT_SCRIPT).unwrap();
    let mut town = Town::with(folder.path(), &[BOT]).await;
    let people: Vec<UserId> = (0..PEOPLE).map(|n| UserId(10_000 + n)).collect();
    for person in &people {
        town.x.admit(Person::new(person.0, &format!("p{person}"), "Somebody")).unwrap();
    }

    let mut dice = Dice(seed);
    let mut said = 0;
    for _ in 0..kills {
        town.x.clear_faults();
        for _ in 0..3 {
            town.x.fault(Fault { kind: any_fault(&mut dice), of: Copies::All, times: Some(1 + dice.roll(5) as u32) });
        }
        for _ in 0..6 {
            for _ in 0..5 {
                let person = people[dice.roll(PEOPLE) as usize];
                said += 1;
                town.x.say(person, BOT, &format!("say n{said}")).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(dice.roll(60))).await;
        }
        town.kill();
        town.start();
    }
    town.x.clear_faults();
    judge(&town, &people).await;
}

fn any_fault(dice: &mut Dice) -> FaultKind {
    match dice.roll(7) {
        0 => FaultKind::LoseAnswer { with: Failure::Close },
        1 => FaultKind::LoseAnswer { with: Failure::InternalError },
        2 => FaultKind::Refuse { with: Failure::Close },
        3 => FaultKind::Refuse { with: Failure::OverCapacity },
        4 => FaultKind::Refuse { with: Failure::InternalError },
        5 => FaultKind::SlowAnswer { millis: 100 },
        _ => FaultKind::EchoFirst,
    }
}

async fn judge(town: &Town, people: &[UserId]) {
    let settled = |stage: &Stage| stage.deliveries().iter().all(|delivery| delivery.outcome != Outcome::Pending).then_some(());
    town.x.wait_for(CALM, settled).await.expect("X has delivered or dropped everything");
    let acknowledged: Vec<MessageId> = town
        .x
        .deliveries()
        .into_iter()
        .filter(|delivery| !delivery.echo && delivery.outcome == Outcome::Delivered)
        .filter_map(|delivery| delivery.message)
        .collect();
    assert!(acknowledged.len() as u64 > 5 * PEOPLE / 2, "the storm has tested something: {}", acknowledged.len());

    let all_answered = |stage: &Stage| (lost(stage, people, &acknowledged) == 0).then_some(());
    let answered = town.x.wait_for(CALM, all_answered).await;
    let lost = lost(&town.x, people, &acknowledged);
    let twice: Vec<Vec<Shown>> = replies(&town.x, people).into_values().filter(|copies| copies.len() > 1).collect();
    let echoed = twice.iter().filter(|copies| echo_came(&town.x, copies)).count();
    let mut stuck = 0;
    for person in people {
        let last = town.x.say(*person, BOT, "say the end").unwrap();
        stuck += usize::from(town.x.next_message(BOT, *person, last, CALM).await.is_none());
    }
    eprintln!(
        "acknowledged {}, lost {lost}, said twice {} ({echoed} of them after their echo had arrived), stuck {stuck}",
        acknowledged.len(),
        twice.len(),
    );
    assert!(answered.is_some() && lost == 0, "{lost} acknowledged messages were never answered");
    assert_eq!(echoed, 0, "said twice although the echo of the first had arrived");
    assert_eq!(stuck, 0, "conversations that no longer answer");
}

/// How many acknowledged messages have no reply.
fn lost(stage: &Stage, people: &[UserId], acknowledged: &[MessageId]) -> usize {
    let replies = replies(stage, people);
    let messages = people.iter().flat_map(|person| stage.transcript(*person, BOT));
    let asked: BTreeMap<MessageId, String> =
        messages.filter(|message| message.from != BOT).map(|message| (message.id, message.text)).collect();
    let expected = |id: &MessageId| format!("You said {}.", asked[id].trim_start_matches("say "));
    acknowledged.iter().filter(|id| !replies.contains_key(&expected(id))).count()
}

/// Every reply and how often it was said.
fn replies(stage: &Stage, people: &[UserId]) -> BTreeMap<String, Vec<Shown>> {
    let mut replies: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
    for message in people.iter().flat_map(|person| stage.transcript(BOT, *person)).filter(|message| message.from == BOT) {
        replies.entry(message.text.clone()).or_default().push(message);
    }
    replies
}

/// Whether the service had acknowledged the echo of the first copy when the second was sent.
fn echo_came(stage: &Stage, copies: &[Shown]) -> bool {
    let echo = stage.deliveries().into_iter().find(|delivery| delivery.echo && delivery.message == Some(copies[0].id));
    let arrived = echo.filter(|echo| echo.outcome == Outcome::Delivered).and_then(|echo| echo.attempts.last().map(|last| last.at));
    arrived.is_some_and(|arrived| arrived < copies[1].at)
}
