//! Things that go wrong on demand, and deliveries that are held back.

use serde::Deserialize;

use super::super::delivery;
use super::super::world::{Fault, FaultCount, World};
use super::Stage;

/// In which order held deliveries are released.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they were held.
    Forward,
    /// The last first.
    Reverse,
    /// These, by their numbers; others stay.
    Chosen(Vec<u64>),
}

impl Stage {
    /// Lets something go wrong from now on.
    pub fn fault(&self, fault: Fault) {
        self.shared.change(|world, _| world.faults.add(fault));
    }

    /// All faults and what they did.
    pub fn faults(&self) -> Vec<FaultCount> {
        self.shared.see(|world| world.faults.list())
    }

    /// Forgets all faults; what is held stays held.
    pub fn clear_faults(&self) {
        self.shared.change(|world, _| world.faults.clear());
    }

    /// Forgets the faults of one kind, by its name in JSON.
    pub fn clear_faults_of(&self, kind: &str) {
        self.shared.change(|world, _| world.faults.clear_kind(kind));
    }

    /// The numbers of the deliveries that are held.
    pub fn held(&self) -> Vec<u64> {
        self.shared.see(World::held)
    }

    /// Releases held deliveries, each after the one before was attempted.
    pub async fn release(&self, order: Order) {
        let mut numbers = self.held();
        match order {
            Order::Forward => {}
            Order::Reverse => numbers.reverse(),
            Order::Chosen(chosen) => numbers = chosen,
        }
        delivery::release(&self.shared, &numbers).await;
    }
}
