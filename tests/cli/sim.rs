//! `junco sim`: the world that it is told to make.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::program::Place;

/// A simulator under way; it is ended with the test.
struct Sim {
    child: Child,
    address: String,
}

impl Sim {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_junco"));
        command.args(["sim", "--listen", "127.0.0.1:0"]).args(arguments).current_dir(place.path());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_else(|| panic!("{line}"));
        Sim { address: address.to_owned(), child }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_world_comes_from_a_file() {
    let place = Place::new();
    place.write(
        "world.json",
        r#"{ "people": [{ "id": "7", "screen_name": "shop", "name": "Shop" }, { "id": "8", "screen_name": "eve", "name": "Eve" }],
        "apps": [{ "id": "5", "name": "shop-bot", "owner": "@shop" }], "tokens": [{ "user": "@shop", "app": "5" }] }"#,
    );
    let sim = Sim::start(&place, &["--world", "world.json", "--strict-urls", "--time-scale", "60", "--begins", "2h"]);
    let page = sim.get("/");
    assert!(page.contains("text/plain") && page.contains("@shop") && page.contains("shop-bot-key"), "{page}");
    assert!(!page.contains("@ada") && page.contains(r#""from":"@eve","to":"@shop""#), "nobody else lives there: {page}");
    assert!(sim.get("/sim/rules").contains(r#""strict_urls":true"#));
    assert!(sim.get("/sim/time").contains(r#""scale":60.0"#));
}

#[test]
fn a_world_that_cannot_be_is_told() {
    let place = Place::new();
    let ran = place.run(&["sim", "--world", "none.json"]);
    assert!(ran.code == Some(1) && ran.err.contains("cannot read none.json"), "{ran:?}");
    place.write("world.json", r#"{ "people": [] }"#);
    let ran = place.run(&["sim", "--listen", "127.0.0.1:0", "--world", "world.json"]);
    assert!(ran.code == Some(1) && ran.err.contains("who is not among the people"), "{ran:?}");
    let ran = place.run(&["sim", "--begins", "soon"]);
    assert!(ran.code == Some(2) && ran.err.contains("write 300ms, 3s, 30m, 12h or 7d"), "{ran:?}");
}
