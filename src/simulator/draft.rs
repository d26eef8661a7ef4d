//! The bodies of messages and welcome messages: their shape, and their limits (contract §4.1, §4.2, §5).

mod node;

use url::Url;

use super::refusal::Refusal;
use super::settings::Rules;
use super::world::{Draft, has_link};
use crate::model::{Link, QuickOption, UserId};
pub(super) use node::{Node, json};

const LONGEST_TEXT: usize = 10_000;
const LONGEST_WELCOME: usize = 9_990;
const LONGEST_NAME: usize = 100;
const LONGEST_LABEL: usize = 36;
const LONGEST_DESCRIPTION: usize = 72;
const LONGEST_METADATA: usize = 1_000;
const MOST_OPTIONS: usize = 20;
const MOST_BUTTONS: usize = 3;

/// Reads the body of `events/new`.
pub(super) fn parse(body: &[u8]) -> Result<(UserId, Draft), Refusal> {
    let body = json(body)?;
    let event = Node::root(&body).required("event")?;
    let kind = event.required("type")?.text()?;
    if kind != "message_create" {
        return Err(Refusal::shape("event.type", format_args!("Unknown event type {kind}")));
    }
    let create = event.required("message_create")?;
    let recipient = create.required("target")?.required("recipient_id")?.id()?;
    let profile = create.optional("custom_profile_id")?.map(|id| id.id()).transpose()?;
    Ok((UserId(recipient), Draft { profile, ..data(&create.required("message_data")?)? }))
}

/// Reads the body of a new welcome message. Its name stands beside the message in the docs and inside it in real traffic.
pub(super) fn parse_welcome(body: &[u8]) -> Result<(Option<String>, Draft), Refusal> {
    let body = json(body)?;
    let body = Node::root(&body);
    let welcome = body.required("welcome_message")?;
    let name = [welcome.optional("name")?, body.optional("name")?].into_iter().flatten().next();
    let name = name.map(|name| name.text()).transpose()?;
    if name.as_deref().is_some_and(|name| longer(name, LONGEST_NAME) || !name.chars().all(may_be_in_a_name)) {
        return Err(Refusal::shape("welcome_message.name", "may have up to 100 letters, digits, -, _, spaces, # and @"));
    }
    Ok((name, data(&welcome.required("message_data")?)?))
}

/// Reads the body that replaces a welcome message.
pub(super) fn parse_data(body: &[u8]) -> Result<Draft, Refusal> {
    data(&Node::root(&json(body)?).required("message_data")?)
}

fn data(data: &Node<'_>) -> Result<Draft, Refusal> {
    Ok(Draft {
        text: data.optional("text")?.map(|text| text.text()).transpose()?.unwrap_or_default(),
        options: data.optional("quick_reply")?.map(|reply| options(&reply)).transpose()?.unwrap_or_default(),
        links: data.optional("ctas")?.map(|buttons| links(&buttons)).transpose()?.unwrap_or_default(),
        media: data.optional("attachment")?.map(|attachment| media(&attachment)).transpose()?,
        ..Draft::default()
    })
}

fn may_be_in_a_name(c: char) -> bool {
    c.is_alphanumeric() || "-_ #@".contains(c)
}

/// Holds a welcome message against the limits, of which one is its own.
pub(super) fn check_welcome(draft: &Draft, rules: &Rules) -> Result<(), Refusal> {
    if longer(&draft.text, LONGEST_WELCOME) { Err(too_long()) } else { check(draft, rules) }
}

/// Holds a message against the limits; X's own text is known only for the description, others are told if the rules want it.
pub(super) fn check(draft: &Draft, rules: &Rules) -> Result<(), Refusal> {
    let untold = |refusal: Refusal| if refusal.code == 151 { Refusal::untold() } else { refusal };
    check_described(&draft.options)?;
    check_limits(draft).map_err(|refusal| if rules.tell_limits { refusal } else { untold(refusal) })
}

fn check_described(options: &[QuickOption]) -> Result<(), Refusal> {
    let described = options.iter().filter(|option| option.description.is_some()).count();
    if described != 0 && described != options.len() {
        return Err(Refusal::unsendable("Field description is not present in all options."));
    }
    Ok(())
}

fn check_limits(draft: &Draft) -> Result<(), Refusal> {
    if longer(&draft.text, LONGEST_TEXT) {
        return Err(too_long());
    }
    if draft.text.trim().is_empty() && draft.media.is_none() {
        return Err(Refusal::unsendable("Text is empty and there is no attachment."));
    }
    if draft.options.len() > MOST_OPTIONS {
        return Err(Refusal::unsendable(format_args!("There are more than {MOST_OPTIONS} quick reply options.")));
    }
    draft.options.iter().try_for_each(check_option)?;
    if draft.links.len() > MOST_BUTTONS {
        return Err(Refusal::unsendable(format_args!("There are more than {MOST_BUTTONS} ctas.")));
    }
    draft.links.iter().try_for_each(check_link)
}

fn too_long() -> Refusal {
    Refusal::new(403, 354, "The text of your direct message is over the max character limit.")
}

fn check_option(option: &QuickOption) -> Result<(), Refusal> {
    check_label(&option.label)?;
    if has_link(&option.label) {
        return Err(Refusal::unsendable("Field label must not contain a URL."));
    }
    let too_long = |text: &Option<String>, limit| text.as_deref().is_some_and(|text| longer(text, limit));
    if too_long(&option.description, LONGEST_DESCRIPTION) {
        return Err(Refusal::unsendable(format_args!("Field description is longer than {LONGEST_DESCRIPTION} characters.")));
    }
    if too_long(&option.metadata, LONGEST_METADATA) {
        return Err(Refusal::unsendable(format_args!("Field metadata is longer than {LONGEST_METADATA} characters.")));
    }
    Ok(())
}

fn check_link(link: &Link) -> Result<(), Refusal> {
    check_label(&link.label)?;
    match Url::parse(&link.url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        _ => Err(Refusal::unsendable("Field url is not an http or https address.")),
    }
}

fn check_label(label: &str) -> Result<(), Refusal> {
    if label.trim().is_empty() {
        return Err(Refusal::unsendable("Field label is empty."));
    }
    if longer(label, LONGEST_LABEL) {
        return Err(Refusal::unsendable(format_args!("Field label is longer than {LONGEST_LABEL} characters.")));
    }
    Ok(())
}

fn longer(text: &str, limit: usize) -> bool {
    text.chars().nth(limit).is_some()
}

fn options(reply: &Node<'_>) -> Result<Vec<QuickOption>, Refusal> {
    let kind = reply.required("type")?.text()?;
    if kind != "options" {
        return Err(Refusal::shape(&reply.path, format_args!("Unknown quick_reply type {kind}")));
    }
    let missing = || Refusal::shape(&reply.path, "quick_reply per-type node not found for quick_reply type options");
    let list = reply.optional("options")?.ok_or_else(missing)?.list()?;
    if list.is_empty() {
        return Err(missing());
    }
    let option = |node: &Node<'_>| {
        let text = |name| node.optional(name)?.map(|text| text.text()).transpose();
        Ok(QuickOption { label: node.required("label")?.text()?, description: text("description")?, metadata: text("metadata")? })
    };
    list.iter().map(option).collect()
}

fn links(buttons: &Node<'_>) -> Result<Vec<Link>, Refusal> {
    let link = |node: &Node<'_>| {
        let kind = node.required("type")?.text()?;
        if kind != "web_url" {
            return Err(Refusal::shape(&node.path, format_args!("Unknown cta type {kind}")));
        }
        Ok(Link { label: node.required("label")?.text()?, url: node.required("url")?.text()? })
    };
    buttons.list()?.iter().map(link).collect()
}

fn media(attachment: &Node<'_>) -> Result<u64, Refusal> {
    let kind = attachment.required("type")?.text()?;
    if kind != "media" {
        return Err(Refusal::shape(&attachment.path, format_args!("Unknown attachment type {kind}")));
    }
    attachment.required("media")?.required("id")?.id()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(message_data: Value) -> (u16, u32, String) {
        let body = json!({ "event": { "type": "message_create", "message_create": {
            "target": { "recipient_id": "7" }, "message_data": message_data } } });
        let result = parse(body.to_string().as_bytes()).and_then(|(_, draft)| check(&draft, &Rules::default()));
        let refusal = result.expect_err("this must be refused");
        (refusal.status, refusal.code, refusal.message)
    }

    fn option(label: &str) -> Value {
        json!({ "label": label })
    }

    fn with_options(options: Value) -> Value {
        json!({ "text": "?", "quick_reply": { "type": "options", "options": options } })
    }

    #[test]
    fn wrong_shapes_name_their_field() {
        for (body, message) in [
            (json!({}), "event: is missing"),
            (json!({ "event": { "type": "x" } }), "event.type: Unknown event type x"),
            (
                json!({ "event": { "type": "message_create", "message_create": { "target": { "recipient_id": "x" } } } }),
                "event.message_create.target.recipient_id: 'x' is not a valid Long",
            ),
        ] {
            let refusal = parse(body.to_string().as_bytes()).expect_err("a wrong shape");
            assert_eq!((refusal.status, refusal.code, refusal.message.as_str()), (400, 214, message));
        }
        assert_eq!(parse(b"{").expect_err("no JSON").code, 214);
        for (data, message) in [
            (json!({ "text": 5 }), "event.message_create.message_data.text: '5' is not a valid String"),
            (json!({ "text": "a", "ctas": "" }), "event.message_create.message_data.ctas: '' is not a valid Seq"),
            (
                json!({ "text": "a", "quick_reply": { "type": "options" } }),
                "event.message_create.message_data.quick_reply: quick_reply per-type node not found for quick_reply type options",
            ),
            (
                json!({ "text": "a", "quick_reply": { "type": "location" } }),
                "event.message_create.message_data.quick_reply: Unknown quick_reply type location",
            ),
        ] {
            assert_eq!(refused(data), (400, 214, message.to_owned()));
        }
    }

    #[test]
    fn every_limit_is_held() {
        let long = |length| "é".repeat(length);
        assert_eq!(refused(json!({ "text": long(10_001) })).1, 354);
        let many: Vec<_> = (0..21).map(|number| option(&number.to_string())).collect();
        let described = json!({ "label": "a", "description": "b" });
        for (data, part) in [
            (json!({ "text": " " }), "empty"),
            (with_options(json!(many)), "more than 20"),
            (with_options(json!([option(&long(37))])), "longer than 36"),
            (with_options(json!([option("see www.example.org")])), "URL"),
            (with_options(json!([described, option("b")])), "Field description is not present in all options."),
            (with_options(json!([{ "label": "a", "description": long(73) }])), "longer than 72"),
            (with_options(json!([{ "label": "a", "metadata": long(1_001) }])), "longer than 1000"),
            (json!({ "text": "a", "ctas": [{ "type": "web_url", "label": "a", "url": "ftp://a" }] }), "http"),
            (json!({ "text": "a", "ctas": vec![json!({ "type": "web_url", "label": "a", "url": "https://a.org" }); 4] }), "more than 3"),
        ] {
            let (status, code, message) = refused(data);
            assert_eq!((status, code), (403, 151), "{message}");
            assert!(message.starts_with("There was an error sending your message: ") && message.contains(part), "{message}");
        }
    }

    #[test]
    fn the_longest_message_is_taken() {
        let options: Vec<_> =
            (0..20).map(|_| json!({ "label": "é".repeat(36), "description": "é".repeat(72), "metadata": "é".repeat(1_000) })).collect();
        let body = json!({ "event": { "type": "message_create", "message_create": { "target": { "recipient_id": "7" },
            "message_data": { "text": "é".repeat(10_000), "quick_reply": { "type": "options", "options": options },
                "ctas": [{ "type": "web_url", "label": "é".repeat(36), "url": "https://example.org/" }] } } } });
        let (recipient, draft) = parse(body.to_string().as_bytes()).expect("a good shape");
        assert_eq!((recipient, draft.options.len(), draft.links.len()), (UserId(7), 20, 1));
        check(&draft, &Rules::default()).expect("within all limits");
    }
}
