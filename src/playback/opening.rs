//! Where a file begins: at time 0 with its first picture, or with the sound that begins before that, whatever the media
//! times were. Sound that is hidden, as what a codec needs before its first sample, lies before 0.

use crate::format::Track;
use crate::media::Packet;

/// As many pictures may wait for the first one in order of presentation: a reorder delay and one more (H.264 A.3.1).
const MAX_PICTURES: usize = 17;

/// No more packets of all tracks wait.
const MAX_HELD: usize = 512;

/// Holds the first packets until it is known where the file begins, and moves all times there.
pub(super) struct Opening {
    lead: u16,
    tracks: Vec<Track>,
    held: Vec<Packet>,
    pictures: usize,
    /// The lowest time of presentation among the pictures so far.
    first: Option<i64>,
    /// Ticks and their time base that become 0.
    base: Option<(i64, (u32, u32))>,
}

impl Opening {
    /// For a file of these tracks; `lead` is the number of the first video track.
    pub fn new(lead: u16, tracks: &[Track]) -> Self {
        Opening { lead, tracks: tracks.to_vec(), held: Vec::new(), pictures: 0, first: None, base: None }
    }

    /// The media time in ns that becomes 0, once it is known.
    pub fn begins_ns(&self) -> Option<i64> {
        let (ticks, (num, den)) = self.base?;
        Track { time_base: (num, den), ..self.tracks.first()?.clone() }.to_ns(ticks)
    }

    /// Takes the next packet, and gives those whose times are known.
    pub fn push(&mut self, packet: Packet) -> Vec<Packet> {
        let due = packet.dts;
        let (is_picture, hidden) = (packet.track == self.lead, packet.hidden);
        if is_picture && !packet.hidden && self.base.is_none() {
            self.pictures += 1;
            self.first = self.first.into_iter().chain(packet.pts.or(packet.dts)).min();
        }
        self.held.push(packet);
        // what is decoded now or later is not shown earlier
        let none_earlier = is_picture && !hidden && self.first.zip(due).is_some_and(|(first, due)| due >= first);
        let enough = none_earlier || self.pictures > MAX_PICTURES || self.held.len() > MAX_HELD;
        if self.base.is_some() || enough { self.release() } else { Vec::new() }
    }

    /// No packet follows.
    pub fn finish(&mut self) -> Vec<Packet> {
        self.release()
    }

    fn release(&mut self) -> Vec<Packet> {
        let base = *self.base.get_or_insert_with(|| beginning(&self.held, &self.tracks, self.lead, self.first));
        let mut held = std::mem::take(&mut self.held);
        for packet in &mut held {
            if let Some(track) = self.tracks.get(usize::from(packet.track)) {
                shift(packet, base, track.time_base);
            }
        }
        held
    }
}

/// Ticks and their time base of what the file begins with.
fn beginning(held: &[Packet], tracks: &[Track], lead: u16, first: Option<i64>) -> (i64, (u32, u32)) {
    let track = |n: u16| tracks.get(usize::from(n));
    let of = |n: u16, ticks: i64| track(n).and_then(|t| Some((t.to_ns(ticks)?, ticks, t.time_base)));
    let picture = first.and_then(|ticks| of(lead, ticks));
    let sound = held.iter().filter(|p| p.track != lead && !p.hidden).filter_map(|p| of(p.track, p.pts.or(p.dts)?));
    let (_, ticks, base) = match (picture, sound.min_by_key(|(ns, ..)| *ns)) {
        (Some(picture), Some(sound)) if sound.0 < picture.0 => sound,
        (Some(earliest), _) | (None, Some(earliest)) => earliest,
        (None, None) => (0, 0, (1, 1)),
    };
    (ticks, base)
}

fn shift(packet: &mut Packet, (base, from): (i64, (u32, u32)), to: (u32, u32)) {
    // base ticks of one track in ticks of another, to the nearest
    let num = i128::from(base) * i128::from(from.0) * i128::from(to.1);
    let den = i128::from(from.1) * i128::from(to.0);
    let by = i64::try_from((num + den / 2).div_euclid(den.max(1))).unwrap_or(0);
    packet.pts = packet.pts.map(|t| t.saturating_sub(by));
    packet.dts = packet.dts.map(|t| t.saturating_sub(by));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::TrackKind;

    fn packet(track: u16, pts: i64, dts: Option<i64>) -> Packet {
        let data = vec![0];
        Packet { track, pts: Some(pts), dts, duration: 1, key: false, corrupt: false, gap: false, hidden: false, data }
    }

    fn tracks() -> [Track; 2] {
        let sound = Track::new(TrackKind::Audio, "aac", (1, 1000));
        [Track::video("h264", (1, 25), (16, 16), Vec::new()), sound]
    }

    fn times(packets: &[Packet]) -> Vec<(u16, i64)> {
        let mut opening = Opening::new(0, &tracks());
        let mut out: Vec<Packet> = packets.iter().flat_map(|p| opening.push(p.clone())).collect();
        out.extend(opening.finish());
        out.iter().map(|p| (p.track, p.pts.unwrap())).collect()
    }

    #[test]
    fn the_picture_that_is_shown_first_is_at_0() {
        let given = [(102, Some(98)), (101, Some(99)), (100, Some(100)), (103, Some(101))];
        let given = given.map(|(pts, dts)| packet(0, pts, dts));
        assert_eq!(times(&given), [(0, 2), (0, 1), (0, 0), (0, 3)]);
        let given = [102, 100, 101].map(|pts| packet(0, pts, None));
        assert_eq!(times(&given), [(0, 2), (0, 0), (0, 1)]);
    }

    #[test]
    fn nobody_waits_where_nothing_is_reordered() {
        let mut opening = Opening::new(0, &tracks());
        assert_eq!(opening.push(packet(0, 7, Some(7))).len(), 1);
        assert_eq!(opening.begins_ns(), Some(280_000_000));
    }

    #[test]
    fn sound_that_begins_earlier_begins_the_file() {
        assert_eq!(times(&[packet(1, 3880, None), packet(0, 100, Some(100))]), [(1, 0), (0, 3)]);
        let hidden = Packet { hidden: true, ..packet(1, 3979, None) };
        assert_eq!(times(&[hidden, packet(1, 4000, None), packet(0, 100, Some(100))]), [(1, -21), (1, 0), (0, 0)]);
        assert_eq!(times(&[packet(1, 3000, None), packet(1, 3021, None)]), [(1, 0), (1, 21)]);
    }
}
