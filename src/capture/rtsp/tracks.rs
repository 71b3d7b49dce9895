//! What a camera offers, as tracks.

use h264_reader::avcc::AvcDecoderConfigurationRecord;
use retina::client::Stream;
use retina::codec::ParametersRef;

use crate::format::{Track, TrackKind, limits};
use crate::media::is_allowed;

/// Codec of the track with the camera's own clock: each packet is an NTP timestamp (RFC 3550, 4; 8 bytes), and its time
/// is the moment of the media that the camera says was then.
pub const CLOCK: &str = "vidveil.camera-clock";

/// The track of the camera's own clock, in ns.
pub fn clock() -> Track {
    Track::new(TrackKind::Data, CLOCK, (1, 1_000_000_000))
}

/// libavcodec's name for the encoding of one of the camera's streams; `None` when it cannot be recorded, or is none of
/// the codecs that are taken along from files.
pub fn codec(stream: &Stream) -> Option<(TrackKind, &'static str)> {
    named(stream.media(), stream.encoding_name()).filter(|(kind, name)| is_allowed(name, *kind))
}

fn named(media: &str, encoding: &str) -> Option<(TrackKind, &'static str)> {
    Some(match (media, encoding) {
        ("video", "h264") => (TrackKind::Video, "h264"),
        ("video", "h265") => (TrackKind::Video, "hevc"),
        ("video", "jpeg") => (TrackKind::Video, "mjpeg"),
        ("audio", "mpeg4-generic") => (TrackKind::Audio, "aac"),
        ("audio", "pcma") => (TrackKind::Audio, "pcm_alaw"),
        ("audio", "pcmu") => (TrackKind::Audio, "pcm_mulaw"),
        _ => return None,
    })
}

/// What is known of a stream; `None` until its parameter sets have arrived.
pub fn info(stream: &Stream) -> Option<Track> {
    let (kind, codec) = codec(stream)?;
    let track = Track::new(kind, codec, (1, stream.clock_rate_hz().max(1)));
    match (kind, stream.parameters()) {
        (TrackKind::Video, Some(ParametersRef::Video(p))) => {
            let (width, height) = p.pixel_dimensions();
            // retina gives seconds of a picture
            let frame_rate = p.frame_rate().filter(|(n, d)| *n > 0 && *d > 0).map_or((0, 1), |(n, d)| reduced(d, n));
            let sample_aspect = p.pixel_aspect_ratio().filter(|(_, v)| *v > 0).unwrap_or((0, 1));
            let config = p.extra_data().to_vec();
            (config.len() <= limits::BLOB).then_some(Track {
                width,
                height,
                frame_rate,
                sample_aspect,
                config,
                ..track
            })
        }
        (TrackKind::Audio, Some(ParametersRef::Audio(p))) => Some(Track {
            sample_rate: p.clock_rate(),
            channels: p.channels().get(),
            bits_per_sample: if codec == "aac" { 0 } else { 8 },
            config: p.extra_data().to_vec(),
            ..track
        }),
        _ => None,
    }
}

/// Maximum number of pictures that stand out of order, as H.264's parameter sets say (E.2.1, max_num_reorder_frames); 0
/// where nothing says so.
pub fn reorder_depth(track: &Track) -> usize {
    if track.codec != "h264" {
        return 0;
    }
    let context =
        AvcDecoderConfigurationRecord::try_from(track.config.as_slice()).ok().and_then(|c| c.create_context().ok());
    let depth =
        context.as_ref().into_iter().flat_map(|c| c.sps()).filter_map(|sps| {
            Some(sps.vui_parameters.as_ref()?.bitstream_restrictions.as_ref()?.max_num_reorder_frames)
        });
    depth.max().and_then(|depth| usize::try_from(depth).ok()).unwrap_or(0)
}

fn reduced(n: u32, d: u32) -> (u32, u32) {
    let (mut a, mut b) = (n, d);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    (n / a.max(1), d / a.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_camera_names_is_in_the_table_that_files_are_held_to() {
        let offered = [
            ("video", "h264"),
            ("video", "h265"),
            ("video", "jpeg"),
            ("audio", "mpeg4-generic"),
            ("audio", "pcma"),
            ("audio", "pcmu"),
        ];
        for (media, encoding) in offered {
            let (kind, name) = named(media, encoding).unwrap();
            assert!(is_allowed(name, kind), "{encoding}");
        }
        for (media, encoding) in [("video", "vp8"), ("video", "mp4v-es"), ("audio", "opus"), ("application", "h264")] {
            assert_eq!(named(media, encoding), None, "{encoding}");
        }
    }
}
