//! What conversation tests and scripted chats are made of.

mod fields;
mod read;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use crate::conversation::{Lateness, Value};
use crate::model::LookupAnswer;

pub use read::{read_chat, read_suite};

/// A file of conversation tests.
#[derive(Debug)]
pub struct Suite {
    /// Its path within the bot's folder.
    pub file: String,
    /// Its text.
    pub text: String,
    /// What servers answer, unless a test says otherwise.
    pub stubs: Vec<Stub>,
    /// The tests.
    pub tests: Vec<Test>,
    /// What all tests of the bot together have to reach.
    pub covers: Vec<Covers>,
}

/// A test: a conversation of its own.
#[derive(Debug)]
pub struct Test {
    /// What it is called.
    pub name: String,
    /// Where its name stands.
    pub at: Range<usize>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// Something that happens, or is expected, and where it stands.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where, in bytes.
    pub at: Range<usize>,
    /// What.
    pub what: What,
}

/// What happens or is expected.
#[derive(Debug, Clone)]
pub enum What {
    /// The person writes.
    User(Written),
    /// The person taps an option.
    Tap(Tap),
    /// The bot's next message is like this.
    Bot(Expected),
    /// The bot has nothing more to say.
    Silent,
    /// The person is there already.
    Given(Given),
    /// Time passes.
    Wait(Duration),
    /// X delivers again what it delivered before: all of it, or the last event.
    Redeliver {
        /// All of it.
        all: bool,
    },
    /// The process ends without a word.
    Crash(CrashPoint),
    /// The process starts again.
    Restart,
    /// A lookup was really carried out so often; without a count, at least once.
    Calls {
        /// What the script calls it.
        name: String,
        /// How often.
        count: Option<usize>,
    },
    /// From here on a server answers so.
    Stub(Stub),
    /// What the person does is delivered in every order.
    Shuffle(Shuffle),
    /// How the conversation stands.
    End(End),
    /// Somebody else writes from the account.
    Operator(String),
    /// Something else happens at the account, as `follow`.
    Event(String),
}

/// A message of the person.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// What it says.
    pub text: String,
    /// The name of a picture that comes with it.
    pub photo: Option<String>,
    /// A place that comes with it: degrees north, degrees east, and what it is called.
    pub place: Option<(f64, f64, Option<String>)>,
}

/// A tap on an option.
#[derive(Debug, Clone)]
pub struct Tap {
    /// The option's label.
    pub label: String,
    /// The message, as a step named it; without it the newest that has the option.
    pub of: Option<String>,
    /// The option is of somebody else's menu, with this metadata.
    pub metadata: Option<String>,
    /// The option is of a menu that an older version of the script had: its state and prompt.
    pub was: Option<(String, String)>,
}

/// What is expected of the next message, or, with a count, of all messages.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// It contains this.
    pub text: Option<String>,
    /// The state that the conversation is in after the turn that says it.
    pub state: Option<String>,
    /// How many options its prompt has.
    pub options: Option<usize>,
    /// How many messages contain the text in all.
    pub count: Option<usize>,
    /// How late the tap was that led to it.
    pub late: Option<Lateness>,
    /// The picture or video that comes with it; an empty text stands for any.
    pub media: Option<String>,
    /// How many buttons it has.
    pub links: Option<usize>,
    /// What later steps call it.
    pub name: Option<String>,
}

/// Where a person is when a test begins.
#[derive(Debug, Clone)]
pub struct Given {
    /// The state.
    pub state: String,
    /// The prompt that is shown; without it the first one whose slot is not given.
    pub prompt: Option<String>,
    /// What later steps call its message.
    pub name: Option<String>,
    /// The slots.
    pub slots: Vec<(String, Value)>,
}

/// When a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// What came is durable and acknowledged, and nothing has been sent for it.
    Commit,
    /// X has taken a message, and nobody has noted it.
    Send,
    /// A server was asked, and nobody has noted what it answered.
    Lookup,
}

/// What a server answers.
#[derive(Debug, Clone)]
pub struct Stub {
    /// The lookup, as the script calls it.
    pub name: String,
    /// Where the name stands.
    pub at: Range<usize>,
    /// What comes of it.
    pub answer: LookupAnswer,
    /// After what time.
    pub delay: Duration,
}

/// Deliveries in every order.
#[derive(Debug, Clone)]
pub struct Shuffle {
    /// How many orders at most; all of them, where there are no more.
    pub seeds: u64,
    /// The time from the first delivery to the last.
    pub within: Duration,
    /// What the person does.
    pub steps: Vec<Step>,
}

/// How a conversation stands.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// The state; an empty text stands for none.
    pub state: Option<String>,
    /// The slots, as texts; an empty one is not set.
    pub slots: BTreeMap<String, String>,
}

/// What all tests together have to reach.
#[derive(Debug, Clone)]
pub struct Covers {
    /// Where it stands.
    pub at: Range<usize>,
    /// The share of the states, in percent.
    pub states: Option<u32>,
    /// The share of the options, in percent.
    pub options: Option<u32>,
    /// Classes of lateness.
    pub late: Vec<Lateness>,
}

/// Every class of lateness, by the word for it.
pub(super) const LATENESS: [(&str, Lateness); 7] = [
    (Lateness::Foreign.word(), Lateness::Foreign),
    (Lateness::Retired.word(), Lateness::Retired),
    (Lateness::Early.word(), Lateness::Early),
    (Lateness::Consumed.word(), Lateness::Consumed),
    (Lateness::Expired.word(), Lateness::Expired),
    (Lateness::Superseded.word(), Lateness::Superseded),
    (Lateness::Current.word(), Lateness::Current),
];
