//! Whether an item is due, by what the manifest says and by what is there.

use std::io;
use std::time::Duration;

use crate::base::{parse, wall_ns};

use super::manifest::{ManifestLine, Outcome};
use super::store::{Entry, Store};

/// Whether an item is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It is done.
    No,
    /// It is done if what is there still has the hashes of its line.
    IfChanged,
    /// It is not done.
    Yes,
}

/// Whether something is what a line says, as far as its size and times show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is.
    Same,
    /// If it has the hash.
    ByHash,
    /// It is not.
    Other,
}

/// By which rules an item is due.
#[derive(Debug, Clone, Copy)]
pub struct DueRules<'a> {
    /// Where outputs are; none in place, and where they are thrown away.
    pub destination: Option<&'a dyn Store>,
    /// Whether outputs take the inputs' place.
    pub in_place: bool,
    /// What was done longer ago is done again.
    pub again_after: Option<Duration>,
    /// Size and time of an input are not enough.
    pub check_input: bool,
}

impl DueRules<'_> {
    /// Whether the item `now` is due. `line` is the last about it and this command.
    ///
    /// # Errors
    ///
    /// The destination cannot be read.
    pub fn due(&self, line: Option<&ManifestLine>, now: &Entry) -> io::Result<Due> {
        let Some(line) = line else { return Ok(Due::Yes) };
        match line.state {
            Outcome::Done => {}
            // killed between the two; the output may be in place
            Outcome::Replacing if self.in_place && line.output.as_ref().is_some_and(|o| o.bytes == now.bytes) => {
                return Ok(Due::IfChanged);
            }
            _ => return Ok(Due::Yes),
        }
        if self.is_long_ago(&line.at) {
            return Ok(Due::Yes);
        }
        Ok(match (self.input(line, now), self.output(line)?) {
            (Known::Same, Known::Same) => Due::No,
            (Known::Other, _) | (_, Known::Other) => Due::Yes,
            _ => Due::IfChanged,
        })
    }

    /// Whether the item is what the line left.
    pub fn input(&self, line: &ManifestLine, now: &Entry) -> Known {
        let (is_same, has_hash) = (line.is_of(now), line.left_hash().is_some());
        if is_same && !(self.check_input && has_hash) {
            Known::Same
        } else if has_hash && line.left().0 == now.bytes {
            Known::ByHash
        } else {
            Known::Other
        }
    }

    fn is_long_ago(&self, at: &str) -> bool {
        let Some(limit) = self.again_after.map(|a| i64::try_from(a.as_nanos()).unwrap_or(i64::MAX)) else {
            return false;
        };
        parse::rfc3339(at).is_ok_and(|at| wall_ns().saturating_sub(at) >= limit)
    }

    /// Whether what the line says was written is still there, and was written where it is wanted now.
    ///
    /// # Errors
    ///
    /// The destination cannot be read.
    pub fn output(&self, line: &ManifestLine) -> io::Result<Known> {
        let in_place = line.output.as_ref().is_some_and(|o| o.modified.is_some());
        let (output, store) = match (&line.output, self.destination) {
            (Some(output), Some(store)) if !in_place => (output, store),
            (_, None) if in_place == self.in_place => return Ok(Known::Same),
            _ => return Ok(Known::Other),
        };
        // what cannot be an output any more, as a link, is none
        let there = store.entry(&output.name).ok().flatten().filter(|there| there.bytes == output.bytes);
        Ok(match there {
            None => Known::Other,
            Some(there) if there.changed == output.changed => Known::Same,
            Some(_) if output.sha256.is_some() => Known::ByHash,
            Some(_) => Known::Other,
        })
    }
}
