use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{AppId, Attachment, MediaKind, MessageId, Profile, Tap, Timestamp};
use crate::wire::{DirectMessage, Tie};

const US: UserId = UserId(4_503_599_627_370_601);
const ADA: UserId = UserId(1_900_000_000_000_000_007);
const FIRST: u64 = 2_006_515_713_954_545_665;

fn element(id: u64, data: Value) -> Value {
    json!({"type": "message_create", "id": id.to_string(), "created_timestamp": "1767225600123", "message_create": {
        "target": {"recipient_id": US.to_string()}, "sender_id": ADA.to_string(), "message_data": data}})
}

fn text(text: &str) -> Value {
    json!({"text": text, "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []}})
}

fn users() -> Value {
    json!({ADA.to_string(): {"id": ADA.to_string(), "created_timestamp": "1741944413000", "name": "Ada", "screen_name": "ada_example",
        "description": "R&D\r\n", "protected": false, "followers_count": 3}, US.to_string(): {"id": US.to_string(), "name": "Bot"}})
}

fn envelope(elements: Value) -> Value {
    json!({"for_user_id": US.to_string(), "direct_message_events": elements, "users": users()})
}

fn read(body: &Value) -> Delivery {
    parse(body.to_string().as_bytes()).expect("a JSON object")
}

/// The messages of a body in which nothing is odd.
fn messages(body: &Value) -> Vec<DirectMessage> {
    let delivery = read(body);
    assert_eq!(delivery.oddities, []);
    let message = |event: Event| match event.body {
        EventBody::Message(message) => message,
        other => panic!("{other:?} is no message"),
    };
    delivery.events.into_iter().map(message).collect()
}

/// The one message whose data are these.
fn message(data: Value) -> DirectMessage {
    messages(&envelope(json!([element(FIRST, data)]))).pop().expect("one message")
}

#[test]
fn a_text_arrives_whole() {
    let message = message(text("café &amp; crêpe ☃"));
    assert_eq!(message.message.id, MessageId(FIRST));
    assert_eq!(message.message.sent_at, Timestamp::from_millis(1_767_225_600_123));
    assert_eq!(message.message.text, "café & crêpe ☃");
    assert_eq!((message.message.tap.clone(), message.message.attachment.clone()), (None, None));
    assert_eq!((message.sender, message.recipient, message.source_app), (ADA, US, None));
    assert_eq!(message.sender_profile, Profile { id: ADA, name: "Ada".to_owned(), screen_name: "ada_example".to_owned() });
    assert!(!message.is_echo(US) && message.is_echo(ADA));
}

#[test]
fn an_echo_names_the_app_that_sent_it() {
    let mut body = envelope(json!([element(FIRST, text("Hello"))]));
    let create = &mut body["direct_message_events"][0]["message_create"];
    create["sender_id"] = json!(US.to_string());
    create["target"]["recipient_id"] = json!(ADA.to_string());
    create["source_app_id"] = json!("16777259");
    body["apps"] = json!({"16777259": {"id": "16777259", "name": "our-bot", "url": "https://example.org"}});
    let echo = messages(&body).remove(0);
    assert_eq!(echo.source_app, Some(AppId(16_777_259)));
    assert!(echo.is_echo(US));
    assert_eq!(echo.sender_profile.name, "Bot");
}

#[test]
fn a_tap_carries_its_metadata() {
    let tapped = |response: Value| {
        let mut data = text("Track my order");
        data["quick_reply_response"] = response;
        message(data).message.tap
    };
    let metadata = Some(r#"{"a":"&amp;"}"#.to_owned());
    assert_eq!(tapped(json!({"type": "options", "metadata": r#"{"a":"&amp;"}"#})), Some(Tap { metadata }), "metadata is not unescaped");
    assert_eq!(tapped(json!({"type": "options"})), Some(Tap { metadata: None }));
    assert_eq!(tapped(json!({"type": "location", "metadata": "pick-area"})), Some(Tap { metadata: Some("pick-area".to_owned()) }));
    assert_eq!(tapped(Value::Null), None);
}

fn media(kind: &str) -> Value {
    let mut data = text("Look: https://t.co/shop &lt; https://t.co/abcdefghij");
    data["entities"]["urls"] = json!([
        {"url": "https://t.co/shop", "expanded_url": "https://example.org/shop", "display_url": "example.org/shop", "indices": [6, 23]},
        {"url": "https://t.co/abcdefghij", "expanded_url": "https://twitter.com/messages/media/1", "display_url": "pic", "indices": [27, 50]},
    ]);
    data["attachment"] = json!({"type": "media", "media": {"id": 2_006_515_713_900_000_001_u64, "id_str": "2006515713900000001",
        "indices": [27, 50], "media_url": "http://a/1.jpg", "media_url_https": "https://a/1.jpg", "url": "https://t.co/abcdefghij",
        "display_url": "pic", "expanded_url": "https://twitter.com/messages/media/1", "type": kind, "sizes": {}}});
    data
}

#[test]
fn a_picture_is_attached_and_its_link_removed() {
    let message = message(media("photo")).message;
    assert_eq!(message.text, "Look: https://example.org/shop <");
    let picture = Attachment::Media { id: 2_006_515_713_900_000_001, kind: MediaKind::Photo, url: "https://a/1.jpg".to_owned() };
    assert_eq!(message.attachment, Some(picture));
}

#[test]
fn a_film_is_attached_by_its_best_variant() {
    for (kind, expected) in [("video", MediaKind::Video), ("animated_gif", MediaKind::AnimatedGif)] {
        let mut data = media(kind);
        data["attachment"]["media"]["video_info"] = json!({"aspect_ratio": [16, 9], "variants": [
            {"content_type": "application/x-mpegURL", "url": "https://v/list.m3u8"},
            {"bitrate": 832_000, "content_type": "video/mp4", "url": "https://v/big.mp4"},
            {"bitrate": 320_000, "content_type": "video/mp4", "url": "https://v/small.mp4"}]});
        // Without the string the number must do: it is exact past 2^53.
        data["attachment"]["media"].as_object_mut().expect("an object").remove("id_str");
        let film = Attachment::Media { id: 2_006_515_713_900_000_001, kind: expected, url: "https://v/big.mp4".to_owned() };
        assert_eq!(message(data).message.attachment, Some(film));
    }
}

#[test]
fn a_place_is_attached_longitude_first() {
    let placed = |location: Value| {
        let mut data = text("");
        data["attachment"] = json!({"type": "location", "location": location});
        message(data).message.attachment
    };
    let point =
        json!({"type": "shared_coordinate", "shared_coordinate": {"coordinates": {"type": "Point", "coordinates": [-105.27, 40.01]}}});
    assert_eq!(placed(point), Some(Attachment::Place { longitude: -105.27, latitude: 40.01, name: None }));
    let place = json!({"type": "shared_place", "shared_place": {"place": {"id": "x", "name": "Boulder", "centroid": [-105, 40.01]}}});
    assert_eq!(placed(place), Some(Attachment::Place { longitude: -105.0, latitude: 40.01, name: Some("Boulder".to_owned()) }));
}

#[test]
fn a_welcome_message_is_named() {
    let mut welcomed = element(FIRST, text("hi"));
    welcomed["initiated_via"] = json!({"tweet_id": "1", "welcome_message_id": "844385345234"});
    assert_eq!(messages(&envelope(json!([welcomed])))[0].welcome, Some(844_385_345_234));
}

#[test]
fn x_activity_says_the_same_as_account_activity() {
    let ours = messages(&envelope(json!([element(FIRST, text("hi"))])));
    let body = json!({"data": {"event_uuid": "-3577000000000000001", "filter": {"user_id": US.to_string()}, "event_type": "dm.received",
        "tag": "inbound", "payload": {"direct_message_events": [element(FIRST, text("hi"))], "users": {ADA.to_string(): {"data": {
            "id": ADA.to_string(), "username": "ada_example", "name": "Ada", "created_at": "2025-03-14T09:26:53.000Z"}}}}}});
    assert_eq!(messages(&body), ours);
    assert_eq!(read(&body).events[0].for_user, Some(US));
}

#[test]
fn x_activity_of_other_kinds_is_recognised() {
    let data = |kind: &str, payload: Value| {
        read(&json!({"data": {"filter": {"user_id": US.to_string()}, "event_type": kind, "payload": payload}}))
    };
    let revoked = data("oauth.revoke", json!({"date_time": "2026-01-02T03:04:05Z", "user_id": ADA.to_string(), "app_id": "7"}));
    assert_eq!(revoked.events[0].body, EventBody::Revoked { user: ADA, app: Some(AppId(7)) });
    for (kind, payload) in
        [("chat.received", json!({"encoded_event": "AAAA"})), ("dm.read", json!({"odd": 1})), ("profile.update.bio", json!({}))]
    {
        let delivery = data(kind, payload);
        let unknown = Event { for_user: Some(US), body: EventBody::Unknown { kind: kind.to_owned() } };
        assert_eq!((delivery.events, delivery.oddities), (vec![unknown], vec![]), "{kind}");
    }
}

#[test]
fn every_kind_of_the_contract_is_recognised() {
    let from =
        |sender: &str| json!({"created_timestamp": "1767225601456", "sender_id": sender, "target": {"recipient_id": US.to_string()}});
    let mut read_event = from("7");
    read_event["last_read_event_id"] = json!(FIRST.to_string());
    let user = |id: u64| json!({"id": id.to_string(), "screen_name": "x", "created_at": "Sat Mar 14 09:26:53 +0000 2015"});
    let change = |tie: &str| json!({"type": tie, "created_timestamp": "1767225603000", "target": user(7), "source": user(8)});
    let untyped = json!({"created_timestamp": "1767225603000", "target": user(7), "source": user(8)});
    let post = json!({"id": 9_007_199_254_740_993_u64, "id_str": "9007199254740993", "text": "hi", "user": {"id": 7, "id_str": "7"}});
    let source = Profile { id: UserId(8), name: String::new(), screen_name: "x".into() };
    let tie = |tie| EventBody::Tie { tie, at: Timestamp::from_millis(1_767_225_603_000), source: source.clone(), target: UserId(7) };
    for (key, value, expected) in [
        ("direct_message_indicate_typing_events", json!([from("7")]), EventBody::Typing { sender: UserId(7), recipient: US }),
        (
            "direct_message_mark_read_events",
            json!([read_event]),
            EventBody::Read { sender: UserId(7), recipient: US, last_read: MessageId(FIRST) },
        ),
        ("tweet_create_events", json!([post]), EventBody::PostCreated { id: 9_007_199_254_740_993, author: UserId(7) }),
        (
            "tweet_delete_events",
            json!([{"status": {"id": "9", "user_id": "7"}, "timestamp_ms": "1767225603000"}]),
            EventBody::PostDeleted { id: 9, author: UserId(7) },
        ),
        (
            "favorite_events",
            json!([{"id": "0f", "created_at": "x", "timestamp_ms": 1, "favorited_status": post, "user": user(8)}]),
            EventBody::Favorite { post: 9_007_199_254_740_993, by: UserId(8) },
        ),
        ("follow_events", json!([change("follow")]), tie(Tie::Follow)),
        ("follow_events", json!([change("unfollow")]), tie(Tie::Unfollow)),
        ("block_events", json!([change("block")]), tie(Tie::Block)),
        ("block_events", json!([change("unblock")]), tie(Tie::Unblock)),
        ("mute_events", json!([change("mute")]), tie(Tie::Mute)),
        ("mute_events", json!([change("unmute")]), tie(Tie::Unmute)),
        ("unmute_events", json!([untyped]), tie(Tie::Unmute)),
        (
            "user_event",
            json!({"revoke": {"date_time": "2026-01-02T03:04:05+00:00", "target": {"app_id": "16777259"}, "source": {"user_id": "7"}}}),
            EventBody::Revoked { user: UserId(7), app: Some(AppId(16_777_259)) },
        ),
        ("user_event", json!({"other": {}}), EventBody::Unknown { kind: "user_event".to_owned() }),
        (
            "replay_job_status",
            json!({"webhook_id": "1", "job_state": "Incomplete", "job_state_description": "Job failed", "job_id": "2"}),
            EventBody::ReplayJob { job: 2, complete: false },
        ),
        ("tweet_edit_events", json!([{}, {}]), EventBody::Unknown { kind: "tweet_edit_events".to_owned() }),
    ] {
        let delivery = read(&json!({"for_user_id": US.to_string(), key: value}));
        assert_eq!(delivery.oddities, [], "{key}");
        assert_eq!(delivery.events, [Event { for_user: Some(US), body: expected }], "{key}");
    }
}

#[test]
fn a_message_event_of_another_type_is_unknown() {
    let delivery = read(&envelope(json!([{"type": "participants_join", "id": "1"}, element(FIRST, text("hi"))])));
    assert_eq!(delivery.events[0].body, EventBody::Unknown { kind: "direct_message_events.participants_join".to_owned() });
    assert_eq!((delivery.events.len(), delivery.oddities.len()), (2, 0));
}

#[test]
fn any_mix_in_one_body_keeps_its_order() {
    // Written by hand: the order of the members is what is tested.
    let typing = r#"[{"sender_id":"7","target":{"recipient_id":"1"}}]"#;
    let one = |id: u64| {
        format!(
            r#"{{"type":"message_create","id":"{id}","message_create":{{"target":{{"recipient_id":"1"}},"sender_id":"7","message_data":{{"text":"{id}"}}}}}}"#
        )
    };
    let body = format!(
        r#"{{"direct_message_indicate_typing_events":{typing},"direct_message_events":[{},{}],"data":{{"event_type":"x.y","payload":{{}}}},
           "block_events":[],"direct_message_events":[{}],"for_user_id":1,"a":null}}"#,
        one(30),
        one(20),
        one(10)
    );
    let delivery = parse(body.as_bytes()).expect("a JSON object");
    assert_eq!(delivery.oddities, []);
    let names: Vec<_> = delivery.events.iter().map(|event| event.body.kind()).collect();
    assert_eq!(names, ["typing", "message", "message", "x.y", "message", "a"]);
    let ids = delivery.events.iter().filter_map(|event| match &event.body {
        EventBody::Message(message) => Some(message.message.id.0),
        _ => None,
    });
    assert_eq!(ids.collect::<Vec<_>>(), [30, 20, 10]);
    assert_eq!(delivery.events[0].for_user, Some(UserId(1)), "it names the user although it comes last");
}

#[test]
fn numbers_do_for_strings_and_the_id_for_the_time() {
    let body = json!({"for_user_id": US.0, "direct_message_events": [{"id": FIRST, "message_create": {
        "target": {"recipient_id": US.0}, "sender_id": ADA.0, "source_app_id": 7, "message_data": {"text": 42}}}]});
    let message = messages(&body).remove(0);
    assert_eq!((message.message.id, message.recipient, message.sender), (MessageId(FIRST), US, ADA));
    assert_eq!(message.message.sent_at, Timestamp::from_millis(1_767_225_600_123));
    assert_eq!((message.message.text.as_str(), message.source_app), ("42", Some(AppId(7))));
    assert_eq!(message.sender_profile, Profile::unknown(ADA));
}

#[test]
fn odd_maps_of_users_and_apps_are_no_obstacle() {
    for odd in
        [json!(null), json!([]), json!("x"), json!({ADA.to_string(): 5}), json!({ADA.to_string(): {"name": {}}}), json!({"users": {}})]
    {
        let mut body = envelope(json!([element(FIRST, text("hi"))]));
        body["users"] = odd.clone();
        body["apps"] = odd.clone();
        assert_eq!(messages(&body)[0].sender_profile, Profile::unknown(ADA), "{odd}");
    }
}

#[test]
fn a_bad_element_is_kept_as_an_oddity_and_the_rest_is_handled() {
    let good = || element(FIRST, text("hi"));
    for (pointer, value, place, reason) in [
        ("", json!("secret"), "direct_message_events[1]", "expected an object"),
        ("/id", Value::Null, "direct_message_events[1]", "missing field `id`"),
        ("/id", json!("secret"), "direct_message_events[1]", "expected a decimal number of 64 bits"),
        ("/id", json!(-1), "direct_message_events[1]", "expected a decimal number of 64 bits"),
        ("/message_create", json!("secret, expected "), "direct_message_events[1].message_create", "expected an object"),
        ("/message_create/target", json!({}), "direct_message_events[1].message_create", "missing field `recipient_id`"),
        ("/message_create/message_data/text", json!(["secret"]), "direct_message_events[1].message_create", "expected a string"),
        (
            "/message_create/target/recipient_id",
            json!("5"),
            "direct_message_events[1].message_create",
            "neither from nor to the subscribed user",
        ),
    ] {
        let mut bad = good();
        *bad.pointer_mut(pointer).expect("a place in the element") = value;
        let delivery = read(&envelope(json!([good(), bad, good()])));
        assert_eq!(delivery.events.len(), 2, "{pointer}");
        let oddity = Oddity { kind: "direct_message_events".to_owned(), place: place.to_owned(), reason: reason.to_owned() };
        assert_eq!(delivery.oddities, [oddity], "{pointer}");
    }
}

#[test]
fn an_odd_extra_costs_only_itself() {
    for (field, value) in [
        ("entities", json!(5)),
        ("entities", json!({"urls": [{"expanded_url": "secret"}]})),
        ("quick_reply_response", json!("secret")),
        ("attachment", json!({"type": "media", "media": {"type": "hologram"}})),
        ("attachment", json!([])),
    ] {
        let mut data = text("hi");
        data[field] = value.clone();
        let delivery = read(&envelope(json!([element(FIRST, data)])));
        assert_eq!(delivery.events.len(), 1, "{value}");
        assert_eq!(delivery.oddities.len(), 1, "{value}");
        assert_eq!(delivery.oddities[0].place, format!("direct_message_events[0].{field}"));
        assert!(!delivery.oddities[0].reason.contains("secret"), "{:?}", delivery.oddities);
    }
}

#[test]
fn an_odd_envelope_costs_only_itself() {
    let typing = json!([{"sender_id": "7", "target": {"recipient_id": "8"}}]);
    for (key, value) in [
        ("for_user_id", json!("not_existing")),
        ("direct_message_events", json!({})),
        ("data", json!([])),
        ("data", json!({"event_type": "dm.received"})),
        ("data", json!({"event_type": "dm.received", "payload": []})),
        ("data", json!({"event_type": "oauth.revoke", "payload": {}})),
        ("data", json!({"filter": 5, "payload": {"follow_events": []}})),
        ("replay_job_status", json!([])),
    ] {
        let delivery = read(&json!({"direct_message_indicate_typing_events": typing, key: value}));
        assert_eq!(delivery.oddities.len(), 1, "{key} {:?}", delivery.oddities);
        assert!(delivery.events.iter().any(|event| event.body.kind() == "typing"), "{key}");
    }
}

#[test]
fn what_is_no_json_object_is_unreadable() {
    let whole = envelope(json!([element(FIRST, text("hi"))])).to_string();
    for cut in 0..whole.len() {
        assert!(matches!(parse(&whole.as_bytes()[..cut]), Err(Unreadable::NotAnObject(_))), "cut at {cut}");
    }
    for bad in ["[]", "null", "\"secret\"", "5", "{} {}", "{\"a\":\"\0\"}", "\0", "{'a':1}"] {
        let error = parse(bad.as_bytes()).expect_err(bad).to_string();
        assert!(!error.contains("secret"), "{error}");
    }
    assert_eq!(parse(b"{\"a\":\"\xff\"}"), Err(Unreadable::NotUtf8));
    assert_eq!(parse(b"{}"), Ok(Delivery::default()));
}

#[test]
fn deep_nesting_and_nul_characters_do_no_harm() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let body = format!(r#"{{"for_user_id":"1","deep":{deep},"users":{deep},"direct_message_events":[{deep},{{"id":{deep}}}]}}"#);
    let delivery = parse(body.as_bytes()).expect("a JSON object");
    assert_eq!((delivery.events.len(), delivery.oddities.len()), (1, 2));
    assert!(parse(deep.as_bytes()).is_err());
    assert_eq!(message(text("a\0b")).message.text, "a\0b");
}

#[test]
fn a_long_name_is_not_kept_whole() {
    let delivery = read(&json!({"é".repeat(100_000): 1}));
    assert_eq!(delivery.events[0].body.kind(), "é".repeat(64));
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), found)),
        Value::Array(elements) => elements.iter().enumerate().for_each(|(i, value)| places(value, &format!("{at}/{i}"), found)),
        _ => {}
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{0,8}", inner, 0..3).prop_map(|map| json!(map))
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), value in any_value()) {
        let _ = parse(&bytes);
        let _ = parse(json!({"for_user_id": value, "direct_message_events": [value], "data": value, "users": value}).to_string().as_bytes());
    }

    #[test]
    fn one_mutated_field_costs_no_other_event(pick in any::<prop::sample::Index>(), value in any_value()) {
        let mut middle = element(FIRST + 1, media("photo"));
        middle["message_create"]["message_data"]["quick_reply_response"] = json!({"type": "options", "metadata": "m"});
        let mut found = Vec::new();
        places(&middle, "", &mut found);
        let place = pick.get(&found);
        *middle.pointer_mut(place).expect("a place in the element") = value;
        let (first, last) = (element(FIRST, text("first")), element(FIRST + 2, text("last")));
        let body = json!({"for_user_id": US.to_string(), "direct_message_events": [first, middle, last], "users": users(),
            "follow_events": [{"type": "follow", "source": {"id": "7"}, "target": {"id": "8"}}]});
        let events = read(&body).events;
        let texts: Vec<_> = events.iter().filter_map(|event| match &event.body {
            EventBody::Message(message) => Some(message.message.text.as_str()),
            _ => None,
        }).collect();
        prop_assert!(texts.first() == Some(&"first") && texts.last() == Some(&"last"), "{place}: {texts:?}");
        prop_assert!(events.iter().any(|event| event.body.kind() == "follow"), "{place}");
    }
}
