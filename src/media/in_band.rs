//! Codec configurations inside of packets. A container that describes its pictures anew in the middle (another
//! sequence header in FLV, another sample description in mp4), or a camera that does, goes on in the same track: what
//! is new goes in front of the key frames, where every decoder looks for it.

use crate::format::{Track, TrackKind};

use super::packet::Packet;
use super::references::units::{Packaging, avc_configuration, hevc_configuration};

/// Types of NAL units that are the first in their access unit: access unit delimiters (H.264 table 7-1, H.265 table
/// 7-1).
const AVC_DELIMITER: u8 = 9;
const HEVC_DELIMITER: u8 = 35;

/// What configurations of a codec are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Avc,
    Hevc,
    /// Bytes that stand in front of a packet as they are, after this many that only a container needs.
    Plain(usize),
    /// A packet needs none.
    Nothing,
}

/// Puts a changed configuration of a video track into its packets.
#[derive(Clone, Debug)]
pub struct InBand {
    form: Form,
    /// How the track's packets hold their NAL units, and how those do that come.
    packaging: Packaging,
    comes: Packaging,
    /// The configuration of the packets that come.
    config: Vec<u8>,
    /// What goes in front of key frames: nothing until the first change, then always something, so that decoding can
    /// begin at each of them.
    head: Option<Vec<Vec<u8>>>,
    /// It changed: the next packet gets it, key frame or not.
    due: bool,
}

impl InBand {
    /// For a track that begins with the configuration it has. `None` where its codec has no place for another one:
    /// audio.
    pub fn new(track: &Track) -> Option<Self> {
        let form = match (track.kind, track.codec.as_str()) {
            (TrackKind::Video, "h264") => Form::Avc,
            (TrackKind::Video, "hevc") => Form::Hevc,
            (TrackKind::Video, "mpeg4" | "mpeg2video") => Form::Plain(0),
            // av1C: four bytes, then OBUs (AV1 in ISOBMFF, 2.3.3)
            (TrackKind::Video, "av1") => Form::Plain(4),
            (TrackKind::Video, _) => Form::Nothing,
            _ => return None,
        };
        let (packaging, _) = units(form, &track.config);
        let config = track.config.clone();
        Some(Self { form, packaging, comes: packaging, config, head: None, due: false })
    }

    /// Packets that come are by this configuration.
    pub fn follow(&mut self, config: &[u8]) {
        if self.config == config {
            return;
        }
        let (comes, head) = units(self.form, config);
        if matches!(self.form, Form::Avc | Form::Hevc) && (comes, head.len()) == (Packaging::StartCodes, 0) {
            // it is none
            return;
        }
        self.config = config.to_vec();
        self.comes = comes;
        self.head = Some(head.into_iter().map(<[u8]>::to_vec).collect());
        self.due = true;
    }

    /// Gives a packet what a decoder of the track needs for it.
    pub fn complete(&mut self, packet: &mut Packet) {
        let Some(head) = &self.head else { return };
        let wants_head = std::mem::take(&mut self.due) || packet.key;
        let is_delimiter = |unit: &[u8]| match (self.form, unit.first()) {
            (Form::Avc, Some(first)) => first & 0x1f == AVC_DELIMITER,
            (Form::Hevc, Some(first)) => first >> 1 & 0x3f == HEVC_DELIMITER,
            _ => false,
        };
        match self.form {
            Form::Nothing => {}
            Form::Plain(_) => {
                let head = head.concat();
                if wants_head && !packet.data.starts_with(&head) {
                    packet.data.splice(..0, head);
                }
            }
            Form::Avc | Form::Hevc if wants_head || self.comes != self.packaging => {
                let own = self.comes.units(&packet.data);
                let first = own.iter().take_while(|unit| is_delimiter(unit)).count();
                let (delimiters, rest) = own.split_at(first);
                let new = head.iter().map(Vec::as_slice).filter(|unit| wants_head && !own.contains(unit));
                let all = delimiters.iter().copied().chain(new).chain(rest.iter().copied());
                if let Some(data) = self.packaging.packet(all) {
                    packet.data = data;
                }
            }
            Form::Avc | Form::Hevc => {}
        }
    }
}

/// How packets hold NAL units, and what of a configuration goes into them.
fn units(form: Form, config: &[u8]) -> (Packaging, Vec<&[u8]>) {
    match form {
        Form::Avc => avc_configuration(config),
        Form::Hevc => hevc_configuration(config),
        Form::Plain(after) => (Packaging::StartCodes, config.get(after..).into_iter().collect()),
        Form::Nothing => (Packaging::StartCodes, Vec::new()),
    }
}

/// Whether packets that are described as `now` can go into a track that was begun as `track`, whatever the size of
/// their pictures; their configuration goes in band.
pub fn goes_on(track: &Track, now: &Track) -> bool {
    let same = (track.kind, &track.codec) == (now.kind, &now.codec);
    same && match track.kind {
        TrackKind::Video => {
            (track.rotation, track.mirrored) == (now.rotation, now.mirrored) && aspect(track) == aspect(now)
        }
        TrackKind::Audio => {
            let of = |t: &Track| (t.sample_rate, t.channels, t.bits_per_sample);
            of(track) == of(now) && track.config == now.config
        }
        TrackKind::Data => true,
    }
}

/// The shape of its pixels, those of which nothing is known being square.
fn aspect(track: &Track) -> Option<(u32, u32)> {
    Some(track.sample_aspect).filter(|(wide, high)| *wide > 0 && wide != high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: [u8; 14] = [1, 100, 0, 31, 0xff, 0xe1, 0, 2, 0x67, 9, 1, 0, 1, 0x68];
    const NEW: [u8; 14] = [1, 100, 0, 31, 0xfd, 0xe1, 0, 2, 0x67, 8, 1, 0, 1, 0x68];

    fn packet(key: bool, data: &[u8]) -> Packet {
        let data = data.to_vec();
        Packet { track: 0, pts: None, dts: None, duration: 0, key, corrupt: false, gap: false, hidden: false, data }
    }

    fn completed(in_band: &mut InBand, key: bool, data: &[u8]) -> Vec<u8> {
        let mut packet = packet(key, data);
        in_band.complete(&mut packet);
        packet.data
    }

    #[test]
    fn sets_come_after_the_delimiter_in_the_packaging_of_the_track() {
        let mut in_band = InBand::new(&Track::video("h264", (1, 25), (4, 4), OLD.to_vec())).unwrap();
        let key = [0, 0, 0, 1, 0x65];
        assert_eq!(completed(&mut in_band, true, &key), key, "nothing changed yet");
        in_band.follow(&OLD);
        assert_eq!(completed(&mut in_band, true, &key), key, "nor by the same");
        in_band.follow(&NEW);
        // its lengths have two bytes
        let made = completed(&mut in_band, true, &[0, 1, 9, 0, 1, 0x65]);
        assert_eq!(made, [0, 0, 0, 1, 9, 0, 0, 0, 2, 0x67, 8, 0, 0, 0, 1, 0x68, 0, 0, 0, 1, 0x65]);
        assert_eq!(completed(&mut in_band, false, &[0, 1, 0x41]), [0, 0, 0, 1, 0x41]);
        in_band.follow(&OLD);
        let back = completed(&mut in_band, false, &[0, 0, 0, 1, 0x41]);
        assert_eq!(back, [0, 0, 0, 2, 0x67, 9, 0, 0, 0, 1, 0x68, 0, 0, 0, 1, 0x41], "at once, key frame or not");
        let full = [0, 0, 0, 2, 0x67, 9, 0, 0, 0, 1, 0x68, 0, 0, 0, 1, 0x65];
        assert_eq!(completed(&mut in_band, true, &full), full, "what is there already stays as it is");
    }

    #[test]
    fn other_codecs_take_theirs_as_they_are() {
        let mut mpeg4 = InBand::new(&Track::video("mpeg4", (1, 25), (4, 4), vec![0, 0, 1, 0xb0])).unwrap();
        mpeg4.follow(&[0, 0, 1, 0xb1]);
        assert_eq!(completed(&mut mpeg4, true, &[0, 0, 1, 0xb6]), [0, 0, 1, 0xb1, 0, 0, 1, 0xb6]);
        let mut av1 = InBand::new(&Track::video("av1", (1, 25), (4, 4), vec![0x81, 0, 0, 0, 10])).unwrap();
        av1.follow(&[0x81, 1, 0, 0, 11]);
        assert_eq!(completed(&mut av1, true, &[50]), [11, 50]);
        assert_eq!(completed(&mut av1, true, &[11, 50]), [11, 50]);
        let mut jpeg = InBand::new(&Track::video("mjpeg", (1, 25), (4, 4), Vec::new())).unwrap();
        jpeg.follow(&[1]);
        assert_eq!(completed(&mut jpeg, true, &[0xff, 0xd8]), [0xff, 0xd8]);
    }
}
