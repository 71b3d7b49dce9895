//! What was revoked, kept in a file that only grows: a revocation list that is lost, or replaced by an older one, does
//! not take a revocation back, in the next run either.
//!
//! Whoever may write the file's folder can remove it, and the lists next to it as well. So it guards against accidents,
//! and against an old list sent by whoever stands between the authority and this machine; not against who may write
//! here.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, FlockOperation, access, flock};

use crate::base::text;
use crate::keys::Certificate;
use crate::storage::file::read_bounded_into;
use crate::storage::{GuardedFolder, StorageError, read_guarded};

use super::RecipientsError;
use super::certificate_files::stamp;
use super::file_cache::Stamp;

/// The file's name, in the folder of the lists.
const NAME: &str = ".vidveil-revoked";
/// Longest file that is read, in bytes.
const MAX_FILE: usize = 16 << 20;
/// How often another recorder that is writing is waited for, and how long each time.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(10);
const HEADER: &str =
    "# Certificates that a revocation list named: they stay refused. SHA-256 of what the issuer signed,
\
                      # when it was seen, serial number, subject. This file only grows.
";

/// The file, and what is still to be written to it.
pub struct RevokedRecord {
    path: PathBuf,
    seen: Option<Stamp>,
    known: BTreeSet<[u8; 32]>,
    unsaved: BTreeMap<[u8; 32], String>,
}

impl RevokedRecord {
    /// The record at `path`, which need not exist yet.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is damaged: nobody can say who was revoked.
    pub fn open(path: PathBuf) -> Result<Self, RecipientsError> {
        let mut record = RevokedRecord { path, seen: None, known: BTreeSet::new(), unsaved: BTreeMap::new() };
        match record.refresh() {
            Ok(()) => Ok(record),
            Err(why) => Err(RecipientsError::RevokedRecord { path: record.path, why }),
        }
    }

    /// Where the record of these revocation lists is: in the first folder, or next to the first file. `None` when they
    /// are neither (a pipe).
    pub fn place(lists: &[PathBuf]) -> Option<PathBuf> {
        lists.iter().find_map(|path| match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => Some(path.join(NAME)),
            Ok(meta) if meta.is_file() => Some(path.with_file_name(NAME)),
            _ => None,
        })
    }

    /// Reads it again if it changed: other recorders write it, too.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, ready for a message.
    pub fn refresh(&mut self) -> Result<(), String> {
        // a link is there, wherever it leads, and is not followed
        match fs::symlink_metadata(&self.path) {
            Ok(meta) if self.seen == Some(stamp(&meta)) => Ok(()),
            Ok(meta) => {
                self.known.extend(parse(&self.read()?)?);
                self.seen = Some(stamp(&meta));
                Ok(())
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.seen = None;
                Ok(())
            }
            Err(e) => Err(text::io_reason(&e)),
        }
    }

    /// All that it ever said in this run, by [`Certificate::signed_hash`].
    pub fn known(&self) -> &BTreeSet<[u8; 32]> {
        &self.known
    }

    /// The folder that it is in.
    pub fn folder(&self) -> &Path {
        self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Adds what was found revoked at `now_ns` (UTC ns), and writes what was not written yet.
    ///
    /// # Errors
    ///
    /// Why it could not be written, ready for a message; it is tried again the next time.
    pub fn add(&mut self, revoked: &[Certificate], now_ns: i64) -> Result<(), String> {
        for c in revoked.iter().filter(|c| !self.known.contains(&c.signed_hash())) {
            let hash = text::hex(&c.signed_hash());
            let (seen, serial, subject) = (text::rfc3339(now_ns), c.serial_hex(), text::printable(c.subject()));
            self.unsaved.insert(c.signed_hash(), format!("{hash} {seen} {serial} {subject}\n"));
        }
        if self.unsaved.is_empty() { Ok(()) } else { self.save() }
    }

    /// Whether it could be written.
    ///
    /// # Errors
    ///
    /// Why not, ready for a message.
    pub fn can_be_written(&self) -> Result<(), String> {
        access(self.folder(), Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|e| self.cannot_write(&text::io_reason(&e.into())))
    }

    fn save(&mut self) -> Result<(), String> {
        let guarded = GuardedFolder::open(self.folder()).map_err(|e| self.cannot_write(&text::io_reason(&e)))?;
        let folder = guarded.handle();
        // Two recorders that write at once would lose what one of them adds. Who holds the lock for longer does not
        // hold up recording: it is tried again at the next epoch. A file system without locks has to do without.
        let mut tries = 0;
        while let Err(rustix::io::Errno::WOULDBLOCK) = flock(folder, FlockOperation::NonBlockingLockExclusive) {
            tries += 1;
            if tries > LOCK_TRIES {
                return Err(self.cannot_write("another process is writing it"));
            }
            std::thread::sleep(LOCK_WAIT);
        }
        self.refresh().map_err(|why| self.cannot_write(&why))?;
        let mut content = match self.seen {
            Some(_) => self.read().map_err(|why| self.cannot_write(&why))?,
            None => HEADER.to_owned(),
        };
        let there = parse(&content)?;
        if !content.ends_with('\n') {
            content.push('\n');
        }
        let missing = self.unsaved.iter().filter(|(hash, _)| !there.contains(*hash));
        missing.for_each(|(_, line)| content.push_str(line));
        let name = self.path.file_name().unwrap_or(OsStr::new(NAME));
        let written = guarded.replace(name, 0o644, content.as_bytes());
        written.map_err(|e| self.cannot_write(&text::io_reason(&e)))?;
        self.known.extend(self.unsaved.keys());
        self.unsaved.clear();
        Ok(())
    }

    fn read(&self) -> Result<String, String> {
        let file = read_guarded(&self.path).map_err(|e| text::io_reason(&e))?;
        let mut bytes = Vec::new();
        read_bounded_into(file, &self.path, MAX_FILE, &mut bytes).map_err(reason)?;
        String::from_utf8(bytes).map_err(|_| "it is damaged: it is no text".to_owned())
    }

    fn cannot_write(&self, why: &str) -> String {
        format!("cannot write {}: {why}", text::quoted_path(&self.path))
    }
}

fn reason(error: StorageError) -> String {
    use std::error::Error;
    match error.source().and_then(|e| e.downcast_ref::<io::Error>()) {
        Some(e) => text::io_reason(e),
        None => error.to_string(),
    }
}

/// The hashes in a record. Errors: a line that is none.
fn parse(content: &str) -> Result<BTreeSet<[u8; 32]>, String> {
    let lines = content.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines.map(|(at, line)| hash(line).ok_or_else(|| format!("it is damaged: see line {}", at + 1))).collect()
}

fn hash(line: &str) -> Option<[u8; 32]> {
    let digits = line.split(' ').next().filter(|d| d.len() == 64 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let mut hash = [0; 32];
    for (i, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(hash)
}
