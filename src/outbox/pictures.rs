//! Pictures that people sent, handed on in the body of a lookup: fetched from X when it is carried out, and kept nowhere.
//!
//! So nothing has to be deleted with a person or after the retention, and a lookup that is carried out again after a crash fetches again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Outbox;
use crate::client::DownloadFailure;
use crate::model::{LookupAnswer, LookupFailure, LookupRequest, MediaKind, UserId};

impl Outbox {
    /// The request with its pictures in its body, each as a `data:` address that says of which type it is; or why there is none.
    pub(super) async fn with_pictures(&self, account: UserId, request: &LookupRequest) -> Result<LookupRequest, LookupAnswer> {
        let mut request = request.clone();
        for (field, address) in std::mem::take(&mut request.pictures) {
            let fetched = match self.platform.fetch(account, &address, self.settings.picture_bytes).await {
                Ok(fetched) if fetched.kind.kind() == MediaKind::Photo => fetched,
                Ok(_) => return Err(failed(LookupFailure::Unreadable, "what was sent is no picture")),
                Err(failure) => return Err(failed(reason(&failure), &failure.to_string())),
            };
            let text = format!("data:{};base64,{}", fetched.kind.name(), STANDARD.encode(&fetched.bytes));
            if let Some(Value::Object(body)) = &mut request.body {
                body.insert(field, Value::String(text));
            }
        }
        Ok(request)
    }
}

fn reason(failure: &DownloadFailure) -> LookupFailure {
    match failure {
        DownloadFailure::Call(_) => LookupFailure::Unreachable,
        DownloadFailure::Stranger => LookupFailure::NotAllowed,
        DownloadFailure::TooLong(_) => LookupFailure::TooLarge,
        DownloadFailure::Unknown => LookupFailure::Unreadable,
    }
}

fn failed(reason: LookupFailure, what: &str) -> LookupAnswer {
    LookupAnswer::Failed { reason, status: None, detail: format!("the picture: {what}") }
}
