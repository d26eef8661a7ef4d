//! Whether what a person sent answers a question.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::Url;

use super::{Value, bounds};
use crate::bot::{Answer, Day, Question};
use crate::model::{Attachment, MediaKind, Timestamp, fold};

/// What a person sent.
pub(super) struct Given<'m> {
    pub(super) text: &'m str,
    pub(super) attachment: Option<&'m Attachment>,
    /// The day on which it is read.
    pub(super) today: Date,
}

/// The value of an answer that validates.
pub(super) fn accept(question: &Question, given: &Given) -> Option<Value> {
    let typed = given.text.trim();
    let text = |value: Option<String>| value.filter(|value| value.chars().count() <= bounds::ANSWER_CHARS).map(Value::Text);
    match &question.answer {
        Answer::Text { min, max, pattern } => {
            let count = typed.chars().count();
            let fits = count >= min.unwrap_or(1) && count <= (*max).min(bounds::ANSWER_CHARS);
            let matches = pattern.as_ref().is_none_or(|pattern| pattern.is_match(typed));
            (fits && matches).then(|| Value::Text(typed.to_owned()))
        }
        Answer::Int { min, max } => {
            let number: i64 = typed.parse().ok()?;
            let fits = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
            fits.then_some(Value::Int(number))
        }
        Answer::Number { min, max } => {
            let number = number(typed)?;
            let fits = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
            fits.then_some(Value::Number(number))
        }
        Answer::Date { min, max } => {
            let date = date(typed, given.today)?;
            let bound = |day: Day| if let Day::On(date) = day { date } else { given.today };
            let fits = min.is_none_or(|min| date >= bound(min)) && max.is_none_or(|max| date <= bound(max));
            fits.then(|| Value::Text(date.to_string()))
        }
        Answer::Email => text(email(typed)),
        Answer::Phone => text(phone(typed)),
        Answer::Url => text(url(typed)),
        Answer::Media => match given.attachment {
            Some(Attachment::Media { url, .. }) => text(Some(url.clone())),
            _ => None,
        },
        Answer::Picture => match given.attachment {
            Some(Attachment::Media { kind: MediaKind::Photo, url, .. }) => text(Some(url.clone())),
            _ => None,
        },
        Answer::Location => match given.attachment {
            Some(Attachment::Place { longitude, latitude, name }) => {
                text(Some(name.clone().unwrap_or_else(|| format!("{latitude},{longitude}"))))
            }
            _ => None,
        },
        // Options are matched by their labels and values before this is asked.
        Answer::Choice => None,
    }
}

/// The value that an option gives.
pub(super) fn of_option(question: &Question, value: &str) -> Value {
    match &question.answer {
        Answer::Int { .. } => value.parse().map(Value::Int).ok(),
        Answer::Number { .. } => number(value).map(Value::Number),
        _ => None,
    }
    .unwrap_or_else(|| Value::Text(value.to_owned()))
}

/// The day of a moment in a time zone; in UTC where none is named or known.
pub(super) fn day(now: Timestamp, zone: Option<&str>) -> Date {
    let zone = zone.and_then(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC);
    let moment = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    zone.to_datetime(moment).date()
}

/// A number with a point or a comma before its fraction: who writes both has grouped the digits, which cannot be told apart.
fn number(typed: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ',');
    if !typed.chars().all(plain) || (typed.contains('.') && typed.contains(',')) {
        return None;
    }
    typed.replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())
}

/// A day, as people write it without doubt: `2026-12-24`, `24.12.2026`, `24 Dec 2026`, `Dec 24, 2026`, `today`, `tomorrow`.
///
/// `12/10/2026` means two days to two people, so that it is taken only where one of the numbers cannot be a month.
fn date(typed: &str, today: Date) -> Option<Date> {
    match fold(typed).as_str() {
        "today" => return Some(today),
        "tomorrow" => return today.tomorrow().ok(),
        _ => {}
    }
    if let Some(date) = ["%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d. %B %Y"]
        .iter()
        .find_map(|format| Date::strptime(format, typed).ok())
    {
        return Some(date);
    }
    let parts: Vec<i16> = typed.split('/').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let [a, b, year] = parts[..] else { return None };
    let read = |month: i16, day: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    match (read(a, b), read(b, a)) {
        (Some(one), Some(other)) => Some(one).filter(|one| *one == other),
        (one, other) => one.or(other),
    }
}

/// An address with a name, one `@` and a host with a dot; whether it exists only a letter can tell.
fn email(typed: &str) -> Option<String> {
    let (name, host) = typed.rsplit_once('@')?;
    let is_plain =
        |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '@' | ',' | '<' | '>'));
    let dots = |text: &str| text.starts_with('.') || text.ends_with('.') || text.contains("..");
    let good = is_plain(name) && is_plain(host) && !dots(name) && !dots(host) && host.contains('.') && typed.len() <= 254;
    good.then(|| typed.to_owned())
}

/// Six to fifteen digits (ITU-T E.164 has at most fifteen), kept without what people put between them.
fn phone(typed: &str) -> Option<String> {
    let between = |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '/' | '(' | ')');
    let kept: String = typed.chars().filter(|c| !between(*c)).collect();
    let digits = kept.strip_prefix('+').unwrap_or(&kept);
    ((6..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())).then_some(kept)
}

/// A web address, with or without its scheme.
fn url(typed: &str) -> Option<String> {
    let whole = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&whole).ok()?;
    let host = url.host_str()?;
    let good = matches!(url.scheme(), "http" | "https") && host.contains('.') && !typed.contains(char::is_whitespace);
    good.then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(answer: Answer) -> Question {
        Question { slot: "x".into(), answer, invalid: None, retries: None, giveup: None, fuzzy: 0, greedy: false, secret: false }
    }

    fn accept(question: &Question, typed: &str) -> Option<Value> {
        super::accept(question, &Given { text: typed, attachment: None, today: Date::constant(2026, 11, 24) })
    }

    #[track_caller]
    fn check(answer: Answer, good: &[(&str, Value)], bad: &[&str]) {
        let question = question(answer);
        for (typed, value) in good {
            assert_eq!(accept(&question, typed).as_ref(), Some(value), "{typed}");
        }
        for typed in bad {
            assert_eq!(accept(&question, typed), None, "{typed}");
        }
    }

    fn text(value: &str) -> Value {
        Value::Text(value.into())
    }

    #[test]
    fn whole_numbers_keep_their_bounds() {
        let bad = ["0", "6", "3.5", "three", "", "99999999999999999999"];
        check(Answer::Int { min: Some(1), max: Some(5) }, &[(" 3 ", Value::Int(3))], &bad);
    }

    #[test]
    fn numbers_have_a_point_or_a_comma() {
        let good = [("1.5", Value::Number(1.5)), ("1,5", Value::Number(1.5)), ("2", Value::Number(2.0)), ("-0.5", Value::Number(-0.5))];
        check(Answer::Number { min: Some(-1.0), max: Some(2.0) }, &good, &["2.1", "-1.5", "1,000.5", "inf", "NaN", "1e300", "", "x"]);
    }

    #[test]
    fn texts_keep_their_length_and_pattern() {
        let pattern = regex::Regex::new("^[0-9]+$").ok();
        check(Answer::Text { min: Some(2), max: 4, pattern }, &[("123", text("123"))], &["1", "12345", "ab", ""]);
        check(Answer::Text { min: None, max: 1_000, pattern: None }, &[], &["  "]);
    }

    #[test]
    fn days_are_taken_where_there_is_no_doubt() {
        let day = text("2026-12-24");
        let written = ["2026-12-24", "24.12.2026", "24 Dec 2026", "24 December 2026", "Dec 24, 2026", "12/24/2026", "24/12/2026"];
        let mut good: Vec<(&str, Value)> = written.iter().map(|written| (*written, day.clone())).collect();
        good.extend([("today", text("2026-11-24")), ("Tomorrow!", text("2026-11-25")), ("11/11/2026", text("2026-11-11"))]);
        let bad = ["12/10/2026", "2026-02-30", "soon", "24.12.", "", "2025-12-24", "2028-01-01"];
        let (min, max) = (Some(Day::On(Date::constant(2026, 1, 1))), Some(Day::On(Date::constant(2027, 12, 31))));
        check(Answer::Date { min, max }, &good, &bad);
        check(Answer::Date { min: Some(Day::Today), max: None }, &[("today", text("2026-11-24"))], &["2026-11-23"]);
    }

    #[test]
    fn a_day_begins_where_the_bot_is_at_home() {
        let late = Timestamp::from_millis(1_767_225_599_000);
        assert_eq!(day(late, None), Date::constant(2025, 12, 31));
        assert_eq!(day(late, Some("Europe/Zurich")), Date::constant(2026, 1, 1));
    }

    #[test]
    fn addresses_and_numbers_of_people() {
        let good = ["a@b.ch", "ada.lovelace+snow@mail.example.org"].map(|mail| (mail, text(mail)));
        check(Answer::Email, &good, &["a@b", "a b@c.ch", "@b.ch", "a@.ch", "a@b.ch, c@d.ch", "a..b@c.ch", "", "a@b..ch"]);
        let good = [("+41 (0)44 123-45-67", text("+410441234567")), ("044/123.45.67", text("0441234567"))];
        check(Answer::Phone, &good, &["12345", "+", "call me", "1234567890123456", "12+345678"]);
        let good = [("snow.example/a?b=1", text("https://snow.example/a?b=1")), ("http://x.com", text("http://x.com/"))];
        check(Answer::Url, &good, &["snow", "ftp://x.com", "see x.com", "", "javascript://x.com/%0a", "http://"]);
    }

    #[test]
    fn what_hangs_on_a_message_is_an_answer_too() {
        let today = Date::constant(2026, 11, 24);
        let photo = Attachment::Media { id: 7, kind: crate::model::MediaKind::Photo, url: "https://ton.x.com/7".into() };
        let place = Attachment::Place { longitude: 8.5, latitude: 47.25, name: None };
        let accepts = |answer: Answer, attachment| super::accept(&question(answer), &Given { text: "", attachment, today });
        assert_eq!(accepts(Answer::Media, Some(&photo)), Some(text("https://ton.x.com/7")));
        assert_eq!(accepts(Answer::Location, Some(&place)), Some(text("47.25,8.5")));
        assert_eq!(accepts(Answer::Media, Some(&place)), None);
        assert_eq!(accepts(Answer::Location, None), None);
    }
}
