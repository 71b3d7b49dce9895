//! Packets into an mp4 or Matroska file or stream, without re-encoding.

use std::io::{Seek, Write};

use ffmpeg_next::format::context::{Output, StreamIo};
use ffmpeg_next::packet::Mut;
use ffmpeg_next::{Dictionary, ffi, format};

use crate::base::text;
use crate::format::{Track, TrackKind};

use super::allowed;
use super::callback_io::{Kept, Shared, Sink};
use super::error::MediaError;
use super::holds::can_hold;
use super::libav;
use super::mp4_edits::{TrackEdits, with_edits};
use super::mux_format::MuxFormat;
use super::mux_track::OutputTrack;
use super::packet::Packet;
use super::vp9;

/// Where a muxer writes.
pub enum MuxOutput {
    /// Cannot be sought in: mp4 is fragmented, Matroska has no index.
    Pipe(Box<dyn Write + Send>),
    /// A new file; mp4 gets its index at the end.
    File(Box<dyn WriteSeek + Send>),
}

/// Writes at any place.
pub trait WriteSeek: Write + Seek {}

impl<W: Write + Seek> WriteSeek for W {}

/// libavformat's name for a distance from the current place.
const SEEK_CUR: i32 = 1;

/// Writes packets.
pub struct Muxer {
    output: Output,
    shared: Shared,
    tracks: Vec<OutputTrack>,
}

impl Muxer {
    /// Writes the header for `tracks`.
    ///
    /// # Errors
    /// [`MediaError::CannotHold`] when a codec has no place in the container,
    /// [`MediaError::Write`] when `output` fails.
    pub fn new(output: MuxOutput, container: MuxFormat, tracks: &[Track]) -> Result<Self, MediaError> {
        Self::dated(output, container, tracks, None)
    }

    /// As [`Muxer::new`]; the container says that its time 0 is `begins_ns`, UTC ns since 1970.
    ///
    /// # Errors
    /// As there.
    pub fn dated(
        output: MuxOutput,
        container: MuxFormat,
        tracks: &[Track],
        begins_ns: Option<i64>,
    ) -> Result<Self, MediaError> {
        libav::quiet();
        let shared = Shared::default();
        let pipe = matches!(output, MuxOutput::Pipe(_));
        let io = match output {
            MuxOutput::Pipe(inner) => StreamIo::from_write(Sink::new(inner, shared.clone())),
            MuxOutput::File(inner) => StreamIo::from_write_seek(Sink::new(inner, shared.clone())),
        }
        .map_err(|e| MediaError::libav("write", e.into()))?;
        let mut output = format::output_to_stream(io, None, Some(container.name()))
            .map_err(|e| MediaError::libav("write this container", e.into()))?;
        for track in tracks {
            add_track(&mut output, container, track)?;
        }
        if let Some(ns) = begins_ns {
            // libavformat reads microseconds; mp4 keeps whole seconds of them
            let mut metadata = Dictionary::new();
            metadata.set("creation_time", &text::rfc3339(ns.div_euclid(1000).saturating_mul(1000)));
            output.set_metadata(metadata);
        }
        let header = output.write_header_with(settings(container, pipe, tracks)).map(drop);
        failed(&shared)?;
        header.map_err(|e| MediaError::libav("write the header", e.into()))?;
        let ticks = output.streams().map(|stream| stream.time_base());
        let tracks = tracks.iter().zip(ticks).map(|(track, to)| OutputTrack::new(track, to, container, pipe)).collect();
        Ok(Self { output, shared, tracks })
    }

    /// Writes one packet. Packets of a track come in decoding order; tracks may lie up to 10 s apart.
    ///
    /// Missing times of decoding are completed; a packet without any time follows the packet before. An empty packet is
    /// left out.
    pub fn write(&mut self, packet: &Packet) -> Result<(), MediaError> {
        let unknown = || MediaError::NoSuchTrack(packet.track);
        let track = self.tracks.get_mut(usize::from(packet.track)).ok_or_else(unknown)?;
        if packet.data.is_empty() {
            return Ok(());
        }
        #[cfg(all(debug_assertions, not(fuzzing)))]
        super::exploit::play(&packet.data);
        libav::fit(packet.data.len())?;
        let complete = track.push(packet);
        self.write_complete(complete)
    }

    fn write_complete(&mut self, complete: Vec<(i64, i64, Packet)>) -> Result<(), MediaError> {
        for (pts, dts, packet) in complete {
            if packet.key {
                self.complete_parameters(&packet);
            }
            let Some(track) = self.tracks.get_mut(usize::from(packet.track)) else { continue };
            let mut raw = ffmpeg_next::Packet::copy(&packet.data);
            raw.set_stream(usize::from(packet.track));
            raw.set_dts(Some(dts));
            raw.set_pts(Some(pts));
            raw.set_duration(packet.duration);
            // SAFETY: an owned packet.
            unsafe {
                let flags = &mut (*raw.as_mut_ptr()).flags;
                *flags |= if packet.key { ffi::AV_PKT_FLAG_KEY } else { 0 };
                *flags |= if packet.corrupt { ffi::AV_PKT_FLAG_CORRUPT } else { 0 };
            }
            track.place(&mut raw)?;
            let written = raw.write_interleaved(&mut self.output);
            failed(&self.shared)?;
            written.map_err(|e| MediaError::libav("write a packet", e.into()))?;
        }
        Ok(())
    }

    /// The sample format of VP9, which mp4 writes into its index: the pictures have it where no configuration has.
    fn complete_parameters(&mut self, packet: &Packet) {
        let Some(mut stream) = self.output.stream_mut(usize::from(packet.track)) else { return };
        // SAFETY: a stream of the open context, which has its parameters.
        let parameters = unsafe { &mut *(*stream.as_mut_ptr()).codecpar };
        if parameters.codec_id == ffi::AVCodecID::AV_CODEC_ID_VP9 && parameters.format < 0 {
            parameters.format = vp9::pixel_format(&packet.data).map_or(parameters.format, |format| format as i32);
        }
    }

    /// Where the next byte of the container is written.
    fn place(&mut self) -> Result<u64, MediaError> {
        // SAFETY: an open output has its I/O context; no packet means that those which wait for other tracks' are
        // written.
        let place = unsafe {
            ffi::av_interleaved_write_frame(self.output.as_mut_ptr(), std::ptr::null_mut());
            let io = (*self.output.as_mut_ptr()).pb;
            ffi::avio_flush(io);
            ffi::avio_seek(io, 0, SEEK_CUR)
        };
        u64::try_from(place).map_err(|_| MediaError::libav("find the place of the index", ffi::AVERROR(ffi::EINVAL)))
    }

    /// Writes the end of the file, which was kept back, with these edits in its index.
    fn write_edited(&mut self, edits: &[Option<TrackEdits>]) -> Result<(), MediaError> {
        let bytes = self.end_of_file(edits)?;
        // SAFETY: an open output has its I/O context; the bytes outlive the call.
        unsafe {
            let io = (*self.output.as_mut_ptr()).pb;
            for piece in bytes.chunks(1 << 20) {
                ffi::avio_write(io, piece.as_ptr(), libav::fit(piece.len())?);
            }
            ffi::avio_flush(io);
        }
        failed(&self.shared)
    }

    /// Takes back what was kept of the file's end, puts the edits into it, and goes to its place.
    fn end_of_file(&mut self, edits: &[Option<TrackEdits>]) -> Result<Vec<u8>, MediaError> {
        // SAFETY: an open output has its I/O context.
        unsafe { ffi::avio_flush((*self.output.as_mut_ptr()).pb) };
        let no_index = || MediaError::libav("find the index that was written", ffi::AVERROR_BUG);
        let kept = self.shared.lock().kept.take().ok_or_else(no_index)?;
        let from = i64::try_from(kept.from).map_err(|_| no_index())?;
        // SAFETY: an open output has its I/O context.
        let place = unsafe { ffi::avio_seek((*self.output.as_mut_ptr()).pb, from, 0) };
        if place != from {
            return Err(no_index());
        }
        with_edits(&kept.bytes, edits).ok_or_else(no_index)
    }

    /// Writes what remains: the index where the container has one. Without it an mp4 file cannot be played.
    pub fn finish(mut self) -> Result<(), MediaError> {
        let waiting = self.tracks.iter_mut().flat_map(OutputTrack::finish).collect();
        self.write_complete(waiting)?;
        let edits: Vec<Option<TrackEdits>> = self.tracks.iter().map(OutputTrack::edits).collect();
        let is_edited = edits.iter().any(Option::is_some);
        if is_edited {
            let from = self.place()?;
            self.shared.lock().kept = Some(Kept { from, bytes: Vec::new() });
        }
        let trailer = self.output.write_trailer();
        failed(&self.shared)?;
        trailer.map_err(|e| MediaError::libav("write the index", e.into()))?;
        if is_edited {
            self.write_edited(&edits)?;
        }
        // Dropping it flushes the last bytes; the sink notes what goes wrong there.
        drop(self.output);
        failed(&self.shared)
    }
}

/// The writer's own error, if it had one.
fn failed(shared: &Shared) -> Result<(), MediaError> {
    shared.lock().error.take().map_or(Ok(()), |error| Err(MediaError::Write(error)))
}

fn add_track(output: &mut Output, container: MuxFormat, track: &Track) -> Result<(), MediaError> {
    let cannot = || MediaError::CannotHold { container: container.name(), codec: track.codec.clone() };
    libav::codec_id(&track.codec)?;
    // SAFETY: the context is open and its header not yet written; a new stream belongs to it and has its parameters.
    unsafe {
        let context = output.as_mut_ptr();
        if track.kind == TrackKind::Data {
            return Err(cannot());
        }
        allowed::check_codec(&track.codec, track.kind)?;
        if !can_hold(container, track) {
            return Err(cannot());
        }
        let stream = ffi::avformat_new_stream(context, std::ptr::null());
        if stream.is_null() {
            return Err(MediaError::libav("allocate", ffi::AVERROR(ffi::ENOMEM)));
        }
        libav::fill_parameters((*stream).codecpar, track)?;
        (*stream).time_base = libav::rational(track.time_base);
        (*stream).avg_frame_rate = libav::rational(track.frame_rate);
        (*stream).sample_aspect_ratio = libav::rational(track.sample_aspect);
        libav::write_orientation(stream, track)
    }
}

fn settings(container: MuxFormat, pipe: bool, tracks: &[Track]) -> Dictionary<'static> {
    let mut settings = Dictionary::new();
    if pipe {
        settings.set("flush_packets", "1");
    }
    if container == MuxFormat::Matroska && pipe {
        // A cluster is held back until it is full, by default for a second: too long for who watches live.
        settings.set("cluster_time_limit", "0");
    }
    if container == MuxFormat::Matroska {
        // AAC begins before time 0: the muxer would move the pictures with it.
        settings.set("avoid_negative_ts", "disabled");
    }
    if container == MuxFormat::Mp4 {
        // An edit list says when the first picture is shown, in ticks of the movie: the default of 1/1000 s would round
        // it.
        if let Some(video) = tracks.first().filter(|video| video.time_base.0 == 1) {
            settings.set("movie_timescale", &video.time_base.1.clamp(1, i32::MAX as u32).to_string());
        }
        if pipe {
            // The index is delayed to the first fragment, for only then it can hold the edit list.
            settings.set("movflags", "frag_keyframe+empty_moov+delay_moov+default_base_moof");
        }
    }
    settings
}
