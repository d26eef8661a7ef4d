use std::collections::BTreeMap;

use proptest::prelude::*;

use super::text::{lines, width};
use super::*;
use crate::bot::{Sources, compile};

const SHOP: &str = include_str!("tests/shop.kdl");

fn graph(script: &str) -> Graph {
    let sources = Sources::from([("bot.kdl".to_owned(), script.to_owned())]);
    Graph::of(&compile(&sources).unwrap_or_else(|found| panic!("{found:#?}")).program)
}

#[test]
fn the_shop_is_drawn_as_it_was() {
    let graph = graph(SHOP);
    // Each is what `junco graph` writes for a bot with this script.
    assert_eq!(graph.svg(Look::File), include_str!("tests/shop.svg"));
    assert_eq!(graph.dot(), include_str!("tests/shop.dot"));
    assert_eq!(graph.mermaid(), include_str!("tests/shop.mmd"));
}

/// Every way of a graph, in words.
fn ways(graph: &Graph) -> Vec<String> {
    let told = |(from, row, to): (usize, usize, usize)| {
        format!("{} [{}] {}", graph.nodes[from].name, graph.nodes[from].rows[row].text, graph.nodes[to].name)
    };
    graph.ways().map(told).collect()
}

#[test]
fn every_way_out_of_a_script_is_there() {
    assert_eq!(
        ways(&graph(SHOP)),
        [
            "home [Order] order",
            "home [“cheaper”] home",
            "order [after 3 wrong answers] human",
            "order [after 1 d a reminder] home",
            "order [Yes] thanks",
            "order [No] home",
            "thanks [if qty > 3] human",
            "thanks [otherwise] home",
            "human [hands over] a person: shop",
            "a person: shop [“bot”] home",
            "a person: shop [after 2 h of silence] home",
            "anywhere [/(?i)\\bagent\\b/] a person",
            "welcome [the menu of home] home",
            "not understood [after 2 in a row] human",
        ]
    );
}

#[test]
fn rules_stand_where_they_lead_and_where_they_hold() {
    let graph = graph(SHOP);
    let rows = |name: &str, role: Role| {
        let node = graph.nodes.iter().find(|node| node.name == name).expect("the box");
        node.rows.iter().filter(|row| row.role == role).map(|row| row.text.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(rows("home", Role::Entry), ["“hi” “hello [there]”", "⟨go_home⟩", "on follow"]);
    assert_eq!(rows("home", Role::Heard), ["“cheaper”"]);
    assert_eq!(rows("anywhere", Role::Heard), ["“thanks”", "/(?i)\\bagent\\b/"]);
}

#[test]
fn figures_stand_in_the_boxes() {
    let crowd = Crowd { here: 3, quiet: 1, entered: 40 };
    let unmarked = graph(SHOP);
    let order = unmarked.nodes.iter().flat_map(|node| &node.rows).find(|row| row.text == "Order").and_then(|row| row.tally.clone());
    let tallies = order.into_iter().map(|tally| (tally, 17)).collect();
    let marks = Marks { crowds: BTreeMap::from([("home".into(), crowd)]), tallies };
    let marked = unmarked.marked(&marks);
    let home = marked.nodes.iter().find(|node| node.name == "home").expect("home");
    assert_eq!(home.rows[0].text, "3 here · 40 entered · 1 quiet");
    assert!(home.rows.iter().any(|row| row.text == "Order" && row.count == Some(17)));
    let svg = marked.svg(Look::Page);
    assert!(svg.contains(">17</text>") && svg.contains("class=\"state here\""));
    assert!(!svg.contains("<style") && !svg.contains("style="), "a page's policy forbids styles");
}

#[test]
fn hostile_labels_stay_labels() {
    let hostile = "</text><script>alert(1)</script> & \"q\" \\ `x` #35; \u{202e}evil\u{0007} ❄";
    let mut graph = graph(SHOP);
    graph.title = hostile.to_owned();
    graph.nodes[0].name = hostile.to_owned();
    graph.nodes[0].rows[0].text = hostile.to_owned();
    let svg = graph.svg(Look::File);
    assert!(!svg.contains("<script") && !svg.contains('\u{202e}') && !svg.contains('\u{7}'));
    assert!(svg.contains("&lt;/text&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;q&quot;"));
    let dot = graph.dot();
    let first = dot.lines().next().unwrap_or_default();
    assert_eq!(first, r#"digraph "</text><script>alert(1)</script> &amp; \"q\" \\ `x` #35; evil ❄" {"#);
    let mermaid = graph.mermaid();
    let title = mermaid.lines().nth(1).unwrap_or_default();
    assert_eq!(
        title,
        r#"title: "\x3c/text\x3e\x3cscript\x3ealert\x281\x29\x3c/script\x3e \x26 \x22q\x22 \x5c \x60x\x60 \x2335\x3b evil ❄""#
    );
    let home = mermaid.lines().find(|line| line.starts_with("  n0[")).unwrap_or_default();
    assert!(
        home.starts_with("  n0[\"#60;/text#62;#60;script#62;alert#40;1#41;#60;/script#62; #38; #34;q#34; #92; #96;x#96; #35;35#59; evil ❄")
    );
    assert_eq!(mermaid.lines().count(), self::graph(SHOP).mermaid().lines().count());
}

#[test]
fn texts_are_broken_between_words_and_cut() {
    let text = "one two three four five six seven";
    let three = lines(text, width("one two three f"), 2);
    assert_eq!(three[0], "one two three");
    assert!(three.len() == 2 && three[1].ends_with('…'), "{three:?}");
    assert_eq!(lines("Donaudampfschiff", width("Donau"), 9).concat(), "Donaudampfschiff", "a long word is broken, not lost");
    assert_eq!(lines("", 100, 2), Vec::<String>::new());
}

/// Any boxes with any ways between them.
fn graphs() -> impl Strategy<Value = Graph> {
    let row = |nodes: usize| {
        let role = prop_oneof![Just(Role::Option), Just(Role::Step), Just(Role::Says), Just(Role::Entry), Just(Role::Heard)];
        (role, "[a-zA-Z ❄wi]{0,60}", proptest::option::of(0..nodes), proptest::option::of(0..99_999_999u64)).prop_map(
            |(role, text, to, count)| Row {
                // Nothing leads out of what is said or heard.
                to: to.filter(|_| !matches!(role, Role::Says | Role::Entry)),
                role,
                text,
                tally: None,
                count,
            },
        )
    };
    let kind = prop_oneof![8 => Just(Kind::State), 1 => Just(Kind::Desk), 1 => Just(Kind::Fallback), 1 => Just(Kind::Welcome)];
    (1..40usize).prop_flat_map(move |nodes| {
        let node = (kind.clone(), "[a-z]{0,40}", proptest::collection::vec(row(nodes), 0..9)).prop_map(|(kind, name, rows)| Node {
            kind,
            name,
            rows,
        });
        proptest::collection::vec(node, nodes).prop_map(|nodes| Graph { title: "x".into(), nodes })
    })
}

/// Pieces of a way: level or upright, from less to more.
fn pieces(wire: &Wire) -> impl Iterator<Item = (i32, i32, i32, i32)> + '_ {
    wire.points.windows(2).map(|pair| {
        let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
        (ax.min(bx), ay.min(by), ax.max(bx), ay.max(by))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn boxes_stand_apart_and_within(graph in graphs()) {
        let layout = Layout::of(&graph);
        for (ix, Placed { rect: a, .. }) in layout.boxes.iter().enumerate() {
            prop_assert!(a.x >= 0 && a.y >= 0 && a.x + a.width <= layout.width && a.y + a.height <= layout.height);
            for Placed { rect: b, .. } in &layout.boxes[..ix] {
                let apart = a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y;
                prop_assert!(apart, "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn every_way_begins_at_its_line_and_ends_at_its_box(graph in graphs()) {
        let layout = Layout::of(&graph);
        prop_assert_eq!(layout.wires.len(), graph.ways().count());
        for (wire, (node, row, to)) in layout.wires.iter().zip(graph.ways()) {
            prop_assert_eq!((wire.from, wire.to), ((node, row), to));
            let (first, last) = (wire.points[0], wire.points[wire.points.len() - 1]);
            let (from, line, into) = (layout.boxes[node].rect, &layout.boxes[node].lines[row], layout.boxes[to].rect);
            prop_assert!(first.0 == from.x || first.0 == from.x + from.width);
            prop_assert!(line.y < first.1 && first.1 < line.y + line.height, "{first:?} at {line:?}");
            prop_assert!(last.0 == into.x || last.0 == into.x + into.width);
            prop_assert!(into.y < last.1 && last.1 < into.y + 36);
            prop_assert!(wire.points.windows(2).all(|pair| (pair[0].0 == pair[1].0) != (pair[0].1 == pair[1].1)), "{:?}", wire.points);
        }
    }

    #[test]
    fn no_way_runs_through_a_box_or_along_another(graph in graphs()) {
        let layout = Layout::of(&graph);
        for wire in &layout.wires {
            for (x1, y1, x2, y2) in pieces(wire) {
                for Placed { rect, .. } in &layout.boxes {
                    let inside = x1 < rect.x + rect.width && rect.x < x2.max(x1 + 1) && y1 < rect.y + rect.height && rect.y < y2.max(y1 + 1);
                    // At its ends it touches the side.
                    let touches = x2 <= rect.x || x1 >= rect.x + rect.width;
                    prop_assert!(!inside || touches, "{:?} through {rect:?}", wire.points);
                }
            }
            // Those that lead to one box from one side share their lines, all others only cross.
            let net = |wire: &Wire| (wire.to, wire.points.last().map(|last| last.0));
            for other in layout.wires.iter().filter(|other| net(other) != net(wire)) {
                for (a, b) in pieces(wire).flat_map(|a| pieces(other).map(move |b| (a, b))) {
                    let upright = a.0 == a.2 && b.0 == b.2 && a.0 == b.0 && a.1 < b.3 && b.1 < a.3;
                    let level = a.1 == a.3 && b.1 == b.3 && a.1 == b.1 && a.0 < b.2 && b.0 < a.2;
                    prop_assert!(!upright && !level, "{:?} along {:?}", wire.points, other.points);
                }
            }
        }
    }

    #[test]
    fn what_is_written_fits_its_box(graph in graphs()) {
        let layout = Layout::of(&graph);
        for (node, placed) in graph.nodes.iter().zip(&layout.boxes) {
            for (row, line) in node.rows.iter().zip(&placed.lines) {
                let room = placed.rect.width - 28 - if row.count.is_some() { 44 } else { 0 };
                prop_assert!(line.text.iter().all(|text| width(text) <= 10 * room));
                prop_assert!(line.y >= placed.rect.y + 36 && line.y + line.height <= placed.rect.y + placed.rect.height);
            }
        }
    }

    #[test]
    fn the_same_graph_is_drawn_alike(graph in graphs()) {
        prop_assert_eq!(graph.svg(Look::File), graph.clone().svg(Look::File));
    }
}
