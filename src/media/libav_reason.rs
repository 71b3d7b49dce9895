//! libav's words for its errors.

use std::ffi::CStr;

use ffmpeg_next::ffi;

/// What libav says of its answer `code`; never nothing.
pub(super) fn reason(code: i32) -> String {
    let mut text = [0_u8; ffi::AV_ERROR_MAX_STRING_SIZE];
    // SAFETY: room for as many bytes as are said; the text is ended within them.
    unsafe { ffi::av_strerror(code, text.as_mut_ptr().cast(), text.len()) };
    let said = CStr::from_bytes_until_nul(&text).ok().and_then(|text| text.to_str().ok()).unwrap_or_default();
    if said.is_empty() { format!("libav error {code}") } else { said.to_owned() }
}
