//! `junco replay`: has X deliver again what it delivered before.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Asked;
use super::desk::{self, Changing, Desk};
use crate::account::replay::{Done, Progress, Span, moment, plan, replay};
use crate::model::{AppId, Timestamp};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    changing: Changing,
    /// From when on: `2h ago`, `2026-01-02T03:04:05Z`, or `2026-01-02 03:04` (UTC).
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Up to when, written the same way.
    #[arg(long, value_name = "TIME")]
    to: String,
    /// Only for the webhook of this app; without it for each [[app]].
    #[arg(long, value_name = "APP_ID")]
    app: Option<AppId>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&args.changing.common)?;
    let now = desk.clock.now();
    let read = |text: &str| {
        moment(text, now)
            .ok_or_else(|| Asked(format!("`{text}` is no time: write `2h ago`, `2026-01-02T03:04:05Z` or `2026-01-02 03:04` (UTC)")))
    };
    let whole = Span { from: read(&args.from)?, to: read(&args.to)? };
    let spans = plan(&desk.config.x.events_api(), whole, now).map_err(|error| Asked(error.to_string()))?;
    let (mut documents, mut lines, mut good) = (Vec::new(), Vec::new(), true);
    for app in desk.apps(args.app)? {
        let registry = desk.registry(app)?;
        let webhook = registry.webhook(desk.address()?).await?;
        if args.changing.dry_run {
            lines.push(format!("app {}: would order {} of webhook {}:", app.id, counted(spans.len()), webhook.id));
            lines.extend(spans.iter().map(|span| format!("  {}", shown(*span))));
            documents.extend(spans.iter().map(|span| document(app.id, *span)));
            continue;
        }
        let running = desk.running(app)?;
        // A job is followed by asking the service; where that cannot be done, it is told at once and not at the end.
        if let Err(unheard) = running.arrivals().await {
            desk.progress(&format!(
                "the service cannot be asked for the end of a job ({unheard}); X takes each job when the one before has ended"
            ));
        }
        let progress = |progress: Progress| desk.progress(&told(progress));
        let done = replay(&registry, webhook.id, &spans, Some(&running), desk.clock.as_ref(), &progress).await?;
        for Done { job, span, complete } in done {
            good &= complete != Some(false);
            let outcome = match complete {
                Some(true) => "complete",
                Some(false) => "INCOMPLETE: order it again",
                None => "ordered; its end is told to the webhook alone",
            };
            lines.push(format!("app {}: job {job}, {}: {outcome}", app.id, shown(span)));
            let mut one = document(app.id, span);
            one["job"] = job.to_string().into();
            one["complete"] = complete.map_or(Value::Null, Value::from);
            documents.push(one);
        }
    }
    desk.tell(&json!({ "dry_run": args.changing.dry_run, "jobs": documents }), lines);
    Ok(desk::code(good))
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

fn document(app: AppId, span: Span) -> Value {
    json!({ "app": app.to_string(), "from": iso(span.from), "to": iso(span.to) })
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
