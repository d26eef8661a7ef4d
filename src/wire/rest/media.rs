//! Bodies of the media upload: a file goes up in pieces, and X may need a while to make something of it (contract §4.4).

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::lists::bare;
use crate::model::{MediaKind, MediaType};
use crate::wire::lenient::{Id, Text};

/// How long X keeps an upload, where it does not say.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Parameters of a call, in a form or a query.
pub type Fields = Vec<(String, String)>;

/// Announces a file. A `shared` one may be attached to any number of messages, another to one.
pub fn upload_init(size: u64, media: MediaType, shared: bool) -> Fields {
    let category = category(media);
    let mut fields = command("INIT");
    fields.push(("total_bytes".to_owned(), size.to_string()));
    fields.push(("media_type".to_owned(), media.name().to_owned()));
    fields.push(("media_category".to_owned(), category.to_owned()));
    if shared {
        fields.push(("shared".to_owned(), "true".to_owned()));
    }
    fields
}

/// Announces a file to v2.
pub fn upload_init_v2(size: u64, media: MediaType, shared: bool) -> String {
    let body = json!({ "total_bytes": size, "media_type": media.name(), "media_category": category(media), "shared": shared });
    body.to_string()
}

fn category(media: MediaType) -> &'static str {
    match media.kind() {
        MediaKind::Photo => "dm_image",
        MediaKind::AnimatedGif => "dm_gif",
        MediaKind::Video => "dm_video",
    }
}

/// Ends an upload whose pieces are all there.
pub fn upload_finalize(media: u64) -> Fields {
    about("FINALIZE", media)
}

/// Asks how far X is with a file.
pub fn upload_status(media: u64) -> Fields {
    about("STATUS", media)
}

/// A body in parts, and the header that says how they are parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// The value of `Content-Type`.
    pub content_type: String,
    /// The body.
    pub bytes: Vec<u8>,
}

/// One piece of a file, counted from 0. The boundary must not occur in it, so chance is to make it.
pub fn upload_append(media: u64, index: usize, piece: &[u8], boundary: &str) -> Multipart {
    let mut fields = about("APPEND", media);
    fields.push(("segment_index".to_owned(), index.to_string()));
    multipart(&fields, piece, boundary)
}

/// One piece of a file for v2, whose address says the rest.
pub fn upload_append_v2(index: usize, piece: &[u8], boundary: &str) -> Multipart {
    multipart(&[("segment_index".to_owned(), index.to_string())], piece, boundary)
}

fn multipart(fields: &[(String, String)], piece: &[u8], boundary: &str) -> Multipart {
    let mut bytes = Vec::with_capacity(piece.len() + 1024);
    for (name, value) in fields {
        bytes.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
    }
    let head = "Content-Disposition: form-data; name=\"media\"; filename=\"media\"\r\nContent-Type: application/octet-stream";
    bytes.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
    bytes.extend_from_slice(piece);
    bytes.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Multipart { content_type: format!("multipart/form-data; boundary={boundary}"), bytes }
}

/// What X says of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The id of the media.
    pub id: u64,
    /// How long X keeps it from now on.
    pub kept: Duration,
    /// Whether it can be attached.
    pub processing: Processing,
}

/// What X makes of an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processing {
    /// It can be attached.
    Done,
    /// Not yet: to be asked again after so long.
    Wait(Duration),
    /// It cannot be used.
    Failed {
        /// X's code; 0 where it gave none.
        code: u32,
        /// X's words, cut at 300 characters.
        message: String,
    },
}

/// Reads an answer to INIT, FINALIZE or STATUS; without `processing_info` there is nothing to wait for.
pub fn upload(body: &[u8]) -> Option<Upload> {
    let body: UploadBody<'_> = serde_json::from_str(bare(body)?.get()).ok()?;
    let processing = match body.processing_info {
        Some(info) => info.read()?,
        None => Processing::Done,
    };
    let kept = body.expires_after_secs.map_or(KEPT, |seconds| Duration::from_secs(seconds.0));
    Some(Upload { id: body.media_id_string.or(body.media_id).or(body.id)?.0, kept, processing })
}

fn command(name: &str) -> Fields {
    vec![("command".to_owned(), name.to_owned())]
}

fn about(name: &str, media: u64) -> Fields {
    let mut fields = command(name);
    fields.push(("media_id".to_owned(), media.to_string()));
    fields
}

#[derive(Deserialize)]
struct UploadBody<'a> {
    media_id: Option<Id>,
    media_id_string: Option<Id>,
    id: Option<Id>,
    expires_after_secs: Option<Id>,
    #[serde(borrow)]
    processing_info: Option<ProcessingBody<'a>>,
}

#[derive(Deserialize)]
struct ProcessingBody<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    check_after_secs: Option<Id>,
    #[serde(borrow)]
    error: Option<ErrorBody<'a>>,
}

#[derive(Deserialize)]
struct ErrorBody<'a> {
    code: Option<Id>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
}

impl ProcessingBody<'_> {
    fn read(self) -> Option<Processing> {
        Some(match self.state.0.as_ref() {
            "succeeded" => Processing::Done,
            "pending" | "in_progress" => Processing::Wait(Duration::from_secs(self.check_after_secs.map_or(1, |seconds| seconds.0))),
            "failed" => {
                let error = self.error.unwrap_or(ErrorBody { code: None, name: None, message: None });
                let words = error.message.or(error.name).map(|words| words.0.chars().take(300).collect());
                let code = error.code.and_then(|code| u32::try_from(code.0).ok());
                Processing::Failed { code: code.unwrap_or(0), message: words.unwrap_or_default() }
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fields: &Fields) -> String {
        fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn commands_are_those_of_the_contract() {
        let init = upload_init(7, MediaType::Png, true);
        assert_eq!(written(&init), "command=INIT&total_bytes=7&media_type=image/png&media_category=dm_image&shared=true");
        let gif = upload_init(7, MediaType::Gif, false);
        assert_eq!(written(&gif), "command=INIT&total_bytes=7&media_type=image/gif&media_category=dm_gif");
        assert!(written(&upload_init(7, MediaType::Mp4, false)).ends_with("media_category=dm_video"));
        let newer = r#"{"media_category":"dm_video","media_type":"video/mp4","shared":false,"total_bytes":7}"#;
        assert_eq!(upload_init_v2(7, MediaType::Mp4, false), newer);
        assert_eq!(written(&upload_finalize(5)), "command=FINALIZE&media_id=5");
        assert_eq!(written(&upload_status(5)), "command=STATUS&media_id=5");
    }

    #[test]
    fn a_piece_is_a_part_of_its_own_byte_for_byte() {
        let part = upload_append(5, 2, b"\x00\r\n--\xff", "xyz");
        assert_eq!(part.content_type, "multipart/form-data; boundary=xyz");
        let expected: &[u8] = b"--xyz\r\nContent-Disposition: form-data; name=\"command\"\r\n\r\nAPPEND\r\n\
            --xyz\r\nContent-Disposition: form-data; name=\"media_id\"\r\n\r\n5\r\n\
            --xyz\r\nContent-Disposition: form-data; name=\"segment_index\"\r\n\r\n2\r\n\
            --xyz\r\nContent-Disposition: form-data; name=\"media\"; filename=\"media\"\r\nContent-Type: application/octet-stream\r\n\r\n\
            \x00\r\n--\xff\r\n--xyz--\r\n";
        assert_eq!(part.bytes, expected);
        let newer = String::from_utf8(upload_append_v2(2, b"piece", "xyz").bytes).expect("text");
        assert!(newer.starts_with("--xyz\r\nContent-Disposition: form-data; name=\"segment_index\"\r\n\r\n2\r\n--xyz\r\n"), "{newer}");
    }

    #[test]
    fn what_x_says_of_an_upload_is_read() {
        let read = |body: &str| upload(body.as_bytes()).map(|upload| (upload.id, upload.kept.as_secs(), upload.processing));
        let init = r#"{"media_id":2006515713900000001,"media_id_string":"2006515713900000001","expires_after_secs":86400}"#;
        assert_eq!(read(init), Some((2_006_515_713_900_000_001, 86_400, Processing::Done)));
        assert_eq!(read(r#"{"media_id":5}"#), Some((5, 86_400, Processing::Done)));
        let newer = r#"{"data":{"id":"5","media_key":"13_5","expires_after_secs":60,"processing_info":{"state":"succeeded"}}}"#;
        assert_eq!(read(newer), Some((5, 60, Processing::Done)));
        let state = |info: &str| read(&format!(r#"{{"media_id":5,"processing_info":{info}}}"#)).map(|(_, _, processing)| processing);
        assert_eq!(state(r#"{"state":"pending","check_after_secs":5}"#), Some(Processing::Wait(Duration::from_secs(5))));
        assert_eq!(state(r#"{"state":"in_progress","progress_percent":8}"#), Some(Processing::Wait(Duration::from_secs(1))));
        assert_eq!(state(r#"{"state":"succeeded","progress_percent":100}"#), Some(Processing::Done));
        let failed = r#"{"state":"failed","error":{"code":1,"name":"InvalidMedia","message":"Unsupported video format"}}"#;
        assert_eq!(state(failed), Some(Processing::Failed { code: 1, message: "Unsupported video format".to_owned() }));
        assert_eq!(state(r#"{"state":"failed"}"#), Some(Processing::Failed { code: 0, message: String::new() }));
        for unreadable in ["", "{}", r#"{"media_id":"x"}"#, r#"{"media_id":5,"processing_info":{"state":"asleep"}}"#] {
            assert_eq!(read(unreadable), None, "{unreadable}");
        }
    }
}
