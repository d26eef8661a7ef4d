//! What X takes (platform contract, section 5). Written down here once more, apart from the code that keeps to it.

use junco::model::{Link, Outgoing, QuickOption};

const TEXT: usize = 10_000;
const OPTIONS: usize = 20;
const LINKS: usize = 3;
const LABEL: usize = 36;
const DESCRIPTION: usize = 72;
const METADATA: usize = 1_000;

/// Fails where X would refuse the message.
pub(super) fn takes(message: &Outgoing) {
    let length = message.text.chars().count();
    assert!(length <= TEXT, "a text of {length} characters");
    assert!(!message.text.trim().is_empty() || message.media.is_some(), "an empty message: {message:?}");
    assert!(message.options.len() <= OPTIONS, "{} options", message.options.len());
    assert!(message.links.len() <= LINKS, "{} links", message.links.len());
    message.options.iter().for_each(option);
    message.links.iter().for_each(link);
    let described = message.options.iter().filter(|option| option.description.is_some()).count();
    assert!(described == 0 || described == message.options.len(), "some options have a description and some have none: {message:?}");
}

fn option(option: &QuickOption) {
    label(&option.label);
    if let Some(description) = &option.description {
        assert!((1..=DESCRIPTION).contains(&description.chars().count()) && !description.trim().is_empty(), "a description: {option:?}");
    }
    assert!(option.metadata.as_ref().is_some_and(|metadata| metadata.chars().count() <= METADATA), "metadata: {option:?}");
}

fn link(link: &Link) {
    label(&link.label);
    let scheme = ["https://", "http://"].into_iter().find_map(|scheme| link.url.strip_prefix(scheme));
    let host = scheme.and_then(|rest| rest.split(['/', '?', '#']).next());
    assert!(host.is_some_and(|host| !host.is_empty()) && !link.url.contains(char::is_whitespace), "no address: {link:?}");
}

fn label(label: &str) {
    assert!((1..=LABEL).contains(&label.chars().count()) && !label.trim().is_empty(), "a label of wrong length: {label:?}");
    assert!(
        !label.contains("://") && !label.to_lowercase().contains("www.") && !label.contains(".example"),
        "a link in a label: {label:?}"
    );
}
