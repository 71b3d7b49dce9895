//! What `view` shows: the packets of an input, one stream or several, from one moment to another.

use std::io::{Seek, SeekFrom};

use crate::format::{Index, StreamRecord, Track, seek_index};
use crate::media::Packet;
use crate::seal::Opened;

use super::seek_file::files_before;
use super::timeline::Timeline;
use super::{Ground, Keyring, Moment, Source, SourceOptions, moment};
use super::{Span, clip::Clip};
use crate::base::Report;
use crate::base::Stop;
use crate::cli::{Failure, Status};
use crate::storage::Input;

/// The packets of an input; data tracks are left out, and the others are numbered without them.
///
/// Streams that follow each other in the input are one: the times of the later one are moved behind the earlier one where
/// they do not go on by themselves.
pub struct Footage {
    source: Source,
    clip: Clip,
    index: Option<Index>,
    ground: Option<Ground>,
    /// Of several files, those before the first moment need not be read.
    skip: bool,
    timeline: Timeline,
    /// The first picture came.
    begun: bool,
    /// Read on behind the end of the span, because the whole input must be whole.
    to_the_end: bool,
    stop: Option<Stop>,
    /// Packets that were given.
    shown: u64,
}

impl Footage {
    /// Reads the beginning of the input.
    ///
    /// A signal ends the reading of a file (130); that of a pipe ends with the pipe, whose writer got the signal, too.
    ///
    /// # Errors
    ///
    /// What [`Source::next`] says; damage before the first stream record (3); no track that can be shown (1).
    pub fn open(
        mut input: Input,
        keyring: impl Into<Keyring>,
        options: SourceOptions,
        span: Span,
        report: &Report,
    ) -> anyhow::Result<Self> {
        let stop = input.is_seekable().then(|| report.stop());
        let to_the_end = options.require_complete;
        // a whole that must be checked is read as a whole
        let wanted = span.from.is_some() && !to_the_end && input.is_seekable();
        let several = input.is_several();
        let index = if wanted && !several { read_index(&mut input) } else { None };
        let mut source = Source::new(input, keyring, options, report);
        let record = loop {
            match source.next()? {
                Some(Opened::Stream(s)) => break s,
                Some(_) => {}
                None => {
                    source.verdict()?;
                    return Err(Failure::failed("the input holds no stream").into());
                }
            }
        };
        let timeline = Timeline::begin(&record)?;
        let ground = index.is_some().then(|| Ground::new(source.opener(), &record, timeline.lead_in_stream()));
        let skip = wanted && several;
        Ok(Footage {
            source,
            clip: Clip::new(span),
            index,
            ground,
            skip,
            timeline,
            begun: false,
            to_the_end,
            stop,
            shown: 0,
        })
    }

    /// The stream record of the stream that is being read.
    pub fn record(&self) -> &StreamRecord {
        self.timeline.record()
    }

    /// What packets are of.
    pub fn tracks(&self) -> Vec<Track> {
        self.timeline.tracks().to_vec()
    }

    /// Number of the first video track, 0 where there is none.
    pub fn lead(&self) -> u16 {
        self.timeline.lead()
    }

    /// Media time of the first picture of the input; known with the first packet.
    pub fn beginning_ns(&self) -> i64 {
        self.timeline.beginning_ns().unwrap_or(0)
    }

    /// UTC of the first picture of the input, ns since 1970, by the clock of the first stream's recorder.
    pub fn start_ns(&self) -> i64 {
        self.timeline.start_ns()
    }

    /// Media time at which the pictures that were read so far end.
    pub fn end_ns(&self) -> i64 {
        self.timeline.shown_until_ns()
    }

    /// The media time of a moment, as far as the stream being read tells.
    pub fn media_ns(&self, m: Moment) -> Option<i64> {
        self.timeline.media_ns(m)
    }

    /// A time in ticks of a track as media time.
    pub fn ticks_ns(&self, track: u16, ticks: i64) -> Option<i64> {
        self.timeline.ticks_ns(track, ticks)
    }

    /// The next packet, with media times; `None` at the end of the span or of what is authentic.
    ///
    /// # Errors
    ///
    /// As [`Source::next`]; a stream with other tracks than the one before it, or the first moment is behind the end (1).
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> anyhow::Result<Option<Packet>> {
        loop {
            if let Some(p) = self.clip.pop() {
                self.shown += 1;
                return Ok(Some(p));
            }
            if self.clip.is_past() && !self.to_the_end {
                return Ok(None);
            }
            if self.stop.as_ref().is_some_and(Stop::is_set) {
                return Err(Failure::new(Status::Interrupted, "stopped").into());
            }
            match self.source.next()? {
                None => return self.end(),
                Some(Opened::Stream(s)) => self.next_stream(&s)?,
                Some(Opened::Frame(f)) => {
                    let Some(placed) = self.timeline.place(&f, self.source.packet()) else { continue };
                    if placed.leads
                        && !std::mem::replace(&mut self.begun, true)
                        && let Some(first) = self.source.opener().first_frame(f.track)
                    {
                        self.timeline.begins_with(first);
                    }
                    if placed.leads && self.jump()? {
                        continue;
                    }
                    self.clip.take(placed, &self.timeline);
                }
                Some(Opened::Skipped(_)) => self.hole(),
                Some(_) => {}
            }
        }
    }

    /// Whether nothing was wrong with what was read so far.
    pub fn is_whole(&self) -> bool {
        self.source.is_whole()
    }

    /// Whether all of the input was whole; see [`Source::verdict`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn verdict(self) -> anyhow::Result<()> {
        if self.shown == 0 {
            self.source.granted_something()?;
        }
        self.source.verdict()
    }

    /// The failure for a moment without a picture: behind the last one (1), or in epochs that no key opens (4).
    pub fn beyond_the_end(&self) -> Failure {
        if let Err(refused) = self.source.granted_something() {
            return refused;
        }
        let length = self.end_ns().saturating_sub(self.beginning_ns());
        Failure::failed("there is no picture at that time").hint(format!(
            "the input shows {}.{:03} from its first picture on",
            moment::hh_mm_ss(length),
            length / 1_000_000 % 1000
        ))
    }

    /// Epochs were passed over: the picture before them is not shown in their time.
    fn hole(&mut self) {
        if self.clip.begin_ns(&self.timeline).is_some_and(|t| t < self.end_ns()) {
            self.clip.show(&self.timeline);
        }
        self.clip.hole();
        self.timeline.forget_ends();
    }

    fn next_stream(&mut self, s: &StreamRecord) -> anyhow::Result<()> {
        (self.ground, self.skip) = (None, false);
        if self.clip.ends_by(self.end_ns(), &self.timeline) {
            // it may be of any kind: nothing of it is shown
            return Ok(());
        }
        self.timeline.next_stream(s)
    }

    /// Once, at the first frame of the leading track: goes near the first moment. True when the place is another one now.
    fn jump(&mut self) -> anyhow::Result<bool> {
        if std::mem::take(&mut self.skip) {
            return self.skip_files();
        }
        let (Some(ground), Some(index)) = (self.ground.take(), self.index.take()) else { return Ok(false) };
        let Some(from_ns) = self.clip.begin_ns(&self.timeline) else { return Ok(false) };
        let moved = ground.jump(self.source.opener_mut(), &index, from_ns)?;
        if moved {
            self.timeline.forget_ends();
        }
        Ok(moved)
    }

    fn skip_files(&mut self) -> anyhow::Result<bool> {
        let Some(from_ns) = self.clip.begin_ns(&self.timeline) else { return Ok(false) };
        let (opener, lead) = (self.source.opener(), self.timeline.lead_in_stream());
        let behind = opener.reader().input().paths_after();
        let count = files_before(behind, self.timeline.record(), opener.stream_hash(), lead, from_ns);
        if count > 0 {
            self.source.skip_files(count)?;
            self.timeline.forget_ends();
        }
        Ok(count > 0)
    }

    fn end(&mut self) -> anyhow::Result<Option<Packet>> {
        if self.clip.is_looking() {
            if self.clip.begin_ns(&self.timeline).is_some_and(|t| t < self.end_ns()) {
                self.clip.show(&self.timeline);
                let packet = self.clip.pop();
                self.shown += u64::from(packet.is_some());
                return Ok(packet);
            }
            if self.source.is_whole() {
                return Err(self.beyond_the_end().into());
            }
        }
        Ok(None)
    }
}

/// The index of a file that is read from its beginning on, and back to the beginning. It is a hint: errors are none.
fn read_index(input: &mut Input) -> Option<Index> {
    if input.stream_position().ok()? != 0 {
        return None;
    }
    let index = seek_index(input).ok().flatten();
    input.seek(SeekFrom::Start(0)).ok()?;
    index
}
