//! The hash of an input, taken while the job reads it: the bytes are in memory then, and the disk reads them once.

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

/// SHA-256 of a file, not far ahead of the job that moves its offset, until `ended` says that the job is over.
/// `position` is the byte at which the job is.
///
/// # Errors
///
/// It cannot be read.
pub fn follow(file: &File, position: &AtomicU64, ended: &AtomicBool) -> io::Result<[u8; 32]> {
    let mut hash = Context::new(&SHA256);
    let (mut done, mut piece) = (0u64, vec![0; PIECE]);
    loop {
        let alone = ended.load(Ordering::Acquire);
        let reader = seek(file, SeekFrom::Current(0)).unwrap_or(0);
        position.store(reader.max(position.load(Ordering::Relaxed)), Ordering::Relaxed);
        if !alone && done >= reader.saturating_add(AHEAD) {
            // woken when the job ends
            thread::park_timeout(LOOK);
            continue;
        }
        match file.read_at(&mut piece, done) {
            Ok(0) if alone => return Ok(finish(hash)),
            // all of it: now only the job's position is of interest
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

/// Keeps `position` at the byte at which the job is, and hashes nothing, until the job has ended.
pub fn watch(file: &File, position: &AtomicU64, ended: &AtomicBool) {
    while !ended.load(Ordering::Acquire) {
        position.store(seek(file, SeekFrom::Current(0)).unwrap_or(0), Ordering::Relaxed);
        thread::park_timeout(LOOK * 5);
    }
}

/// The digest.
pub fn finish(hash: Context) -> [u8; 32] {
    hash.finish().as_ref().try_into().unwrap_or([0; 32])
}
