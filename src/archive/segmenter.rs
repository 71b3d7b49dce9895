//! A stream cut into excerpts of whole epochs, each in a file of its own.

use std::io::{self, Write};

use crate::format::{End, EndKind, Frame, Keys, Reason, Record, Start, StreamRecord, Writer};

use super::error::ArchiveError;
use super::name::{Form, SegmentName};

/// Maximum size of the grants in a stream, in bytes: they are repeated in each of its segments.
const GRANTS: usize = 64 << 20;

/// A segment waits for a key frame until it is this many times as long as it is to be.
const WAIT: i64 = 2;

/// A file that a segment is written to.
pub trait SegmentFile: Write {
    /// Takes away what follows the first `length` bytes: a record that was not written whole.
    ///
    /// # Errors
    ///
    /// The disk does not take the change.
    fn cut_to(&mut self, length: u64) -> io::Result<()>;
}

/// Where segments are kept.
pub trait SegmentStore {
    /// An open file of the store.
    type File: SegmentFile;

    /// A new file under the name, which ends in `.part`. It is an error when the segment is there already, in whatever
    /// form.
    fn create(&mut self, name: &SegmentName) -> io::Result<Self::File>;

    /// The file is finished: it goes to the disk, and then gets its final name, which is `name`.
    fn keep(&mut self, file: Self::File, name: &SegmentName) -> io::Result<()>;

    /// There is nothing in the file that may be kept: it goes. `name` is the one that it was created under.
    fn discard(&mut self, file: Self::File, name: &SegmentName) -> io::Result<()>;
}

/// A segment that was finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its final name.
    pub name: SegmentName,
    /// Bytes of the file.
    pub bytes: u64,
    /// UTC of its end, ns.
    pub to_ns: i64,
}

/// Cuts streams into segments. It is given the records of a strict reader, one after the other.
///
/// A segment ends when it has its full length, by the times of its frames or by the clock, and the next epoch begins
/// with a key frame of the first video track; without one at twice that length, and then the next segment leans on it.
#[derive(Debug)]
pub struct Segmenter<S: SegmentStore> {
    store: S,
    length_ns: i64,
    /// An epoch counts only with its close record.
    closed_only: bool,
    stream: Option<StreamRecord>,
    grants: Vec<Vec<u8>>,
    keys: Option<(Box<Keys>, Vec<u8>)>,
    /// A start record that waits for the first frame: its time names the segment, and whether it is a key frame says
    /// whether a segment can begin with it.
    start: Option<(Start, Vec<u8>)>,
    open: Option<Open<S::File>>,
}

#[derive(Debug)]
struct Open<F> {
    name: SegmentName,
    writer: Writer<F>,
    /// The keys record in force stands in it.
    has_keys: bool,
    /// There is a frame in it, or a whole epoch.
    has_content: bool,
    /// Number of its first epoch, and whether its first picture is a key frame.
    first: (u64, Option<bool>),
    /// How long it was at its last close record, when that was long enough: it ends at the next place where decoding
    /// can begin.
    full_ns: Option<i64>,
    /// When it was begun, by the clock that only goes forward.
    since_ns: i64,
    from_ns: i64,
    to_ns: i64,
    /// Bytes up to the last close record, and `to_ns` there.
    closed: Option<(u64, i64)>,
}

impl<S: SegmentStore> Segmenter<S> {
    /// Segments of `length_ns` nanoseconds.
    pub fn new(store: S, length_ns: i64) -> Self {
        Segmenter {
            store,
            length_ns,
            closed_only: false,
            stream: None,
            grants: Vec::new(),
            keys: None,
            start: None,
            open: None,
        }
    }

    /// The same, which keeps nothing of an epoch whose close record never comes.
    pub fn closed_epochs_only(self) -> Self {
        Segmenter { closed_only: true, ..self }
    }

    /// Adds a record: `raw` is all of it, `now_ns` any clock that only goes forward, in ns. Gives the segment that it
    /// finishes.
    ///
    /// # Errors
    ///
    /// The disk does not take it, or there is no such place for the record. [`Segmenter::rescue`] is then to be called.
    pub fn add(&mut self, record: Record, raw: &[u8], now_ns: i64) -> Result<Option<Kept>, ArchiveError> {
        match record {
            Record::Stream(s) => {
                let before = self.stop()?;
                (self.stream, self.keys, self.start) = (Some(s), None, None);
                self.grants.clear();
                return Ok(before);
            }
            Record::Grant(_) => {
                let held: usize = self.grants.iter().map(Vec::len).sum();
                match self.stream {
                    None => return Err(ArchiveError::Sidecar),
                    Some(_) if held.saturating_add(raw.len()) > GRANTS => return Err(ArchiveError::Grants),
                    Some(_) => self.grants.push(raw.to_vec()),
                }
            }
            Record::Keys(k) => {
                self.keys = Some((k, raw.to_vec()));
                if let Some(o) = &mut self.open {
                    o.has_keys = false;
                }
            }
            Record::Start(s) => match &self.open {
                Some(o) if o.full_ns.is_none() => self.write_start(s, raw)?,
                _ => self.start = Some((s, raw.to_vec())),
            },
            Record::Frame(f) => {
                let finished = self.turn(&f)?;
                self.begin(Some(&f), now_ns)?;
                let is_picture = self.stream.as_ref().and_then(StreamRecord::first_video) == Some(f.track);
                let at = self.stream.as_ref().and_then(|s| s.shown_ns(&f));
                if let Some(o) = &mut self.open {
                    o.writer.frame(&f, raw).map_err(ArchiveError::writing)?;
                    o.has_content = true;
                    o.first.1 = o.first.1.or(is_picture.then_some(f.flags.key));
                    if let Some((from, to)) = at {
                        (o.from_ns, o.to_ns) = (o.from_ns.min(from), o.to_ns.max(to));
                    }
                }
                return Ok(finished);
            }
            Record::Close(c) => {
                self.begin(None, now_ns)?;
                let Some(o) = &mut self.open else { return Ok(None) };
                o.writer.close(&c, raw).map_err(ArchiveError::writing)?;
                (o.closed, o.has_content) = (Some((o.writer.written(), o.to_ns)), true);
                let passed = now_ns.saturating_sub(o.since_ns).max(o.to_ns.saturating_sub(o.from_ns));
                o.full_ns = (c.reason == Reason::NotLast && passed >= self.length_ns).then_some(passed);
            }
            Record::End(e) => {
                self.stream = None;
                return match e.kind {
                    EndKind::Recovered => self.finish(|w| w.recovered()),
                    EndKind::Complete | EndKind::Excerpt | EndKind::Cut => self.finish(|w| w.finish()),
                };
            }
            Record::Cut => {
                self.stream = None;
                return self.stop();
            }
            Record::Index(_) => {}
        }
        Ok(None)
    }

    /// No record follows although the stream has no end yet: what there is of it is ended as recovered.
    ///
    /// # Errors
    ///
    /// As [`Segmenter::add`].
    pub fn stop(&mut self) -> Result<Option<Kept>, ArchiveError> {
        self.finish(|w| if w.is_last() { w.finish() } else { w.recovered() })
    }

    /// After an error: removes the record that was not written whole and ends the segment as recovered. Where only
    /// closed epochs count, all of an open one is taken away. A segment without a frame goes.
    ///
    /// # Errors
    ///
    /// Not even that could be written. The segment then keeps the name of one that is being written; it ends with a
    /// whole record unless the disk did not even let the torn one be taken away.
    pub fn rescue(&mut self) -> Result<Option<Kept>, ArchiveError> {
        let Some(Open { name, writer, to_ns, closed, has_content, .. }) = self.open.take() else { return Ok(None) };
        let good = if self.closed_only { closed } else { has_content.then_some((writer.written(), to_ns)) };
        let mut file = writer.into_output();
        let Some((good, to_ns)) = good else {
            self.store.discard(file, &name).map_err(ArchiveError::Write)?;
            return Ok(None);
        };
        file.cut_to(good).map_err(ArchiveError::Write)?;
        let end = End { kind: EndKind::Recovered, index_len: 0 }.to_record().unwrap_or_default();
        if let Err(e) = file.write_all(&end) {
            let _ = file.cut_to(good);
            return Err(ArchiveError::Write(e));
        }
        let name = name.with_form(Form::Finished);
        self.store.keep(file, &name).map_err(ArchiveError::Write)?;
        Ok(Some(Kept { name, bytes: good + end.len() as u64, to_ns }))
    }

    /// The segment that is being written, and its bytes so far.
    pub fn open(&self) -> Option<(&SegmentName, u64)> {
        self.open.as_ref().map(|o| (&o.name, o.writer.written()))
    }

    /// Whether the segment that is being written leans on the one before it, as far as its pictures say by now.
    pub fn leans(&self) -> bool {
        let has_pictures = self.stream.as_ref().is_some_and(|s| s.first_video().is_some());
        let leans = |o: &Open<S::File>| o.first.0 > 0 && o.first.1 != Some(true);
        has_pictures && self.open.as_ref().is_some_and(leans)
    }

    /// Where segments are kept.
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// With the first frame of an epoch that waits: ends the segment that is full, unless the next one would lean on it
    /// and it can wait for a key frame still.
    fn turn(&mut self, f: &Frame) -> Result<Option<Kept>, ArchiveError> {
        let full_ns = self.open.as_ref().and_then(|o| o.full_ns);
        let (Some(full_ns), Some(start)) = (full_ns, self.start.take_if(|_| full_ns.is_some())) else {
            return Ok(None);
        };
        let video = self.stream.as_ref().and_then(StreamRecord::first_video);
        let stands_alone = video.is_none_or(|v| f.track == v && f.flags.key);
        let waited = full_ns >= self.length_ns.saturating_mul(WAIT);
        let finished = if stands_alone || waited { self.finish(|w| w.finish())? } else { None };
        self.start = Some(start);
        Ok(finished)
    }

    /// Begins a segment with the start record that waits for one, or goes on with it in the open one.
    fn begin(&mut self, first: Option<&Frame>, now_ns: i64) -> Result<(), ArchiveError> {
        let Some((start, raw)) = self.start.take() else { return Ok(()) };
        if self.open.is_some() {
            return self.write_start(start, &raw);
        }
        let Some(s) = &self.stream else { return Ok(()) };
        let (from_ns, to_ns) = first.and_then(|f| s.shown_ns(f)).unwrap_or((start.wall_ns, start.wall_ns));
        let name = SegmentName::new(s, start.epoch, from_ns);
        let file = self.store.create(&name).map_err(ArchiveError::Write)?;
        let writer = Writer::new(file);
        let open = Open {
            name,
            writer,
            has_keys: false,
            has_content: false,
            first: (start.epoch, None),
            full_ns: None,
            since_ns: now_ns,
            from_ns,
            to_ns,
            closed: None,
        };
        let writer = &mut self.open.insert(open).writer;
        writer.stream(s).map_err(ArchiveError::writing)?;
        self.grants.iter().try_for_each(|g| writer.grant(g)).map_err(ArchiveError::writing)?;
        self.write_start(start, &raw)
    }

    fn write_start(&mut self, start: Start, raw: &[u8]) -> Result<(), ArchiveError> {
        let Some(o) = &mut self.open else { return Ok(()) };
        if let (Some((keys, keys_raw)), false) = (&self.keys, o.has_keys) {
            o.writer.keys(keys, keys_raw).map_err(ArchiveError::writing)?;
            o.has_keys = true;
        }
        o.writer.start(&start, raw).map_err(ArchiveError::writing)
    }

    fn finish(
        &mut self,
        end: impl FnOnce(&mut Writer<S::File>) -> Result<(), crate::format::FormatError>,
    ) -> Result<Option<Kept>, ArchiveError> {
        self.start = None;
        let Some(o) = &mut self.open else { return Ok(None) };
        if self.closed_only && o.closed.is_none_or(|(bytes, _)| bytes != o.writer.written()) {
            return self.rescue();
        }
        end(&mut o.writer).map_err(ArchiveError::writing)?;
        let Some(Open { name, writer, to_ns, .. }) = self.open.take() else { return Ok(None) };
        let (name, bytes) = (name.with_form(Form::Finished), writer.written());
        self.store.keep(writer.into_output(), &name).map_err(ArchiveError::Write)?;
        Ok(Some(Kept { name, bytes, to_ns }))
    }
}
