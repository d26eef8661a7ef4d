//! The simulator as a bot meets it: over HTTP, with signatures that are checked for real.

mod bot;
mod calls;
mod deliveries;
mod faults;
mod feed;
mod media;
mod people;
mod reading;
mod set_up;
mod shapes;
mod social;
mod welcome;
