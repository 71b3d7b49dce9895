//! Fields that came in a packet of their own after the one that their picture began with: `capture` joins the two, but
//! an original may be older, or from elsewhere.

use std::collections::BTreeMap;

use crate::format::Track;
use crate::media::{FieldWatch, Half, Packet};

/// The number of fields that are remembered until their picture comes.
const MOST: usize = 512;

/// The second fields of pictures that are awaited.
pub(super) struct SecondFields {
    watch: Option<FieldWatch>,
    /// Time of the packet before.
    last: Option<i64>,
    /// By the time of the first field: time and duration of the second one.
    seconds: BTreeMap<i64, (i64, i64)>,
}

impl SecondFields {
    pub fn new(track: &Track) -> Self {
        SecondFields { watch: FieldWatch::new(track), last: None, seconds: BTreeMap::new() }
    }

    /// Takes a packet, which is shown at `pts`. True for a second field: no picture comes out of it by itself.
    pub fn take(&mut self, packet: &Packet, pts: i64) -> bool {
        let half = self.watch.as_mut().map(|watch| watch.take(packet));
        let first = self.last.replace(pts);
        let (Some(Half::Second), Some(first)) = (half, first.filter(|first| *first < pts)) else { return false };
        self.seconds.insert(first, (pts, packet.duration));
        if self.seconds.len() > MOST {
            self.seconds.pop_first();
        }
        true
    }

    /// Time and duration of the second field of the picture that is shown at `pts`, once.
    pub fn second_of(&mut self, pts: i64) -> Option<(i64, i64)> {
        self.seconds.remove(&pts)
    }
}
