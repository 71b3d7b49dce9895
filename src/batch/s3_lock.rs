//! Locks on storage: an object that says who is at work, and until when.
//!
//! It is made by a write that fails where there is one, and written anew every 20 seconds for as long as its holder
//! lives. One that was not written for two minutes belongs to a holder that died; so does one of this machine whose
//! process is gone. It is taken over by a write that fails where it was changed meanwhile (`If-Match`), so that one of
//! several takes it. The clocks of the machines may differ by a minute.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{lock, random_id, text, wall_ns};
use crate::storage::s3::{Bucket, Mark};

use super::store::Lock;

const SECOND: i64 = 1_000_000_000;
/// A lock that was not renewed for this time is over.
const LASTS: i64 = 120 * SECOND;
/// What clocks may differ by.
const SKEW: i64 = 60 * SECOND;
/// How often locks are renewed.
const RENEWED: Duration = Duration::from_secs(20);
/// Longest lock that is read.
const LONGEST: u64 = 4096;

/// What is in a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LockRecord {
    /// Of this taking of this lock.
    token: String,
    /// The machine, its run of the system, and what it numbers processes by; the process, and when it started.
    place: String,
    process: u32,
    started: String,
    /// UTC ns.
    until: i64,
}

/// What holds the locks of this process.
#[derive(Debug)]
pub(super) struct LockHolder {
    bucket: Bucket,
    locks: Locks,
    place: String,
    /// The thread that renews them was started.
    renewing: AtomicBool,
}

/// Key, and what was written there last.
type Locks = Arc<Mutex<HashMap<String, (LockRecord, Mark)>>>;

impl LockHolder {
    pub fn new(bucket: Bucket) -> Self {
        let line = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let numbers = fs::read_link("/proc/self/ns/pid").map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        let place = [line("/proc/sys/kernel/hostname"), line("/proc/sys/kernel/random/boot_id"), numbers].join(" ");
        LockHolder { bucket, locks: Locks::default(), place, renewing: AtomicBool::new(false) }
    }

    /// Takes a lock; `None` when another one has it.
    pub fn take(&self, key: &str) -> io::Result<Option<ObjectLock>> {
        let mine = LockRecord {
            token: text::hex(&random_id().map_err(io::Error::other)?),
            place: self.place.clone(),
            process: std::process::id(),
            started: started(std::process::id()),
            until: wall_ns().saturating_add(LASTS),
        };
        let bytes = serde_json::to_vec(&mine)?;
        let mut mark = self.bucket.make(key, &bytes)?;
        if mark.is_none() {
            let Some(there) = self.bucket.read(key, LONGEST)? else { return Ok(None) };
            let held: Option<LockRecord> = serde_json::from_slice(&there.bytes).ok();
            mark = match held {
                // the answer to the first try was lost
                Some(held) if held.token == mine.token => Some(there),
                Some(held) if !self.is_over(&held) => None,
                _ => self.bucket.change(key, &there, &bytes)?,
            };
        }
        let Some(mark) = mark else { return Ok(None) };
        if !self.renewing.swap(true, Ordering::Relaxed) {
            renew_from_now_on(&self.locks, &self.bucket)?;
        }
        lock(&self.locks).insert(key.to_owned(), (mine, mark));
        Ok(Some(ObjectLock { key: key.to_owned(), bucket: self.bucket.clone(), locks: Arc::clone(&self.locks) }))
    }

    fn is_over(&self, held: &LockRecord) -> bool {
        let dead = held.place == self.place && started(held.process) != held.started;
        dead || wall_ns() > held.until.saturating_add(SKEW)
    }
}

/// When a process of this machine started, in the system's ticks; empty when there is none.
fn started(process: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // the name, which may hold anything, is in parentheses
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    fields.split_whitespace().nth(19).unwrap_or_default().to_owned()
}

/// A thread that ends when the holder and all its locks are gone.
fn renew_from_now_on(locks: &Locks, bucket: &Bucket) -> io::Result<()> {
    let (locks, bucket) = (Arc::downgrade(locks), bucket.clone());
    thread::Builder::new().name("locks".into()).spawn(move || {
        loop {
            thread::sleep(RENEWED);
            if !renew(&locks, &bucket) {
                return;
            }
        }
    })?;
    Ok(())
}

fn token(mark: &Mark) -> Option<String> {
    serde_json::from_slice::<LockRecord>(&mark.bytes).ok().map(|held| held.token)
}

/// False when there is nothing to renew any more.
fn renew(locks: &Weak<Mutex<HashMap<String, (LockRecord, Mark)>>>, bucket: &Bucket) -> bool {
    let Some(locks) = locks.upgrade() else { return false };
    let keys: Vec<String> = lock(&locks).keys().cloned().collect();
    for key in keys {
        let Some((mut held, mark)) = lock(&locks).get(&key).cloned() else { continue };
        held.until = wall_ns().saturating_add(LASTS);
        let Ok(bytes) = serde_json::to_vec(&held) else { continue };
        let mark = match bucket.change(&key, &mark, &bytes) {
            Ok(Some(mark)) => Some(mark),
            // the answer to an earlier renewal was lost
            Ok(None) => {
                bucket.read(&key, LONGEST).ok().flatten().filter(|there| token(there) == Some(held.token.clone()))
            }
            // the next time, then
            Err(_) => None,
        };
        if let (Some(mark), Some(known)) = (mark, lock(&locks).get_mut(&key)) {
            *known = (held, mark);
        }
    }
    true
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct ObjectLock {
    key: String,
    bucket: Bucket,
    locks: Locks,
}

impl Lock for ObjectLock {
    fn file(&self) -> Option<&File> {
        None
    }
}

impl Drop for ObjectLock {
    fn drop(&mut self) {
        let Some((held, _)) = lock(&self.locks).remove(&self.key) else { return };
        // until then nobody else takes it
        if wall_ns() < held.until {
            let _ = self.bucket.remove(&self.key);
        }
    }
}
