//! The index record: where epochs begin. A hint, never trusted.

use super::error::Fault;
use super::field_reader::Fields;
use super::header::build;
use super::limits;
use super::record_type::RecordType;
use super::time;

/// Where one epoch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexEntry {
    /// Epoch number.
    pub epoch: u64,
    /// Media time of its first frame in ns, if known.
    pub time_ns: Option<i64>,
    /// Offset of its start record in bytes from the stream's preamble.
    pub offset: u64,
    /// Offset of its session's keys record in bytes from the stream's preamble, 0 in plain streams.
    pub keys_offset: u64,
}

/// The index record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// Ascending in epoch and offset.
    pub entries: Vec<IndexEntry>,
}

impl Index {
    /// Reads the body of an index record.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        let mut f = Fields(body);
        let n = f.u32()? as usize;
        if n > limits::INDEX_ENTRIES {
            return Err(Fault::ListTooLong);
        }
        let entries = (0..n)
            .map(|_| Ok(IndexEntry { epoch: f.u64()?, time_ns: f.time()?, offset: f.u64()?, keys_offset: f.u64()? }))
            .collect::<Result<Vec<_>, _>>()?;
        f.finish()?;
        if entries.windows(2).any(|w| w[0].epoch >= w[1].epoch || w[0].offset >= w[1].offset)
            || entries.iter().any(|e| e.keys_offset >= e.offset)
        {
            return Err(Fault::Unsorted);
        }
        Ok(Index { entries })
    }

    /// The whole record, header and body.
    pub fn to_record(&self) -> Result<Vec<u8>, Fault> {
        build(RecordType::Index, 0, |out| {
            out.extend_from_slice(&(self.entries.len() as u32).to_be_bytes());
            for e in &self.entries {
                out.extend_from_slice(&e.epoch.to_be_bytes());
                out.extend_from_slice(&time::to_bytes(e.time_ns));
                out.extend_from_slice(&e.offset.to_be_bytes());
                out.extend_from_slice(&e.keys_offset.to_be_bytes());
            }
            Ok(())
        })
    }

    /// Where the keys records stand of the epochs that begin after byte `here`, up to that of `entry`, in order, each
    /// once: `entry`'s comes last.
    pub fn keys_between(&self, here: u64, entry: &IndexEntry) -> Vec<u64> {
        let between = self.entries.iter().filter(|e| e.offset > here && e.offset < entry.offset);
        let before = between.map(|e| e.keys_offset).filter(|at| (here..entry.keys_offset).contains(at));
        let mut all: Vec<u64> = before.chain([entry.keys_offset]).collect();
        all.dedup();
        all
    }

    /// Adds an epoch; a full index first forgets every second entry, so that memory stays bounded.
    pub(super) fn add(&mut self, entry: IndexEntry) {
        if self.entries.len() == limits::INDEX_ENTRIES {
            let mut keep = false;
            self.entries.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.entries.push(entry);
    }
}
