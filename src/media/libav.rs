//! What every use of libav begins with, and the track parameters on its side.

use std::ffi::{CStr, CString, c_char};
use std::sync::Once;

use ffmpeg_next::ffi;

use crate::format::{Track, TrackKind};

use super::error::MediaError;

/// libav's "no time".
pub(super) const NO_TIME: i64 = ffi::AV_NOPTS_VALUE;

/// libavcodec reads up to this many bytes past the end of a buffer.
const PADDING: usize = ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;

/// Keeps libav from writing to the standard error output: the errors of this room say what matters.
pub(super) fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // the texts of its errors are empty until then
        ffmpeg_next::util::error::register_all();
        ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Quiet);
    });
}

/// A time that may be missing.
pub(super) fn time(value: i64) -> Option<i64> {
    (value != NO_TIME).then_some(value)
}

/// A rational of libav with both parts positive, else 0/1.
pub(super) fn ratio(value: ffi::AVRational) -> (u32, u32) {
    match (u32::try_from(value.num), u32::try_from(value.den)) {
        (Ok(num), Ok(den)) if num > 0 && den > 0 => (num, den),
        _ => (0, 1),
    }
}

/// A rational for libav; one that does not fit is unknown, 0/1.
pub(super) fn rational((num, den): (u32, u32)) -> ffi::AVRational {
    match (i32::try_from(num), i32::try_from(den)) {
        (Ok(num), Ok(den)) if den > 0 => ffi::AVRational { num, den },
        _ => ffi::AVRational { num: 0, den: 1 },
    }
}

/// A static string of libav; empty when there is none.
///
/// # Safety
/// `text` is null or a string that lives as long as the process, as libav's names do.
pub(super) unsafe fn name(text: *const c_char) -> &'static str {
    if text.is_null() {
        return "";
    }
    // SAFETY: not null, and the caller promises the rest.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}

/// libavcodec's number of the codec of this name.
pub(super) fn codec_id(codec: &str) -> Result<ffi::AVCodecID, MediaError> {
    let unknown = || MediaError::UnknownCodec(codec.to_owned());
    let text = CString::new(codec).map_err(|_| unknown())?;
    // SAFETY: a string that outlives the call; the answer is null or a static descriptor.
    let descriptor = unsafe { ffi::avcodec_descriptor_get_by_name(text.as_ptr()).as_ref() };
    descriptor.map(|found| found.id).ok_or_else(unknown)
}

/// Reads what a demuxer found out about a track.
///
/// # Safety
/// `stream` is a stream of an open format context, which is not changed meanwhile.
pub(super) unsafe fn read_stream(stream: *mut ffi::AVStream, frame_rate: ffi::AVRational) -> Track {
    // SAFETY: a stream of an open context has its parameters, and extradata of the size it says.
    unsafe {
        let par = &*(*stream).codecpar;
        let kind = match par.codec_type {
            ffi::AVMediaType::AVMEDIA_TYPE_VIDEO => TrackKind::Video,
            ffi::AVMediaType::AVMEDIA_TYPE_AUDIO => TrackKind::Audio,
            _ => TrackKind::Data,
        };
        let (video, audio) = (kind == TrackKind::Video, kind == TrackKind::Audio);
        let positive = |wanted: bool, value: i32| if wanted { u32::try_from(value).unwrap_or(0) } else { 0 };
        let mut aspect = ratio((*stream).sample_aspect_ratio);
        if aspect.0 == 0 {
            aspect = ratio(par.sample_aspect_ratio);
        }
        let (rotation, mirrored) = if video { read_matrix(stream) } else { (0, false) };
        let config = match usize::try_from(par.extradata_size) {
            Ok(size) if !par.extradata.is_null() => std::slice::from_raw_parts(par.extradata, size).to_vec(),
            _ => Vec::new(),
        };
        let codec = name(ffi::avcodec_get_name(par.codec_id)).to_owned();
        let blocks = || block_config(&codec, par.block_align, par.ch_layout.nb_channels).unwrap_or_default();
        let config = if config.is_empty() { blocks() } else { config };
        Track {
            kind,
            codec,
            time_base: match ratio((*stream).time_base) {
                (0, _) => (1, 90_000),
                known => known,
            },
            width: positive(video, par.width),
            height: positive(video, par.height),
            sample_aspect: if video { aspect } else { (0, 1) },
            frame_rate: if video { ratio(frame_rate) } else { (0, 1) },
            rotation,
            mirrored,
            sample_rate: positive(audio, par.sample_rate),
            channels: u16::try_from(positive(audio, par.ch_layout.nb_channels)).unwrap_or(0),
            bits_per_sample: u16::try_from(positive(audio, par.bits_per_coded_sample)).unwrap_or(0),
            config,
        }
    }
}

/// Bytes that an ADPCM decoder takes at once. The configuration holds samples, two bytes, as a WAVEFORMATEX's extra
/// format does (`wSamplesPerBlock`): where the container does not give it, the configuration is made of the bytes.
const fn adpcm(codec: &str) -> Option<(usize, usize)> {
    // bytes and samples at the beginning of a block, of each channel
    match codec.as_bytes() {
        b"adpcm_ima_wav" => Some((4, 1)),
        b"adpcm_ms" => Some((7, 2)),
        _ => None,
    }
}

/// Bytes of a block, if the track is of a codec that has blocks.
fn block(track: &Track) -> Option<i32> {
    let (head, first) = adpcm(&track.codec)?;
    let samples = usize::from(u16::from_le_bytes(*track.config.first_chunk()?));
    let bytes = (samples.checked_sub(first)? / 2 + head) * usize::from(track.channels);
    i32::try_from(bytes).ok().filter(|bytes| *bytes > 0)
}

/// And its configuration, out of the bytes.
fn block_config(codec: &str, bytes: i32, channels: i32) -> Option<Vec<u8>> {
    let (head, first) = adpcm(codec)?;
    let of_channel = usize::try_from(bytes).ok()?.checked_div(usize::try_from(channels).ok()?)?;
    let samples = of_channel.checked_sub(head)? * 2 + first;
    Some(u16::try_from(samples).ok()?.to_le_bytes().to_vec())
}

/// Clockwise degrees out of the display matrix, to the nearest quarter turn, and whether it mirrors before it turns.
unsafe fn read_matrix(stream: *mut ffi::AVStream) -> (u16, bool) {
    let mut size = 0;
    // SAFETY: the stream is open; the matrix is nine 32-bit numbers, which is checked before it is read.
    let matrix = unsafe {
        let matrix =
            ffi::av_stream_get_side_data(stream, ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX, &raw mut size);
        if matrix.is_null() || size < 36 {
            return (0, false);
        }
        matrix.cast::<[i32; 9]>().read_unaligned()
    };
    orientation(matrix)
}

/// Clockwise degrees to the nearest quarter turn, and whether left and right change places before. A point (x, y) of
/// the picture is shown at (a x + c y, b x + d y), y going down, where the matrix is a b u c d v x y w.
fn orientation(matrix: [i32; 9]) -> (u16, bool) {
    let [a, b, _, c, d, ..] = matrix.map(f64::from);
    let mirrored = a * d - b * c < 0.0;
    // where the picture's right goes; mirrored, its left
    let (x, y) = if mirrored { (-a, -b) } else { (a, b) };
    let turns = if x.abs() + y.abs() > 0.0 { (y.atan2(x) / std::f64::consts::FRAC_PI_2).round() } else { 0.0 };
    let rotation = match turns.rem_euclid(4.0) {
        1.0 => 90,
        2.0 => 180,
        3.0 => 270,
        _ => 0,
    };
    (rotation, mirrored)
}

/// Gives codec parameters of libav what the track says.
///
/// # Safety
/// `par` is freshly allocated and not shared.
pub(super) unsafe fn fill_parameters(par: *mut ffi::AVCodecParameters, track: &Track) -> Result<(), MediaError> {
    let id = codec_id(&track.codec)?;
    let (width, height) = (fit(track.width)?, fit(track.height)?);
    let config_size = fit(track.config.len())?;
    // SAFETY: the caller owns `par`; the extradata comes from libav's allocator, with the padding that it asks for,
    // and belongs to `par` from then on.
    unsafe {
        let par = &mut *par;
        par.codec_id = id;
        par.codec_tag = 0;
        par.width = width;
        par.height = height;
        par.codec_type = match track.kind {
            TrackKind::Video => ffi::AVMediaType::AVMEDIA_TYPE_VIDEO,
            TrackKind::Audio => ffi::AVMediaType::AVMEDIA_TYPE_AUDIO,
            TrackKind::Data => ffi::AVMediaType::AVMEDIA_TYPE_DATA,
        };
        par.sample_aspect_ratio = rational(track.sample_aspect);
        if track.kind == TrackKind::Audio {
            par.sample_rate = fit(track.sample_rate)?;
            par.bits_per_coded_sample = i32::from(track.bits_per_sample);
            ffi::av_channel_layout_default(&raw mut par.ch_layout, i32::from(track.channels));
            par.block_align =
                block(track).unwrap_or_else(|| ffi::av_get_bits_per_sample(id) * i32::from(track.channels) / 8);
        }
        if config_size > 0 {
            let copy = ffi::av_mallocz(track.config.len() + PADDING).cast::<u8>();
            if copy.is_null() {
                return Err(MediaError::libav("allocate", ffi::AVERROR(ffi::ENOMEM)));
            }
            copy.copy_from_nonoverlapping(track.config.as_ptr(), track.config.len());
            par.extradata = copy;
            par.extradata_size = config_size;
        }
    }
    Ok(())
}

/// Gives a stream of a muxer the matrix that shows the track as it is to be viewed.
///
/// # Safety
/// `stream` belongs to a context whose header is not yet written.
pub(super) unsafe fn write_orientation(stream: *mut ffi::AVStream, track: &Track) -> Result<(), MediaError> {
    let Some(matrix) = matrix_of(track.rotation, track.mirrored) else { return Ok(()) };
    // SAFETY: libav allocates the nine numbers that are written; the stream owns them.
    unsafe {
        let kind = ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX;
        let to = ffi::av_stream_new_side_data(stream, kind, size_of_val(&matrix));
        if to.is_null() {
            return Err(MediaError::libav("allocate", ffi::AVERROR(ffi::ENOMEM)));
        }
        to.copy_from_nonoverlapping(matrix.as_ptr().cast(), size_of_val(&matrix));
    }
    Ok(())
}

/// The display matrix; none where nothing is mirrored or turned.
fn matrix_of(rotation: u16, mirrored: bool) -> Option<[i32; 9]> {
    const ONE: i32 = 1 << 16;
    let (a, b) = match rotation {
        90 => (0, ONE),
        180 => (-ONE, 0),
        270 => (0, -ONE),
        _ if mirrored => (ONE, 0),
        _ => return None,
    };
    let left = if mirrored { -1 } else { 1 };
    Some([left * a, left * b, 0, -b, a, 0, 0, 0, 1 << 30])
}

/// A number that libav keeps as a C int.
pub(super) fn fit<T: TryInto<i32>>(value: T) -> Result<i32, MediaError> {
    value.try_into().map_err(|_| MediaError::libav("use so large a number", ffi::AVERROR(ffi::EINVAL)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_orientation_comes_back() {
        for rotation in [0, 90, 180, 270] {
            for mirrored in [false, true] {
                let matrix = matrix_of(rotation, mirrored);
                assert_eq!(matrix.map_or((0, false), orientation), (rotation, mirrored), "{matrix:?}");
            }
        }
        assert_eq!(orientation([0; 9]), (0, false));
        // upside down is mirrored and turned by half
        assert_eq!(orientation([1 << 16, 0, 0, 0, -(1 << 16), 0, 0, 480 << 16, 1 << 30]), (180, true));
    }
}
