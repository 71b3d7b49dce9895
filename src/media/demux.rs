//! Packets out of any video file or stream, as libavformat finds them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ffmpeg_next::ffi;
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::packet::Ref;

use crate::format::{Track, TrackKind};

use super::allowed;
use super::callback_io::{Polled, Shared, Source};
use super::choose::{Chosen, choose};
use super::demux_options::DemuxOptions;
use super::empty::is_empty_jpeg;
use super::error::MediaError;
use super::fields::FieldPairs;
use super::jumps::{self, Jumps};
use super::libav;
use super::open_input::{cause, find_tracks, open_input};
use super::packet::Packet;
use super::side_data;
use super::times::{Times, is_intra, times_of};
use super::truncation::CutWatch;

/// Maximum number of unreadable packets in a row before the input is given up; libavformat would try for ever.
const MAX_BAD_PACKETS: u32 = 64;

/// A packet over this size is not believed.
const MAX_PACKET: usize = 64 << 20;

/// Reads packets. Track 0 is the video track; other videos follow, then audio if wanted; other tracks are left out.
pub struct Demuxer {
    input: Input,
    shared: Shared,
    stop: Option<Arc<AtomicBool>>,
    tracks: Vec<Track>,
    /// Track of each stream of the container.
    track_of: Vec<Option<u16>>,
    fields: Vec<Option<FieldPairs>>,
    /// Of the video tracks.
    times: Vec<Option<Times>>,
    /// What of the container is not among the tracks, in words.
    left_out: Vec<String>,
    /// Only where times have 33 bits.
    jumps: Option<Jumps>,
    /// Packets with nothing in them.
    empty: u64,
    key_by_content: bool,
    cut: CutWatch,
    ready: VecDeque<Packet>,
    /// Packets were lost, track by track, since the last good one.
    lost: Vec<bool>,
    bad: u32,
    ended: bool,
    failure: Option<MediaError>,
}

/// What is to be said of an input, apart from its packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Packets with nothing in them, which were left out.
    pub empty: u64,
    /// How often the times jumped back; they go on from there.
    pub jumps: u64,
}

impl Demuxer {
    /// Reads an open file from its beginning. If `file` turns out to be a pipe it is read as one.
    /// `name` is a hint to the format, needed by none of the usual ones.
    pub fn from_file(mut file: File, name: Option<&str>, options: DemuxOptions) -> Result<Self, MediaError> {
        if file.stream_position().is_err() {
            return Self::from_pipe(file, options);
        }
        Self::from_seekable(file, name, options)
    }

    /// Reads anything that can be sought in, from its beginning.
    pub fn from_seekable<R>(reader: R, name: Option<&str>, options: DemuxOptions) -> Result<Self, MediaError>
    where
        R: Read + Seek + Send + 'static,
    {
        let shared = Shared::default();
        let source = Source::new(reader, shared.clone(), options.stop.clone(), false);
        let io = StreamIo::from_read_seek(source).map_err(|e| MediaError::libav("read", e.into()))?;
        Self::open(io, shared, name, options)
    }

    /// Reads a pipe, a socket or a terminal. Waiting for bytes ends when `options.stop` says so.
    ///
    /// `pipe` must not buffer: bytes that a buffer already holds are not seen while waiting. So give standard input as
    /// the
    /// [`File`] of its descriptor, not as [`std::io::Stdin`].
    pub fn from_pipe<R: Read + AsFd + Send + 'static>(pipe: R, options: DemuxOptions) -> Result<Self, MediaError> {
        Self::from_reader(Polled(pipe), options)
    }

    /// Reads from any reader; `options.stop` is checked between its reads, or when one returns `Interrupted`.
    pub fn from_reader<R: Read + Send + 'static>(reader: R, options: DemuxOptions) -> Result<Self, MediaError> {
        let shared = Shared::default();
        let source = Source::new(reader, shared.clone(), options.stop.clone(), true);
        let io = StreamIo::from_read(source).map_err(|e| MediaError::libav("read", e.into()))?;
        Self::open(io, shared, None, options)
    }

    fn open(io: StreamIo, shared: Shared, name: Option<&str>, options: DemuxOptions) -> Result<Self, MediaError> {
        libav::quiet();
        let mut input = open_input(io, &shared, name, &options)?;
        let format = input.format().name().to_owned();
        let code = find_tracks(&mut input, &options);
        if code < 0 || shared.refused() {
            cause(&shared)?;
            return Err(MediaError::libav("find the tracks", code));
        }
        // When reading failed only after the tracks were found, the packets before come first: the error is kept for
        // later.
        Self::choose(input, shared.clone(), &format, options).map_err(|error| cause(&shared).err().unwrap_or(error))
    }

    /// Chooses the tracks and how their times are made.
    fn choose(mut input: Input, shared: Shared, format: &str, options: DemuxOptions) -> Result<Self, MediaError> {
        // SAFETY: the context is open and has `nb_streams` streams; it is not used by anybody else.
        let (chosen, left_out, track_of, bits) = unsafe {
            let context = input.as_mut_ptr();
            let count = usize::try_from((*context).nb_streams).unwrap_or(0);
            let streams = if count == 0 { &[][..] } else { std::slice::from_raw_parts((*context).streams, count) };
            let (chosen, left_out) = choose(context, streams, &options)?;
            let mut track_of = vec![None; count];
            for (track, chosen) in (0..).zip(&chosen) {
                track_of[chosen.stream] = Some(track);
            }
            for (stream, track) in streams.iter().zip(&track_of) {
                if track.is_none() {
                    (**stream).discard = ffi::AVDiscard::AVDISCARD_ALL;
                }
            }
            let bits = chosen.first().map_or(0, |video| (*streams[video.stream]).pts_wrap_bits);
            (chosen, left_out, track_of, bits)
        };
        let (mut tracks, mut times) = (Vec::new(), Vec::new());
        for Chosen { mut track, depth, .. } in chosen {
            times.push(match track.kind {
                TrackKind::Video => Some(times_of(&mut track, format, depth, &options)?),
                _ => None,
            });
            tracks.push(track);
        }
        if tracks.first().is_some_and(|video| video.codec == "none") {
            return Err(MediaError::UnknownCodec("of the video track".to_owned()));
        }
        for track in &tracks {
            allowed::check_codec(&track.codec, track.kind)?;
            options.limits.check_size((track.width, track.height))?;
        }
        if tracks.first().is_none_or(|video| video.width == 0 || video.height == 0) {
            return Err(MediaError::NoPictureSize);
        }
        let content = |video: &Track| matches!(video.codec.as_str(), "msmpeg4v2" | "msmpeg4v3" | "wmv1");
        let fields = tracks.iter().map(FieldPairs::new).collect();
        let key_by_content = format == "avi" && tracks.first().is_some_and(content);
        let video = track_of.iter().position(|track| *track == Some(0)).unwrap_or(0);
        let cut = CutWatch::new(format, video, &shared.lock().head);
        let lost = vec![false; tracks.len()];
        let jumps = (bits == jumps::BITS && matches!(format, "mpegts" | "mpeg")).then(|| Jumps::new(tracks.len()));
        let (stop, ready) = (options.stop, VecDeque::new());
        Ok(Self {
            input,
            shared,
            stop,
            tracks,
            track_of,
            fields,
            times,
            left_out,
            jumps,
            empty: 0,
            key_by_content,
            cut,
            ready,
            lost,
            bad: 0,
            ended: false,
            failure: None,
        })
    }

    /// The tracks; a packet's `track` is an index into them. Their configuration is that of the packet given last:
    /// some containers have others for what follows.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// What of the container is not among the tracks, in words for people; nothing of what was not asked for.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// What is to be said of the packets that were given.
    pub fn remarks(&self) -> Remarks {
        Remarks {
            empty: self.empty + if self.ended { self.cut.empty(&self.input) } else { 0 },
            jumps: self.jumps.as_ref().map_or(0, |jumps| jumps.count),
        }
    }

    /// The next packet; none at the end of the input or soon after `stop`.
    ///
    /// # Errors
    /// Whatever made reading end early; all packets before it have been given. After an error there are no more
    /// packets.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, MediaError> {
        loop {
            if self.stopped() {
                return Ok(None);
            }
            if let Some(packet) = self.ready.pop_front() {
                return Ok(Some(packet));
            }
            if self.ended {
                return self.failure.take().map_or(Ok(None), Err);
            }
            self.read_more();
        }
    }

    fn stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed)) || self.shared.lock().stopped
    }

    /// Reads one packet of the container, or notes why there is none.
    fn read_more(&mut self) {
        let mut raw = ffmpeg_next::Packet::empty();
        let failure = match raw.read(&mut self.input) {
            Ok(()) => {
                self.bad = 0;
                match self.take(&raw) {
                    Ok(()) => return,
                    Err(error) => Some(error),
                }
            }
            Err(error) => match (cause(&self.shared), error) {
                (Err(known), _) => Some(known),
                (Ok(()), ffmpeg_next::Error::Eof) => self.cut.is_cut(&self.input).then_some(MediaError::Truncated),
                (Ok(()), _) if self.at_end() => self.cut.is_cut_by_error().then_some(MediaError::Truncated),
                (Ok(()), ffmpeg_next::Error::InvalidData) if self.bad < MAX_BAD_PACKETS => {
                    self.bad += 1;
                    self.lost.fill(true);
                    return;
                }
                (Ok(()), ffmpeg_next::Error::InvalidData) => Some(MediaError::Damaged(self.bad)),
                (Ok(()), error) => Some(MediaError::libav("read a packet", error.into())),
            },
        };
        self.failure = failure.or_else(|| cause(&self.shared).err());
        self.ended = true;
        for (times, fields) in self.times.iter_mut().zip(&mut self.fields) {
            let Some(times) = times else { continue };
            if let Some(packet) = fields.as_mut().and_then(FieldPairs::finish) {
                times.push(packet, &mut self.ready);
            }
            times.finish(&mut self.ready);
        }
    }

    /// The reader has no more bytes.
    fn at_end(&self) -> bool {
        // SAFETY: an open input has its I/O context.
        unsafe { (*(*self.input.as_ptr()).pb).eof_reached != 0 }
    }

    fn take(&mut self, raw: &ffmpeg_next::Packet) -> Result<(), MediaError> {
        let Some(track) = self.track_of.get(raw.stream()).copied().flatten() else { return Ok(()) };
        self.cut.saw(raw);
        let data = raw.data().unwrap_or_default();
        if data.len() > MAX_PACKET {
            return Err(MediaError::libav("take so large a packet", ffi::AVERROR(ffi::ENOMEM)));
        }
        let jpeg = self.tracks.get(usize::from(track)).is_some_and(|t| t.codec == "mjpeg");
        if data.is_empty() || jpeg && is_empty_jpeg(data) {
            // the others are counted by the index that lists them
            self.empty += u64::from(!data.is_empty() || !self.cut.is_indexed());
            if let Some(Some(times)) = self.times.get_mut(usize::from(track)) {
                times.pass_over();
            }
            return Ok(());
        }
        #[cfg(all(debug_assertions, not(fuzzing)))]
        super::exploit::play(data);
        if let Some(described) = self.tracks.get_mut(usize::from(track)) {
            side_data::follow(described, raw);
        }
        // SAFETY: an owned packet.
        let flags = unsafe { (*raw.as_ptr()).flags };
        let mut packet = Packet {
            track,
            pts: raw.pts(),
            dts: raw.dts(),
            duration: raw.duration().max(0),
            key: if self.key_by_content && track == 0 { is_intra(data) } else { flags & ffi::AV_PKT_FLAG_KEY != 0 },
            corrupt: flags & ffi::AV_PKT_FLAG_CORRUPT != 0,
            gap: self.lost.get_mut(usize::from(track)).is_some_and(std::mem::take),
            hidden: flags & ffi::AV_PKT_FLAG_DISCARD != 0,
            data: data.to_vec(),
        };
        if let Some(jumps) = &mut self.jumps {
            jumps.place(&mut packet);
        }
        let place = usize::from(track);
        match (self.times.get_mut(place), self.fields.get_mut(place)) {
            (Some(Some(times)), Some(Some(fields))) => {
                fields.push(packet).for_each(|packet| times.push(packet, &mut self.ready));
            }
            (Some(Some(times)), _) => times.push(packet, &mut self.ready),
            _ => self.ready.push_back(packet),
        }
        Ok(())
    }
}
