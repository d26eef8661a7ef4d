//! Trying again, and not asking again.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn failing(status: &str) -> Answering {
    Some(answer(status, "", "secret"))
}

fn fine() -> Answering {
    Some(json_answer("7"))
}

#[tokio::test]
async fn a_get_is_tried_again_while_there_is_hope() {
    for first in [failing("500 Internal Server Error"), failing("503 Busy"), failing("429 Too Many Requests"), Some(String::new())] {
        let stub = Stub::answering(vec![first.clone(), fine()]).await;
        let request = LookupRequest { retry: 1, ..get_from(&stub, "/?secret") };
        assert_eq!(fetch(&request).await, ok(json!(7)), "{first:?}");
        assert_eq!(stub.calls(), 2);
        let stub = Stub::answering(vec![first, fine()]).await;
        assert!(matches!(fetch(&get_from(&stub, "/")).await, LookupAnswer::Failed { .. }), "nobody asked for a retry");
        assert_eq!(stub.calls(), 1);
    }
    for last in ["404 Not Found", "400 Bad Request", "304 Not Modified"] {
        let stub = Stub::answering(vec![failing(last), fine()]).await;
        let request = LookupRequest { retry: 3, ..get_from(&stub, "/?secret") };
        let told = fetch(&request).await;
        assert_eq!(reason(&told), LookupFailure::Refused);
        let LookupAnswer::Failed { detail, .. } = told else { panic!("a failure") };
        assert!(detail.ends_with(&format!("HTTP {}", &last[..3])), "{detail}");
        assert_eq!(stub.calls(), 1, "{last}");
    }
    let stub = Stub::saying(answer("500 Oh", "", "")).await;
    assert_eq!(reason(&fetch(&LookupRequest { retry: 2, ..get_from(&stub, "/") }).await), LookupFailure::Refused);
    assert_eq!(stub.calls(), 3);
}

#[tokio::test]
async fn a_post_is_tried_again_only_under_a_key() {
    let stub = Stub::answering(vec![failing("500 Oh"), fine()]).await;
    let bare = LookupRequest { retry: 3, ..post_to(&stub, json!({})) };
    assert_eq!(reason(&fetch(&bare).await), LookupFailure::Refused);
    assert_eq!(stub.calls(), 1);
    let stub = Stub::answering(vec![failing("500 Oh"), fine()]).await;
    let keyed = LookupRequest { retry: 3, idempotency: Some("p-7".to_owned()), ..post_to(&stub, json!({})) };
    assert_eq!(fetch(&keyed).await, ok(json!(7)));
    assert!(stub.seen().iter().all(|seen| seen.contains("\r\nidempotency-key: p-7\r\n")) && stub.calls() == 2);
    let elsewhere = Stub::saying(json_answer("7")).await;
    let moving = Stub::saying(moved_to(&elsewhere.url("/"))).await;
    let allow = vec![moving.address.to_string(), elsewhere.address.to_string()];
    assert_eq!(reason(&fetch(&LookupRequest { allow, ..post_to(&moving, json!({})) }).await), LookupFailure::Refused);
    assert_eq!(elsewhere.calls(), 0, "a post is not repeated elsewhere");
}

#[tokio::test]
async fn a_server_that_wants_to_be_left_alone_for_long_is_not_tried_again() {
    let busy = |seconds: u32| Some(answer("503 Busy", &format!("retry-after: {seconds}\r\n"), ""));
    for (seconds, calls) in [(0, 2), (21, 1)] {
        let stub = Stub::answering(vec![busy(seconds), fine()]).await;
        fetch(&LookupRequest { retry: 1, ..get_from(&stub, "/") }).await;
        assert_eq!(stub.calls(), calls, "{seconds}");
    }
}

#[tokio::test]
async fn silence_ends_with_the_timeout() {
    let stub = Stub::answering(vec![None, None, fine()]).await;
    let request = LookupRequest { timeout: Duration::from_millis(100), retry: 1, ..get_from(&stub, "/?secret") };
    assert_eq!(reason(&fetch(&request).await), LookupFailure::Timeout);
    assert_eq!(stub.calls(), 2, "each try has the whole time");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let request = get(&format!("http://{address}/?secret"), &[&address.to_string()]);
    assert_eq!(reason(&fetch(&request).await), LookupFailure::Unreachable);
}

#[tokio::test]
async fn an_answer_serves_again_while_it_is_young() {
    let stub = Stub::answering(vec![Some(json_answer("1")), Some(json_answer("2"))]).await;
    let clock = Arc::new(ManualClock::at(NOON));
    let lookups = Lookups::new(clock.clone());
    let request = LookupRequest { cache: Some(MINUTE), ..get_from(&stub, "/snow") };
    for _ in 0..2 {
        assert_eq!(lookups.fetch(&request).await, ok(json!(1)));
        clock.advance(MINUTE);
    }
    assert_eq!(lookups.fetch(&request).await, ok(json!(2)));
    let uncached = LookupRequest { cache: None, ..request.clone() };
    assert_eq!(lookups.fetch(&uncached).await, ok(json!(2)));
    assert_eq!(stub.calls(), 3);
    let stranger = LookupRequest { allow: vec![], ..request };
    assert_eq!(reason(&lookups.fetch(&stranger).await), LookupFailure::NotAllowed, "the list comes before the cache");
    let post = LookupRequest { cache: Some(MINUTE), ..post_to(&stub, json!({})) };
    lookups.fetch(&post).await;
    lookups.fetch(&post).await;
    assert_eq!(stub.calls(), 5, "a post is never served from the cache");
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let stub = Stub::answering(vec![failing("500 Oh"), fine()]).await;
    let lookups = lookups();
    let request = LookupRequest { cache: Some(MINUTE), ..get_from(&stub, "/") };
    assert_eq!(reason(&lookups.fetch(&request).await), LookupFailure::Refused);
    assert_eq!(lookups.fetch(&request).await, ok(json!(7)));
}

#[tokio::test]
async fn the_same_question_at_the_same_time_is_asked_once() {
    let stub = Stub::saying(json_answer("7")).await;
    let lookups = lookups();
    let request = LookupRequest { cache: Some(MINUTE), ..get_from(&stub, "/") };
    let other = LookupRequest { cache: Some(MINUTE), ..get_from(&stub, "/other") };
    // One that nobody waits for any more takes nobody with it.
    assert!(lookups.fetch(&request).now_or_never().is_none());
    let many = futures_util::future::join_all((0..50).map(|_| lookups.fetch(&request)));
    let (answers, aside) = tokio::join!(many, lookups.fetch(&other));
    assert!(answers.into_iter().chain([aside]).all(|answer| answer == ok(json!(7))));
    assert_eq!(stub.calls(), 2);
    assert!(locked(&lookups.under_way).is_empty());
}
