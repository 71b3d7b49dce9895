//! Packets out of pictures: H.264 by libx264.

use std::collections::{BTreeMap, VecDeque};

use ffmpeg_next::packet::{Mut, Ref};
use ffmpeg_next::{Dictionary, ffi, frame};

use crate::format::{Track, TrackKind};

use super::decode::{Context, checked};
use super::error::MediaError;
use super::libav;
use super::packet::Packet;
use super::picture::{Picture, Plane};
use super::planes;
use super::rgb::cover;

/// How many samples of chroma a picture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chroma {
    /// A quarter: half in each direction.
    Yuv420,
    /// Half, side by side.
    Yuv422,
    /// As many as of luma.
    Yuv444,
}

impl Chroma {
    /// The format that keeps all of a picture's chroma. H.264 can cut sizes to whole chroma samples only, and has no
    /// 4:1:1 or 4:4:0: such pictures become 4:4:4.
    pub fn of(picture: &Picture) -> Self {
        let (width, height) = (picture.width(), picture.height());
        let chroma = (picture.planes[1].width, picture.planes[1].height);
        let (even_width, even_height) = (width.is_multiple_of(2), height.is_multiple_of(2));
        if even_width && even_height && chroma == (width / 2, height / 2) {
            Self::Yuv420
        } else if even_width && chroma == (width / 2, height) {
            Self::Yuv422
        } else {
            Self::Yuv444
        }
    }

    fn pixels(self) -> ffi::AVPixelFormat {
        match self {
            Self::Yuv420 => ffi::AVPixelFormat::AV_PIX_FMT_YUV420P,
            Self::Yuv422 => ffi::AVPixelFormat::AV_PIX_FMT_YUV422P,
            Self::Yuv444 => ffi::AVPixelFormat::AV_PIX_FMT_YUV444P,
        }
    }

    /// Size of a plane of chroma.
    fn size(self, width: usize, height: usize) -> (usize, usize) {
        match self {
            Self::Yuv420 => (width / 2, height / 2),
            Self::Yuv422 => (width / 2, height),
            Self::Yuv444 => (width, height),
        }
    }
}

/// What to encode, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderSettings {
    /// Width in pixels, any.
    pub width: u32,
    /// Height in pixels, any.
    pub height: u32,
    /// See [`Chroma::of`]; pictures with another are converted.
    pub chroma: Chroma,
    /// Seconds per tick of the pictures' and packets' times.
    pub time_base: (u32, u32),
    /// Nominal pictures per second; 0/1 counts as 25. Rate control and the stream's level depend on it, times do not.
    pub frame_rate: (u32, u32),
    /// Width to height of a pixel, 0/1 unknown.
    pub sample_aspect: (u32, u32),
    /// Samples use 0 to 255.
    pub full_range: bool,
    /// Constant rate factor, 0 to 51; lower is better and larger.
    pub crf: f32,
    /// libx264's preset: "ultrafast" to "placebo".
    pub preset: String,
    /// Maximum number of pictures from keyframe to keyframe.
    pub keyint: u32,
    /// Threads; the bytes that come out depend on the number, and on nothing else of the machine.
    pub threads: u32,
    /// Each picture comes out as soon as it goes in; costs some size.
    pub low_latency: bool,
}

/// Turns pictures into H.264 packets, one each.
pub struct Encoder {
    context: Context,
    settings: EncoderSettings,
    /// Time for libx264 -> time and duration of the picture. They differ only where a source repeats a time.
    times: BTreeMap<i64, (i64, i64)>,
    last: Option<i64>,
    ready: VecDeque<Packet>,
}

impl Encoder {
    /// Opens libx264.
    ///
    /// # Errors
    /// [`MediaError::UnknownCodec`] when libavcodec was built without it; [`MediaError::Libav`] for settings that it
    /// refuses.
    pub fn new(settings: EncoderSettings) -> Result<Self, MediaError> {
        libav::quiet();
        planes::check_size(settings.width, settings.height)?;
        let rate = if settings.frame_rate.0 == 0 { (25, 1) } else { settings.frame_rate };
        let mut options = Dictionary::new();
        options.set("preset", &settings.preset);
        options.set("crf", &settings.crf.to_string());
        // With B pictures libx264's macroblock tree reads memory that it has not written: other bytes each time.
        options.set("mbtree", "0");
        if settings.low_latency {
            options.set("tune", "zerolatency");
        }
        // SAFETY: every allocation is checked and owned here; the context is filled before it is opened; the dictionary
        // is taken back whatever the answer.
        let context = unsafe {
            let codec = ffi::avcodec_find_encoder_by_name(c"libx264".as_ptr());
            if codec.is_null() {
                return Err(MediaError::UnknownCodec("libx264".to_owned()));
            }
            let context = Context(ffi::avcodec_alloc_context3(codec));
            if context.0.is_null() {
                return Err(MediaError::libav("allocate", ffi::AVERROR(ffi::ENOMEM)));
            }
            let c = &mut *context.0;
            c.width = libav::fit(settings.width)?;
            c.height = libav::fit(settings.height)?;
            c.pix_fmt = settings.chroma.pixels();
            c.time_base = libav::rational(settings.time_base);
            // Without it libx264 takes the ticks for pictures and writes a level that no player knows.
            c.framerate = libav::rational(rate);
            c.sample_aspect_ratio = libav::rational(settings.sample_aspect);
            c.color_range = range(settings.full_range);
            c.gop_size = libav::fit(settings.keyint.max(1))?;
            c.thread_count = libav::fit(settings.threads.max(1))?;
            c.flags |= ffi::AV_CODEC_FLAG_GLOBAL_HEADER as i32;
            let mut raw_options = options.disown();
            let code = ffi::avcodec_open2(context.0, codec, &raw mut raw_options);
            drop(Dictionary::own(raw_options));
            checked("open the encoder", code)?;
            context
        };
        Ok(Self { context, settings, times: BTreeMap::new(), last: None, ready: VecDeque::new() })
    }

    /// The track that the packets make.
    pub fn track_info(&self) -> Track {
        // SAFETY: an open encoder's extradata has the size it says.
        let config = unsafe {
            let c = &*self.context.0;
            match usize::try_from(c.extradata_size) {
                Ok(size) if !c.extradata.is_null() => std::slice::from_raw_parts(c.extradata, size).to_vec(),
                _ => Vec::new(),
            }
        };
        Track {
            kind: TrackKind::Video,
            codec: "h264".to_owned(),
            time_base: self.settings.time_base,
            width: self.settings.width,
            height: self.settings.height,
            sample_aspect: self.settings.sample_aspect,
            frame_rate: self.settings.frame_rate,
            rotation: 0,
            mirrored: false,
            sample_rate: 0,
            channels: 0,
            bits_per_sample: 0,
            config,
        }
    }

    /// Takes the next picture in order of presentation. The packets that are done are ready afterwards.
    ///
    /// # Errors
    /// [`MediaError::SizeChanged`] when the picture does not have the encoder's size.
    pub fn send(&mut self, picture: &Picture) -> Result<(), MediaError> {
        let (width, height) = (self.settings.width as usize, self.settings.height as usize);
        let whole = |plane: &Plane| plane.data.len() == plane.width * plane.height && !plane.data.is_empty();
        if (picture.width(), picture.height()) != (width, height) || !picture.planes.iter().all(whole) {
            return Err(MediaError::SizeChanged { width: picture.width(), height: picture.height() });
        }
        // libx264 wants times that rise; the packet gets the picture's own one back.
        let time = self.last.map_or(picture.pts, |last| picture.pts.max(last.saturating_add(1)));
        self.last = Some(time);
        self.times.insert(time, (picture.pts, picture.duration));
        let mut raw = frame::Video::empty();
        // SAFETY: an owned frame, whose buffers libav allocates for the format and size set before; the picture type of
        // a fresh frame is none, so libx264 is free to choose. The encoder takes a reference of its own.
        unsafe {
            let f = &mut *raw.as_mut_ptr();
            (f.width, f.height) = (libav::fit(width)?, libav::fit(height)?);
            f.format = self.settings.chroma.pixels() as i32;
            f.color_range = range(self.settings.full_range);
            f.pts = time;
            checked("allocate", ffi::av_frame_get_buffer(f, 0))?;
            let chroma = self.settings.chroma.size(width, height);
            for (index, (plane, size)) in picture.planes.iter().zip([(width, height), chroma, chroma]).enumerate() {
                fill(f.data[index], f.linesize[index], plane, size)?;
            }
            checked("encode a picture", ffi::avcodec_send_frame(self.context.0, f))?;
        }
        self.drain()
    }

    /// The next packet; none until more pictures are sent.
    pub fn receive(&mut self) -> Option<Packet> {
        self.ready.pop_front()
    }

    /// No picture follows: the packets that were held back become ready.
    pub fn flush(&mut self) -> Result<(), MediaError> {
        // SAFETY: an open encoder; no frame means the end.
        unsafe { ffi::avcodec_send_frame(self.context.0, std::ptr::null()) };
        self.drain()
    }

    fn drain(&mut self) -> Result<(), MediaError> {
        loop {
            let mut raw = ffmpeg_next::Packet::empty();
            // SAFETY: an open encoder and an owned packet.
            let code = unsafe { ffi::avcodec_receive_packet(self.context.0, raw.as_mut_ptr()) };
            if code == ffi::AVERROR(ffi::EAGAIN) || code == ffi::AVERROR_EOF {
                return Ok(());
            }
            checked("encode a picture", code)?;
            let time = raw.pts().unwrap_or(0);
            let (pts, duration) = self.times.remove(&time).unwrap_or((time, 0));
            // SAFETY: an owned packet.
            let key = unsafe { (*raw.as_ptr()).flags } & ffi::AV_PKT_FLAG_KEY != 0;
            self.ready.push_back(Packet {
                track: 0,
                pts: Some(pts),
                dts: Some(raw.dts().unwrap_or(pts).min(pts)),
                duration,
                key,
                corrupt: false,
                gap: false,
                hidden: false,
                data: raw.data().unwrap_or_default().to_vec(),
            });
        }
    }
}

fn range(full: bool) -> ffi::AVColorRange {
    if full { ffi::AVColorRange::AVCOL_RANGE_JPEG } else { ffi::AVColorRange::AVCOL_RANGE_MPEG }
}

/// Writes a plane into a frame's, repeating samples where that one has more of them.
///
/// # Safety
/// `to` has `height` rows of `line` writable bytes.
unsafe fn fill(to: *mut u8, line: i32, plane: &Plane, (width, height): (usize, usize)) -> Result<(), MediaError> {
    let line = usize::try_from(line).unwrap_or(0);
    if to.is_null() || line < width {
        return Err(MediaError::libav("fill a frame", ffi::AVERROR(ffi::EINVAL)));
    }
    for y in 0..height {
        // SAFETY: row `y` of the caller's, of which `width` bytes are within `line`.
        let row = unsafe { std::slice::from_raw_parts_mut(to.add(y * line), width) };
        let start = cover(y, plane.height, height) * plane.width;
        let from = plane.data.get(start..start + plane.width).unwrap_or_default();
        if from.len() == width {
            row.copy_from_slice(from);
        } else {
            for (x, sample) in row.iter_mut().enumerate() {
                *sample = from.get(cover(x, plane.width, width)).copied().unwrap_or(128);
            }
        }
    }
    Ok(())
}
