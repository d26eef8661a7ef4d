//! The same tap as a button, as a typed number, and on a later page.

use junco::rehearsal::Look;

use super::{failures, played};

fn transcript(steps: &str, look: Look) -> String {
    let report = played(&format!("test \"a\" {{ {steps}; bot \"to see the conversation\" }}"), &[look]);
    report.failures[0].transcript.join("\n")
}

#[test]
fn a_tap_is_done_as_the_rendering_lets_a_person_do_it() {
    let steps = "user \"hi\"; bot as=\"m\"; tap \"Snow report\"; bot; tap \"Order a map\" of=\"m\"; bot";
    let native = transcript(steps, Look::Native);
    assert!(native.contains("tap  Snow report") && native.contains("tap  Order a map"), "{native}");
    let numbered = transcript(steps, Look::Numbered);
    assert!(numbered.contains("3 Order a map") && numbered.contains("you  2\n") && numbered.contains("you  Order a map\n"), "{numbered}");
    let paged = transcript("user \"hi\"; bot; tap \"Snow report\"; bot; tap \"Vail\"", Look::Paged);
    assert!(!paged.contains("tap  More …"), "Vail is on the first page: {paged}");
    let paged = transcript("user \"hi\"; bot; tap \"Snow report\"; bot; tap \"Snowmass\"", Look::Paged);
    assert!(paged.matches("tap  More …").count() == 4 && paged.contains("tap  Snowmass"), "{paged}");
}

#[test]
fn a_failure_of_one_rendering_names_it() {
    let text = "test \"a\" { user \"hi\"; bot \"1 See snow picture\" }";
    let report = played(text, &Look::ALL);
    let looks: Vec<&str> = report.failures.iter().map(|failure| failure.look.name()).collect();
    assert_eq!(looks, ["native", "paged"]);
}

#[test]
fn typing_ends_where_it_cannot_say_what_a_tap_says() {
    let text = "test \"a\" { user \"hi\"; bot; wait \"40m\"; tap \"See snow picture\"; bot late=\"expired\"; tap \"x\" was=\"shop/menu\"; bot; bot \"wrong\" }";
    let report = played(text, &[Look::Numbered]);
    assert!(report.failures.is_empty());
    assert_eq!(report.cut, [(Look::Numbered, text.find("tap").unwrap())]);
    assert_eq!(failures(text, &[Look::Native]).len(), 1);
}
