//! A conversation in a file, played through the whole way: what the person does, and what the bot is expected to say.
//!
//! The words are those of conversation tests, as far as they can be played over real HTTP and in real time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use super::Rig;
use super::phone::{Phone, show};
use crate::bot::Sources;
use crate::rehearsal::script::{CrashPoint, Expected, Step, Tap, What, Written, read_chat};
use crate::simulator::Shown;

/// How long a message of the bot is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A conversation to be played.
pub(in crate::cli) struct Script {
    path: PathBuf,
    text: String,
    steps: Vec<Step>,
}

impl Script {
    /// Reads a script.
    pub(in crate::cli) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let file = path.display().to_string();
        let steps = read_chat(&file, &text).map_err(|found| {
            let sources = Sources::from([(file, text.clone())]);
            let shown: Vec<String> = found.iter().map(|found| found.render(&sources, false)).collect();
            anyhow::anyhow!("the script cannot be played:\n\n{}", shown.join("\n\n"))
        })?;
        let script = Script { path: path.to_owned(), text, steps };
        for step in &script.steps {
            playable(&step.what).with_context(|| script.place(step))?;
        }
        Ok(script)
    }

    fn place(&self, step: &Step) -> String {
        let line = self.text.as_bytes().iter().take(step.at.start).filter(|byte| **byte == b'\n').count() + 1;
        format!("{}:{line}", self.path.display())
    }

    /// Plays the conversation and prints it; fails at the first reply that is not as expected.
    pub(in crate::cli) async fn play(&self, rig: &mut Rig) -> anyhow::Result<()> {
        let mut player = Player::default();
        for step in &self.steps {
            player.take(&step.what, rig).await.with_context(|| self.place(step))?;
        }
        rig.settled(PATIENCE).await;
        player.look(rig);
        if let Some((number, message)) = player.unread.first() {
            bail!("{}: the bot said more than the script expects, beginning with\n{}", self.path.display(), show(*number, message));
        }
        Ok(())
    }
}

/// Refuses what only a rehearsal can play: it knows why the bot said something, and when.
fn playable(what: &What) -> anyhow::Result<()> {
    let alone = |what: &str| bail!("{what} is for the tests of `junco test`: here X and time are real");
    match what {
        What::User(Written { photo: Some(_), .. } | Written { place: Some(_), .. }) => alone("photo= or place="),
        What::Tap(Tap { metadata: Some(_), .. } | Tap { was: Some(_), .. }) => alone("metadata= or was="),
        What::Bot(Expected { late: Some(_), .. } | Expected { media: Some(_), .. }) => alone("late= or media="),
        What::Crash(CrashPoint::Send | CrashPoint::Lookup) => alone("after="),
        What::Redeliver { all: false } => alone("last="),
        _ => Ok(()),
    }
}

/// Where a play stands.
#[derive(Default)]
struct Player {
    phone: Phone,
    unread: Vec<(usize, Shown)>,
    read: Vec<Shown>,
    named: Vec<(String, usize)>,
}

impl Player {
    async fn take(&mut self, what: &What, rig: &mut Rig) -> anyhow::Result<()> {
        match what {
            What::User(Written { text, .. }) => {
                println!("you  {text}");
                rig.simulator().say(rig.person(), rig.account(), text)?;
            }
            What::Tap(Tap { label, of, .. }) => {
                println!("tap  {label}{}", of.as_ref().map(|of| format!(" (of {of})")).unwrap_or_default());
                self.tap(rig, label, of.as_deref()).await?;
            }
            What::Bot(expected) => self.expect(rig, expected).await?,
            What::Redeliver { .. } => {
                rig.settled(PATIENCE).await;
                println!("     {} deliveries made again", rig.simulator().redeliver_all());
            }
            What::Restart => rig.restart().await?,
            What::Crash(_) => rig.crash().await?,
            other => bail!("{other:?} cannot be played here"),
        }
        Ok(())
    }

    async fn tap(&mut self, rig: &Rig, label: &str, of: Option<&str>) -> anyhow::Result<()> {
        rig.settled(PATIENCE).await;
        self.look(rig);
        let message = match of {
            Some(of) => {
                let number = self.named.iter().find(|(name, _)| name == of).map(|(_, number)| *number);
                self.phone.message(number.with_context(|| format!("no message was named `{of}`: write as=\"{of}\" behind its bot"))?)?
            }
            None => {
                self.phone.newest_with(label).map(|(_, message)| message).with_context(|| format!("no message has an option `{label}`"))?
            }
        };
        self.phone.tap(rig, message, label)
    }

    async fn expect(&mut self, rig: &Rig, expected: &Expected) -> anyhow::Result<()> {
        if let Some(count) = expected.count {
            rig.settled(PATIENCE).await;
            self.look(rig);
            let text = expected.text.as_deref().unwrap_or_default();
            let all = self.read.iter().chain(self.unread.iter().map(|(_, message)| message));
            let said = all.filter(|message| message.text.contains(text)).count();
            ensure!(said == count, "expected `{text}` {count} times in all, but the bot said it {said} times");
            // Whatever else was said so far is read with them.
            let (counted, others): (Vec<_>, Vec<_>) = self.unread.drain(..).partition(|(_, message)| message.text.contains(text));
            self.read.extend(others.into_iter().map(|(_, message)| message));
            return self.accept(rig, expected, counted).await;
        }
        let (number, message) = self.next(rig).await.context("expected a message of the bot, but none came")?;
        if let Some(text) = &expected.text {
            ensure!(message.text.contains(text.as_str()), "expected a message with `{text}`, but the bot said `{}`", message.text);
        }
        self.accept(rig, expected, vec![(number, message)]).await
    }

    /// Checks the rest of what is expected of messages, and takes them as read.
    async fn accept(&mut self, rig: &Rig, expected: &Expected, messages: Vec<(usize, Shown)>) -> anyhow::Result<()> {
        if let Some(state) = &expected.state {
            rig.settled(PATIENCE).await;
            let now = rig.state().await?;
            let is = now.as_ref().map_or_else(|| "in no state".to_owned(), |now| format!("in `{now}`"));
            ensure!(now.as_ref() == Some(state), "expected the state `{state}`, but the conversation is {is}");
        }
        for (number, message) in messages {
            println!("{}", show(number, &message));
            if let Some(options) = expected.options {
                ensure!(message.options.len() == options, "expected {options} options, but the message has {}", message.options.len());
            }
            if let Some(links) = expected.links {
                ensure!(message.links.len() == links, "expected {links} links, but the message has {}", message.links.len());
            }
            self.named.extend(expected.name.clone().map(|name| (name, number)));
            self.read.push(message);
        }
        Ok(())
    }

    async fn next(&mut self, rig: &Rig) -> Option<(usize, Shown)> {
        let newest = self.phone.newest();
        self.look(rig);
        if self.unread.is_empty() {
            rig.simulator().next_message(rig.account(), rig.person(), newest, PATIENCE).await?;
            self.look(rig);
        }
        (!self.unread.is_empty()).then(|| self.unread.remove(0))
    }

    fn look(&mut self, rig: &Rig) {
        self.unread.extend(self.phone.look(rig));
    }
}
