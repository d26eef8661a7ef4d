//! One server in place of all that bots ask: for rehearsals without the internet.

use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use super::Lookups;
use super::platform::Servers;
use crate::model::{LookupAnswer, LookupFailure, LookupRequest};

/// Asks `BASE/HOST/PATH` where a script asks `https://HOST/PATH`.
pub struct StandIn {
    base: Url,
    lookups: Arc<Lookups>,
}

impl StandIn {
    /// A stand-in at an address.
    pub fn new(base: Url, lookups: Arc<Lookups>) -> Self {
        StandIn { base, lookups }
    }

    /// The same question to the stand-in; `None` where it is no question to anybody.
    fn instead(&self, request: &LookupRequest) -> Option<LookupRequest> {
        let asked = Url::parse(&request.url).ok()?;
        let mut url = self.base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}{}", asked.host_str()?, asked.path()));
        url.set_query(asked.query());
        let allow = vec![url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()];
        Some(LookupRequest { url: url.into(), allow, ..request.clone() })
    }
}

#[async_trait]
impl Servers for StandIn {
    async fn ask(&self, _name: &str, request: &LookupRequest) -> LookupAnswer {
        match self.instead(request) {
            Some(request) => self.lookups.fetch(&request).await,
            None => LookupAnswer::Failed { reason: LookupFailure::Unreadable, status: None, detail: "it has no host".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::clock::SystemClock;
    use crate::model::LookupMethod;

    #[test]
    fn host_path_and_query_go_to_the_stand_in() {
        let base = Url::parse("http://127.0.0.1:8090/feed/").unwrap();
        let stand_in = StandIn::new(base, Lookups::new(Arc::new(SystemClock)));
        let request = LookupRequest {
            method: LookupMethod::Get,
            url: "https://snow.example/reports/aspen.json?unit=in%20ch".into(),
            body: None,
            pictures: BTreeMap::new(),
            timeout: Duration::from_secs(1),
            retry: 0,
            cache: None,
            idempotency: None,
            allow: vec!["snow.example".into()],
        };
        let instead = stand_in.instead(&request).unwrap();
        assert_eq!(instead.url, "http://127.0.0.1:8090/feed/snow.example/reports/aspen.json?unit=in%20ch");
        assert_eq!(instead.allow, ["127.0.0.1:8090"]);
        assert!(stand_in.instead(&LookupRequest { url: "mailto:ada".into(), ..request }).is_none());
    }
}
