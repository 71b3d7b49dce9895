//! A video file or pipe becomes a plain stream.

use crate::base::text::{self, count};
use crate::base::{Report, Stop};
use crate::foreign::{Demuxer, Foreign, ForeignError};
use crate::format::Reason;
use crate::media::{DemuxOptions, Packet, Remarks};
use crate::storage::StreamOutput;

use super::streams::Streams;
use super::{CaptureError, Feed, FeedOptions, VideoFile};

/// How a video file is captured.
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// Take the audio tracks along.
    pub audio: bool,
    /// Of the tracks, by the numbers that they have when all are taken, only these; none means all.
    pub tracks: Vec<u16>,
    /// libavformat's name of the input's format, where its bytes do not show it.
    pub format: Option<String>,
    /// Frames per second of an input without times, as a fraction.
    pub frame_rate: Option<(u32, u32)>,
    /// How many times a file is played, with times going on; a pipe is played once.
    pub rounds: u32,
    /// How the video is read.
    pub foreign: Foreign,
}

impl FileOptions {
    /// Once, with audio, and everything else as the input says.
    pub fn new(foreign: Foreign) -> Self {
        FileOptions { audio: true, tracks: Vec::new(), format: None, frame_rate: None, rounds: 1, foreign }
    }

    /// How it is taken apart, until `stop` is set.
    pub(super) fn demux(&self, stop: &Stop) -> DemuxOptions {
        DemuxOptions {
            audio: self.audio,
            tracks: self.tracks.clone(),
            format: self.format.clone(),
            frame_rate: self.frame_rate,
            probe_bytes: None,
            limits: self.foreign.limits,
            stop: Some(stop.flag()),
        }
    }
}

/// Writes the packets of `video` as a plain stream, until the input ends or the caller's [`Report::stop`] asks for an
/// end.
///
/// # Errors
///
/// The input cannot be read, holds nothing, or is to be played several times and cannot be; the output cannot be
/// written. What was read until then is written, and the stream is closed.
pub fn capture_file(
    video: &mut VideoFile,
    options: &FileOptions,
    feed: &FeedOptions,
    output: StreamOutput,
    report: &Report,
) -> Result<(), CaptureError> {
    if options.rounds > 1 {
        video.check_repeatable()?;
    }
    let stop = report.stop();
    let demux = options.demux(&stop);
    let mut demuxer = video.demux(&demux, &options.foreign, report)?;
    warn_of_left_out(&demuxer, report);
    let tracks = demuxer.tracks().to_vec();
    let Some(first) = next_packet(&mut demuxer, video)? else {
        return Err(CaptureError::NoPacket { name: video.name().to_owned() });
    };
    // what a camera sent cannot be sent again
    let is_live = feed.realtime || !video.is_seekable();
    let mut streams =
        Streams::new(Feed::begin(feed, demuxer.tracks(), &first, output, stop.clone())?, demuxer.tracks());
    if is_live {
        report.keep_output();
    }
    let mut packet = Some(first);
    let mut round = 1;
    let outcome = loop {
        match packet {
            Some(p) => {
                if !streams.write(demuxer.tracks(), p)? {
                    break Ok(Reason::Stopped);
                }
            }
            None if round < options.rounds && !stop.is_set() => {
                round += 1;
                streams.next_round()?;
                demuxer = match video.demux(&demux, &options.foreign, report) {
                    Ok(demuxer) => demuxer,
                    // a signal to all of the pipeline may meet the process that has just begun
                    Err(_) if stop.is_set() => break Ok(Reason::Stopped),
                    Err(e) => break Err(e),
                };
                if demuxer.tracks() != tracks {
                    break Err(CaptureError::Changed { name: video.name().to_owned() });
                }
            }
            None if stop.is_set() => break Ok(Reason::Stopped),
            None => break Ok(Reason::EndOfInput),
        }
        packet = match next_packet(&mut demuxer, video) {
            Ok(p) => p,
            Err(e) => break Err(e),
        };
        if packet.is_none() && round == 1 {
            report_remarks(demuxer.remarks(), report);
        }
    };
    match outcome {
        Ok(reason) => streams.finish(reason),
        Err(e) => {
            streams.finish(Reason::InputCut)?;
            Err(e)
        }
    }
}

/// Warns of tracks that are not taken.
pub(super) fn warn_of_left_out(demuxer: &Demuxer, report: &Report) {
    for what in demuxer.left_out() {
        report.warn(format!("{} is left out: vidveil-capture(1) lists what is taken", text::printable(what)));
    }
}

/// Reports what of the input was left out or moved.
pub(super) fn report_remarks(remarks: Remarks, report: &Report) {
    if remarks.empty > 0 {
        report.note(format!("{} with nothing in them: left out", count(remarks.empty, "packet")));
    }
    if remarks.jumps > 0 {
        let times = count(remarks.jumps, "time");
        report.note(format!("the times of the video jump back {times}: they go on from where they were"));
    }
}

/// The next packet; `None` at the end.
///
/// # Errors
///
/// The input cannot be read; the process that reads it failed.
pub(super) fn next_packet(demuxer: &mut Demuxer, video: &mut VideoFile) -> Result<Option<Packet>, CaptureError> {
    video.show_progress();
    let name = || video.name().to_owned();
    demuxer.next_packet().map_err(|e| match e {
        ForeignError::Media(source) => CaptureError::Read { name: name(), source },
        source => CaptureError::Foreign { name: name(), source },
    })
}
