macro_rules! answer {
    ($status:literal, $body:literal) => {
        answer!($status, "", $body)
    };
    ($status:literal, $headers:literal, $body:literal) => {
        &[concat!("HTTP/1.1 ", $status, "\r\nconnection: close\r\n", $headers, "\r\n", $body)]
    };
}

mod account;
mod calls;
mod events;
mod media;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::clock::ManualClock;
use crate::model::{EventsApi, MessageId, Outgoing, Profile, Secret, Timestamp, UserId};
use crate::wire::oauth::{self, Credentials, Presented};
use crate::wire::rest::{MessagePage, Scope};

const US: Credentials<'_> = Credentials {
    consumer_key: "simkey0001",
    consumer_secret: "sim-consumer-secret-01",
    token: Some(("4503599627370601-simtoken", "sim-token-secret-01")),
};
const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_500);

/// A request as the server saw it.
struct Seen {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// What a server does with each connection, once it has read the request.
type Answering = fn(&mut TcpStream);

/// A server on loopback that answers one request a connection, in order, and tells what it saw, each before it is answered: so a test
/// need not wait for requests that are not made.
fn server(answers: &'static [&'static str]) -> (Client, mpsc::Receiver<Seen>) {
    serve(move |listener, seen| {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a connection");
            seen.send(read_request(&stream)).expect("the test listens");
            stream.write_all(answer.as_bytes()).expect("the client reads");
        }
    })
}

fn server_that(answering: Answering) -> Client {
    let (client, _) = serve(move |listener, _| {
        let (mut stream, _) = listener.accept().expect("a connection");
        read_request(&stream);
        answering(&mut stream);
    });
    client
}

fn serve(work: impl FnOnce(TcpListener, mpsc::Sender<Seen>) + Send + 'static) -> (Client, mpsc::Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let api = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, seen) = mpsc::channel();
    thread::spawn(move || work(listener, tell));
    (client(&api, Timeouts::default()), seen)
}

fn client(api: &str, timeouts: Timeouts) -> Client {
    Client::new(Url::parse(api).expect("a URL"), timeouts, Arc::new(ManualClock::at(NOW))).expect("a client")
}

fn read_request(stream: &TcpStream) -> Seen {
    let mut reader = BufReader::new(stream);
    let mut next = || {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    };
    let line = next();
    let headers: Vec<_> =
        std::iter::from_fn(|| next().split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()))).collect();
    let mut seen = Seen { line, headers, body: String::new() };
    let length: u64 = seen.header("content-length").parse().unwrap_or(0);
    reader.take(length).read_to_string(&mut seen.body).expect("a body");
    seen
}

/// Whether a user's signature is good: over the address with its query, and the fields of a form.
fn is_signed(seen: &Seen) -> bool {
    let mut line = seen.line.split(' ');
    let (method, path) = (line.next().expect("a method"), line.next().expect("a path"));
    let url = Url::parse(&format!("http://{}{path}", seen.header("host"))).expect("a URL");
    let form: Vec<_> = url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
    let form = if seen.header("content-type") == "application/x-www-form-urlencoded" { form } else { vec![] };
    let presented = Presented::parse(seen.header("authorization")).expect("a header");
    presented.verify(&oauth::Request { method, url: &url, form: &form }, "sim-consumer-secret-01", "sim-token-secret-01")
}

fn hello() -> Outgoing {
    Outgoing { text: "the secret text".to_owned(), ..Outgoing::default() }
}

async fn send(client: &Client) -> Result<MessageId, Failure> {
    client.send_message(US, UserId(7), &hello(), None).await
}

/// The failure of a send that X answers so.
async fn failure(answer: &'static [&'static str]) -> Failure {
    let (client, _seen) = server(answer);
    told(send(&client).await)
}

/// The failure, once it is sure that it gives nothing away.
fn told(outcome: Result<MessageId, Failure>) -> Failure {
    let failure = outcome.expect_err("the call fails");
    let shown = format!("{failure} {failure:?}");
    assert!(!shown.contains("secret"), "{shown}");
    failure
}

const SENT: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"event\":{\"id\":\"20065157139\"}}";
const EMPTY: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_message_is_sent_signed() {
    let (client, seen) = server(&[SENT, SENT]);
    assert_eq!(send(&client).await, Ok(MessageId(20_065_157_139)));
    assert_eq!(send(&client).await, Ok(MessageId(20_065_157_139)));
    let (first, second) = (seen.recv().expect("a request"), seen.recv().expect("another"));
    assert_eq!(first.line, "POST /1.1/direct_messages/events/new.json HTTP/1.1");
    assert_eq!(first.header("content-type"), "application/json");
    assert!(first.body.contains(r#""recipient_id":"7""#), "{}", first.body);
    let url = Url::parse(&format!("http://{}/1.1/direct_messages/events/new.json", first.header("host"))).expect("a URL");
    let request = oauth::Request { method: "POST", url: &url, form: &[] };
    let presented = [&first, &second].map(|seen| Presented::parse(seen.header("authorization")).expect("a header"));
    for presented in &presented {
        assert!(presented.verify(&request, "sim-consumer-secret-01", "sim-token-secret-01"));
        assert_eq!(presented.timestamp, 1_767_225_600);
    }
    assert_ne!(presented[0].nonce, presented[1].nonce);
}

#[tokio::test]
async fn too_many_calls_tell_when_to_come_back() {
    let reset = |at| Failure::NotTaken { cause: NotTaken::RateLimited, retry_at: at };
    let ahead =
        answer!("429 Too Many Requests", "x-rate-limit-remaining: 0\r\nx-rate-limit-reset: 1767226500\r\n", r#"{"errors":[{"code":88}]}"#);
    assert_eq!(failure(ahead).await, reset(Some(Timestamp::from_millis(1_767_226_500_000))));
    assert_eq!(failure(answer!("429 Too Many Requests", "")).await, reset(None));
    let past = answer!("429 Too Many Requests", "x-rate-limit-reset: 1767225600\r\n", "");
    assert_eq!(failure(past).await, reset(None), "a reset that is over says nothing");
}

#[tokio::test]
async fn an_overloaded_server_has_taken_nothing() {
    let overloaded = Failure::NotTaken { cause: NotTaken::Overloaded, retry_at: None };
    assert_eq!(failure(answer!("503 Service Unavailable", r#"{"errors":[{"code":130,"message":"Over capacity"}]}"#)).await, overloaded);
    assert_eq!(failure(answer!("503 Service Unavailable", "<html>")).await, overloaded);
}

#[tokio::test]
async fn a_refusal_tells_what_it_holds_for() {
    let refused = |status, code, message: &str, scope| {
        Failure::Refused(Refusal { status, code, reason: String::new(), message: message.to_owned(), scope })
    };
    let person = answer!("403 Forbidden", r#"{"errors":[{"code":349,"message":"You cannot send messages to this user."}]}"#);
    assert_eq!(failure(person).await, refused(403, 349, "You cannot send messages to this user.", Scope::Person));
    let account = answer!("401 Unauthorized", r#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#);
    assert_eq!(failure(account).await, refused(401, 89, "Invalid or expired token.", Scope::Account));
    let media = answer!("400 Bad Request", r#"{"errors":[{"code":324,"message":"no"}]}"#);
    assert_eq!(failure(media).await, refused(400, 324, "no", Scope::Media));
    assert_eq!(failure(answer!("415 Unsupported Media Type", "")).await, refused(415, 0, "", Scope::Message));
    let moved = answer!("302 Found", "location: http://127.0.0.1:1/\r\n", "");
    assert_eq!(failure(moved).await, refused(302, 0, "", Scope::Account), "a redirect is not followed");
}

#[tokio::test]
async fn an_internal_error_leaves_doubt() {
    let internal = answer!("500 Internal Server Error", r#"{"errors":[{"code":131,"message":"Internal error"}]}"#);
    assert_eq!(failure(internal).await, Failure::Unsure(Unsure::ServerError(500)));
    assert_eq!(failure(answer!("502 Bad Gateway", "<html>")).await, Failure::Unsure(Unsure::ServerError(502)));
}

#[tokio::test]
async fn a_yes_that_cannot_be_read_leaves_doubt() {
    let unreadable = Failure::Unsure(Unsure::UnreadableAnswer);
    for answer in [answer!("200 OK", ""), answer!("200 OK", "<html>"), answer!("200 OK", r#"{"event":{}}"#)] {
        assert_eq!(failure(answer).await, unreadable);
    }
    let client = server_that(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        // The client hangs up when it has had enough.
        while stream.write_all(&[b' '; 4096]).is_ok() {}
    });
    assert_eq!(told(send(&client).await), unreadable, "an answer without end is not read to its end");
}

#[tokio::test]
async fn a_connection_that_closes_leaves_doubt() {
    let lost = |failure: &Failure| matches!(failure, Failure::Unsure(Unsure::ConnectionLost(_)));
    let before = told(send(&server_that(|_| ())).await);
    assert!(lost(&before), "{before:?}");
    let within =
        told(send(&server_that(|stream| stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{").expect("a reader"))).await);
    assert!(lost(&within), "{within:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_doubt() {
    let slow = server_that(|stream| {
        // Until the client gives up.
        let _ = stream.read(&mut [0; 1]);
    });
    let impatient = client(slow.api.as_str(), Timeouts { total: Duration::from_millis(200), ..Timeouts::default() });
    assert_eq!(told(send(&impatient).await), Failure::Unsure(Unsure::TimedOut));
}

#[tokio::test]
async fn a_server_that_is_not_there_has_taken_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let api = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let failure = told(send(&client(&api, Timeouts::default())).await);
    assert!(matches!(failure, Failure::NotTaken { cause: NotTaken::Unreachable(_), retry_at: None }), "{failure:?}");
}

#[tokio::test]
async fn messages_are_listed_page_by_page() {
    let (client, seen) = server(&[
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"events\":[],\"next_cursor\":\"a+b\"}",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"events\":[{\"id\":\"5\",\"message_create\":{\"sender_id\":\"1\",\
         \"target\":{\"recipient_id\":\"2\"},\"message_data\":{\"text\":\"hi\"}}}]}",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}",
    ]);
    let first = client.list_messages(US, None).await.expect("a page");
    assert_eq!((first.messages.len(), first.next.as_deref()), (0, Some("a+b")));
    let second = client.list_messages(US, first.next.as_deref()).await.expect("a page");
    assert_eq!((second.messages[0].message.id, second.next), (MessageId(5), None));
    assert_eq!(client.list_messages(US, None).await, Err(Failure::Unsure(Unsure::UnreadableAnswer)));
    let lines: Vec<_> = seen.try_iter().map(|seen| seen.line).collect();
    assert_eq!(lines[0], "GET /1.1/direct_messages/events/list.json?count=50 HTTP/1.1");
    assert_eq!(lines[1], "GET /1.1/direct_messages/events/list.json?count=50&cursor=a%2Bb HTTP/1.1");
}

#[tokio::test]
async fn a_token_tells_its_user() {
    let (client, seen) = server(answer!("200 OK", r#"{"id":7,"id_str":"7","name":"Ada","screen_name":"ada"}"#));
    let ada = Profile { id: UserId(7), name: "Ada".to_owned(), screen_name: "ada".to_owned() };
    assert_eq!(client.verify_credentials(US).await, Ok(ada));
    assert_eq!(seen.recv().expect("a request").line, "GET /1.1/account/verify_credentials.json HTTP/1.1");
}

#[test]
fn an_address_may_have_a_path_of_its_own() {
    let client = client("http://localhost:1/x/", Timeouts::default());
    assert_eq!(client.address("/1.1/a.json").as_str(), "http://localhost:1/x/1.1/a.json");
}

#[test]
fn a_client_with_tls_is_made_or_says_what_is_missing() {
    // Without a TLS provider this would panic; without root certificates it is an error.
    let made = Client::new(Url::parse("https://api.x.com").expect("a URL"), Timeouts::default(), Arc::new(ManualClock::at(NOW)));
    assert!(made.is_ok() || made.is_err_and(|error| error.to_string().contains("ca-certificates")));
}
