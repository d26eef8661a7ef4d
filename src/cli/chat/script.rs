//! A conversation in a file, played through the whole way: what the person does, and what the bot is expected to say.
//!
//! The words are those of conversation tests: `user`, `tap`, `bot`, `redeliver`, `restart`, `crash`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use kdl::{KdlDocument, KdlNode, KdlValue};

use super::Rig;
use super::phone::{Phone, show};
use crate::simulator::Shown;

/// How long a message of the bot is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A conversation to be played.
pub(in crate::cli) struct Script {
    path: PathBuf,
    steps: Vec<(usize, Step)>,
}

enum Step {
    User(String),
    Tap { label: String, of: Option<String> },
    Bot(Expected),
    Redeliver,
    Restart,
    Crash,
}

/// What is expected of the next message.
#[derive(Default)]
struct Expected {
    text: Option<String>,
    options: Option<usize>,
    state: Option<String>,
    count: Option<usize>,
    name: Option<String>,
}

impl Script {
    /// Reads a script.
    pub(in crate::cli) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let document = KdlDocument::parse_v2(&text).map_err(|error| {
            let first = error.diagnostics.first();
            let line = first.map_or(1, |found| line_at(&text, found.span.offset()));
            let what = first.and_then(|found| found.message.clone().or(found.help.clone())).unwrap_or_else(|| "not KDL".into());
            anyhow::anyhow!("{}:{line}: {what}", path.display())
        })?;
        let step = |node: &KdlNode| {
            let line = line_at(&text, node.span().offset());
            let step = Step::read(node).with_context(|| format!("{}:{line}", path.display()))?;
            anyhow::Ok((line, step))
        };
        Ok(Script { path: path.to_owned(), steps: document.nodes().iter().map(step).collect::<anyhow::Result<_>>()? })
    }

    /// Plays the conversation and prints it; fails at the first reply that is not as expected.
    pub(in crate::cli) async fn play(&self, rig: &mut Rig) -> anyhow::Result<()> {
        let mut player = Player::default();
        for (line, step) in &self.steps {
            player.take(step, rig).await.with_context(|| format!("{}:{line}", self.path.display()))?;
        }
        rig.settled(PATIENCE).await;
        player.look(rig);
        if let Some((number, message)) = player.unread.first() {
            bail!("{}: the bot said more than the script expects, beginning with\n{}", self.path.display(), show(*number, message));
        }
        Ok(())
    }
}

impl Step {
    fn read(node: &KdlNode) -> anyhow::Result<Self> {
        let words = || node.entries().iter().filter(|entry| entry.name().is_none()).map(|entry| entry.value());
        let text = || words().next().and_then(KdlValue::as_string).map(str::to_owned);
        let needed = || text().with_context(|| format!("`{}` needs a text in quotes", node.name().value()));
        for entry in node.entries().iter().filter_map(|entry| entry.name()) {
            let known: &[&str] = match node.name().value() {
                "tap" => &["of"],
                "bot" => &["options", "state", "count", "as"],
                "redeliver" => &["all"],
                _ => &[],
            };
            let (name, entry) = (node.name().value(), entry.value());
            let has = if known.is_empty() { "none".to_owned() } else { known.join("=, ") + "=" };
            ensure!(known.contains(&entry), "`{name}` has no property `{entry}`; it has {has}");
        }
        Ok(match node.name().value() {
            "user" => Step::User(needed()?),
            "tap" => Step::Tap { label: needed()?, of: word(node, "of")? },
            "bot" => Step::Bot(Expected {
                text: text(),
                options: number(node, "options")?,
                state: word(node, "state")?,
                count: number(node, "count")?,
                name: word(node, "as")?,
            }),
            "redeliver" => Step::Redeliver,
            "restart" => Step::Restart,
            "crash" => Step::Crash,
            other => bail!("`{other}` is no step: write user, tap, bot, redeliver, restart or crash"),
        })
    }
}

fn word(node: &KdlNode, property: &str) -> anyhow::Result<Option<String>> {
    let Some(value) = node.get(property) else { return Ok(None) };
    Ok(Some(value.as_string().with_context(|| format!("`{property}` needs a text in quotes"))?.to_owned()))
}

fn number(node: &KdlNode, property: &str) -> anyhow::Result<Option<usize>> {
    let Some(value) = node.get(property) else { return Ok(None) };
    let number = value.as_integer().and_then(|number| usize::try_from(number).ok());
    Ok(Some(number.with_context(|| format!("`{property}` needs a whole number"))?))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
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
    async fn take(&mut self, step: &Step, rig: &mut Rig) -> anyhow::Result<()> {
        match step {
            Step::User(text) => {
                println!("you  {text}");
                rig.simulator().say(rig.person(), rig.account(), text)?;
            }
            Step::Tap { label, of } => {
                println!("tap  {label}{}", of.as_ref().map(|of| format!(" (of {of})")).unwrap_or_default());
                self.tap(rig, label, of.as_deref()).await?;
            }
            Step::Bot(expected) => self.expect(rig, expected).await?,
            Step::Redeliver => {
                rig.settled(PATIENCE).await;
                println!("     {} deliveries made again", rig.simulator().redeliver_all());
            }
            Step::Restart => rig.restart().await?,
            Step::Crash => rig.crash().await?,
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
            let (counted, unread) = self.unread.drain(..).partition(|(_, message)| message.text.contains(text));
            self.unread = unread;
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
