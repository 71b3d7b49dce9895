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
    /// It is done if it still has the hash that [`ManifestLine::left_hash`] says.
    IfChanged,
    /// It is not done.
    Yes,
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
        if self.is_long_ago(&line.at) || !self.has_output(line)? {
            return Ok(Due::Yes);
        }
        let (is_same, has_hash) = (line.is_of(now), line.left_hash().is_some());
        if is_same && !(self.check_input && has_hash) {
            return Ok(Due::No);
        }
        let may_be_same = has_hash && (is_same || line.left().0 == now.bytes);
        Ok(if may_be_same { Due::IfChanged } else { Due::Yes })
    }

    fn is_long_ago(&self, at: &str) -> bool {
        let Some(limit) = self.again_after.map(|a| i64::try_from(a.as_nanos()).unwrap_or(i64::MAX)) else {
            return false;
        };
        parse::rfc3339(at).is_ok_and(|at| wall_ns().saturating_sub(at) >= limit)
    }

    /// Whether what the line says was written is still there, and was written where it is wanted now.
    fn has_output(&self, line: &ManifestLine) -> io::Result<bool> {
        let in_place = line.output.as_ref().is_some_and(|o| o.modified.is_some());
        match (&line.output, self.destination) {
            (Some(output), Some(store)) if !in_place => {
                Ok(store.entry(&output.name)?.is_some_and(|there| there.bytes == output.bytes))
            }
            (_, None) => Ok(in_place == self.in_place),
            _ => Ok(false),
        }
    }
}
