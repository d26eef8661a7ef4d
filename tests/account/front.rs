//! What may stand between X and the service: it passes requests on, or does one of the things that break a webhook.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What it does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Passes it on.
    Pass,
    /// Sends it somewhere else.
    Redirect,
    /// Never answers.
    Sleep,
    /// Packs the answer though nobody asked.
    Pack,
    /// Passes it on without the signature.
    Strip,
    /// Lets everybody in.
    Welcome,
    /// Finds nobody who takes deliveries.
    Lose,
}

/// It, as a test moves it.
#[derive(Clone)]
pub(crate) struct Front(Arc<Mutex<Does>>);

impl Front {
    /// Stands before a port, and tells its own.
    pub(crate) fn before(port: u16) -> (Front, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let front = Front(Arc::new(Mutex::new(Does::Pass)));
        let does = front.0.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let does = *does.lock().unwrap();
                std::thread::spawn(move || serve(stream, port, does));
            }
        });
        (front, own)
    }

    pub(crate) fn now(&self, does: Does) {
        *self.0.lock().unwrap() = does;
    }
}

fn serve(mut stream: TcpStream, port: u16, does: Does) {
    let request = request(&mut stream);
    let answer = match does {
        Does::Redirect => {
            b"HTTP/1.1 301 Moved\r\nlocation: https://elsewhere.example/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()
        }
        Does::Welcome if request.starts_with("POST") => b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(),
        Does::Lose if request.starts_with("POST") => b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(),
        Does::Sleep => {
            // Until the other side gives up.
            let _ = stream.read(&mut [0; 1]);
            return;
        }
        Does::Pack => {
            let answer = String::from_utf8(pass(&request, port)).unwrap();
            answer.replacen("\r\n", "\r\ncontent-encoding: gzip\r\n", 1).into_bytes()
        }
        Does::Strip => pass(
            &request
                .to_ascii_lowercase()
                .replace("x-twitter-webhooks-signature", "x-lost")
                .replacen("get ", "GET ", 1)
                .replacen("post ", "POST ", 1)
                .replacen("http/1.1", "HTTP/1.1", 1),
            port,
        ),
        Does::Pass | Does::Welcome | Does::Lose => pass(&request, port),
    };
    let _ = stream.write_all(&answer);
}

/// Head and body of a request, as they came.
fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return text,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

fn pass(request: &str, port: u16) -> Vec<u8> {
    let mut upstream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    upstream.write_all(request.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    answer
}
