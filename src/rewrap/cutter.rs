//! The reading and writing of a cut, record by record.

use std::io::Write;

use crate::base::Stop;
use crate::format::{Frame, Index, IndexEntry, Keys, Reader, Record, Start, StreamRecord, Writer};
use crate::storage::Input;

use super::epoch::{OpenEpoch, TakenEpochs};
use super::error::RewrapError;
use super::span::{CutSpan, Overlap};

/// The maximum number of bytes of grants of a stream: they are kept until it is known whether something of it is
/// wanted.
const MAX_GRANTS: usize = 64 << 20;

/// Reads streams and writes the wanted epochs.
pub(super) struct Cutter<W> {
    reader: Reader<Input>,
    writer: Writer<W>,
    pub span: CutSpan,
    /// A hint, tried once.
    index: Option<Index>,
    seekable: bool,
    stop: Option<Stop>,
    stream: Option<StreamRecord>,
    /// Grants of the stream, as they are in it.
    grants: Vec<Vec<u8>>,
    /// The keys record of the current session, its bytes, and its offset.
    keys: Option<(Box<Keys>, Vec<u8>, u64)>,
    keys_written: bool,
    /// Something of this stream was written.
    begun: bool,
    open: Option<OpenEpoch>,
    pub taken: Option<TakenEpochs>,
}

impl<W: Write> Cutter<W> {
    /// `index` is that of `input`, if it has one: a hint, tried once.
    pub fn new(input: Input, output: W, span: CutSpan, index: Option<Index>, stop: Option<Stop>) -> Self {
        Cutter {
            seekable: input.is_seekable(),
            reader: Reader::new(input),
            writer: Writer::new(output),
            span,
            index,
            stop,
            stream: None,
            grants: Vec::new(),
            keys: None,
            keys_written: false,
            begun: false,
            open: None,
            taken: None,
        }
    }

    /// Reads up to the end of the part.
    pub fn run(&mut self) -> Result<(), RewrapError> {
        loop {
            let Some(record) = self.reader.next()? else {
                if !self.reader.input_mut().next_file()? {
                    return Ok(());
                }
                self.end_stream()?;
                self.reader.begin_again();
                continue;
            };
            if self.stop.as_ref().is_some_and(Stop::is_set) {
                return Err(RewrapError::Stopped);
            }
            match record {
                Record::Stream(s) => {
                    self.end_stream()?;
                    self.span.stream(&s);
                    (self.stream, self.keys, self.keys_written) = (Some(s), None, false);
                    self.grants.clear();
                }
                Record::Grant(_) => self.hold_grant()?,
                Record::Keys(k) => {
                    self.keys = Some((k, self.reader.raw().to_vec(), self.at()));
                    self.keys_written = false;
                }
                Record::Start(s) => self.start(s)?,
                Record::Frame(f) => self.frame(f)?,
                Record::Close(c) => {
                    let Some(open) = self.open.take() else { continue };
                    if open.writing {
                        self.writer.close(&c, self.reader.raw())?;
                    } else if self.begun && !open.overlap.is_after() {
                        // nothing in it has a time, or times go back: the part stays in one piece
                        self.write(open, Some(Record::Close(c)))?;
                    } else if self.begun {
                        return Ok(());
                    }
                }
                Record::Cut => self.end_stream()?,
                Record::Index(_) | Record::End(_) => {}
            }
        }
    }

    /// Where the record read last begins, from the stream's preamble.
    fn at(&self) -> u64 {
        self.reader.record_offset().saturating_sub(self.reader.stream_offset())
    }

    fn start(&mut self, s: Start) -> Result<(), RewrapError> {
        let mut open = OpenEpoch {
            at: self.at(),
            number: s.epoch,
            overlap: Overlap::default(),
            writing: false,
            held: Vec::new(),
            held_len: 0,
        };
        self.hold(&mut open, Record::Start(s))?;
        self.open = Some(open);
        Ok(())
    }

    fn frame(&mut self, f: Frame) -> Result<(), RewrapError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        if open.writing {
            self.note(&f);
            self.writer.frame(&f, self.reader.raw())?;
            self.open = Some(open);
            return Ok(());
        }
        self.span.add(&f, &mut open.overlap);
        if open.overlap.is_wanted() {
            return self.write(open, Some(Record::Frame(f)));
        }
        if self.jump(open.number, open.at)? {
            return Ok(());
        }
        self.hold(&mut open, Record::Frame(f))?;
        self.open = Some(open);
        Ok(())
    }

    fn hold_grant(&mut self) -> Result<(), RewrapError> {
        let grant = self.reader.raw().to_vec();
        let all: usize = self.grants.iter().map(Vec::len).sum();
        if all.saturating_add(grant.len()) > MAX_GRANTS {
            return Err(RewrapError::TooManyGrants);
        }
        self.grants.push(grant);
        Ok(())
    }

    fn hold(&self, open: &mut OpenEpoch, record: Record) -> Result<(), RewrapError> {
        if self.seekable { Ok(()) } else { open.hold(record, self.reader.raw()) }
    }

    /// Begins to write the epoch, from its start record on. `now` is the record read last.
    fn write(&mut self, open: OpenEpoch, now: Option<Record>) -> Result<(), RewrapError> {
        if !self.begun {
            if let Some(s) = &self.stream {
                self.writer.stream(s)?;
            }
            self.grants.iter().try_for_each(|g| self.writer.grant(g))?;
            self.begun = true;
        }
        if let (Some((keys, raw, _)), false) = (&self.keys, self.keys_written) {
            self.writer.keys(keys, raw)?;
            self.keys_written = true;
        }
        let OpenEpoch { at, number, held, .. } = open;
        let taken = self.taken.get_or_insert(TakenEpochs { epochs: 0, first: number, last: number, shown: None });
        (taken.epochs, taken.last) = (taken.epochs + 1, number);
        self.open =
            Some(OpenEpoch { at, number, overlap: Overlap::default(), writing: true, held: Vec::new(), held_len: 0 });
        if self.seekable {
            self.go_back(at)?;
            if let Some(Record::Start(s)) = self.reader.next()? {
                self.writer.start(&s, self.reader.raw())?;
            }
            return Ok(());
        }
        let raw = self.reader.raw().to_vec();
        for (record, raw) in held.into_iter().chain(now.map(|r| (r, raw))) {
            match record {
                Record::Start(s) => self.writer.start(&s, &raw)?,
                Record::Frame(f) => {
                    self.note(&f);
                    self.writer.frame(&f, &raw)?;
                }
                Record::Close(c) => {
                    self.writer.close(&c, &raw)?;
                    self.open = None;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Goes back to the start record at `at`, which belongs to the current session.
    fn go_back(&mut self, at: u64) -> Result<(), RewrapError> {
        if let Some((_, _, keys_at)) = &self.keys {
            self.reader.jump(*keys_at)?;
            self.reader.next()?;
        }
        Ok(self.reader.jump(at)?)
    }

    /// Once, as soon as the moments are known as times: goes near the first one by the index. True when it went to
    /// another epoch.
    fn jump(&mut self, number: u64, at: u64) -> Result<bool, RewrapError> {
        let Some(from) = self.index.as_ref().and_then(|_| self.span.first_media_ns()) else { return Ok(false) };
        let Some(index) = self.index.take() else { return Ok(false) };
        // one epoch earlier: its last pictures may be shown after the first ones of the next epoch
        let before = index.entries.iter().rev().filter(|e| e.time_ns.is_some_and(|ns| ns <= from));
        let Some(e) = before.take(2).last().filter(|e| e.epoch > number) else { return Ok(false) };
        // whatever is wrong there is the index's fault, until reading everything says otherwise
        if !self.fits(e).unwrap_or(false) {
            self.go_back(at)?;
            return Ok(true);
        }
        self.go_back(e.offset)?;
        Ok(true)
    }

    /// Whether the epoch is where and when the entry says; its session is then the current one.
    fn fits(&mut self, e: &IndexEntry) -> Result<bool, RewrapError> {
        let mut keys = None;
        if self.keys.is_some() {
            self.reader.jump(e.keys_offset)?;
            let Some(Record::Keys(k)) = self.reader.next()? else { return Ok(false) };
            keys = Some((k, self.reader.raw().to_vec(), e.keys_offset));
        }
        self.reader.jump(e.offset)?;
        if !matches!(self.reader.next()?, Some(Record::Start(s)) if s.epoch == e.epoch) {
            return Ok(false);
        }
        let Some(Record::Frame(f)) = self.reader.next()? else { return Ok(false) };
        let track = self.stream.as_ref().and_then(|s| s.tracks.get(usize::from(f.track)));
        let time = track.zip(f.decode_time()).and_then(|(t, ticks)| t.to_ns(ticks));
        if time != e.time_ns {
            return Ok(false);
        }
        (self.keys, self.keys_written) = (keys, false);
        Ok(true)
    }

    fn note(&mut self, f: &Frame) {
        let (Some((from, to)), Some(taken)) = (self.span.times(f), &mut self.taken) else { return };
        let (a, b) = taken.shown.unwrap_or((from, to));
        taken.shown = Some((a.min(from), b.max(to)));
    }

    /// Ends the output's stream, if one was begun and no epoch of it is open.
    pub fn end_stream(&mut self) -> Result<(), RewrapError> {
        let inside = self.open.take().is_some_and(|o| o.writing);
        if std::mem::take(&mut self.begun) && !inside {
            self.writer.finish()?;
        }
        Ok(())
    }
}
