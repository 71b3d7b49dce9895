//! Decoded pictures as images: upright, with square pixels, as PNG.

use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat, RgbImage};

use crate::foreign::ForeignError;
use crate::format::{Track, TrackKind};
use crate::media::{MediaError, Picture};

use super::PlaybackError;

/// Longest side of a picture that square pixels may give.
const LONGEST: u64 = 32_768;

/// The leading track, which must be video.
pub(super) fn video(tracks: &[Track], lead: u16) -> Result<&Track, PlaybackError> {
    let track = tracks.get(usize::from(lead)).filter(|t| t.kind == TrackKind::Video);
    track.ok_or(PlaybackError::NoPictures)
}

/// A damaged packet shows in its picture, or there is none: a player shows the one before it, too. Other errors are
/// final.
pub(super) fn tolerate(result: Result<(), ForeignError>) -> Result<(), PlaybackError> {
    match result {
        Err(ForeignError::Media(MediaError::Decode(_))) => Ok(()),
        other => Ok(other?),
    }
}

/// An image as PNG.
///
/// # Errors
///
/// It is too large for one.
pub fn to_png(image: &RgbImage) -> Result<Vec<u8>, PlaybackError> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).map_err(|e| PlaybackError::Png(e.to_string()))?;
    Ok(bytes.into_inner())
}

/// The image in another size. By way of `DynamicImage`: the loops are in the crate `image` then, which is optimised in
/// every build.
pub(super) fn resized(image: RgbImage, width: u32, height: u32, filter: FilterType) -> RgbImage {
    DynamicImage::ImageRgb8(image).resize_exact(width, height, filter).into_rgb8()
}

/// The picture as it is to be viewed: its pixels made square, mirrored, then turned.
pub(super) fn upright(picture: &Picture, track: &Track) -> Result<RgbImage, PlaybackError> {
    let (width, height, rgb) = picture.to_rgb();
    let side = |n: usize| u32::try_from(n).map_err(|_| PlaybackError::PictureSize);
    let (width, height) = (side(width)?, side(height)?);
    let mut image = RgbImage::from_raw(width, height, rgb).ok_or(PlaybackError::PictureSize)?;
    if let Some((wide, high)) = square(width, height, track.sample_aspect) {
        image = resized(image, wide, high, FilterType::CatmullRom);
    }
    if track.mirrored {
        imageops::flip_horizontal_in_place(&mut image);
    }
    Ok(match track.rotation {
        90 => imageops::rotate90(&image),
        180 => imageops::rotate180(&image),
        270 => imageops::rotate270(&image),
        _ => image,
    })
}

/// The size with square pixels, by making one side longer; `None` where nothing changes or the ratio makes no sense.
fn square(width: u32, height: u32, (num, den): (u32, u32)) -> Option<(u32, u32)> {
    if num == 0 || den == 0 || num == den {
        return None;
    }
    let longer = |side: u32, by: u32, of: u32| (u64::from(side) * u64::from(by) + u64::from(of) / 2) / u64::from(of);
    let (wide, high) = if num > den {
        (longer(width, num, den), u64::from(height))
    } else {
        (u64::from(width), longer(height, den, num))
    };
    let fits = wide.max(high) <= LONGEST;
    fits.then_some((u32::try_from(wide).ok()?, u32::try_from(high).ok()?))
}

#[cfg(test)]
mod tests {
    use super::square;

    #[test]
    fn pixels_become_square_by_growing() {
        assert_eq!(square(720, 576, (16, 15)), Some((768, 576)));
        assert_eq!(square(720, 480, (8, 9)), Some((720, 540)));
        assert_eq!(square(720, 480, (0, 1)), None);
        assert_eq!(square(720, 480, (1, 1)), None);
        assert_eq!(square(720, 480, (u32::MAX, 1)), None);
    }
}
