//! The load: requests over raw connections that are kept open, each request sent when the one before it was answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::table::{quantile, sorted};
use crate::world::Corpus;

/// What came of one run.
pub(crate) struct Run {
    pub(crate) done: usize,
    pub(crate) time: Duration,
    /// Ascending.
    pub(crate) latencies: Vec<Duration>,
}

impl Run {
    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.time.as_secs_f64()
    }

    pub(crate) fn latency(&self, part: f64) -> Duration {
        quantile(&self.latencies, part)
    }
}

/// Sends requests over so many connections until all were sent or the time is over; panics over any answer but 200.
pub(crate) async fn drive(address: SocketAddr, corpus: &Arc<Corpus>, connections: usize, time: Duration) -> Run {
    let next = Arc::new(AtomicUsize::new(0));
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    let start = Instant::now();
    let tasks: Vec<_> = streams
        .into_iter()
        .map(|stream| {
            let (corpus, next) = (corpus.clone(), next.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while let Some(request) = corpus.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let sent = Instant::now();
                    ask(&stream, request).await;
                    latencies.push(sent.elapsed());
                    if start.elapsed() > time {
                        break;
                    }
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    Run { done: latencies.len(), time: start.elapsed(), latencies: sorted(latencies) }
}

/// Sends a request and waits for the whole answer, which has no body.
async fn ask(stream: &TcpStream, request: &[u8]) {
    let mut sent = 0;
    while sent < request.len() {
        match stream.try_write(&request[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => stream.writable().await.unwrap(),
            Err(error) => panic!("{error}"),
        }
    }
    let (mut answer, mut length) = ([0; 1024], 0);
    while !answer[..length].ends_with(b"\r\n\r\n") {
        stream.readable().await.unwrap();
        match stream.try_read(&mut answer[length..]) {
            Ok(0) => panic!("the server closed the connection"),
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer[..length]));
}
