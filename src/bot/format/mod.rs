//! Scripts in one look: two spaces a level, one between words, what the author put on one line on one line if it fits.

mod print;
mod read;

use kdl::KdlDocument;

use super::diagnostic::Diagnostic;
use super::syntax::{self, Findings};

/// Formats a script or a conversation test; comments and the order of things stay.
///
/// A text that cannot be read is explained and not touched.
pub fn format(file: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    let found = Findings::default();
    let Some(before) = syntax::document(text) else {
        syntax::read(file, text, &found);
        return Err(found.into_sorted());
    };
    let formatted = print::print(&read::read(text));
    // Whatever this room gets wrong, no script changes its meaning by it.
    let after = KdlDocument::parse_v2(&formatted);
    if after.is_ok_and(|after| bare(after) == bare(before)) { Ok(formatted) } else { Ok(text.to_owned()) }
}

fn bare(mut document: KdlDocument) -> KdlDocument {
    document.clear_format_recursive();
    document
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bot::Element;

    fn formatted(text: &str) -> String {
        format("bot.kdl", text).unwrap_or_else(|found| panic!("{found:#?}"))
    }

    /// Every script of the repository, and those within its pages.
    fn scripts() -> Vec<String> {
        fn gather(folder: &std::path::Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                if path.is_dir() && name != "target" && !name.starts_with('.') {
                    gather(&path, found);
                } else if name.ends_with(".kdl") {
                    found.push(std::fs::read_to_string(&path).unwrap());
                } else if name.ends_with(".md") {
                    let page = std::fs::read_to_string(&path).unwrap();
                    let blocks = page.split("```kdl\n").skip(1).filter_map(|rest| rest.split("```").next());
                    found.extend(blocks.map(str::to_owned));
                }
            }
        }
        let mut found = Vec::new();
        gather(std::path::Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
        found
    }

    /// What is promised of every text that can be read.
    fn keeps_its_promises(text: &str) {
        let Ok(once) = format("bot.kdl", text) else { return };
        assert_eq!(format("bot.kdl", &once).as_deref(), Ok(once.as_str()), "twice is once");
        let before = KdlDocument::parse_v2(text).map(bare).unwrap();
        assert_eq!(KdlDocument::parse_v2(&once).map(bare).unwrap(), before);
        let comments = |text: &str| {
            // What follows a colon is an address.
            let text = text.replace("://", ":");
            let mut parts: Vec<String> = text.split("//").skip(1).map(|rest| rest.lines().next().unwrap_or("").trim().to_owned()).collect();
            parts.sort();
            parts
        };
        assert_eq!(comments(&once), comments(text), "no comment is lost");
    }

    #[test]
    fn the_scripts_of_the_repository_keep_their_meaning() {
        let scripts = scripts();
        assert!(scripts.len() > 30);
        let changed = scripts.iter().filter(|text| format("bot.kdl", text).is_ok_and(|formatted| formatted != **text)).count();
        assert!(changed > 5, "there was something to do");
        scripts.iter().for_each(|text| keeps_its_promises(text));
    }

    #[test]
    fn everything_finds_its_place() {
        let text = "\n\n// top\nbot   \"x\"  version=1 {\nlate \"ask\"   ttl=\"30m\"   // why\n\n\n\n    idle \"24h\"    // so\n}\r\n\
            on \"hi\"{goto \"a\";say \"never\"   }; on \"ho\" { }\n\
            state \"a\" { // inside\n/* one */ say \"A\"\n  /-say \"off\" { x }\n   if \"n\" { end } ; else { end }\n\n}  // behind\n/- state \"b\" {\n\n say \"B\" }\n";
        let wanted = "\
// top
bot \"x\" version=1 {
  late \"ask\" ttl=\"30m\"  // why

  idle \"24h\"  // so
}
on \"hi\" { goto \"a\"; say \"never\" }; on \"ho\" {}
state \"a\" {  // inside
  /* one */ say \"A\"
  /-say \"off\" { x }
  if \"n\" { end }; else { end }
}  // behind
/- state \"b\" {
  say \"B\"
}
";
        assert_eq!(formatted(text), wanted);
    }

    #[test]
    fn what_does_not_fit_is_broken_up() {
        let long = "word ".repeat(20);
        let text = format!("on \"hi\" {{ say \"{long}\"; goto \"a\" }}\noption \"a\" {{ x; y }}\n");
        let wanted = format!("on \"hi\" {{\n  say \"{long}\"\n  goto \"a\"\n}}\noption \"a\" {{ x; y }}\n");
        assert_eq!(formatted(&format!("{text}{}", "")), wanted);
        let broken = formatted(&text.replace("\"hi\"", &format!("\"{}\"", "hi ".repeat(20))));
        assert!(broken.lines().all(|line| line.chars().count() <= 120 + 10), "{broken}");
    }

    #[test]
    fn comments_of_neighbours_stand_in_one_column() {
        assert_eq!(formatted("a // one\nlonger   // two\n\nb // three\n"), "a       // one\nlonger  // two\n\nb  // three\n");
    }

    #[test]
    fn strings_are_left_as_they_are() {
        for text in [
            "say \"\"\"\n  two\n    lines\n  \"\"\"\n",
            "on match=#\"(?i)\\b{2}; // no comment\"# { end }\n",
            "say \"a\" \\\n  \"b\"\n",
            "say ##\"\"#\"##\n",
            "say #\"a\\\"# { x }  // behind\n",
        ] {
            assert_eq!(formatted(text), text);
        }
        assert_eq!(formatted("state \"a\" {\n    say \"\"\"\n    x\n    \"\"\"\n}"), "state \"a\" {\n  say \"\"\"\n    x\n    \"\"\"\n}\n");
    }

    #[test]
    fn what_cannot_be_read_is_explained() {
        assert_eq!(format("bot.kdl", "state \"a\" {\n").map_err(|found| found[0].code), Err("brace"));
        assert_eq!(formatted(""), "");
    }

    fn element() -> impl Strategy<Value = Element> {
        let leaf = ("[a-z]{1,8}", any::<String>(), any::<i64>())
            .prop_map(|(name, text, number)| Element::new(&name).arg(text.as_str()).prop("n", number));
        leaf.prop_recursive(4, 24, 4, |inner| {
            ("[a-z]{1,8}", prop::collection::vec(inner, 0..4))
                .prop_map(|(name, children)| children.into_iter().fold(Element::new(&name), Element::child))
        })
    }

    proptest! {
        #[test]
        fn any_script_keeps_its_meaning(
            elements in prop::collection::vec(element(), 0..4),
            cuts in prop::collection::vec((0..200_usize, "[ \n;]{0,3}|// c\n|/\\* b \\*/|/-|\\\\\n|\\{ \\}"), 0..4),
        ) {
            let mut text: String = elements.iter().map(ToString::to_string).collect();
            for (at, new) in cuts {
                let at = text.floor_char_boundary(at.min(text.len()));
                text.insert_str(at, &new);
            }
            let Ok(once) = format("bot.kdl", &text) else { return Ok(()) };
            prop_assert_eq!(format("bot.kdl", &once), Ok(once.clone()), "twice is once");
            prop_assert_eq!(KdlDocument::parse_v2(&once).map(bare).ok(), KdlDocument::parse_v2(&text).map(bare).ok());
        }
    }
}
