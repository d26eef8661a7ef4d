//! `junco replay`: has X deliver again what it delivered before.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Asked;
use super::desk::{self, Common, Desk, ForApps, Report};
use crate::account::Running;
use crate::account::replay::{Done, Progress, Span, moment, plan, replay};
use crate::config::App;
use crate::model::Timestamp;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    which: ForApps,
    /// From when on: `2h ago`, `2026-01-02T03:04:05Z`, or `2026-01-02 03:04` (UTC).
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Up to when, written the same way.
    #[arg(long, value_name = "TIME")]
    to: String,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    desk::at(&args.common, async |desk| replay_all(desk, &args).await).await
}

async fn replay_all(desk: &Desk, args: &Args) -> anyhow::Result<ExitCode> {
    let (now, dry_run) = (desk.clock.now(), args.which.changing.dry_run);
    let read = |text: &str| {
        moment(text, now)
            .ok_or_else(|| Asked(format!("`{text}` is no time: write `2h ago`, `2026-01-02T03:04:05Z` or `2026-01-02 03:04` (UTC)")))
    };
    let whole = Span { from: read(&args.from)?, to: read(&args.to)? };
    let spans = plan(&desk.config.x.events_api(), whole, now).map_err(|error| Asked(error.to_string()))?;
    let address = desk.address()?;
    let mut report = Report::default();
    for app in desk.apps(args.which.app)? {
        let webhook = match desk.registry(app)?.webhook(address).await {
            Ok(webhook) => webhook.id,
            Err(error) => {
                report.note("app", app.id, Err(error))?;
                continue;
            }
        };
        if dry_run {
            report.line(format!("app {}: would order {} of webhook {webhook}:", app.id, counted(spans.len())));
            for span in &spans {
                report.note("app", app.id, anyhow::Ok((document(*span), vec![format!("  {}", shown(*span))])))?;
            }
        } else {
            replay_for(desk, &mut report, app, webhook, &spans).await?;
        }
    }
    Ok(report.tell(desk, "jobs", json!({ "dry_run": dry_run })))
}

/// Has one app's jobs done. The first that X does not take ends it: what comes behind would leave a gap.
async fn replay_for(desk: &Desk, report: &mut Report, app: &App, webhook: u64, spans: &[Span]) -> anyhow::Result<()> {
    let (registry, running) = (desk.registry(app)?, desk.running(app)?);
    tell_if_unheard(desk, &running).await;
    let progress = |progress: Progress| desk.progress(&told(progress));
    for span in spans {
        match replay(&registry, webhook, std::slice::from_ref(span), Some(&running), desk.clock.as_ref(), &progress).await {
            Ok(done) => {
                for done in done {
                    if done.complete == Some(false) {
                        report.is_bad();
                    }
                    report.note("app", app.id, anyhow::Ok(ended(app, done)))?;
                }
            }
            Err(error) => {
                let error = anyhow::Error::new(error).context(format!("not replayed from {} on", iso(span.from)));
                report.note("app", app.id, Err(error))?;
                break;
            }
        }
    }
    Ok(())
}

/// A job is followed by asking the service; where that cannot be done, it is told at once and not at the end.
async fn tell_if_unheard(desk: &Desk, running: &Running) {
    if let Err(unheard) = running.arrivals().await {
        desk.progress(&format!(
            "the service cannot be asked for the end of a job ({unheard}); X takes each job when the one before has ended"
        ));
    }
}

fn ended(app: &App, Done { job, span, complete }: Done) -> (Value, Vec<String>) {
    let outcome = match complete {
        Some(true) => "complete",
        Some(false) => "INCOMPLETE: order it again",
        None => "ordered; its end is told to the webhook alone",
    };
    let mut document = document(span);
    document["job"] = job.to_string().into();
    document["complete"] = complete.map_or(Value::Null, Value::from);
    (document, vec![format!("app {}: job {job}, {}: {outcome}", app.id, shown(span))])
}

fn told(progress: Progress) -> String {
    match progress {
        Progress::Ordered { job, span } => format!("job {job}: X delivers again {}", shown(span)),
        Progress::Busy { wait } => format!("X takes no job at the moment; asking again in {} s", wait.as_secs()),
        Progress::Ended { job, complete: true } => format!("job {job}: ended, everything was delivered again"),
        Progress::Ended { job, complete: false } => format!("job {job}: ended, but not everything was delivered"),
        Progress::Unfollowed { job } => format!("job {job}: nobody tells whether it has ended"),
    }
}

fn document(span: Span) -> Value {
    json!({ "from": iso(span.from), "to": iso(span.to) })
}

fn counted(jobs: usize) -> String {
    if jobs == 1 { "1 job".to_owned() } else { format!("{jobs} jobs") }
}

fn shown(span: Span) -> String {
    format!("{} to {}", iso(span.from), iso(span.to))
}

fn iso(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default().to_string()
}
