//! Which streams of a container become tracks.

use ffmpeg_next::ffi;

use crate::format::{Track, TrackKind};

use super::allowed::is_allowed;
use super::demux_options::DemuxOptions;
use super::error::MediaError;
use super::libav;
use super::open_input::{best_video, is_cover};

/// No more tracks are read.
const MAX_TRACKS: usize = 16;

/// A stream that becomes a track.
pub(super) struct Chosen {
    /// Its place in the container.
    pub stream: usize,
    /// What is known of it.
    pub track: Track,
    /// How many pictures a decoder may hold back.
    pub depth: usize,
}

/// The streams that become tracks: the video first, then other videos, then sound, each kind in the container's order;
/// and what is left out, in words.
///
/// # Safety
/// `streams` are the streams of the open `context`.
pub(super) unsafe fn choose(
    context: *mut ffi::AVFormatContext,
    streams: &[*mut ffi::AVStream],
    options: &DemuxOptions,
) -> Result<(Vec<Chosen>, Vec<String>), MediaError> {
    let mut left_out = Vec::new();
    let mut all: Vec<Chosen> = Vec::new();
    // SAFETY: the caller's promise.
    let best = unsafe { best_video(context, streams)? };
    for kind in [TrackKind::Video, TrackKind::Audio] {
        for (stream, raw) in streams.iter().enumerate() {
            // SAFETY: the caller's promise.
            let (track, depth) = unsafe {
                let rate = ffi::av_guess_frame_rate(context, *raw, std::ptr::null_mut());
                if is_cover(*raw) {
                    continue;
                }
                (libav::read_stream(*raw, believable(rate, (**raw).avg_frame_rate)), (*(**raw).codecpar).video_delay)
            };
            if track.kind != kind || kind == TrackKind::Audio && !options.audio {
                continue;
            }
            // what is wrong with the first one is an error of its own
            if stream == best || is_usable(&track, options) && all.len() < MAX_TRACKS {
                let chosen = Chosen { stream, track, depth: usize::try_from(depth).unwrap_or(0) };
                all.insert(if stream == best { 0 } else { all.len() }, chosen);
            } else {
                left_out.push(words(stream, &track));
            }
        }
    }
    if options.tracks.is_empty() {
        return Ok((all, left_out));
    }
    if let Some(number) = options.tracks.iter().find(|n| usize::from(**n) >= all.len()) {
        return Err(MediaError::TrackNotThere { number: *number, count: all.len() });
    }
    let named = |n: usize| options.tracks.iter().any(|track| usize::from(*track) == n);
    let chosen: Vec<_> = all.into_iter().enumerate().filter(|(n, _)| named(*n)).map(|(_, chosen)| chosen).collect();
    match chosen.first() {
        Some(first) if first.track.kind == TrackKind::Video => Ok((chosen, Vec::new())),
        _ => Err(MediaError::NoVideoTrack),
    }
}

/// Whether a track besides the first one can be taken along.
fn is_usable(track: &Track, options: &DemuxOptions) -> bool {
    let has_size = track.kind != TrackKind::Video
        || track.width > 0 && track.height > 0 && options.limits.check_size((track.width, track.height)).is_ok();
    has_size && is_allowed(&track.codec, track.kind)
}

/// A stream, for people: its number is the container's.
fn words(stream: usize, track: &Track) -> String {
    let kind = if track.kind == TrackKind::Video { "video" } else { "audio" };
    let codec = if track.codec == "none" { "of an unknown codec" } else { &track.codec };
    format!("{kind} {codec}, stream {stream} of the file,")
}

/// The rate that libavformat guesses; where it knows few times of many pictures, their average is nearer.
fn believable(guess: ffi::AVRational, average: ffi::AVRational) -> ffi::AVRational {
    let per_second = |rate: ffi::AVRational| f64::from(rate.num) / f64::from(rate.den.max(1));
    if per_second(average) >= 2.0 * per_second(guess) { average } else { guess }
}
