//! A frame of libavcodec as planes of 8 bits.

use ffmpeg_next::ffi;

use super::error::MediaError;
use super::libav;
use super::picture::{Picture, Plane};
use super::rgb::Matrix;

/// No side of a picture is longer.
pub(super) const MAX_SIDE: u32 = 16_384;

/// No picture has more samples of luma.
pub(super) const MAX_SAMPLES: i64 = 1 << 28;

/// Refuses sizes over the limits.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), MediaError> {
    let samples = i64::from(width) * i64::from(height);
    if width > MAX_SIDE || height > MAX_SIDE || samples > MAX_SAMPLES {
        return Err(MediaError::TooLarge { width, height });
    }
    Ok(())
}

/// One component of a frame: where its samples are.
struct Component {
    base: *const u8,
    /// Bytes from row to row; negative when the picture stands on its head in memory.
    line: isize,
    /// Bytes from sample to sample, and to the first.
    step: usize,
    offset: usize,
    depth: u32,
    shift: u32,
    big_endian: bool,
}

impl Component {
    /// Copies `width` by `height` samples, deeper ones by their 8 highest bits.
    ///
    /// # Safety
    /// `base` has `height` rows, `line` bytes apart, of at least `|line|` readable bytes each.
    unsafe fn copy(&self, width: usize, height: usize) -> Option<Plane> {
        let bytes = if self.depth > 8 { 2 } else { 1 };
        let length = self.offset + (width.checked_sub(1)? * self.step) + bytes;
        if length > self.line.unsigned_abs() || self.step < bytes || self.base.is_null() {
            return None;
        }
        let mut data = Vec::with_capacity(width * height);
        for y in 0..isize::try_from(height).ok()? {
            // SAFETY: a row of the caller's, and `length` is within it.
            let row = unsafe { std::slice::from_raw_parts(self.base.offset(y * self.line), length) };
            let samples = row.get(self.offset..)?;
            if self.step == 1 && self.depth == 8 {
                data.extend_from_slice(samples);
            } else {
                data.extend(samples.chunks(self.step).take(width).map(|sample| self.sample(sample)));
            }
        }
        Some(Plane { width, height, data })
    }

    fn sample(&self, bytes: &[u8]) -> u8 {
        let value = match (bytes, self.depth > 8, self.big_endian) {
            ([low, high, ..], true, false) | ([high, low, ..], true, true) => u16::from_be_bytes([*high, *low]),
            ([only, ..], _, _) => u16::from(*only),
            _ => 0,
        };
        // The mask drops what other components keep in the same bytes.
        (value >> self.shift >> (self.depth - 8)) as u8
    }
}

/// Converts a decoded frame; its time, duration and damage are the decoder's to say.
///
/// # Safety
/// `frame` is a frame that a video decoder returned, not yet unreferenced.
pub(super) unsafe fn picture(frame: *const ffi::AVFrame) -> Result<Picture, MediaError> {
    // SAFETY: the caller's promise; the format is one that libavcodec chose, so a value of the enumeration made from
    // the same headers; the descriptor is null or static.
    let (frame, descriptor) = unsafe {
        let frame = &*frame;
        (frame, ffi::av_pix_fmt_desc_get(std::mem::transmute::<i32, ffi::AVPixelFormat>(frame.format)).as_ref())
    };
    let (width, height) = (u32::try_from(frame.width).unwrap_or(0), u32::try_from(frame.height).unwrap_or(0));
    check_size(width, height)?;
    let descriptor = descriptor.ok_or_else(|| MediaError::UnsupportedPixels("unknown".to_owned()))?;
    // SAFETY: names of formats are static.
    let name = unsafe { libav::name(descriptor.name) };
    let unsupported = || MediaError::UnsupportedPixels(name.to_owned());
    let has = |flag: u32| descriptor.flags & u64::from(flag) != 0;
    if has(ffi::AV_PIX_FMT_FLAG_PAL as u32)
        || has(ffi::AV_PIX_FMT_FLAG_HWACCEL as u32)
        || has(ffi::AV_PIX_FMT_FLAG_BITSTREAM as u32)
        || has(ffi::AV_PIX_FMT_FLAG_BAYER as u32)
        || has(ffi::AV_PIX_FMT_FLAG_FLOAT as u32)
    {
        return Err(unsupported());
    }
    let (width, height) = (width as usize, height as usize);
    let chroma_size = |size: usize, log: u8| size.div_ceil(1 << log.min(3));
    let colours = descriptor.nb_components >= 3;
    let read = |index: usize| -> Option<Plane> {
        let layout = descriptor.comp.get(index)?;
        let plane = usize::try_from(layout.plane).ok()?;
        let component = Component {
            base: *frame.data.get(plane)?,
            line: isize::try_from(*frame.linesize.get(plane)?).ok()?,
            step: usize::try_from(layout.step).ok()?,
            offset: usize::try_from(layout.offset).ok()?,
            depth: u32::try_from(layout.depth).ok().filter(|depth| (8..=16).contains(depth))?,
            shift: u32::try_from(layout.shift).ok().filter(|shift| *shift < 8)?,
            big_endian: has(ffi::AV_PIX_FMT_FLAG_BE as u32),
        };
        let chroma = index > 0 && !has(ffi::AV_PIX_FMT_FLAG_RGB as u32);
        let (width, height) = if chroma {
            (chroma_size(width, descriptor.log2_chroma_w), chroma_size(height, descriptor.log2_chroma_h))
        } else {
            (width, height)
        };
        // SAFETY: libavcodec's frames have rows of `linesize` bytes for the height of each plane.
        unsafe { component.copy(width, height) }
    };
    let first = read(0).ok_or_else(unsupported)?;
    let mut planes = if colours {
        [first, read(1).ok_or_else(unsupported)?, read(2).ok_or_else(unsupported)?]
    } else {
        let grey = Plane::filled(width.div_ceil(2), height.div_ceil(2), 128);
        [first, grey.clone(), grey]
    };
    let mut full_range = frame.color_range == ffi::AVColorRange::AVCOL_RANGE_JPEG || name.starts_with("yuvj");
    if has(ffi::AV_PIX_FMT_FLAG_RGB as u32) {
        planes = Matrix::of_height(height).planes_from_rgb(planes);
        full_range = true;
    }
    Ok(Picture { planes, pts: 0, duration: 0, full_range, damaged: false })
}
