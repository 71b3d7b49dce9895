//! The start record: opens an epoch.

use super::error::Fault;
use super::field_reader::Fields;
use super::header::build;
use super::record_type::RecordType;

/// The start record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Key session, 0 in plain streams.
    pub session: u32,
    /// Epoch number, 0 first in a stream.
    pub epoch: u64,
    /// The writer's wall clock when the epoch was opened, UTC ns.
    pub wall_ns: i64,
    /// The writer's monotonic clock since it began the stream, ns.
    pub mono_ns: i64,
    /// SHA-256 of the close record before, zeros in epoch 0.
    pub previous_close: [u8; 32],
    /// SHA-256 of the session's keys record as first written, zeros in plain streams.
    pub keys_hash: [u8; 32],
    /// Commitment to each track's epoch key; empty in plain streams.
    pub commitments: Vec<[u8; 32]>,
}

impl Start {
    /// Reads the body of a start record.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        let mut f = Fields(body);
        let mut s = Start {
            session: f.u32()?,
            epoch: f.u64()?,
            wall_ns: f.i64()?,
            mono_ns: f.i64()?,
            previous_close: f.array()?,
            keys_hash: f.array()?,
            commitments: Vec::new(),
        };
        while !f.0.is_empty() {
            s.commitments.push(f.array()?);
        }
        Ok(s)
    }

    /// The whole record, header and body.
    pub fn to_record(&self) -> Result<Vec<u8>, Fault> {
        build(RecordType::Start, 0, |out| {
            out.extend_from_slice(&self.session.to_be_bytes());
            out.extend_from_slice(&self.epoch.to_be_bytes());
            out.extend_from_slice(&self.wall_ns.to_be_bytes());
            out.extend_from_slice(&self.mono_ns.to_be_bytes());
            out.extend_from_slice(&self.previous_close);
            out.extend_from_slice(&self.keys_hash);
            self.commitments.iter().for_each(|c| out.extend_from_slice(c));
            Ok(())
        })
    }
}
