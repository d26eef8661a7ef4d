//! Long conversations on good scripts, which together use every node of the language, and on what their authors make of them later.

use std::sync::LazyLock;

use junco::bot::{Program, Sources, compile};

use super::bytes::Bytes;
use super::{grammar, world};

static SHOP: LazyLock<[Program; 2]> = LazyLock::new(|| {
    let gone = [
        "  option \"Order\" goto=\"order\" desc=\"We mail it\" metadata=\"verbatim\"\n",
        "  ask \"born\" \"Born when?\" type=\"date\" max=\"today\"\n",
        ", {{ born }}",
    ];
    versions(include_str!("scripts/shop.kdl"), &gone.map(|gone| (gone, "")))
});
static HOLD: LazyLock<[Program; 2]> =
    LazyLock::new(|| versions(include_str!("scripts/hold.kdl"), &[("  reorder \"2s\"\n", ""), ("option \"Mensch\" goto=\"h\"", "")]));
static LOUD: LazyLock<[Program; 2]> = LazyLock::new(|| {
    versions(include_str!("scripts/loud.kdl"), &[("option \"Ask\"", "option \"Asking\""), ("late=\"ask\" ", "late=\"apply\" ")])
});

/// The first byte chooses the script, the others what happens.
pub fn step(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let programs: &[Program] = match bytes.below(3) {
        0 => &*SHOP,
        1 => &*HOLD,
        _ => &*LOUD,
    };
    world::play(programs, &mut bytes);
}

/// What happens on a script of the grammar, where that compiles; says whether it did.
pub fn any_script(script: &[u8], events: &[u8]) -> bool {
    // The first byte is the one that lets names be wrong.
    let script = [&[0], script].concat();
    let Ok(compiled) = compile(&grammar::script(&mut Bytes::new(&script))) else { return false };
    world::play(&[compiled.program], &mut Bytes::new(events));
    true
}

/// A script, and as it is after its author has replaced some of it.
fn versions(script: &str, changes: &[(&str, &str)]) -> [Program; 2] {
    let later = changes.iter().fold(script.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old} is in the script");
        text.replace(old, new)
    });
    [script.to_owned(), later].map(|text| program(&grammar::with_files(text)))
}

fn program(sources: &Sources) -> Program {
    match compile(sources) {
        Ok(compiled) => compiled.program,
        Err(found) => panic!("{}", found.iter().map(|one| one.render(sources, false)).collect::<String>()),
    }
}
