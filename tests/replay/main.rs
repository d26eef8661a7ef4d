//! X repeats what it delivered, up to five days later (contract §2.3): nothing is answered twice, and nothing new is missed.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on has failed, and says its seed")]

mod house;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use junco::model::{MessageId, Timestamp};

use house::{End, House, Post};

/// When the five days begin.
const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const FIVE_DAYS: Duration = Duration::from_secs(5 * 24 * 3600);

/// For how long the journal is kept.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);

/// People, those among them who write all the time, and how many messages each kind writes at most in the five days.
const PEERS: u64 = 200;
const TALKATIVE: u64 = 3;
const MANY: u64 = 1_500;
const FEW: u64 = 30;

/// Events of one delivery at most, and deliveries at the same time.
const DELIVERY: usize = 40;
const AT_ONCE: usize = 3;

/// One event in so many is not delivered when it happens, but comes with the replay only.
const LATE: u64 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_five_days_among_live_events_answers_each_message_once() {
    let traffic = Traffic::of_five_days_and_their_replay(0, MONTH).await;
    traffic.check_journal().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_so_where_the_journal_is_kept_for_an_hour() {
    let traffic = Traffic::of_five_days_and_their_replay(0, HOUR).await;
    let kept = traffic.house.heard().await.len();
    assert!(kept * 2 < traffic.all.len() / 2, "{kept} messages are still in the journal: this shows nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn ten_replays_of_five_days_answer_each_message_once() {
    for seed in 1..=10 {
        Traffic::of_five_days_and_their_replay(seed, MONTH).await.check_journal().await;
        Traffic::of_five_days_and_their_replay(seed, HOUR).await;
    }
}

#[tokio::test]
async fn a_late_message_that_comes_twice_in_one_delivery_is_answered_once() {
    let house = House::new(START, MONTH);
    let late = Post { peer: 1, id: house.mint(), echo: false };
    for _ in 0..100 {
        house.deliver(&[Post { peer: 1, id: house.mint(), echo: false }]).await;
    }
    let (tally, said) = house.deliver(&[late, late]).await;
    assert_eq!((tally.taken, said.len()), (1, 1));
    // The first is forgotten by its record before it comes again.
    let mut crowd: Vec<_> = (0..100).map(|_| Post { peer: 2, id: house.mint(), echo: false }).collect();
    crowd.push(crowd[0]);
    assert_eq!(house.deliver(&crowd).await.0.taken, 100);
}

/// What happened, and what came of it.
struct Traffic {
    house: House,
    /// All that X delivered or should have delivered, our own messages too.
    all: Vec<Post>,
    /// What was not delivered when it happened.
    late: BTreeSet<MessageId>,
    /// How many events were taken.
    taken: usize,
}

impl Traffic {
    async fn of_five_days_and_their_replay(seed: u64, retention: Duration) -> Traffic {
        println!("seed {seed}");
        let mut dice = Dice(seed);
        let house = House::new(START, retention);
        let mut traffic = Traffic { house, all: Vec::new(), late: BTreeSet::new(), taken: 0 };
        traffic.live_through_five_days(&mut dice).await;
        traffic.replay(&mut dice).await;
        traffic.check().await;
        traffic
    }

    /// What people write in five days, nearly all of it delivered soon.
    async fn live_through_five_days(&mut self, dice: &mut Dice) {
        let mut moments: Vec<(u64, u64)> = (1..=PEERS)
            .flat_map(|peer| {
                let count = if peer <= TALKATIVE { MANY } else { 1 + dice.roll(FEW) };
                (0..count).map(|_| (dice.roll(FIVE_DAYS.as_millis() as u64), peer)).collect::<Vec<_>>()
            })
            .collect();
        moments.sort_unstable();
        let mut delivery = Vec::new();
        for (after, peer) in moments {
            self.house.clock.set(START.plus(Duration::from_millis(after)));
            let post = self.write(peer);
            match dice.roll(LATE) {
                0 => drop(self.late.insert(post.id)),
                1 => delivery.extend([post, post]),
                _ => delivery.push(post),
            }
            if delivery.len() >= DELIVERY {
                dice.shuffle(&mut delivery);
                let echoes = self.deliver(&delivery).await;
                // Some of the echoes are lost, too.
                delivery = echoes.into_iter().filter(|_| dice.roll(LATE) > 0).collect();
            }
        }
        self.deliver(&delivery).await;
    }

    /// All of it again, in any order, among new messages; the process ends now and then.
    async fn replay(&mut self, dice: &mut Dice) {
        let mut again = self.all.clone();
        dice.shuffle(&mut again);
        let ends = [End::Kill, End::LoseMap, End::Stop, End::LoseMark];
        let parts: Vec<Vec<Post>> = again.chunks(again.len() / ends.len()).map(<[_]>::to_vec).collect();
        for (part, end) in parts.into_iter().zip(ends.into_iter().cycle()) {
            let mut rest = part.into_iter().peekable();
            while rest.peek().is_some() {
                self.house.clock.advance(Duration::from_secs(10));
                let mut deliveries = vec![Vec::new(); AT_ONCE];
                for delivery in &mut deliveries {
                    delivery.extend(rest.by_ref().take(DELIVERY - 5));
                    delivery.extend((0..dice.roll(5)).map(|_| self.write(1 + dice.roll(PEERS))));
                    dice.shuffle(delivery);
                }
                // Some of them come by two apps at the same moment.
                let doubled = deliveries[dice.roll(AT_ONCE as u64) as usize].clone();
                deliveries.push(doubled);
                let outcomes = join_all(deliveries.iter().map(|delivery| self.house.deliver(delivery))).await;
                for (tally, echoes) in outcomes {
                    self.taken += tally.taken;
                    self.all.extend(echoes);
                }
            }
            self.house.restart(end).await;
        }
    }

    /// Every message was taken and answered, and as many were taken and answered as there are: so each once.
    async fn check(&self) {
        let (echoes, messages): (Vec<_>, Vec<_>) = self.all.iter().partition(|post| post.echo);
        for Post { peer, id, .. } in &messages {
            assert!(self.house.knows(*peer, *id).await, "message {id} was missed, late: {}", self.late.contains(id));
        }
        assert_eq!((self.taken, echoes.len()), (messages.len(), messages.len()), "taken, and said");
    }

    /// The journal tells the same, message by message.
    async fn check_journal(&self) {
        let heard = self.house.heard().await;
        for Post { id, .. } in self.all.iter().filter(|post| !post.echo) {
            let found = heard.get(id).copied().unwrap_or_default();
            assert_eq!((found.taken, found.answers), (1, 1), "message {id}, late: {}", self.late.contains(id));
        }
        let overtaken = self.late.iter().filter(|id| heard[id].overtaken).count();
        assert!(overtaken * 10 > self.late.len() * 9, "{overtaken} of {} late messages were known to be late", self.late.len());
    }

    /// Somebody writes.
    fn write(&mut self, peer: u64) -> Post {
        let post = Post { peer, id: self.house.mint(), echo: false };
        self.all.push(post);
        post
    }

    async fn deliver(&mut self, delivery: &[Post]) -> Vec<Post> {
        let (tally, echoes) = self.house.deliver(delivery).await;
        self.taken += tally.taken;
        self.all.extend(&echoes);
        echoes
    }
}

/// Chance that a seed repeats.
struct Dice(u64);

impl Dice {
    /// A number under `end`.
    fn roll(&mut self, end: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.roll(at as u64 + 1) as usize);
        }
    }
}
