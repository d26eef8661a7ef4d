//! The least of X's API that takes a message: any request gets an id, after a wait.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Ids of sent messages, far from those of people's messages.
const FIRST_ID: u64 = 1 << 62;

/// It runs on the runtime that started it.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    taken: Arc<Taken>,
}

#[derive(Default)]
struct Taken {
    count: AtomicU64,
    more: Notify,
}

impl Api {
    pub(crate) async fn start(wait: Duration) -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, taken) = (listener.local_addr().unwrap(), Arc::new(Taken::default()));
        let counted = taken.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, wait, counted.clone()));
            }
        });
        Api { address, taken }
    }

    /// How many messages it took.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.count.load(Ordering::Relaxed)
    }

    /// Waits until it took so many in all; panics when no more come.
    pub(crate) async fn has_taken(&self, count: u64) {
        while self.taken() < count {
            let more = tokio::time::timeout(Duration::from_secs(10), self.taken.more.notified());
            assert!(more.await.is_ok(), "{} of {count} replies came", self.taken());
        }
    }
}

async fn serve(stream: TcpStream, wait: Duration, taken: Arc<Taken>) {
    stream.set_nodelay(true).unwrap();
    let mut bytes = Vec::new();
    loop {
        while let Some(length) = request_length(&bytes) {
            bytes.drain(..length);
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            let id = FIRST_ID + taken.count.fetch_add(1, Ordering::Relaxed);
            taken.more.notify_one();
            let body = format!(r#"{{"event":{{"type":"message_create","id":"{id}"}}}}"#);
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            // The socket's buffer is empty: every answer is read before the next request comes.
            if stream.try_write(answer.as_bytes()).is_err() {
                return;
            }
        }
        let mut chunk = [0; 8192];
        if stream.readable().await.is_err() {
            return;
        }
        match stream.try_read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// The length of the first request, once it is there whole.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let body = text.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = head + body.map_or(0, |(_, length)| length.trim().parse().unwrap());
    (bytes.len() >= length).then_some(length)
}
