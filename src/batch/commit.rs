//! Results made lasting: outputs synced and named, then written down. One thread does it for all jobs, so that the next
//! job does not wait for the disk, and one sync serves several lines.

use std::io;
use std::sync::mpsc::Receiver;

use crate::base::{text, wall_ns};
use crate::storage::permissions::left_by_umask;

use super::counts::Counter;
use super::input_hash::hash_file;
use super::manifest::{ManifestLine, Outcome, OutputRecord};
use super::observer::Observer;
use super::pipes::JobOutput;
use super::store::{Lock, RunState, Store};

/// Maximum number of results that are written down at once.
const BATCH: usize = 64;

/// What a job has left.
#[derive(Debug)]
pub struct Finished {
    /// About it, as far as it is known.
    pub line: ManifestLine,
    /// What it wrote, where that is kept.
    pub output: Option<JobOutput>,
    /// The item's lock, held until it is written down.
    pub lock: Box<dyn Lock>,
}

/// Where results go.
pub struct Committer<'a> {
    pub source: &'a dyn Store,
    pub destination: Option<&'a dyn Store>,
    pub in_place: bool,
    /// The permissions of outputs, where they are fixed.
    pub mode: Option<u32>,
    pub state: &'a dyn RunState,
    /// The name of this run's manifest.
    pub manifest: String,
    pub counter: &'a Counter,
    pub observer: &'a dyn Observer,
}

impl Committer<'_> {
    /// Takes results until there are no more. `failed` is called for each that is not done.
    ///
    /// # Errors
    ///
    /// The manifest cannot be written: nothing more can be done exactly once.
    pub fn run(&self, results: &Receiver<Finished>, failed: impl Fn()) -> io::Result<()> {
        while let Ok(first) = results.recv() {
            let mut batch: Vec<Finished> = std::iter::once(first).chain(results.try_iter().take(BATCH - 1)).collect();
            self.commit(&mut batch)?;
            for Finished { line, lock, .. } in batch {
                if line.state != Outcome::Done {
                    failed();
                }
                self.observer.item_over(&line);
                self.counter.over(&line);
                drop(lock);
            }
        }
        Ok(())
    }

    fn commit(&self, batch: &mut [Finished]) -> io::Result<()> {
        for result in batch.iter_mut() {
            let stored = store(result, self.mode);
            fail(result, stored);
        }
        if self.in_place {
            let replacing = |r: &&mut Finished| r.output.is_some() && r.line.state == Outcome::Done;
            let lines = batch.iter_mut().filter(replacing).flat_map(|r| {
                let line = ManifestLine { state: Outcome::Replacing, ..r.line.clone() };
                line.to_bytes()
            });
            let lines: Vec<u8> = lines.collect();
            if !lines.is_empty() {
                self.state.append(&self.manifest, &lines)?;
            }
        }
        let mut names = Vec::new();
        for result in batch.iter_mut() {
            let Some(JobOutput { draft: Some(draft), name, .. }) = result.output.take() else { continue };
            let published = draft.publish(&name);
            if let (Some(output), Ok(Some(there))) = (&mut result.line.output, &published) {
                output.changed.clone_from(&there.changed);
                let modified = (self.in_place && there.modified_ns != 0).then(|| text::rfc3339(there.modified_ns));
                output.modified = modified;
            }
            fail(result, published.map(drop));
            names.push(name);
        }
        let target = self.destination.unwrap_or(self.source);
        if let (false, Err(e)) = (names.is_empty(), target.settle(&names)) {
            batch.iter_mut().for_each(|r| fail(r, Err(io::Error::new(e.kind(), text::io_reason(&e)))));
        }
        if self.in_place {
            batch.iter_mut().filter(|r| r.line.state == Outcome::Done).for_each(|r| self.see_what_is_left(&mut r.line));
        }
        let now = text::rfc3339(wall_ns());
        let lines: Vec<u8> = batch
            .iter_mut()
            .flat_map(|r| {
                r.line.at.clone_from(&now);
                r.line.to_bytes()
            })
            .collect();
        self.state.append(&self.manifest, &lines)
    }

    /// In place: the item as it is now, so that it is known again.
    fn see_what_is_left(&self, line: &mut ManifestLine) {
        let Ok(Some(now)) = self.source.entry(&line.item) else { return };
        let modified = Some(text::rfc3339(now.modified_ns));
        match &mut line.output {
            // known already, of the file that was written
            Some(output) if output.modified.is_some() => {}
            // on storage what was written is known, but for its time
            Some(output) => (output.modified, output.changed) = (modified, output.changed.take().or(now.changed)),
            // the command changed the item itself, or had nothing to change
            None => {
                let (name, bytes, changed) = (now.name, now.bytes, now.changed);
                line.output = Some(OutputRecord { name, sha256: None, bytes, modified, changed });
            }
        }
    }
}

/// Sync of an output, and its hash; what the manifest says about it.
fn store(result: &mut Finished, mode: Option<u32>) -> io::Result<()> {
    let Some(taken) = &mut result.output else { return Ok(()) };
    let Some(draft) = &mut taken.draft else { return Ok(()) };
    if let Some(file) = draft.file() {
        taken.sha256 = Some(hash_file(file)?);
    }
    if let Some(mode) = mode.or_else(|| taken.kind.is_for_others.then(|| left_by_umask(0o666))) {
        draft.set_mode(mode)?;
    }
    draft.sync()?;
    let (name, sha256) = (taken.name.clone(), taken.sha256.map(|h| text::hex(&h)));
    result.line.output = Some(OutputRecord { name, sha256, bytes: taken.bytes, modified: None, changed: None });
    Ok(())
}

/// A result whose output could not be stored is none.
fn fail(result: &mut Finished, stored: io::Result<()>) {
    if let Err(e) = stored {
        result.line.state = Outcome::Failed;
        result.line.message = format!("the output cannot be stored: {}", text::io_reason(&e));
        result.line.output = None;
        result.output = None;
    }
}
