//! How large pictures may be, and how many of them a decoder may keep: a few bytes can ask for gigabytes.

use crate::format::Track;

use super::error::MediaError;
use super::parser::parsed_size;
use super::planes;

/// How many pictures of the largest size a decoder may keep to lean on: smaller ones may be more.
const KEPT: u64 = 8;

/// Codecs keep no more than this, whatever the size.
const MOST_KEPT: u64 = 16;

/// Limits of one decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLimits {
    /// The most pixels of a picture.
    pub max_pixels: u32,
}

impl PictureLimits {
    /// The pixels of the largest picture, where nothing else is asked for: 16 Mi.
    pub const DEFAULT_PIXELS: u32 = 16 << 20;

    /// The limit for libavcodec, which counts rows of whole 64 pixels; what it lets through is held to the limit
    /// itself.
    pub(super) fn for_libav(self) -> i64 {
        i64::from(self.max_pixels) + 64 * i64::from(planes::MAX_SIDE)
    }

    /// Refuses a size over the limit.
    pub(super) fn check_size(self, (width, height): (u32, u32)) -> Result<(), MediaError> {
        planes::check_size(width, height)?;
        let limit = self.max_pixels;
        if pixels((width, height)) > u64::from(limit) {
            return Err(MediaError::TooManyPixels { width, height, limit });
        }
        Ok(())
    }

    /// Refuses what a sequence asks for: pictures over the limit, or too many of them at once.
    pub(super) fn check(self, asked: Asked) -> Result<(), MediaError> {
        let Asked { width, height, kept } = asked;
        self.check_size((width, height))?;
        if kept > self.kept((width, height)) {
            return Err(MediaError::TooManyReferences { width, height, kept });
        }
        Ok(())
    }

    /// How many pictures of this size may be kept.
    pub(super) fn kept(self, size: (u32, u32)) -> u32 {
        let room = u64::from(self.max_pixels) * KEPT / pixels(size).max(1);
        room.clamp(KEPT, MOST_KEPT) as u32
    }

    /// Why a packet could not be decoded, when it is its size: libavcodec does not report a size that it refuses.
    pub(super) fn explain(self, track: &Track, packet: &[u8]) -> Result<(), MediaError> {
        let size = if track.codec == "mjpeg" { jpeg_size(packet) } else { parsed_size(track, packet) };
        size.map_or(Ok(()), |size| self.check_size(size))
    }
}

impl Default for PictureLimits {
    fn default() -> Self {
        PictureLimits { max_pixels: Self::DEFAULT_PIXELS }
    }
}

/// What the parameters of a sequence of pictures ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Pictures that are kept to lean on.
    pub(super) kept: u32,
}

fn pixels((width, height): (u32, u32)) -> u64 {
    u64::from(width) * u64::from(height)
}

/// The size in the frame header of a JPEG picture (ITU-T T.81, B.2.2).
fn jpeg_size(packet: &[u8]) -> Option<(u32, u32)> {
    let mut rest = packet;
    loop {
        let (marker, after) = rest.split_first_chunk::<2>()?;
        match marker {
            // no length follows: fill bytes, the beginning
            [0xff, 0xff] => rest = rest.get(1..)?,
            [0xff, 0xd8 | 0x01 | 0xd0..=0xd7] => rest = after,
            [0xff, kind] => {
                let (length, segment) = after.split_first_chunk::<2>()?;
                let length = usize::from(u16::from_be_bytes(*length)).checked_sub(2)?;
                if matches!(kind, 0xc0..=0xcf) && !matches!(kind, 0xc4 | 0xc8 | 0xcc) {
                    let [_, high, low, wide, narrow] = *segment.first_chunk::<5>()?;
                    let height = u16::from_be_bytes([high, low]);
                    return Some((u16::from_be_bytes([wide, narrow]).into(), height.into()));
                }
                rest = segment.get(length..)?;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_are_few() {
        let limits = PictureLimits::default();
        assert!(limits.check(Asked { width: 4096, height: 4096, kept: 8 }).is_ok());
        assert!(limits.check(Asked { width: 4096, height: 4097, kept: 1 }).is_err());
        assert!(limits.check(Asked { width: 4096, height: 4096, kept: 9 }).is_err());
        assert!(limits.check(Asked { width: 3840, height: 2160, kept: 16 }).is_ok(), "as x264 makes it");
        assert!(limits.check(Asked { width: 1 << 15, height: 1, kept: 1 }).is_err(), "no side is that long");
    }

    #[test]
    fn the_size_of_a_jpeg_stands_behind_its_tables() {
        let jpeg = [0xff, 0xd8, 0xff, 0xdb, 0, 4, 9, 9, 0xff, 0xff, 0xc0, 0, 11, 8, 0x12, 0x34, 0x56, 0x78, 3];
        assert_eq!(jpeg_size(&jpeg), Some((0x5678, 0x1234)));
        for end in 0..17 {
            assert_eq!(jpeg_size(&jpeg[..end]), None, "{end}");
        }
        assert_eq!(jpeg_size(&[0xff, 0xd8, 0xff, 0xdb, 0, 1]), None);
    }
}
