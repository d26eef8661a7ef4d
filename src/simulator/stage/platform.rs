//! The platform itself: its rules, its time, its webhooks.

use std::time::Duration;

use serde_json::Value;

use super::super::crc::{self, CrcFailure};
use super::super::error::Error;
use super::super::settings::Rules;
use super::super::shared::possible;
use super::super::world::{Webhook, WebhookId};
use super::Stage;
use crate::model::Timestamp;

impl Stage {
    /// How much faster than the real clock waits pass.
    pub fn time_scale(&self) -> f64 {
        self.shared.clock.pace().scale
    }

    /// Makes waits pass so much faster than on the real clock, those too that have begun.
    pub fn set_time_scale(&self, scale: f64) -> Result<(), Error> {
        self.shared.clock.set_scale(possible(scale)?);
        Ok(())
    }

    /// What the platform insists on now.
    pub fn rules(&self) -> Rules {
        self.shared.see(|world| world.rules.clone())
    }

    /// Changes what the platform insists on.
    pub fn set_rules(&self, rules: Rules) {
        self.shared.change(|world, _| world.obey(rules));
    }

    /// Changes those rules that `changes` names, a JSON object.
    pub fn change_rules(&self, changes: &Value) -> Result<(), Error> {
        self.shared.change(|world, _| world.rules.changed(changes).map(|rules| world.obey(rules)))
    }

    /// The time in the world.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Moves the world forward: ids, windows, days and waits follow. Signatures are still judged by the real time.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// The registered webhooks.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.shared.see(|world| world.hooks.all().cloned().collect())
    }

    /// Challenges every valid webhook now.
    pub async fn check_webhooks(&self) -> Vec<(WebhookId, Result<(), CrcFailure>)> {
        crc::check_all(&self.shared).await
    }
}
