//! Going on after damage: the next place is found where a stream can be read again.

use std::io::Read;

use super::error::FormatError;
use super::header::{HEADER_LEN, Header, PREAMBLE};
use super::order::Order;
use super::reader::Reader;
use super::record_type::RecordType;

/// The number of bytes that show whether a record could begin: its header, a session and an epoch.
const LOOK: usize = HEADER_LEN + 4 + 8;
/// Maximum number of times that reading is resumed: what looks like the beginning of a part and is none costs time.
const RESUMED: u32 = 4096;
/// Bytes that may be read again, besides `TIMES` as many as the input has had: a few bytes that look like the
/// beginning of a record of megabytes have all of it read and hashed, and fail only then.
const REREAD: u64 = 64 << 20;
const TIMES: u64 = 2;

impl<R: Read> Reader<R> {
    /// After an error: looks for the next record with which a part of the stream begins that is whole by itself, and
    /// stands before it. That is a keys record of a later session, a start record of a later epoch, an end record, or
    /// another stream. What lies between is passed over, and what was lost is for the caller to see from the numbers.
    /// False when the input ends before there is one, when this was done thousands of times or what failed was much
    /// more than what the input has, and where nothing has failed.
    ///
    /// A record that comes out of this is as well checked as every other, but for the chain to what was lost. Memory:
    /// the record that failed.
    ///
    /// Errors: the source failed.
    pub fn go_on(&mut self) -> Result<bool, FormatError> {
        if !self.failed || !self.begun || self.resumed >= RESUMED {
            return Ok(false);
        }
        self.reread = self.reread.saturating_add(self.offset.saturating_sub(self.record_at));
        if self.reread > REREAD.saturating_add(TIMES.saturating_mul(self.record_at)) {
            return Ok(false);
        }
        self.window.back();
        self.offset = self.record_at;
        if self.resumed_at == Some(self.record_at) {
            // what stands here was tried
            self.pass(1);
        }
        loop {
            let there = self.window.ahead(LOOK)?;
            let ends = there.len() < LOOK;
            let until = if ends { there.len() } else { there.len() - LOOK + 1 };
            let found = (0..until).find(|at| self.order.could_go_on_with(&there[*at..]));
            self.pass(found.unwrap_or(until));
            if found.is_some() {
                self.order.resume();
                self.resumed += 1;
                (self.preamble_read, self.failed, self.resumed_at) = (false, false, Some(self.offset));
                return Ok(true);
            }
            if ends {
                return Ok(false);
            }
        }
    }

    /// How many bytes of records that failed were read again.
    pub fn reread(&self) -> u64 {
        self.reread
    }

    /// Whether an error was given, after which [`Reader::go_on`] may go on.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Where [`Reader::go_on`] went on last: an error there is no new one.
    pub fn resumed_at(&self) -> Option<u64> {
        self.resumed_at
    }

    fn pass(&mut self, n: usize) {
        self.window.skip(n);
        self.offset += n as u64;
    }
}

impl Order {
    /// Whether these bytes could be the beginning of a part that is whole by itself.
    fn could_go_on_with(&self, bytes: &[u8]) -> bool {
        let Some((head, body)) = bytes.split_first_chunk::<HEADER_LEN>() else { return false };
        if *head == PREAMBLE {
            return true;
        }
        // most bytes are of frames: this ends it for nearly all of them
        if !matches!(head[0], 2 | 3 | 8) || self.outside() {
            return false;
        }
        let Ok(header) = Header::parse(*head) else { return false };
        let numbers = || {
            let (session, rest) = body.split_first_chunk::<4>()?;
            Some((u32::from_be_bytes(*session), u64::from_be_bytes(*rest.first_chunk::<8>()?)))
        };
        match (header.record, numbers()) {
            (RecordType::Start, Some((session, epoch))) => self.could_start(session, epoch, header.body_len),
            (RecordType::Keys, Some((session, epoch))) => self.could_open(session, epoch, header.body_len),
            (RecordType::End, _) => matches!(body, [1..=4, 0, 0, 0, ..]),
            _ => false,
        }
    }
}
