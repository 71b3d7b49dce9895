//! What a container says of a track in the middle, with one of its packets.

use ffmpeg_next::ffi;
use ffmpeg_next::packet::Ref;

use crate::format::{Track, TrackKind, limits};

/// Samples a second by their index (ISO/IEC 14496-3, table 1.18).
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// Flags of a change of parameters (libavcodec's AVSideDataParamChangeFlags).
const CHANNELS: u32 = 1;
const LAYOUT: u32 = 2;
const RATE: u32 = 4;

/// Describes `track` as it is from this packet of it on.
pub(super) fn follow(track: &mut Track, packet: &ffmpeg_next::Packet) {
    use ffi::AVPacketSideDataType::{AV_PKT_DATA_NEW_EXTRADATA, AV_PKT_DATA_PARAM_CHANGE};
    if let Some(config) = side_data(packet, AV_PKT_DATA_NEW_EXTRADATA)
        && config.len() <= limits::BLOB
        && config != track.config
    {
        track.config = config.to_vec();
        if track.codec == "aac" {
            (track.sample_rate, track.channels) = aac(config, (track.sample_rate, track.channels));
        }
    }
    if let Some(change) = side_data(packet, AV_PKT_DATA_PARAM_CHANGE).filter(|_| track.kind == TrackKind::Audio) {
        changed(track, change);
    }
}

fn side_data(packet: &ffmpeg_next::Packet, kind: ffi::AVPacketSideDataType) -> Option<&[u8]> {
    let mut size = 0;
    // SAFETY: an owned packet, and the bytes belong to it.
    unsafe {
        let data = ffi::av_packet_get_side_data(packet.as_ptr(), kind, &raw mut size);
        (!data.is_null()).then(|| std::slice::from_raw_parts(data, size))
    }
}

/// Samples a second and channels out of an AudioSpecificConfig (14496-3, 1.6.2.1), where it says them.
fn aac(config: &[u8], (rate, channels): (u32, u16)) -> (u32, u16) {
    let bits = config.iter().chain(&[0; 16]).take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let mut at = 0;
    let mut take = |count: u32| {
        at += count;
        u32::try_from(bits >> (128 - at) & ((1 << count) - 1)).unwrap_or(0)
    };
    if take(5) == 31 {
        take(6);
    }
    let rate = match take(4) {
        15 => take(24),
        index => RATES.get(index as usize).copied().unwrap_or(rate),
    };
    let channels = match take(4) {
        // the bits say it elsewhere
        0 => channels,
        7 => 8,
        count => u16::try_from(count).unwrap_or(channels),
    };
    (rate, channels)
}

fn changed(track: &mut Track, change: &[u8]) {
    let mut numbers = change.chunks_exact(4).map(|n| u32::from_le_bytes([n[0], n[1], n[2], n[3]]));
    let flags = numbers.next().unwrap_or(0);
    if flags & CHANNELS != 0 {
        track.channels = numbers.next().and_then(|n| u16::try_from(n).ok()).unwrap_or(track.channels);
    }
    if flags & LAYOUT != 0 {
        let _ = (numbers.next(), numbers.next());
    }
    if flags & RATE != 0 {
        track.sample_rate = numbers.next().unwrap_or(track.sample_rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aac_says_rate_and_channels() {
        assert_eq!(aac(&[0x12, 0x10], (1, 1)), (44_100, 2));
        assert_eq!(aac(&[0x15, 0x88], (1, 1)), (8_000, 1));
        // escaped: an object type over 31, and a rate of its own
        assert_eq!(aac(&[0xf8, 0x1e, 0x00, 0xbb, 0x80, 0x20], (1, 1)), (24_000, 1));
        assert_eq!(aac(&[], (8_000, 1)), (96_000, 1));
    }

    #[test]
    fn a_change_of_parameters_is_read_in_its_order() {
        let mut track = Track::new(TrackKind::Audio, "pcm_s16le", (1, 1000));
        let numbers: [u32; 5] = [CHANNELS | LAYOUT | RATE, 2, 3, 0, 16_000];
        changed(&mut track, &numbers.map(u32::to_le_bytes).concat());
        assert_eq!((track.channels, track.sample_rate), (2, 16_000));
        changed(&mut track, &[4, 0, 0]);
        assert_eq!(track.sample_rate, 16_000);
    }
}
