//! Who lives here: found by id or by handle.

use std::collections::BTreeMap;

use super::super::error::Error;
use super::super::settings::Person;
use crate::model::UserId;

/// Everybody, by id and by handle; handles ignore case.
#[derive(Default)]
pub(in crate::simulator) struct People {
    all: BTreeMap<UserId, Person>,
    handles: BTreeMap<String, UserId>,
}

impl People {
    /// Takes in everybody, if no two are the same.
    pub(super) fn new(people: &[Person]) -> Result<Self, Error> {
        let mut taken_in = People::default();
        for person in people {
            if taken_in.all.contains_key(&person.id) {
                return Err(Error::World(format!("two people have the id {}", person.id)));
            }
            taken_in.admit(person.clone())?;
        }
        Ok(taken_in)
    }

    pub(in crate::simulator) fn get(&self, id: UserId) -> Option<&Person> {
        self.all.get(&id)
    }

    pub(in crate::simulator) fn iter(&self) -> impl Iterator<Item = &Person> {
        self.all.values()
    }

    /// Finds a person by id, or by screen name with or without `@`.
    pub(in crate::simulator) fn find(&self, who: &str) -> Result<&Person, Error> {
        let by_id = who.parse().ok().and_then(|id: UserId| self.all.get(&id));
        let by_handle = || self.handles.get(&handle(who.trim_start_matches('@'))).and_then(|id| self.all.get(id));
        by_id.or_else(by_handle).ok_or_else(|| Error::UnknownPerson(who.to_owned()))
    }

    /// Takes somebody in, or changes them when the id is known.
    pub(in crate::simulator) fn admit(&mut self, person: Person) -> Result<(), Error> {
        let new = handle(&person.screen_name);
        if self.handles.get(&new).is_some_and(|id| *id != person.id) {
            return Err(Error::World(format!("two people are called `{}`", person.screen_name)));
        }
        if let Some(before) = self.all.get(&person.id) {
            self.handles.remove(&handle(&before.screen_name));
        }
        self.handles.insert(new, person.id);
        self.all.insert(person.id, person);
        Ok(())
    }
}

fn handle(screen_name: &str) -> String {
    screen_name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_id_and_by_handle() {
        let mut people = People::new(&[Person::new(7, "Ada", "Ada"), Person::new(8, "ben", "Ben")]).expect("no two are the same");
        for who in ["7", "ada", "@ADA"] {
            assert_eq!(people.find(who).expect("Ada").id, UserId(7), "{who}");
        }
        assert!(people.admit(Person::new(9, "BEN", "Another")).is_err());
        people.admit(Person::new(8, "benjamin", "Ben")).expect("one may change one's handle");
        assert!(people.find("@ben").is_err());
        people.admit(Person::new(9, "ben", "Another")).expect("the handle is free again");
    }
}
