//! The options of a prompt as they stand for one person: a table's rows first, then the written ones; cut into pages.

use std::borrow::Cow;

use super::limits;
use super::program::{OptionDef, Program, PromptIx, Target};
use super::scope::Scope;
use super::table::Row;
use super::template::{Template, TemplateError};
use crate::model::fold;

/// One option, rendered. It borrows of the program what is the same for everybody: a turn looks at many options and sends few.
#[derive(Debug, Clone)]
pub struct Choice<'p> {
    /// Its name within the prompt: the row's key, else the written option's id.
    pub id: &'p str,
    /// The button's text; at most 36 characters.
    pub label: Cow<'p, str>,
    /// The small print; at most 72 characters, on all options of a prompt or on none.
    pub description: Option<Cow<'p, str>>,
    /// The answer it gives, in a question.
    pub value: Option<&'p str>,
    /// Where it leads.
    pub goto: Option<&'p Target>,
    /// Metadata that goes out verbatim in place of ours.
    pub metadata: Option<&'p str>,
    /// Whether it is a row, shown on one page; a written option stands on each.
    pub row: bool,
}

/// The options of a prompt, and what went wrong with them.
#[derive(Debug, Default)]
pub struct Choices<'p> {
    /// In the order in which they are shown.
    pub options: Vec<Choice<'p>>,
    /// Templates that failed or rendered to more than the platform takes; the option is there all the same, by its id or cut.
    pub faults: Vec<String>,
}

impl Program {
    /// The options of a prompt in this scope.
    pub fn choices(&self, prompt: PromptIx, scope: &Scope) -> Choices<'_> {
        let prompt = self.prompt(prompt);
        let mut choices = Choices::default();
        let table = prompt.from.as_ref().and_then(|from| self.tables.get(&from.table));
        choices.options.extend(table.iter().flat_map(|table| &table.rows).map(|row| Choice::of_row(row)));
        for option in &prompt.options {
            let choice = choices.render(option, scope);
            choices.options.push(choice);
        }
        choices.level_descriptions();
        choices
    }
}

/// Cuts options into messages of at most `most`, three or more. What fits into one message is one page; otherwise each page has up
/// to `page` rows and every written option, and a place is left for the option that shows the next page.
pub fn pages(mut choices: Vec<Choice<'_>>, page: usize, most: usize) -> Vec<Vec<Choice<'_>>> {
    let most = most.clamp(3, limits::OPTIONS);
    if choices.len() <= most {
        return vec![choices];
    }
    let written = choices.iter().filter(|choice| !choice.row).count();
    // Written options that leave no place for a row are turned over like rows.
    let room = if written + 2 > most {
        choices.iter_mut().for_each(|choice| choice.row = true);
        most - 1
    } else {
        most - 1 - written
    };
    let (rows, written): (Vec<_>, Vec<_>) = choices.into_iter().partition(|choice| choice.row);
    rows.chunks(page.clamp(1, room)).map(|rows| rows.iter().chain(&written).cloned().collect()).collect()
}

/// The option whose label or value is nearest to what was typed, within `fuzzy` edits; `None` when two are equally near.
///
/// A word is not taken for another of which less than half is left: with `fuzzy=2`, "vial" is Vail but "vat" is not.
pub fn closest<'a, 'p>(choices: &'a [Choice<'p>], typed: &str, fuzzy: u8) -> Option<&'a Choice<'p>> {
    let typed = fold(typed);
    let distance = |text: &str| {
        let text = fold(text);
        let distance = strsim::osa_distance(&text, &typed);
        (distance <= usize::from(fuzzy) && 2 * distance < limits::length(&text)).then_some(distance)
    };
    let near = choices.iter().filter_map(|choice| {
        let names = [Some(&*choice.label), choice.value];
        names.into_iter().flatten().filter_map(distance).min().map(|distance| (distance, choice))
    });
    let near: Vec<(usize, &Choice)> = near.collect();
    let least = near.iter().map(|(distance, _)| *distance).min()?;
    let mut best = near.into_iter().filter(|(distance, _)| *distance == least).map(|(_, choice)| choice);
    best.next().filter(|_| best.next().is_none())
}

impl<'p> Choice<'p> {
    fn of_row(row: &'p Row) -> Self {
        Choice {
            id: &row.key,
            label: Cow::Borrowed(&row.key),
            description: row.text("desc"),
            value: Some(&row.key),
            goto: None,
            metadata: None,
            row: true,
        }
    }
}

impl<'p> Choices<'p> {
    fn render(&mut self, option: &'p OptionDef, scope: &Scope) -> Choice<'p> {
        let label = self.text(&option.label, scope, limits::LABEL);
        let description = option.description.as_ref().and_then(|text| self.text(text, scope, limits::DESCRIPTION));
        Choice {
            id: &option.id,
            label: label.map_or_else(|| instead(option), |label| self.checked(label, option)),
            description: description.filter(|text| !text.trim().is_empty()),
            value: option.value.as_deref(),
            goto: option.goto.as_ref(),
            metadata: option.metadata.as_deref(),
            row: false,
        }
    }

    /// The label, unless X would refuse it.
    fn checked(&mut self, label: Cow<'p, str>, option: &'p OptionDef) -> Cow<'p, str> {
        if limits::is_label(&label) {
            return label;
        }
        self.faults.push(format!("`{}` became what X takes for no label", option.label.source()));
        instead(option)
    }

    fn text(&mut self, template: &'p Template, scope: &Scope, limit: usize) -> Option<Cow<'p, str>> {
        let rendered = match template.as_literal() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => template.render(scope).map(Cow::Owned),
        };
        match rendered {
            Ok(text) if limits::length(&text) <= limit => Some(text),
            Ok(text) => {
                self.faults.push(format!("`{}` became longer than {limit} characters", template.source()));
                Some(cut(&text, limit).into())
            }
            Err(TemplateError { message, .. }) => {
                self.faults.push(format!("`{}`: {message}", template.source()));
                None
            }
        }
    }

    /// X refuses a message of which only some options have a description (contract §5).
    fn level_descriptions(&mut self) {
        if self.options.iter().any(|option| option.description.is_none()) {
            self.options.iter_mut().for_each(|option| option.description = None);
        }
    }
}

/// What stands for a label that there is not: an option that cannot be seen cannot be tapped.
fn instead(option: &OptionDef) -> Cow<'_, str> {
    Some(cut(&option.id, limits::LABEL)).filter(|id| limits::is_label(id)).unwrap_or_else(|| "…".to_owned()).into()
}

fn cut(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(label: impl Into<Cow<'static, str>>, row: bool) -> Choice<'static> {
        Choice { id: "", label: label.into(), description: None, value: None, goto: None, metadata: None, row }
    }

    fn menu(rows: usize, written: usize) -> Vec<Choice<'static>> {
        let rows = (0..rows).map(|i| choice(format!("row {i}"), true));
        rows.chain((0..written).map(|i| choice(format!("option {i}"), false))).collect()
    }

    #[test]
    fn twenty_options_are_one_page_and_more_are_not() {
        let sizes = |rows, written, page| pages(menu(rows, written), page, limits::OPTIONS).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(19, 1, 5), [20], "pages begin past 20");
        assert_eq!(sizes(20, 1, 18), [19, 3]);
        assert_eq!(sizes(40, 2, 99), [19, 19, 8], "one place is left for more");
        assert_eq!(sizes(25, 0, 10), [10, 10, 5]);
        assert_eq!(sizes(0, 0, 10), [0]);
    }

    #[test]
    fn no_page_is_ever_too_long() {
        for (rows, written) in [(1, 20), (20, 18), (20, 19), (20, 25), (0, 45)] {
            let pages = pages(menu(rows, written), 18, limits::OPTIONS);
            assert!(pages.iter().all(|page| page.len() < limits::OPTIONS), "{rows} rows, {written} written");
            assert!(pages.iter().flatten().any(|choice| choice.label == format!("option {}", written - 1)));
        }
    }

    #[test]
    fn a_written_option_stands_on_every_page() {
        let pages = pages(menu(30, 1), 18, limits::OPTIONS);
        assert!(pages.iter().all(|page| page.last().is_some_and(|choice| choice.label == "option 0")));
    }

    #[test]
    fn a_close_label_is_found_and_a_doubtful_one_is_not() {
        let menu = [choice("Vail", true), choice("Aspen Highlands", true), choice("Aspen Mountain", true), choice("Hunter", true)];
        let found = |typed, fuzzy| closest(&menu, typed, fuzzy).map(|choice| &*choice.label);
        assert_eq!(found("vial!", 1), Some("Vail"));
        assert_eq!(found("aspen mountian", 2), Some("Aspen Mountain"));
        assert_eq!(found("hunger", 1), Some("Hunter"));
        assert_eq!(found("hunger", 0), None);
        assert_eq!(found("val", 2), Some("Vail"));
        assert_eq!(found("vax", 2), None, "half of it is gone");
        let twins = [choice("park one", true), choice("park ons", true)];
        assert!(closest(&twins, "park onx", 1).is_none(), "two are equally near");
    }
}
