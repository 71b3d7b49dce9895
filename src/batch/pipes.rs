//! Inputs and outputs that are no files: copied through pipes, and hashed on the way.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest::{Context, SHA256};

use super::input_hash::finish;
use super::output_kind::{HEAD, OutputKind};
use super::store::{Draft, Store};

const PIECE: usize = 256 << 10;

/// From a store to a job. Gives the SHA-256 of the whole item, also where the job did not read all of it.
///
/// # Errors
///
/// The item cannot be read: the job's input is truncated, so its output must not count.
pub fn feed(mut item: impl Read, mut job: impl Write, position: &AtomicU64) -> io::Result<[u8; 32]> {
    let (mut hash, mut piece) = (Context::new(&SHA256), vec![0; PIECE]);
    let mut reads = true;
    loop {
        let n = match item.read(&mut piece) {
            Ok(0) => return Ok(finish(hash)),
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        let bytes = piece.get(..n).unwrap_or_default();
        hash.update(bytes);
        position.fetch_add(n as u64, Ordering::Relaxed);
        // a job may end before it has read all
        reads = reads && job.write_all(bytes).is_ok();
    }
}

/// What came out of a job.
#[derive(Debug)]
pub struct JobOutput {
    /// `None` when nothing came.
    pub draft: Option<Box<dyn Draft>>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, where it was taken on the way.
    pub sha256: Option<[u8; 32]>,
}

/// From a job to a store. The output is begun when its first bytes show what it is, since its name depends on that.
///
/// # Errors
///
/// The store cannot take it.
pub fn store_output(
    mut job: impl Read,
    store: &dyn Store,
    name: impl Fn(&OutputKind) -> String,
) -> io::Result<JobOutput> {
    let mut head = Vec::new();
    job.by_ref().take(HEAD).read_to_end(&mut head)?;
    let mut kind = OutputKind::of(&mut io::Cursor::new(&head));
    let name = name(&kind);
    let mut hash = Context::new(&SHA256);
    if head.is_empty() {
        return Ok(JobOutput { draft: None, name, kind, bytes: 0, sha256: Some(finish(hash)) });
    }
    let mut draft = store.begin(&name)?;
    let (mut bytes, mut tail) = (0, Vec::new());
    let mut piece = head;
    loop {
        hash.update(&piece);
        draft.write(&piece)?;
        bytes += piece.len() as u64;
        tail.extend_from_slice(piece.get(piece.len().saturating_sub(HEAD as usize)..).unwrap_or_default());
        tail.drain(..tail.len().saturating_sub(HEAD as usize));
        piece.resize(PIECE, 0);
        let n = loop {
            match job.read(&mut piece) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        piece.truncate(n);
        if n == 0 {
            break;
        }
    }
    kind.see_end(&tail);
    Ok(JobOutput { draft: Some(draft), name, kind, bytes, sha256: Some(finish(hash)) })
}
