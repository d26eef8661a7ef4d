//! Looking after accounts at X: what keeps events away is found and mended, and what was missed is fetched.

mod watchdog;

pub use watchdog::{Intake, Platform, Settings, Ward, Watchdog, X};
