//! Deliveries in every order: whatever order they come in within the hold, the conversation ends alike.

use std::ops::Range;

use super::{Player, Stop, Went};
use crate::conversation::{Event, Slots};
use crate::rehearsal::script::Shuffle;
use crate::turn::Arrival;

/// How a conversation ends: the state, the slots, the open prompt.
type Ending = (Option<String>, Slots, Option<(String, String)>);

impl Player<'_> {
    /// Plays the steps in order, and then their deliveries in other orders, each in a world of its own that came so far the same way.
    pub(super) async fn shuffle(&mut self, at: &Range<usize>, shuffle: &Shuffle) -> Result<(), Stop> {
        self.settle(at).await?;
        let before = self.world.delivered().len();
        for step in &shuffle.steps {
            if let Went::Nowhere = Box::pin(self.take(step)).await? {
                return Ok(());
            }
            self.settle(at).await?;
        }
        self.unread.clear();
        let persons = |arrival: &&Arrival| matches!(arrival.event, Event::Message { .. });
        let deliveries: Vec<Arrival> = self.world.delivered()[before..].iter().filter(persons).cloned().collect();
        let ordered = self.ending().await?;
        for order in orders(deliveries.len(), shuffle.seeds) {
            let mut other = Player::new(self.world.program(), self.suite, self.test, self.look, self.native);
            Box::pin(other.until(at.start)).await?;
            other.settle(at).await?;
            if let Some(last) = deliveries.iter().map(|arrival| crate::model::MessageId(arrival.id.id).minted_at()).max() {
                other.world.set_clock(last);
            }
            let pause = shuffle.within / u32::try_from(order.len()).unwrap_or(u32::MAX).max(1);
            for place in &order {
                other.world.deliver(deliveries[*place].clone()).await?;
                other.world.wait(pause).await?;
            }
            other.settle(at).await?;
            let ending = other.ending().await?;
            if ending != ordered {
                let order: Vec<String> = order.iter().map(|place| (place + 1).to_string()).collect();
                let message = format!("delivered in the order {}, the conversation ends elsewhere", order.join(", "));
                let help = format!("in their own order it ends {}, and so {}", told(&ordered), told(&ending));
                return Err(self.wrong(at, message, Some(help)));
            }
        }
        Ok(())
    }

    async fn ending(&self) -> Result<Ending, Stop> {
        let Some(state) = self.world.state().await? else { return Ok(Ending::default()) };
        let open = state.askings.iter().find(|asking| Some(asking.number) == state.open);
        let open = open.map(|asking| (asking.state.clone(), asking.prompt.clone()));
        Ok((state.at, state.slots, open))
    }
}

fn told((state, slots, open): &Ending) -> String {
    let state = state.as_ref().map_or_else(|| "in no state".to_owned(), |state| format!("in `{state}`"));
    let open = open.as_ref().map(|(state, prompt)| format!(", at `{state}/{prompt}`")).unwrap_or_default();
    let slots: Vec<String> = slots.iter().map(|(slot, value)| format!("{slot}={value}")).collect();
    format!("{state}{open} with {}", if slots.is_empty() { "no slots".to_owned() } else { slots.join(" ") })
}

/// Every order of so many things where there are no more than `most`, else `most` of them, drawn so that each run draws the same.
fn orders(count: usize, most: u64) -> Vec<Vec<usize>> {
    let all = (1..=count as u64).try_fold(1u64, |product, factor| product.checked_mul(factor).filter(|product| *product <= most));
    match all {
        Some(_) => permutations((0..count).collect()),
        None => (0..most).map(|seed| drawn(count, seed)).collect(),
    }
}

fn permutations(rest: Vec<usize>) -> Vec<Vec<usize>> {
    if rest.len() < 2 {
        return vec![rest];
    }
    let with_first = |place: usize| {
        let mut others = rest.clone();
        let first = others.remove(place);
        permutations(others).into_iter().map(move |tail| [vec![first], tail].concat()).collect::<Vec<_>>()
    };
    (0..rest.len()).flat_map(with_first).collect()
}

/// Draws an order with a generator that needs no more than multiplication (splitmix64).
fn drawn(count: usize, seed: u64) -> Vec<usize> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    };
    let mut order: Vec<usize> = (0..count).collect();
    for place in (1..count).rev() {
        order.swap(place, (next() % (place as u64 + 1)) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_played_where_there_are_few() {
        let mut all = orders(4, 24);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 24);
        let some = orders(5, 24);
        assert_eq!(some.len(), 24);
        assert!(some.iter().all(|order| order.iter().sum::<usize>() == 10));
        assert!(some.iter().any(|order| order[0] != some[0][0]));
    }
}
