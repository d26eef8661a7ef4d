//! Lookups over HTTP: what a script asks of other people's servers, within bounds that no server and no script can widen.
//!
//! Nothing here reads a store or knows a conversation. An answer is kept only in memory, and only where the asker takes an older one.

mod cache;
mod exchange;
mod guard;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, Shared, WeakShared, ready};
use url::Url;

use crate::clock::Clock;
use crate::model::{HostRule, LookupAnswer, LookupFailure, LookupRequest};
use cache::{Cache, Question};
use exchange::{Clients, Miss};
pub use guard::Resolver;
use guard::SystemResolver;

/// A lookup is tried again so often at most, whatever the script says.
const MOST_RETRIES: u32 = 10;

/// The pause before the first retry, doubled before each further one, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Asks what scripts want to know. One for the whole service: its cache and its connections serve every bot.
pub struct Lookups {
    clients: Clients,
    clock: Arc<dyn Clock>,
    cache: Mutex<Cache>,
    under_way: Mutex<BTreeMap<Question, WeakShared<Answering>>>,
}

/// An answer to come, of one question, for all who wait for it.
type Answering = BoxFuture<'static, LookupAnswer>;
type Waiting = Shared<Answering>;

/// A request that may leave the house.
struct Asked {
    url: Url,
    rules: Vec<HostRule>,
}

impl Lookups {
    /// Lookups with an empty cache; names are looked up as the system does.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Self::with_resolver(clock, Arc::new(SystemResolver))
    }

    /// The same, with names looked up by `resolver`.
    pub fn with_resolver(clock: Arc<dyn Clock>, resolver: Arc<dyn Resolver>) -> Arc<Self> {
        Arc::new(Lookups { clients: Clients::new(resolver), clock, cache: Mutex::default(), under_way: Mutex::default() })
    }

    /// Asks, and waits for the answer: at most for every try's timeout and the pauses between them.
    ///
    /// Equal questions that take a cached answer and come at the same time are one question, asked as the first of them wants it.
    pub async fn fetch(self: &Arc<Self>, request: &LookupRequest) -> LookupAnswer {
        let asked = match admit(request) {
            Ok(asked) => asked,
            Err(miss) => return miss.into_answer(),
        };
        match Question::of(request) {
            Some((question, age)) => self.join(question, age, request, asked).await,
            None => self.ask(request, &asked).await,
        }
    }

    /// The same question on its way, a kept answer, or a new question whose answer will be kept. It stops when nobody waits any more.
    fn join(self: &Arc<Self>, question: Question, age: Duration, request: &LookupRequest, asked: Asked) -> Waiting {
        let mut under_way = locked(&self.under_way);
        if let Some(waiting) = under_way.get(&question).and_then(WeakShared::upgrade) {
            return waiting;
        }
        // An answer is kept before its question is no longer on its way, so what is in neither place was not asked.
        if let Some(answer) = locked(&self.cache).answer(&question, age, self.clock.now()) {
            tracing::debug!(host = asked.url.host_str(), "lookup answered from the cache");
            return ready(answer).boxed().shared();
        }
        let (lookups, request, key) = (self.clone(), request.clone(), question.clone());
        let work = async move {
            let answer = lookups.ask(&request, &asked).await;
            locked(&lookups.cache).keep(key.clone(), &answer, lookups.clock.now());
            locked(&lookups.under_way).remove(&key);
            answer
        };
        let work = work.boxed().shared();
        under_way.retain(|_, other| other.upgrade().is_some());
        if let Some(weak) = work.downgrade() {
            under_way.insert(question, weak);
        }
        work
    }

    /// Tries until there is an answer, or no more sense in trying.
    async fn ask(&self, request: &LookupRequest, asked: &Asked) -> LookupAnswer {
        let retries = if request.is_repeatable() { request.retry.min(MOST_RETRIES) } else { 0 };
        let mut pause = PAUSE.0;
        let mut tries = 1;
        let answer = loop {
            let miss = match self.try_once(request, asked).await {
                Ok(answer) => break answer,
                Err(miss) => miss,
            };
            let Some(wait) = miss.wait(pause, request.timeout).filter(|_| tries <= retries) else { break miss.into_answer() };
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(PAUSE.1);
            tries += 1;
        };
        let outcome = match &answer {
            LookupAnswer::Ok { .. } => "ok",
            LookupAnswer::Failed { reason, .. } => reason.word(),
        };
        tracing::debug!(host = asked.url.host_str(), outcome, tries, "lookup");
        answer
    }

    async fn try_once(&self, request: &LookupRequest, asked: &Asked) -> Result<LookupAnswer, Miss> {
        let exchange = self.clients.exchange(request, &asked.url, &asked.rules);
        tokio::time::timeout(request.timeout, exchange).await.unwrap_or_else(|_| {
            let millis = request.timeout.as_millis();
            Err(Miss::again(LookupFailure::Timeout, format!("{} did not answer within {millis} ms", host(&asked.url))))
        })
    }
}

/// Whether a request may leave the house at all: before the cache, so that nobody hears what they may not ask.
fn admit(request: &LookupRequest) -> Result<Asked, Miss> {
    let url =
        Url::parse(&request.url).map_err(|error| Miss::settled(LookupFailure::Unreadable, format!("the address is none: {error}")))?;
    let rules: Vec<HostRule> = request.allow.iter().filter_map(|entry| HostRule::parse(entry)).collect();
    check(&url, &rules)?;
    Ok(Asked { url, rules })
}

/// Whether an address may be asked, be it the script's or one that a redirect leads to.
fn check(url: &Url, rules: &[HostRule]) -> Result<(), Miss> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Miss::settled(LookupFailure::NotAllowed, format!("{} is neither http nor https", url.scheme())));
    }
    if !rules.iter().any(|rule| rule.covers(url)) {
        return Err(Miss::settled(LookupFailure::NotAllowed, format!("{} is not on the bot's allow list", host(url))));
    }
    Ok(())
}

/// The host, and its port where it is not the scheme's own: all of an address that may be told.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
