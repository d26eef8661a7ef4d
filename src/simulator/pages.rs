//! The frame of the pages that people see in a browser: no script, nothing from elsewhere, readable on a phone.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::settings::Person;
use crate::model::UserId;

/// Such a page needs its own style, and forms that lead back to apps wherever they are.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
fieldset{border:1px solid;border-radius:.5rem;margin:1rem 0}label{display:block;padding:.4rem 0}\
button{font:inherit;padding:.5rem 1.2rem;margin-right:.6rem;border-radius:2rem;border:1px solid}code{overflow-wrap:anywhere}\
pre{white-space:pre-wrap;font-size:.85rem;border:1px solid;border-radius:.5rem;padding:.6rem}h2{margin-top:2.2rem}";

/// A whole page.
pub(super) fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    page.into_string()
}

/// The part of a form that asks who is sitting there, and whether they allow it.
pub(super) fn choice(people: &[Person], chosen: Option<UserId>) -> Markup {
    html! {
        fieldset {
            legend { "Who are you?" }
            @for person in people {
                label {
                    input type="radio" name="person" value=(person.id) required checked[chosen == Some(person.id)];
                    " @" (person.screen_name) " (" (person.name) ")"
                }
            }
        }
        button type="submit" name="decision" value="allow" { "Authorize app" }
        button type="submit" name="decision" value="cancel" formnovalidate { "Cancel" }
    }
}
