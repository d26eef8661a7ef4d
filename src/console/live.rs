//! Server-sent events: pages hear that something changed and load that part again, or get new items one by one.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use futures_util::{StreamExt as _, stream};
use maud::Markup;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Console;
use super::access::Visitor;

/// So often a page that hears nothing is told that the line still stands, and whoever looks is looked up again, however much goes on that
/// is not about the page.
const BEAT: Duration = Duration::from_secs(15);

/// A part of a page is loaded again this often at most.
const REST: Duration = Duration::from_millis(400);

/// What a page is told.
enum Told {
    /// Something is not as it was.
    Changed,
    /// Something new, with its number.
    Item(u64, Markup),
    /// Nothing; the line stands.
    Beat,
}

/// Tells a page each time that something it shows has changed.
pub(super) fn changes<T: Clone + Send + 'static>(
    console: Data<Console>,
    visitor: Visitor,
    news: Receiver<T>,
    is_about: impl Fn(&T) -> bool + 'static,
) -> HttpResponse {
    let start = (news, is_about, Instant::now());
    let told = stream::unfold(start, move |(mut news, is_about, rested)| {
        let (console, visitor) = (console.clone(), visitor.clone());
        async move {
            // Many changes are one; those that come while the page rests are told at its end.
            let beat = Instant::now() + BEAT;
            let told = loop {
                match timeout_at(beat, news.recv()).await {
                    Ok(Ok(item)) if !is_about(&item) => {}
                    Ok(Ok(_) | Err(RecvError::Lagged(_))) => break Told::Changed,
                    Ok(Err(RecvError::Closed)) => return None,
                    Err(_) => break Told::Beat,
                }
            };
            if matches!(told, Told::Changed) {
                sleep_until(rested).await;
                while news.try_recv().is_ok() {}
            }
            console.still_knows(&visitor).then(|| (line(told), (news, is_about, Instant::now() + REST)))
        }
    });
    respond(told)
}

/// Gives a page the items that it has missed, and then each new one that it wants, with their numbers: whoever takes the line up again says
/// which was the last.
pub(super) fn items<T: Clone + Send + 'static>(
    console: Data<Console>,
    visitor: Visitor,
    missed: Vec<(u64, Markup)>,
    news: Receiver<T>,
    show: impl Fn(&T) -> Option<(u64, Markup)> + 'static,
) -> HttpResponse {
    let told = stream::unfold((news, show), move |(mut news, show)| {
        let (console, visitor) = (console.clone(), visitor.clone());
        async move {
            let beat = Instant::now() + BEAT;
            let told = loop {
                match timeout_at(beat, news.recv()).await {
                    Ok(Ok(item)) => {
                        if let Some((number, item)) = show(&item) {
                            break Told::Item(number, item);
                        }
                    }
                    // The page loads again what it has missed.
                    Ok(Err(RecvError::Lagged(_))) => break Told::Changed,
                    Ok(Err(RecvError::Closed)) => return None,
                    Err(_) => break Told::Beat,
                }
            };
            console.still_knows(&visitor).then(|| (line(told), (news, show)))
        }
    });
    respond(stream::iter(missed).map(|(number, item)| line(Told::Item(number, item))).chain(told))
}

fn respond(told: impl futures_util::Stream<Item = Result<Bytes, Infallible>> + 'static) -> HttpResponse {
    // A proxy that gathers what it passes on would make everything late.
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/event-stream")).insert_header(("x-accel-buffering", "no")).streaming(told)
}

fn line(told: Told) -> Result<Bytes, Infallible> {
    Ok(Bytes::from(match told {
        Told::Changed => "event: changed\ndata:\n\n".to_owned(),
        // Each line is a field of its own, or the breaks would be lost.
        Told::Item(number, item) => {
            let lines = item.0.split('\n').map(|line| format!("data: {}\n", line.replace('\r', "")));
            format!("event: item\nid: {number}\n{}\n", lines.collect::<String>())
        }
        Told::Beat => ": still here\n\n".to_owned(),
    }))
}
