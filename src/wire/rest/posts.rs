//! Posts, as far as it takes to like one and see the event arrive.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::lists::bare;
use crate::wire::lenient::Id;

/// The posts in a timeline, newest first, of v1.1 and v2: their ids.
pub fn posts(body: &[u8]) -> Option<Vec<u64>> {
    let data = bare(body)?;
    let list: Vec<&RawValue> = match serde_json::from_str(data.get()) {
        Ok(list) => list,
        // v2 leaves `data` out where there is nothing.
        Err(_) => serde_json::from_slice::<Empty>(body).ok().filter(|body| body.meta.result_count.0 == 0).map(|_| Vec::new())?,
    };
    let id = |raw: &RawValue| serde_json::from_str::<Post>(raw.get()).ok().and_then(|post| post.id_str.or(post.id));
    Some(list.into_iter().filter_map(id).map(|id| id.0).collect())
}

/// The body of a like of v2.
pub fn new_like(post: u64) -> String {
    json!({ "tweet_id": post.to_string() }).to_string()
}

#[derive(Deserialize)]
struct Post {
    id: Option<Id>,
    id_str: Option<Id>,
}

#[derive(Deserialize)]
struct Empty {
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    result_count: Id,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_of_both_kinds_are_read() {
        let older = br#"[{"id":9007199254740992,"id_str":"9007199254740993","text":"x"},{"text":"odd"},{"id":5}]"#;
        assert_eq!(posts(older), Some(vec![9_007_199_254_740_993, 5]));
        assert_eq!(posts(br#"{"data":[{"id":"7","text":"x"}],"meta":{"result_count":1}}"#), Some(vec![7]));
        assert_eq!(posts(br#"{"meta":{"result_count":0}}"#), Some(vec![]));
        assert_eq!(posts(b"[]"), Some(vec![]));
        assert_eq!(posts(br#"{"errors":[]}"#), None);
        assert_eq!(new_like(7), r#"{"tweet_id":"7"}"#);
    }
}
