//! Still pictures: upright, with square pixels.

use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{ImageFormat, RgbImage};

use crate::format::Track;
use crate::media::{Decoder, MediaError, Picture};

use super::{Footage, Moment};
use crate::base::Report;
use crate::cli::Failure;

/// Longest side of a picture that square pixels may give.
const LONGEST: u64 = 32_768;

/// The picture that is shown at a moment, as PNG. `footage` begins at its key frame.
///
/// # Errors
///
/// What [`Footage::next`] says; there is no picture at that time, it cannot be decoded, or what there is of it is damaged (1).
/// `None` where the input is damaged before that moment: [`Footage::verdict`] then tells.
pub fn snapshot(footage: &mut Footage, at: Moment, report: &Report) -> anyhow::Result<Option<Vec<u8>>> {
    let tracks = footage.tracks();
    let lead = footage.lead();
    let track = video(&tracks, lead)?;
    let mut decoder = Decoder::new(track, 1)?;
    let mut best: Option<Picture> = None;
    let mut ended = false;
    while !ended {
        match footage.next()? {
            Some(p) if p.track == lead => tolerate(decoder.send(&p))?,
            Some(_) => continue,
            None => {
                tolerate(decoder.flush())?;
                ended = true;
            }
        }
        let at_ns = footage.media_ns(at).unwrap_or(i64::MIN);
        while let Some(picture) = decoder.receive() {
            let time = footage.ticks_ns(lead, picture.pts).unwrap_or(i64::MIN);
            if time > at_ns {
                return match best {
                    Some(picture) => png(&picture, track, report).map(Some),
                    None => Err(footage.beyond_the_end().into()),
                };
            }
            best = Some(picture);
        }
    }
    let at_ns = footage.media_ns(at).unwrap_or(i64::MIN);
    match best {
        Some(picture) if at_ns < footage.end_ns() => png(&picture, track, report).map(Some),
        _ if !footage.is_whole() => Ok(None),
        _ => Err(footage.beyond_the_end().into()),
    }
}

/// The leading track, which must be video.
pub(crate) fn video(tracks: &[Track], lead: u16) -> anyhow::Result<&Track> {
    let is_video = |t: &&Track| t.kind == crate::format::TrackKind::Video;
    let none = || Failure::failed("the stream has no pictures, only sound");
    Ok(tracks.get(usize::from(lead)).filter(is_video).ok_or_else(none)?)
}

/// A damaged packet shows in its picture, or there is none: a player shows the one before it, too. Other errors are final.
pub(crate) fn tolerate(result: Result<(), MediaError>) -> anyhow::Result<()> {
    match result {
        Err(MediaError::Decode(_)) => Ok(()),
        other => Ok(other?),
    }
}

fn png(picture: &Picture, track: &Track, report: &Report) -> anyhow::Result<Vec<u8>> {
    if picture.damaged {
        report.warn("the camera's packets were damaged before this picture: parts of it may be wrong");
    }
    encode(&upright(picture, track)?)
}

/// An image as PNG.
pub(crate) fn encode(image: &RgbImage) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).map_err(|e| Failure::failed(format!("cannot make a PNG: {e}")))?;
    Ok(bytes.into_inner())
}

/// The picture as it is to be looked at: its pixels made square, then turned.
pub(crate) fn upright(picture: &Picture, track: &Track) -> anyhow::Result<RgbImage> {
    let (width, height, rgb) = picture.to_rgb();
    let odd = || Failure::failed("the picture has an impossible size");
    let (width, height) = (u32::try_from(width).map_err(|_| odd())?, u32::try_from(height).map_err(|_| odd())?);
    let mut image = RgbImage::from_raw(width, height, rgb).ok_or_else(odd)?;
    if let Some((wide, high)) = square(width, height, track.sample_aspect) {
        image = imageops::resize(&image, wide, high, FilterType::CatmullRom);
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
    let (wide, high) = match num > den {
        true => (longer(width, num, den), u64::from(height)),
        false => (u64::from(width), longer(height, den, num)),
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
