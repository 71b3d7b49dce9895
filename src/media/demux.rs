//! Packets out of any video file or stream, as libavformat finds them.

use std::collections::VecDeque;
use std::ffi::CString;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::packet::Ref;
use ffmpeg_next::{Dictionary, ffi};

use super::error::MediaError;
use super::extent::expected_end;
use super::guarded::{Polled, Shared, Source};
use super::libav;
use super::order::Reorder;
use super::track::{Packet, TrackInfo};

/// So many packets in a row may be unreadable before the input is given up; libavformat would try for ever.
const MAX_BAD_PACKETS: u32 = 64;

/// A packet over this size is not believed.
const MAX_PACKET: usize = 64 << 20;

/// Pictures a second of a stream that does not say.
const DEFAULT_RATE: (u32, u32) = (25, 1);

/// How to read an input.
#[derive(Clone, Debug, Default)]
pub struct DemuxOptions {
    /// Read the audio tracks, too.
    pub audio: bool,
    /// libavformat's short name of the format ("h264", "mpegts", "mp4"), where the bytes do not tell or to be quick.
    pub format: Option<String>,
    /// Pictures a second of a raw stream, which carries no times; else what the stream says, else 25.
    pub frame_rate: Option<(u32, u32)>,
    /// Look for tracks in at most this many bytes before the first packet; libavformat's default is 5,000,000.
    pub probe_bytes: Option<u32>,
    /// When this becomes true, reading ends within a moment, on a silent pipe, too.
    pub stop: Option<Arc<AtomicBool>>,
}

/// Reads packets. Track 0 is the video track; audio tracks follow if wanted; other tracks are left out.
pub struct Demuxer {
    input: Input,
    shared: Shared,
    stop: Option<Arc<AtomicBool>>,
    tracks: Vec<TrackInfo>,
    /// Track of each stream of the container.
    track_of: Vec<Option<u16>>,
    times: Times,
    key_by_content: bool,
    cut: CutWatch,
    ready: VecDeque<Packet>,
    /// Packets were lost, track by track, since the last good one.
    lost: Vec<bool>,
    bad: u32,
    ended: bool,
    failure: Option<MediaError>,
}

/// Tells an input that was cut from one that ends: libavformat takes both for the end.
struct CutWatch {
    /// The container lists its packets before they come.
    indexed: bool,
    /// The stream that is the video.
    video: usize,
    /// Video packets so far.
    seen: i64,
    /// The last packet was incomplete.
    corrupt: bool,
    /// The container said how long it is.
    end: Option<u64>,
}

impl CutWatch {
    fn saw(&mut self, raw: &ffmpeg_next::Packet) {
        self.corrupt = raw.is_corrupt();
        self.seen += i64::from(raw.stream() == self.video);
    }

    fn is_cut(&self, input: &Input) -> bool {
        // SAFETY: an open input has its I/O context; its size is negative when it cannot be known.
        let size = unsafe {
            let io = (*input.as_ptr()).pb;
            match ffi::avio_size(io) {
                size if size >= 0 => Some(size),
                _ => ((*io).eof_reached != 0).then_some((*io).pos),
            }
        };
        let size = size.and_then(|size| u64::try_from(size).ok());
        if self.end.zip(size).is_some_and(|(end, size)| size < end) {
            return true;
        }
        // SAFETY: an open input; the stream is checked for.
        let listed = unsafe {
            let context = input.as_ptr();
            match self.video < (*context).nb_streams as usize {
                true => ffi::avformat_index_get_entries_count(*(*context).streams.add(self.video)),
                false => 0,
            }
        };
        self.indexed && (self.corrupt || self.seen < i64::from(listed))
    }
}

/// Where the video track's times come from.
enum Times {
    /// The container has them.
    Container,
    /// Raw stream without times: packet n is decoded at n.
    Counted { order: Option<Box<Reorder>>, next: i64 },
    /// The container has times of decoding only.
    Ordered(Box<Reorder>),
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
    /// `pipe` must not buffer: bytes that a buffer already holds are not seen while waiting. So give standard input as the
    /// [`File`] of its descriptor, not as [`std::io::Stdin`].
    pub fn from_pipe<R: Read + AsFd + Send + 'static>(pipe: R, options: DemuxOptions) -> Result<Self, MediaError> {
        Self::from_reader(Polled(pipe), options)
    }

    /// Reads from any reader; `options.stop` is looked at between its reads, or when one returns `Interrupted`.
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
        if format.ends_with("_pipe") || format == "image2" {
            return Err(MediaError::StillPicture(format.trim_end_matches("_pipe").to_owned()));
        }
        // SAFETY: the context is open; options are none.
        let code = unsafe { ffi::avformat_find_stream_info(input.as_mut_ptr(), std::ptr::null_mut()) };
        cause(&shared)?;
        if code < 0 {
            return Err(MediaError::libav("find the tracks", code));
        }
        Self::choose(input, shared, &format, options)
    }

    /// Chooses the tracks and how their times are made.
    fn choose(mut input: Input, shared: Shared, format: &str, options: DemuxOptions) -> Result<Self, MediaError> {
        // SAFETY: the context is open and has `nb_streams` streams; it is not used by anybody else.
        let (tracks, track_of, depth) = unsafe {
            let context = input.as_mut_ptr();
            let count = usize::try_from((*context).nb_streams).unwrap_or(0);
            let streams = if count == 0 { &[][..] } else { std::slice::from_raw_parts((*context).streams, count) };
            let video = best_video(context, streams)?;
            let mut chosen = vec![video];
            if options.audio {
                let audio = |i: &usize| is_kind(streams[*i], ffi::AVMediaType::AVMEDIA_TYPE_AUDIO);
                chosen.extend((0..count).filter(audio));
            }
            let mut track_of = vec![None; count];
            let mut tracks = Vec::new();
            for (track, stream) in (0..).zip(chosen) {
                track_of[stream] = Some(track);
                let rate = ffi::av_guess_frame_rate(context, streams[stream], std::ptr::null_mut());
                tracks.push(libav::read_stream(streams[stream], rate));
            }
            for (stream, track) in streams.iter().zip(&track_of) {
                if track.is_none() {
                    (**stream).discard = ffi::AVDiscard::AVDISCARD_ALL;
                }
            }
            (tracks, track_of, (*(*streams[video]).codecpar).video_delay)
        };
        let mut tracks = tracks;
        let depth = usize::try_from(depth).unwrap_or(0);
        let times = match tracks.first_mut() {
            Some(video) => times_of(video, format, depth, &options)?,
            None => return Err(MediaError::NoVideoTrack),
        };
        if let Some(nothing) = tracks.iter().find(|track| track.codec == "none") {
            return Err(MediaError::UnknownCodec(format!("of the {:?} track", nothing.kind).to_lowercase()));
        }
        if tracks.first().is_some_and(|video| video.width == 0 || video.height == 0) {
            return Err(MediaError::NoPictureSize);
        }
        let content = |video: &TrackInfo| matches!(video.codec.as_str(), "msmpeg4v2" | "msmpeg4v3" | "wmv1");
        let key_by_content = format == "avi" && tracks.first().is_some_and(content);
        let video = track_of.iter().position(|track| *track == Some(0)).unwrap_or(0);
        let end = expected_end(&shared.lock().head);
        let cut = CutWatch { indexed: format.contains("mp4"), video, seen: 0, corrupt: false, end };
        let lost = vec![false; tracks.len()];
        let (stop, ready) = (options.stop, VecDeque::new());
        Ok(Self {
            input,
            shared,
            stop,
            tracks,
            track_of,
            times,
            key_by_content,
            cut,
            ready,
            lost,
            bad: 0,
            ended: false,
            failure: None,
        })
    }

    /// The tracks; a packet's `track` is an index into them.
    pub fn tracks(&self) -> &[TrackInfo] {
        &self.tracks
    }

    /// The next packet; none at the end of the input or soon after `stop`.
    ///
    /// # Errors
    /// Whatever made reading end early; all packets before it have been given. After an error there are no more packets.
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
                (Ok(()), _) if self.at_end() => Some(MediaError::Truncated),
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
        if let Times::Counted { order: Some(order), .. } | Times::Ordered(order) = &mut self.times {
            order.finish();
            self.ready.extend(std::iter::from_fn(|| order.pop()));
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
        if data.is_empty() {
            return Ok(());
        }
        // SAFETY: an owned packet.
        let flags = unsafe { (*raw.as_ptr()).flags };
        let packet = Packet {
            track,
            pts: raw.pts(),
            dts: raw.dts(),
            duration: raw.duration().max(0),
            key: if self.key_by_content && track == 0 { is_intra(data) } else { flags & ffi::AV_PKT_FLAG_KEY != 0 },
            corrupt: flags & ffi::AV_PKT_FLAG_CORRUPT != 0,
            gap: self.lost.get_mut(usize::from(track)).is_some_and(std::mem::take),
            data: data.to_vec(),
        };
        if track > 0 {
            self.ready.push_back(packet);
            return Ok(());
        }
        match &mut self.times {
            Times::Container => self.ready.push_back(packet),
            Times::Ordered(order) => {
                let slot = packet.dts.or(packet.pts).unwrap_or(0);
                order.push(packet, slot);
                self.ready.extend(std::iter::from_fn(|| order.pop()));
            }
            Times::Counted { order, next } => {
                let slot = *next;
                *next += 1;
                let packet = Packet { pts: Some(slot), dts: Some(slot), duration: 1, ..packet };
                match order {
                    None => self.ready.push_back(packet),
                    Some(order) => {
                        order.push(packet, slot);
                        self.ready.extend(std::iter::from_fn(|| order.pop()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Microsoft's MPEG-4 says the picture's type in its first two bits, 0 for intra. An AVI's index, which says it too, is at its
/// end and not there on a pipe.
fn is_intra(data: &[u8]) -> bool {
    data.first().is_some_and(|first| first >> 6 == 0)
}

/// Opens the container. On failure the reason, as exactly as it can be told.
fn open_input(
    mut io: StreamIo,
    shared: &Shared,
    name: Option<&str>,
    options: &DemuxOptions,
) -> Result<Input, MediaError> {
    let mut format = std::ptr::null();
    if let Some(wanted) = &options.format {
        let unknown = || MediaError::UnknownFormat(wanted.clone());
        let text = CString::new(wanted.as_str()).map_err(|_| unknown())?;
        // SAFETY: a string that outlives the call; the answer is null or static.
        format = unsafe { ffi::av_find_input_format(text.as_ptr()) };
        if format.is_null() {
            return Err(unknown());
        }
    }
    let name = CString::new(name.unwrap_or_default()).unwrap_or_default();
    let mut settings = Dictionary::new();
    if let Some(bytes) = options.probe_bytes {
        settings.set("probesize", &bytes.max(32).to_string());
    }
    // SAFETY: the context is allocated here and owned by `Input` from success on, together with `io`, which it points to;
    // on failure avformat_open_input frees the context and leaves `io`, which is dropped here. The strings outlive the call.
    let code = unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(MediaError::libav("allocate", ffi::AVERROR(ffi::ENOMEM)));
        }
        (*context).pb = io.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        let mut raw_settings = settings.disown();
        let code = ffi::avformat_open_input(&raw mut context, name.as_ptr(), format.cast(), &raw mut raw_settings);
        drop(Dictionary::own(raw_settings));
        if code == 0 {
            return Ok(Input::wrap_with_custom_io(context, io));
        }
        code
    };
    cause(shared)?;
    let head = std::mem::take(&mut shared.lock().head);
    Err(match head.get(4..8) {
        None if head.is_empty() => MediaError::Empty,
        // The index of an mp4 is written last: it was never finished.
        Some(b"ftyp" | b"moov") => MediaError::Truncated,
        _ if code == ffi::AVERROR_INVALIDDATA || code == ffi::AVERROR_EOF => MediaError::NotVideo,
        _ => MediaError::libav("open the input", code),
    })
}

/// Why the reader gave libavformat no bytes, if it did not.
fn cause(shared: &Shared) -> Result<(), MediaError> {
    let mut events = shared.lock();
    match events.error.take() {
        Some(error) if error.kind() == ErrorKind::UnexpectedEof => Err(MediaError::Truncated),
        Some(error) => Err(MediaError::Read(error)),
        None if events.index_at_end => Err(MediaError::IndexAtEnd),
        None if events.stopped => Err(MediaError::Stopped),
        None => Ok(()),
    }
}

/// Index of the stream that is the video.
///
/// # Safety
/// `streams` are the streams of the open `context`.
unsafe fn best_video(context: *mut ffi::AVFormatContext, streams: &[*mut ffi::AVStream]) -> Result<usize, MediaError> {
    let kind = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
    // SAFETY: the caller's promise; no decoder is asked for.
    let best = unsafe { ffi::av_find_best_stream(context, kind, -1, -1, std::ptr::null_mut(), 0) };
    let best = usize::try_from(best).map_err(|_| MediaError::NoVideoTrack)?;
    // SAFETY: the caller's promise. A cover picture is no video.
    let cover = |stream: &*mut ffi::AVStream| unsafe { (**stream).disposition & ffi::AV_DISPOSITION_ATTACHED_PIC != 0 };
    match streams.get(best) {
        Some(stream) if !cover(stream) => Ok(best),
        _ => Err(MediaError::NoVideoTrack),
    }
}

/// # Safety
/// `stream` is a stream of an open context.
unsafe fn is_kind(stream: *mut ffi::AVStream, kind: ffi::AVMediaType) -> bool {
    // SAFETY: the caller's promise; a stream has its parameters.
    unsafe { (*(*stream).codecpar).codec_type == kind }
}

/// Decides where the times of the video track come from, and for a raw stream what its ticks are.
fn times_of(video: &mut TrackInfo, format: &str, depth: usize, options: &DemuxOptions) -> Result<Times, MediaError> {
    let ordered = matches!(video.codec.as_str(), "h264" | "hevc" | "mpeg4");
    let raw = matches!(format, "h264" | "hevc" | "m4v" | "mjpeg" | "mjpeg_2000" | "mpegvideo" | "h261" | "h263");
    let reorder = |video: &TrackInfo| Reorder::new(video, depth).map(Box::new);
    if raw {
        let given = options.frame_rate.or(Some(video.frame_rate));
        let (num, den) = given.filter(|(num, den)| *num > 0 && *den > 0).unwrap_or(DEFAULT_RATE);
        video.frame_rate = (num, den);
        video.time_base = (den, num);
        let order = if ordered && depth > 0 { Some(reorder(video)?) } else { None };
        return Ok(Times::Counted { order, next: 0 });
    }
    if format == "avi" && ordered {
        return Ok(Times::Ordered(reorder(video)?));
    }
    Ok(Times::Container)
}
