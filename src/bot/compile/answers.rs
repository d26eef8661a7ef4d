//! What an answer has to be: the type of an `ask` and its bounds.

use jiff::civil::Date;

use super::fields::Fields;
use super::scripts::Script;
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::program::{Answer, Day};
use crate::bot::syntax::{Located, Scalar};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Number,
    Date,
    Email,
    Phone,
    Url,
    Choice,
    Media,
    Picture,
    Location,
}

const KINDS: [(&str, Kind); 11] = [
    ("text", Kind::Text),
    ("int", Kind::Int),
    ("number", Kind::Number),
    ("date", Kind::Date),
    ("email", Kind::Email),
    ("phone", Kind::Phone),
    ("url", Kind::Url),
    ("choice", Kind::Choice),
    ("media", Kind::Media),
    ("picture", Kind::Picture),
    ("location", Kind::Location),
];

impl Script<'_> {
    /// What an `ask` takes; `choosing` where it has options.
    pub(super) fn answer(&self, fields: &Fields, choosing: bool) -> Answer {
        let kind = fields.text("type").and_then(|kind| fields.one_of(&kind, &KINDS));
        let kind = kind.unwrap_or(if choosing { Kind::Choice } else { Kind::Text });
        let pattern = fields.text("match");
        if let (Some(pattern), true) = (&pattern, kind != Kind::Text) {
            self.found.add(Diagnostic::error("misplaced", &pattern.at, "match= is for answers of type text").help("leave it out"));
        }
        match kind {
            Kind::Text => {
                let [min, max] =
                    self.bounds(fields, |value| fields.as_int(value, 0..=i64::MAX).and_then(|count| usize::try_from(count).ok()));
                if let Some((_, at)) = max.as_ref().filter(|(max, _)| *max > limits::ANSWER) {
                    let message = format!("an answer may have at most {} characters", limits::ANSWER);
                    self.found.add(Diagnostic::error("range", at, message).help("lower max="));
                }
                let pattern = pattern.as_ref().and_then(|pattern| self.regex(pattern));
                Answer::Text { min: min.map(|(min, _)| min), max: max.map_or(limits::ANSWER, |(max, _)| max), pattern }
            }
            Kind::Int => {
                let [min, max] = self.bounds(fields, |value| fields.as_int(value, i64::MIN..=i64::MAX));
                Answer::Int { min: min.map(|(min, _)| min), max: max.map(|(max, _)| max) }
            }
            Kind::Number => {
                let [min, max] = self.bounds(fields, |value| self.number(value));
                Answer::Number { min: min.map(|(min, _)| min), max: max.map(|(max, _)| max) }
            }
            Kind::Date => {
                let [min, max] = self.bounds(fields, |value| self.day(value));
                Answer::Date { min: min.map(|(Bound(min), _)| min), max: max.map(|(Bound(max), _)| max) }
            }
            Kind::Email => self.unbounded(fields, Answer::Email),
            Kind::Phone => self.unbounded(fields, Answer::Phone),
            Kind::Url => self.unbounded(fields, Answer::Url),
            Kind::Choice => self.unbounded(fields, Answer::Choice),
            Kind::Media => self.unbounded(fields, Answer::Media),
            Kind::Picture => self.unbounded(fields, Answer::Picture),
            Kind::Location => self.unbounded(fields, Answer::Location),
        }
    }

    /// `min=` and `max=`, and where they stand.
    fn bounds<'a, T: PartialOrd>(&self, fields: &Fields<'a>, read: impl Fn(&'a Located<Scalar>) -> Option<T>) -> [Option<(T, Place)>; 2] {
        let [min, max] = ["min", "max"].map(|name| fields.prop(name).and_then(|value| Some((read(value)?, value.at.clone()))));
        if let (Some((least, _)), Some((most, _))) = (&min, &max)
            && least > most
        {
            let message = "min is more than max: no answer could ever fit";
            self.found.add(Diagnostic::error("range", fields.at(), message).help("exchange them"));
        }
        [min, max]
    }

    fn unbounded(&self, fields: &Fields, answer: Answer) -> Answer {
        let bounds = ["min", "max"].map(|name| fields.prop(name));
        if let Some(bound) = bounds.into_iter().flatten().next() {
            let message = "min= and max= are for numbers, days and texts";
            self.found.add(Diagnostic::error("misplaced", &bound.at, message).help("leave them out"));
        }
        answer
    }

    /// A number, written as one or as a text.
    fn number(&self, value: &Located<Scalar>) -> Option<f64> {
        let number = match &value.value {
            // Whole numbers beyond 2^53 lose their last digits, which nobody's bounds have.
            Scalar::Int(number) => number.to_string().parse().ok(),
            Scalar::Number(number) => Some(*number),
            Scalar::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            Scalar::Flag(_) | Scalar::Other => None,
        };
        if number.is_none() {
            self.found.add(Diagnostic::error("type", &value.at, "a number is wanted here").help("write it without quotes: 2.5"));
        }
        number
    }

    /// A day: `"2026-12-24"` or `"today"`.
    fn day(&self, value: &Located<Scalar>) -> Option<Bound> {
        let day = match &value.value {
            Scalar::Text(text) if text == "today" => Some(Day::Today),
            Scalar::Text(text) => text.parse::<Date>().ok().map(Day::On),
            Scalar::Int(_) | Scalar::Number(_) | Scalar::Flag(_) | Scalar::Other => None,
        };
        if day.is_none() {
            let finding = Diagnostic::error("type", &value.at, "a day is wanted here");
            self.found.add(finding.help("write \"2026-12-24\" or \"today\""));
        }
        day.map(Bound)
    }
}

/// The bound of a day; today comes neither before nor behind another one for certain.
#[derive(PartialEq)]
struct Bound(Day);

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self.0, other.0) {
            (Day::On(one), Day::On(other)) => Some(one.cmp(&other)),
            (Day::Today, Day::Today) => Some(std::cmp::Ordering::Equal),
            (Day::On(_), Day::Today) | (Day::Today, Day::On(_)) => None,
        }
    }
}

/// Whether an option's value is an answer that the question would take when typed.
pub(super) fn fits(answer: &Answer, value: &str) -> bool {
    match answer {
        Answer::Choice => !value.contains("{{"),
        Answer::Int { min, max } => value.parse().is_ok_and(|number: i64| within(&number, min.as_ref(), max.as_ref())),
        Answer::Number { min, max } => {
            value.parse().is_ok_and(|number: f64| number.is_finite() && within(&number, min.as_ref(), max.as_ref()))
        }
        Answer::Date { min, max } => value.parse().is_ok_and(|day: Date| {
            let on = |bound: &Option<Day>| match bound {
                Some(Day::On(day)) => Some(*day),
                Some(Day::Today) | None => None,
            };
            within(&day, on(min).as_ref(), on(max).as_ref())
        }),
        Answer::Text { min, max, pattern } => {
            let length = limits::length(value);
            within(&length, min.as_ref(), Some(max)) && pattern.as_ref().is_none_or(|pattern| pattern.is_match(value))
        }
        // What these take is decided where answers are taken; a value that is none of them by its looks is a slip.
        Answer::Email => value.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
        Answer::Phone => value.chars().any(|c| c.is_ascii_digit()),
        Answer::Url => url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https")),
        Answer::Media | Answer::Picture | Answer::Location => false,
    }
}

fn within<T: PartialOrd>(value: &T, min: Option<&T>, max: Option<&T>) -> bool {
    min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
}
