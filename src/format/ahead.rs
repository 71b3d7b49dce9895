//! Reading ahead: records lie in the buffer that they were read into, without a copy, several small ones after one read.

use std::io::{self, ErrorKind, Read};

/// How much is read ahead; the buffer has twice as much, and more only for a record that needs it.
const AHEAD: usize = 256 << 10;
/// How much is read ahead at first, and behind a jump: whoever looks for a place reads little. It doubles with each read.
const AHEAD_AT_FIRST: usize = 512;
/// The most that is asked for at once.
const READ: usize = 1 << 20;

/// An input and what was read of it: the record in hand, and behind it what is still to be looked at.
#[derive(Debug)]
pub(super) struct Ahead<R> {
    input: R,
    buf: Vec<u8>,
    /// The record in hand has `used` bytes from here on.
    start: usize,
    used: usize,
    /// Up to here there are bytes of the input.
    end: usize,
    ahead: usize,
}

impl<R> Ahead<R> {
    pub fn new(input: R) -> Self {
        Ahead { input, buf: Vec::new(), start: 0, used: 0, end: 0, ahead: AHEAD_AT_FIRST }
    }

    /// The record in hand.
    pub fn record(&self) -> &[u8] {
        &self.buf[self.start..self.start + self.used]
    }

    pub fn record_mut(&mut self) -> &mut [u8] {
        &mut self.buf[self.start..self.start + self.used]
    }

    /// Puts the record in hand away.
    pub fn put_away(&mut self) {
        self.start += self.used;
        self.used = 0;
        if self.start == self.end {
            // at the beginning again: memory that is used over and over stays in the cache
            (self.start, self.end) = (0, 0);
        }
    }

    /// Takes the next bytes in hand, of which at least `len` were [peeked](Self::peek) at.
    pub fn take(&mut self, len: usize) {
        self.used = len.min(self.end - self.start);
    }

    /// Forgets everything read, and gives the input to be sought in.
    pub fn restart(&mut self) -> &mut R {
        (self.start, self.used, self.end, self.ahead) = (0, 0, 0, AHEAD_AT_FIRST);
        &mut self.input
    }
}

impl<R: Read> Ahead<R> {
    /// The next `len` bytes, fewer where the input ends. There must be no record in hand.
    pub fn peek(&mut self, len: usize) -> io::Result<&[u8]> {
        while self.end - self.start < len {
            self.make_room(len);
            let missing = len - (self.end - self.start);
            let room = &mut self.buf[self.end..];
            let most = room.len().min(missing.max(self.ahead)).min(READ);
            self.ahead = (2 * self.ahead).min(2 * AHEAD);
            match self.input.read(&mut room[..most]) {
                Ok(0) => break,
                Ok(n) => self.end += n.min(most),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        let there = len.min(self.end - self.start);
        Ok(&self.buf[self.start..self.start + there])
    }

    /// Room for one read, where `len` bytes are wanted: memory follows what came, not what a length claims.
    fn make_room(&mut self, len: usize) {
        if self.buf.len() - self.end >= AHEAD {
            return;
        }
        if self.start > 0 {
            self.buf.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let missing = len - self.end;
        if self.buf.len() - self.end < missing.min(AHEAD) {
            // as much again as came, but little more than this record takes
            let size = self.end + missing.min(self.end).max(2 * AHEAD);
            self.buf.reserve_exact(size - self.buf.len());
            self.buf.resize(size, 0);
        }
    }
}
