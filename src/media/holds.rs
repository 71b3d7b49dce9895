//! What a container can hold.

use std::ffi::CString;

use ffmpeg_next::ffi;

use crate::format::{Track, TrackKind};

use super::libav;
use super::mux_format::MuxFormat;

/// Whether the container has a place for the codec of the track.
pub fn can_hold(container: MuxFormat, track: &Track) -> bool {
    let (Ok(id), Ok(name)) = (libav::codec_id(&track.codec), CString::new(container.name())) else { return false };
    // SAFETY: a string that outlives the call; the answer is null or static.
    track.kind != TrackKind::Data
        && unsafe {
            let format = ffi::av_guess_format(name.as_ptr(), std::ptr::null(), std::ptr::null());
            !format.is_null() && has_place(container, format, id)
        }
}

/// Whether a container has a name for a codec: its own, or, in Matroska, that which AVI has for it.
///
/// # Safety
/// `format` is the container's muxer of libavformat's.
unsafe fn has_place(container: MuxFormat, format: *const ffi::AVOutputFormat, id: ffi::AVCodecID) -> bool {
    // SAFETY: the caller's promise; both only look into static tables.
    unsafe {
        ffi::avformat_query_codec(format, id, ffi::FF_COMPLIANCE_NORMAL) == 1
            || container == MuxFormat::Matroska && ffi::av_codec_get_tag((*format).codec_tag, id) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::CODECS;

    #[test]
    fn matroska_holds_all_that_is_taken_but_one() {
        let not = |container| {
            let fails = |name: &str, kind| !can_hold(container, &Track::new(kind, name, (1, 1000)));
            CODECS.iter().filter(|c| fails(c.name, c.kind)).map(|c| c.name).collect::<Vec<_>>()
        };
        assert_eq!(not(MuxFormat::Matroska), ["adpcm_g726le"]);
        for name in ["pcm_mulaw", "pcm_alaw", "adpcm_g726", "adpcm_ima_wav", "pcm_s16le", "pcm_u8", "vp8"] {
            assert!(not(MuxFormat::Mp4).contains(&name), "{name}");
        }
        for name in ["h264", "hevc", "aac", "opus"] {
            assert!(!not(MuxFormat::Mp4).contains(&name), "{name}");
        }
    }
}
