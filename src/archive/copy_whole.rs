//! A damaged file copied, as much of it as is whole. No key takes part, and no close record is made up.

use std::io::{Read, Write};

use crate::format::{EndKind, FormatError, Frame, FrameFlags, Keys, Reader, Record, Start, StreamRecord, Writer};

use super::error::ArchiveError;

/// Maximum number of frames of a tail that are listed one by one; more are counted.
const LISTED: usize = 1 << 16;
/// Maximum number of places that are listed where something is lost; more are counted.
const PLACES: usize = 64;

/// A frame that no close record covers: its own tag is all that vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TailFrame {
    /// Its epoch.
    pub epoch: u64,
    /// Its number in the epoch.
    pub counter: u32,
    /// Its track.
    pub track: u16,
    /// Key frame, gap, corrupt, hidden.
    pub flags: FrameFlags,
    /// UTC, ns.
    pub utc_ns: Option<i64>,
    /// Bytes of its record.
    pub bytes: usize,
}

/// A place where something is lost.
#[derive(Debug)]
pub struct Lost {
    /// What is wrong there.
    pub fault: FormatError,
    /// The first epoch that is not whole; `None` when no epoch came before it.
    pub epoch: Option<u64>,
    /// Number of frames at the beginning of that epoch that are there; `None` when nothing of it is.
    pub frames: Option<u64>,
    /// The recorder's clock at the beginning of the last epoch before, or of that one: UTC, ns.
    pub from_ns: Option<i64>,
    /// The epoch that it goes on with, and the recorder's clock there; `None` when nothing of that stream comes any
    /// more.
    pub next: Option<(u64, i64)>,
}

/// What a copy holds.
#[derive(Debug, Default)]
pub struct Copied {
    /// What is lost, as far as the numbers show.
    pub lost: Vec<Lost>,
    /// Places more than those.
    pub more_lost: u64,
    /// Some stream in it had no end of its own, or said so.
    pub recovered: bool,
    /// Whole epochs.
    pub epochs: u64,
    /// Frames in epochs whose close record is lost.
    pub tail: Vec<TailFrame>,
    /// Frames more than those.
    pub more: u64,
    /// The streams, by the last record of each: whether anything was copied.
    pub streams: u64,
}

/// Copies every whole record of `input`, and ends as recovered what has lost its end. After damage it goes on with the
/// next epoch that is whole by itself, as another excerpt of the stream: see [`Reader::go_on`].
///
/// Memory: that of a reader, one keys record and the grants.
///
/// # Errors
///
/// No stream begins there; reading failed; the output does not take it.
pub fn copy_whole<R: Read, W: Write>(input: R, output: W) -> Result<Copied, ArchiveError> {
    let mut copy = Copy {
        reader: Reader::new(input),
        writer: Writer::new(output),
        copied: Copied::default(),
        head: None,
        writing: false,
        held: None,
        passing: false,
        start: None,
        seen: None,
        frames: 0,
        tail: Vec::new(),
        more: 0,
    };
    loop {
        match copy.reader.next() {
            Ok(Some(record)) => copy.copy(record)?,
            Ok(None) => break,
            Err(e) if copy.copied.streams == 0 => return Err(e.into()),
            Err(FormatError::Io(e)) => return Err(FormatError::Io(e).into()),
            Err(e) => {
                copy.damaged(e)?;
                if !copy.reader.go_on()? {
                    break;
                }
            }
        }
    }
    Ok(copy.copied)
}

/// What every excerpt of a stream begins with.
struct Head {
    stream: StreamRecord,
    grants: Vec<Vec<u8>>,
    keys: Option<(Box<Keys>, Vec<u8>)>,
}

struct Copy<R, W> {
    reader: Reader<R>,
    writer: Writer<W>,
    copied: Copied,
    /// Of the stream being read.
    head: Option<Head>,
    /// The output is inside a stream.
    writing: bool,
    /// A start record after damage: it counts when what follows belongs to it.
    held: Option<(Start, Vec<u8>)>,
    /// Nothing was taken since the last damage.
    passing: bool,
    /// Of the epoch being read, and how many of its frames were taken.
    start: Option<Start>,
    frames: u64,
    /// Number and clock of the last epoch that began.
    seen: Option<(u64, i64)>,
    tail: Vec<TailFrame>,
    more: u64,
}

impl<R: Read, W: Write> Copy<R, W> {
    fn copy(&mut self, record: Record) -> Result<(), ArchiveError> {
        if matches!(record, Record::Frame(_) | Record::Close(_)) {
            self.release()?;
        }
        let raw = self.reader.raw();
        let written = match record {
            Record::Stream(s) => {
                self.copied.streams += 1;
                (self.writing, self.passing, self.seen, self.held) = (true, false, None, None);
                let written = self.writer.stream(&s);
                self.head = Some(Head { stream: s, grants: Vec::new(), keys: None });
                written.map(drop)
            }
            Record::Grant(_) => {
                let head = self.head.as_mut().ok_or(ArchiveError::Sidecar)?;
                head.grants.push(raw.to_vec());
                self.writer.grant(raw)
            }
            Record::Keys(k) => {
                let written = if self.writing { self.writer.keys(&k, raw) } else { Ok(()) };
                if let Some(head) = &mut self.head {
                    head.keys = Some((k, raw.to_vec()));
                }
                written
            }
            Record::Start(s) if self.writing => {
                let written = self.writer.start(&s, raw);
                self.began(s);
                written
            }
            Record::Start(s) => {
                self.held = Some((s, raw.to_vec()));
                Ok(())
            }
            Record::Frame(f) => {
                let written = self.writer.frame(&f, raw);
                self.note(&f);
                written
            }
            Record::Close(c) => {
                self.copied.epochs += 1;
                (self.start, self.more) = (None, 0);
                self.tail.clear();
                self.writer.close(&c, raw)
            }
            Record::End(e) if e.kind == EndKind::Recovered => return self.end(),
            Record::End(_) => {
                (self.head, self.passing) = (None, false);
                if std::mem::take(&mut self.writing) { self.writer.finish() } else { Ok(()) }
            }
            Record::Cut => return self.end(),
            Record::Index(_) => Ok(()),
        };
        written.map_err(ArchiveError::writing)
    }

    /// Begins another excerpt with the start record that was held.
    fn release(&mut self) -> Result<(), ArchiveError> {
        let Some((start, record)) = self.held.take() else { return Ok(()) };
        if let Some(head) = &self.head {
            let w = &mut self.writer;
            let mut begin = || {
                w.stream(&head.stream)?;
                head.grants.iter().try_for_each(|g| w.grant(g))?;
                head.keys.iter().try_for_each(|(k, record)| w.keys(k, record))?;
                w.start(&start, &record)
            };
            begin().map_err(ArchiveError::writing)?;
            self.writing = true;
        }
        if let Some(lost) = self.copied.lost.last_mut().filter(|_| self.passing) {
            lost.next = Some((start.epoch, start.wall_ns));
        }
        self.passing = false;
        self.began(start);
        Ok(())
    }

    fn began(&mut self, s: Start) {
        self.seen = Some((s.epoch, s.wall_ns));
        (self.start, self.frames) = (Some(s), 0);
    }

    fn note(&mut self, f: &Frame) {
        self.frames += 1;
        let (Some(head), Some(start)) = (&self.head, &self.start) else { return };
        if self.tail.len() >= LISTED {
            self.more += 1;
            return;
        }
        self.tail.push(TailFrame {
            epoch: start.epoch,
            counter: f.counter,
            track: f.track,
            flags: f.flags,
            utc_ns: head.stream.shown_ns(f).map(|(from, _)| from),
            bytes: self.reader.raw().len(),
        });
    }

    /// Notes what is wrong, unless it is what went on from the damage before and was none.
    fn damaged(&mut self, fault: FormatError) -> Result<(), ArchiveError> {
        self.held = None;
        if std::mem::replace(&mut self.passing, true) {
            return Ok(());
        }
        let open = self.start.is_some();
        let lost = Lost {
            fault,
            epoch: self.seen.map(|(epoch, _)| if open { epoch } else { epoch.saturating_add(1) }),
            frames: open.then_some(self.frames),
            from_ns: self.seen.map(|(_, wall_ns)| wall_ns),
            next: None,
        };
        if self.copied.lost.len() < PLACES {
            self.copied.lost.push(lost);
        } else {
            self.copied.more_lost += 1;
        }
        self.excerpt_ends()
    }

    /// The stream goes no further.
    fn end(&mut self) -> Result<(), ArchiveError> {
        self.excerpt_ends()?;
        (self.head, self.held, self.passing) = (None, None, false);
        Ok(())
    }

    /// What is being written goes no further.
    fn excerpt_ends(&mut self) -> Result<(), ArchiveError> {
        if !std::mem::take(&mut self.writing) {
            return Ok(());
        }
        self.start = None;
        self.copied.recovered = true;
        self.copied.tail.append(&mut self.tail);
        self.copied.more += std::mem::take(&mut self.more);
        let ended = if self.writer.is_last() { self.writer.finish() } else { self.writer.recovered() };
        ended.map_err(ArchiveError::writing)
    }
}
