//! `junco doctor`: walks the set-up, step by step, and says of each whether it is right, what is wrong, and what mends it.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::desk::{self, Common, Desk};
use crate::account::doctor::{App, Cure, Doctor, Finding, Listener, Verdict};
use crate::account::{AccountError, Running};
use crate::config;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Do not like a post to see whether its event arrives.
    #[arg(long)]
    no_like: bool,
    /// Mend what Junco can mend by itself (webhook and subscriptions), then look again.
    #[arg(long)]
    fix: bool,
    /// With --fix: change nothing; say what would be mended.
    #[arg(long, requires = "fix")]
    dry_run: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    desk::at(&args.common, async |desk| examine(desk, &args).await).await
}

async fn examine(desk: &Desk, args: &Args) -> anyhow::Result<ExitCode> {
    let doctor = doctor(desk, !args.no_like)?;
    let mut page = Page { is_silent: args.common.json, coloured: std::io::stdout().is_terminal() };
    let mut findings = doctor.examine(&mut page).await;
    let mut mended = Vec::new();
    let cures: Vec<Cure> = if args.fix { findings.iter().filter_map(|finding| finding.cure).collect() } else { Vec::new() };
    if !cures.is_empty() {
        for cure in with_subscriptions(cures, &doctor) {
            mended.push(mend(&doctor, cure, args.dry_run).await);
            page.line(mended.last().map_or("", String::as_str));
        }
        if !args.dry_run {
            page.line("\nOnce more:");
            findings = doctor.examine(&mut page).await;
        }
    }
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    let reached = findings.iter().all(|finding| finding.verdict != Verdict::NotReached);
    page.line(&match wrong {
        0 if !reached => "\nnothing that was reached is wrong, but not everything was reached: try again in a while".to_owned(),
        0 if findings.iter().any(|finding| finding.verdict == Verdict::Skipped) => {
            "\nnothing is wrong, but not everything was looked at".to_owned()
        }
        0 => "\nall is well".to_owned(),
        1 => "\n1 step is wrong".to_owned(),
        wrong => format!("\n{wrong} steps are wrong"),
    });
    if args.common.json {
        let document =
            json!({ "good": wrong == 0 && reached, "mended": mended, "steps": findings.iter().map(document).collect::<Vec<_>>() });
        desk.tell(&document, []);
    }
    Ok(desk::code(wrong == 0 && reached))
}

fn doctor(desk: &Desk, like: bool) -> anyhow::Result<Doctor> {
    let app = |app: &config::App| {
        let registry = desk.registry(app)?;
        let running = match &desk.config.url {
            Some(address) => Some(Running::new(address.clone(), registry.keys().consumer_secret.clone(), desk.clock.clone())?),
            None => None,
        };
        anyhow::Ok(App { id: app.id, registry, running })
    };
    Ok(Doctor {
        client: desk.client.clone(),
        x: desk.config.x.api.clone(),
        apps: desk.config.app.iter().map(app).collect::<Result<_, _>>()?,
        accounts: desk.accounts(None)?,
        address: desk.config.url.clone(),
        like,
        newer: desk.is_newer(),
        clock: desk.clock.clone(),
    })
}

/// A new webhook has no subscriptions, so whoever mends that mends these too.
fn with_subscriptions(mut cures: Vec<Cure>, doctor: &Doctor) -> Vec<Cure> {
    for account in &doctor.accounts {
        let cure = Cure::Subscribe(account.user);
        if cures.contains(&Cure::Register(account.app)) && !cures.contains(&cure) {
            cures.push(cure);
        }
    }
    cures
}

async fn mend(doctor: &Doctor, cure: Cure, dry_run: bool) -> String {
    let what = match cure {
        Cure::Register(_) => "register the webhook, or have it challenged".to_owned(),
        Cure::Subscribe(user) => format!("subscribe {user}"),
    };
    if dry_run {
        return format!("would {what}");
    }
    match carry_out(doctor, cure).await {
        Ok(()) => format!("mended: {what}"),
        Err(error) => format!("not mended: {what}: {error}"),
    }
}

async fn carry_out(doctor: &Doctor, cure: Cure) -> Result<(), AccountError> {
    let Some(address) = &doctor.address else { return Ok(()) };
    match cure {
        Cure::Register(id) => {
            let Some(app) = doctor.apps.iter().find(|app| app.id == id) else { return Ok(()) };
            app.registry.register(address).await.map(drop)
        }
        Cure::Subscribe(user) => {
            let Some(account) = doctor.accounts.iter().find(|account| account.user == user) else { return Ok(()) };
            let Some(app) = doctor.apps.iter().find(|app| app.id == account.app) else { return Ok(()) };
            let webhook = app.registry.webhook(address).await?;
            app.registry.subscribe(webhook.id, account).await.map(drop)
        }
    }
}

fn document(finding: &Finding) -> Value {
    json!({
        "step": finding.step.name(),
        "verdict": finding.verdict.name().to_lowercase(),
        "app": finding.app.map(|id| id.to_string()),
        "account": finding.account.map(|id| id.to_string()),
        "told": finding.told,
        "mend": finding.mend,
    })
}

/// Prints findings as they are made.
struct Page {
    is_silent: bool,
    coloured: bool,
}

impl Page {
    fn line(&self, text: &str) {
        if !self.is_silent {
            println!("{text}");
        }
    }
}

impl Listener for Page {
    fn found(&mut self, finding: &Finding) {
        let (colour, mark) = match finding.verdict {
            Verdict::Right => ("32", "right"),
            Verdict::Wrong => ("1;31", "WRONG"),
            Verdict::NotReached => ("2", "not reached"),
            Verdict::Skipped => ("33", "SKIPPED"),
        };
        let mark = format!("{mark:<11}");
        let mark = if self.coloured { format!("\x1b[{colour}m{mark}\x1b[0m") } else { mark };
        let about = finding.account.map(|id| id.to_string()).or(finding.app.map(|id| id.to_string()));
        let about = about.map(|about| format!("{about}: ")).unwrap_or_default();
        self.line(&format!("{mark}  {:<16} {about}{}", finding.step.name(), finding.told));
        if let Some(mend) = &finding.mend {
            self.line(&format!("             {:<16} to mend it: {mend}", ""));
        }
    }

    fn waiting(&mut self, what: &str) {
        eprintln!("{what}");
    }
}
