//! Guessing is slow, sessions end, and a decoy takes as long as a password.

use super::*;
use crate::clock::ManualClock;
use crate::model::{Role, Timestamp};

/// The hash of `correct horse` with parameters that tests have time for.
pub(in crate::console) const CHEAP: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM$GppqX6NkjNZiVG15lt4+zoe/N708vJWa2If9POHHWo0";

const RIGHT: &str = "correct horse";

fn access(clock: &Arc<ManualClock>) -> Access {
    let operator = |name: &str, role| Operator { name: name.into(), role, texts: false, password_hash: Secret::new(CHEAP) };
    let operators = Some(vec![operator("kim", Role::Reply), operator("vic", Role::View)]);
    let rules = Rules { proxy: false, idle: Duration::from_secs(3600), operators };
    Access::new(rules, clock.clone()).expect("good hashes")
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_millis(1_767_225_600_000)))
}

async fn sign_in(access: &Access, name: &str, password: &str, from: &str) -> Result<Session, SignInError> {
    access.sign_in(name, &Secret::new(password), from).await
}

async fn is_wrong(access: &Access, from: &str) -> bool {
    matches!(sign_in(access, "kim", "wrong", from).await, Err(SignInError::Wrong { .. }))
}

#[tokio::test]
async fn the_right_password_opens_a_session_and_nothing_else_does() {
    let clock = clock();
    let access = access(&clock);
    let session = sign_in(&access, "kim", RIGHT, "a").await.expect("let in");
    assert_eq!((session.role, session.texts), (Role::Reply, true), "who replies sees what is replied to");
    assert_eq!(access.sessions.find(&session.token).map(|found| found.name), Some("kim".to_owned()));
    for (tries, (name, password)) in [("kim", "wrong horse"), ("kim", ""), ("tim", RIGHT), ("", "")].into_iter().enumerate() {
        let wrong = SignInError::Wrong { tries: tries as u32 + 1, known: name == "kim" };
        assert_eq!(sign_in(&access, name, password, "b").await, Err(wrong), "{name}");
    }
    let viewer = sign_in(&access, "vic", RIGHT, "a").await.expect("let in");
    assert!(!viewer.texts && viewer.token != session.token && viewer.mark != session.mark);
}

#[tokio::test]
async fn after_a_few_wrong_passwords_an_address_waits_ever_longer() {
    let clock = clock();
    let access = access(&clock);
    for _ in 0..5 {
        assert!(is_wrong(&access, "a").await);
    }
    let Err(SignInError::Wait(wait)) = sign_in(&access, "kim", RIGHT, "a").await else { panic!("it must wait") };
    assert!(sign_in(&access, "kim", RIGHT, "b").await.is_ok(), "others are not kept out");
    clock.advance(wait);
    assert!(is_wrong(&access, "a").await);
    let Err(SignInError::Wait(longer)) = sign_in(&access, "kim", RIGHT, "a").await else { panic!("it must wait") };
    assert_eq!(longer, wait * 2);
    clock.advance(longer);
    assert!(sign_in(&access, "kim", RIGHT, "a").await.is_ok());
    assert!(is_wrong(&access, "a").await, "and all is forgiven");
}

#[tokio::test]
async fn a_name_that_many_guess_at_is_slow_too() {
    let clock = clock();
    let access = access(&clock);
    for address in 0..50 {
        assert!(is_wrong(&access, &address.to_string()).await);
    }
    assert!(matches!(sign_in(&access, "kim", "wrong", "new").await, Err(SignInError::Wait(_))));
    assert!(sign_in(&access, "vic", RIGHT, "new").await.is_ok());
}

#[tokio::test]
async fn an_address_that_changes_only_behind_is_the_same_place() {
    let clock = clock();
    let access = access(&clock);
    for host in 1..=5 {
        assert!(is_wrong(&access, &format!("2001:db8:1:2::{host}")).await);
    }
    assert!(matches!(sign_in(&access, "kim", RIGHT, "2001:db8:1:2:ffff::1").await, Err(SignInError::Wait(_))));
    assert!(sign_in(&access, "kim", RIGHT, "2001:db8:1:3::1").await.is_ok(), "next door is another place");
    assert!(sign_in(&access, "kim", RIGHT, "::ffff:192.0.2.1").await.is_ok());
}

#[tokio::test]
async fn sessions_end_when_nobody_uses_them_and_after_a_week_all_the_same() {
    let clock = clock();
    let access = access(&clock);
    let token = sign_in(&access, "kim", RIGHT, "a").await.expect("let in").token;
    for _ in 0..7 * 24 * 2 - 1 {
        clock.advance(Duration::from_secs(1800));
        assert!(access.sessions.find(&token).is_some());
    }
    clock.advance(Duration::from_secs(1800));
    assert!(access.sessions.find(&token).is_none(), "a week is over");
    let token = sign_in(&access, "kim", RIGHT, "a").await.expect("let in").token;
    clock.advance(Duration::from_secs(3599));
    assert!(access.still_knows(&token));
    clock.advance(Duration::from_secs(1));
    assert!(access.sessions.find(&token).is_none(), "being looked up is no use");
    let token = sign_in(&access, "kim", RIGHT, "a").await.expect("let in").token;
    access.sign_out(&token);
    assert!(!access.still_knows(&token));
}

#[test]
fn a_short_password_and_what_is_no_hash_are_refused() {
    assert!(matches!(hash(&Secret::new("short")), Err(PasswordError::Short)));
    let hashed = hash(&Secret::new("a longer one")).expect("hashed");
    assert!(password::is_right(&Secret::new("a longer one"), &hashed) && !password::is_right(&Secret::new("a longer on"), &hashed));
    let operator = Operator { name: "kim".into(), role: Role::View, texts: false, password_hash: Secret::new("plain text") };
    let rules = Rules { proxy: false, idle: Duration::from_secs(1), operators: Some(vec![operator]) };
    assert!(matches!(Access::new(rules, clock()), Err(PasswordError::NoHash(name)) if name == "kim"));
    assert!(password::is_hash(&Secret::new(DECOY)) && password::is_hash(&Secret::new(CHEAP)));
}
