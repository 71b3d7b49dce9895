//! The tracks that are shown, over streams that describe them in different words: with other ticks, another
//! configuration, another size.

use crate::format::{Frame, StreamRecord, Track, TrackKind};
use crate::media::{InBand, Packet, goes_on};

use super::TrackChoice;

/// A video file has at least this many ticks a second, so that what comes in others loses nothing by them.
const FINE: u64 = 10_000;

/// The tracks that are shown, and which of a stream's tracks is which of them.
pub(super) struct Shown {
    choice: TrackChoice,
    tracks: Vec<Track>,
    /// What puts a later stream's configuration into the packets.
    in_band: Vec<Option<InBand>>,
    /// Ticks of each track of the stream, and its number among those that are shown.
    stream: Vec<((u32, u32), Option<u16>)>,
}

impl Shown {
    /// The chosen tracks of a stream.
    pub fn begin(s: &StreamRecord, choice: TrackChoice) -> Self {
        let mut tracks: Vec<Track> = Vec::new();
        let stream = s.tracks.iter().enumerate().map(|(n, t)| {
            let number = u16::try_from(tracks.len()).ok().filter(|_| choice.takes(n, t));
            if number.is_some() {
                let time_base = if t.kind == TrackKind::Video { fine(t.time_base) } else { t.time_base };
                tracks.push(Track { time_base, ..t.clone() });
            }
            (t.time_base, number)
        });
        let stream = stream.collect();
        let in_band = tracks.iter().map(InBand::new).collect();
        Shown { choice, tracks, in_band, stream }
    }

    /// Which tracks are chosen.
    pub fn choice(&self) -> &TrackChoice {
        &self.choice
    }

    /// The tracks, as a video file describes them.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Number of the first video track, 0 where there is none.
    pub fn lead(&self) -> u16 {
        let lead = self.tracks.iter().position(|t| t.kind == TrackKind::Video);
        lead.and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
    }

    /// The number in the stream of a track that is shown.
    pub fn in_stream(&self, number: u16) -> u16 {
        let at = self.stream.iter().position(|(_, n)| *n == Some(number));
        at.and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
    }

    /// Packets that come are another stream's. False, and nothing is changed, where one of its tracks goes on in none
    /// of those that are shown.
    pub fn next_stream(&mut self, s: &StreamRecord) -> bool {
        let mut next = 0;
        let mut stream = Vec::new();
        for (n, t) in s.tracks.iter().enumerate() {
            let number = if !self.choice.takes(n, t) {
                None
            } else {
                // in their order; one that is shown may have nothing in this stream
                let rest = self.tracks.get(next..).unwrap_or_default();
                let Some(skipped) = rest.iter().position(|shown| goes_on(shown, t)) else { return false };
                next += skipped + 1;
                u16::try_from(next - 1).ok()
            };
            stream.push((t.time_base, number));
        }
        for (t, (_, number)) in s.tracks.iter().zip(&stream) {
            let in_band = number.and_then(|n| self.in_band.get_mut(usize::from(n))?.as_mut());
            in_band.into_iter().for_each(|in_band| in_band.follow(&t.config));
        }
        self.stream = stream;
        true
    }

    /// The packet of a frame, in ticks of the track that is shown; `None` when it is of none.
    pub fn packet(&mut self, f: &Frame, data: &[u8]) -> Option<Packet> {
        let (from, number) = *self.stream.get(usize::from(f.track))?;
        let number = number?;
        let to = self.tracks.get(usize::from(number))?.time_base;
        let mut packet = Packet::from_frame(f, data);
        packet.track = number;
        if from != to {
            packet.pts = packet.pts.map(|t| converted(t, from, to));
            packet.dts = packet.dts.map(|t| converted(t, from, to));
            packet.duration = converted(packet.duration, from, to);
        }
        if let Some(Some(in_band)) = self.in_band.get_mut(usize::from(number)) {
            in_band.complete(&mut packet);
        }
        Some(packet)
    }
}

/// Ticks that are those of a track, or an even part of them.
fn fine((num, den): (u32, u32)) -> (u32, u32) {
    let mut den = den;
    while u64::from(den) < FINE * u64::from(num) && den <= u32::MAX / 4 {
        den *= 2;
    }
    (num, den)
}

/// A time in other ticks, to the nearest.
fn converted(time: i64, from: (u32, u32), to: (u32, u32)) -> i64 {
    let num = i128::from(time) * i128::from(from.0) * i128::from(to.1);
    let den = (i128::from(from.1) * i128::from(to.0)).max(1);
    let nearest = (num + den / 2).div_euclid(den);
    i64::try_from(nearest).unwrap_or(if time < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::FrameFlags;

    fn stream(tracks: Vec<Track>) -> StreamRecord {
        StreamRecord::original([1; 16], "", 0, tracks)
    }

    fn at(track: u16, pts: i64) -> Frame {
        let flags = FrameFlags::default();
        Frame { track, flags, counter: 0, pts: Some(pts), dts: None, duration: 1 }
    }

    #[test]
    fn other_ticks_and_sizes_are_the_same_track_and_another_codec_is_not() {
        let video = |codec, ticks, size| Track::video(codec, ticks, size, Vec::new());
        let sound = Track::new(TrackKind::Audio, "pcm_alaw", (1, 8000));
        let mut shown =
            Shown::begin(&stream(vec![video("h264", (1, 10), (64, 48)), sound.clone()]), TrackChoice::default());
        assert_eq!(shown.tracks()[0].time_base, (1, 10_240));
        assert_eq!(shown.packet(&at(0, 3), &[1]).unwrap().pts, Some(3072));
        assert!(!shown.next_stream(&stream(vec![video("hevc", (1, 10), (64, 48))])));
        assert_eq!(shown.packet(&at(0, 3), &[1]).unwrap().duration, 1024, "as before");
        let clock = Track::new(TrackKind::Data, "vidveil.camera-clock", (1, 1000));
        assert!(shown.next_stream(&stream(vec![clock, video("h264", (1, 90_000), (32, 16))])));
        assert_eq!(shown.packet(&at(0, 3), &[1]), None);
        assert_eq!(shown.packet(&at(1, -9000), &[1]).unwrap().pts, Some(-1024));
        assert!(shown.next_stream(&stream(vec![sound])));
        assert_eq!(shown.packet(&at(0, 8000), &[1]).unwrap().track, 1);
    }
}
