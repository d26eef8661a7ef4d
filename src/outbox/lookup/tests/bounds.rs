//! What is sent, and how much of what comes back is taken.

use super::*;

#[tokio::test]
async fn a_get_is_plain() {
    let body = r#"{"new":4,"depth":1.0,"big":18446744073709551615,"name":"☃"}"#;
    let stub = Stub::saying(answer("201 Created", "content-type: application/json\r\nset-cookie: a=b\r\n", body)).await;
    let lookups = lookups();
    for _ in 0..2 {
        let expected = json!({ "new": 4, "depth": 1.0, "big": u64::MAX, "name": "☃" });
        let request = get_from(&stub, "/snow?ids=7&q=caf%C3%A9%20x");
        assert_eq!(lookups.fetch(&request).await, LookupAnswer::Ok { status: 201, body: expected });
    }
    let version = concat!("junco/", env!("CARGO_PKG_VERSION"));
    for seen in stub.seen() {
        assert!(seen.starts_with("GET /snow?ids=7&q=caf%C3%A9%20x HTTP/1.1\r\n"), "{seen}");
        let mut names: Vec<_> = seen.lines().skip(1).filter_map(|line| line.split_once(": ")).collect();
        names.sort_unstable();
        let host = stub.address.to_string();
        assert_eq!(names, [("accept", "application/json, text/plain;q=0.5"), ("host", host.as_str()), ("user-agent", version)]);
    }
}

#[tokio::test]
async fn a_post_carries_json_and_its_key() {
    let stub = Stub::saying(answer("200 OK", "content-type: text/plain\r\n", "taken ☃")).await;
    let request = LookupRequest { idempotency: Some("p-7\r\nx: ☃".to_owned()), ..post_to(&stub, json!({ "qty": 2, "map": "Aspen" })) };
    assert_eq!(fetch(&request).await, ok(json!({ "text": "taken ☃" })));
    assert_eq!(fetch(&LookupRequest { body: None, ..post_to(&stub, json!(1)) }).await, ok(json!({ "text": "taken ☃" })));
    let seen = stub.seen();
    assert!(seen[0].starts_with("POST /orders HTTP/1.1\r\n"), "{}", seen[0]);
    assert!(seen[0].contains("\r\ncontent-type: application/json\r\n") && seen[0].ends_with("\r\n\r\n{\"map\":\"Aspen\",\"qty\":2}"));
    assert!(seen[0].contains("\r\nidempotency-key: p-7%0D%0Ax: %E2%98%83\r\n"), "a key cannot add a header: {}", seen[0]);
    assert!(!seen[1].contains("idempotency-key") && !seen[1].contains("content-type") && seen[1].ends_with("\r\n\r\n"), "{}", seen[1]);
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_bound() {
    let longest = format!("\"{}\"", "x".repeat((64 << 10) - 2));
    let stub = Stub::answering(vec![Some(json_answer(&longest)), Some(json_answer(&format!("{longest} ")))]).await;
    let lookups = lookups();
    assert_eq!(lookups.fetch(&get_from(&stub, "/")).await, ok(json!("x".repeat((64 << 10) - 2))));
    assert_eq!(reason(&lookups.fetch(&get_from(&stub, "/")).await), LookupFailure::TooLarge);
}

#[tokio::test]
async fn an_answer_without_end_is_not_awaited() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("a reader");
        // The client hangs up when it has had enough.
        while stream.write_all(&[b'7'; 4096]).await.is_ok() {}
    });
    let request = get(&format!("http://{address}/"), &[&address.to_string()]);
    assert_eq!(reason(&fetch(&request).await), LookupFailure::TooLarge);
    server.await.expect("the server was hung up on");
}

#[tokio::test]
async fn what_cannot_be_read_is_no_answer() {
    for unreadable in [
        answer("200 OK", "content-type: application/json\r\n", "<html>secret"),
        answer("200 OK", "", "secret"),
        answer("200 OK", "content-type: application/json\r\ncontent-encoding: gzip\r\n", "{}"),
    ] {
        let stub = Stub::saying(unreadable).await;
        let request = LookupRequest { retry: 3, ..get_from(&stub, "/?secret") };
        assert_eq!(reason(&fetch(&request).await), LookupFailure::Unreadable);
        assert_eq!(stub.calls(), 1, "it would say the same again");
    }
    let empty = Stub::saying("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned()).await;
    assert_eq!(fetch(&get_from(&empty, "/")).await, LookupAnswer::Ok { status: 204, body: Value::Null });
}

#[tokio::test]
async fn a_server_without_tls_is_not_reached_over_https() {
    let stub = Stub::saying(json_answer("{}")).await;
    let request = get(&stub.url("/?secret").replacen("http", "https", 1), &[&stub.address.to_string()]);
    assert_eq!(reason(&fetch(&request).await), LookupFailure::Unreachable);
    assert!(!stub.seen().iter().any(|seen| seen.contains("secret")), "nothing goes out in the clear");
}
