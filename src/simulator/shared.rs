//! What the faces, the deliveries and the handle have in common: the world behind a lock, and the news that it changed.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reqwest::redirect::Policy;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Duration;

use super::clock::Clock;
use super::error::Error;
use super::lever::{Lever, Pulled};
use super::settings::Settings;
use super::world::{Parcel, WebhookId, World};
use crate::model::Timestamp;

/// The running simulator, as its parts see it.
pub(super) struct Shared {
    pub(super) clock: Clock,
    /// Calls webhooks: follows no redirect and knows no compression, as the platform (contract §1.2).
    pub(super) client: reqwest::Client,
    world: Mutex<World>,
    changes: watch::Sender<u64>,
    /// One queue for each webhook, so that a slow one holds up none but itself.
    lanes: Mutex<BTreeMap<WebhookId, mpsc::UnboundedSender<Parcel>>>,
    tasks: Mutex<JoinSet<()>>,
    levers: Mutex<BTreeMap<&'static str, Lever>>,
    runtime: Handle,
}

impl Shared {
    /// Builds the world; tasks will run on the current runtime.
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let scale = possible(settings.time_scale)?;
        // Somebody else may have installed one before: that serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Servers close idle connections after a few seconds: one that is taken up again just then would look like a failed delivery.
        let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().pool_idle_timeout(Duration::from_secs(2)).build()?;
        Ok(Shared {
            clock: Clock::new(settings.begins, scale),
            client,
            world: Mutex::new(World::new(settings)?),
            changes: watch::Sender::new(0),
            lanes: Mutex::default(),
            tasks: Mutex::default(),
            levers: Mutex::default(),
            runtime: Handle::current(),
        })
    }

    /// Looks at the world.
    pub(super) fn see<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&locked(&self.world))
    }

    /// Changes the world and tells those who wait for something to happen.
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let result = act(&mut locked(&self.world), self.clock.now());
        self.changes.send_modify(|count| *count += 1);
        result
    }

    /// Waits until `look` finds something, for at most `timeout`; looks only when something changed.
    pub(super) async fn wait<T>(&self, timeout: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let mut changes = self.changes.subscribe();
        let found = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = look() {
                    return Some(found);
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, found).await.ok().flatten()
    }

    /// Waits until webhooks are challenged more or less often than this.
    pub(super) async fn other_crc_period(&self, period: Option<Duration>) {
        let mut changes = self.changes.subscribe();
        while self.see(|world| world.rules.crc_period) == period && changes.changed().await.is_ok() {}
    }

    /// Runs something beside, until the simulator stops.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = locked(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(task, &self.runtime);
    }

    /// Ends all tasks, with whatever they had under way.
    pub(super) fn stop(&self) {
        locked(&self.tasks).abort_all();
        locked(&self.lanes).clear();
    }

    /// Looks at the levers, or changes which there are.
    pub(super) fn levers<T>(&self, act: impl FnOnce(&mut BTreeMap<&'static str, Lever>) -> T) -> T {
        act(&mut locked(&self.levers))
    }

    /// Does what a lever does where everything else of the process runs: what it starts must outlive the request.
    pub(super) fn beside(&self, pulled: Pulled) -> JoinHandle<Result<String, String>> {
        self.runtime.spawn(pulled)
    }

    /// The queue of a webhook; `open` makes it when there is none yet.
    pub(super) fn lane(&self, webhook: WebhookId, open: impl FnOnce() -> mpsc::UnboundedSender<Parcel>) -> mpsc::UnboundedSender<Parcel> {
        locked(&self.lanes).entry(webhook).or_insert_with(open).clone()
    }
}

/// A time scale, if it can be one. On a faster clock no wait would take any time.
pub(super) fn possible(scale: f64) -> Result<f64, Error> {
    let told = || Error::World(format!("the time scale is {scale:?}, but must be from 0.000001 to 1000000"));
    (1e-6..=1e6).contains(&scale).then_some(scale).ok_or_else(told)
}

/// A panic while the lock was held must not take the whole simulator with it: every method leaves the world whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
