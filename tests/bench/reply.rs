//! (b) From an event to its sent reply, the limits lifted, with an API that answers at once and one that takes 150 ms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use junco::client::{Auth, Client, Events, Keys, Timeouts, UserToken};
use junco::clock::SystemClock;
use junco::model::{EventsApi, Secret, UserId};
use junco::simulator::{App, Person, Rules, Settings, Simulator, Token};
use tempfile::TempDir;

use crate::Wish;
use crate::api::Api;
use crate::load::drive;
use crate::table::{head, median, milliseconds, row, whole};
use crate::world::{ACCOUNT, APP, KEY, PATH, Press, SECRET, Server};

const CONNECTIONS: usize = 64;
const PEERS: u64 = 20_000;
const DELIVERIES: usize = 6_000;

/// A service and the API that it sends to.
struct Side {
    api: Api,
    service: Server,
    _folder: TempDir,
}

/// What one round came to.
struct Round {
    replies: f64,
    acknowledged: f64,
    p99: Duration,
}

pub(crate) async fn print(wish: &Wish) {
    head(
        "(b) event to sent reply, 64 connections, limits lifted; all events at once, until the last reply was taken",
        &["API latency", "replies/s", "acks/s", "ack p99"],
    );
    let sides = [Side::start(Duration::ZERO).await, Side::start(Duration::from_millis(150)).await];
    let mut presses = [Press::new(PEERS), Press::new(PEERS)];
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..wish.rounds {
        for ((side, press), rounds) in sides.iter().zip(&mut presses).zip(&mut rounds) {
            rounds.push(side.round(press).await);
        }
    }
    for (name, rounds) in ["0 ms", "150 ms"].into_iter().zip(&rounds) {
        row(&[
            name.to_owned(),
            whole(median(rounds.iter().map(|round| round.replies))),
            whole(median(rounds.iter().map(|round| round.acknowledged))),
            milliseconds(median(rounds.iter().map(|round| round.p99))),
        ]);
    }
    let [zero, slow] = &rounds;
    let ratio = median(zero.iter().zip(slow).map(|(zero, slow)| slow.acknowledged / zero.acknowledged));
    row(&["acks at 150 ms / acks at 0".to_owned(), String::new(), format!("{ratio:.2}")]);
    row(&["the simulator, in this process".to_owned(), whole(simulated().await)]);
}

/// Replies a second with the simulator at both ends: it delivers, and it takes the replies.
async fn simulated() -> f64 {
    const PEOPLE: u64 = 1_000;
    let mut people = vec![Person::new(ACCOUNT.0, "bot", "Bot"), Person::new(Settings::OWNER.0, "dev", "The developer")];
    people.extend((1..=PEOPLE).map(|id| Person::new(id, &format!("peer{id}"), "Peer")));
    let app = App { consumer_key: KEY.into(), consumer_secret: SECRET.into(), ..App::new(APP, "bench", Settings::OWNER) };
    let tokens: Vec<Token> = [ACCOUNT, Settings::OWNER].map(|user| Token::for_user(user, APP)).into();
    let rules = Rules { rate_limits: false, ..Rules::default() };
    let (owner, bot) = (tokens[1].clone(), tokens[0].clone());
    let x = Simulator::start(Settings { people, apps: vec![app], tokens, rules, ..Settings::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Server::junco(folder.path(), x.url().trim_start_matches("http://").parse().unwrap());
    let client = Client::new(x.url().parse().unwrap(), Timeouts::default(), Arc::new(SystemClock)).unwrap();
    let token = |token: &Token| UserToken { token: Secret::new(&token.token), secret: Secret::new(&token.secret) };
    let keys = Keys { consumer_key: KEY.to_owned(), consumer_secret: Secret::new(SECRET), owner: Some(token(&owner)) };
    let bot = token(&bot);
    let events = Events::new(client, EventsApi::Enterprise, keys.clone());
    let webhook = events.register(&format!("http://{}{PATH}", service.address)).await.unwrap();
    events.subscribe(webhook.id, ACCOUNT, Auth::User(keys.user(&bot))).await.unwrap();
    let start = Instant::now();
    let said: Vec<_> = (1..=PEOPLE).map(|id| (UserId(id), x.say(UserId(id), ACCOUNT, "hi").unwrap())).collect();
    for (peer, message) in said {
        x.next_message(ACCOUNT, peer, message, Duration::from_secs(30)).await.expect("the bot answers");
    }
    PEOPLE as f64 / start.elapsed().as_secs_f64()
}

impl Side {
    async fn start(latency: Duration) -> Side {
        let (api, folder) = (Api::start(latency).await, tempfile::tempdir().unwrap());
        let service = Server::junco(folder.path(), api.address);
        Side { api, service, _folder: folder }
    }

    async fn round(&self, press: &mut Press) -> Round {
        let corpus = Arc::new(press.print(DELIVERIES));
        let (before, start) = (self.api.taken(), Instant::now());
        let run = drive(self.service.address, &corpus, CONNECTIONS, Duration::from_secs(60)).await;
        self.api.has_taken(before + corpus.len() as u64).await;
        Round { replies: corpus.len() as f64 / start.elapsed().as_secs_f64(), acknowledged: run.rate(), p99: run.latency(0.99) }
    }
}
