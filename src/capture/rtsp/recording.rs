//! The streams that are written, each chained to the one before.

use crate::base::Report;
use crate::capture::{CaptureError, Feed, FeedOptions};
use crate::format::{Reason, Track};
use crate::media::Packet;
use crate::storage::StreamOutput;

/// The request to stop came too early for anything to be kept.
pub(super) const NOTHING: &str = "stopped before the first picture came: nothing is recorded";

/// The streams that are written: one, until the camera describes its pictures anew.
pub struct Recording {
    feed: Option<Feed>,
    /// The output while no stream is open.
    spare: Option<StreamOutput>,
    tracks: Vec<Track>,
    options: FeedOptions,
    report: Report,
}

impl Recording {
    /// Writes nothing before the first packet.
    pub fn new(tracks: &[Track], options: &FeedOptions, output: StreamOutput, report: &Report) -> Self {
        let (options, report) = (options.clone(), report.clone());
        Recording { feed: None, spare: Some(output), tracks: tracks.to_vec(), options, report }
    }

    /// The tracks are these from here on. If they are others, and what has changed cannot go in band, the stream ends
    /// here, and what comes next goes into one that is chained to it.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn set_tracks(&mut self, tracks: &[Track]) -> Result<(), CaptureError> {
        if self.tracks == tracks {
            return Ok(());
        }
        self.tracks = tracks.to_vec();
        if let Some(feed) = self.feed.take_if(|feed| !feed.goes_on(tracks)) {
            let (output, continues) = feed.close(Reason::ConfigChanged)?;
            self.options.continues = Some(continues);
            self.options.stream_id = None;
            self.spare = Some(output);
        }
        Ok(())
    }

    /// Writes a packet; false when the caller asked to stop.
    ///
    /// # Errors
    ///
    /// Write errors, and what [`Feed::begin`] refuses.
    pub fn write(&mut self, packet: Packet) -> Result<bool, CaptureError> {
        if let Some(output) = self.spare.take() {
            self.feed = Some(Feed::begin(&self.options, &self.tracks, &packet, output, self.report.stop())?);
            self.report.keep_output();
        }
        match &mut self.feed {
            Some(feed) => feed.write(packet),
            None => Ok(true),
        }
    }

    /// Ends the stream that is open, and warns when nothing was recorded.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn finish(self, reason: Reason) -> Result<(), CaptureError> {
        match self.feed {
            Some(feed) => feed.finish(reason),
            // a stream that the camera changed was closed then
            None if self.options.continues.is_some() => Ok(()),
            None => {
                self.report.warn(NOTHING);
                Ok(())
            }
        }
    }
}
