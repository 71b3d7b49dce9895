//! Looks of the scene in other lights: a lamp that is switched on again need not be learned again.

use std::collections::VecDeque;

use super::evidence::TOLERANCE;
use super::model::Model;
use super::reduce::Small;
use super::settings::Sensitivity;

/// Models that are not in use now.
#[derive(Debug)]
pub(crate) struct KnownScenes {
    /// The one used last is first.
    known: VecDeque<Model>,
    most: usize,
    distance: Vec<u8>,
}

impl KnownScenes {
    /// Room for `states` looks, the one in use included.
    pub fn new(states: usize) -> Self {
        Self { known: VecDeque::new(), most: states.saturating_sub(1), distance: Vec::new() }
    }

    /// Remembers a model that has learned; the one that was not used for longest makes room.
    pub fn keep(&mut self, model: Model) {
        self.known.push_front(model);
        self.known.truncate(self.most);
    }

    /// The camera was moved: none of them fits any more.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// Takes out the model that explains a picture best, if one explains all but the share that may change.
    pub fn find(&mut self, now: &Small, by: &Sensitivity) -> Option<Model> {
        let mut best: Option<(usize, usize)> = None;
        for (i, model) in self.known.iter().enumerate() {
            model.distance(now, &mut self.distance);
            let off = self.distance.iter().filter(|&&d| d > TOLERANCE).count();
            let fits = off * 100 <= self.distance.len() * usize::from(by.large_change);
            if fits && best.is_none_or(|(least, _)| off < least) {
                best = Some((off, i));
            }
        }
        best.and_then(|(_, i)| self.known.remove(i))
    }
}
