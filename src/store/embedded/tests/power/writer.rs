//! The process that commits until the power goes: this test binary, started once more.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use super::*;
use crate::store::disk::DiskFile;

/// How the process is told what to do.
const ORDER: &str = "JUNCO_TEST_POWER_WRITER";

/// Tasks that commit at once, and the conversations that each of them has.
const TASKS: u64 = 12;
const PEERS: u64 = 3;

/// Before what the process says.
const SAYS: &str = "acknowledged ";

/// For how long nothing may be acknowledged.
const PATIENCE: Duration = Duration::from_secs(60);

/// What syncs of the journal do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// What they must.
    Real,
    /// Nothing, and say yes.
    Deaf,
}

/// The turn that the process makes of revision `base` of a conversation, at that second.
pub(super) fn turn_of(peer: u64, base: u64) -> Commit {
    let text = format!("{peer} says {base}{}", " and so on".repeat((peer * 31 + base * 17) as usize % 90));
    let mut commit = turn(peer, base, &text, base.is_multiple_of(2).then_some((peer * 1_000 + base) as i64));
    commit.entry.at = Timestamp::from_millis(base as i64 * 1_000);
    commit
}

/// The process.
pub(super) struct Writer {
    child: Child,
    said: Receiver<(u64, u64)>,
    heard: std::cell::RefCell<Acknowledged>,
}

impl Writer {
    /// Starts it on the store in a folder.
    pub(super) fn start(folder: &Path, sync: Sync, retention: Duration, seed: u64) -> Writer {
        let module = module_path!().split_once("::").unwrap().1;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("{module}::commits_until_it_is_killed"), "--ignored", "--nocapture"])
            .env(ORDER, format!("{sync:?} {seed} {} {}", retention.as_secs(), folder.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, said) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((peer, revision)) = line.strip_prefix(SAYS).and_then(|said| said.split_once(' '))
                    && sender.send((peer.parse().unwrap(), revision.parse().unwrap())).is_err()
                {
                    return;
                }
            }
        });
        Writer { child, said, heard: Default::default() }
    }

    /// Waits until it has said that many more.
    pub(super) fn wait_for(&self, count: u64) {
        for _ in 0..count {
            let (peer, revision) = self.said.recv_timeout(PATIENCE).expect("the writer goes on");
            self.heard.borrow_mut().insert(peer, revision);
        }
    }

    /// Stops it where it is; returns when none of its threads runs.
    pub(super) fn freeze(&self) {
        let stopped = Command::new("sh").args(["-c", "kill -STOP $0", &self.child.id().to_string()]).status().unwrap();
        assert!(stopped.success());
        while !self.is_frozen() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Every thread stands, or waits for the disk and will stand after that.
    fn is_frozen(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let states: Vec<_> = tasks
            .filter_map(|task| fs::read_to_string(task.unwrap().path().join("stat")).ok())
            .map(|stat| stat.rsplit_once(") ").unwrap().1.chars().next())
            .collect();
        states.contains(&Some('T')) && states.iter().all(|state| matches!(state, Some('T' | 'D')))
    }

    /// Kills it; says what was acknowledged.
    pub(super) fn kill(mut self) -> Acknowledged {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut heard = self.heard.take();
        heard.extend(self.said.iter());
        heard
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Done already, unless the test failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
#[ignore = "the other half of the power cuts, which start it in a process of its own"]
fn commits_until_it_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "a test binary takes no arguments of our own")]
    let Ok(order) = std::env::var(ORDER) else { return };
    let [sync, seed, retention, folder] = order.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
    let (folder, retention) = (Path::new(folder), Duration::from_secs(retention.parse().unwrap()));
    let store = match sync {
        "Real" => open(folder, retention),
        _ => open_deaf(folder, retention),
    };
    let store = Arc::new(store.unwrap());
    println!();
    runtime().block_on(async {
        let tasks = (0..TASKS).map(|task| {
            let dice = Dice::new(seed.parse::<u64>().unwrap().wrapping_add(task));
            tokio::spawn(commit_for_ever(store.clone(), task, dice))
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
}

async fn commit_for_ever(store: Arc<EmbeddedStore>, task: u64, mut dice: Dice) {
    let mut revisions = BTreeMap::new();
    for peer in (0..PEERS).map(|index| task * PEERS + index) {
        let revision = store.load(key(peer)).await.unwrap().map_or(0, |record| record.revision);
        revisions.insert(peer, revision);
        say(peer, revision);
    }
    loop {
        let peers: Vec<_> = revisions.keys().copied().filter(|_| dice.half()).collect();
        let commits: Vec<_> = peers.iter().map(|peer| turn_of(*peer, revisions[peer])).collect();
        let committed = store.commit(commits).await.unwrap();
        assert!(committed.iter().all(|committed| *committed == Committed::Ok));
        for peer in peers {
            let revision = revisions.get_mut(&peer).unwrap();
            *revision += 1;
            say(peer, *revision);
        }
    }
}

fn say(peer: u64, revision: u64) {
    let line = format!("{SAYS}{peer} {revision}\n");
    io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

/// The store on a disk that does not listen when it is told to sync the journal and the mark.
fn open_deaf(folder: &Path, retention: Duration) -> Result<EmbeddedStore, StoreError> {
    let options = options(retention);
    let home = SledHome::new(folder.join("sled"), options.cache_capacity);
    let disk = Arc::new(DeafDisk(RealDisk::new(folder.to_owned())));
    EmbeddedStore::start(disk, &home, options.sizes(), &options, None)
}

struct DeafDisk(RealDisk);

struct DeafFile(Arc<dyn DiskFile>);

impl Disk for DeafDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(DeafFile(self.0.create(name)?)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(DeafFile(self.0.open(name)?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync_folder(&self) -> io::Result<()> {
        Ok(())
    }

    fn free_space(&self) -> io::Result<u64> {
        self.0.free_space()
    }

    fn place(&self, name: &str) -> String {
        self.0.place(name)
    }
}

impl DiskFile for DeafFile {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
