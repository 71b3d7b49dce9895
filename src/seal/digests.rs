//! D of an epoch, the hash over the hashes of its records, made on a thread of its own.
//!
//! A record's hash depends on no other one, so the thread that seals hands its records over and goes on: a spare core
//! makes signing nearly free. Where hashing is the slower of the two, both threads hash. Buffers go round, and what is
//! under way is bounded.

use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::{self, JoinHandle};

use ring::digest::{Context, SHA256};

use crate::format::sha256;

/// How much is handed over at once, in bytes and in records: waking a thread costs more than hashing a small record.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_RECORDS: usize = 64;
/// Batches under way.
const QUEUE: usize = 4;
/// A longer record is hashed where it is, so that few of them cannot fill the memory.
const LARGE: usize = 1 << 20;

enum Item {
    Record(Vec<u8>),
    /// Of a record that was hashed already.
    Digest([u8; 32]),
}

impl Item {
    fn digest(&self) -> [u8; 32] {
        match self {
            Item::Record(record) => sha256(record),
            Item::Digest(d) => *d,
        }
    }
}

enum Work {
    Batch(Vec<Item>),
    /// The epoch ends: its D is asked for.
    Finish,
}

enum Done {
    /// Buffers to be used again.
    Spent(Vec<Item>),
    Digest([u8; 32]),
}

/// Hashes the records of one epoch after the other.
pub(super) struct Digests {
    /// `None` only while it is dropped.
    work: Option<SyncSender<Work>>,
    done: Receiver<Done>,
    batch: Vec<Item>,
    batch_bytes: usize,
    spare: Vec<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
}

impl Digests {
    /// Starts the thread. Errors: the system gives none.
    pub fn new() -> io::Result<Self> {
        let (work, to_do) = sync_channel(QUEUE);
        let (ready, done) = channel();
        let thread = thread::Builder::new().name("hash".into()).spawn(move || hash(&to_do, &ready))?;
        let (batch, spare) = (Vec::with_capacity(BATCH_RECORDS), Vec::new());
        Ok(Digests { work: Some(work), done, batch, batch_bytes: 0, spare, thread: Some(thread) })
    }

    /// The epoch's next record; gives an empty buffer for it.
    pub fn hand_over(&mut self, record: Vec<u8>) -> io::Result<Vec<u8>> {
        if record.len() > LARGE {
            self.push(Item::Digest(sha256(&record)), 0)?;
            return Ok(record);
        }
        let bytes = record.len();
        self.push(Item::Record(record), bytes)?;
        Ok(self.buffer())
    }

    /// The epoch's next record, copied.
    pub fn add(&mut self, record: &[u8]) -> io::Result<()> {
        if record.len() > LARGE {
            return self.push(Item::Digest(sha256(record)), 0);
        }
        let mut buffer = self.buffer();
        buffer.extend_from_slice(record);
        self.push(Item::Record(buffer), record.len())
    }

    /// D of the records since the last call.
    pub fn finish(&mut self) -> io::Result<[u8; 32]> {
        self.flush()?;
        self.send(Work::Finish)?;
        loop {
            match self.done.recv().map_err(|_| stopped())? {
                Done::Digest(d) => return Ok(d),
                Done::Spent(items) => self.keep(items),
            }
        }
    }

    fn push(&mut self, item: Item, bytes: usize) -> io::Result<()> {
        self.batch.push(item);
        self.batch_bytes += bytes;
        if self.batch_bytes >= BATCH_BYTES || self.batch.len() >= BATCH_RECORDS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.batch_bytes = 0;
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_RECORDS));
        match self.work.as_ref().ok_or_else(stopped)?.try_send(Work::Batch(batch)) {
            Ok(()) => Ok(()),
            // it cannot keep up: this batch is hashed here rather than waited for
            Err(TrySendError::Full(Work::Batch(items))) => {
                let digests = items.iter().map(|item| Item::Digest(item.digest())).collect();
                self.keep(items);
                self.send(Work::Batch(digests))
            }
            Err(_) => Err(stopped()),
        }
    }

    fn send(&self, work: Work) -> io::Result<()> {
        self.work.as_ref().ok_or_else(stopped)?.send(work).map_err(|_| stopped())
    }

    fn buffer(&mut self) -> Vec<u8> {
        if self.spare.is_empty() {
            while let Ok(Done::Spent(items)) = self.done.try_recv() {
                self.keep(items);
            }
        }
        self.spare.pop().unwrap_or_default()
    }

    fn keep(&mut self, items: Vec<Item>) {
        for item in items {
            if let Item::Record(mut buffer) = item {
                buffer.clear();
                self.spare.push(buffer);
            }
        }
    }
}

impl Drop for Digests {
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn hash(to_do: &Receiver<Work>, ready: &Sender<Done>) {
    let mut all = Context::new(&SHA256);
    while let Ok(work) = to_do.recv() {
        let done = match work {
            Work::Batch(items) => {
                items.iter().for_each(|item| all.update(&item.digest()));
                Done::Spent(items)
            }
            Work::Finish => {
                let mut d = [0; 32];
                d.copy_from_slice(std::mem::replace(&mut all, Context::new(&SHA256)).finish().as_ref());
                Done::Digest(d)
            }
        };
        if ready.send(done).is_err() {
            return;
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("the thread that hashes has stopped")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the manual page says it.
    fn plainly(records: &[Vec<u8>]) -> [u8; 32] {
        sha256(&records.iter().flat_map(|r| sha256(r)).collect::<Vec<u8>>())
    }

    #[test]
    fn records_of_all_sizes_in_their_order() {
        let mut digests = Digests::new().unwrap();
        let sizes = [0, 1, 500, LARGE + 1, 3, BATCH_BYTES, LARGE, 7];
        for round in 0..3u8 {
            let records: Vec<Vec<u8>> = (0..200).map(|i| vec![round ^ i as u8; sizes[i % sizes.len()]]).collect();
            let mut buffer = Vec::new();
            for (i, r) in records.iter().enumerate() {
                match i % 2 {
                    0 => digests.add(r).unwrap(),
                    _ => {
                        buffer.clear();
                        buffer.extend_from_slice(r);
                        buffer = digests.hand_over(buffer).unwrap();
                    }
                }
            }
            assert_eq!(digests.finish().unwrap(), plainly(&records));
        }
        assert_eq!(digests.finish().unwrap(), plainly(&[]));
    }
}
