//! `GET /metrics`, on an address of its own: figures are nobody's business who reaches the webhook.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::conversation::RowStatus;
use crate::store::StoreError;
use crate::turn::Turns;

/// How Prometheus knows the form.
const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// So many conversations are read for the messages that wait; with more of them, at least so many wait.
const COUNTED: usize = 20_000;

/// The server of the figures.
pub(super) struct Figures {
    pub(super) address: SocketAddr,
    pub(super) server: ServerHandle,
    pub(super) serving: JoinHandle<std::io::Result<()>>,
}

/// What is read for an answer.
#[derive(Clone)]
struct Source {
    turns: Arc<Turns>,
    clock: Arc<dyn Clock>,
}

/// Begins to answer.
pub(super) fn listen(address: SocketAddr, turns: Arc<Turns>, clock: Arc<dyn Clock>) -> anyhow::Result<Figures> {
    let source = Source { turns, clock };
    let factory = move || App::new().app_data(web::Data::new(source.clone())).route("/metrics", web::get().to(figures));
    let server = HttpServer::new(factory)
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(address)
        .with_context(|| format!("cannot listen on {address}: choose another address with `metrics`, or stop what listens there"))?;
    let address = *server.addrs().first().context("bound to no address")?;
    let server = server.run();
    Ok(Figures { address, server: server.handle(), serving: tokio::spawn(server) })
}

async fn figures(source: web::Data<Source>) -> HttpResponse {
    let (turns, now) = (&source.turns, source.clock.now());
    for (account, heard) in turns.accounts().filter_map(|account| Some((account, turns.heard(account)?))) {
        turns.metrics().last_event(account, now.since(heard));
    }
    if let Err(error) = count_waiting(turns).await {
        return HttpResponse::ServiceUnavailable().body(format!("{error}\n"));
    }
    HttpResponse::Ok().content_type(FORM).body(turns.metrics().text())
}

/// Reads what waits from the store: a figure that was counted along would be wrong after each crash.
async fn count_waiting(turns: &Turns) -> Result<(), StoreError> {
    let (mut waiting, mut unsure) = (0, 0);
    for key in turns.store().waiting(COUNTED).await? {
        let Some(record) = turns.store().load(key).await? else { continue };
        waiting += record.state.rows.len() as i64 + record.state.backlog.map_or(0, |backlog| i64::from(backlog.count));
        unsure += record.state.rows.iter().filter(|row| matches!(row.status, RowStatus::Unsure { .. })).count() as i64;
    }
    turns.metrics().waiting.set(waiting);
    turns.metrics().unsure.set(unsure);
    Ok(())
}
