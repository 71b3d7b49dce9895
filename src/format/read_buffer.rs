//! A window onto the input that holds the record being read, whole and in one piece.
//!
//! Records are read many at a time and stay where they arrived, so that a frame is neither copied nor asked for alone.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// Size of the window while records are small.
const SIZE: usize = 512 << 10;
/// Least room for a read; what is left of a record moves to the front for it.
const ROOM: usize = SIZE / 2;
/// How much is read ahead at first, and after a jump: who looks for a place in a long file reads little. It doubles
/// with each read.
const FIRST: usize = 512;
/// How much a window grows at once for a large record: memory follows what came, not what a length claims.
const STEP: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Window<R> {
    input: R,
    buf: Vec<u8>,
    /// The record is at `at..at + used`; what follows it up to `end` has been read, too.
    at: usize,
    used: usize,
    end: usize,
    ahead: usize,
    /// Bytes from where reading began to where the input stands.
    place: u64,
}

impl<R: Read> Window<R> {
    pub fn new(input: R) -> Self {
        Window { input, buf: Vec::new(), at: 0, used: 0, end: 0, ahead: FIRST, place: 0 }
    }

    pub fn input(&self) -> &R {
        &self.input
    }

    pub fn input_mut(&mut self) -> &mut R {
        &mut self.input
    }

    /// Forgets what was read: reading begins where the input stands now.
    pub fn clear(&mut self) {
        (self.at, self.used, self.end, self.ahead, self.place) = (0, 0, 0, FIRST, 0);
    }

    /// The record as far as it was taken.
    pub fn record(&self) -> &[u8] {
        &self.buf[self.at..self.at + self.used]
    }

    pub fn record_mut(&mut self) -> &mut [u8] {
        &mut self.buf[self.at..self.at + self.used]
    }

    /// Forgets the record; the next one begins after it.
    pub fn next(&mut self) {
        self.at += self.used;
        self.used = 0;
    }

    /// Takes nothing of the record any more: its bytes come again.
    pub fn back(&mut self) {
        self.used = 0;
    }

    /// What comes next, not taken: at least `n` bytes, unless the input ends before.
    pub fn ahead(&mut self, n: usize) -> io::Result<&[u8]> {
        self.take(n)?;
        self.used = 0;
        Ok(&self.buf[self.at..self.end])
    }

    /// Passes over `n` bytes of what [`Window::ahead`] gave.
    pub fn skip(&mut self, n: usize) {
        self.at += n.min(self.end - self.at);
        self.used = 0;
    }

    /// Extends the record by up to `n` bytes, as far as the input goes, and says by how many.
    pub fn take(&mut self, n: usize) -> io::Result<usize> {
        let want = self.used + n;
        while self.end - self.at < want {
            self.make_room(want);
            let most = self.buf.len().min(want.max(self.end - self.at + self.ahead) + self.at);
            self.ahead = (2 * self.ahead).min(SIZE);
            match self.input.read(&mut self.buf[self.end..most]) {
                Ok(0) => break,
                Ok(m) => {
                    self.end += m;
                    self.place += m as u64;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        let taken = (self.end - self.at - self.used).min(n);
        self.used += taken;
        Ok(taken)
    }

    /// Room for a read after what is there; in the end for `want` bytes of this record.
    fn make_room(&mut self, want: usize) {
        if self.buf.len() - self.end >= ROOM {
            return;
        }
        if self.at > 0 {
            self.buf.copy_within(self.at..self.end, 0);
            (self.at, self.end) = (0, self.end - self.at);
        }
        // not for every read: an input that comes in small pieces must not cost more than one that comes at once
        if self.buf.len() - self.end < (want - self.end).min(ROOM) {
            let room = want.min(self.end + STEP.max(self.end)).max(self.end + ROOM).max(SIZE);
            if self.buf.is_empty() {
                // fresh pages from the system are zero: a short input touches few of them
                self.buf = vec![0; room];
                return;
            }
            self.buf.reserve_exact(room - self.buf.len());
            self.buf.resize(room, 0);
        }
    }
}

impl<R: Read + Seek> Window<R> {
    /// Goes on at `offset` bytes from where reading began.
    pub fn seek(&mut self, offset: u64) -> io::Result<()> {
        let far = |_| io::Error::from(ErrorKind::InvalidInput);
        let by = i64::try_from(i128::from(offset) - i128::from(self.place)).map_err(far)?;
        self.input.seek(SeekFrom::Current(by))?;
        self.clear();
        self.place = offset;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte, two, three ... at a time.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            let n = self.1.min(buf.len());
            self.0.read(&mut buf[..n])
        }
    }

    #[test]
    fn records_of_all_sizes_come_whole() {
        let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
        let sizes = [1, 8, SIZE - 9, 1, SIZE, 0, SIZE + 1, 700_000, 3, 100_000];
        let mut window = Window::new(Dribble(&bytes, 0));
        let mut at = 0;
        for size in sizes {
            window.next();
            assert_eq!(window.take(size / 2).unwrap() + window.take(size - size / 2).unwrap(), size);
            assert_eq!(window.record(), &bytes[at..at + size]);
            at += size;
        }
        window.next();
        assert_eq!(window.take(bytes.len()).unwrap(), bytes.len() - at, "the input ends");
        assert_eq!(window.record(), &bytes[at..]);
    }

    /// Gives one byte at a time, and a pause after each, in which a test looks at the window.
    struct Drops(bool);

    impl Read for Drops {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0 = !self.0;
            if self.0 {
                buf[..1].fill(7)
            } else {
                return Err(ErrorKind::WouldBlock.into());
            }
            Ok(1)
        }
    }

    #[test]
    fn small_pieces_do_not_move_a_large_record() {
        let mut window = Window::new(Drops(false));
        let mut moved = 0;
        for size in [10, 3_000_000, 10, 400_000, 400_000] {
            window.next();
            let mut before = (0, 0);
            while window.take(size).is_err() {
                moved += usize::from((window.at, window.buf.len()) != before);
                before = (window.at, window.buf.len());
            }
            assert_eq!(window.record().len(), size);
        }
        assert!(moved < 16, "moved or grown {moved} times");
    }

    #[test]
    fn memory_follows_what_came() {
        let mut window = Window::new(&[0u8; 100][..]);
        assert_eq!(window.take(64 << 20).unwrap(), 100);
        assert!(window.buf.capacity() <= 2 << 20, "{} bytes for an input of 100", window.buf.capacity());
    }
}
