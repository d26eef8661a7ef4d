//! Things that go wrong on demand. Each fault says what, for which copies, and how often; each counts what it did.

use std::fmt::Display;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::dice::Dice;
use super::super::error::Error;
use super::super::event::Shape;
use super::parcels::Handling;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// For which copies, where it is about deliveries.
    #[serde(default)]
    pub of: Copies,
    /// How often; `None` until it is cleared.
    #[serde(default)]
    pub times: Option<u32>,
}

impl Fault {
    /// The most deliveries or attempts that one fault makes of one.
    const MOST: u32 = 1_000;
    /// The largest body that a fault makes.
    const LARGEST: usize = 64 << 20;

    /// Reads a fault, of which every member must be known, and which must not be more than a machine bears.
    pub(in crate::simulator) fn read(written: &Value) -> Result<Self, Error> {
        let unfit = |what: &dyn Display| Error::World(format!("this is no fault: {what}"));
        let fault = Fault::deserialize(written).map_err(|error| unfit(&error))?;
        let known = serde_json::to_value(&fault).map_err(|error| unfit(&error))?;
        let mut members = written.as_object().into_iter().flatten();
        if let Some((unknown, _)) = members.find(|(name, _)| known.get(name).is_none()) {
            return Err(unfit(&format_args!("unknown field `{unknown}`")));
        }
        let bearable = match fault.kind {
            FaultKind::Duplicate { copies: count } | FaultKind::RetryStorm { attempts: count, .. } => count <= Self::MOST,
            FaultKind::Oversize { bytes } => bytes <= Self::LARGEST,
            _ => true,
        };
        if !bearable {
            return Err(unfit(&format_args!("at most {} times, and {} bytes", Self::MOST, Self::LARGEST)));
        }
        Ok(fault)
    }
}

/// What may go wrong, on the way out of the platform or at its door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// A delivery is made this often instead of once.
    Duplicate {
        /// How often, at least 1.
        copies: u32,
    },
    /// A delivery leaves later.
    Delay {
        /// By how much, not scaled.
        millis: u64,
    },
    /// A delivery waits until it is released, in whatever order.
    Hold,
    /// A delivery is signed with a secret that is no app's.
    WrongSignature,
    /// A delivery carries no signature.
    NoSignature,
    /// A delivery is padded, and signed as padded.
    Oversize {
        /// To at least this many bytes.
        bytes: usize,
    },
    /// The body of a delivery takes so long to be sent.
    SlowBody {
        /// How long, not scaled.
        millis: u64,
    },
    /// A delivery is repeated whatever it is answered.
    RetryStorm {
        /// How often in all, at least 1.
        attempts: u32,
        /// The wait between, not scaled.
        millis: u64,
    },
    /// The platform cannot get out: each attempt that this strikes fails, and counts as made.
    Outage,
    /// A delivery leaves after a while by chance, so that those of the same time overtake one another.
    Shuffle {
        /// The longest while, not scaled.
        millis: u64,
    },
    /// Deliveries to a user wait until so many events have come together, and then come in one body. Whoever releases held deliveries
    /// lets them go before.
    Batch {
        /// How many events make a body.
        events: usize,
    },
    /// A message is delivered to the webhook for its other end too, as if that were subscribed.
    BothEnds,
    /// A delivery has no `users`.
    WithoutUsers,
    /// A delivery has its `users` inside `apps`.
    UsersInApps,
    /// A delivery has a kind of event, and a member, that nobody knows.
    UnknownKind,
    /// `events/new` refuses the message before it is taken.
    Refuse {
        /// What the caller sees.
        #[serde(default)]
        with: Failure,
    },
    /// `events/new` takes the message, delivers the echo, and answers as if it had failed.
    LoseAnswer {
        /// What the caller sees.
        #[serde(default)]
        with: Failure,
    },
    /// `events/new` answers late; the message is taken at once.
    SlowAnswer {
        /// By how much, not scaled.
        millis: u64,
    },
    /// `events/new` answers only after every copy of the message was attempted.
    EchoFirst,
    /// An uploaded file cannot be used: a photo is refused, a GIF or video fails while it is worked on.
    SpoilMedia,
}

/// Which copies of a message a delivery fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Copies {
    /// Every copy.
    #[default]
    All,
    /// Those that tell a recipient.
    Inbound,
    /// Those that tell the sender of their own message.
    Echo,
}

/// How a failed call looks to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "failure")]
pub enum Failure {
    /// The connection is closed without an answer.
    #[default]
    Close,
    /// 500, code 131.
    InternalError,
    /// 503, code 130.
    OverCapacity,
    /// 429, code 88, with a reset header.
    RateLimited {
        /// Until the reset.
        seconds: u64,
    },
    /// 403, code 151: "Whoops! You already said that."
    AlreadySaid,
}

/// A fault and what it did so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultCount {
    /// The fault; `times` is what is left of it.
    pub fault: Fault,
    /// How often it struck.
    pub struck: u32,
}

/// What the faults make of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Disturbance {
    pub(super) copies: u32,
    pub(super) hold: bool,
    /// How many events are to be gathered in one body.
    pub(super) batch: Option<usize>,
    pub(super) handling: Handling,
    pub(super) shape: Shape,
}

/// How a delivery is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::simulator) enum Signing {
    #[default]
    Right,
    Wrong,
    Missing,
}

/// What the faults make of one accepted call of `events/new`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::simulator) struct Trouble {
    pub(in crate::simulator) failure: Option<Failure>,
    pub(in crate::simulator) wait: Duration,
    pub(in crate::simulator) echo_first: bool,
}

/// The faults in force.
#[derive(Default)]
pub(in crate::simulator) struct Faults(Vec<FaultCount>);

impl Faults {
    pub(in crate::simulator) fn add(&mut self, fault: Fault) {
        self.0.push(FaultCount { fault, struck: 0 });
    }

    pub(in crate::simulator) fn clear(&mut self) {
        self.0.clear();
    }

    /// Forgets the faults of a kind, by its name.
    pub(in crate::simulator) fn clear_kind(&mut self, name: &str) {
        let named = |kind: &FaultKind| serde_json::to_value(kind).is_ok_and(|kind| kind["kind"] == name);
        self.0.retain(|count| !named(&count.fault.kind));
    }

    pub(in crate::simulator) fn list(&self) -> Vec<FaultCount> {
        self.0.clone()
    }

    /// What happens to a delivery; strikes every fault that is about it.
    pub(super) fn on_delivery(&mut self, echo: bool, dice: &mut Dice) -> Disturbance {
        let mut disturbance = Disturbance { copies: 1, ..Disturbance::default() };
        self.strike(about(echo), |kind| {
            match kind {
                FaultKind::Duplicate { copies } => disturbance.copies = (*copies).max(1),
                FaultKind::Delay { millis } => disturbance.handling.delay += Duration::from_millis(*millis),
                FaultKind::Hold => disturbance.hold = true,
                FaultKind::WrongSignature => disturbance.handling.signing = Signing::Wrong,
                FaultKind::NoSignature => disturbance.handling.signing = Signing::Missing,
                FaultKind::Shuffle { millis } => disturbance.handling.delay += Duration::from_millis(dice.below(*millis)),
                FaultKind::SlowBody { millis } => disturbance.handling.slow = Duration::from_millis(*millis),
                FaultKind::RetryStorm { attempts, millis } => {
                    disturbance.handling.storm = (*attempts as usize, Duration::from_millis(*millis));
                }
                FaultKind::Batch { events } => disturbance.batch = Some(*events),
                FaultKind::Oversize { bytes } => disturbance.shape.padded_to = *bytes,
                FaultKind::WithoutUsers => disturbance.shape.without_users = true,
                FaultKind::UsersInApps => disturbance.shape.users_in_apps = true,
                FaultKind::UnknownKind => disturbance.shape.unknown_kind = true,
                FaultKind::BothEnds
                | FaultKind::Outage
                | FaultKind::Refuse { .. }
                | FaultKind::LoseAnswer { .. }
                | FaultKind::SlowAnswer { .. }
                | FaultKind::EchoFirst
                | FaultKind::SpoilMedia => return false,
            }
            true
        });
        disturbance
    }

    /// Whether the other end of a message gets its copy though nobody asked for it.
    pub(super) fn both_ends(&mut self, echo: bool) -> bool {
        self.strikes(about(echo), &FaultKind::BothEnds)
    }

    /// Whether an attempt fails before it gets out.
    pub(in crate::simulator) fn on_attempt(&mut self, echo: bool) -> bool {
        self.strikes(about(echo), &FaultKind::Outage)
    }

    /// Whether a call of `events/new` is refused before the message is taken.
    pub(in crate::simulator) fn before_send(&mut self) -> Option<Failure> {
        let mut failure = None;
        self.strike(
            |_| true,
            |kind| match kind {
                FaultKind::Refuse { with } if failure.is_none() => {
                    failure = Some(*with);
                    true
                }
                _ => false,
            },
        );
        failure
    }

    /// Whether an uploaded file turns out to be of no use.
    pub(super) fn on_upload(&mut self) -> bool {
        self.strikes(|_| true, &FaultKind::SpoilMedia)
    }

    /// What becomes of the answer to a call of `events/new` that was accepted.
    pub(in crate::simulator) fn after_send(&mut self) -> Trouble {
        let mut trouble = Trouble::default();
        self.strike(
            |_| true,
            |kind| {
                match kind {
                    FaultKind::LoseAnswer { with } if trouble.failure.is_none() => trouble.failure = Some(*with),
                    FaultKind::SlowAnswer { millis } => trouble.wait += Duration::from_millis(*millis),
                    FaultKind::EchoFirst => trouble.echo_first = true,
                    _ => return false,
                }
                true
            },
        );
        trouble
    }

    /// Strikes every fault of a kind that is about the matter; whether there was one.
    fn strikes(&mut self, about: impl Fn(&Fault) -> bool, wanted: &FaultKind) -> bool {
        let mut any = false;
        self.strike(about, |kind| {
            let strikes = kind == wanted;
            any |= strikes;
            strikes
        });
        any
    }

    /// Offers every fault that is in force and `about` the matter; counts those that say they struck.
    fn strike(&mut self, about: impl Fn(&Fault) -> bool, mut struck: impl FnMut(&FaultKind) -> bool) {
        for count in self.0.iter_mut().filter(|count| count.fault.times != Some(0) && about(&count.fault)) {
            if struck(&count.fault.kind) {
                count.struck += 1;
                count.fault.times = count.fault.times.map(|times| times - 1);
            }
        }
    }
}

/// Whether a fault is about such a copy.
fn about(echo: bool) -> impl Fn(&Fault) -> bool {
    move |fault| match fault.of {
        Copies::All => true,
        Copies::Inbound => !echo,
        Copies::Echo => echo,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).expect("a fault")
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"kind":"duplicate","copies":3,"of":"inbound","times":2}"#));
        let mut dice = Dice::new(1);
        assert_eq!(faults.on_delivery(true, &mut dice).copies, 1, "an echo is not inbound");
        let copies: Vec<_> = (0..3).map(|_| faults.on_delivery(false, &mut dice).copies).collect();
        assert_eq!(copies, [3, 3, 1]);
        assert_eq!(faults.list()[0].struck, 2);
    }

    #[test]
    fn faults_at_the_door_take_turns() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"kind":"refuse","with":{"failure":"over_capacity"},"times":1}"#));
        faults.add(fault(r#"{"kind":"refuse","times":1}"#));
        faults.add(fault(r#"{"kind":"lose_answer","times":1}"#));
        assert_eq!(faults.on_delivery(false, &mut Dice::new(1)), Disturbance { copies: 1, ..Disturbance::default() });
        assert_eq!(faults.before_send(), Some(Failure::OverCapacity));
        assert_eq!(faults.before_send(), Some(Failure::Close));
        assert_eq!(faults.before_send(), None);
        assert_eq!(faults.after_send().failure, Some(Failure::Close));
        assert_eq!(faults.after_send(), Trouble::default());
    }
}
