//! From record to record of a file: headers are read, bodies only where they are needed.

use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};

use crate::format::{FRAME_PREFIX, Frame, HEADER_LEN, Header, PREAMBLE};

const BUFFER: usize = 16 << 10;

/// What stands at a place.
#[derive(Debug)]
pub(super) enum Step {
    Record(Header),
    Preamble,
    /// The file ends here, or inside the record that begins here, or has nothing but zeros from here on.
    Nothing,
    /// No record and no preamble.
    Foreign,
}

#[derive(Debug)]
pub(super) struct Walk<'a, F> {
    file: BufReader<&'a mut F>,
    /// Where the next record begins.
    at: u64,
    length: u64,
}

impl<'a, F: Read + Seek> Walk<'a, F> {
    pub fn new(file: &'a mut F) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Walk { file: BufReader::with_capacity(BUFFER, file), at: 0, length })
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn at(&self) -> u64 {
        self.at
    }

    pub fn go(&mut self, to: u64) -> io::Result<()> {
        let by = i64::try_from(i128::from(to) - i128::from(self.file.stream_position()?)).map_err(io::Error::other)?;
        self.at = to;
        self.file.seek_relative(by)
    }

    /// What stands here; a record is then taken by one of the three below, a preamble is passed.
    pub fn step(&mut self) -> io::Result<Step> {
        self.go(self.at)?;
        let mut head = [0; HEADER_LEN];
        match self.file.read_exact(&mut head) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(Step::Nothing),
            Err(e) => return Err(e),
        }
        if head == PREAMBLE {
            self.at += HEADER_LEN as u64;
            return Ok(Step::Preamble);
        }
        match Header::parse(head) {
            Ok(h) if self.at.saturating_add(size(&h)) > self.length => Ok(Step::Nothing),
            Ok(h) => Ok(Step::Record(h)),
            Err(_) => Ok(Step::Foreign),
        }
    }

    /// The whole record at hand.
    pub fn record(&mut self, h: &Header) -> io::Result<Vec<u8>> {
        let mut record = h.to_bytes().to_vec();
        record.resize(HEADER_LEN + h.body_len as usize, 0);
        if let Some(body) = record.get_mut(HEADER_LEN..) {
            self.file.read_exact(body)?;
        }
        self.at += size(h);
        Ok(record)
    }

    /// The fields of the frame at hand; its packet is passed over.
    pub fn frame(&mut self, h: &Header) -> io::Result<Option<Frame>> {
        let mut fields = [0; FRAME_PREFIX - HEADER_LEN];
        let fits = h.body_len as usize >= fields.len();
        if fits {
            self.file.read_exact(&mut fields)?;
        }
        self.at += size(h);
        Ok(Frame::parse(h, &fields).ok().filter(|_| fits))
    }

    /// Passes the record at hand over.
    pub fn pass(&mut self, h: &Header) {
        self.at += size(h);
    }

    /// Whether what is wrong with the record from `at` to `until` is that its last bytes never reached the disk: a
    /// power cut can leave a file with its new length, and zeros from somewhere in that record on.
    pub fn is_torn(&mut self, at: u64, until: u64) -> io::Result<bool> {
        let head = at.saturating_add(HEADER_LEN as u64);
        let zeros = self.zeros()?;
        let many = self.length.saturating_sub(zeros) >= HEADER_LEN as u64;
        Ok(zeros < self.length && (zeros < head || zeros < until && many))
    }

    /// Where the zeros at the end of the file begin.
    fn zeros(&mut self) -> io::Result<u64> {
        let mut end = self.length;
        let mut buf = [0; 4096];
        while end > 0 {
            let n = end.min(buf.len() as u64);
            self.file.seek(SeekFrom::Start(end - n))?;
            let Some(piece) = buf.get_mut(..n as usize) else { break };
            self.file.read_exact(piece)?;
            if let Some(last) = piece.iter().rposition(|b| *b != 0) {
                return Ok(end - n + last as u64 + 1);
            }
            end -= n;
        }
        Ok(end)
    }
}

pub(super) fn size(h: &Header) -> u64 {
    (HEADER_LEN as u64).saturating_add(h.body_len.into())
}
