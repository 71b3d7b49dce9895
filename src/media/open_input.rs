//! Opening an input, and why it could not be.

use std::ffi::CString;
use std::io::ErrorKind;

use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Dictionary, ffi};

use super::callback_io::Shared;
use super::demux_options::DemuxOptions;
use super::error::MediaError;

/// Opens the container. On failure the reason, as exactly as it can be determined.
pub(super) fn open_input(
    mut io: StreamIo,
    shared: &Shared,
    name: Option<&str>,
    options: &DemuxOptions,
) -> Result<Input, MediaError> {
    let mut format = std::ptr::null();
    if let Some(wanted) = &options.format {
        let unknown = || MediaError::UnknownFormat(wanted.clone());
        let text = CString::new(wanted.as_str()).map_err(|_| unknown())?;
        // SAFETY: a string that outlives the call; the answer is null or static.
        format = unsafe { ffi::av_find_input_format(text.as_ptr()) };
        if format.is_null() {
            return Err(unknown());
        }
    }
    let name = CString::new(name.unwrap_or_default()).unwrap_or_default();
    let mut settings = Dictionary::new();
    if let Some(bytes) = options.probe_bytes {
        settings.set("probesize", &bytes.max(32).to_string());
    }
    // SAFETY: the context is allocated here and owned by `Input` from success on, together with `io`, which it points
    // to; on failure avformat_open_input frees the context and leaves `io`, which is dropped here. The strings outlive
    // the call.
    let code = unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(MediaError::libav("allocate", ffi::AVERROR(ffi::ENOMEM)));
        }
        (*context).pb = io.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        let mut raw_settings = settings.disown();
        let code = ffi::avformat_open_input(&raw mut context, name.as_ptr(), format.cast(), &raw mut raw_settings);
        drop(Dictionary::own(raw_settings));
        if code == 0 {
            return Ok(Input::wrap_with_custom_io(context, io));
        }
        code
    };
    cause(shared)?;
    let head = std::mem::take(&mut shared.lock().head);
    Err(match head.get(4..8) {
        None if head.is_empty() => MediaError::Empty,
        // The index of an mp4 is written last: it was never finished.
        Some(b"ftyp" | b"moov") => MediaError::Truncated,
        _ if code == ffi::AVERROR_INVALIDDATA || code == ffi::AVERROR_EOF => MediaError::NotVideo,
        _ => MediaError::libav("open the input", code),
    })
}

/// Why the reader gave libavformat no bytes, if it did not.
pub(super) fn cause(shared: &Shared) -> Result<(), MediaError> {
    let mut events = shared.lock();
    match events.error.take() {
        Some(error) if error.kind() == ErrorKind::UnexpectedEof => Err(MediaError::Truncated),
        Some(error) => Err(MediaError::Read(error)),
        None if events.index_at_end => Err(MediaError::IndexAtEnd),
        None if events.stopped => Err(MediaError::Stopped),
        None => Ok(()),
    }
}

/// Index of the stream that is the video.
///
/// # Safety
/// `streams` are the streams of the open `context`.
pub(super) unsafe fn best_video(
    context: *mut ffi::AVFormatContext,
    streams: &[*mut ffi::AVStream],
) -> Result<usize, MediaError> {
    let kind = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
    // SAFETY: the caller's promise; no decoder is asked for.
    let best = unsafe { ffi::av_find_best_stream(context, kind, -1, -1, std::ptr::null_mut(), 0) };
    let best = usize::try_from(best).map_err(|_| MediaError::NoVideoTrack)?;
    // SAFETY: the caller's promise. A cover picture is no video.
    let cover = |stream: &*mut ffi::AVStream| unsafe { (**stream).disposition & ffi::AV_DISPOSITION_ATTACHED_PIC != 0 };
    match streams.get(best) {
        Some(stream) if !cover(stream) => Ok(best),
        _ => Err(MediaError::NoVideoTrack),
    }
}

/// Of this kind, and of a codec that is known.
///
/// # Safety
/// `stream` is a stream of an open context.
pub(super) unsafe fn is_kind(stream: *mut ffi::AVStream, kind: ffi::AVMediaType) -> bool {
    // SAFETY: the caller's promise; a stream has its parameters.
    unsafe {
        let par = &*(*stream).codecpar;
        par.codec_type == kind && par.codec_id != ffi::AVCodecID::AV_CODEC_ID_NONE
    }
}
