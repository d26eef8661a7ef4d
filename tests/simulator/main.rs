//! The simulator as a bot meets it: over HTTP, with signatures that are checked for real.

mod bot;
mod calls;
mod deliveries;
mod faults;
mod feed;
mod files;
mod media;
mod page;
mod people;
mod phone;
mod premium;
mod reading;
mod replay;
mod set_up;
mod shapes;
mod sign_in;
mod social;
mod v2;
mod v2_activity;
mod v2_hooks;
mod v2_media;
mod v2_messages;
mod v2_oauth;
mod v2_posts;
mod v2_replay;
mod welcome;
