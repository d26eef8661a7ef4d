use proptest::prelude::*;

use super::*;

const DOCS: Credentials<'_> = Credentials {
    consumer_key: "xvz1evFS4wEEPTGEFPHBog",
    consumer_secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    token: Some(("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE")),
};

const OURS: Credentials<'_> = Credentials {
    consumer_key: "simkey0001",
    consumer_secret: "sim-consumer-secret-01",
    token: Some(("4503599627370601-simtoken", "sim-token-secret-01")),
};

fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Signs, checks that the server side agrees, and returns the signature.
fn signature(credentials: &Credentials<'_>, method: &str, url: &str, form: &[(String, String)], stamp: &Stamp<'_>) -> String {
    let url = Url::parse(url).expect("a URL");
    let request = Request { method, url: &url, form };
    let presented = Presented::parse(&authorization(credentials, &request, stamp)).expect("our own header");
    let token_secret = credentials.token.map_or("", |(_, secret)| secret);
    assert!(presented.verify(&request, credentials.consumer_secret, token_secret));
    presented.signature
}

#[test]
fn the_worked_example_of_the_docs_is_signed_under_each_of_its_addresses() {
    let stamp = Stamp { nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", timestamp: 1_318_622_958, ..Stamp::default() };
    let form = form(&[("status", "Hello Ladies + Gentlemen, a signed OAuth request!")]);
    for (url, expected) in [
        ("https://api.x.com/1.1/statuses/update.json", "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="),
        ("https://api.twitter.com/1.1/statuses/update.json", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="),
        ("https://api.twitter.com/1/statuses/update.json", "tnnArxj06cWHq44gCs1OSKk/jLY="),
    ] {
        assert_eq!(signature(&DOCS, "POST", &format!("{url}?include_entities=true"), &form, &stamp), expected, "{url}");
    }
}

#[test]
fn a_request_token_is_asked_for_without_a_token() {
    let app =
        Credentials { consumer_key: "GDdmIQH6jhtmLUypg82g", consumer_secret: "MCD8BKwGdgPHvAuvgvz4EQpqDAtx89grbuNMRd7Eh98", token: None };
    let stamp = Stamp {
        nonce: "QP70eNmVz8jvdPevU3oJD2AfF7R7odC2XJcn4XlZJqk",
        timestamp: 1_272_323_042,
        callback: Some("http://localhost:3005/the_dance/process_callback?service_provider_id=11"),
        verifier: None,
    };
    let signature = signature(&app, "POST", "https://api.twitter.com/oauth/request_token", &[], &stamp);
    assert_eq!(signature, "8wUi7m5HFQy76nowoCThusfgB+Q=");
}

#[test]
fn texts_are_encoded_as_rfc_3986_says() {
    for (text, encoded) in [
        ("Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"),
        ("An encoded string!", "An%20encoded%20string%21"),
        ("Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"),
        ("☃", "%E2%98%83"),
        ("-._~09azAZ", "-._~09azAZ"),
    ] {
        assert_eq!(encode(text), encoded);
    }
}

#[test]
fn our_own_vectors_are_signed() {
    let stamp = |nonce, timestamp| Stamp { nonce, timestamp, ..Stamp::default() };
    let typing = form(&[("recipient_id", "1900000000000000007")]);
    let hook = "https://api.x.com/1.1/account_activity/webhooks.json?url=https%3A%2F%2Fbot.example.org%2Fhook%3Fx%3D1";
    let new = "https://api.x.com/1.1/direct_messages/events/new.json";
    assert_eq!(signature(&OURS, "POST", new, &[], &stamp("n0nce1", 1_767_225_600)), "XSRB4ytepC2tklrxpq/Oj93KIKQ=");
    let indicate = "https://api.x.com/1.1/direct_messages/indicate_typing.json";
    assert_eq!(signature(&OURS, "POST", indicate, &typing, &stamp("n0nce2", 1_767_225_601)), "NEl36NpK/Q7xhICBZBbu32/JMec=");
    assert_eq!(signature(&OURS, "POST", hook, &[], &stamp("n0nce3", 1_767_225_602)), "IRAJA+SvvbljSEzqzSfREKGqE8E=");
    let local = "http://127.0.0.1:8080/1.1/account/verify_credentials.json";
    assert_eq!(signature(&OURS, "GET", local, &[], &stamp("n0nce4", 1_767_225_603)), "Vja9KiBt1HqdGCXkpRGmGyK14Iw=");
}

#[test]
fn a_signature_does_not_depend_on_how_the_address_is_written() {
    let stamp = Stamp { nonce: "n0nce1", timestamp: 1_767_225_600, ..Stamp::default() };
    let written = "HTTPS://someone@API.X.com:443/1.1/direct_messages/events/new.json#here";
    assert_eq!(signature(&OURS, "POST", written, &[], &stamp), "XSRB4ytepC2tklrxpq/Oj93KIKQ=");
}

#[test]
fn names_are_encoded_and_sorted_in_their_encoded_form() {
    // Raw, `:` would come after `0`, and a space before `-` only by luck.
    let url = Url::parse("https://api.x.com/?a-b=0&a-b=%3A&a%20b=1&z=&%C3%A9=2").expect("a URL");
    let request = Request { method: "GET", url: &url, form: &[] };
    let sorted = sorted_parameters(&request, &form(&[("oauth_body_hash", "h")]));
    let expected = [("%25C3%25A9", "2"), ("a%2520b", "1"), ("a-b", ":"), ("a-b", "0"), ("oauth_body_hash", "h"), ("z", "")];
    assert_eq!(sorted, form(&expected));
}

#[test]
fn a_header_written_by_somebody_else_is_understood() {
    let url = Url::parse("https://api.x.com/1.1/direct_messages/events/new.json").expect("a URL");
    let request = Request { method: "POST", url: &url, form: &[] };
    let header = "oauth realm=\"a, b\" , oauth_consumer_key=\"simkey0001\", oauth_nonce=\"n0nce1\",\
        oauth_signature=\"XSRB4ytepC2tklrxpq%2FOj93KIKQ%3D\", oauth_signature_method=\"HMAC-SHA1\",\
        oauth_timestamp=\"1767225600\", oauth_token=\"4503599627370601-simtoken\", oauth_version=\"1.0\"";
    let presented = Presented::parse(header).expect("a header");
    assert_eq!(presented.consumer_key, "simkey0001");
    assert_eq!(presented.token.as_deref(), Some("4503599627370601-simtoken"));
    assert_eq!(presented.timestamp, 1_767_225_600);
    assert!(presented.verify(&request, "sim-consumer-secret-01", "sim-token-secret-01"));
    assert!(!presented.verify(&request, "sim-consumer-secret-02", "sim-token-secret-01"));
    assert!(!presented.verify(&request, "sim-consumer-secret-01", ""));
    assert!(!presented.verify(&Request { method: "GET", ..request }, "sim-consumer-secret-01", "sim-token-secret-01"));
    assert!(!format!("{presented:?}").contains("simtoken"), "tokens stay out of logs");
}

#[test]
fn a_header_that_cannot_be_checked_says_why() {
    let all =
        "OAuth oauth_consumer_key=\"k\",oauth_nonce=\"n\",oauth_signature=\"s\",oauth_signature_method=\"HMAC-SHA1\",oauth_timestamp=\"1\"";
    assert!(Presented::parse(all).is_ok());
    for name in ["oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method", "oauth_timestamp"] {
        let without = all.replace(&format!("{name}="), "other=");
        assert_eq!(Presented::parse(&without), Err(OAuthFault::Missing(name)));
        let twice = format!("{all},{name}=\"x\"");
        assert_eq!(Presented::parse(&twice), Err(OAuthFault::Duplicate(name.to_owned())));
    }
    for (header, fault) in [
        ("", OAuthFault::NotOAuth),
        ("OAuth", OAuthFault::NotOAuth),
        ("Bearer AAAA", OAuthFault::NotOAuth),
        ("OAuth oauth_nonce=n", OAuthFault::Malformed),
        ("OAuth oauth_nonce=\"n", OAuthFault::Malformed),
        ("OAuth oauth_nonce=\"n\"; a=\"b\"", OAuthFault::Malformed),
        ("OAuth oauth_nonce=\"%ff\"", OAuthFault::Malformed),
        (&all.replace("HMAC-SHA1", "PLAINTEXT"), OAuthFault::Unsupported("oauth_signature_method")),
        (&all.replace("timestamp=\"1\"", "timestamp=\"01\""), OAuthFault::Unsupported("oauth_timestamp")),
        (&all.replace("timestamp=\"1\"", "timestamp=\"0\""), OAuthFault::Unsupported("oauth_timestamp")),
        (&format!("{all},oauth_version=\"2.0\""), OAuthFault::Unsupported("oauth_version")),
    ] {
        assert_eq!(Presented::parse(header), Err(fault), "{header}");
    }
}

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let text = || prop_oneof![any::<String>(), "[ +%&=a-c☃é\"]{0,6}".prop_map(String::from), Just("oauth_token".to_owned())];
    prop::collection::vec((text(), text()), 0..5)
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_nothing_else_does(
        query in fields(), form in fields(), nonce in ".{1,20}", timestamp in 1_u64.., verifier in prop::option::of(any::<String>()), token in any::<bool>(),
    ) {
        let mut url = Url::parse("http://127.0.0.1:8080/1.1/some%20path.json").expect("a URL");
        url.query_pairs_mut().extend_pairs(&query);
        let credentials = Credentials { token: OURS.token.filter(|_| token), ..OURS };
        let request = Request { method: "POST", url: &url, form: &form };
        let stamp = Stamp { nonce: &nonce, timestamp, callback: None, verifier: verifier.as_deref() };
        let presented = Presented::parse(&authorization(&credentials, &request, &stamp)).expect("our own header");
        prop_assert_eq!(&presented.nonce, &nonce);
        let (secret, token_secret) = (OURS.consumer_secret, "sim-token-secret-01");
        prop_assert!(presented.verify(&request, secret, token_secret));
        let more: Vec<_> = form.iter().cloned().chain([("z".to_owned(), "1".to_owned())]).collect();
        let longer = Request { form: &more, ..request };
        prop_assert!(!presented.verify(&longer, secret, token_secret));
        let later = Presented { timestamp: timestamp.wrapping_add(1).max(1), ..presented.clone() };
        prop_assert!(!later.verify(&request, secret, token_secret));
    }

    #[test]
    fn any_header_is_read_or_refused(header in any::<String>(), list in "[a-c=\", %]{0,30}") {
        let _ = Presented::parse(&header);
        let _ = Presented::parse(&format!("OAuth {list}"));
    }
}
