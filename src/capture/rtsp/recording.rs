//! The streams that are written, one chained to the other.

use crate::base::Report;
use crate::base::Stop;
use crate::capture::{Feed, FeedOptions};
use crate::format::{Reason, Track};
use crate::media::Packet;
use crate::storage::StreamOutput;

/// A signal came too early for anything to be kept.
pub(super) const NOTHING: &str = "stopped before the first picture came: nothing is recorded";

/// The streams that are written: one, until the camera describes its pictures anew.
pub struct Recording {
    feed: Option<Feed>,
    /// The output while no stream is open.
    spare: Option<StreamOutput>,
    tracks: Vec<Track>,
    options: FeedOptions,
    stop: Stop,
}

impl Recording {
    /// Nothing is written before the first packet.
    pub fn new(tracks: &[Track], options: &FeedOptions, output: StreamOutput, stop: &Stop) -> Self {
        let (options, stop) = (options.clone(), stop.clone());
        Recording { feed: None, spare: Some(output), tracks: tracks.to_vec(), options, stop }
    }

    /// The tracks are these from here on. If they are others, the stream ends here, and what comes next goes into one that is chained
    /// to it.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn changed(&mut self, tracks: &[Track]) -> anyhow::Result<()> {
        if self.tracks == tracks {
            return Ok(());
        }
        self.tracks = tracks.to_vec();
        if let Some(feed) = self.feed.take() {
            let (output, continues) = feed.close(Reason::ConfigChanged)?;
            self.options.continues = Some(continues);
            self.options.stream_id = None;
            self.spare = Some(output);
        }
        Ok(())
    }

    /// Writes a packet; false when a signal came.
    ///
    /// # Errors
    ///
    /// Write errors, and what [`Feed::begin`] refuses.
    pub fn give(&mut self, packet: Packet, report: &Report) -> anyhow::Result<bool> {
        if let Some(output) = self.spare.take() {
            self.feed = Some(Feed::begin(&self.options, &self.tracks, &packet, output, self.stop.clone())?);
            report.keep_output();
        }
        match &mut self.feed {
            Some(feed) => feed.give(packet),
            None => Ok(true),
        }
    }

    /// Ends the stream that is open, and says so when nothing was recorded.
    ///
    /// # Errors
    ///
    /// Write errors.
    pub fn end(self, reason: Reason, report: &Report) -> anyhow::Result<()> {
        match self.feed {
            Some(feed) => feed.end(reason),
            // a stream that the camera changed was closed then
            None if self.options.continues.is_some() => Ok(()),
            None => {
                report.warn(NOTHING);
                Ok(())
            }
        }
    }
}
