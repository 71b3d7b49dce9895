//! Which containers are written.

/// The container to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MuxFormat {
    /// ISO base media file. Times keep the tracks' own ticks.
    Mp4,
    /// Times are rounded to milliseconds.
    Matroska,
}

impl MuxFormat {
    /// libavformat's name of the muxer.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Matroska => "matroska",
        }
    }
}
