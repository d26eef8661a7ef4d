//! (e) How long a start takes over weeks of conversations: after a clean end, and after a kill.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Wish;
use crate::table::{head, median, megabytes, row, seconds, whole};
use crate::world::Server;

/// Nothing is due, so nobody is called.
const NOBODY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

pub(crate) fn print(wish: &Wish) {
    let title = format!("(e) start with {} conversations, until the webhook listens", whole(wish.stored as f64));
    head(&title, &["", "time", "memory", "on the disk"]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let filled = Server::child(&["fill", data.to_str().unwrap(), &wish.stored.to_string()]);
    // Dropped without being asked, it is killed.
    drop(filled);
    let (killed, server) = start(folder.path());
    show("after a kill at the end of the load", killed, &server, &data);
    server.stop();
    let mut times = Vec::new();
    for round in 0..wish.rounds.min(3) {
        let (time, server) = start(folder.path());
        times.push(time);
        if round + 1 == wish.rounds.min(3) {
            show("after a clean end", median(times.iter().copied()), &server, &data);
        }
        server.stop();
    }
}

fn start(folder: &Path) -> (Duration, Server) {
    let start = Instant::now();
    let server = Server::junco(folder, NOBODY);
    (start.elapsed(), server)
}

fn show(what: &str, time: Duration, server: &Server, data: &Path) {
    row(&[what.to_owned(), seconds(time), megabytes(server.memory().0), megabytes(size(data))]);
}

/// Bytes in a folder.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().unwrap().len() }).sum()
}
