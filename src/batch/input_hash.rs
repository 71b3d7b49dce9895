//! The hash of an input, taken beside the job that reads it: the bytes are in memory then, and the disk reads them once.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use ring::digest::{Context, SHA256};
use rustix::fs::{SeekFrom, seek};

/// How far ahead of the job it reads.
const AHEAD: u64 = 16 << 20;
const PIECE: usize = 256 << 10;
/// How often it looks where the job is.
const LOOK: Duration = Duration::from_millis(20);

/// SHA-256 of a file, not far ahead of whoever moves its offset, until `ended` says that nobody does any more. `at` tells how far that is.
///
/// # Errors
///
/// It cannot be read.
pub fn follow(file: &File, at: &AtomicU64, ended: &AtomicBool) -> io::Result<[u8; 32]> {
    let mut hash = Context::new(&SHA256);
    let (mut done, mut piece) = (0u64, vec![0; PIECE]);
    loop {
        let alone = ended.load(Ordering::Acquire);
        let reader = seek(file, SeekFrom::Current(0)).unwrap_or(0);
        at.store(reader.max(at.load(Ordering::Relaxed)), Ordering::Relaxed);
        if !alone && done >= reader.saturating_add(AHEAD) {
            // woken when the job ends
            thread::park_timeout(LOOK);
            continue;
        }
        match file.read_at(&mut piece, done) {
            Ok(0) if alone => return Ok(finish(hash)),
            // all of it: now only the job's place is of interest
            Ok(0) => thread::park_timeout(LOOK),
            Ok(n) => {
                hash.update(piece.get(..n).unwrap_or_default());
                done += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// SHA-256 of a whole file, from its beginning; its offset stays where it is.
///
/// # Errors
///
/// It cannot be read.
pub fn hash_file(file: &File) -> io::Result<[u8; 32]> {
    follow(file, &AtomicU64::new(0), &AtomicBool::new(true))
}

/// Tells where a job is, and hashes nothing, until it has ended.
pub fn watch(file: &File, at: &AtomicU64, ended: &AtomicBool) {
    while !ended.load(Ordering::Acquire) {
        at.store(seek(file, SeekFrom::Current(0)).unwrap_or(0), Ordering::Relaxed);
        thread::park_timeout(LOOK * 5);
    }
}

/// The digest.
pub fn finish(hash: Context) -> [u8; 32] {
    hash.finish().as_ref().try_into().unwrap_or([0; 32])
}
