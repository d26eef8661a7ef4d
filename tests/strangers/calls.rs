//! Every call of the house's client, for real: each that signs is checked by `oauthlib`, and none may be forgotten here.

mod each;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use junco::client::{Client, Timeouts};
use junco::clock::SystemClock;
use junco::model::EventsApi;

use crate::verifier::Verifier;
use crate::workshop::Workshop;
use crate::world;

/// The calls that were made, as `file::function`.
#[derive(Default)]
struct Made(BTreeSet<&'static str>);

impl Made {
    /// Makes a call, which must succeed.
    async fn call<T, E: Debug>(&mut self, name: &'static str, call: impl Future<Output = Result<T, E>>) -> T {
        self.0.insert(name);
        call.await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    /// Makes a call that may be refused for what it asks: its signature counts all the same.
    async fn asked<T, E>(&mut self, name: &'static str, call: impl Future<Output = Result<T, E>>) -> Option<T> {
        self.0.insert(name);
        call.await.ok()
    }
}

#[tokio::test]
async fn every_call_that_we_sign_is_accepted_by_oauthlib() {
    let Some(python) = Workshop::python() else { return };
    let x = world().await;
    let verifier = Verifier::before(&x, &python);
    let client = |url| Client::new(url, Timeouts::default(), Arc::new(SystemClock)).unwrap();
    let checked = client(verifier.url.clone());
    let mut made = Made::default();
    each::messages(&checked, &x, &verifier.url, &mut made).await;
    each::newer_messages(&checked, &x, &mut made).await;
    each::welcome_messages(&checked, &mut made).await;
    each::posts(&checked, &x, &mut made).await;
    each::sign_in(&checked, &mut made).await;
    for api in [EventsApi::Enterprise, EventsApi::Premium("dev".to_owned()), EventsApi::V2] {
        each::events(&checked, api, &mut made).await;
    }
    each::activity(&checked, &client(x.url().parse().unwrap()), &x, &mut made).await;

    let kinds: BTreeSet<_> = verifier.all_accepted().await.into_iter().map(|verdict| verdict.kind).collect();
    assert_eq!(kinds, ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data"].map(String::from).into());
    let known = calls_of_the_client();
    let known: BTreeSet<_> = known.iter().map(String::as_str).collect();
    let forgotten: Vec<_> = known.difference(&made.0).collect();
    assert!(forgotten.is_empty(), "calls that nobody here has checked: {forgotten:?}; make them in tests/strangers/calls/each.rs");
}

/// The names of all calls, as they stand in the source.
fn calls_of_the_client() -> Vec<String> {
    fn read(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let file = path.file_stem().unwrap().to_string_lossy();
            let names = text.split("pub async fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(|name| format!("{file}::{name}")));
        }
    }
    let mut found = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/client"), &mut found);
    assert!(found.len() > 20, "the sources were found");
    found
}
