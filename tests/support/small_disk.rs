//! A disk of a few pages, seen by the commands of one script alone.

use std::process::Output;

use super::namespace::namespace;
use super::yard::Yard;

/// Bytes of a page: a disk in memory has whole ones.
pub const PAGE: u64 = 4096;

/// Makes disks for a test.
pub struct SmallDisks<'a> {
    yard: &'a Yard,
    namespace: &'static str,
}

/// How much room a disk has.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub pages: u64,
    /// Files and folders that can be made; `None` for any number.
    pub files: Option<u64>,
}

impl Room {
    pub fn of(pages: u64) -> Self {
        Room { pages, files: None }
    }

    /// Room enough, but for names.
    pub fn of_files(files: u64) -> Self {
        Room { pages: 16 << 10, files: Some(files) }
    }
}

impl<'a> SmallDisks<'a> {
    /// `None` where this user can mount nothing: the test `name` is skipped.
    pub fn new(yard: &'a Yard, name: &str) -> Option<Self> {
        std::fs::create_dir_all(yard.path("disk")).unwrap();
        namespace(name).map(|namespace| SmallDisks { yard, namespace })
    }

    /// Runs the script in the yard with an empty disk on `disk`. `enlarge` in it makes room.
    pub fn run(&self, room: Room, script: &str) -> Output {
        // a size of 0 would be no limit
        let full = if room.pages == 0 { "head -c 4096 /dev/zero > disk/full" } else { "" };
        // the folder of the disk is a file, too
        let files = room.files.map_or(0, |files| files + 1);
        let inside = format!(
            ". \"$PRELUDE\"; set +e +o pipefail
             mount -t tmpfs -o size={},nr_inodes={files} none disk || exit 90
             {full}
             enlarge() {{ rm -f disk/full; mount -o remount,size=64m,nr_inodes=0 disk; }}
             left() {{ stat -f -c '%f %d' disk; }}
             before=$(left)
             trap 'echo $before $(left) > used' EXIT
             {script}",
            room.pages.max(1) * PAGE
        );
        self.yard.shell("exec unshare \"$0\" bash -c \"$1\"").args([self.namespace, &inside]).output().unwrap()
    }

    /// How many pages, and how many files and folders, the last run has left on its disk.
    pub fn used(&self) -> (u64, u64) {
        let left: Vec<u64> = self.yard.text("used").split_whitespace().map(|n| n.parse().unwrap()).collect();
        let [pages, files, pages_after, files_after] = left[..] else { panic!("{left:?}") };
        (pages - pages_after, files - files_after)
    }
}
