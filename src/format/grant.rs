//! The grant record: epoch keys for somebody, in a CMS message of its own.

use super::error::Fault;
use super::field_reader::{Fields, put_blob};
use super::header::build;
use super::limits;
use super::record_type::RecordType;

/// The grant record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// SHA-256 of the stream record that it is for.
    pub stream_hash: [u8; 32],
    /// First epoch granted.
    pub first: u64,
    /// Last epoch granted.
    pub last: u64,
    /// The grantee's certificate, DER.
    pub recipient: Vec<u8>,
    /// AuthEnvelopedData, DER; its content is laid out in the manual page.
    pub cms: Vec<u8>,
}

impl Grant {
    /// Reads the body of a grant record.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        let mut f = Fields(body);
        let g = Grant {
            stream_hash: f.array()?,
            first: f.u64()?,
            last: f.u64()?,
            recipient: f.some_blob(limits::BLOB)?,
            cms: f.some_blob(limits::GRANT as usize)?,
        };
        f.finish()?;
        if g.first > g.last { Err(Fault::Unsorted) } else { Ok(g) }
    }

    /// The whole record, header and body.
    pub fn to_record(&self) -> Result<Vec<u8>, Fault> {
        build(RecordType::Grant, 0, |out| {
            out.extend_from_slice(&self.stream_hash);
            out.extend_from_slice(&self.first.to_be_bytes());
            out.extend_from_slice(&self.last.to_be_bytes());
            put_blob(out, &self.recipient, limits::BLOB)?;
            put_blob(out, &self.cms, limits::GRANT as usize)
        })
    }
}
