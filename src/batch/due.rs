//! Whether an item needs to be done, by what the manifest says and by what is there.

use std::io;
use std::time::Duration;

use crate::base::{parse, wall_ns};

use super::manifest::{Line, Outcome};
use super::store::{Entry, Store};

/// What an item needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It is done.
    Nothing,
    /// It is done if it has the hash that [`Line::left_hash`] says.
    Hash,
    /// It is not done.
    Work,
}

/// How it is judged.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// Where outputs are; none in place, and where they are thrown away.
    pub destination: Option<&'a dyn Store>,
    /// Whether outputs take the inputs' place.
    pub in_place: bool,
    /// What was done longer ago is done again.
    pub again_after: Option<Duration>,
    /// Size and time of an input are not enough.
    pub check_input: bool,
}

impl Judge<'_> {
    /// What an item needs. `line` is the last about it and this command.
    ///
    /// # Errors
    ///
    /// The destination cannot be read.
    pub fn need(&self, line: Option<&Line>, now: &Entry) -> io::Result<Need> {
        let Some(line) = line else { return Ok(Need::Work) };
        match line.state {
            Outcome::Done => {}
            // killed between the two; the output may be in place
            Outcome::Replacing if self.in_place && line.output.as_ref().is_some_and(|o| o.bytes == now.bytes) => {
                return Ok(Need::Hash);
            }
            _ => return Ok(Need::Work),
        }
        if self.is_long_ago(&line.at) || !self.has_output(line)? {
            return Ok(Need::Work);
        }
        match line.is_of(now) {
            true if !self.check_input || line.left_hash().is_none() => Ok(Need::Nothing),
            false if line.left().0 != now.bytes || line.left_hash().is_none() => Ok(Need::Work),
            _ => Ok(Need::Hash),
        }
    }

    fn is_long_ago(&self, at: &str) -> bool {
        let Some(limit) = self.again_after.map(|a| i64::try_from(a.as_nanos()).unwrap_or(i64::MAX)) else {
            return false;
        };
        parse::rfc3339(at).is_ok_and(|at| wall_ns().saturating_sub(at) >= limit)
    }

    /// Whether what the line says was written is still there, and was written where it is wanted now.
    fn has_output(&self, line: &Line) -> io::Result<bool> {
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
