//! libavcodec's parsers: what a packet says of itself, without decoding it.

use ffmpeg_next::ffi;

use crate::format::Track;

use super::error::MediaError;
use super::libav;

/// libavcodec's parser of one codec, for whole packets.
pub(super) struct Parser {
    parser: *mut ffi::AVCodecParserContext,
    codec: *mut ffi::AVCodecContext,
}

// SAFETY: the two contexts are reached through this owner only, and libav ties neither to a thread.
unsafe impl Send for Parser {}

impl Parser {
    pub(super) fn new(track: &Track) -> Result<Self, MediaError> {
        let id = libav::codec_id(&track.codec)?;
        // SAFETY: both contexts are checked and owned by `this`, whose drop takes null, too; the parameters are freed
        // here.
        unsafe {
            let this =
                Self { parser: ffi::av_parser_init(id as i32), codec: ffi::avcodec_alloc_context3(std::ptr::null()) };
            let mut par = ffi::avcodec_parameters_alloc();
            if this.parser.is_null() || this.codec.is_null() || par.is_null() {
                ffi::avcodec_parameters_free(&raw mut par);
                return Err(MediaError::UnknownCodec(track.codec.clone()));
            }
            (*this.parser).flags |= ffi::PARSER_FLAG_COMPLETE_FRAMES;
            let filled = libav::fill_parameters(par, track);
            let code = ffi::avcodec_parameters_to_context(this.codec, par);
            ffi::avcodec_parameters_free(&raw mut par);
            filled?;
            if code < 0 {
                return Err(MediaError::libav("read the codec configuration", code));
            }
            Ok(this)
        }
    }

    /// Order count and picture type of one whole picture; `data` has libav's padding after it.
    pub(super) fn look(&mut self, data: &[u8], padded: &mut Vec<u8>) -> (i64, ffi::AVPictureType) {
        padded.clear();
        padded.extend_from_slice(data);
        padded.resize(data.len() + ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize, 0);
        let Ok(size) = i32::try_from(data.len()) else { return (0, ffi::AVPictureType::AV_PICTURE_TYPE_NONE) };
        // SAFETY: the contexts are open; the buffer has `size` bytes and the padding; what the parser returns is not
        // used.
        unsafe {
            let (mut out, mut out_size) = (std::ptr::null_mut(), 0);
            ffi::av_parser_parse2(
                self.parser,
                self.codec,
                &raw mut out,
                &raw mut out_size,
                padded.as_ptr(),
                size,
                libav::NO_TIME,
                libav::NO_TIME,
                0,
            );
            let kind = match (*self.parser).pict_type {
                3 => ffi::AVPictureType::AV_PICTURE_TYPE_B,
                _ => ffi::AVPictureType::AV_PICTURE_TYPE_P,
            };
            (i64::from((*self.parser).output_picture_number), kind)
        }
    }
}

/// The size that the pictures of a packet have by the parser; none where it does not say.
pub(super) fn parsed_size(track: &Track, data: &[u8]) -> Option<(u32, u32)> {
    let mut parser = Parser::new(track).ok()?;
    parser.look(data, &mut Vec::new());
    // SAFETY: the contexts are open.
    let sizes = unsafe {
        let (parser, codec) = (&*parser.parser, &*parser.codec);
        [(parser.coded_width, parser.coded_height), (parser.width, parser.height), (codec.width, codec.height)]
    };
    let size = |(width, height): (i32, i32)| Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?));
    sizes.into_iter().filter_map(size).max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))
}

impl Drop for Parser {
    fn drop(&mut self) {
        // SAFETY: both are null or owned by this alone.
        unsafe {
            if !self.parser.is_null() {
                ffi::av_parser_close(self.parser);
            }
            ffi::avcodec_free_context(&raw mut self.codec);
        }
    }
}
