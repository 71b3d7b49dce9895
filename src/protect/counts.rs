//! Numbers of pictures that are hidden or repeated for other reasons than people.

use crate::base::Report;
use crate::privacy::{ProtectionFacts, Reason};

/// Numbers of pictures, for the warnings at the end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pictures: u64,
    damaged: u64,
    missing: u64,
    repeated: u64,
}

impl Counts {
    /// Counts a picture.
    pub fn picture(&mut self, facts: &ProtectionFacts) {
        self.pictures += 1;
        self.damaged += u64::from(facts.whole == Some(Reason::Damaged));
        self.missing += u64::from(facts.whole == Some(Reason::Missing));
        self.repeated += u64::from(facts.repeated);
    }

    /// Adds those of another stream.
    pub fn add(&mut self, c: Counts) {
        self.pictures += c.pictures;
        self.damaged += c.damaged;
        self.missing += c.missing;
        self.repeated += c.repeated;
    }

    /// Warns of the pictures that are hidden or repeated for other reasons than people.
    pub fn warn(&self, report: &Report) {
        let bad = self.damaged + self.missing;
        if bad > 0 {
            report.warn(format!(
                "{bad} of {} pictures came damaged from the camera and are hidden whole ({} of them could not be decoded at all)",
                self.pictures, self.missing
            ));
        }
        if self.repeated > 0 {
            report.warn(format!(
                "{} of {} pictures were not analysed in time: the public picture before them was repeated",
                self.repeated, self.pictures
            ));
        }
    }
}
