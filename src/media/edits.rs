//! Which parts of a track are shown, and when: what an edit list says (ISO/IEC 14496-12, 8.6.6).
//!
//! Hidden packets that pictures lean on stand among those that are shown, with times of their own, and the times of a
//! part may begin below those of the part before. So the media have times of their own, which never fall: each stretch
//! of them has its own distance from the times of the packets.
//!
//! A part is shown from where its first picture in the order of decoding is decoded, as libavformat reads edit lists,
//! and not from where its first picture is shown: the list that is written out of it says so, too.

use super::packet::Packet;

/// A part that is shown, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// When it begins to be shown.
    pub(super) from: i64,
    /// When it ends.
    pub(super) to: i64,
    /// The time of the media that is shown at its beginning.
    pub(super) media: i64,
}

/// One track, as its packets come.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// Hidden ones, which wait for a picture that leans on them.
    held: Vec<Packet>,
    entries: Vec<Entry>,
    /// Time of the media less the time of the packets, of the stretch that goes on.
    ahead: i64,
    /// The last packet: its time of decoding, and when it ends.
    last: Option<(i64, i64)>,
    was_hidden: bool,
    /// When the last picture that is shown has been decoded for its duration.
    shown_until: Option<i64>,
    first_shown: Option<i64>,
    last_hidden: Option<i64>,
    /// Something of the stretch is hidden.
    hides: bool,
    /// Where the media end.
    media_end: i64,
    /// There are several stretches.
    is_cut: bool,
}

/// A packet, in times of the media.
#[derive(Clone, Copy, Debug)]
struct Entry {
    pts: i64,
    dts: i64,
    duration: i64,
    ahead: i64,
    is_hidden: bool,
}

/// Pictures that are shown with nothing hidden among them.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// When the first picture is shown, and the last one, and when that ends.
    first: i64,
    last: i64,
    end: i64,
    /// The nearest times of what is not in it.
    before: i64,
    after: i64,
    /// The first time of decoding.
    dts: i64,
    ahead: i64,
}

impl Edits {
    /// Takes the next packet in decoding order, and gives those that go on, with times of the media. Hidden ones wait
    /// for the picture that leans on them.
    pub(super) fn push(&mut self, packet: &Packet) -> Vec<Packet> {
        if packet.hidden {
            self.held.push(packet.clone());
            return Vec::new();
        }
        let mut held = std::mem::take(&mut self.held);
        let decoded = packet.dts.or(packet.pts);
        let pause = self.shown_until.zip(decoded).map_or(0, |(end, dts)| dts.saturating_sub(end).max(0));
        if pause > 0 {
            // what is hidden between the part before and the beginning of this one would be seen in the pause
            let begins = |pair: &[Packet]| {
                let [before, this] = pair else { return false };
                let (last, dts) = (before.dts.or(before.pts), this.dts.or(this.pts));
                this.key && (dts <= last || dts > last.map(|last| last.saturating_add(before.duration.max(1))))
            };
            let begin = held.windows(2).rposition(begins).map_or(0, |n| n + 1);
            held.drain(..begin);
        }
        let given = held.into_iter().chain([packet.clone()]).map(|packet| self.place(packet, pause)).collect();
        self.shown_until = decoded.map(|dts| dts.saturating_add(packet.duration.max(1))).or(self.shown_until);
        given
    }

    /// Puts the packet on the line of the media; a stretch that begins with it is shown after a pause.
    fn place(&mut self, mut p: Packet, pause: i64) -> Packet {
        let before = self.last.map_or(0, |(_, end)| end);
        let dts = p.dts.or(p.pts).unwrap_or(before);
        let pts = p.pts.unwrap_or(dts);
        let falls = self.last.is_some_and(|(last, _)| dts <= last) && (self.hides || p.hidden);
        let leaps = p.key && p.hidden && !self.was_hidden && self.last.is_some_and(|(_, end)| dts > end);
        if falls || leaps {
            // no picture is shown before it is decoded, so all of the stretch comes after the others
            self.ahead = self.media_end.saturating_sub(dts).saturating_add(pause);
            self.is_cut = true;
            self.hides = false;
        }
        let duration = p.duration.max(1);
        self.hides |= p.hidden;
        self.was_hidden = p.hidden;
        self.last = Some((dts, dts.saturating_add(duration)));
        let ahead = self.ahead;
        let moved = |time: i64| time.saturating_add(ahead);
        if p.hidden {
            self.last_hidden = self.last_hidden.max(Some(moved(pts)));
        } else {
            self.first_shown = Some(self.first_shown.map_or(moved(pts), |first| first.min(moved(pts))));
        }
        self.entries.push(Entry { pts: moved(pts), dts: moved(dts), duration, ahead, is_hidden: p.hidden });
        self.media_end = self.media_end.max(moved(pts.max(dts)).saturating_add(duration));
        p.pts = p.pts.map(moved);
        p.dts = p.dts.map(moved);
        p
    }

    /// The edits; none where all of the media are shown as they are, from 0 on.
    pub(super) fn list(&self) -> Option<Vec<Edit>> {
        // nothing hidden stands after something that is shown; the muxer takes the first packet for the first picture
        let is_plain = self.last_hidden < self.first_shown && self.entries.first().map(|e| e.pts) <= self.first_shown;
        if is_plain && !self.is_cut {
            return None;
        }
        let windows = self.windows();
        let first = windows.first()?;
        let delay = first.first.saturating_sub(first.dts);
        let begins = |window: &Window| window.dts.saturating_sub(window.ahead).saturating_add(delay);
        let nexts = windows.iter().skip(1).map(Some).chain([None]);
        let mut edits: Vec<Edit> = Vec::new();
        for (window, next) in windows.iter().zip(nexts) {
            // players do not agree on lists with nothing between two parts: a pause is media without pictures
            let from = edits.last().map_or_else(|| begins(window), |before| before.to);
            // all that is hidden stays outside, and the part is shown until the next one is where it can be
            let least = window.last.saturating_sub(window.first).saturating_add(1);
            let most = window.after.saturating_sub(window.before.saturating_add(1)).max(least);
            let until = next.map_or(window.end.saturating_sub(window.first), |next| begins(next).saturating_sub(from));
            let length = until.clamp(least, most);
            let media = window.first.min(window.after.saturating_sub(length));
            edits.push(Edit { from, to: from.saturating_add(length), media });
        }
        Some(edits)
    }

    fn windows(&self) -> Vec<Window> {
        let mut entries = self.entries.clone();
        entries.sort_by_key(|entry| entry.pts);
        let mut windows: Vec<Window> = Vec::new();
        let mut before = None::<Entry>;
        for entry in entries {
            let Entry { pts, dts, duration, ahead, is_hidden } = entry;
            let goes_on = before.is_some_and(|before| !before.is_hidden && before.ahead == ahead) && !is_hidden;
            match windows.last_mut() {
                Some(window) if goes_on => {
                    (window.last, window.end) = (pts, pts.saturating_add(duration));
                    window.dts = window.dts.min(dts);
                }
                Some(window) if window.after == i64::MAX => window.after = pts,
                _ => {}
            }
            if !goes_on && !is_hidden {
                windows.push(Window {
                    first: pts,
                    last: pts,
                    end: pts.saturating_add(duration),
                    before: before.map_or(i64::MIN, |before| before.pts),
                    after: i64::MAX,
                    dts,
                    ahead,
                });
            }
            before = Some(entry);
        }
        windows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(time: i64, key: bool, hidden: bool) -> Packet {
        let times = Some(time);
        Packet { track: 0, pts: times, dts: times, duration: 1, key, corrupt: false, gap: false, hidden, data: vec![0] }
    }

    #[test]
    fn hidden_packets_stand_between_what_is_shown() {
        let mut edits = Edits::default();
        let given = [
            packet(-2, true, true),
            packet(-1, false, true),
            packet(0, false, false),
            packet(1, false, false),
            packet(4, true, true),
            packet(5, false, true),
            packet(6, false, false),
            packet(6, true, true),
            packet(7, false, false),
        ];
        let media: Vec<i64> = given.iter().flat_map(|p| edits.push(p)).map(|p| p.dts.unwrap()).collect();
        assert_eq!(media, [-2, -1, 0, 1, 6, 7, 8, 9, 10]);
        let edit = |from, to, media| Edit { from, to, media };
        assert_eq!(edits.list().unwrap(), [edit(0, 6, 0), edit(6, 7, 8), edit(7, 8, 10)]);
    }

    #[test]
    fn what_is_hidden_is_not_seen_in_a_pause() {
        let mut edits = Edits::default();
        let given = [
            packet(0, true, false),
            packet(1, false, true),
            packet(2, true, true),
            packet(9, true, true),
            packet(10, false, false),
            packet(10, false, true),
            packet(19, true, true),
            packet(20, false, false),
        ];
        let media: Vec<i64> = given.iter().flat_map(|p| edits.push(p)).map(|p| p.dts.unwrap()).collect();
        assert_eq!(media, [0, 10, 11, 21, 22]);
        let edit = |from, to, media| Edit { from, to, media };
        assert_eq!(edits.list().unwrap(), [edit(0, 10, 0), edit(10, 20, 11), edit(20, 21, 22)]);
    }

    #[test]
    fn parts_that_overlap_are_shown_one_after_the_other() {
        let mut edits = Edits::default();
        for p in [packet(0, true, false), packet(1, false, false), packet(0, true, true), packet(1, false, false)] {
            edits.push(&p);
        }
        let edit = |from, to, media| Edit { from, to, media };
        assert_eq!(edits.list().unwrap(), [edit(0, 2, 0), edit(2, 3, 3)]);
    }

    #[test]
    fn where_nothing_is_hidden_there_is_no_list() {
        let mut edits = Edits::default();
        for time in 0..9 {
            assert_eq!(edits.push(&packet(time, time % 3 == 0, false)).len(), 1);
        }
        assert_eq!(edits.list(), None);
    }
}
