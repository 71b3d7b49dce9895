//! One connection to a camera: what comes, with the connection's own times.

use std::collections::VecDeque;

use retina::Timestamp;
use retina::client::{Demuxed, Stream};
use retina::codec::{CodecItem, VideoFrame};
use retina::rtcp::PacketRef;

use crate::format::Track;
use crate::media::{Packet, is_irap, is_recovery_point};

use super::relay::Relay;
use super::sequence::Breaks;
use super::tracks;

/// Errors in a row after which a camera makes no sense.
const MAX_ERRORS: u32 = 1000;

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
    /// Where each of them counts anew.
    breaks: Vec<Breaks>,
    /// Whether pictures came, as long as the tracks are not known.
    pub pictures: bool,
    /// Whether something was left out of what the camera sends, because it makes no sense.
    damaged: bool,
    /// How often since the last item.
    errors: u32,
    /// Whether a stream began to count anew.
    anew: bool,
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
        let number = |stream: &Stream| stream.control()?.path_segments()?.next_back()?.parse().ok();
        let breaks = demuxed.streams().iter().map(|s| number(s).map(|n| relay.shared.breaks(n)).unwrap_or_default());
        let breaks = breaks.collect();
        let (tracks, kept) = (Vec::new(), VecDeque::new());
        let (pictures, damaged, anew, errors) = (false, false, false, 0);
        let mut connection =
            Connection { demuxed, relay, places, breaks, pictures, damaged, anew, errors, tracks, kept, left_out };
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
        self.pictures |= matches!(item, CodecItem::VideoFrame(_));
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

    /// Whether to go on after this error: what made it is a packet, and the next one may be better.
    pub fn survives(&mut self, e: &retina::Error) -> bool {
        self.errors += 1;
        self.damaged = true;
        // retina has no other way to say what an error is about
        self.errors < MAX_ERRORS && e.to_string().contains("\npkt: ")
    }

    /// Whether the stream began to count anew with what has this time.
    fn is_anew(&mut self, stream: usize, time: Timestamp) -> bool {
        // the lower half is the time as it came
        let anew = self.breaks.get(stream).is_some_and(|breaks| breaks.take(time.timestamp() as u32));
        self.anew |= anew;
        anew
    }

    /// Whether a stream began to count anew since this was asked.
    pub fn take_anew(&mut self) -> bool {
        std::mem::take(&mut self.anew)
    }

    /// The event that an item is, if any.
    pub fn event(&mut self, item: CodecItem) -> Option<Event> {
        match item {
            CodecItem::VideoFrame(f) => {
                let track = (*self.places.get(f.stream_id())?)?;
                self.errors = 0;
                let anew = self.is_anew(f.stream_id(), f.timestamp());
                let gap = std::mem::take(&mut self.damaged) | anew | (f.loss() > 0);
                let codec = self.tracks.get(usize::from(track)).map_or(String::new(), |t| t.codec.clone());
                if f.has_new_parameters()
                    && let Some(now) = self.described()
                    && now != self.tracks
                {
                    self.tracks = now.clone();
                    self.kept.push_back(Event::Packet(packet(track, f, gap, &codec)));
                    return Some(Event::Changed(now));
                }
                Some(Event::Packet(packet(track, f, gap, &codec)))
            }
            CodecItem::AudioFrame(f) => Some(Event::Packet(Packet {
                track: (*self.places.get(f.stream_id())?)?,
                pts: Some(f.timestamp().elapsed()),
                dts: Some(f.timestamp().elapsed()),
                duration: i64::from(f.frame_length().get()),
                key: true,
                corrupt: false,
                hidden: false,
                gap: f.loss() > 0 || self.is_anew(f.stream_id(), f.timestamp()),
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

fn packet(track: u16, f: VideoFrame, gap: bool, codec: &str) -> Packet {
    let pts = Some(f.timestamp().elapsed());
    let random_access = f.is_random_access_point();
    let data = f.into_data();
    // retina takes only some of the key frames for such
    let key = match codec {
        "hevc" => is_irap(&data),
        "h264" => random_access || is_recovery_point(&data),
        _ => random_access,
    };
    Packet { track, pts, dts: pts, duration: 0, key, corrupt: false, gap, hidden: false, data }
}
