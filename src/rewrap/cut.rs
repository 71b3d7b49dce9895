//! Whole epochs cut out of streams by time. No key takes part.

use std::io::{Seek, SeekFrom, Write};

use super::epoch::{Open, Taken};
use super::span::{CutSpan, Overlap};
use crate::base::Report;
use crate::base::Stop;
use crate::cli::{Failure, Status};
use crate::format::{
    FormatError, Frame, Index, IndexEntry, Keys, Reader, Record, Start, StreamRecord, Writer, seek_index,
};
use crate::playback::{Moment, Span};
use crate::storage::{Input, StreamOutput};

/// The grants of a stream take no more: they are held until it is known whether something of it is wanted.
const GRANTS: usize = 64 << 20;

/// What was cut out.
pub struct Excerpt {
    /// Which epochs, and from when to when, for people.
    pub text: String,
    /// The moments that were asked for, as UTC, where that is known.
    pub span: Span,
    /// Why reading ended before the end of the part; what came before it is in the output.
    pub fault: Option<anyhow::Error>,
}

/// Writes the epochs of `input` that have a picture or sound from `from` to `to`, as an excerpt.
///
/// # Errors
///
/// There is nothing at that time, or a pipe has an epoch that is too large to hold (1); damage before the end of the part (3).
pub fn cut(
    input: Input,
    mut output: StreamOutput,
    from: Option<Moment>,
    to: Option<Moment>,
    report: &Report,
) -> anyhow::Result<()> {
    let excerpt = excerpt(input, &mut output, Span { from, to }, report)?;
    if let Some(fault) = excerpt.fault {
        return Err(fault);
    }
    report.note(excerpt.text);
    Ok(output.finish()?)
}

/// The same, to any output and out of several files one behind the other, and damage is no error.
///
/// # Errors
///
/// Nothing could be taken: what stands before it is damaged (3), or there is nothing at that time (1). The output does not take it.
pub fn excerpt(
    mut input: Input,
    output: impl Write,
    Span { from, to }: Span,
    report: &Report,
) -> anyhow::Result<Excerpt> {
    let several = input.is_several();
    let stop = input.is_seekable().then(|| report.stop());
    let index = match input.whole_file() {
        Some(file) if from.is_some() && !several => {
            let index = seek_index(file).ok().flatten();
            input.seek(SeekFrom::Start(0))?;
            index
        }
        _ => None,
    };
    let seekable = input.is_seekable();
    let mut cutter = Cutter {
        reader: Reader::new(input),
        writer: Writer::new(output),
        span: CutSpan::new(from, to),
        index,
        seekable,
        stop,
        stream: None,
        grants: Vec::new(),
        keys: None,
        keys_written: false,
        begun: false,
        open: None,
        taken: None,
    };
    let read = cutter.run();
    // what was cut out is finished and kept whatever is wrong behind it
    cutter.end_stream()?;
    let Some(taken) = cutter.taken else {
        return read.and(Err(Failure::failed("there is no frame at that time").into()));
    };
    let fault = match read {
        Ok(()) => None,
        Err(e) if e.downcast_ref().is_some_and(|e| !matches!(e, FormatError::Io(_))) => Some(e),
        Err(e) => return Err(e),
    };
    Ok(Excerpt { text: taken.text(&cutter.span), span: cutter.span.in_utc(), fault })
}

struct Cutter<W> {
    reader: Reader<Input>,
    writer: Writer<W>,
    span: CutSpan,
    /// A hint, tried once.
    index: Option<Index>,
    seekable: bool,
    stop: Option<Stop>,
    stream: Option<StreamRecord>,
    /// Grants of the stream, as they stand there.
    grants: Vec<Vec<u8>>,
    /// The keys record in force, whole, and its offset.
    keys: Option<(Box<Keys>, Vec<u8>, u64)>,
    keys_written: bool,
    /// Something of this stream was written.
    begun: bool,
    open: Option<Open>,
    taken: Option<Taken>,
}

impl<W: Write> Cutter<W> {
    fn run(&mut self) -> anyhow::Result<()> {
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
                return Err(Failure::new(Status::Interrupted, "stopped").into());
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
                    } else if self.begun && !open.overlap.is_behind() {
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

    fn start(&mut self, s: Start) -> anyhow::Result<()> {
        let mut open = Open {
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

    fn frame(&mut self, f: Frame) -> anyhow::Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        if open.writing {
            self.note(&f);
            self.writer.frame(&f, self.reader.raw())?;
            self.open = Some(open);
            return Ok(());
        }
        self.span.look(&f, &mut open.overlap);
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

    fn hold_grant(&mut self) -> anyhow::Result<()> {
        let grant = self.reader.raw().to_vec();
        let all: usize = self.grants.iter().map(Vec::len).sum();
        if all.saturating_add(grant.len()) > GRANTS {
            return Err(Failure::failed("the stream holds more grants than can be kept").into());
        }
        self.grants.push(grant);
        Ok(())
    }

    fn hold(&self, open: &mut Open, record: Record) -> anyhow::Result<()> {
        match self.seekable {
            true => Ok(()),
            false => open.hold(record, self.reader.raw()),
        }
    }

    /// The epoch goes into the output from its start record on. `now` is the record read last.
    fn write(&mut self, open: Open, now: Option<Record>) -> anyhow::Result<()> {
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
        let Open { at, number, held, .. } = open;
        let taken = self.taken.get_or_insert(Taken { epochs: 0, first: number, last: number, shown: None });
        (taken.epochs, taken.last) = (taken.epochs + 1, number);
        self.open =
            Some(Open { at, number, overlap: Overlap::default(), writing: true, held: Vec::new(), held_len: 0 });
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

    /// Stands before the start record at `at`, which belongs to the session in force.
    fn go_back(&mut self, at: u64) -> anyhow::Result<()> {
        if let Some((_, _, keys_at)) = &self.keys {
            self.reader.jump(*keys_at)?;
            self.reader.next()?;
        }
        Ok(self.reader.jump(at)?)
    }

    /// Once, as soon as the moments mean something: goes near the first one by the index. True when the place is another one.
    fn jump(&mut self, number: u64, at: u64) -> anyhow::Result<bool> {
        let Some(from) = self.index.as_ref().and_then(|_| self.span.first_media_ns()) else { return Ok(false) };
        let Some(index) = self.index.take() else { return Ok(false) };
        // one epoch earlier: its last pictures may be shown behind the next one's first
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

    /// Whether the epoch is where and when the entry says; its session is then the one in force.
    fn fits(&mut self, e: &IndexEntry) -> anyhow::Result<bool> {
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
    fn end_stream(&mut self) -> anyhow::Result<()> {
        let inside = self.open.take().is_some_and(|o| o.writing);
        if std::mem::take(&mut self.begun) && !inside {
            self.writer.finish()?;
        }
        Ok(())
    }
}
