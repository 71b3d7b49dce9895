//! Which pictures may show something wrong: damage goes on from picture to picture until one stands alone again.

use std::collections::VecDeque;

/// The number of damaged places that are remembered; a decoder holds far fewer packets.
const MAX_MARKS: usize = 1024;

/// Places in decoding order: packet n is at 2n, a loss before it at 2n - 1.
pub(super) type Place = i64;

/// The place of packet `n`.
pub(super) fn packet(n: i64) -> Place {
    n.saturating_mul(2)
}

/// The place of a loss just before packet `n`.
pub(super) fn before(n: i64) -> Place {
    packet(n).saturating_sub(1)
}

/// How a picture relates to those before it in decoding order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// Needs no other picture, and decoding can begin with it.
    Alone,
    /// The first of a row of pictures that refresh the image bit by bit.
    Refreshing,
    /// Needs others.
    Leaning,
}

/// Follows damage through the pictures as they come out.
#[derive(Debug)]
pub(super) struct Health {
    /// Places of damage, lowest first.
    marks: VecDeque<Place>,
    /// A refresh has begun since the last damage.
    refreshing: bool,
}

impl Health {
    /// Nothing was decoded yet, so whatever leans on earlier pictures is damaged.
    pub(super) fn new() -> Self {
        Self { marks: VecDeque::from([i64::MIN]), refreshing: false }
    }

    /// Notes damage.
    pub(super) fn damage(&mut self, at: Place) {
        self.refreshing = false;
        if self.marks.len() >= MAX_MARKS {
            self.marks.pop_back();
        }
        let index = self.marks.partition_point(|mark| *mark < at);
        self.marks.insert(index, at);
    }

    /// Takes the next picture in order of presentation, which came from the packet `at`. True when it may show
    /// anything. All damage up to `at` has been noted before.
    pub(super) fn picture(&mut self, at: Place, stands: Stands) -> bool {
        let healed = match stands {
            Stands::Alone => true,
            // The image is whole when the next refresh begins.
            Stands::Refreshing => std::mem::replace(&mut self.refreshing, true),
            Stands::Leaning => false,
        };
        if healed {
            self.marks.retain(|mark| *mark >= at);
        }
        self.marks.front().is_some_and(|mark| *mark <= at)
    }
}

/// Holds pictures back until all that were decoded before them have come out, and with them what the decoder says of
/// these: a B picture is shown before the broken one that it leans on.
#[derive(Debug)]
pub(super) struct Gate<T> {
    health: Health,
    /// Packets whose picture has not come out: place, time of presentation.
    inside: VecDeque<(Place, Option<i64>)>,
    held: VecDeque<(Place, Stands, T)>,
    /// No more pictures are held; beyond, those that they wait for are taken for lost.
    most: usize,
}

/// Maximum number of packets whose pictures are awaited; of more, the oldest gives none.
const MAX_INSIDE: usize = 32;

impl<T> Gate<T> {
    pub(super) fn new() -> Self {
        Self { health: Health::new(), inside: VecDeque::new(), held: VecDeque::new(), most: MAX_INSIDE }
    }

    /// Holds at most `most` pictures back.
    pub(super) fn hold_at_most(&mut self, most: usize) {
        self.most = most.clamp(1, MAX_INSIDE);
    }

    pub(super) fn damage(&mut self, at: Place) {
        self.health.damage(at);
    }

    /// A packet goes into the decoder.
    pub(super) fn enter(&mut self, at: Place, pts: Option<i64>) {
        self.inside.push_back((at, pts));
        if self.inside.len() > MAX_INSIDE {
            self.inside.pop_front();
        }
    }

    /// A picture comes out; `broken` when the decoder says so.
    pub(super) fn leave(&mut self, at: Place, pts: i64, stands: Stands, broken: bool, picture: T) {
        if broken {
            self.health.damage(at);
        }
        // Pictures come out by rising time: one that is due earlier will not come.
        self.inside.retain(|(place, due)| *place != at && due.is_none_or(|due| due >= pts));
        self.held.push_back((at, stands, picture));
    }

    /// The next picture whose fate is known, and whether it may show anything.
    pub(super) fn next(&mut self) -> Option<(T, bool)> {
        let (at, ..) = self.held.front()?;
        if self.inside.iter().any(|(place, _)| place < at) {
            if self.held.len() <= self.most {
                return None;
            }
            // whatever is wrong with what has not come is not known: it counts as damage
            let before: Vec<Place> = self.inside.iter().map(|(place, _)| *place).filter(|place| place < at).collect();
            self.inside.retain(|(place, _)| !before.contains(place));
            before.into_iter().for_each(|place| self.health.damage(place));
        }
        let (at, stands, picture) = self.held.pop_front()?;
        let damaged = self.health.picture(at, stands);
        Some((picture, damaged))
    }

    /// No picture comes out any more.
    pub(super) fn finish(&mut self) {
        self.inside.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_lasts_until_a_picture_stands_alone() {
        let mut health = Health::new();
        assert!(health.picture(packet(0), Stands::Leaning), "nothing to lean on");
        assert!(!health.picture(packet(1), Stands::Alone));
        assert!(!health.picture(packet(2), Stands::Leaning));
        health.damage(packet(4));
        assert!(!health.picture(packet(3), Stands::Leaning), "decoded before the damage");
        assert!(health.picture(packet(4), Stands::Leaning));
        assert!(health.picture(packet(5), Stands::Leaning));
        // Shown before the keyframe that it follows in decoding order: leans on the damage, too.
        assert!(health.picture(packet(7), Stands::Leaning));
        assert!(!health.picture(packet(6), Stands::Alone));
        assert!(!health.picture(packet(8), Stands::Leaning));
    }

    #[test]
    fn a_keyframe_heals_only_what_was_before_it() {
        let mut health = Health::new();
        health.damage(packet(2));
        assert!(!health.picture(packet(1), Stands::Alone));
        assert!(health.picture(packet(2), Stands::Alone), "itself damaged");
        health.damage(before(3));
        assert!(!health.picture(packet(3), Stands::Alone), "the loss was before it");
        health.damage(packet(4));
        assert!(health.picture(packet(4), Stands::Alone));
        assert!(health.picture(packet(5), Stands::Leaning));
    }

    #[test]
    fn a_refresh_heals_when_it_is_complete() {
        let mut health = Health::new();
        assert!(health.picture(packet(0), Stands::Refreshing));
        assert!(health.picture(packet(1), Stands::Leaning));
        assert!(!health.picture(packet(2), Stands::Refreshing));
        assert!(!health.picture(packet(3), Stands::Leaning));
    }

    #[test]
    fn a_picture_waits_for_the_one_it_leans_on() {
        let mut gate = Gate::new();
        for (n, pts) in [(0, 0), (1, 40), (2, 20)] {
            gate.enter(packet(n), Some(pts));
        }
        gate.leave(packet(0), 0, Stands::Alone, false, "I");
        assert_eq!(gate.next(), Some(("I", false)));
        gate.leave(packet(2), 20, Stands::Leaning, false, "B");
        assert_eq!(gate.next(), None);
        gate.leave(packet(1), 40, Stands::Leaning, true, "P");
        assert_eq!(gate.next(), Some(("B", true)));
        assert_eq!(gate.next(), Some(("P", true)));
    }

    #[test]
    fn a_packet_without_a_picture_holds_nothing_up() {
        let mut gate = Gate::new();
        for (n, pts) in [(0, 0), (1, 10), (2, 20)] {
            gate.enter(packet(n), Some(pts));
        }
        gate.leave(packet(0), 0, Stands::Alone, false, 0);
        gate.leave(packet(2), 20, Stands::Alone, false, 2);
        assert_eq!([gate.next(), gate.next()], [Some((0, false)), Some((2, false))]);
    }
}
