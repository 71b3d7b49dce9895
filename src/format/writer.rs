//! The strict writer: one write and flush a record, in an order that the reader accepts.

use std::io::Write;

use super::close::{Close, Reason};
use super::end::{End, EndKind};
use super::error::{Fault, FormatError, RecordName};
use super::frame::{FRAME_PREFIX, Frame};
use super::grant::Grant;
use super::header::PREAMBLE;
use super::index::{Index, IndexEntry};
use super::keys_record::Keys;
use super::order::Order;
use super::record_type::RecordType;
use super::start::Start;
use super::stream::StreamRecord;

/// Writes containers. Every record is handed to the sink in one `write_all` and flushed, so that a reader on a pipe
/// gets record k before record k+1 exists. When a write fails, the stream ends there: every later call is an error, so
/// that nothing is written after a torn record.
#[derive(Debug)]
pub struct Writer<W> {
    output: W,
    /// Bytes since the stream's preamble.
    offset: u64,
    order: Order,
    stream: Option<StreamRecord>,
    index: Index,
    keys_at: u64,
    /// The epoch whose first frame has not come yet: number and offset.
    fresh: Option<(u64, u64)>,
    reason: Option<Reason>,
    partial: bool,
    /// A write failed: what the sink holds may end inside a record.
    failed: bool,
}

impl<W: Write> Writer<W> {
    /// A writer at the beginning of a container.
    pub fn new(output: W) -> Self {
        Writer {
            output,
            offset: 0,
            order: Order::new(),
            stream: None,
            index: Index::default(),
            keys_at: 0,
            fresh: None,
            reason: None,
            partial: false,
            failed: false,
        }
    }

    /// Begins a stream: preamble and stream record. Gives the record's bytes, whose SHA-256 is H.
    pub fn stream(&mut self, s: &StreamRecord) -> Result<Vec<u8>, FormatError> {
        let record = s.to_record().and_then(|r| self.order.stream(s, &r).map(|()| r));
        let record = record.map_err(|f| self.fault(RecordType::Stream, f))?;
        (self.offset, self.index, self.keys_at, self.fresh) = (0, Index::default(), 0, None);
        (self.reason, self.partial) = (None, false);
        self.stream = Some(s.clone());
        let mut bytes = PREAMBLE.to_vec();
        bytes.extend_from_slice(&record);
        self.put(&bytes)?;
        Ok(record)
    }

    /// Opens a key session. `record` is [`Keys::to_record`]'s, possibly as it was read.
    pub fn keys(&mut self, k: &Keys, record: &[u8]) -> Result<(), FormatError> {
        self.order.keys(k).map_err(|f| self.fault(RecordType::Keys, f))?;
        self.keys_at = self.offset;
        self.put(record)
    }

    /// Opens an epoch.
    pub fn start(&mut self, s: &Start, record: &[u8]) -> Result<(), FormatError> {
        self.order.start(s).map_err(|f| self.fault(RecordType::Start, f))?;
        self.partial |= self.index.entries.is_empty() && s.epoch != 0;
        self.fresh = Some((s.epoch, self.offset));
        // an epoch without frames has its place in the index, too
        self.note_epoch(None);
        self.put(record)
    }

    /// One frame; `record` is its whole record.
    pub fn frame(&mut self, f: &Frame, record: &[u8]) -> Result<(), FormatError> {
        let len = record.len().saturating_sub(FRAME_PREFIX);
        self.order.frame(f, len).map_err(|x| self.fault(RecordType::Frame, x))?;
        if self.fresh.take().is_some() {
            let track = self.stream.as_ref().and_then(|s| s.tracks.get(f.track as usize));
            let time_ns = track.zip(f.decode_time()).and_then(|(t, ticks)| t.to_ns(ticks));
            if let Some(e) = self.index.entries.last_mut() {
                e.time_ns = time_ns;
            }
        }
        self.put(record)
    }

    /// One frame of a plain stream.
    pub fn plain_frame(&mut self, f: &Frame, packet: &[u8], buf: &mut Vec<u8>) -> Result<(), FormatError> {
        let prefix = f.prefix(packet.len()).map_err(|x| self.fault(RecordType::Frame, x))?;
        buf.clear();
        buf.extend_from_slice(&prefix);
        buf.extend_from_slice(packet);
        self.frame(f, buf)
    }

    /// Closes an epoch.
    pub fn close(&mut self, c: &Close, record: &[u8]) -> Result<(), FormatError> {
        self.usable()?;
        self.order.close(c, record).map_err(|f| self.fault(RecordType::Close, f))?;
        self.reason = Some(c.reason);
        self.put(record)
    }

    /// A grant, after the stream record and before the first keys record.
    pub fn grant(&mut self, record: &[u8]) -> Result<(), FormatError> {
        let parsed = Grant::parse(record.get(super::header::HEADER_LEN..).unwrap_or(&[]));
        parsed.and_then(|g| self.order.grant(&g)).map_err(|f| self.fault(RecordType::Grant, f))?;
        self.put(record)
    }

    /// Ends the stream: index and end record. The end is what the records before it bear out: complete or cut after a
    /// close record with LAST, else an excerpt.
    pub fn finish(&mut self) -> Result<(), FormatError> {
        self.usable()?;
        let kind = match self.reason {
            Some(Reason::NotLast) | None => EndKind::Excerpt,
            Some(_) if self.partial => EndKind::Excerpt,
            Some(Reason::InputCut) => EndKind::Cut,
            Some(_) => EndKind::Complete,
        };
        let index = self.index.to_record().map_err(|f| self.fault(RecordType::Index, f))?;
        let end = End { kind, index_len: index.len() as u32 };
        let checked = self.order.index(index.len()).and_then(|()| self.order.end(end)).and_then(|()| end.to_record());
        let end = checked.map_err(|f| self.fault(RecordType::End, f))?;
        self.put(&index)?;
        self.put(&end)
    }

    /// Ends the stream as recovered, also inside an epoch and without an index: what was left of one that lost its end.
    /// No close record is made up.
    pub fn recovered(&mut self) -> Result<(), FormatError> {
        let end = End { kind: EndKind::Recovered, index_len: 0 };
        let checked = self.order.end(end).and_then(|()| end.to_record());
        let end = checked.map_err(|f| self.fault(RecordType::End, f))?;
        self.put(&end)
    }

    /// Bytes of whole records since the stream's preamble, which counts as well.
    pub fn written(&self) -> u64 {
        self.offset
    }

    /// Whether the close record written last ends the stream.
    pub fn is_last(&self) -> bool {
        self.reason.is_some_and(|r| r != Reason::NotLast)
    }

    /// SHA-256 of the close record written last, zeros before the first.
    pub fn last_close(&self) -> [u8; 32] {
        self.order.last_close()
    }

    /// The sink.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.output
    }

    /// The sink.
    pub fn into_output(self) -> W {
        self.output
    }

    fn note_epoch(&mut self, time_ns: Option<i64>) {
        if let Some((epoch, offset)) = self.fresh {
            self.index.add(IndexEntry { epoch, time_ns, offset, keys_offset: self.keys_at });
        }
    }

    /// An error after a write that failed: what would be written does not go with what was.
    fn usable(&self) -> Result<(), FormatError> {
        if self.failed {
            return Err(std::io::Error::other("nothing is written after a write that failed").into());
        }
        Ok(())
    }

    fn put(&mut self, record: &[u8]) -> Result<(), FormatError> {
        self.usable()?;
        let written = self.output.write_all(record).and_then(|()| self.output.flush());
        self.failed = written.is_err();
        written?;
        self.offset += record.len() as u64;
        Ok(())
    }

    pub(super) fn fault(&self, record: RecordType, fault: Fault) -> FormatError {
        FormatError::Record { offset: self.offset, record: RecordName(record as u8), fault }
    }
}
