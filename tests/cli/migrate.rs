//! `junco migrate`.

use super::program::Place;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/embedded/0001-journal-and-snapshot/data");

/// A place with a copy of old data.
fn with_data() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path().join("data")).unwrap();
    for found in std::fs::read_dir(DATA).unwrap() {
        let found = found.unwrap();
        std::fs::copy(found.path(), place.path().join("data").join(found.file_name())).unwrap();
    }
    place
}

#[test]
fn old_data_is_backed_up_and_brought_up_to_date() {
    let place = with_data();
    let ran = place.run(&["migrate", "data"]);
    let backup = std::fs::canonicalize(place.path()).unwrap().join("data.before-format-2");
    let told = format!(
        "data: format 1 was brought up to format 2\nthe data as it was is in {}: delete it when the service runs well\n",
        backup.display()
    );
    assert_eq!((ran.code, ran.out), (Some(0), told), "{}", ran.err);
    assert!(backup.join("mark").exists() && place.path().join("data/sled").exists());
    let again = place.run(&["migrate", "data"]);
    assert_eq!((again.code, again.out.as_str(), again.err.as_str()), (Some(0), "data: format 2, the newest: nothing to do\n", ""));
}

#[test]
fn data_of_a_newer_junco_is_refused() {
    let place = with_data();
    for found in std::fs::read_dir(place.path().join("data")).unwrap() {
        let path = found.unwrap().path();
        let old = std::fs::read(&path).unwrap();
        let mut new = old.clone();
        new[8] = 3;
        std::fs::write(&path, new).unwrap();
        let ran = place.run(&["migrate", "data"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{path:?}");
        assert!(ran.err.ends_with("has format 3, this version of Junco reads up to 2: run the newer version\n"), "{path:?}: {}", ran.err);
        std::fs::write(&path, old).unwrap();
    }
}

#[test]
fn where_there_is_no_data_it_says_so() {
    let place = Place::new();
    place.write("empty/notes.txt", "");
    let told = |arguments: &[&str]| {
        let ran = place.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{arguments:?}");
        ran.err
    };
    assert!(told(&["migrate", "empty"]).starts_with("junco: empty: there is no data in this folder"));
    assert!(told(&["migrate", "nowhere"]).starts_with("junco: nowhere: there is no such folder"));
    assert!(told(&["migrate"]).starts_with("junco: junco.toml: there is no such file"), "the configuration is asked");
}
