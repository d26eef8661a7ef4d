//! Which of X's interfaces delivers an account's events (contract §4.6, §4.7, §6).

use std::fmt;
use std::str::FromStr;

/// An interface that registers webhooks and subscribes users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EventsApi {
    /// Account Activity, enterprise, v1.1.
    #[default]
    Enterprise,
    /// Account Activity, premium, v1.1, with the name of its environment; the case matters.
    Premium(String),
    /// Account Activity, v2.
    V2,
    /// X Activity, v2: one subscription a kind of event.
    Activity,
}

/// A text that names none of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of enterprise, premium:ENVIRONMENT, v2, activity")]
pub struct UnknownEventsApi(String);

impl FromStr for EventsApi {
    type Err = UnknownEventsApi;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        match text {
            "enterprise" => Ok(EventsApi::Enterprise),
            "v2" => Ok(EventsApi::V2),
            "activity" => Ok(EventsApi::Activity),
            other => match other.strip_prefix("premium:") {
                Some(environment) if !environment.is_empty() && environment.chars().all(plain) => {
                    Ok(EventsApi::Premium(environment.to_owned()))
                }
                _ => Err(UnknownEventsApi(text.to_owned())),
            },
        }
    }
}

impl fmt::Display for EventsApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventsApi::Enterprise => f.write_str("enterprise"),
            EventsApi::Premium(environment) => write!(f, "premium:{environment}"),
            EventsApi::V2 => f.write_str("v2"),
            EventsApi::Activity => f.write_str("activity"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for name in ["enterprise", "premium:Prod-1", "v2", "activity"] {
            assert_eq!(name.parse::<EventsApi>().expect(name).to_string(), name);
        }
        for none in ["", "Enterprise", "premium", "premium:", "premium:a/b", "v3"] {
            assert!(none.parse::<EventsApi>().is_err(), "{none}");
        }
    }
}
