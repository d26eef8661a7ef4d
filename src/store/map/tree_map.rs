//! A record map in memory that behaves at a power cut as sled may: of what was not synced, any part survives.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{MapHome, RecordMap, Rows, Table};
use crate::store::StoreError;
use crate::store::disk::simulated::{Dice, SimulatedDisk};
use crate::store::disk::while_doing;

type Tree = BTreeMap<TreeKey, Vec<u8>>;

type TreeKey = (Table, Vec<u8>);

/// A place for one map; clones are the same place.
#[derive(Clone, Default)]
pub(in crate::store) struct TreeHome(Arc<Mutex<World>>);

#[derive(Default)]
struct World {
    map: Arc<TreeMap>,
    power: Option<SimulatedDisk>,
    exists: bool,
    set_aside: usize,
}

#[derive(Default)]
struct TreeMap(Mutex<State>);

#[derive(Default)]
struct State {
    power: Option<SimulatedDisk>,
    now: Tree,
    synced: Tree,
    since: Vec<(TreeKey, Option<Vec<u8>>)>,
}

impl TreeHome {
    /// The home as the next start finds it: what was synced, and of the writes since then each or not.
    pub(in crate::store) fn after_crash(&self, dice: &mut Dice) -> TreeHome {
        let world = self.0.lock().unwrap();
        let state = world.map.state();
        let mut tree = state.synced.clone();
        for (key, value) in &state.since {
            if dice.half() {
                apply(&mut tree, key, value.as_deref());
            }
        }
        TreeHome::holding(tree)
    }

    /// A home whose map was emptied behind our back.
    pub(in crate::store) fn emptied(&self) -> TreeHome {
        TreeHome::holding(Tree::new())
    }

    /// Lets its power end with that of a disk: after that, nothing is synced.
    pub(in crate::store) fn beside(&self, disk: &SimulatedDisk) {
        self.0.lock().unwrap().power = Some(disk.clone());
    }

    /// How many maps were set aside.
    pub(in crate::store) fn set_aside(&self) -> usize {
        self.0.lock().unwrap().set_aside
    }

    fn holding(tree: Tree) -> TreeHome {
        let state = State { power: None, now: tree.clone(), synced: tree, since: Vec::new() };
        TreeHome(Arc::new(Mutex::new(World { map: Arc::new(TreeMap(Mutex::new(state))), power: None, exists: true, set_aside: 0 })))
    }
}

impl MapHome for TreeHome {
    fn exists(&self) -> bool {
        self.0.lock().unwrap().exists
    }

    fn open(&self) -> Result<Arc<dyn RecordMap>, StoreError> {
        let mut world = self.0.lock().unwrap();
        world.exists = true;
        world.map.state().power = world.power.clone();
        Ok(world.map.clone())
    }

    fn set_aside(&self) -> Result<String, StoreError> {
        let mut world = self.0.lock().unwrap();
        world.map = Arc::default();
        world.exists = false;
        world.set_aside += 1;
        Ok("nowhere".into())
    }
}

impl TreeMap {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn write(&self, key: TreeKey, value: Option<Vec<u8>>) {
        let mut state = self.state();
        apply(&mut state.now, &key, value.as_deref());
        state.since.push((key, value));
    }
}

impl RecordMap for TreeMap {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().now.get(&(table, key.to_vec())).cloned())
    }

    fn insert(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.write((table, key.to_vec()), Some(value.to_vec()));
        Ok(())
    }

    fn remove(&self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.write((table, key.to_vec()), None);
        Ok(())
    }

    fn range(&self, table: Table, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> Rows<'_> {
        let inside = |key: &Vec<u8>| std::ops::RangeBounds::contains(&(from.clone(), to.clone()), key);
        let state = self.state();
        let rows: Vec<_> =
            state.now.iter().filter(|((of, key), _)| *of == table && inside(key)).map(|((_, k), v)| Ok((k.clone(), v.clone()))).collect();
        Box::new(rows.into_iter())
    }

    fn sync(&self) -> Result<(), StoreError> {
        let power = self.state().power.clone();
        power.map_or(Ok(()), |disk| disk.pulse()).map_err(while_doing("sync the map"))?;
        let mut state = self.state();
        state.synced = state.now.clone();
        state.since.clear();
        Ok(())
    }
}

fn apply(tree: &mut Tree, key: &TreeKey, value: Option<&[u8]>) {
    match value {
        Some(value) => drop(tree.insert(key.clone(), value.to_vec())),
        None => drop(tree.remove(key)),
    }
}
