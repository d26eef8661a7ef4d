//! Uploads, and the calls whose fields travel in signed forms.

use super::*;
use crate::client::UploadFailure;
use crate::model::MediaType;

const UPLOAD: &str = "/1.1/media/upload.json";

/// The client, and the requests once the server has answered them all.
async fn upload(answers: &'static [&'static str], file: &[u8], media: MediaType) -> (Result<Media, UploadFailure>, Vec<Seen>) {
    let (client, seen) = server(answers);
    let outcome = client.upload_media(US, file, media, true).await;
    (outcome, seen.try_iter().collect())
}

macro_rules! told {
    ($body:literal) => {
        concat!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", $body)
    };
}

#[tokio::test]
async fn a_picture_goes_up_in_pieces() {
    let file = vec![b'x'; 1_000_001];
    let answers = &[
        told!(r#"{"media_id":7,"media_id_string":"7","expires_after_secs":3600}"#),
        EMPTY,
        EMPTY,
        told!(r#"{"media_id_string":"7","size":1000001,"expires_after_secs":3599}"#),
    ];
    let (outcome, seen) = upload(answers, &file, MediaType::Png).await;
    assert_eq!(outcome, Ok(Media { id: 7, expires_at: NOW.plus(Duration::from_secs(3599)) }));
    let expected = "command=INIT&total_bytes=1000001&media_type=image%2Fpng&media_category=dm_image&shared=true";
    assert_eq!(seen[0].body, expected);
    assert_eq!(seen[3].body, "command=FINALIZE&media_id=7");
    for seen in &seen {
        assert_eq!(seen.line, format!("POST {UPLOAD} HTTP/1.1"));
        assert!(is_signed(seen), "{}", &seen.body[..50.min(seen.body.len())]);
    }
    for (index, length) in [(0, 1_000_000), (1, 1)] {
        let seen = &seen[index + 1];
        assert!(seen.header("content-type").starts_with("multipart/form-data; boundary="));
        assert!(seen.body.contains(&format!("name=\"segment_index\"\r\n\r\n{index}\r\n")));
        let head = "application/octet-stream\r\n\r\n";
        let start = seen.body.find(head).expect("the part with the bytes") + head.len();
        assert_eq!(seen.body[start..].find("\r\n--"), Some(length));
    }
}

#[tokio::test]
async fn a_video_is_asked_after_until_it_is_done() {
    let answers = &[
        told!(r#"{"media_id":7}"#),
        EMPTY,
        told!(r#"{"media_id":7,"processing_info":{"state":"pending","check_after_secs":0}}"#),
        told!(r#"{"media_id":7,"processing_info":{"state":"in_progress","check_after_secs":0,"progress_percent":8}}"#),
        told!(r#"{"media_id":7,"processing_info":{"state":"succeeded"}}"#),
    ];
    let (outcome, seen) = upload(answers, b"film", MediaType::Mp4).await;
    assert_eq!(outcome, Ok(Media { id: 7, expires_at: NOW.plus(Duration::from_secs(86_400)) }));
    for status in &seen[3..] {
        assert_eq!(status.line, format!("GET {UPLOAD}?command=STATUS&media_id=7 HTTP/1.1"));
        assert!(is_signed(status));
    }
}

#[tokio::test]
async fn v2_names_its_commands_in_the_address() {
    let (client, seen) = server(&[
        told!(r#"{"data":{"id":"7","media_key":"13_7","expires_after_secs":3600}}"#),
        EMPTY,
        told!(r#"{"data":{"id":"7","processing_info":{"state":"pending","check_after_secs":0}}}"#),
        told!(r#"{"data":{"id":"7","processing_info":{"state":"succeeded"}}}"#),
    ]);
    let token = Secret::new("hush");
    let outcome = client.upload_media_v2(Auth::OAuth2(&token), b"film", MediaType::Mp4, false).await;
    assert_eq!(outcome, Ok(Media { id: 7, expires_at: NOW.plus(Duration::from_secs(3600)) }));
    let seen: Vec<_> = seen.try_iter().collect();
    let lines: Vec<_> = seen.iter().map(|seen| seen.line.trim_end_matches(" HTTP/1.1")).collect();
    assert_eq!(
        lines,
        [
            "POST /2/media/upload/initialize",
            "POST /2/media/upload/7/append",
            "POST /2/media/upload/7/finalize",
            "GET /2/media/upload?command=STATUS&media_id=7",
        ]
    );
    let announced = r#"{"media_category":"dm_video","media_type":"video/mp4","shared":false,"total_bytes":4}"#;
    assert_eq!((seen[0].body.as_str(), seen[0].header("authorization")), (announced, "Bearer hush"));
    assert!(seen[1].body.contains("name=\"segment_index\"\r\n\r\n0\r\n") && !seen[1].body.contains("command"));
}

#[tokio::test]
async fn a_file_that_x_cannot_use_says_so() {
    let unusable = &[
        told!(r#"{"media_id":7}"#),
        EMPTY,
        told!(r#"{"media_id":7,"processing_info":{"state":"failed","error":{"code":1,"message":"Unsupported video format"}}}"#),
    ];
    let (outcome, _) = upload(unusable, b"film", MediaType::Mp4).await;
    assert_eq!(outcome, Err(UploadFailure::Unusable { code: 1, message: "Unsupported video format".to_owned() }));
    let refused = &["HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n{\"errors\":[{\"code\":324,\"message\":\"no\"}]}"];
    let (outcome, _) = upload(refused, b"x", MediaType::Gif).await;
    let refusal = Refusal { status: 400, code: 324, reason: String::new(), message: "no".to_owned(), scope: Scope::Media };
    assert_eq!(outcome, Err(UploadFailure::Call(Failure::Refused(refusal))));
    let (outcome, seen) = upload(&[], &vec![0; (5 << 20) + 1], MediaType::Jpeg).await;
    assert_eq!(outcome, Err(UploadFailure::TooLarge { size: (5 << 20) + 1, largest: 5 << 20 }));
    assert!(seen.is_empty(), "what cannot be taken is not sent");
}

#[tokio::test]
async fn typing_and_reading_are_shown_to_the_other_side() {
    let (client, seen) = server(&[EMPTY, EMPTY]);
    assert_eq!(client.indicate_typing(US, UserId(7)).await, Ok(()));
    assert_eq!(client.mark_read(US, UserId(7), MessageId(9)).await, Ok(()));
    let seen: Vec<_> = seen.try_iter().collect();
    let typing = "/1.1/direct_messages/indicate_typing.json";
    assert_eq!((seen[0].line.as_str(), seen[0].body.as_str()), (&*format!("POST {typing} HTTP/1.1"), "recipient_id=7"));
    let read = "/1.1/direct_messages/mark_read.json";
    assert_eq!((seen[1].line.as_str(), seen[1].body.as_str()), (&*format!("POST {read} HTTP/1.1"), "last_read_event_id=9&recipient_id=7"));
    assert!(is_signed(&seen[0]) && is_signed(&seen[1]));
}
