//! Every call that has no page of its own: method, path, body, and what is made of the answer.

use super::*;
use crate::client::{Among, DownloadFailure};
use crate::model::MediaType;

macro_rules! told {
    ($body:literal) => {
        concat!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", $body)
    };
}

/// The lines and bodies that were seen; those of a user are all signed.
fn asked(client: Client, seen: mpsc::Receiver<Seen>) -> Vec<String> {
    drop(client);
    seen.try_iter()
        .map(|seen| {
            assert!(seen.header("authorization") == "Bearer hush" || is_signed(&seen), "{}", seen.line);
            format!("{} {}", seen.line.trim_end_matches(" HTTP/1.1"), seen.body).trim_end().to_owned()
        })
        .collect()
}

fn hi() -> Outgoing {
    Outgoing { text: "Hi".to_owned(), ..Outgoing::default() }
}

#[tokio::test]
async fn a_message_is_shown_and_destroyed() {
    let (client, seen) = server(&[
        told!(r#"{"event":{"id":"5","message_create":{"sender_id":"1","target":{"recipient_id":"2"},"message_data":{"text":"hi"}}}}"#),
        EMPTY,
        "HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n{\"errors\":[{\"code\":93,\"message\":\"no\"}]}",
    ]);
    let shown = client.show_message(US, MessageId(5)).await.expect("a message");
    assert_eq!((shown.message.id, shown.recipient), (MessageId(5), UserId(2)));
    assert_eq!(client.destroy_message(US, MessageId(5)).await, Ok(()));
    assert_eq!(client.show_message(US, MessageId(5)).await.expect_err("not ours to see").remedy(), Remedy::Permission);
    let path = "/1.1/direct_messages/events";
    let expected = [format!("GET {path}/show.json?id=5"), format!("DELETE {path}/destroy.json?id=5"), format!("GET {path}/show.json?id=5")];
    assert_eq!(asked(client, seen), expected);
}

#[tokio::test]
async fn welcome_messages_and_their_rules_are_kept() {
    let (client, seen) = server(&[
        told!(r#"{"welcome_message":{"id":"5","name":"n","message_data":{"text":"Hi"}},"apps":{}}"#),
        told!(r#"{"welcome_message":{"id":"5","message_data":{"text":"Hi"}}}"#),
        told!(r#"{"welcome_messages":[{"id":"5","message_data":{"text":"Hi"}}],"next_cursor":"a+b"}"#),
        told!(r#"{"welcome_messages":[{"id":"6","message_data":{"text":"Ho"}}]}"#),
        told!("{}"),
        told!(r#"{"welcome_message":{"id":"5","message_data":{"text":"Hi"}}}"#),
        EMPTY,
        told!(r#"{"welcome_message_rule":{"id":"9","created_timestamp":"1","welcome_message_id":"5"}}"#),
        told!(r#"{"welcome_message_rule":{"id":"9","welcome_message_id":"5"}}"#),
        told!(r#"{"welcome_message_rules":[{"id":"9","welcome_message_id":"5"}]}"#),
        EMPTY,
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n{\"errors\":[{\"code\":214,\"message\":\"Owner must allow dms from anyone.\"}]}",
    ]);
    let made = client.new_welcome(US, Some("n"), &hi(), Some(8)).await.expect("a message");
    assert_eq!((made.id, made.name.as_str(), &made.message), (5, "n", &hi()));
    assert_eq!(client.show_welcome(US, 5).await.expect("a message").id, 5);
    let ids = |list: Vec<crate::client::WelcomeMessage>| list.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(client.list_welcomes(US).await.expect("a list")), [5, 6]);
    assert_eq!(ids(client.list_welcomes(US).await.expect("a list")), [0; 0], "an empty list has no name");
    assert_eq!(client.update_welcome(US, 5, &hi(), None).await.expect("a message").id, 5);
    assert_eq!(client.destroy_welcome(US, 5).await, Ok(()));
    assert_eq!(client.new_welcome_rule(US, 5).await.expect("a rule").id, 9);
    assert_eq!(client.show_welcome_rule(US, 9).await.expect("a rule").welcome_message, 5);
    assert_eq!(client.list_welcome_rules(US).await.expect("a list").len(), 1);
    assert_eq!(client.destroy_welcome_rule(US, 9).await, Ok(()));
    assert_eq!(client.new_welcome(US, None, &hi(), None).await.expect_err("closed").remedy(), Remedy::Open);
    let path = "/1.1/direct_messages/welcome_messages";
    let data = r#""message_data":{"text":"Hi"}"#;
    let with_media = r#""message_data":{"text":"Hi","attachment":{"type":"media","media":{"id":"8"}}}"#;
    assert_eq!(
        asked(client, seen),
        [
            format!(r#"POST {path}/new.json {{"welcome_message":{{"name":"n",{with_media}}}}}"#),
            format!("GET {path}/show.json?id=5"),
            format!("GET {path}/list.json?count=50"),
            format!("GET {path}/list.json?count=50&cursor=a%2Bb"),
            format!("GET {path}/list.json?count=50"),
            format!("PUT {path}/update.json?id=5 {{{data}}}"),
            format!("DELETE {path}/destroy.json?id=5"),
            format!(r#"POST {path}/rules/new.json {{"welcome_message_rule":{{"welcome_message_id":"5"}}}}"#),
            format!("GET {path}/rules/show.json?id=9"),
            format!("GET {path}/rules/list.json?count=50"),
            format!("DELETE {path}/rules/destroy.json?id=9"),
            format!(r#"POST {path}/new.json {{"welcome_message":{{{data}}}}}"#),
        ]
    );
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    const LOOP: &str = told!(r#"{"welcome_messages":[],"next_cursor":"5"}"#);
    let (client, seen) = server(&[LOOP; 15]);
    assert_eq!(client.list_welcomes(US).await, Err(Failure::Unsure(Unsure::UnreadableAnswer)));
    assert_eq!(asked(client, seen).len(), 15);
}

#[tokio::test]
async fn custom_profiles_are_kept() {
    let (client, seen) = server(&[
        told!(r#"{"custom_profile":{"id":"5","name":"Jon"}}"#),
        told!(r#"{"custom_profile":{"id":"5","name":"Jon"}}"#),
        told!(r#"{"custom_profiles":[{"id":"5","name":"Jon"}]}"#),
        EMPTY,
    ]);
    assert_eq!(client.new_profile(US, "Jon", 8).await.expect("a profile").id, 5);
    assert_eq!(client.show_profile(US, 5).await.expect("a profile").name, "Jon");
    assert_eq!(client.list_profiles(US).await.expect("a list").len(), 1);
    assert_eq!(client.destroy_profile(US, 5).await, Ok(()));
    assert_eq!(
        asked(client, seen),
        [
            r#"POST /1.1/custom_profiles/new.json {"custom_profile":{"avatar":{"media":{"id":"8"}},"name":"Jon"}}"#,
            "GET /1.1/custom_profiles/5.json",
            "GET /1.1/custom_profiles/list.json?count=50",
            "DELETE /1.1/custom_profiles/destroy.json?id=5",
        ]
    );
}

#[tokio::test]
async fn a_post_is_found_liked_and_unliked() {
    let token = Secret::new("hush");
    let newer = Auth::OAuth2(&token);
    let (client, seen) = server(&[
        told!(r#"[{"id":9,"id_str":"9"}]"#),
        told!(r#"{"id_str":"9"}"#),
        told!(r#"{"id_str":"9"}"#),
        told!(r#"{"data":[{"id":"9"}]}"#),
        told!(r#"{"data":{"liked":true}}"#),
        told!(r#"{"data":{"liked":false}}"#),
    ]);
    assert_eq!(client.posts(US, UserId(7)).await, Ok(vec![9]));
    assert_eq!(client.like(US, 9).await, Ok(()));
    assert_eq!(client.unlike(US, 9).await, Ok(()));
    assert_eq!(client.posts_v2(newer, UserId(7)).await, Ok(vec![9]));
    assert_eq!(client.like_v2(newer, UserId(7), 9).await, Ok(()));
    assert_eq!(client.unlike_v2(newer, UserId(7), 9).await, Ok(()));
    assert_eq!(
        asked(client, seen),
        [
            "GET /1.1/statuses/user_timeline.json?user_id=7&count=5",
            "POST /1.1/favorites/create.json id=9",
            "POST /1.1/favorites/destroy.json id=9",
            "GET /2/users/7/tweets?max_results=5",
            r#"POST /2/users/7/likes {"tweet_id":"9"}"#,
            "DELETE /2/users/7/likes/9",
        ]
    );
}

#[tokio::test]
async fn messages_of_v2_are_sent_listed_and_deleted() {
    let token = Secret::new("hush");
    let newer = Auth::OAuth2(&token);
    const TAKEN: &str =
        "HTTP/1.1 201 Created\r\nconnection: close\r\n\r\n{\"data\":{\"dm_conversation_id\":\"7-9\",\"dm_event_id\":\"5\"}}";
    const NONE: &str = told!(r#"{"meta":{"result_count":0}}"#);
    let (client, seen) = server(&[
        TAKEN,
        TAKEN,
        TAKEN,
        told!(r#"{"data":{"deleted":true}}"#),
        NONE,
        NONE,
        NONE,
        "HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n{\"detail\":\"You do not have permission to DM one or more participants.\",\
         \"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403}",
    ]);
    let sent = client.send_to(newer, UserId(9), "hi", Some(8)).await.expect("taken");
    assert_eq!((sent.id, sent.conversation.as_str()), (MessageId(5), "7-9"));
    assert_eq!(client.send_into(Auth::User(US), "7-9/x", "hi", None).await.expect("taken").id, MessageId(5));
    assert_eq!(client.new_group(newer, &[UserId(7), UserId(8)], "hi", None).await.expect("taken").id, MessageId(5));
    assert_eq!(client.delete_message(newer, MessageId(5)).await, Ok(()));
    for among in [Among::All, Among::With(UserId(9)), Among::Conversation("7-9")] {
        let cursor = matches!(among, Among::All).then_some("c");
        assert_eq!(client.list_messages_v2(newer, among, cursor).await, Ok(MessagePage::default()));
    }
    let Err(Failure::Refused(refusal)) = client.send_to(newer, UserId(9), "hi", None).await else { panic!("refused") };
    assert_eq!((refusal.scope, refusal.remedy()), (Scope::Person, Remedy::Person));
    let fields = "dm_event.fields=id%2Ctext%2Cevent_type%2Ccreated_at%2Csender_id%2Cdm_conversation_id%2Cattachments%2Centities\
                  &event_types=MessageCreate&max_results=100";
    assert_eq!(
        asked(client, seen),
        [
            r#"POST /2/dm_conversations/with/9/messages {"attachments":[{"media_id":"8"}],"text":"hi"}"#.to_owned(),
            r#"POST /2/dm_conversations/7-9%2Fx/messages {"text":"hi"}"#.to_owned(),
            r#"POST /2/dm_conversations {"conversation_type":"Group","message":{"text":"hi"},"participant_ids":["7","8"]}"#.to_owned(),
            "DELETE /2/dm_events/5".to_owned(),
            format!("GET /2/dm_events?{fields}&pagination_token=c"),
            format!("GET /2/dm_conversations/with/9/dm_events?{fields}"),
            format!("GET /2/dm_conversations/7-9/dm_events?{fields}"),
            r#"POST /2/dm_conversations/with/9/messages {"text":"hi"}"#.to_owned(),
        ]
    );
}

#[tokio::test]
async fn pictures_are_fetched_from_x_alone_within_bounds() {
    const GIF: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/html\r\n\r\nGIF89a-and-so-on";
    let (client, seen) = server(&[
        GIF,
        GIF,
        GIF,
        told!("<html>"),
        "HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: http://127.0.0.1:1/\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n",
    ]);
    let address = client.address("/1.1/ton/data/dm/5/8/a.gif").to_string();
    let user = Auth::User(US);
    let fetched = client.download(user, &address, 100).await.expect("a picture");
    assert_eq!((fetched.kind, fetched.bytes.as_slice()), (MediaType::Gif, &b"GIF89a-and-so-on"[..]));
    assert_eq!(client.download_v2(user, MessageId(5), "3_8", "a/b.gif", 100).await.expect("a picture").kind, MediaType::Gif);
    assert_eq!(client.download(user, &address, 5).await, Err(DownloadFailure::TooLong(5)));
    assert_eq!(client.download(user, &address, 100).await, Err(DownloadFailure::Unknown), "what it is called does not count");
    let moved = client.download(user, &address, 100).await;
    let Err(DownloadFailure::Call(Failure::Refused(refusal))) = moved else { panic!("a redirect is not followed: {moved:?}") };
    assert_eq!(refusal.status, 302);
    assert!(matches!(client.download(user, &address, 100).await, Err(DownloadFailure::Call(Failure::Refused(_)))));
    for stranger in [
        "https://evil.example/a.jpg",
        "https://ton.twitter.com.evil.example/a.jpg",
        "https://ton.twitter.com:8443/a.jpg",
        "http://ton.twitter.com/a.jpg",
        "https://ton.twitter.com@evil.example/a.jpg",
        "file:///etc/passwd",
        "http://127.0.0.1:1/a.jpg",
        "not an address",
    ] {
        assert_eq!(client.download(user, stranger, 100).await, Err(DownloadFailure::Stranger), "{stranger}");
    }
    let lines = asked(client, seen);
    assert_eq!(lines[0], "GET /1.1/ton/data/dm/5/8/a.gif");
    assert_eq!((lines[1].as_str(), lines.len()), ("GET /2/dm_conversations/media/5/3_8/a%2Fb.gif", 6));
}
