//! What `view` shows: the packets of an input, one stream or several, from one moment to another.

use std::io::{Seek, SeekFrom};

use crate::format::{Index, StreamRecord, Track, seek_index};
use crate::media::Packet;
use crate::seal::Opened;

use super::clip::{Clip, Span};
use super::seek_file::files_before;
use super::timeline::Timeline;
use super::{Keyring, Moment, PlaybackError, SeekIndex, Source, SourceOptions, TrackChoice};
use crate::base::{Report, Stop};
use crate::storage::Input;

/// How the first moment is reached; done once, at the first frame of the leading track.
enum SeekPlan {
    /// By reading everything before it.
    Read,
    /// By the index of the one file.
    ByIndex(Index, SeekIndex),
    /// By skipping files that lie before it.
    SkipFiles,
}

/// The packets of an input; data tracks are left out, and the others are numbered without them.
///
/// Consecutive streams in the input are one: the times of the later one are moved to follow the earlier one where they
/// do not go on by themselves.
pub struct Footage {
    source: Source,
    clip: Clip,
    seek: SeekPlan,
    timeline: Timeline,
    /// The first picture came.
    begun: bool,
    /// A stream whose tracks are others than those before it: it is what comes next.
    next_part: Option<StreamRecord>,
    /// Read on after the end of the span, because the whole input must be whole.
    to_the_end: bool,
    stop: Option<Stop>,
    /// Packets that were given.
    shown: u64,
    /// The epoch that is being read; `None` before the first of a stream.
    epoch: Option<u64>,
    /// The last epoch whose pictures were left out, since they are not decoded without those of epochs that did not
    /// come; and whether that was said since something was missing last.
    leaning: Option<u64>,
    warned: bool,
    report: Report,
}

impl Footage {
    /// Reads the beginning of the input.
    ///
    /// A request to stop ends the reading of a file; that of a pipe ends with the pipe, whose writer is asked, too.
    ///
    /// # Errors
    ///
    /// What [`Source::next`] says; damage before the first stream record; no track that can be shown, or not the
    /// chosen one.
    pub fn open(
        mut input: Input,
        keyring: impl Into<Keyring>,
        options: SourceOptions,
        (span, choice): (Span, TrackChoice),
        report: &Report,
    ) -> Result<Self, PlaybackError> {
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
                    return Err(PlaybackError::NoStream);
                }
            }
        };
        let timeline = Timeline::begin(&record, choice)?;
        let seek = match index {
            Some(index) => {
                SeekPlan::ByIndex(index, SeekIndex::new(source.opener(), &record, timeline.lead_in_stream()))
            }
            None if wanted && several => SeekPlan::SkipFiles,
            None => SeekPlan::Read,
        };
        let (clip, report) = (Clip::new(span), report.clone());
        let (epoch, leaning, warned) = (None, None, false);
        Ok(Footage {
            source,
            clip,
            seek,
            timeline,
            begun: false,
            next_part: None,
            to_the_end,
            stop,
            shown: 0,
            epoch,
            leaning,
            warned,
            report,
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

    /// UTC of a media time, ns since 1970, by the clock of the first stream's recorder.
    pub fn utc_ns(&self, media_ns: i64) -> i64 {
        self.start_ns().saturating_add(media_ns.saturating_sub(self.beginning_ns()))
    }

    /// Media time at which the pictures that were read so far end.
    pub fn end_ns(&self) -> i64 {
        self.timeline.shown_until_ns()
    }

    /// The media time of a moment, as far as the stream that is being read shows it.
    pub fn media_ns(&self, m: Moment) -> Option<i64> {
        self.timeline.media_ns(m)
    }

    /// A time in ticks of a track as media time.
    pub fn ticks_ns(&self, track: u16, ticks: i64) -> Option<i64> {
        self.timeline.ticks_ns(track, ticks)
    }

    /// The next packet, with media times; `None` at the end of the span or of what is authentic, and where the input
    /// goes on with other tracks: [`Footage::next_part`] says so.
    ///
    /// # Errors
    ///
    /// As [`Source::next`]; the first moment is after the end.
    #[allow(clippy::should_implement_trait, reason = "named as in Source, where the packet is borrowed")]
    pub fn next(&mut self) -> Result<Option<Packet>, PlaybackError> {
        loop {
            if let Some(p) = self.clip.pop() {
                self.shown += 1;
                return Ok(Some(p));
            }
            if self.next_part.is_some() {
                return Ok(None);
            }
            if self.clip.is_past() && !self.to_the_end {
                return Ok(None);
            }
            if self.stop.as_ref().is_some_and(Stop::is_set) {
                return Err(PlaybackError::Stopped);
            }
            match self.source.next()? {
                None => return self.end(),
                Some(Opened::Stream(s)) => self.next_stream(s),
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
                    self.clip.push(placed, &self.timeline);
                    self.warn_of_leaning();
                }
                Some(Opened::Start(s)) => {
                    let goes_on = self.epoch.and_then(|last| last.checked_add(1)) == Some(s.epoch);
                    self.epoch = Some(s.epoch);
                    // nothing comes before the first one
                    if !goes_on && s.epoch > 0 {
                        self.clip.hole(self.timeline.is_led_by_video());
                        self.warned = false;
                    }
                }
                Some(Opened::Skipped(_)) => self.hole(),
                Some(_) => {}
            }
        }
    }

    /// After the last packet: whether the input goes on with pictures or sound of another kind, which go into another
    /// video. What comes next is of the tracks that [`Footage::tracks`] then gives.
    ///
    /// # Errors
    ///
    /// There is nothing in it that can be shown.
    pub fn next_part(&mut self) -> Result<bool, PlaybackError> {
        match self.next_part.take() {
            Some(s) => self.timeline.next_part(&s).map(|()| true),
            None => Ok(false),
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
    /// As [`Source::verdict`]; nothing was shown, and it may lie in what no key opens.
    pub fn verdict(self) -> Result<(), PlaybackError> {
        if self.shown == 0 {
            self.source.nothing_opens()?;
        }
        self.source.verdict()
    }

    /// The error for a span, or a whole input, without a packet.
    pub fn nothing_shown(&self) -> PlaybackError {
        match self.leaning {
            Some(epoch) => PlaybackError::NoKeyFrame { epoch },
            None if self.clip.is_everything() => PlaybackError::NoPackets,
            None => self.no_picture_then(),
        }
    }

    /// The error for a moment without a picture: it is after the last one, or in epochs that no key opens.
    pub fn no_picture_then(&self) -> PlaybackError {
        match self.source.nothing_opens() {
            Err(e) => e,
            Ok(()) if self.shown == 0 && self.leaning.is_some() => {
                PlaybackError::NoKeyFrame { epoch: self.leaning.unwrap_or_default() }
            }
            Ok(()) => PlaybackError::NoPictureThen {
                beginning_utc_ns: self.start_ns(),
                length_ns: self.end_ns().saturating_sub(self.beginning_ns()),
            },
        }
    }

    /// The last epoch with pictures that were left out so far, since they lean on epochs that did not come.
    pub fn left_out(&self) -> Option<u64> {
        self.leaning
    }

    /// Epochs were skipped: the picture before them is not shown in their time.
    fn hole(&mut self) {
        self.show_held();
        self.clip.hole(self.timeline.is_led_by_video());
        self.timeline.forget_ends();
    }

    /// What comes next does not go on from what waits for the first moment.
    fn show_held(&mut self) {
        if self.clip.begin_ns(&self.timeline).is_some_and(|t| t < self.end_ns()) {
            self.clip.show(&self.timeline);
        }
        self.clip.hole(false);
    }

    /// Pictures were left out: says so once.
    fn warn_of_leaning(&mut self) {
        let epoch = self.epoch.unwrap_or(0);
        if self.clip.take_left_out() {
            self.leaning = Some(epoch);
            if std::mem::replace(&mut self.warned, true) {
                return;
            }
            self.report.warn(format!(
                "epoch {epoch} has pictures that cannot be shown without those of epochs before it, back to the last key \
                 frame, which are not in the input or do not open: they are left out"
            ));
        }
    }

    fn next_stream(&mut self, s: StreamRecord) {
        (self.seek, self.epoch) = (SeekPlan::Read, None);
        if self.clip.ends_by(self.end_ns(), &self.timeline) {
            // it may be of any kind: nothing of it is shown
            return;
        }
        if !self.timeline.next_stream(&s) {
            self.show_held();
            self.next_part = Some(s);
        }
    }

    /// Once, at the first frame of the leading track: goes near the first moment. True when the place is another one
    /// now.
    fn jump(&mut self) -> Result<bool, PlaybackError> {
        let seek = std::mem::replace(&mut self.seek, SeekPlan::Read);
        let Some(from_ns) = self.clip.begin_ns(&self.timeline) else { return Ok(false) };
        let moved = match seek {
            SeekPlan::Read => false,
            SeekPlan::ByIndex(index, seek_index) => seek_index.jump(self.source.opener_mut(), &index, from_ns)?,
            SeekPlan::SkipFiles => self.skip_files(from_ns)?,
        };
        if moved {
            self.timeline.forget_ends();
        }
        Ok(moved)
    }

    fn skip_files(&mut self, from_ns: i64) -> Result<bool, PlaybackError> {
        let (opener, lead) = (self.source.opener(), self.timeline.lead_in_stream());
        let after = opener.reader().input().paths_after();
        let (hash, session) = (opener.stream_hash(), opener.session());
        let stops = files_before(after, self.timeline.record(), hash, lead, from_ns, session);
        self.source.skip_files(&stops)?;
        Ok(!stops.is_empty())
    }

    fn end(&mut self) -> Result<Option<Packet>, PlaybackError> {
        if self.clip.is_looking() {
            if self.clip.begin_ns(&self.timeline).is_some_and(|t| t < self.end_ns()) {
                self.clip.show(&self.timeline);
                let packet = self.clip.pop();
                self.shown += u64::from(packet.is_some());
                return Ok(packet);
            }
            if self.source.is_whole() {
                return Err(self.no_picture_then());
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
