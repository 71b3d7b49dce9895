//! Opening an input, and why it could not be.

use std::ffi::{CString, c_char, c_int};
use std::io::ErrorKind;

use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Dictionary, ffi};

use super::allowed;
use super::callback_io::Shared;
use super::demux_options::DemuxOptions;
use super::error::MediaError;
use super::libav;

/// Opens the container. On failure the reason, as exactly as it can be determined.
pub(super) fn open_input(
    mut io: StreamIo,
    shared: &Shared,
    name: Option<&str>,
    options: &DemuxOptions,
) -> Result<Input, MediaError> {
    let mut format: *const ffi::AVInputFormat = std::ptr::null();
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
    if format.is_null() {
        format = probe(&mut io, shared, &name)?;
    }
    // SAFETY: a demuxer of libavformat's, which is static, as its name is.
    allowed::check_container(unsafe { libav::name((*format).name) })?;
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
        if let Err(error) = confine(context, format) {
            ffi::avformat_free_context(context);
            return Err(error);
        }
        let mut raw_settings = settings.disown();
        let code = ffi::avformat_open_input(&raw mut context, name.as_ptr(), format.cast(), &raw mut raw_settings);
        drop(Dictionary::own(raw_settings));
        if code == 0 {
            return Ok(Input::wrap_with_custom_io(context, io));
        }
        code
    };
    Err(why(shared, code))
}

/// Finds out which demuxer knows the bytes.
fn probe(io: &mut StreamIo, shared: &Shared, name: &CString) -> Result<*const ffi::AVInputFormat, MediaError> {
    let mut format = std::ptr::null();
    // SAFETY: the I/O context is open; the string outlives the call; the answer is a static demuxer, or an error.
    let code = unsafe {
        ffi::av_probe_input_buffer2(io.as_mut_ptr(), &raw mut format, name.as_ptr(), std::ptr::null_mut(), 0, 0)
    };
    if code < 0 || format.is_null() || shared.refused() { Err(why(shared, code)) } else { Ok(format) }
}

/// Keeps a demuxer to the bytes that it is given: it opens no other input, no other demuxer, and no decoder
/// but those of the table, which it asks what the tracks are.
///
/// # Safety
/// `context` is freshly allocated and not shared; `format` is a demuxer of libavformat's.
unsafe fn confine(context: *mut ffi::AVFormatContext, format: *const ffi::AVInputFormat) -> Result<(), MediaError> {
    let decoders = CString::new(allowed::decoders()).unwrap_or_default();
    // SAFETY: the caller's promise; the copies belong to the context, which frees them.
    let lists = unsafe {
        let context = &mut *context;
        context.io_open = Some(refuse_to_open);
        context.protocol_whitelist = ffi::av_strdup(allowed::NOTHING.as_ptr());
        context.codec_whitelist = ffi::av_strdup(decoders.as_ptr());
        context.format_whitelist = ffi::av_strdup((*format).name);
        [context.protocol_whitelist, context.codec_whitelist, context.format_whitelist]
    };
    // a list that is missing would allow everything
    if lists.iter().any(|list| list.is_null()) {
        return Err(MediaError::libav("allocate", ffi::AVERROR(ffi::ENOMEM)));
    }
    Ok(())
}

/// libavformat wants to open something besides the input.
unsafe extern "C" fn refuse_to_open(
    _: *mut ffi::AVFormatContext,
    opened: *mut *mut ffi::AVIOContext,
    _: *const c_char,
    _: c_int,
    _: *mut *mut ffi::AVDictionary,
) -> c_int {
    if !opened.is_null() {
        // SAFETY: libavformat's place for the answer.
        unsafe { *opened = std::ptr::null_mut() };
    }
    ffi::AVERROR(ffi::EPERM)
}

/// Why the input could not be opened, as exactly as it can be determined.
fn why(shared: &Shared, code: i32) -> MediaError {
    if let Err(known) = cause(shared) {
        return known;
    }
    let head = std::mem::take(&mut shared.lock().head);
    match head.get(4..8) {
        None if head.is_empty() => MediaError::Empty,
        // The index of an mp4 is written last: it was never finished.
        Some(b"ftyp" | b"moov") => MediaError::Truncated,
        _ if code == ffi::AVERROR_INVALIDDATA || code == ffi::AVERROR_EOF => MediaError::NotVideo,
        _ => MediaError::libav("open the input", code),
    }
}

/// Reads packets until the tracks are known, and gives libavformat's answer. Of the tracks that the container lists no
/// decoder takes pictures over the limit.
pub(super) fn find_tracks(input: &mut Input, options: &DemuxOptions) -> i32 {
    // SAFETY: the context is open, and has as many streams as dictionaries are given, which are taken back here.
    unsafe {
        let context = input.as_mut_ptr();
        let count = usize::try_from((*context).nb_streams).unwrap_or(0);
        let mut settings: Vec<*mut ffi::AVDictionary> = Vec::new();
        for _ in 0..count {
            let mut of_stream = Dictionary::new();
            of_stream.set("max_pixels", &options.limits.max_pixels.to_string());
            settings.push(of_stream.disown());
        }
        let list = if settings.is_empty() { std::ptr::null_mut() } else { settings.as_mut_ptr() };
        let code = ffi::avformat_find_stream_info(context, list);
        settings.into_iter().for_each(|raw| drop(Dictionary::own(raw)));
        code
    }
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
    match streams.get(best) {
        // SAFETY: the caller's promise.
        Some(stream) if unsafe { !is_cover(*stream) } => Ok(best),
        _ => Err(MediaError::NoVideoTrack),
    }
}

/// Whether it is a cover picture, which is no video.
///
/// # Safety
/// `stream` is a stream of an open context.
pub(super) unsafe fn is_cover(stream: *mut ffi::AVStream) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*stream).disposition & ffi::AV_DISPOSITION_ATTACHED_PIC != 0 }
}
