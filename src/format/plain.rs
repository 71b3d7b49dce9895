//! Writing plain streams: epochs and close records around frames.

use std::io::Write;

use super::close::{Close, Reason, TrackTotals};
use crate::base::Clock;

use super::epochs::EpochMeter;
use super::error::{Fault, FormatError};
use super::frame::Frame;
use super::record_type::RecordType;
use super::start::Start;
use super::stream::StreamRecord;
use super::writer::Writer;

/// Writes one plain stream.
#[derive(Debug)]
pub struct PlainWriter<W> {
    writer: Writer<W>,
    meter: EpochMeter,
    tracks: usize,
    epoch: Option<u64>,
    next_epoch: u64,
    counter: u32,
    totals: Vec<TrackTotals>,
    buf: Vec<u8>,
}

impl<W: Write> PlainWriter<W> {
    /// Begins the plain stream `s` with epochs of `interval_ns` nanoseconds.
    pub fn begin(output: W, s: &StreamRecord, interval_ns: i64) -> Result<Self, FormatError> {
        let mut writer = Writer::new(output);
        // its close records could not be written: nothing here signs
        if !s.signer.is_empty() {
            return Err(writer.fault(RecordType::Stream, Fault::Signature));
        }
        writer.stream(s)?;
        Ok(PlainWriter {
            writer,
            meter: EpochMeter::new(s, interval_ns),
            tracks: s.tracks.len(),
            epoch: None,
            next_epoch: 0,
            counter: 0,
            totals: Vec::new(),
            buf: Vec::new(),
        })
    }

    /// Writes a frame; opens and closes epochs by the rule of [`EpochMeter`]. `f.counter` is ignored.
    pub fn frame(&mut self, f: &Frame, packet: &[u8], now: Clock) -> Result<(), FormatError> {
        if self.epoch.is_some() && self.meter.over(f, packet.len(), now) {
            self.close_epoch(Reason::NotLast)?;
        }
        if self.epoch.is_none() {
            self.open_epoch(self.next_epoch, now)?;
        }
        self.meter.add(f, packet.len());
        self.frame_here(f, packet)
    }

    /// Opens the epoch of this number, whatever the rule says; for copies that keep the epochs of their source.
    pub fn open_epoch(&mut self, epoch: u64, now: Clock) -> Result<(), FormatError> {
        let start = Start {
            session: 0,
            epoch,
            wall_ns: now.wall_ns,
            mono_ns: now.mono_ns,
            previous_close: self.writer.last_close(),
            keys_hash: [0; 32],
            commitments: Vec::new(),
        };
        let record = start.to_record().map_err(|f| self.writer.fault(RecordType::Start, f))?;
        self.writer.start(&start, &record)?;
        self.meter.open(now);
        self.epoch = Some(epoch);
        self.next_epoch = epoch.saturating_add(1);
        self.counter = 0;
        self.totals = vec![TrackTotals::NONE; self.tracks];
        Ok(())
    }

    /// Writes a frame into the open epoch. `f.counter` is ignored.
    pub fn frame_here(&mut self, f: &Frame, packet: &[u8]) -> Result<(), FormatError> {
        let f = Frame { counter: self.counter, ..*f };
        self.writer.plain_frame(&f, packet, &mut self.buf)?;
        self.counter += 1;
        if let Some(t) = self.totals.get_mut(f.track as usize) {
            t.add(f.pts);
        }
        Ok(())
    }

    /// Closes the open epoch; does nothing when none is open.
    pub fn close_epoch(&mut self, reason: Reason) -> Result<(), FormatError> {
        let Some(epoch) = self.epoch.take() else { return Ok(()) };
        let tracks = std::mem::take(&mut self.totals);
        let close = Close { epoch, reason, tracks, macs: Vec::new(), signature: None };
        let record = close.to_record().map_err(|f| self.writer.fault(RecordType::Close, f))?;
        self.writer.close(&close, &record)
    }

    /// Closes the open epoch with LAST and the reason, and ends the stream. A stream without an open epoch gets an
    /// empty one, unless it has its LAST already: then that one counts.
    pub fn finish(&mut self, reason: Reason, now: Clock) -> Result<(), FormatError> {
        if self.epoch.is_none() && !self.writer.is_last() {
            self.open_epoch(self.next_epoch, now)?;
        }
        self.close_epoch(reason)?;
        self.writer.finish()
    }

    /// Ends the stream as an excerpt, or as what its last close record makes it.
    pub fn finish_as_is(&mut self) -> Result<(), FormatError> {
        self.writer.finish()
    }

    /// Hash of the last close record.
    pub fn last_close(&self) -> [u8; 32] {
        self.writer.last_close()
    }

    /// Whether an epoch is open.
    pub fn in_epoch(&self) -> bool {
        self.epoch.is_some()
    }

    /// The sink, to take out what was collected there.
    pub fn get_mut(&mut self) -> &mut W {
        self.writer.get_mut()
    }

    /// The sink, when the stream is finished.
    pub fn into_output(self) -> W {
        self.writer.into_output()
    }
}
