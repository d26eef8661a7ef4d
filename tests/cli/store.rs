//! `junco store`.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;

use super::program::{BOT, Place};

/// A place where a bot was talked to; what was said is in `data`.
fn talked() -> Place {
    let place = Place::with_bot("echo", BOT);
    place.write("talk.kdl", "user \"hi\"\nbot \"Hello.\"\ntap \"Bye\"\nbot \"So long.\"\n");
    let ran = place.run(&["dev", "bots/echo", "--script", "talk.kdl", "--data", "data"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    place
}

/// The rest of the line that begins with a part's name.
fn part<'a>(out: &'a str, name: &str) -> &'a str {
    let line = out.lines().find(|line| line.trim_start().starts_with(name));
    line.unwrap_or_else(|| panic!("no {name:?} in {out}")).trim_start()[name.len()..].trim()
}

#[test]
fn a_good_folder_is_told_so() {
    let ran = talked().run(&["store", "check", "data"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.starts_with("data: good; the next start loses nothing\n"), "{}", ran.out);
    assert!(part(&ran.out, "conversations").starts_with("1, 0 messages not settled"), "{}", ran.out);
    assert_eq!(part(&ran.out, "record map"), "good");
}

#[test]
fn a_damaged_folder_exits_1_and_says_where() {
    let place = talked();
    let name = "journal-00000000000000000001.jnl";
    OpenOptions::new().write(true).open(place.path().join("data").join(name)).unwrap().write_all_at(b"x", 300).unwrap();
    let ran = place.run(&["store", "check", "data"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    assert!(ran.out.starts_with("data: DAMAGED"), "{}", ran.out);
    let damage = part(&ran.out, "damaged");
    assert!(damage.contains(name) && damage.contains("damaged at byte 40") && damage.contains("from a backup"), "{damage}");
    assert!(part(&ran.out, name).ends_with("DAMAGED"));
    let ran = place.run(&["store", "check", "data", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, told["journal"][0]["state"].as_str(), told["damage"][0].as_str()), (Some(1), Some("damaged"), Some(damage)));
}

#[test]
fn a_compacted_folder_is_good_and_the_old_one_may_go() {
    let place = talked();
    let ran = place.run(&["store", "compact", "data"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains("data.before-compact: delete it when"), "{}", ran.out);
    let ran = place.run(&["store", "check", "data"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(part(&ran.out, "may go").contains("data.before-compact"));
    assert!(part(&ran.out, "conversations").starts_with("1, "));
    let ran = place.run(&["store", "compact", "data"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("data.before-compact is in the way: delete it"), "{}", ran.err);
}

#[test]
fn the_folder_of_the_configuration_is_taken_and_what_is_no_store_is_told() {
    let place = Place::new();
    let ran = place.run(&["store", "check"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("junco: name the data folder, or a configuration: junco.toml: there is no such file"), "{}", ran.err);
    place.write("etc/secret", "hush");
    place.write(
        "etc/j.toml",
        "store = \"sled:elsewhere\"\n[[app]]\nid = \"1\"\nconsumer_key = \"k\"\nconsumer_secret_file = \"secret\"\n[[account]]\nuser_id = \"2\"\n\
         app = \"1\"\nbot = \"b\"\naccess_token_file = \"secret\"\naccess_token_secret_file = \"secret\"\n",
    );
    place.write("etc/elsewhere/holiday.jpg", "snow");
    for command in ["check", "compact"] {
        let ran = place.run(&["store", command, "--config", "etc/j.toml"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
        let told = "junco: etc/elsewhere holds no store: name the folder that the configuration names after `sled:`\n";
        assert_eq!(ran.err, told);
    }
    assert_eq!(fs::read_dir(place.path().join("etc/elsewhere")).unwrap().count(), 1);
    assert_eq!(place.run(&["store", "check", "data", "--config", "etc/j.toml"]).code, Some(2));
}
