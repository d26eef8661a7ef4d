//! Who may be asked: the list, private addresses, redirects.

use super::*;

/// A lookup of one stub by names of our own.
async fn by_name(names: &Arc<Names>, request: &LookupRequest) -> LookupAnswer {
    Lookups::with_resolver(Arc::new(ManualClock::at(NOON)), names.clone()).fetch(request).await
}

#[tokio::test]
async fn only_what_is_on_the_list_is_asked() {
    let stub = Stub::saying(json_answer("{}")).await;
    let url = stub.url("/?secret");
    for (url, allow) in [
        (url.as_str(), &[][..]),
        (&url, &["127.0.0.1"]),
        (&url, &["127.0.0.2:1", "feeds.example", "", "*"]),
        ("file:///etc/secret", &["127.0.0.1"]),
        ("ftp://feeds.example/", &["feeds.example:21"]),
        ("http://169.254.169.254/secret", &["feeds.example"]),
    ] {
        assert_eq!(reason(&fetch(&get(url, allow)).await), LookupFailure::NotAllowed, "{url}");
    }
    assert_eq!(reason(&fetch(&get("/secret", &["127.0.0.1"])).await), LookupFailure::Unreadable);
    assert_eq!(stub.calls(), 0);
    assert_eq!(fetch(&get_from(&stub, "/")).await, ok(json!({})));
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused() {
    let stub = Stub::saying(json_answer("{}")).await;
    let port = stub.address.port();
    let names = Names::knowing(&[
        ("inside.example", &[&["10.0.0.1"]]),
        ("home.example", &[&["127.0.0.1"]]),
        ("mixed.example", &[&["1.1.1.1", "127.0.0.1"]]),
        ("mapped.example", &[&["::ffff:127.0.0.1"]]),
        ("localhost", &[&["127.0.0.1"]]),
        ("nowhere.example", &[&[]]),
    ]);
    for name in ["inside.example", "home.example", "mixed.example", "mapped.example"] {
        let host = format!("{name}:{port}");
        let request = LookupRequest { retry: 3, ..get(&format!("http://{host}/?secret"), &[&host]) };
        assert_eq!(reason(&by_name(&names, &request).await), LookupFailure::NotAllowed, "{name}");
        let beside = get(&request.url, &[&host, &format!("10.0.0.2:{port}"), &format!("localhost:{port}"), "127.0.0.1"]);
        assert_eq!(reason(&by_name(&names, &beside).await), LookupFailure::NotAllowed, "{name}: other addresses and ports may be asked");
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 8, "a refusal is final");
    for name in ["nowhere.example", "unknown.example"] {
        let host = format!("{name}:{port}");
        assert_eq!(reason(&by_name(&names, &get(&format!("http://{host}/"), &[&host])).await), LookupFailure::Unreachable, "{name}");
    }
    assert_eq!(stub.calls(), 0);
    // The author says so: the address itself is on the list, or the name is the machine's own.
    let home = format!("home.example:{port}");
    assert_eq!(by_name(&names, &get(&format!("http://{home}/"), &[&home, &stub.address.to_string()])).await, ok(json!({})));
    let local = format!("localhost:{port}");
    assert_eq!(by_name(&names, &get(&format!("http://{local}/"), &[&local])).await, ok(json!({})));
}

#[tokio::test]
async fn a_name_that_changes_its_address_gains_nothing() {
    let stub = Stub::saying(json_answer("{}")).await;
    let names = Names::knowing(&[("feeds.example", &[&["127.0.0.1"], &["127.0.0.2"]])]);
    let host = format!("feeds.example:{}", stub.address.port());
    // Only the first of the two addresses may be asked.
    let request = get(&format!("http://{host}/"), &[&host, &stub.address.to_string()]);
    let lookups = Lookups::with_resolver(Arc::new(ManualClock::at(NOON)), names.clone());
    assert_eq!(lookups.fetch(&request).await, ok(json!({})));
    assert_eq!(names.asked.load(Ordering::SeqCst), 1, "what was checked is what was connected to");
    assert_eq!(reason(&lookups.fetch(&request).await), LookupFailure::NotAllowed);
    assert_eq!(stub.calls(), 1);
}

#[tokio::test]
async fn redirects_are_followed_where_they_may_lead() {
    let end = Stub::saying(json_answer("[1]")).await;
    let two = Stub::answering(vec![Some(moved_to("/b")), Some(moved_to(&end.url("/c")))]).await;
    let start = Stub::saying(moved_to(&two.url("/a"))).await;
    let allow = [&start, &two, &end].map(|stub| stub.address.to_string());
    let allow: Vec<&str> = allow.iter().map(String::as_str).collect();
    assert_eq!(fetch(&get(&start.url("/"), &allow)).await, ok(json!([1])));
    assert!(two.seen()[1].starts_with("GET /b HTTP/1.1\r\n"), "a relative address counts from where it stands");
    assert_eq!((start.calls(), two.calls(), end.calls()), (1, 2, 1));

    let circle = Stub::saying(moved_to("/?secret")).await;
    let around = LookupRequest { retry: 2, ..get_from(&circle, "/") };
    assert_eq!(reason(&fetch(&around).await), LookupFailure::Refused);
    assert_eq!(circle.calls(), 4);
    let lost = Stub::saying(answer("302 Found", "", "")).await;
    assert_eq!(reason(&fetch(&get_from(&lost, "/")).await), LookupFailure::Refused);
}

#[tokio::test]
async fn redirects_lead_to_nothing_private() {
    let end = Stub::saying(json_answer("{}")).await;
    let start = Stub::saying(moved_to(&end.url("/secret"))).await;
    assert_eq!(reason(&fetch(&get_from(&start, "/")).await), LookupFailure::NotAllowed, "another port of the same address");
    let names = Names::knowing(&[("inside.example", &[&["127.0.0.1"]])]);
    let host = format!("inside.example:{}", end.address.port());
    let named = Stub::saying(moved_to(&format!("http://{host}/secret"))).await;
    let request = get(&named.url("/"), &[&named.address.to_string(), &host]);
    assert_eq!(reason(&by_name(&names, &request).await), LookupFailure::NotAllowed, "a name that is on the list, but leads inside");
    assert_eq!(end.calls(), 0);
    let file = Stub::saying(moved_to("file:///etc/passwd")).await;
    assert_eq!(reason(&fetch(&get_from(&file, "/")).await), LookupFailure::NotAllowed);
}
