//! Times as the container's bytes hold them: a signed 64-bit number, of which the smallest stands for "unknown".

use super::error::Fault;
use super::field_reader::Fields;

const UNKNOWN: i64 = i64::MIN;

/// What is left of a time once it was written and read: the smallest number is no time.
pub(super) fn known(time: Option<i64>) -> Option<i64> {
    time.filter(|t| *t != UNKNOWN)
}

/// A time's eight bytes.
pub(super) fn to_bytes(time: Option<i64>) -> [u8; 8] {
    time.unwrap_or(UNKNOWN).to_be_bytes()
}

impl Fields<'_> {
    /// A time; `None` when it is unknown.
    pub fn time(&mut self) -> Result<Option<i64>, Fault> {
        Ok(known(Some(self.i64()?)))
    }
}
