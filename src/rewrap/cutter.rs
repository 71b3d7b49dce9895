//! The reading and writing of a cut, record by record.

use std::io::Write;
use std::rc::Rc;

use crate::base::Stop;
use crate::format::{Frame, Index, IndexEntry, Reader, Record, Start, StreamRecord, Writer};
use crate::storage::Input;

use super::before::{Before, Place, too_large};
use super::epoch::{HeldKeys, OpenEpoch, TakenEpochs};
use super::error::RewrapError;
use super::span::CutSpan;

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
    /// What the first wanted epoch leans on.
    before: Before,
    /// Epochs before the first wanted one were taken: the part stays in one piece.
    reaches_back: bool,
    stop: Option<Stop>,
    stream: Option<StreamRecord>,
    /// Grants of the stream, as they are in it.
    grants: Vec<Vec<u8>>,
    /// That of the current session.
    keys: HeldKeys,
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
            seekable: input.is_seekable() && (!input.is_several() || input.can_go_back()),
            before: Before::default(),
            reaches_back: false,
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
                    if self.stream.as_ref() != Some(&s) {
                        self.before.forget();
                    }
                    (self.stream, self.keys, self.keys_written) = (Some(s), None, false);
                    self.grants.clear();
                }
                Record::Grant(_) => self.hold_grant()?,
                Record::Keys(k) => {
                    self.keys = Some(Rc::new((k, self.reader.raw().to_vec(), self.at())));
                    self.keys_written = false;
                }
                Record::Start(s) => self.start(s)?,
                Record::Frame(f) => self.frame(f)?,
                Record::Close(c) => {
                    let Some(mut open) = self.open.take() else { continue };
                    let begun = self.begun || self.reaches_back;
                    if open.writing {
                        self.writer.close(&c, self.reader.raw())?;
                    } else if begun && !open.overlap.is_after() {
                        // nothing in it has a time, or times go back: the part stays in one piece
                        self.write(open, Some(Record::Close(c)))?;
                    } else if begun {
                        return Ok(());
                    } else {
                        self.hold(&mut open, Record::Close(c))?;
                        let place = self.place(&open);
                        self.before.add(open, place);
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
        let mut open = OpenEpoch::new(s.epoch, self.at());
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
            if self.taken.is_none() && self.span.needs_others(open.overlap) && self.reach_back(open.number)? {
                // in a pipe nothing is read again
                return if self.seekable { Ok(()) } else { self.write(open, Some(Record::Frame(f))) };
            }
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
        if !self.seekable {
            open.hold(record, self.reader.raw());
        }
        if too_large(open.held_len) { Err(RewrapError::EpochTooLarge) } else { Ok(()) }
    }

    fn place(&self, open: &OpenEpoch) -> Place {
        Place {
            file: self.reader.input().number(),
            stream_at: self.reader.stream_offset(),
            at: open.at,
            number: open.number,
            keys: self.keys.clone(),
        }
    }

    /// Begins with the last key frame before the epoch `number`, where one is known: false where there is none. In a
    /// pipe, everything before that epoch is then written; in files, reading goes on there.
    fn reach_back(&mut self, number: u64) -> Result<bool, RewrapError> {
        let Some(place) = self.before.place_before(number) else { return Ok(false) };
        self.reaches_back = true;
        if self.seekable {
            if place.file != self.reader.input().number() {
                self.reader.input_mut().go_back_to_file(place.file)?;
                self.reader.begin_again();
                // whatever is wrong before it was found when it was read first
                while self.reader.next()?.is_some_and(|_| self.reader.stream_offset() < place.stream_at) {}
            }
            self.keys = place.keys;
            self.write(OpenEpoch::new(place.number, place.at), None)?;
            return Ok(true);
        }
        let now = self.keys.clone();
        let raw = self.reader.raw().to_vec();
        for epoch in self.before.held()? {
            self.set_keys(epoch.keys);
            let open = OpenEpoch { held: epoch.records, ..OpenEpoch::new(epoch.number, 0) };
            self.write_held(open, None, &raw)?;
        }
        self.set_keys(now);
        Ok(true)
    }

    fn set_keys(&mut self, keys: HeldKeys) {
        let same = self.keys.as_ref().zip(keys.as_ref()).is_some_and(|(a, b)| Rc::ptr_eq(a, b));
        self.keys_written &= same;
        self.keys = keys;
    }

    /// Begins to write the epoch, from its start record on. `now` is the record read last.
    fn write(&mut self, open: OpenEpoch, now: Option<Record>) -> Result<(), RewrapError> {
        if self.seekable {
            let (number, at) = (open.number, open.at);
            self.begin_epoch(number)?;
            self.open = Some(OpenEpoch { writing: true, ..OpenEpoch::new(number, at) });
            self.go_back(at)?;
            if let Some(Record::Start(s)) = self.reader.next()? {
                self.writer.start(&s, self.reader.raw())?;
            }
            return Ok(());
        }
        let raw = self.reader.raw().to_vec();
        self.write_held(open, now, &raw)
    }

    /// Writes what was kept of an epoch, and the record `now`.
    fn write_held(&mut self, open: OpenEpoch, now: Option<Record>, raw: &[u8]) -> Result<(), RewrapError> {
        let OpenEpoch { at, number, held, .. } = open;
        self.begin_epoch(number)?;
        self.open = Some(OpenEpoch { writing: true, ..OpenEpoch::new(number, at) });
        for (record, raw) in held.into_iter().chain(now.map(|r| (r, raw.to_vec()))) {
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

    /// Writes what comes before the start record of an epoch.
    fn begin_epoch(&mut self, number: u64) -> Result<(), RewrapError> {
        if !self.begun {
            if let Some(s) = &self.stream {
                self.writer.stream(s)?;
            }
            self.grants.iter().try_for_each(|g| self.writer.grant(g))?;
            self.begun = true;
        }
        if let (Some(held), false) = (&self.keys, self.keys_written) {
            self.writer.keys(&held.0, &held.1)?;
            self.keys_written = true;
        }
        let taken = self.taken.get_or_insert(TakenEpochs::begin(number));
        (taken.epochs, taken.last) = (taken.epochs + 1, number);
        Ok(())
    }

    /// Goes back to the start record at `at`, which belongs to the current session.
    fn go_back(&mut self, at: u64) -> Result<(), RewrapError> {
        if let Some(keys_at) = self.keys.as_ref().map(|held| held.2) {
            self.reader.jump(keys_at)?;
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
        let mut moved = false;
        for e in before.skip(1).take_while(|e| e.epoch > number) {
            moved = true;
            // whatever is wrong there is the index's fault, until reading everything says otherwise
            match self.fits(e) {
                Ok(Some(true)) => {
                    self.go_back(e.offset)?;
                    return Ok(true);
                }
                // decoding cannot begin there
                Ok(Some(false)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        if moved {
            self.go_back(at)?;
        }
        Ok(moved)
    }

    /// Whether the epoch is where and when the entry says: `None` where it is not. Its session is then the current one,
    /// if the first picture is a key frame: false where it is none.
    fn fits(&mut self, e: &IndexEntry) -> Result<Option<bool>, RewrapError> {
        let mut keys = None;
        if self.keys.is_some() {
            self.reader.jump(e.keys_offset)?;
            let Some(Record::Keys(k)) = self.reader.next()? else { return Ok(None) };
            keys = Some(Rc::new((k, self.reader.raw().to_vec(), e.keys_offset)));
        }
        self.reader.jump(e.offset)?;
        if !matches!(self.reader.next()?, Some(Record::Start(s)) if s.epoch == e.epoch) {
            return Ok(None);
        }
        let video = self.span.first_video();
        let mut is_first = true;
        while let Some(Record::Frame(f)) = self.reader.next()? {
            let track = self.stream.as_ref().and_then(|s| s.tracks.get(usize::from(f.track)));
            let time = track.zip(f.decode_time()).and_then(|(t, ticks)| t.to_ns(ticks));
            if std::mem::take(&mut is_first) && time != e.time_ns {
                return Ok(None);
            }
            if video.is_none_or(|video| f.track == video) {
                let stands_alone = video.is_none() || f.flags.key;
                if stands_alone {
                    (self.keys, self.keys_written) = (keys, false);
                }
                return Ok(Some(stands_alone));
            }
        }
        Ok(if is_first { None } else { Some(false) })
    }

    fn note(&mut self, f: &Frame) {
        if let Some(taken) = &mut self.taken {
            taken.note(f, &self.span);
        }
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
