//! Guessing passwords is slow: after a few wrong ones each further try has to wait, twice as long each time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::model::Timestamp;

/// So many may be wrong from one address before it waits.
const FREE: u32 = 5;

/// So many may be wrong for one name, wherever they come from: more, so that nobody is kept out by others guessing.
const FREE_NAME: u32 = 50;

/// The first wait, and the longest.
const WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(900));

/// After so long without a try everything is forgotten.
const FORGET: Duration = Duration::from_secs(3600);

/// Names and addresses that are remembered.
const MOST: usize = 10_000;

/// Characters of them that are: no name of the configuration is longer.
const NAME: usize = 65;

/// Counts tries by name and by address.
pub(super) struct Throttle {
    clock: Arc<dyn Clock>,
    tries: Mutex<BTreeMap<String, Tries>>,
}

#[derive(Clone, Copy)]
struct Tries {
    count: u32,
    last: Timestamp,
}

impl Throttle {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Throttle { clock, tries: Mutex::default() }
    }

    /// Counts a try, or tells how long it has to wait.
    pub(super) fn ask(&self, name: &str, from: &str) -> Result<(), Duration> {
        let now = self.clock.now();
        let mut tries = self.lock();
        tries.retain(|_, tries| now.since(tries.last) < FORGET);
        let sources = sources(name, from);
        let wait = |(source, free): &(String, u32)| tries.get(source).map(|tries| tries.wait(*free, now));
        let wait = sources.iter().filter_map(wait).max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        if tries.len() + sources.len() > MOST {
            // Somebody tries out names or addresses by the thousand: everybody waits.
            return Err(WAIT.0);
        }
        for (source, _) in sources {
            let tries = tries.entry(source).or_insert(Tries { count: 0, last: now });
            *tries = Tries { count: tries.count + 1, last: now };
        }
        Ok(())
    }

    /// How many tries from an address count at the moment.
    pub(super) fn tries(&self, from: &str) -> u32 {
        let [(source, _), _] = sources("", from);
        self.lock().get(&source).map_or(0, |tries| tries.count)
    }

    /// A password was right.
    pub(super) fn forgive(&self, name: &str, from: &str) {
        let mut tries = self.lock();
        for (source, _) in sources(name, from) {
            tries.remove(&source);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Tries>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a try counts against, and how many are free there.
fn sources(name: &str, from: &str) -> [(String, u32); 2] {
    let name: String = name.chars().take(NAME).collect();
    [(format!("from {}", place(from)), FREE), (format!("name {name}"), FREE_NAME)]
}

/// Whose an address is: of the sixth version of the protocol one place has as many as it likes, which begin alike.
fn place(from: &str) -> String {
    match from.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => format!("{:x?}", &address.segments()[..4]),
        Ok(address) => address.to_string(),
        Err(_) => from.chars().take(NAME).collect(),
    }
}

impl Tries {
    fn wait(self, free: u32, now: Timestamp) -> Duration {
        let Some(over) = self.count.checked_sub(free) else { return Duration::ZERO };
        let wait = WAIT.0.saturating_mul(1 << over.min(16)).min(WAIT.1);
        wait.saturating_sub(now.since(self.last))
    }
}
