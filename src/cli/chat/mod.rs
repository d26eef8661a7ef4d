//! Chatting with a bot without an account at X: the simulator, the service and a person's phone, joined by real HTTP.

use super::told;

mod bot;
mod phone;
mod rig;
mod screen;
mod script;
mod terminal;

pub(super) use rig::{Place, Rig};
pub(super) use screen::Screen;
pub(super) use script::Script;
pub(super) use terminal::chat;
