//! One stream after the other.

use crate::format::{Frame, Record};

use super::{Ending, Survey};

/// Makes a [`Survey`] of each stream of an input.
#[derive(Debug, Default)]
pub struct Surveyor {
    open: Option<Survey>,
    begun: u64,
}

impl Surveyor {
    /// Takes the next record in. `payload` is the length of a frame's packet or ciphertext, `at` the record's byte offset.
    /// Gives the survey of the stream that ends with it.
    pub fn take(&mut self, record: &Record, payload: usize, at: u64) -> Option<Survey> {
        if *record == Record::Cut {
            return self.stop(at, "its end is missing: another stream begins");
        }
        let survey = self.open.get_or_insert_with(|| {
            self.begun += 1;
            Survey { number: self.begun, ..Survey::default() }
        });
        survey.add(record, payload, at);
        self.open.take_if(|s| s.ending.is_some())
    }

    /// Takes in what the frame that was taken last carries; only for that is a stream's manifest known.
    pub fn payload(&mut self, f: &Frame, packet: &[u8]) {
        if let Some(s) = &mut self.open {
            s.payload(f, packet);
        }
    }

    /// The input cannot be read on: gives the survey of the stream that was being read, as far as it came.
    pub fn stop(&mut self, byte: u64, fault: impl Into<String>) -> Option<Survey> {
        let mut survey = self.open.take()?;
        survey.end(Ending::Missing { byte, fault: fault.into() });
        Some(survey)
    }

    /// The stream that is being read, as far as it came, as if it stopped there.
    pub fn so_far(&self, byte: u64, fault: impl Into<String>) -> Option<Survey> {
        let mut survey = self.open.clone()?;
        survey.end(Ending::Missing { byte, fault: fault.into() });
        Some(survey)
    }

    /// The stream that is being read.
    pub fn current(&self) -> Option<&Survey> {
        self.open.as_ref()
    }

    /// How many streams have begun.
    pub fn begun(&self) -> u64 {
        self.begun
    }
}
