//! Images of disks: made, mounted through loop devices, and copied as a power cut would leave them.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Bytes of a disk, and of one that stands behind a cache.
const SIZE: u64 = 64 << 20;
const INNER: u64 = 40 << 20;

/// The name of the inner disk's image on the outer one.
const INNER_NAME: &str = "disk";

/// What is written at once when an image is copied.
const PIECE: usize = 64 << 10;

/// What a disk keeps of the bytes that it was given and not told to flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cache {
    /// It keeps them.
    None,
    /// It forgets them: the disk is a file on another file system, which has them in its page cache until the loop device is told
    /// to flush. What the cut leaves of that one is what was flushed, and whatever the system wrote out by itself.
    Volatile,
}

/// The image of a disk with a file system on it.
pub(super) struct Image {
    path: PathBuf,
    cache: Cache,
}

impl Image {
    /// A new, empty one.
    pub(super) fn new(path: PathBuf, cache: Cache) -> io::Result<Image> {
        File::create(&path)?.set_len(SIZE)?;
        format(&path)?;
        if cache == Cache::Volatile {
            let outer = Mount::new(&path, &path.with_extension("outer"), "defaults")?;
            let inner = outer.folder.join(INNER_NAME);
            // Written to the end, so that later writes change bytes and no sizes.
            fs::write(&inner, vec![0; INNER as usize])?;
            format(&inner)?;
            File::open(&inner)?.sync_all()?;
        }
        Ok(Image { path, cache })
    }

    /// Mounts it.
    pub(super) fn mount(&self, options: &str) -> io::Result<Mounted> {
        let outer = match self.cache {
            Cache::None => None,
            Cache::Volatile => Some(Mount::new(&self.path, &self.path.with_extension("outer"), "defaults")?),
        };
        let image = outer.as_ref().map_or_else(|| self.path.clone(), |outer| outer.folder.join(INNER_NAME));
        let mount = Mount::new(&image, &self.path.with_extension("mounted"), options)?;
        Ok(Mounted { mount, _outer: outer })
    }

    /// What the disk holds at this moment, though its file system be mounted and used.
    ///
    /// Nothing of the mounted file system's own page cache gets into it: the loop device wrote into the image what it was given to
    /// write, and nothing else. Two readings that are the same show one moment between them.
    pub(super) fn copy(&self, path: PathBuf) -> io::Result<Image> {
        let mut bytes = fs::read(&self.path)?;
        loop {
            let again = fs::read(&self.path)?;
            if again == bytes {
                break;
            }
            bytes = again;
        }
        let mut copy = File::create(&path)?;
        copy.set_len(bytes.len() as u64)?;
        for (index, piece) in bytes.chunks(PIECE).enumerate().filter(|(_, piece)| piece.iter().any(|byte| *byte != 0)) {
            copy.seek(SeekFrom::Start((index * PIECE) as u64))?;
            copy.write_all(piece)?;
        }
        Ok(Image { path, cache: self.cache })
    }
}

/// A mounted image; unmounted when it is dropped, also by a panic.
pub(super) struct Mounted {
    mount: Mount,
    /// Dropped after the one that stands on it.
    _outer: Option<Mount>,
}

impl Mounted {
    /// Where it is mounted.
    pub(super) fn folder(&self) -> &Path {
        &self.mount.folder
    }
}

struct Mount {
    folder: PathBuf,
}

impl Mount {
    fn new(image: &Path, folder: &Path, options: &str) -> io::Result<Mount> {
        fs::create_dir_all(folder)?;
        // A loop device that mount made goes with the mount.
        let options = format!("loop,{options}");
        run(Command::new("mount").args(["-t", "ext4", "-o", &options]).arg(image).arg(folder))?;
        Ok(Mount { folder: folder.to_owned() })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        for _ in 0..50 {
            match run(Command::new("umount").arg(&self.folder)) {
                Ok(()) => return,
                // Whoever looks into all mounts keeps it busy for a moment.
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
        // The rest is done when nobody uses it any more.
        if let Err(error) = run(Command::new("umount").arg("--lazy").arg(&self.folder)) {
            eprintln!("{} stays mounted: {error}", self.folder.display());
        }
    }
}

fn format(path: &Path) -> io::Result<()> {
    // Nothing is left to be written behind our back.
    run(Command::new("mkfs.ext4").args(["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"]).arg(path))
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output().map_err(|error| io::Error::other(format!("{command:?}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
