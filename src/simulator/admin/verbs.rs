//! What the paths under `/sim` do, for the front page.

/// One verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) struct Verb {
    pub(in crate::simulator) method: &'static str,
    pub(in crate::simulator) path: &'static str,
    /// An example of its body.
    pub(in crate::simulator) body: &'static str,
    pub(in crate::simulator) does: &'static str,
}

const fn get(path: &'static str, does: &'static str) -> Verb {
    Verb { method: "GET", path, body: "", does }
}

const fn post(path: &'static str, body: &'static str, does: &'static str) -> Verb {
    Verb { method: "POST", path, body, does }
}

const fn patch(path: &'static str, body: &'static str, does: &'static str) -> Verb {
    Verb { method: "PATCH", path, body, does }
}

/// All of them.
pub(in crate::simulator) const VERBS: &[Verb] = &[
    get("/sim/people", "who lives here"),
    post("/sim/people", r#"{"id":"77","name":"Eve","screen_name":"eve","open_dms":true}"#, "takes somebody in, or changes them"),
    post(
        "/sim/say",
        r#"{"from":"@ada","to":"@snowbot","text":"hello","picture":"photo"}"#,
        "writes a message; with `file` instead of `picture`, a file in base64",
    ),
    post(
        "/sim/open",
        r#"{"person":"@ada","account":"@snowbot","welcome":null}"#,
        "opens a chat: the welcome message is shown, the default or the named one",
    ),
    post("/sim/tap", r#"{"person":"@ada","message":"ID","option":0}"#, "taps an option, by its place or its label"),
    post(
        "/sim/send_as_human",
        r#"{"account":"@snowbot","to":"@ada","text":"It is me"}"#,
        "writes as the account's owner does, in another client",
    ),
    get("/sim/transcript?a=@ada&b=@snowbot&after=ID&wait_ms=1000", "what was said, as soon as there is anything new"),
    get("/sim/groups", "the groups of the newer API, each with its members and what was said"),
    get("/sim/media/MESSAGE", "the file on a message"),
    post("/sim/typing", r#"{"from":"@ada","to":"@snowbot"}"#, "shows that somebody is typing"),
    post("/sim/read", r#"{"from":"@ada","to":"@snowbot","last":"ID"}"#, "shows that somebody has read all up to a message"),
    get("/sim/signals", "who was shown to be typing or to have read"),
    post("/sim/tie", r#"{"person":"@ada","tie":"follow","other":"@snowbot"}"#, "follow, unfollow, block, unblock, mute or unmute"),
    post("/sim/post", r#"{"author":"@ada","text":"ask @snowbot","reply_to":null}"#, "posts"),
    post("/sim/delete_post", r#"{"person":"@ada","post":"ID"}"#, "deletes a post"),
    post("/sim/like", r#"{"person":"@ada","post":"ID"}"#, "likes a post"),
    get("/sim/apps", "the apps, and what they ask people for"),
    patch(
        "/sim/apps/ID",
        r#"{"permission":"read_write","callbacks":["https://bot.example/done"]}"#,
        "changes that; `callbacks` null for any, [] for `oob` only",
    ),
    post("/sim/authorize", r#"{"request_token":"TOKEN","person":"@ada"}"#, "allows an app by OAuth 1.0a, as the page does"),
    post("/sim/revoke", r#"{"person":"@ada","app":"ID"}"#, "takes all of that back: tokens and subscriptions go"),
    post("/sim/tokens", r#"{"person":"@snowbot","working":false}"#, "whether the tokens for a person work"),
    get("/sim/faults", "the faults, and how often each struck"),
    post("/sim/faults", r#"{"kind":"duplicate","copies":3,"of":"inbound","times":1}"#, "lets something go wrong"),
    Verb { method: "DELETE", path: "/sim/faults?kind=outage", body: "", does: "clears the faults of a kind, or all" },
    get("/sim/held", "the deliveries that are held"),
    post("/sim/release", r#"{"order":"reverse"}"#, "lets them go: forward, reverse, or {\"chosen\":[numbers]}"),
    post("/sim/redeliver", r#"{"message":"ID"}"#, "delivers a message again, or with {} all there ever were"),
    post("/sim/raw", r#"{"account":"@snowbot","body":"{}"}"#, "delivers any body, rightly signed"),
    get("/sim/deliveries", "every delivery with its attempts"),
    get("/sim/calls", "every call of the API"),
    get("/sim/webhooks", "the webhooks, and whether they are valid"),
    post("/sim/check", "{}", "challenges every valid webhook now"),
    get("/sim/rules", "what the platform insists on"),
    patch("/sim/rules", r#"{"strict_urls":true,"retry_after":["3s","27s"]}"#, "changes some of it"),
    get("/sim/time", "the time in the world, and how much faster its waits pass"),
    patch("/sim/time", r#"{"scale":60,"advance":"1h"}"#, "changes the pace, moves the world forward, or both"),
    post("/sim/advance", r#"{"seconds":3600}"#, "moves the world forward"),
    get("/sim/feed", "what the server beside the platform was asked"),
    Verb {
        method: "PUT",
        path: "/sim/feed/snow",
        body: r#"{"status":200,"body":{"new":4},"delay_ms":0}"#,
        does: "sets what GET and POST /feed/snow answer",
    },
];

/// What may go wrong, and how.
pub(in crate::simulator) const KINDS: &[(&str, &str)] = &[
    (r#"{"kind":"duplicate","copies":3}"#, "a delivery is made so often"),
    (r#"{"kind":"delay","millis":500}"#, "a delivery leaves later"),
    (r#"{"kind":"shuffle","millis":500}"#, "a delivery leaves within that time, by chance"),
    (r#"{"kind":"hold"}"#, "a delivery waits until it is released"),
    (r#"{"kind":"batch","events":3}"#, "so many events, of whatever kinds, come in one body"),
    (r#"{"kind":"both_ends"}"#, "the other end's copy comes too, though nobody subscribed to it"),
    (r#"{"kind":"wrong_signature"}"#, "signed with another secret"),
    (r#"{"kind":"no_signature"}"#, "not signed at all"),
    (r#"{"kind":"slow_body","millis":1000}"#, "the body takes so long to be sent"),
    (r#"{"kind":"retry_storm","attempts":5,"millis":100}"#, "repeated whatever it is answered"),
    (r#"{"kind":"oversize","bytes":2097152}"#, "padded to at least this"),
    (r#"{"kind":"without_users"}"#, "without `users`"),
    (r#"{"kind":"users_in_apps"}"#, "with `users` inside `apps`"),
    (r#"{"kind":"unknown_kind"}"#, "with a kind of event that nobody knows"),
    (r#"{"kind":"outage"}"#, "no attempt gets out of the platform"),
    (
        r#"{"kind":"refuse","with":{"failure":"over_capacity"}}"#,
        "events/new refuses: close, internal_error, over_capacity, already_said, or rate_limited with seconds",
    ),
    (r#"{"kind":"lose_answer","with":{"failure":"close"}}"#, "events/new takes the message and answers as if it had failed"),
    (r#"{"kind":"slow_answer","millis":5000}"#, "events/new takes the message and answers late"),
    (r#"{"kind":"echo_first"}"#, "events/new answers only after the echo was delivered"),
    (r#"{"kind":"spoil_media"}"#, "an uploaded file cannot be used"),
];

#[cfg(test)]
mod tests {
    use super::super::super::world::Fault;
    use super::*;

    #[test]
    fn every_kind_is_one() {
        for (kind, _) in KINDS {
            serde_json::from_str::<Fault>(kind).unwrap_or_else(|error| panic!("{kind}: {error}"));
        }
    }
}
