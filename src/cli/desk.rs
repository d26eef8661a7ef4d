//! What the commands around the account have in common: the configuration, X, and how they say what they did.

use std::fmt::Display;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use url::Url;

use super::{Asked, told};
use crate::account::{Account, Registry, Running};
use crate::client::{Client, Keys, Timeouts, UserToken};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, Flavor};
use crate::model::{AppId, UserId};
use crate::service::oauth2_file;

/// What every command around the account takes.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Common {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "junco.toml", global = true)]
    pub(super) config: PathBuf,
    /// Print one JSON document instead.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// What those take that change something.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Changing {
    /// Change nothing; say what would be done.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// What those take that change something of an app.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ForApps {
    #[command(flatten)]
    pub(super) changing: Changing,
    /// Only for this app; without it for each [[app]].
    #[arg(long, value_name = "APP_ID")]
    pub(super) app: Option<AppId>,
}

/// What those take that change something of an account.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ForAccounts {
    #[command(flatten)]
    pub(super) changing: Changing,
    /// Only for this account; without it for each [[account]].
    #[arg(long, value_name = "USER_ID")]
    pub(super) account: Option<UserId>,
}

/// What those take that cannot be undone.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Sure {
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Does something at the desk. Those who want a document get one of what kept it from being done, too.
pub(super) async fn at(common: &Common, work: impl AsyncFnOnce(&Desk) -> anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    let done = match Desk::open(common) {
        Ok(desk) => work(&desk).await,
        Err(error) => Err(error),
    };
    if let (Err(error), true) = (&done, common.json) {
        println!("{:#}", json!({ "error": told(error) }));
    }
    done
}

/// The configuration, and X as it names it.
pub(super) struct Desk {
    pub(super) config: Config,
    pub(super) client: Client,
    pub(super) clock: Arc<dyn Clock>,
    path: PathBuf,
    json: bool,
}

impl Desk {
    fn open(common: &Common) -> anyhow::Result<Self> {
        let config = Config::load_for_setup(&common.config)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        // X challenges the webhook before it answers, and may wait ten seconds for it.
        let client = Client::new(config.x.api.clone(), Timeouts::default(), clock.clone())?;
        Ok(Desk { config, client, clock, path: common.config.clone(), json: common.json })
    }

    /// Whether messages go by the newer interface, v2.
    pub(super) fn is_newer(&self) -> bool {
        self.config.x.flavor == Flavor::V2
    }

    /// The folder from which paths of the configuration count.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The apps that are meant: the one that is named, or all.
    pub(super) fn apps(&self, named: Option<AppId>) -> anyhow::Result<Vec<&config::App>> {
        let Some(id) = named else { return Ok(self.config.app.iter().collect()) };
        let app = self.config.app(id).ok_or_else(|| Asked(format!("there is no [[app]] {id} in the configuration")))?;
        Ok(vec![app])
    }

    /// The accounts that are meant: the one that is named, or all.
    pub(super) fn accounts(&self, named: Option<UserId>) -> anyhow::Result<Vec<Account>> {
        let all = self.config.account.iter().map(|one| account(&self.config, one));
        let meant: Vec<Account> = all.filter(|account| named.is_none_or(|id| id == account.user)).collect();
        match (meant.is_empty(), named) {
            (false, _) => Ok(meant),
            (true, Some(id)) => Err(Asked(format!("there is no [[account]] {id} in the configuration")).into()),
            (true, None) => Err(Asked("there is no [[account]] in the configuration: run `junco login`".into()).into()),
        }
    }

    /// The keys of an app.
    pub(super) fn keys(&self, app: &config::App) -> anyhow::Result<Keys> {
        let consumer_secret = app.signing_secret().context("an app without a secret is refused")?.clone();
        let owner = app.owner().map(|(token, secret)| UserToken { token: token.clone(), secret: secret.clone() });
        Ok(Keys { consumer_key: app.consumer_key.clone(), consumer_secret, owner })
    }

    pub(super) fn registry(&self, app: &config::App) -> anyhow::Result<Registry> {
        Ok(Registry::new(self.client.clone(), self.config.x.events_api(), self.keys(app)?))
    }

    /// The webhook's public address.
    pub(super) fn address(&self) -> anyhow::Result<&Url> {
        let missing = "the configuration has no `url`: add the webhook's public address, as url = \"https://bot.example/webhook/twitter\"";
        Ok(self.config.url.as_ref().ok_or_else(|| Asked(missing.into()))?)
    }

    /// The running service, asked at its public address with the secret of an app.
    pub(super) fn running(&self, app: &config::App) -> anyhow::Result<Running> {
        Ok(Running::new(self.address()?.clone(), self.keys(app)?.consumer_secret, self.clock.clone())?)
    }

    /// Prints what was done: the document, or the lines for people.
    pub(super) fn tell(&self, document: &Value, lines: impl IntoIterator<Item = String>) {
        if self.json {
            println!("{document:#}");
        } else {
            lines.into_iter().for_each(|line| println!("{line}"));
        }
    }

    /// Says on the side how far something is; those who want a document get nothing but that on standard output.
    pub(super) fn progress(&self, text: &str) {
        eprintln!("{text}");
    }
}

/// What became of one app or account after the other. One that fails does not cost the others, and the exit code tells of it.
#[derive(Default)]
pub(super) struct Report {
    documents: Vec<Value>,
    lines: Vec<String>,
    bad: bool,
}

impl Report {
    /// Notes what became of an app or account: its document, and the lines for people. What was asked wrongly ends it all.
    pub(super) fn note(
        &mut self,
        what: &str,
        id: impl Display,
        outcome: Result<(Value, Vec<String>), impl Into<anyhow::Error>>,
    ) -> anyhow::Result<()> {
        match outcome.map_err(Into::into) {
            Ok((mut document, lines)) => {
                document[what] = id.to_string().into();
                self.documents.push(document);
                self.lines.extend(lines);
            }
            Err(error) if error.is::<Asked>() => return Err(error),
            Err(error) => {
                let error = told(&error);
                eprintln!("junco: {what} {id}: {error}");
                self.documents.push(json!({ what: id.to_string(), "error": error }));
                self.bad = true;
            }
        }
        Ok(())
    }

    /// Notes that something was done, but not with the outcome that was wished for.
    pub(super) fn is_bad(&mut self) {
        self.bad = true;
    }

    /// Adds a line for people.
    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Whether nothing was noted.
    pub(super) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Prints all of it: in the document, which may say more, it is the list of that name.
    pub(super) fn tell(self, desk: &Desk, name: &str, mut document: Value) -> ExitCode {
        document[name] = self.documents.into();
        desk.tell(&document, self.lines);
        code(!self.bad)
    }
}

fn account(config: &Config, account: &config::Account) -> Account {
    let token = account.tokens().map(|(token, secret)| UserToken { token: token.clone(), secret: secret.clone() });
    Account { user: account.user_id, app: account.app, token, oauth2: oauth2_file(config, account) }
}

impl Sure {
    /// Asks before something is done that cannot be undone. Where nobody can answer, that is asked wrongly.
    pub(super) fn confirm(&self, question: &str) -> anyhow::Result<()> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Asked(format!("{question} Add --yes to say so.")).into());
        }
        match answer(&format!("{question} [y/N] "))?.to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => bail!("nothing was deleted"),
        }
    }
}

/// Reads a line from the person, after a question on standard error.
pub(super) fn answer(question: &str) -> anyhow::Result<String> {
    eprint!("{question}");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    // What is typed ends the line on a terminal; what comes through a pipe does not.
    if !std::io::stdin().is_terminal() {
        eprintln!();
    }
    Ok(line.trim().to_owned())
}

/// 0 where all is well.
pub(super) fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
