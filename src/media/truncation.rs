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

    /// The container lists its packets, those with nothing in them, too.
    pub(super) fn is_indexed(&self) -> bool {
        self.indexed
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
        let (listed, empty) = listed(input, self.video).unwrap_or_default();
        self.indexed && (self.corrupt || self.seen < listed.saturating_sub(empty))
    }

    /// Packets of the tracks that are read which the container lists with nothing in them: libavformat does not give
    /// them.
    pub(super) fn empty(&self, input: &Input) -> u64 {
        // SAFETY: an open input.
        let streams = unsafe { (*input.as_ptr()).nb_streams as usize };
        let listed = (0..streams).filter(|_| self.indexed).filter_map(|stream| listed(input, stream));
        listed.filter_map(|(_, empty)| u64::try_from(empty).ok()).sum()
    }
}

/// Packets that the container lists of a stream, and those of them with nothing in them; none of a stream that is not
/// read.
fn listed(input: &Input, stream: usize) -> Option<(i64, i64)> {
    // SAFETY: an open input; the stream is checked for, its entries are as many as it says and not changed here.
    unsafe {
        let context = input.as_ptr();
        if stream >= (*context).nb_streams as usize {
            return None;
        }
        let stream = *(*context).streams.add(stream);
        if (*stream).discard == ffi::AVDiscard::AVDISCARD_ALL {
            return None;
        }
        let listed = ffi::avformat_index_get_entries_count(stream);
        let entries = (0..listed).filter_map(|n| ffi::avformat_index_get_entry(stream, n).as_ref());
        let empty = entries.filter(|entry| entry.size() == 0).count();
        Some((i64::from(listed), i64::try_from(empty).unwrap_or(0)))
    }
}

/// Whether there is an end of image (ITU-T T.81, B.1.1.3), and after it nothing but what separates parts.
fn is_whole_jpeg(part: &[u8]) -> bool {
    let end = part.iter().rposition(|byte| !matches!(byte, 0 | b'\r' | b'\n'));
    end.is_some_and(|end| part[..=end].ends_with(&[0xFF, 0xD9]))
}
