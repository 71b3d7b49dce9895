//! The sample format that a VP9 picture states (VP9 Bitstream Specification, 6.2 and 6.2.2). Containers of VP9 may have
//! no configuration of it, and mp4 wants one.

use ffmpeg_next::ffi::AVPixelFormat;

/// The sample format that a key frame's head states; `None` for another frame, or another head.
pub(super) fn pixel_format(frame: &[u8]) -> Option<AVPixelFormat> {
    use AVPixelFormat::*;
    let mut bits = Bits { bytes: frame, at: 0 };
    if bits.take(2)? != 2 {
        return None;
    }
    let profile = bits.take(1)? | bits.take(1)? << 1;
    // reserved in profile 3; then "shown again", and "no key frame"
    if (profile == 3 && bits.take(1)? != 0) || bits.take(1)? != 0 || bits.take(1)? != 0 {
        return None;
    }
    // shown, resilient, and the sync code
    bits.take(2)?;
    if bits.take(24)? != 0x49_83_42 {
        return None;
    }
    let depth = match profile {
        0 | 1 => 8,
        _ if bits.take(1)? == 1 => 12,
        _ => 10,
    };
    const RGB: u32 = 7;
    let (is_halved_x, is_halved_y) = match (bits.take(3)?, profile & 1) {
        (RGB, 1) => (0, 0),
        (RGB, _) => return None,
        (_, 0) => (1, 1),
        (_, _) => {
            // full range or not
            bits.take(1)?;
            (bits.take(1)?, bits.take(1)?)
        }
    };
    Some(match (is_halved_x, is_halved_y, depth) {
        (1, 1, 8) => AV_PIX_FMT_YUV420P,
        (1, 0, 8) => AV_PIX_FMT_YUV422P,
        (0, 1, 8) => AV_PIX_FMT_YUV440P,
        (_, _, 8) => AV_PIX_FMT_YUV444P,
        (1, 1, 10) => AV_PIX_FMT_YUV420P10LE,
        (1, 0, 10) => AV_PIX_FMT_YUV422P10LE,
        (0, 1, 10) => AV_PIX_FMT_YUV440P10LE,
        (_, _, 10) => AV_PIX_FMT_YUV444P10LE,
        (1, 1, _) => AV_PIX_FMT_YUV420P12LE,
        (1, 0, _) => AV_PIX_FMT_YUV422P12LE,
        (0, 1, _) => AV_PIX_FMT_YUV440P12LE,
        (_, _, _) => AV_PIX_FMT_YUV444P12LE,
    })
}

/// f(n) of a head, from the most significant bit on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |value, _| {
            let bit = self.bytes.get(self.at / 8)? >> (7 - self.at % 8) & 1;
            self.at += 1;
            Some(value << 1 | u32::from(bit))
        })
    }
}
