//! The service as a process of its own: it can be stopped, cut off and started again, from the terminal and from the phone page.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Mutex;

use crate::cli::told;
use crate::config::Config;
use crate::model::Key;
use crate::service::Service;
use crate::simulator::Lever;

type Settings = Box<dyn Fn() -> anyhow::Result<Config> + Send + Sync>;

/// A service that may be down.
pub(super) struct Bot {
    settings: Settings,
    service: Mutex<Option<Service>>,
}

/// How a service ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// In good order.
    Stop,
    /// As a crash does it.
    Crash,
}

impl Bot {
    /// One that runs; whenever it starts again, it starts as `settings` has it then.
    pub(super) fn running(service: Service, settings: Settings) -> Arc<Self> {
        Arc::new(Bot { settings, service: Mutex::new(Some(service)) })
    }

    /// Ends the service, if it runs.
    pub(super) async fn end(&self, end: End) -> anyhow::Result<()> {
        ended(self.service.lock().await.take(), end).await
    }

    /// Ends the service and starts it again: what is said meanwhile is delivered when it is back.
    pub(super) async fn again(&self, end: End) -> anyhow::Result<()> {
        let mut service = self.service.lock().await;
        ended(service.take(), end).await?;
        *service = Some(Service::start((self.settings)()?).await?);
        Ok(())
    }

    /// Whether there is nothing that it would do now.
    pub(super) async fn is_idle(&self) -> bool {
        match self.service.lock().await.as_ref() {
            Some(service) => service.store().next_due().await.ok().flatten().is_none(),
            None => true,
        }
    }

    /// The state that a conversation is in.
    pub(super) async fn state(&self, key: Key) -> anyhow::Result<Option<String>> {
        let service = self.service.lock().await;
        let record = service.as_ref().context("the service is not running")?.store().load(key).await?;
        Ok(record.and_then(|record| record.state.at))
    }

    /// What the phone page can do to it.
    pub(super) fn levers(self: &Arc<Self>) -> [Lever; 2] {
        let lever = |name, label, end, told| {
            let bot = self.clone();
            Lever::new(name, label, move || again(bot.clone(), end, told))
        };
        [
            lever("restart", "Restart the bot", End::Stop, "The bot was stopped and started again, with its script as it is now."),
            lever("crash", "Crash the bot", End::Crash, "The bot was cut off and started again."),
        ]
    }
}

async fn again(bot: Arc<Bot>, end: End, done: &'static str) -> Result<String, String> {
    bot.again(end).await.map_err(|error| told(&error))?;
    Ok(done.to_owned())
}

async fn ended(service: Option<Service>, end: End) -> anyhow::Result<()> {
    match (service, end) {
        (None, _) => Ok(()),
        (Some(service), End::Stop) => service.stop().await,
        (Some(service), End::Crash) => {
            service.crash().await;
            Ok(())
        }
    }
}
