//! (g) How heavy the pages are, and when a real browser first paints something of them, over a store of 10 000 conversations.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::time::Duration;

use junco::simulator::{Person, Settings, Simulator, Token};
use serde::Deserialize;
use serde_json::json;

use crate::Wish;
use crate::table::{head, median, milliseconds, row, whole};
use crate::workshop::Workshop;
use crate::world::{ACCOUNT, APP, KEY, PASSWORD, SECRET, Server};

const CONVERSATIONS: u64 = 10_000;

/// Messages in each chat of the phone page.
const CHATTED: usize = 100;

/// One visit of one page.
#[derive(Deserialize)]
struct Visit {
    size: String,
    page: String,
    /// Bytes of the page with its style and script, decoded.
    weight: u64,
    /// Milliseconds until the server had answered, and until something was painted.
    answered: f64,
    painted: f64,
}

pub(crate) fn print(wish: &Wish) {
    let Some(node) = Workshop::node() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Server::child(&["fill", data.to_str().unwrap(), &CONVERSATIONS.to_string()]).stop();
    let x = Server::child(&["x"]);
    let (service, console) = Server::junco_with_console(folder.path(), x.address);
    let given = json!({
        "console": format!("http://{console}"),
        "phone": format!("http://{}/phone?people=ada,ben&with=bench", x.address),
        "password": PASSWORD,
        "rounds": wish.rounds,
    });
    let mut visitor = node.start("../bench/pages.mjs", &given);
    let lines = BufReader::new(visitor.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let visits: Vec<Visit> = lines.map(|line| serde_json::from_str(&line).unwrap()).collect();
    assert!(visitor.0.wait().unwrap().success(), "the browser's script ends well");
    show(&visits);
    service.stop();
}

fn show(visits: &[Visit]) {
    let title = format!("(g) pages over {} conversations, in Chromium with an empty cache", whole(CONVERSATIONS as f64));
    head(&title, &["", "weight", "answered", "first paint", "at most"]);
    let mut pages: Vec<(&str, &str)> = Vec::new();
    for visit in visits {
        if !pages.contains(&(&visit.size, &visit.page)) {
            pages.push((&visit.size, &visit.page));
        }
    }
    for (size, page) in pages {
        let of = || visits.iter().filter(|visit| visit.size == size && visit.page == page);
        let time = |milliseconds_: f64| milliseconds(Duration::from_secs_f64(milliseconds_ / 1_000.0));
        row(&[
            format!("{page} ({size})"),
            format!("{:.1} KB", of().map(|visit| visit.weight).max().unwrap() as f64 / 1_000.0),
            time(median(of().map(|visit| visit.answered))),
            time(median(of().map(|visit| visit.painted))),
            time(of().map(|visit| visit.painted).fold(0.0, f64::max)),
        ]);
    }
}

/// The child: X with the account of the bench, and two people who chatted with it.
pub(crate) fn x() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let x = Simulator::start(settings()).await.unwrap();
        for _ in 0..CHATTED / 2 {
            for person in [Settings::ADA, Settings::BEN] {
                x.say(person, ACCOUNT, "How is the snow up there?").unwrap();
                x.send_as_human(ACCOUNT, person, "Fresh, and more of it comes in the evening.", None).unwrap();
            }
        }
        eprintln!("listening: {}/", x.url());
        std::future::pending::<()>().await;
    });
}

fn settings() -> Settings {
    let mut settings = Settings { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Settings::default() };
    settings.people.push(Person::new(ACCOUNT.0, "bench", "The bench"));
    // The app of the bench has the id of the default world's.
    let app = &mut settings.apps[0];
    assert_eq!(app.id, APP);
    (app.consumer_key, app.consumer_secret) = (KEY.to_owned(), SECRET.to_owned());
    settings.tokens.push(Token::for_user(ACCOUNT, APP));
    settings
}
