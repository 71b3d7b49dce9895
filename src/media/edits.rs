//! Which parts of a track are shown, and when: what an edit list says (ISO/IEC 14496-12, 8.6.6).
//!
//! Hidden packets that pictures lean on stand among those that are shown, with times of their own. So the times of the
//! media are not those at which they are shown: each part that is shown has its own distance between the two.

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

/// Parts of one track, in the order in which they are shown.
#[derive(Debug, Default)]
pub(super) struct Edits {
    parts: Vec<Part>,
    held: Vec<Packet>,
    /// Where the media end.
    media_end: i64,
    /// Something hidden stands after something that is shown.
    is_mixed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    from: i64,
    to: i64,
    /// Media time less the time at which it is shown.
    ahead: i64,
    /// The last of what is hidden among what is shown: pictures lean on it that come before it.
    hidden: Option<i64>,
}

impl Edits {
    /// Takes the next packet in decoding order, and gives those that go on, with times of the media. Hidden ones wait
    /// for the picture that leans on them.
    pub(super) fn push(&mut self, packet: &Packet) -> Vec<Packet> {
        if packet.hidden {
            self.held.push(packet.clone());
            return Vec::new();
        }
        let mut out = Vec::new();
        let run = std::mem::take(&mut self.held);
        let before = self.parts.last().map(|part| part.to);
        let shown = packet.pts.or(packet.dts).or(before).unwrap_or(0);
        // pictures that are shown before a hidden key frame go on from those before it (H.265's leading pictures)
        let leads = |first: &Packet| first.key && first.pts.or(first.dts).is_none_or(|time| time <= shown);
        let has_lead = run.first().is_some_and(leads);
        let overlaps = packet.key && self.parts.last().is_some_and(|part| part.hidden >= Some(shown));
        let goes_on = !self.parts.is_empty() && !has_lead && !overlaps;
        self.is_mixed |= !self.parts.is_empty() && (!run.is_empty() || overlaps);
        if let Some(part) = self.parts.last_mut().filter(|_| goes_on) {
            part.hidden = run.iter().map(|p| p.pts.or(p.dts)).chain([part.hidden]).max().flatten();
        }
        // the media of a part begin where the others end
        let lead = match self.parts.last() {
            Some(part) if goes_on => part.ahead,
            Some(part) => {
                // the part before is shown until this one is, where nothing hidden is in the way
                let until = if part.hidden.is_none() { shown.saturating_add(part.ahead) } else { i64::MIN };
                let lowest = run.iter().filter_map(|p| p.dts.into_iter().chain(p.pts).min()).min();
                self.media_end.max(until).saturating_sub(lowest.unwrap_or(shown))
            }
            None => 0,
        };
        out.extend(run.into_iter().map(|p| self.moved(p, lead)));
        let ahead = match before {
            // what is shown begins after what is hidden, with as much between as lies before it where it is shown
            Some(before) if !goes_on => {
                let delay = packet.dts.map_or(0, |dts| shown.saturating_sub(dts).max(0));
                let is_filled = self.parts.last().is_some_and(|part| part.hidden.is_none());
                let gap = if is_filled { 0 } else { shown.saturating_sub(before).max(0) }.saturating_add(delay);
                self.media_end.saturating_add(gap).saturating_sub(shown)
            }
            _ => lead,
        };
        let to = shown.saturating_add(packet.duration.max(1));
        match self.parts.last_mut() {
            Some(part) if goes_on => (part.from, part.to) = (part.from.min(shown), part.to.max(to)),
            _ => self.parts.push(Part { from: shown, to, ahead, hidden: None }),
        }
        let packet = self.moved(packet.clone(), ahead);
        out.push(packet);
        out
    }

    fn moved(&mut self, mut p: Packet, ahead: i64) -> Packet {
        p.pts = p.pts.map(|t| t.saturating_add(ahead));
        p.dts = p.dts.map(|t| t.saturating_add(ahead));
        let last = p.dts.max(p.pts).map(|t| t.saturating_add(p.duration.max(1)));
        self.media_end = self.media_end.max(last.unwrap_or(i64::MIN));
        p
    }

    /// The edits; none where all of the media are shown as they are, from 0 on.
    pub(super) fn list(&self) -> Option<Vec<Edit>> {
        if !self.is_mixed {
            return None;
        }
        let mut edits: Vec<Edit> = Vec::new();
        let nexts = self.parts.iter().skip(1).map(Some).chain([None]);
        for (part, next) in self.parts.iter().zip(nexts) {
            // players go from one part to the next without a pause: a pause is a piece of media with nothing in it,
            // best after the part before, and parts that overlap are shown one after the other
            let end = edits.last().map_or(part.from, |before| before.to);
            let media = part.from.min(end).saturating_add(part.ahead);
            let to = part.to.max(end.saturating_add(part.to.saturating_sub(part.from)));
            let pause = next.filter(|_| part.hidden.is_none()).map(|next| next.from);
            edits.push(Edit { from: end, to: pause.map_or(to, |pause| pause.max(to)), media });
        }
        Some(edits)
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
            packet(1, true, true),
            packet(7, false, false),
        ];
        let media: Vec<i64> = given.iter().flat_map(|p| edits.push(p)).map(|p| p.dts.unwrap()).collect();
        assert_eq!(media, [-2, -1, 0, 1, 6, 7, 8, 9, 10]);
        let edit = |from, to, media| Edit { from, to, media };
        assert_eq!(edits.list().unwrap(), [edit(0, 6, 0), edit(6, 7, 8), edit(7, 8, 10)]);
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
