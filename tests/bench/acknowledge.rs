//! (a) A delivery acknowledged when it is durable, next to an endpoint that checks the signature, parses and keeps nothing.

use std::sync::Arc;

use crate::load::{Run, drive};
use crate::table::{head, median, milliseconds, row, whole};
use crate::world::{Press, Server};
use crate::{Wish, table};

const CONNECTIONS: [usize; 4] = [1, 16, 64, 256];

/// People who write by turns.
const PEERS: u64 = 100_000;

/// The most deliveries of one run.
const DELIVERIES: usize = 60_000;

pub(crate) async fn print(wish: &Wish) {
    head(
        "(a) durable acknowledgement, the sender paused; next to an endpoint that only checks the HMAC and parses",
        &["connections", "acks/s", "bare/s", "ratio", "lowest", "highest", "p50", "p99", "bare p50", "bare p99", "CPU/ack"],
    );
    for connections in CONNECTIONS {
        let folder = tempfile::tempdir().unwrap();
        let durable = Server::child(&["door", folder.path().to_str().unwrap()]);
        let bare = Server::child(&["bare"]);
        let mut press = Press::new(PEERS);
        let warm = Arc::new(press.print(2_000));
        drive(durable.address, &warm, connections, wish.time).await;
        drive(bare.address, &warm, connections, wish.time).await;
        let mut rounds: Vec<(Run, Run)> = Vec::new();
        let before = durable.processor_time();
        for _ in 0..wish.rounds {
            let corpus = Arc::new(press.print(DELIVERIES));
            let ours = drive(durable.address, &corpus, connections, wish.time).await;
            rounds.push((ours, drive(bare.address, &corpus, connections, wish.time).await));
        }
        let spent = durable.processor_time() - before;
        let taken: usize = rounds.iter().map(|(ours, _)| ours.done).sum();
        let ratios = table::sorted(rounds.iter().map(|(ours, bare)| ours.rate() / bare.rate()));
        let ratio = |part| format!("{:.2}", table::quantile(&ratios, part));
        row(&[
            connections.to_string(),
            whole(median(rounds.iter().map(|(ours, _)| ours.rate()))),
            whole(median(rounds.iter().map(|(_, bare)| bare.rate()))),
            ratio(0.5),
            ratio(0.0),
            ratio(1.0),
            milliseconds(median(rounds.iter().map(|(ours, _)| ours.latency(0.5)))),
            milliseconds(median(rounds.iter().map(|(ours, _)| ours.latency(0.99)))),
            milliseconds(median(rounds.iter().map(|(_, bare)| bare.latency(0.5)))),
            milliseconds(median(rounds.iter().map(|(_, bare)| bare.latency(0.99)))),
            format!("{:.0} µs", spent.as_secs_f64() * 1e6 / taken as f64),
        ]);
    }
}
