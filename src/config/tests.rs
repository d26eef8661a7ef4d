//! The configuration as people write it, and what they are told when they slip.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

const FULL: &str = r#"
listen = "127.0.0.1:9000"
store = "sled:./somewhere"
url = "https://bot.example/webhook/twitter"
unsure = "hold"
[x]
api = "https://api.x.com"
[limits]
body_timeout = "500ms"
[[app]]
id = "16777259"
consumer_key = "key"
consumer_secrets = ["newest-hush", "older-hush"]
[[account]]
user_id = 906948460078698496
app = 16777259
bot = "bots/snowbot"
access_token = "token"
access_token_secret = "secret"
"#;

fn table(text: &str) -> toml::Table {
    toml::from_str(text).unwrap()
}

fn error(text: &str) -> String {
    Config::from_table(table(text), "junco.toml").unwrap_err().to_string()
}

#[test]
fn a_whole_configuration_is_read() {
    let config = Config::from_table(table(FULL), "junco.toml").unwrap();
    assert_eq!(config.unsure, Unsure::Hold);
    assert_eq!(config.path, "/webhook/twitter");
    assert_eq!(config.limits.body_timeout, Duration::from_millis(500));
    assert_eq!(config.account[0].user_id, UserId(906_948_460_078_698_496));
    let secrets: Vec<&str> = config.app[0].secrets().map(Secret::expose).collect();
    assert_eq!(secrets, ["newest-hush", "older-hush"]);
    assert!(!format!("{config:?}").contains("hush"), "secrets are never printed");
}

#[test]
fn a_send_is_lost_when_its_process_could_have_settled_it_and_its_echo_come() {
    let limits = Limits { send_timeout: Duration::from_secs(2), echo_wait: Duration::from_secs(4), ..Limits::default() };
    assert_eq!(limits.lost_after(), Duration::from_secs(6));
    assert_eq!(Limits { resend_after: Duration::from_secs(5), ..limits }.lost_after(), Duration::from_secs(5));
}

#[test]
fn the_environment_goes_before_the_file() {
    let mut table = table(FULL);
    let variables = [
        ("JUNCO_APP__0__CONSUMER_SECRET", "123456"),
        ("JUNCO_APP__1__ID", "7"),
        ("JUNCO_APP__1__CONSUMER_KEY", "k"),
        ("JUNCO_APP__1__CONSUMER_SECRETS__0", "s"),
        ("JUNCO_LIMITS__BODY", "4096"),
        ("JUNCO_LISTEN", "127.0.0.1:1"),
    ];
    overlay::apply(&mut table, variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()).unwrap();
    let config = Config::from_table(table, "junco.toml").unwrap();
    assert_eq!(config.app[0].consumer_secret.as_ref().map(Secret::expose), Some("123456"), "a secret of digits stays a text");
    assert_eq!(config.app[1].signing_secret().map(Secret::expose), Some("s"));
    assert_eq!((config.limits.body, config.listen.port()), (4096, 1));
}

#[test]
fn a_variable_that_skips_a_place_is_refused() {
    let variable = ("JUNCO_APP__5__ID".to_owned(), "1".to_owned());
    let error = overlay::apply(&mut table(FULL), vec![variable]).unwrap_err().to_string();
    assert!(error.contains("JUNCO_APP__5__ID") && error.contains("the next one is number 1"), "{error}");
}

#[test]
fn every_slip_says_what_to_do() {
    for (text, says) in [
        (String::new(), "no [[app]]"),
        (FULL.replace("listen", "lisen"), "unknown field `lisen`"),
        (FULL.replace("16777259\nbot", "5\nbot"), "is not among the [[app]]s"),
        (FULL.replace("consumer_secrets = [\"newest-hush\", \"older-hush\"]", ""), "add consumer_secret"),
        (FULL.replace("sled:./somewhere", "redis:"), "write sled:FOLDER"),
        (FULL.replace("500ms", "500"), "is not a span"),
        (FULL.replace("id = \"16777259\"", "id = \"snow\""), "is not an id"),
        (format!("console = \"127.0.0.1:8081\"\n{FULL}"), "nobody may enter it"),
        (FULL.replace("[limits]", "[limits]\nin_flight = 0"), "from 1 to 10000"),
        (FULL.replace("https://api.x.com", "ftp://api.x.com"), "x.api = \"ftp://api.x.com/\""),
        (FULL.replace("older-hush", ""), "a secret here is empty"),
        (FULL.replace("access_token = \"token\"", "access_token = \" \""), "a secret here is empty"),
        (FULL.replace("[limits]", "[limits]\nsend_timeout = \"40s\""), "must be shorter"),
    ] {
        let error = error(&text);
        assert!(error.contains(says), "expected `{says}` in: {error}");
    }
}

#[test]
fn a_file_with_secrets_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junco.toml");
    std::fs::write(&path, FULL).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(error.contains("chmod 600"), "{error}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(Config::load(&path).is_ok());
}

#[test]
fn secrets_may_stand_in_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("secret.txt", "from-a-file\n");
    write("token.txt", "token");
    let text = FULL
        .replace("consumer_secrets = [\"newest-hush\", \"older-hush\"]", "consumer_secret_file = \"secret.txt\"")
        .replace("access_token = \"token\"", "access_token_file = \"token.txt\"")
        .replace("access_token_secret = \"secret\"", "access_token_secret_file = \"token.txt\"");
    write("junco.toml", &text);
    let config = Config::load(&folder.path().join("junco.toml")).unwrap();
    assert_eq!(config.app[0].signing_secret().map(Secret::expose), Some("from-a-file"));
    write("junco.toml", &text.replace("secret.txt", "nowhere.txt"));
    assert!(Config::load(&folder.path().join("junco.toml")).unwrap_err().to_string().contains("nowhere.txt"));
}

/// A configuration whose app's secret is in a file that says this.
fn with_secret_file(key: &str, text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junco.toml");
    std::fs::write(folder.path().join("consumer"), text).unwrap();
    std::fs::write(&path, FULL.replace("consumer_secrets = [\"newest-hush\", \"older-hush\"]", &format!("{key} = \"consumer\""))).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    Config::load(&path)
}

#[test]
fn a_file_holds_one_secret_or_a_list_of_them() {
    let secrets = |key: &str, text: &str| {
        with_secret_file(key, text)
            .map(|config| config.app[0].secrets().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    assert_eq!(secrets("consumer_secret_file", " one \r\n").unwrap(), ["one"]);
    assert_eq!(secrets("consumer_secrets_file", "new\nold\n").unwrap(), ["new", "old"]);
    for empty in ["", "\n", " \r\n"] {
        assert!(secrets("consumer_secret_file", empty).unwrap_err().contains("consumer: is empty"));
        assert!(secrets("consumer_secrets_file", empty).unwrap_err().contains("consumer: is empty"));
    }
    let error = secrets("consumer_secret_file", "hush\nhush").unwrap_err();
    assert!(error.contains("several lines") && !error.contains("hush"), "{error}");
}

#[test]
fn a_secret_of_the_environment_goes_before_the_file_that_is_named_for_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "the file's").unwrap();
    let text = FULL
        .replace("consumer_secrets = [\"newest-hush\", \"older-hush\"]", "consumer_secret_file = \"nowhere\"")
        .replace("access_token = \"token\"", "access_token_file = \"token\"");
    let mut table = table(&text);
    let variables = [("JUNCO_ACCOUNT__0__ACCESS_TOKEN", "mine"), ("JUNCO_APP__0__CONSUMER_SECRET", "mine too")];
    overlay::apply(&mut table, variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()).unwrap();
    secrets::read_files(&mut table, folder.path()).unwrap();
    let config = Config::from_table(table, "junco.toml").unwrap();
    assert_eq!(config.account[0].access_token.as_ref().map(Secret::expose), Some("mine"));
    assert_eq!(config.app[0].signing_secret().map(Secret::expose), Some("mine too"));
    // So does one of several.
    let mut table =
        super::tests::table(&FULL.replace("consumer_secrets = [\"newest-hush\", \"older-hush\"]", "consumer_secrets_file = \"token\""));
    overlay::apply(&mut table, vec![("JUNCO_APP__0__CONSUMER_SECRETS__0".to_owned(), "mine".to_owned())]).unwrap();
    secrets::read_files(&mut table, folder.path()).unwrap();
    let config = Config::from_table(table, "junco.toml").unwrap();
    assert_eq!(config.app[0].signing_secret().map(Secret::expose), Some("mine"));
}

#[test]
fn tokens_that_are_not_there_yet_keep_a_service_from_running_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junco.toml");
    let text = FULL
        .replace("consumer_secrets = [\"newest-hush\", \"older-hush\"]", "consumer_secret_file = \"consumer\"")
        .replace("access_token = \"token\"", "access_token_file = \"secrets/token\"")
        .replace("access_token_secret = \"secret\"", "access_token_secret_file = \"secrets/token-secret\"");
    std::fs::write(&path, &text).unwrap();
    assert!(Config::load_for_setup(&path).unwrap_err().to_string().contains("consumer"), "no command can do without the app's secret");
    std::fs::write(folder.path().join("consumer"), "hush").unwrap();
    let config = Config::load_for_setup(&path).unwrap();
    assert_eq!(config.account[0].access_token_file, Some(folder.path().join("secrets/token")));
    assert!(config.account[0].tokens().is_none());
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(error.contains("run `junco login --account 906948460078698496`"), "{error}");
    std::fs::create_dir(folder.path().join("secrets")).unwrap();
    for name in ["secrets/token", "secrets/token-secret"] {
        std::fs::write(folder.path().join(name), "\n").unwrap();
    }
    assert!(Config::load_for_setup(&path).unwrap().account[0].tokens().is_none(), "an empty file is no token either");
    std::fs::write(&path, text.split("[[account]]").next().unwrap()).unwrap();
    assert!(Config::load_for_setup(&path).is_ok());
    assert!(Config::load(&path).unwrap_err().to_string().contains("run `junco login`"));
}

#[test]
fn events_come_by_the_interface_that_sends_unless_another_is_named() {
    let events = |text: &str| {
        let text = FULL.replace("[x]", &format!("[x]\n{text}"));
        Config::from_table(table(&text), "junco.toml").map(|config| config.x.events_api()).map_err(|error| error.to_string())
    };
    assert_eq!(events(""), Ok(EventsApi::Enterprise));
    assert_eq!(events("environment = \"Prod\""), Ok(EventsApi::Premium("Prod".to_owned())));
    assert_eq!(events("events = \"v2\""), Ok(EventsApi::V2));
    assert_eq!(events("events = \"activity\""), Ok(EventsApi::Activity));
    assert!(events("environment = \"a/b\"").is_err_and(|error| error.contains("x.environment")));
}

#[test]
fn a_broken_line_is_named_but_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junco.toml");
    std::fs::write(&path, "listen = \"127.0.0.1:1\"\naccess_token_secret = \"hush\" hush\n").unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(error.contains("line 2") && !error.contains("hush"), "{error}");
}

#[test]
fn a_secret_of_the_wrong_kind_is_not_shown() {
    for text in [
        FULL.replace("[\"newest-hush\", \"older-hush\"]", "\"hush-4711\""),
        FULL.replace("[\"newest-hush\", \"older-hush\"]", "[4711]"),
        FULL.replace("access_token = \"token\"", "access_token = 4711"),
        FULL.replace("access_token = \"token\"", "access_token = [\"hush-4711\"]"),
        FULL.replace("consumer_key", "consumer_secret = 4711\nconsumer_key"),
    ] {
        let error = error(&text);
        assert!(error.contains("in quotes") && !error.contains("4711"), "{error}");
    }
}

#[test]
fn variables_of_others_may_hold_any_bytes() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let odd = || OsString::from_vec(vec![0xff]);
    let read = |name: &str| overlay::ours([(odd(), odd()), (name.into(), odd()), ("JUNCO_LISTEN".into(), "x".into())].into_iter());
    assert_eq!(read("LESSCHARSET").unwrap(), [("JUNCO_LISTEN".to_owned(), "x".to_owned())]);
    assert!(read("JUNCO_PATH").unwrap_err().to_string().contains("JUNCO_PATH: its value is not UTF-8"));
}

#[test]
fn every_path_counts_from_the_folder_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junco.toml");
    std::fs::write(&path, FULL).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let config = Config::load(&path).unwrap();
    assert_eq!(config.store_folder(), Some(folder.path().join("./somewhere").as_path()));
    assert_eq!(config.account[0].bot, folder.path().join("bots/snowbot"));
}
