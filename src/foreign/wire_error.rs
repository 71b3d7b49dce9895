//! Errors, on the wire.

use std::io;

use serde::{Deserialize, Serialize};

use crate::media::{MediaError, MuxFormat};

/// An error of `media`, as the child reports it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum WireError {
    Read(Option<i32>),
    Empty,
    NotVideo,
    UnknownFormat(String),
    StillPicture(String),
    ContainerRefused(String),
    CodecRefused(String),
    NoVideoTrack,
    UnknownCodec(String),
    NoPictureSize,
    IndexAtEnd,
    Truncated,
    Damaged(u32),
    UnsupportedPixels(String),
    TooLarge(u32, u32),
    TooManyPixels(u32, u32, u32),
    TooManyReferences(u32, u32, u32),
    Decode(String),
    CannotHold(String, String),
    GapTooLong(u64),
    NoSuchTrack(u16),
    Other(String),
    /// The jail is required, and this is missing.
    Jail(String),
}

impl WireError {
    pub(super) fn of(error: &MediaError) -> Self {
        match error {
            MediaError::Read(e) => WireError::Read(e.raw_os_error()),
            MediaError::Empty => WireError::Empty,
            MediaError::NotVideo => WireError::NotVideo,
            MediaError::UnknownFormat(s) => WireError::UnknownFormat(s.clone()),
            MediaError::StillPicture(s) => WireError::StillPicture(s.clone()),
            MediaError::ContainerRefused(s) => WireError::ContainerRefused(s.clone()),
            MediaError::CodecRefused(s) => WireError::CodecRefused(s.clone()),
            MediaError::NoVideoTrack => WireError::NoVideoTrack,
            MediaError::UnknownCodec(s) => WireError::UnknownCodec(s.clone()),
            MediaError::NoPictureSize => WireError::NoPictureSize,
            MediaError::IndexAtEnd => WireError::IndexAtEnd,
            MediaError::Truncated => WireError::Truncated,
            MediaError::Damaged(n) => WireError::Damaged(*n),
            MediaError::UnsupportedPixels(s) => WireError::UnsupportedPixels(s.clone()),
            MediaError::TooLarge { width, height } => WireError::TooLarge(*width, *height),
            MediaError::TooManyPixels { width, height, limit } => WireError::TooManyPixels(*width, *height, *limit),
            MediaError::TooManyReferences { width, height, kept } => {
                WireError::TooManyReferences(*width, *height, *kept)
            }
            MediaError::Decode(s) => WireError::Decode(s.clone()),
            MediaError::CannotHold { container, codec } => WireError::CannotHold((*container).into(), codec.clone()),
            MediaError::GapTooLong(seconds) => WireError::GapTooLong(*seconds),
            MediaError::NoSuchTrack(n) => WireError::NoSuchTrack(*n),
            other => WireError::Other(other.to_string()),
        }
    }

    pub(super) fn into_error(self) -> Result<MediaError, String> {
        Ok(match self {
            WireError::Read(code) => MediaError::Read(
                code.map_or_else(|| io::Error::other("the file or pipe gave an error"), io::Error::from_raw_os_error),
            ),
            WireError::Empty => MediaError::Empty,
            WireError::NotVideo => MediaError::NotVideo,
            WireError::UnknownFormat(s) => MediaError::UnknownFormat(s),
            WireError::StillPicture(s) => MediaError::StillPicture(s),
            WireError::ContainerRefused(s) => MediaError::ContainerRefused(s),
            WireError::CodecRefused(s) => MediaError::CodecRefused(s),
            WireError::NoVideoTrack => MediaError::NoVideoTrack,
            WireError::UnknownCodec(s) => MediaError::UnknownCodec(s),
            WireError::NoPictureSize => MediaError::NoPictureSize,
            WireError::IndexAtEnd => MediaError::IndexAtEnd,
            WireError::Truncated => MediaError::Truncated,
            WireError::Damaged(n) => MediaError::Damaged(n),
            WireError::UnsupportedPixels(s) => MediaError::UnsupportedPixels(s),
            WireError::TooLarge(width, height) => MediaError::TooLarge { width, height },
            WireError::TooManyPixels(width, height, limit) => MediaError::TooManyPixels { width, height, limit },
            WireError::TooManyReferences(width, height, kept) => MediaError::TooManyReferences { width, height, kept },
            WireError::Decode(s) => MediaError::Decode(s),
            WireError::CannotHold(container, codec) => {
                let known = [MuxFormat::Mp4, MuxFormat::Matroska].map(MuxFormat::name);
                let container = known.into_iter().find(|name| *name == container).unwrap_or("the container");
                MediaError::CannotHold { container, codec }
            }
            WireError::GapTooLong(seconds) => MediaError::GapTooLong(seconds),
            WireError::NoSuchTrack(n) => MediaError::NoSuchTrack(n),
            WireError::Other(s) => MediaError::Reported(s),
            WireError::Jail(missing) => return Err(missing),
        })
    }
}
