//! What every backend of the store promises, and what the embedded one promises about its folder.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod compact;
mod contract;
mod folder;
mod inspect;
mod kept;
mod values;

use std::sync::Arc;

use junco::store::{EmbeddedStore, MemoryStore, Options, Store};
use tempfile::TempDir;

/// Makes one test of every promise for a backend: an expression that gives a new empty store, and what must outlive it.
macro_rules! suite {
    ($backend:ident, $fresh:expr) => {
        suite! { @ $backend, $fresh,
            a_new_conversation_has_no_record
            a_commit_is_loaded_as_it_was_made
            a_commit_on_an_old_revision_is_stale_and_leaves_no_trace
            a_stale_turn_does_not_hold_back_the_others_of_its_call
            a_misnumbered_commit_is_refused
            due_conversations_are_claimed_earliest_first
            who_only_looks_at_what_waits_claims_nothing
            a_claim_keeps_others_away_until_its_lease_ends
            a_commit_moves_the_due_time_and_ends_the_lease
            the_next_due_time_is_the_earliest_of_all
            the_journal_gives_back_ranges_of_one_conversation
            of_a_forgotten_person_nothing_older_is_shown
            an_event_that_was_taken_is_known_for_ever_after
            a_late_event_is_known_from_its_own_turn_on
            a_scan_goes_through_all_records_in_pages
            a_replay_gives_every_entry_once_in_the_order_of_commits
            many_tasks_commit_at_once_and_nothing_is_lost
            racing_turns_of_one_conversation_are_serialised
            a_closed_store_refuses_commits
        }
    };
    (@ $backend:ident, $fresh:expr, $($promise:ident)*) => {
        mod $backend {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $promise() {
                    let (store, _keep) = $fresh;
                    contract::$promise(store).await;
                }
            )*
        }
    };
}

suite!(memory, (Arc::new(MemoryStore::new()) as Arc<dyn Store>, ()));
suite!(embedded, {
    let folder = TempDir::new().unwrap();
    (Arc::new(EmbeddedStore::open(folder.path(), Options::default()).unwrap()) as Arc<dyn Store>, folder)
});
