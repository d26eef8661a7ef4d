//! Lookups against small servers on loopback, and names that lead wherever the test says.

mod bounds;
mod names;
mod repeats;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::clock::ManualClock;
use crate::model::{LookupMethod, Timestamp};

const NOON: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// What one connection is answered with; `None` keeps it open and silent.
type Answering = Option<String>;

/// A server that answers one request a connection, and remembers what it was asked.
struct Stub {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// One that answers in this order; the last answer serves for all further connections.
    async fn answering(answers: Vec<Answering>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = seen.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.expect("a connection");
                let answer = answers.get(number).or(answers.last()).cloned().flatten();
                tokio::spawn(serve(stream, answer, heard.clone()));
            }
        });
        Stub { address, seen }
    }

    async fn saying(answer: String) -> Self {
        Self::answering(vec![Some(answer)]).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn seen(&self) -> Vec<String> {
        locked(&self.seen).clone()
    }

    fn calls(&self) -> usize {
        locked(&self.seen).len()
    }
}

async fn serve(mut stream: TcpStream, answer: Answering, seen: Arc<Mutex<Vec<String>>>) {
    let request = read_request(&mut stream).await;
    if request.is_empty() {
        // A connection that its client had no more use for.
        return;
    }
    locked(&seen).push(request);
    match answer {
        Some(answer) => {
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        // Until the client gives up.
        None => drop(stream.read(&mut [0; 1]).await),
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        request.push_str(&String::from_utf8_lossy(&buffer[..count]));
        let Some((head, body)) = request.split_once("\r\n\r\n") else {
            // A greeting in TLS is no request; its end is when the client gives up.
            if count == 0 || request.starts_with('\u{16}') {
                return request;
            }
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().expect("a number"));
        if body.len() >= length {
            return request;
        }
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

fn json_answer(body: &str) -> String {
    answer("200 OK", "content-type: application/json\r\n", body)
}

fn moved_to(place: &str) -> String {
    answer("302 Found", &format!("location: {place}\r\n"), "")
}

fn get(url: &str, allow: &[&str]) -> LookupRequest {
    LookupRequest {
        method: LookupMethod::Get,
        url: url.to_owned(),
        body: None,
        pictures: BTreeMap::new(),
        timeout: Duration::from_secs(20),
        retry: 0,
        cache: None,
        idempotency: None,
        allow: allow.iter().map(|entry| (*entry).to_owned()).collect(),
    }
}

/// A `get` of a stub by its address.
fn get_from(stub: &Stub, path: &str) -> LookupRequest {
    get(&stub.url(path), &[&stub.address.to_string()])
}

fn post_to(stub: &Stub, body: Value) -> LookupRequest {
    LookupRequest { method: LookupMethod::Post, body: Some(body), ..get_from(stub, "/orders") }
}

fn lookups() -> Arc<Lookups> {
    Lookups::new(Arc::new(ManualClock::at(NOON)))
}

async fn fetch(request: &LookupRequest) -> LookupAnswer {
    lookups().fetch(request).await
}

fn ok(body: Value) -> LookupAnswer {
    LookupAnswer::Ok { status: 200, body }
}

/// Why it failed; the detail gives nothing away.
fn reason(answer: &LookupAnswer) -> LookupFailure {
    let LookupAnswer::Failed { reason, detail, .. } = answer else { panic!("{answer:?} is no failure") };
    assert!(!detail.is_empty() && !detail.contains("secret"), "{detail}");
    *reason
}

/// Looks names up in a list; each may have several answers, one after the other, of which the last stays.
#[derive(Default)]
struct Names {
    known: BTreeMap<&'static str, Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    fn knowing(names: &[(&'static str, &[&[&str]])]) -> Arc<Self> {
        let parse = |addresses: &&[&str]| addresses.iter().map(|address| address.parse().expect("an address")).collect();
        let known = names.iter().map(|(name, answers)| (*name, answers.iter().map(parse).collect()));
        Arc::new(Names { known: known.collect(), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        let answers = self.known.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(answers.get(number).or(answers.last()).cloned().unwrap_or_default())
    }
}
