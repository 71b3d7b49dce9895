//! Distinguishes an input that was truncated from one that ends.

use ffmpeg_next::ffi;
use ffmpeg_next::format::context::Input;

use super::container_size::expected_end;

/// Distinguishes an input that was truncated from one that ends: libavformat takes both for the end.
pub(super) struct CutWatch {
    /// The container lists its packets before they come.
    indexed: bool,
    /// Pictures one after the other with a head each: such an input may end after any of them, and also after the line
    /// that was to begin the next.
    multipart: bool,
    /// The stream that is the video.
    video: usize,
    /// Video packets so far.
    seen: i64,
    /// The last packet was incomplete.
    corrupt: bool,
    /// The container said how long it is.
    end: Option<u64>,
}

impl CutWatch {
    /// For the video stream `video` of an input of this format that begins with `head`.
    pub(super) fn new(format: &str, video: usize, head: &[u8]) -> Self {
        let multipart = format == "mpjpeg";
        Self { indexed: format.contains("mp4"), multipart, video, seen: 0, corrupt: false, end: expected_end(head) }
    }

    pub(super) fn saw(&mut self, raw: &ffmpeg_next::Packet) {
        self.corrupt = raw.is_corrupt() || (self.multipart && !raw.data().is_some_and(is_whole_jpeg));
        self.seen += i64::from(raw.stream() == self.video);
    }

    /// Whether an input that ends in the middle of something, by the error that reading came to, was truncated.
    pub(super) fn is_cut_by_error(&self) -> bool {
        !self.multipart || self.corrupt
    }

    pub(super) fn is_cut(&self, input: &Input) -> bool {
        if self.multipart {
            return self.corrupt;
        }
        // SAFETY: an open input has its I/O context; its size is negative when it cannot be known.
        let size = unsafe {
            let io = (*input.as_ptr()).pb;
            match ffi::avio_size(io) {
                size if size >= 0 => Some(size),
                _ => ((*io).eof_reached != 0).then_some((*io).pos),
            }
        };
        let size = size.and_then(|size| u64::try_from(size).ok());
        if self.end.zip(size).is_some_and(|(end, size)| size < end) {
            return true;
        }
        // SAFETY: an open input; the stream is checked for.
        let listed = unsafe {
            let context = input.as_ptr();
            if self.video < (*context).nb_streams as usize {
                ffi::avformat_index_get_entries_count(*(*context).streams.add(self.video))
            } else {
                0
            }
        };
        self.indexed && (self.corrupt || self.seen < i64::from(listed))
    }
}

/// Whether there is an end of image (ITU-T T.81, B.1.1.3), and after it nothing but what separates parts.
fn is_whole_jpeg(part: &[u8]) -> bool {
    let end = part.iter().rposition(|byte| !matches!(byte, 0 | b'\r' | b'\n'));
    end.is_some_and(|end| part[..=end].ends_with(&[0xFF, 0xD9]))
}
