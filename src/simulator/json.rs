//! Small habits of the platform's JSON: ids as text, escapes, dates.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::model::Timestamp;

/// Writes an id as a string.
pub(super) fn text<T: Display, S: Serializer>(id: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Writes an id as a string, or nothing.
pub(super) fn maybe_text<T: Display, S: Serializer>(id: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(id),
        None => serializer.serialize_none(),
    }
}

/// Writes ids as a list of strings.
pub(super) fn texts<'a, T: Display + 'a, S: Serializer>(ids: impl IntoIterator<Item = &'a T>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.into_iter().map(T::to_string))
}

/// Writes a span in milliseconds.
pub(super) fn millis<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// A span as the house writes it, such as `3s`.
pub(super) mod span {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::model::parse_duration;

    pub(in super::super) fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&written(*span))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        read(&String::deserialize(deserializer)?)
    }

    pub(super) fn read<E: de::Error>(text: &str) -> Result<Duration, E> {
        parse_duration(text).ok_or_else(|| E::custom(format!("`{text}` is no span; write 300ms, 3s, 30m, 12h or 7d")))
    }

    pub(super) fn written(span: Duration) -> String {
        let millis = span.as_millis();
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        let whole = units.iter().find(|(unit, _)| millis != 0 && millis.is_multiple_of(*unit));
        whole.map_or_else(|| format!("{millis}ms"), |(unit, name)| format!("{}{name}", millis / unit))
    }
}

/// Spans in a list.
pub(super) mod spans {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::span;

    pub(in super::super) fn serialize<S: Serializer>(spans: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(spans.iter().map(|span| span::written(*span)))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
        Vec::<String>::deserialize(deserializer)?.iter().map(|text| span::read(text)).collect()
    }
}

/// A span, or null.
pub(super) mod maybe_span {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::span;

    pub(in super::super) fn serialize<S: Serializer>(span: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => serializer.serialize_str(&span::written(*span)),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| span::read(&text)).transpose()
    }
}

/// Compact JSON, keys in the order of the view's fields.
pub(super) fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("views are made of texts, numbers and lists, with text keys")
}

/// JSON with `/` as `\/` and non-ASCII as `\uXXXX` in surrogate pairs: outside of strings JSON has neither.
pub(super) fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            '/' => escaped.push_str("\\/"),
            c if c.is_ascii() => escaped.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(escaped, "\\u{unit:04x}").expect("a string takes all that is written");
                }
            }
        }
    }
    escaped
}

/// `2026-01-02T03:04:05+00:00`, as revocations have it.
pub(super) fn iso_offset(at: Timestamp) -> String {
    iso_date(at).replace('Z', "+00:00")
}

/// `2026-01-02T03:04:05Z`, as webhooks have it.
pub(super) fn iso_date(at: Timestamp) -> String {
    let Date { year, month, day, hour, minute, second, .. } = Date::of(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `2026-01-02T03:04:05.678Z`, as the newer API has it.
pub(super) fn iso_millis(at: Timestamp) -> String {
    let whole = iso_date(at);
    format!("{}.{:03}Z", whole.trim_end_matches('Z'), at.as_millis().rem_euclid(1_000))
}

/// The moment of `202601020304`: year, month, day, hour and minute without anything between.
pub(super) fn minute(text: &str) -> Option<Timestamp> {
    if text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute) = (part(8..10)?, part(10..12)?);
    // Years that begin in March, as in `Date::of`.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (years.div_euclid(400), years.rem_euclid(400));
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * months + 2) / 5 + day - 1;
    let days = era * 146_097 + day_of_era - 719_468;
    let at = Timestamp::from_millis(((days * 24 + hour) * 60 + minute) * 60_000);
    let date = Date::of(at);
    let same = (date.year, date.month as i64, date.day, date.hour, date.minute) == (year, month, day, hour, minute);
    same.then_some(at)
}

/// `Sat Mar 14 09:26:53 +0000 2015`, as users have it.
pub(super) fn user_date(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let date = Date::of(at);
    let (weekday, month) = (DAYS[date.weekday], MONTHS[date.month - 1]);
    format!("{weekday} {month} {:02} {:02}:{:02}:{:02} +0000 {:04}", date.day, date.hour, date.minute, date.second, date.year)
}

struct Date {
    year: i64,
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    weekday: usize,
}

impl Date {
    /// The civil date of a moment, counted in eras of 400 years that begin in March, so that leap days come last.
    fn of(at: Timestamp) -> Self {
        let (days, seconds) = (at.as_seconds().div_euclid(86_400), at.as_seconds().rem_euclid(86_400));
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let after_december = i64::from(month >= 10);
        Date {
            year: era * 400 + year_of_era + after_december,
            month: (month + 3 - 12 * after_december) as usize,
            day: day_of_year - (153 * month + 2) / 5 + 1,
            hour: seconds / 3_600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            weekday: (days + 4).rem_euclid(7) as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, iso, user) in [
            (0, "1970-01-01T00:00:00Z", "Thu Jan 01 00:00:00 +0000 1970"),
            (951_782_400, "2000-02-29T00:00:00Z", "Tue Feb 29 00:00:00 +0000 2000"),
            (1_426_325_213, "2015-03-14T09:26:53Z", "Sat Mar 14 09:26:53 +0000 2015"),
            (1_767_225_599, "2025-12-31T23:59:59Z", "Wed Dec 31 23:59:59 +0000 2025"),
        ] {
            let at = Timestamp::from_millis(seconds * 1000);
            assert_eq!((iso_date(at).as_str(), user_date(at).as_str()), (iso, user));
        }
    }

    #[test]
    fn minutes_are_read_back() {
        for (text, iso) in
            [("197001010000", "1970-01-01T00:00:00Z"), ("200002292359", "2000-02-29T23:59:00Z"), ("202601020304", "2026-01-02T03:04:00Z")]
        {
            assert_eq!(iso_date(minute(text).expect("a minute")), iso);
        }
        for bad in ["", "20260102030", "2026010203045", "202613010000", "202602290000", "202601012400", "202601010060", "2026-1020304"] {
            assert_eq!(minute(bad), None, "{bad}");
        }
    }

    #[test]
    fn escapes_are_those_of_the_platform() {
        assert_eq!(escape(&compact(&["a/é☃𝄞\n\""])), r#"["a\/\u00e9\u2603\ud834\udd1e\n\""]"#);
    }
}
