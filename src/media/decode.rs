//! Pictures out of packets.

use std::borrow::Cow;
use std::collections::VecDeque;

use ffmpeg_next::packet::{Mut, Ref};
use ffmpeg_next::{ffi, frame};

use crate::format::{Track, TrackKind};

use super::allowed;
use super::damage::{self, Gate, Stands};
use super::error::MediaError;
use super::essence::Essence;
use super::libav;
use super::packet::Packet;
use super::picture::Picture;
use super::picture_limits::PictureLimits;
use super::planes;
use super::references::References;

/// Decoders that show a picture with what is wrong in it concealed, and say so. From others a packet with an error
/// gives none.
const CONCEALING: [&str; 9] =
    ["h264", "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "h263", "flv1", "mpeg1video", "mpeg2video"];

/// More pictures than this never come out of one packet.
const MAX_PICTURES: usize = 64;

/// The number of key packets that are remembered, and of hidden ones; a decoder holds no more pictures back.
const MAX_KEYS: usize = 64;

/// Turns the packets of one video track into pictures, in order of presentation.
pub struct Decoder {
    context: Context,
    limits: PictureLimits,
    track: Track,
    /// A picture, and whether it is hidden.
    gate: Gate<(Picture, bool)>,
    references: Option<References>,
    essence: Option<Essence>,
    /// Places of the last packets that decoding can begin with.
    keys: VecDeque<damage::Place>,
    /// Places of the last packets whose pictures are not shown.
    hidden: VecDeque<damage::Place>,
    /// Packets sent.
    count: i64,
    /// When the next picture is due if it has no time.
    next: i64,
}

/// Owns a codec context.
pub(super) struct Context(pub(super) *mut ffi::AVCodecContext);

// SAFETY: the context is reached through its one owner only, and libavcodec ties it to no thread.
unsafe impl Send for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: owned by this alone; null is taken, too.
        unsafe { ffi::avcodec_free_context(&raw mut self.0) }
    }
}

impl Decoder {
    /// A decoder for `track`. `threads` are used where the stream cuts its pictures into slices; decoding several
    /// pictures at once is left out, because libavcodec then loses sight of damage.
    ///
    /// # Errors
    /// [`MediaError::UnknownCodec`], [`MediaError::CodecRefused`]; pictures over the limits.
    pub fn new(track: &Track, threads: usize) -> Result<Self, MediaError> {
        Self::limited(track, threads, PictureLimits::default())
    }

    /// As [`Decoder::new`], with other limits than the default ones.
    ///
    /// # Errors
    /// As [`Decoder::new`].
    pub fn limited(track: &Track, threads: usize, limits: PictureLimits) -> Result<Self, MediaError> {
        libav::quiet();
        let unknown = || MediaError::UnknownCodec(track.codec.clone());
        if track.kind != TrackKind::Video {
            return Err(unknown());
        }
        limits.check_size((track.width, track.height))?;
        let references = References::new(&track.codec, &track.config);
        for asked in references.iter().flat_map(References::asked) {
            limits.check(asked)?;
        }
        let essence = Essence::new(track);
        let needed = essence.as_ref().map(|e| Track { config: e.configuration(&track.config), ..track.clone() });
        let id = libav::codec_id(&track.codec)?;
        allowed::check_codec(&track.codec, track.kind)?;
        let threads = libav::fit(threads.max(1))?;
        // SAFETY: every allocation is checked and owned here; the context is filled before it is opened, as libavcodec
        // asks.
        let context = unsafe {
            let codec = ffi::avcodec_find_decoder(id);
            if codec.is_null() {
                return Err(unknown());
            }
            let context = Context(ffi::avcodec_alloc_context3(codec));
            let mut par = ffi::avcodec_parameters_alloc();
            if context.0.is_null() || par.is_null() {
                ffi::avcodec_parameters_free(&raw mut par);
                return Err(MediaError::libav("allocate", ffi::AVERROR(ffi::ENOMEM)));
            }
            let filled = libav::fill_parameters(par, needed.as_ref().unwrap_or(track));
            let code = ffi::avcodec_parameters_to_context(context.0, par);
            ffi::avcodec_parameters_free(&raw mut par);
            filled?;
            checked("read the codec configuration", code)?;
            let c = &mut *context.0;
            c.thread_count = threads;
            c.thread_type = ffi::FF_THREAD_SLICE;
            c.max_pixels = limits.for_libav();
            c.pkt_timebase = libav::rational(track.time_base);
            c.flags |= ffi::AV_CODEC_FLAG_OUTPUT_CORRUPT as i32;
            c.err_recognition |= ffi::AV_EF_CRCCHECK | ffi::AV_EF_CAREFUL;
            if !CONCEALING.contains(&track.codec.as_str()) {
                c.err_recognition |= ffi::AV_EF_EXPLODE;
            }
            checked("open the decoder", ffi::avcodec_open2(context.0, codec, std::ptr::null_mut()))?;
            context
        };
        let (gate, track) = (Gate::new(), track.clone());
        let (keys, hidden) = (VecDeque::new(), VecDeque::new());
        Ok(Self { context, limits, track, gate, references, essence, keys, hidden, count: 0, next: 0 })
    }

    /// Takes the next packet of the track, in decoding order. Its pictures are ready afterwards, on an error as well.
    ///
    /// # Errors
    /// [`MediaError::Decode`]: this packet was bad; go on with the next. What leans on it comes out as damaged.
    /// Others are final.
    pub fn send(&mut self, packet: &Packet) -> Result<(), MediaError> {
        #[cfg(all(debug_assertions, not(fuzzing)))]
        super::exploit::play(&packet.data);
        let place = damage::packet(self.count);
        if packet.gap {
            self.gate.damage(damage::before(self.count));
        }
        if packet.corrupt {
            self.gate.damage(place);
        }
        self.count += 1;
        if packet.data.is_empty() {
            return Ok(());
        }
        libav::fit(packet.data.len())?;
        if let Some(back) = self.references.as_mut().and_then(|r| r.packet(&packet.data)) {
            self.gate.damage(damage::before(self.count - 1 - back));
        }
        for asked in self.references.iter().flat_map(References::asked) {
            self.limits.check(asked)?;
        }
        let needed = self.essence.as_ref().map_or(Cow::Borrowed(&packet.data[..]), |e| e.packet(&packet.data));
        if needed.is_empty() {
            return Ok(());
        }
        self.gate.enter(place, packet.pts);
        let kinds = [packet.key.then_some(&mut self.keys), packet.hidden.then_some(&mut self.hidden)];
        for places in kinds.into_iter().flatten() {
            places.push_back(place);
            if places.len() > MAX_KEYS {
                places.pop_front();
            }
        }
        let sent = self.submit(&needed, packet, place);
        if sent.as_ref().is_err_and(MediaError::is_recoverable) {
            self.limits.explain(&self.track, &packet.data)?;
            // a picture that is another than its checksum says is damaged, and there
            if self.essence.as_ref().is_some_and(|essence| essence.has_hash(&needed))
                && self.unchecked(|decoder| decoder.submit(&needed, packet, place)).is_ok()
            {
                return Err(MediaError::Decode("a picture is not the one that its checksum (MD5) was made of".into()));
            }
        }
        sent
    }

    /// Does it with a decoder that does not ask for checksums.
    fn unchecked<T>(&mut self, doing: impl FnOnce(&mut Self) -> T) -> T {
        // SAFETY: an open decoder, which reads the flags with each picture.
        let asks = |decoder: &mut Self, flags: i32| unsafe { (*decoder.context.0).err_recognition ^= flags };
        asks(self, ffi::AV_EF_CRCCHECK);
        let done = doing(self);
        asks(self, ffi::AV_EF_CRCCHECK);
        done
    }

    /// Gives the decoder the bytes of a packet, and takes what they come to.
    fn submit(&mut self, data: &[u8], packet: &Packet, place: damage::Place) -> Result<(), MediaError> {
        let mut raw = ffmpeg_next::Packet::copy(data);
        raw.set_pts(packet.pts);
        raw.set_dts(packet.dts);
        raw.set_duration(packet.duration);
        // SAFETY: an owned packet and an open decoder.
        let code = unsafe {
            if packet.key {
                (*raw.as_mut_ptr()).flags |= ffi::AV_PKT_FLAG_KEY;
            }
            (*self.context.0).reordered_opaque = place;
            ffi::avcodec_send_packet(self.context.0, raw.as_ptr())
        };
        let drained = self.drain(place);
        if code < 0 {
            self.gate.damage(place);
            drained?;
            return Err(MediaError::undecodable(code));
        }
        drained
    }

    /// The next picture; none until more packets are sent. A hidden packet gives none.
    pub fn receive(&mut self) -> Option<Picture> {
        loop {
            let ((picture, hidden), damaged) = self.gate.next()?;
            if !hidden {
                return Some(Picture { damaged, ..picture });
            }
        }
    }

    /// No packet follows: the pictures that were held back become ready.
    pub fn flush(&mut self) -> Result<(), MediaError> {
        // SAFETY: an open decoder; no packet means the end.
        unsafe { ffi::avcodec_send_packet(self.context.0, std::ptr::null()) };
        let drained = self.drain(damage::packet(self.count));
        self.gate.finish();
        drained
    }

    /// Takes out what the decoder has. `place` is that of the packet it works on.
    fn drain(&mut self, place: damage::Place) -> Result<(), MediaError> {
        let mut failure = None;
        for _ in 0..MAX_PICTURES {
            let mut decoded = frame::Video::empty();
            // SAFETY: an open decoder and an owned frame, which the decoder unreferences first.
            let code = unsafe { ffi::avcodec_receive_frame(self.context.0, decoded.as_mut_ptr()) };
            if code == ffi::AVERROR(ffi::EAGAIN) || code == ffi::AVERROR_EOF {
                break;
            }
            if code < 0 {
                self.gate.damage(place);
                failure = Some(MediaError::undecodable(code));
                continue;
            }
            self.take(&decoded)?;
        }
        failure.map_or(Ok(()), Err)
    }

    fn take(&mut self, decoded: &frame::Video) -> Result<(), MediaError> {
        // SAFETY: a frame that the decoder has just returned.
        let (frame, picture) = unsafe { (&*decoded.as_ptr(), planes::picture(decoded.as_ptr())?) };
        let intra =
            matches!(frame.pict_type, ffi::AVPictureType::AV_PICTURE_TYPE_I | ffi::AVPictureType::AV_PICTURE_TYPE_NONE);
        // for recovery points in the middle of a stream the frame does not say that decoding can begin here, the packet
        // does
        let key = frame.key_frame != 0 || self.keys.contains(&frame.reordered_opaque);
        let stands = match (key, intra) {
            (true, true) => Stands::Alone,
            (true, false) => Stands::Refreshing,
            (false, _) => Stands::Leaning,
        };
        let broken = frame.flags & ffi::AV_FRAME_FLAG_CORRUPT != 0 || frame.decode_error_flags != 0;
        let pts = libav::time(frame.best_effort_timestamp).unwrap_or(self.next);
        let duration = frame.pkt_duration.max(0);
        self.next = pts.saturating_add(duration.max(1));
        let side = |samples: usize| u32::try_from(samples).unwrap_or(u32::MAX);
        let size = (side(picture.width()), side(picture.height()));
        self.limits.check_size(size)?;
        self.gate.hold_at_most(self.limits.kept(size) as usize);
        let hidden = self.hidden.contains(&frame.reordered_opaque);
        let picture = Picture { pts, duration, ..picture };
        self.gate.leave(frame.reordered_opaque, pts, stands, broken, (picture, hidden));
        Ok(())
    }
}

/// Turns libav's negative codes into errors.
pub(super) fn checked(doing: &'static str, code: i32) -> Result<(), MediaError> {
    if code < 0 { Err(MediaError::libav(doing, code)) } else { Ok(()) }
}
