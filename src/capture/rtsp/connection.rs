//! One connection to a camera: what comes, with the connection's own times.

use std::collections::VecDeque;

use retina::client::Demuxed;
use retina::codec::{CodecItem, VideoFrame};
use retina::rtcp::PacketRef;

use crate::format::Track;
use crate::media::Packet;

use super::relay::Relay;
use super::tracks;

/// What came.
pub enum Event {
    /// A packet. Its times are the connection's own, in ticks of its track.
    Packet(Packet),
    /// The camera's clock: NTP timestamp, and the connection's own time then, in ns.
    Clock(u64, i64),
    /// The camera describes its pictures anew from here on; these are the tracks now.
    Changed(Vec<Track>),
}

/// A connection that plays.
pub struct Connection {
    pub(super) demuxed: Demuxed,
    /// What it goes through.
    pub(super) relay: Relay,
    /// Track of each of the camera's streams.
    places: Vec<Option<u16>>,
    /// Empty until all are known.
    tracks: Vec<Track>,
    /// What came with the last event, and is next.
    kept: VecDeque<Event>,
    /// Encodings that are left out.
    pub left_out: Vec<String>,
}

impl Connection {
    /// `places` has the track of each of the camera's streams, where it becomes one.
    pub(super) fn new(demuxed: Demuxed, relay: Relay, places: Vec<Option<u16>>, left_out: Vec<String>) -> Self {
        let mut connection = Connection { demuxed, relay, places, tracks: Vec::new(), kept: VecDeque::new(), left_out };
        connection.tracks = connection.described().unwrap_or_default();
        connection
    }

    /// The tracks, that of the camera's clock last.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Whether the tracks are known: some cameras describe their pictures only with the first key frame.
    pub fn is_described(&self) -> bool {
        !self.tracks.is_empty()
    }

    /// Describes the tracks by this item, if it suffices. Items before it are of no use without the tracks.
    pub fn describe_by(&mut self, item: CodecItem) {
        self.tracks = self.described().unwrap_or_default();
        if self.is_described() {
            let event = self.event(item);
            self.kept.extend(event);
        }
    }

    /// What came with the last event, and is next.
    pub fn take_kept(&mut self) -> Option<Event> {
        self.kept.pop_front()
    }

    fn described(&self) -> Option<Vec<Track>> {
        let streams = self.demuxed.streams().iter().zip(&self.places).filter(|(_, place)| place.is_some());
        let mut all = streams.map(|(stream, _)| tracks::info(stream)).collect::<Option<Vec<_>>>()?;
        all.push(tracks::clock());
        Some(all)
    }

    /// The event that an item is, if any.
    pub fn event(&mut self, item: CodecItem) -> Option<Event> {
        match item {
            CodecItem::VideoFrame(f) => {
                let track = (*self.places.get(f.stream_id())?)?;
                let hevc = self.tracks.get(usize::from(track)).is_some_and(|t| t.codec == "hevc");
                if f.has_new_parameters()
                    && let Some(now) = self.described()
                    && now != self.tracks
                {
                    self.tracks = now.clone();
                    self.kept.push_back(Event::Packet(packet(track, f, hevc)));
                    return Some(Event::Changed(now));
                }
                Some(Event::Packet(packet(track, f, hevc)))
            }
            CodecItem::AudioFrame(f) => Some(Event::Packet(Packet {
                track: (*self.places.get(f.stream_id())?)?,
                pts: Some(f.timestamp().elapsed()),
                dts: Some(f.timestamp().elapsed()),
                duration: i64::from(f.frame_length().get()),
                key: true,
                corrupt: false,
                gap: f.loss() > 0,
                data: f.data().to_vec(),
            })),
            CodecItem::Rtcp(r) => {
                // the first video's clock: one is enough
                (*self.places.get(r.stream_id())? == Some(0)).then_some(())?;
                let time = r.rtp_timestamp()?;
                let report = r.pkts().next().map(PacketRef::as_sender_report)?.ok()??;
                let own_ns = i128::from(time.elapsed()) * 1_000_000_000 / i128::from(time.clock_rate().get());
                Some(Event::Clock(report.ntp_timestamp().0, i64::try_from(own_ns).ok()?))
            }
            _ => None,
        }
    }
}

fn packet(track: u16, f: VideoFrame, hevc: bool) -> Packet {
    let pts = Some(f.timestamp().elapsed());
    let (gap, random_access) = (f.loss() > 0, f.is_random_access_point());
    let data = f.into_data();
    // retina takes only some of H.265's key frames for such
    let key = if hevc { is_irap(&data) } else { random_access };
    Packet { track, pts, dts: pts, duration: 0, key, corrupt: false, gap, data }
}

/// Whether H.265 can be decoded from this picture on: all its slices are of an IRAP type, 16 to 23 (7.4.2.2, table
/// 7-1).
/// `data` is NAL units, each after its length of 4 bytes.
fn is_irap(data: &[u8]) -> bool {
    let (mut rest, mut irap) = (data, false);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((unit, next)) = after.split_at_checked(length) else { return false };
        match unit.first().map(|first| first >> 1 & 0x3f) {
            Some(16..=23) => irap = true,
            Some(0..=31) => return false,
            _ => {}
        }
        rest = next;
    }
    irap
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_h265_key_frame_is_one() {
        let picture = |kinds: &[u8]| kinds.iter().flat_map(|kind| [0, 0, 0, 3, kind << 1, 1, 0x80]).collect::<Vec<_>>();
        for key in [&[19][..], &[20], &[21], &[16], &[35, 39, 21, 21]] {
            assert!(is_irap(&picture(key)), "{key:?}");
        }
        for other in [&[1][..], &[0], &[8], &[39], &[], &[21, 1]] {
            assert!(!is_irap(&picture(other)), "{other:?}");
        }
        assert!(!is_irap(&[0, 0, 0, 9, 40, 1]));
    }
}
