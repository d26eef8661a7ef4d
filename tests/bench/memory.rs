//! (d) The memory of the service, with 100 000 conversations: while they come, when they come again, and after a restart.

use std::sync::Arc;
use std::time::Duration;

use crate::api::Api;
use crate::load::drive;
use crate::table::{head, megabytes, row, whole};
use crate::world::{Corpus, Press, Server};

const CONVERSATIONS: u64 = 100_000;
const CONNECTIONS: usize = 64;

pub(crate) async fn print() {
    head("(d) resident memory of the service, every event replied to", &["100 000 conversations", "now", "at most", "acks/s"]);
    let (api, folder) = (Api::start(Duration::ZERO).await, tempfile::tempdir().unwrap());
    let mut press = Press::new(CONVERSATIONS);
    let server = Server::junco(folder.path(), api.address);
    show("empty", &server, None);
    for pass in ["each written to once", "each a second time", "each a third time"] {
        let rate = write_to_all(&mut press, &server, &api).await;
        show(pass, &server, Some(rate));
    }
    server.stop();
    let server = Server::junco(folder.path(), api.address);
    show("cold, after a restart", &server, None);
    let rate = write_to_all(&mut press, &server, &api).await;
    show("each a fourth time", &server, Some(rate));
}

/// One message from everybody, in pieces, so that the load itself stays small.
async fn write_to_all(press: &mut Press, server: &Server, api: &Api) -> f64 {
    const PIECES: u64 = 20;
    let mut rates = Vec::new();
    for _ in 0..PIECES {
        let piece: Arc<Corpus> = Arc::new(press.print((CONVERSATIONS / PIECES) as usize));
        let before = api.taken();
        let run = drive(server.address, &piece, CONNECTIONS, Duration::from_secs(60)).await;
        api.has_taken(before + piece.len() as u64).await;
        rates.push(run.rate());
    }
    crate::table::median(rates)
}

fn show(what: &str, server: &Server, rate: Option<f64>) {
    let (now, most) = server.memory();
    row(&[what.to_owned(), megabytes(now), megabytes(most), rate.map_or(String::new(), whole)]);
}
