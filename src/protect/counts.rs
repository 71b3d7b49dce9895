//! Numbers of pictures that are hidden or repeated for other reasons than people.

use crate::base::Report;
use crate::media::MediaError;
use crate::privacy::{ProtectionFacts, Reason};

/// Numbers of pictures, for the warnings at the end.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pictures: u64,
    damaged: u64,
    missing: u64,
    repeated: u64,
    /// What the decoder said of the first packet that it refused.
    fault: Option<String>,
}

impl Counts {
    /// Counts a picture.
    pub fn picture(&mut self, facts: &ProtectionFacts) {
        self.pictures += 1;
        self.damaged += u64::from(facts.whole == Some(Reason::Damaged));
        self.missing += u64::from(facts.whole == Some(Reason::Missing));
        self.repeated += u64::from(facts.repeated);
    }

    /// The decoder refused a packet.
    pub fn refused(&mut self, e: &MediaError) {
        self.fault.get_or_insert_with(|| e.to_string());
    }

    /// Adds those of another stream.
    pub fn add(&mut self, c: Counts) {
        self.pictures += c.pictures;
        self.damaged += c.damaged;
        self.missing += c.missing;
        self.repeated += c.repeated;
        self.fault = self.fault.take().or(c.fault);
    }

    /// Warns of the pictures that are hidden or repeated for other reasons than people.
    pub fn warn(&self, report: &Report) {
        let bad = self.damaged + self.missing;
        if bad > 0 {
            let fault = self.fault.as_ref().map(|fault| format!("; the first fault: {fault}")).unwrap_or_default();
            let missing = match self.missing {
                0 => String::new(),
                n => format!(" ({n} of them could not be decoded at all)"),
            };
            report.warn(format!(
                "{bad} of {} pictures are damaged, or lean on some that are, and are hidden whole{missing}{fault}",
                self.pictures
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
