//! Menus against the limits of the platform (contract §5): for every row of a table and every option that is the same for everybody.

use super::Places;
use crate::bot::diagnostic::Diagnostic;
use crate::bot::limits;
use crate::bot::program::{Program, Prompt};
use crate::bot::syntax::Findings;
use crate::model::fold;

pub(super) fn check(program: &Program, places: &Places, found: &Findings) {
    for (prompt, (at, options_at)) in program.prompts.iter().zip(&places.notes.prompts) {
        let rows = prompt.from.as_ref().and_then(|from| places.tables.get(&from.table));
        let count = prompt.options.len();
        match (rows, &prompt.from) {
            (None, _) if count > limits::OPTIONS => {
                let message = format!("{count} options: X shows at most {}", limits::OPTIONS);
                found.add(Diagnostic::error("options", at, message).help("put them into a table: ask … from=\"TABLE\" turns pages"));
            }
            (Some(rows), Some(from)) if rows.table.rows.len() + count > limits::OPTIONS && from.page + count + 1 > limits::OPTIONS => {
                let room = limits::OPTIONS.saturating_sub(count + 1);
                let message =
                    format!("{} rows on a page, {count} written here and the one for more are over {} options", from.page, limits::OPTIONS);
                let help = if room == 0 { "take options out".to_owned() } else { format!("use page={room}") };
                found.add(Diagnostic::error("options", at, message).help(help));
            }
            (Some(rows), _) if rows.table.rows.is_empty() && count == 0 => {
                let message = format!("the table `{}` has no rows to choose from", rows.table.name);
                found.add(Diagnostic::error("options", at, message).help("add rows, or an option"));
            }
            _ => {}
        }
        rows.iter().for_each(|rows| check_rows(rows, prompt, found));
        descriptions(program, prompt, places, found);
        for (ix, option) in prompt.options.iter().enumerate() {
            let label = option.label.as_literal().map(fold);
            let same = |other: &&crate::bot::OptionDef| label.is_some() && other.label.as_literal().map(fold) == label;
            let row =
                label.as_ref().is_some_and(|label| rows.is_some_and(|rows| rows.table.rows.iter().any(|row| fold(&row.key) == *label)));
            if row || prompt.options[..ix].iter().any(|other| same(&other)) {
                let message = "another option here has the same label";
                found.add(Diagnostic::warning("same-label", &options_at[ix], message).help("who types it gets the first one"));
            }
        }
    }
}

/// A row's key is a label; it tells in its own file what is wrong with it.
fn check_rows(rows: &super::Loaded, prompt: &Prompt, found: &Findings) {
    for (row, at) in rows.table.rows.iter().zip(&rows.rows_at) {
        let refuse = |message: String, help: &str| {
            let help = format!("{help}; the question `{}` shows it", prompt.name);
            found.add(Diagnostic::error("row", at, message).help(help));
        };
        if !row.key.is_empty() && row.key.trim().is_empty() {
            refuse(format!("`{}` is nothing but space; a label needs a text", row.key), "write something");
        }
        let length = limits::length(&row.key);
        if length > limits::LABEL {
            refuse(format!("`{}` has {length} characters; a label takes at most {}", row.key, limits::LABEL), "shorten it");
        }
        if limits::contains_url(&row.key) {
            refuse(format!("`{}` has a link in it, which X refuses in labels", row.key), "put the link into another column");
        }
        let length = row.text("desc").map_or(0, |desc| limits::length(&desc));
        if length > limits::DESCRIPTION {
            refuse(format!("`desc` has {length} characters; X takes at most {}", limits::DESCRIPTION), "shorten it");
        }
    }
}

/// All options of a message have a description, or none has (contract §5).
fn descriptions(program: &Program, prompt: &Prompt, places: &Places, found: &Findings) {
    let rows = prompt.from.as_ref().and_then(|from| program.tables.get(&from.table));
    let of_rows = rows.iter().flat_map(|table| &table.rows).map(|row| row.text("desc").is_some());
    let of_options = prompt.options.iter().map(|option| option.description.is_some());
    let with: Vec<bool> = of_rows.chain(of_options).collect();
    if with.contains(&true) && with.contains(&false) {
        let at = places.notes.prompts.get(index(program, prompt)).map(|(at, _)| at);
        if let Some(at) = at {
            let message = "some options here have a description and some have none";
            found.add(Diagnostic::error("descriptions", at, message).help("X wants it on all or on none: add desc= or take it out"));
        }
    }
}

fn index(program: &Program, prompt: &Prompt) -> usize {
    program.prompts.iter().position(|other| std::ptr::eq(other, prompt)).unwrap_or(usize::MAX)
}
