//! A decoded picture as planes of 8-bit samples.

/// One plane of samples, rows from the top, without padding between rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` samples.
    pub data: Vec<u8>,
}

impl Plane {
    /// A plane of `width` by `height` samples that all have `value`.
    pub fn filled(width: usize, height: usize, value: u8) -> Self {
        Self { width, height, data: vec![value; width * height] }
    }
}

/// A decoded picture: Y, Cb and Cr planes of 8 bits, whatever the camera's chroma subsampling is (the planes' sizes say
/// it).
///
/// A grey camera's picture has chroma planes of 4:2:0 size filled with 128.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Y, Cb, Cr.
    pub planes: [Plane; 3],
    /// Presentation time in the track's time base.
    pub pts: i64,
    /// Duration in the track's time base, 0 when unknown.
    pub duration: i64,
    /// Samples use 0 to 255 instead of 16 to 235 (luma).
    pub full_range: bool,
    /// The decoder reported an error or concealed one in this picture: it may show anything.
    pub damaged: bool,
}

impl Picture {
    /// Width in luma samples (pixels).
    pub fn width(&self) -> usize {
        self.planes[0].width
    }

    /// Height in luma samples (pixels).
    pub fn height(&self) -> usize {
        self.planes[0].height
    }
}
