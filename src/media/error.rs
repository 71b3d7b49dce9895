//! What can go wrong with packets and pictures.

use std::io;

use crate::base::text::io_reason;

use super::libav_reason;

/// An error of demuxing, decoding, encoding or muxing. Each message says what happened and, where there is one, what to
/// do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// The input could not be read.
    #[error("cannot read the video: {0}")]
    Read(#[source] io::Error),
    /// The output could not be written; [`io::Error::kind`] is the writer's own (`BrokenPipe` when the reader is gone).
    #[error("{}", not_written(.0))]
    Write(#[source] io::Error),
    /// The input had no byte.
    #[error("nothing arrived: did the command before fail?")]
    Empty,
    /// No demuxer knows these bytes.
    #[error("not a video file or stream; name the format if it is one without a header")]
    NotVideo,
    /// A format name that libavformat does not have.
    #[error("unknown input format \"{0}\"")]
    UnknownFormat(String),
    /// The input is a still picture.
    #[error(
        "the input is a picture ({0}), not a video; a stream of JPEG pictures is one when its format is named: mjpeg"
    )]
    StillPicture(String),
    /// The input is in a container that is not in the table of those that are read.
    #[error("the container {0} is not read here")]
    ContainerRefused(String),
    /// A track has a codec that is not in the table of those that are taken along.
    #[error("the codec {0} is not taken here")]
    CodecRefused(String),
    /// The input has tracks, none of them video.
    #[error("the input has no video track")]
    NoVideoTrack,
    /// A codec that libavcodec does not know, or that this build of it cannot decode or encode.
    #[error("unknown codec {0}")]
    UnknownCodec(String),
    /// The picture size was not found in what was probed.
    #[error("no picture size found: the input is too short, or has no keyframe; give more of it")]
    NoPictureSize,
    /// An mp4 on a pipe, whose index stands after the pictures.
    #[error(
        "an mp4 with its index (moov) at the end cannot be read from a pipe; give it as a file, \
         or remux it with \"-movflags +faststart\" or as fragmented mp4"
    )]
    IndexAtEnd,
    /// The input ends in the middle.
    #[error("the input is truncated: it ends before the video does")]
    Truncated,
    /// Too many packets in a row could not be read.
    #[error("the input is damaged: {0} packets in a row could not be read")]
    Damaged(u32),
    /// Asked to stop before the tracks were known.
    #[error("stopped")]
    Stopped,
    /// A track was chosen that the input does not have.
    #[error("there is no track {number}: the tracks are numbered from 0 to {}", .count.saturating_sub(1))]
    TrackNotThere {
        /// The number.
        number: u16,
        /// How many tracks there are.
        count: usize,
    },
    /// The container has no place for this codec.
    #[error("{container} cannot hold {codec}")]
    CannotHold {
        /// libavformat's name of the container.
        container: &'static str,
        /// libavcodec's name of the codec.
        codec: String,
    },
    /// The times of a track go on after longer than the container's 32 bits can say.
    #[error("mp4 cannot say that nothing comes for {0} s between two pictures; Matroska (mkv) can")]
    GapTooLong(u64),
    /// A packet names a track that was not announced.
    #[error("packet of track {0}, which does not exist")]
    NoSuchTrack(u16),
    /// Samples that cannot be turned into 8-bit YUV.
    #[error("pictures with samples of type {0} are not supported")]
    UnsupportedPixels(String),
    /// A picture over the limits.
    #[error("picture of {width} x {height} is too large")]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// A picture over the limit of its pixels.
    #[error("pictures of {width} x {height} are over the limit of {limit} pixels")]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The most pixels.
        limit: u32,
    },
    /// A sequence that keeps too many pictures of its size.
    #[error("pictures of {width} x {height} that lean on {kept} others take too much memory")]
    TooManyReferences {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Pictures that the decoder would have to keep.
        kept: u32,
    },
    /// A picture of another size than the encoder was made for.
    #[error("picture of {width} x {height} where the stream has another size")]
    SizeChanged {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// What is wrong with one packet; the next one can be tried.
    #[error("{0}")]
    Decode(String),
    /// What a process of ours said of video that it handled.
    #[error("{0}")]
    Reported(String),
    /// Anything else that libav refuses.
    #[error("cannot {doing}: {message}")]
    Libav {
        /// What was tried.
        doing: &'static str,
        /// libav's own words.
        message: String,
    },
}

/// What a writer says that knows its file, or else what failed.
fn not_written(error: &io::Error) -> String {
    match error.get_ref() {
        Some(known) => known.to_string(),
        None => format!("cannot write the video: {}", io_reason(error)),
    }
}

impl MediaError {
    /// True when the caller can go on with the next packet.
    pub fn is_recoverable(&self) -> bool {
        matches!(self, Self::Decode(_))
    }

    /// The I/O error beneath, if one is the cause.
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Read(e) | Self::Write(e) => Some(e),
            _ => None,
        }
    }

    /// libav's answer `code` (negative) to a packet.
    pub(super) fn undecodable(code: i32) -> Self {
        Self::Decode(format!("a packet could not be decoded: {}", libav_reason::reason(code)))
    }

    /// libav's answer `code` (negative) to what was tried.
    pub(super) fn libav(doing: &'static str, code: i32) -> Self {
        Self::Libav { doing, message: libav_reason::reason(code) }
    }
}
