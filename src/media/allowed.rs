//! What is read at all: containers and codecs that cameras and recorders use, and nothing else of what libav has.
//!
//! libav picks a demuxer and a decoder by what the bytes say, so whoever writes the bytes would choose among some 300
//! demuxers, several of which open other files and addresses, and some 500 decoders.

use std::ffi::CStr;

use ffmpeg_next::ffi;

use crate::format::TrackKind;

use super::error::MediaError;
use super::libav;

/// A container that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container {
    /// libavformat's names of the demuxer, separated by commas.
    pub name: &'static str,
    /// What people call it.
    pub about: &'static str,
}

/// A codec that is taken along, and decoded if it is video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codec {
    /// libavcodec's name.
    pub name: &'static str,
    /// What people call it.
    pub about: &'static str,
    /// Video or audio.
    pub kind: TrackKind,
}

/// All containers that are read.
pub const CONTAINERS: [Container; 12] = [
    Container { name: "mov,mp4,m4a,3gp,3g2,mj2", about: "MP4, QuickTime" },
    Container { name: "matroska,webm", about: "Matroska, WebM" },
    Container { name: "mpegts", about: "MPEG transport stream" },
    Container { name: "mpeg", about: "MPEG program stream" },
    Container { name: "avi", about: "AVI" },
    Container { name: "flv", about: "Flash Video" },
    Container { name: "dhav", about: "Dahua's DAV" },
    Container { name: "mpjpeg", about: "JPEG pictures as a web camera sends them" },
    Container { name: "h264", about: "raw H.264" },
    Container { name: "hevc", about: "raw H.265" },
    Container { name: "m4v", about: "raw MPEG-4 video" },
    Container { name: "mjpeg", about: "raw JPEG pictures" },
];

const fn video(name: &'static str, about: &'static str) -> Codec {
    Codec { name, about, kind: TrackKind::Video }
}

const fn audio(name: &'static str, about: &'static str) -> Codec {
    Codec { name, about, kind: TrackKind::Audio }
}

/// All codecs that are taken along.
pub const CODECS: [Codec; 30] = [
    video("h264", "H.264"),
    video("hevc", "H.265"),
    video("mjpeg", "JPEG"),
    video("mpeg4", "MPEG-4"),
    video("mpeg2video", "MPEG-2"),
    video("h263", "H.263"),
    video("msmpeg4v3", "MPEG-4 of Microsoft, in old recorders' AVI"),
    video("vp8", "VP8"),
    video("vp9", "VP9"),
    video("av1", "AV1"),
    audio("aac", "AAC"),
    audio("pcm_alaw", "G.711, A-law"),
    audio("pcm_mulaw", "G.711, mu-law"),
    audio("adpcm_g722", "G.722"),
    audio("adpcm_g726", "G.726"),
    audio("adpcm_g726le", "G.726, its bits the other way round"),
    audio("adpcm_ima_wav", "IMA ADPCM"),
    audio("amr_nb", "AMR"),
    audio("mp2", "MPEG audio layer 2"),
    audio("mp3", "MPEG audio layer 3"),
    audio("ac3", "AC-3"),
    audio("opus", "Opus"),
    audio("vorbis", "Vorbis"),
    audio("pcm_s16le", "PCM of 16 bits"),
    audio("pcm_s16be", "PCM of 16 bits, high byte first"),
    audio("pcm_u8", "PCM of 8 bits"),
    audio("pcm_s24le", "PCM of 24 bits"),
    audio("pcm_s32le", "PCM of 32 bits"),
    audio("pcm_f32le", "PCM of 32 bits, floating point"),
    audio("adpcm_ms", "ADPCM of Microsoft"),
];

/// Demuxers of sound alone: their files have no video track, which is known without opening them.
const SOUND: [&str; 8] = ["aac", "ac3", "aiff", "amr", "flac", "mp3", "ogg", "wav"];

/// For libavformat's lists of names: nothing is allowed.
pub(super) const NOTHING: &CStr = c"none";

/// libavcodec's names of the decoders of the table, separated by commas.
pub(super) fn decoders() -> String {
    let name = |codec: &Codec| {
        let id = libav::codec_id(codec.name).ok()?;
        // SAFETY: the answer is null or a static decoder with a static name.
        unsafe { ffi::avcodec_find_decoder(id).as_ref().map(|decoder| libav::name(decoder.name)) }
    };
    CODECS.iter().filter_map(name).collect::<Vec<_>>().join(",")
}

/// Refuses a demuxer that is not in the table.
pub(super) fn check_container(name: &str) -> Result<(), MediaError> {
    if CONTAINERS.iter().any(|known| known.name == name) {
        return Ok(());
    }
    if name.ends_with("_pipe") || name == "image2" {
        return Err(MediaError::StillPicture(name.trim_end_matches("_pipe").to_owned()));
    }
    if SOUND.contains(&name) {
        return Err(MediaError::NoVideoTrack);
    }
    Err(MediaError::ContainerRefused(name.to_owned()))
}

/// Whether a codec is in the table.
pub fn is_allowed(name: &str, kind: TrackKind) -> bool {
    CODECS.iter().any(|codec| codec.name == name && codec.kind == kind)
}

/// Refuses a codec that is not in the table.
pub(super) fn check_codec(name: &str, kind: TrackKind) -> Result<(), MediaError> {
    if is_allowed(name, kind) { Ok(()) } else { Err(MediaError::CodecRefused(name.to_owned())) }
}
