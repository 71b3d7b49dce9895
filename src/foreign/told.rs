//! Errors, on the wire.

use std::io;

use serde::{Deserialize, Serialize};

use crate::media::MediaError;

/// An error of `media`, as the child tells it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Told {
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
    Other(String),
    /// The jail is required, and this is missing.
    Jail(String),
}

impl Told {
    pub(super) fn of(error: &MediaError) -> Self {
        match error {
            MediaError::Read(e) => Told::Read(e.raw_os_error()),
            MediaError::Empty => Told::Empty,
            MediaError::NotVideo => Told::NotVideo,
            MediaError::UnknownFormat(s) => Told::UnknownFormat(s.clone()),
            MediaError::StillPicture(s) => Told::StillPicture(s.clone()),
            MediaError::ContainerRefused(s) => Told::ContainerRefused(s.clone()),
            MediaError::CodecRefused(s) => Told::CodecRefused(s.clone()),
            MediaError::NoVideoTrack => Told::NoVideoTrack,
            MediaError::UnknownCodec(s) => Told::UnknownCodec(s.clone()),
            MediaError::NoPictureSize => Told::NoPictureSize,
            MediaError::IndexAtEnd => Told::IndexAtEnd,
            MediaError::Truncated => Told::Truncated,
            MediaError::Damaged(n) => Told::Damaged(*n),
            MediaError::UnsupportedPixels(s) => Told::UnsupportedPixels(s.clone()),
            MediaError::TooLarge { width, height } => Told::TooLarge(*width, *height),
            MediaError::TooManyPixels { width, height, limit } => Told::TooManyPixels(*width, *height, *limit),
            MediaError::TooManyReferences { width, height, kept } => Told::TooManyReferences(*width, *height, *kept),
            MediaError::Decode(s) => Told::Decode(s.clone()),
            other => Told::Other(other.to_string()),
        }
    }

    pub(super) fn into_error(self) -> Result<MediaError, String> {
        Ok(match self {
            Told::Read(code) => MediaError::Read(
                code.map_or_else(|| io::Error::other("the file or pipe gave an error"), io::Error::from_raw_os_error),
            ),
            Told::Empty => MediaError::Empty,
            Told::NotVideo => MediaError::NotVideo,
            Told::UnknownFormat(s) => MediaError::UnknownFormat(s),
            Told::StillPicture(s) => MediaError::StillPicture(s),
            Told::ContainerRefused(s) => MediaError::ContainerRefused(s),
            Told::CodecRefused(s) => MediaError::CodecRefused(s),
            Told::NoVideoTrack => MediaError::NoVideoTrack,
            Told::UnknownCodec(s) => MediaError::UnknownCodec(s),
            Told::NoPictureSize => MediaError::NoPictureSize,
            Told::IndexAtEnd => MediaError::IndexAtEnd,
            Told::Truncated => MediaError::Truncated,
            Told::Damaged(n) => MediaError::Damaged(n),
            Told::UnsupportedPixels(s) => MediaError::UnsupportedPixels(s),
            Told::TooLarge(width, height) => MediaError::TooLarge { width, height },
            Told::TooManyPixels(width, height, limit) => MediaError::TooManyPixels { width, height, limit },
            Told::TooManyReferences(width, height, kept) => MediaError::TooManyReferences { width, height, kept },
            Told::Decode(s) => MediaError::Decode(s),
            Told::Other(s) => MediaError::Told(s),
            Told::Jail(missing) => return Err(missing),
        })
    }
}
