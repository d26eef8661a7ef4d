//! What an answer's headers say about the calls that are left (contract §4.9).

use crate::model::Timestamp;

/// One limit. X may leave out any part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls that may be made in the window.
    pub limit: Option<u32>,
    /// Calls that are left in it.
    pub remaining: Option<u32>,
    /// When the window ends.
    pub reset: Timestamp,
}

/// The limits that an answer told. They may all be missing, most of all where messages are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of the call, usually in 15 minutes.
    pub window: Option<RateLimit>,
    /// Of the user, in 24 hours.
    pub user_day: Option<RateLimit>,
    /// Of the app, in 24 hours.
    pub app_day: Option<RateLimit>,
    /// What the token may do, as `read-write-directmessages`.
    pub access: Option<String>,
}

impl Limits {
    /// Reads the headers, given a way to look up a header's value by its lower-case name.
    pub fn read<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let limit = |prefix: &str| {
            let count = |part: &str| header(&format!("{prefix}-{part}")).and_then(|count| count.trim().parse().ok());
            let seconds: i64 = header(&format!("{prefix}-reset"))?.trim().parse().ok()?;
            let reset = Timestamp::from_millis(seconds.checked_mul(1000)?);
            Some(RateLimit { limit: count("limit"), remaining: count("remaining"), reset })
        };
        Limits {
            window: limit("x-rate-limit"),
            user_day: limit("x-user-limit-24hour"),
            app_day: limit("x-app-limit-24hour"),
            access: header("x-access-level").map(|level| level.chars().take(64).collect()),
        }
    }

    /// When a call that was one too many may be made again: past the last window that is used up, else past the shortest.
    pub fn retry_at(&self) -> Option<Timestamp> {
        let told = || [self.window, self.user_day, self.app_day].into_iter().flatten();
        let used_up = told().filter(|limit| limit.remaining == Some(0)).map(|limit| limit.reset).max();
        used_up.or(self.window.map(|limit| limit.reset))
    }

    /// Whether the headers told nothing.
    pub fn is_empty(&self) -> bool {
        *self == Limits::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &'static str)]) -> Limits {
        Limits::read(|name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
    }

    #[test]
    fn headers_are_read_where_they_are() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let all = read(&[
            ("x-rate-limit-limit", "15"),
            ("x-rate-limit-remaining", "3"),
            ("x-rate-limit-reset", "100"),
            ("x-user-limit-24hour-limit", "1440"),
            ("x-user-limit-24hour-remaining", "0"),
            ("x-user-limit-24hour-reset", "200"),
            ("x-app-limit-24hour-reset", "300"),
            ("x-access-level", "read-write-directmessages"),
        ]);
        assert_eq!(all.window, Some(RateLimit { limit: Some(15), remaining: Some(3), reset: at(100) }));
        assert_eq!(all.user_day, Some(RateLimit { limit: Some(1440), remaining: Some(0), reset: at(200) }));
        assert_eq!(all.app_day, Some(RateLimit { limit: None, remaining: None, reset: at(300) }));
        assert_eq!(all.access.as_deref(), Some("read-write-directmessages"));
        assert_eq!(all.retry_at(), Some(at(200)), "the day is used up, the window is not");
        assert_eq!(read(&[("x-rate-limit-reset", "100")]).retry_at(), Some(at(100)), "X does not say what is used up");
        for odd in ["soon", "", "-", "99999999999999999999"] {
            assert!(read(&[("x-rate-limit-reset", odd)]).is_empty(), "{odd}");
        }
        assert_eq!(read(&[]).retry_at(), None);
    }
}
