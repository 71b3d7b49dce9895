//! A camera that sends a container, as MPEG-TS: a child in jail reads it, as it reads a pipe; another one for each
//! connection.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::Instant;

use crate::base::Report;
use crate::capture::file::{next_packet, report_remarks, warn_of_left_out};
use crate::capture::streams::Streams;
use crate::capture::{CaptureError, Feed, FeedOptions, FileOptions, VideoFile};
use crate::format::{Reason, Track};
use crate::media::Packet;
use crate::storage::StreamOutput;

use super::super::RtspError;
use super::super::address::Address;
use super::super::client::{Client, KEY_FRAME};
use super::super::connector::Connector;
use super::super::disconnect::Disconnect;
use super::super::recording::NOTHING;
use super::super::source::Source;
use super::super::timing::Timing;
use super::body::Body;
use super::joining::Joining;

/// The recording of a camera over all connections.
pub(in super::super) struct Containers<'a> {
    address: &'a Address,
    options: &'a FileOptions,
    feed: &'a FeedOptions,
    report: &'a Report,
    /// Until the first packet comes.
    output: Option<StreamOutput>,
    streams: Option<Streams>,
    /// When the first packet of all came.
    began: Option<Instant>,
    timing: Timing,
    /// What `timing` adds to the times of the first connection, which are recorded as they are.
    first_shift: Option<i64>,
    /// Whether this connection gave anything that was recorded.
    is_fruitful: bool,
}

impl<'a> Containers<'a> {
    /// Writes nothing before the first packet.
    pub fn new(
        address: &'a Address,
        options: &'a FileOptions,
        feed: &'a FeedOptions,
        output: StreamOutput,
        report: &'a Report,
    ) -> Self {
        Containers {
            address,
            options,
            feed,
            report,
            output: Some(output),
            streams: None,
            began: None,
            timing: Timing::default(),
            first_shift: None,
            is_fruitful: false,
        }
    }

    /// Records until the caller asks to stop, over all connections; or until a camera sent all that it announced.
    ///
    /// # Errors
    ///
    /// What comes first is nothing that can be read; the camera is away for too long, or sent a file; write errors.
    pub fn record(
        mut self,
        client: &Client,
        connector: &mut Connector<'_>,
        mut connection: Source,
    ) -> Result<(), CaptureError> {
        loop {
            let played = match &mut connection {
                Source::Container(body) => self.play(client, connector, body),
                _ => Ok(Disconnect::Lost("what it sends now is no container".to_owned())),
            };
            let reason = match played {
                Ok(Disconnect::Lost(why)) if connection.is_whole() => {
                    let ended = RtspError::Ended { address: self.address.quoted(), why };
                    return self.finish(Reason::EndOfInput).and(Err(ended.into()));
                }
                Ok(Disconnect::Lost(reason)) => reason,
                Ok(Disconnect::Refused(why)) => why.to_string(),
                Ok(Disconnect::Stopped) => {
                    if self.streams.is_none() {
                        self.report.warn(NOTHING);
                    }
                    return self.finish(Reason::Stopped);
                }
                Err(e) => {
                    // a write that failed has ended the stream already: the first error is the one that counts
                    let _ = self.finish(Reason::InputCut);
                    return Err(e);
                }
            };
            connection = match connector.connect_again(connection, &reason, self.report) {
                Ok(Some(connection)) => connection,
                Ok(None) => return self.finish(Reason::Stopped),
                Err(e) => {
                    self.finish(Reason::InputCut)?;
                    return Err(e);
                }
            };
        }
    }

    /// Writes what one connection sends, and returns why it ended.
    fn play(
        &mut self,
        client: &Client,
        connector: &mut Connector<'_>,
        body: &mut Body,
    ) -> Result<Disconnect, CaptureError> {
        let broken = |e| CaptureError::read(&self.address.quoted(), e);
        let (reader, mut writer) = std::io::pipe().map_err(broken)?;
        let video = VideoFile::from_pipe(File::from(OwnedFd::from(reader)), &self.address.quoted());
        self.is_fruitful = false;
        let (ended, written) = std::thread::scope(|scope| {
            let written = scope.spawn(|| self.write_all(video));
            let ended = loop {
                match client.next_bytes(body, connector.stall()) {
                    // the process that reads it has ended, and `write_all` knows why
                    Ok(bytes) if writer.write_all(&bytes).is_err() => break None,
                    Ok(_) => {}
                    Err(disconnect) => break Some(disconnect),
                }
            };
            drop(writer);
            (ended, written.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        if self.is_fruitful {
            connector.gave_pictures();
        }
        Ok(match (ended, written?) {
            // the end of what was cut is no fault of its own
            (Some(ended @ Disconnect::Lost(_)), Some(_)) if !body.is_whole() => ended,
            (_, Some(fault)) => Disconnect::lost(&fault),
            (ended, None) => ended.unwrap_or(Disconnect::Stopped),
        })
    }

    /// Writes what comes out of a pipe, and returns what is wrong with it.
    fn write_all(&mut self, mut video: VideoFile) -> Result<Option<String>, CaptureError> {
        self.timing.reconnected();
        let (is_first, playing) = (self.streams.is_none(), Instant::now());
        let demux = self.options.demux(&self.report.stop());
        let mut demuxer = match video.demux(&demux, &self.options.foreign, self.report) {
            Ok(demuxer) => demuxer,
            Err(e) => return self.fault(e),
        };
        if is_first {
            warn_of_left_out(&demuxer, self.report);
        }
        let mut joining = (!is_first).then(Joining::default);
        loop {
            let mut packet = match next_packet(&mut demuxer, &mut video) {
                Ok(Some(packet)) => packet,
                Ok(None) if self.streams.is_none() => {
                    return self.fault(CaptureError::NoPacket { name: video.name().to_owned() });
                }
                Ok(None) => break,
                Err(e) => return self.fault(e),
            };
            if let Some(joining) = &mut joining
                && !joining.takes(demuxer.tracks(), &mut packet)
            {
                if !joining.has_begun() && playing.elapsed() > KEY_FRAME {
                    return Ok(Some("no key frame came".to_owned()));
                }
                continue;
            }
            if !self.write(demuxer.tracks(), packet)? {
                break;
            }
        }
        report_remarks(demuxer.remarks(), self.report);
        Ok(None)
    }

    /// Writes a packet; false when the caller asked to stop.
    fn write(&mut self, tracks: &[Track], mut packet: Packet) -> Result<bool, CaptureError> {
        if let Some(track) = tracks.get(usize::from(packet.track)) {
            self.place(track, &mut packet);
        }
        if let Some(output) = self.output.take() {
            let feed = Feed::begin(self.feed, tracks, &packet, output, self.report.stop())?;
            self.streams = Some(Streams::new(feed, tracks));
            self.report.keep_output();
        }
        let Some(streams) = &mut self.streams else { return Ok(false) };
        if !std::mem::replace(&mut self.is_fruitful, true) {
            streams.next_source(tracks, &packet)?;
        }
        streams.write(tracks, packet)
    }

    /// Moves a packet from its connection's times to those of the recording.
    fn place(&mut self, track: &Track, packet: &mut Packet) {
        let began = *self.began.get_or_insert_with(Instant::now);
        // what is hidden may have any times
        let times = [packet.dts, packet.pts].into_iter().flatten().filter(|_| !packet.hidden);
        for time in times.filter_map(|time| track.to_ns(time)) {
            self.timing.place(time, began.elapsed());
        }
        let Some(shift) = self.timing.shift() else { return };
        let first_shift = *self.first_shift.get_or_insert(shift);
        let moved = track.to_ticks(shift.saturating_sub(first_shift));
        packet.pts = packet.pts.map(|t| t.saturating_add(moved));
        packet.dts = packet.dts.map(|t| t.saturating_add(moved));
    }

    /// What cannot be read ends the recording where nothing else came before; otherwise it may be better the next
    /// time.
    fn fault(&self, e: CaptureError) -> Result<Option<String>, CaptureError> {
        if self.report.stop().is_set() {
            return Ok(None);
        }
        if self.streams.is_none() {
            return Err(e);
        }
        Ok(Some(e.source().map_or_else(|| e.to_string(), ToString::to_string)))
    }

    /// Closes the stream, if there is one, and the output.
    fn finish(self, reason: Reason) -> Result<(), CaptureError> {
        self.streams.map_or(Ok(()), |streams| streams.finish(reason))
    }
}
