//! `junco run`: what it says when it cannot start, and how it ends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use super::program::{BOT, Place, WRONG};

const CONFIG: &str = r#"
listen = "127.0.0.1:0"
[[app]]
id = "16777259"
consumer_key = "key"
consumer_secret = "hush"
[[account]]
user_id = "906948460078698496"
app = "16777259"
bot = "bots/it"
access_token = "token"
access_token_secret = "hush"
"#;

fn configured(script: &str, config: &str) -> Place {
    let place = Place::with_bot("it", script);
    place.write("junco.toml", config);
    std::fs::set_permissions(place.path().join("junco.toml"), std::fs::Permissions::from_mode(0o600)).unwrap();
    place
}

/// The error of a service that does not start.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let ran = place.run(&[&["run"], arguments].concat());
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
    assert!(!ran.err.contains("hush"), "secrets are never printed: {}", ran.err);
    ran.err
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_missing_configuration_says_what_to_do() {
    let told = "there is no such file: write it as the README shows, or name another; to try a bot without one, run `junco dev BOT`\n";
    assert_eq!(refused(&Place::new(), &[]), format!("junco: junco.toml: {told}"));
    assert_eq!(refused(&Place::new(), &["--config", "etc/j.toml"]), format!("junco: etc/j.toml: {told}"));
}

#[test]
fn a_broken_configuration_says_where() {
    let place = configured(BOT, "listen = \"127.0.0.1:0\"\n[[app]\n");
    assert!(refused(&place, &[]).starts_with("junco: junco.toml: line 2: "));
    let place = configured(BOT, &CONFIG.replace("127.0.0.1:0", "localhost"));
    let told = "`localhost` is not an address: write an IP and a port, such as 127.0.0.1:8080; see `listen`";
    assert_eq!(refused(&place, &[]), format!("junco: junco.toml: {told}\n"));
}

#[test]
fn secrets_that_others_may_read_are_refused() {
    let place = configured(BOT, CONFIG);
    std::fs::set_permissions(place.path().join("junco.toml"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused(&place, &[]).contains("run `chmod 600 junco.toml`"));
}

#[test]
fn a_script_error_keeps_the_service_from_starting() {
    let told = refused(&configured(WRONG, CONFIG), &[]);
    assert!(told.contains("bots/it/bot.kdl:3:54") && told.contains("^^^^^^ no such state"), "{told}");
    let told = refused(&configured(BOT, &CONFIG.replace("bots/it", "bots/gone")), &[]);
    assert_eq!(told, "junco: bots/gone: there is no such folder; a bot is a folder with a bot.kdl in it\n");
}

#[test]
fn a_store_that_cannot_be_used_says_what_is_wanted() {
    let place = configured(BOT, &CONFIG.replace("[[app]]", "store = \"sled:junco.toml/x\"\n[[app]]"));
    let told = refused(&place, &[]);
    assert!(
        told.starts_with("junco: conversations cannot be kept in junco.toml/x (wanted is a folder that this user may write to): "),
        "{told}"
    );
    assert_eq!(told.matches("os error").count(), 1, "no cause is told twice: {told}");
}

#[test]
fn a_service_lives_alone_in_its_folder_and_ends_in_good_order() {
    let place = configured(BOT, CONFIG);
    let service = place.start(&["run"]);
    assert!(get(&service.address, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(get(&service.address, "/readyz").starts_with("HTTP/1.1 200"));

    let told = refused(&place, &[]);
    assert!(told.contains("another Junco uses the folder ./data: stop it, or give this one a folder of its own"), "{told}");
    let elsewhere = configured(BOT, &CONFIG.replace("127.0.0.1:0", &service.address));
    let told = refused(&elsewhere, &[]);
    assert!(told.starts_with(&format!("junco: cannot listen on {}: choose another address with `listen`", service.address)), "{told}");

    assert_eq!(service.terminate(), Some(0));
    assert_eq!(place.start(&["run"]).terminate(), Some(0), "its folder is free again");
}
