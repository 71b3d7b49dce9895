//! What is between two segments, in words.

use std::time::Duration;

use crate::base::clock::step_text;
use crate::base::text::{human_duration, rfc3339};

use super::recording::{Seam, Seams};

/// What is missing before a segment: `gap: TIME to TIME (12 s): epoch 5 is missing`; `None` where it follows the one
/// before.
pub fn seam_text(s: &Seams) -> Option<String> {
    let times = match (s.from_ns, s.to_ns) {
        (Some(from), Some(to)) if to > from => {
            let length = human_duration(Duration::from_nanos(to.abs_diff(from)));
            format!("{} to {} ({length})", rfc3339(from), rfc3339(to))
        }
        (Some(from), Some(to)) => format!("{}, where the next one begins at {}", rfc3339(from), rfc3339(to)),
        _ => "at an unknown time".into(),
    };
    let why = match s.seam {
        Seam::Follows => return None,
        Seam::Missing { first, last } if first == last => format!("epoch {first} is missing"),
        Seam::Missing { first, last } => format!("epochs {first} to {last} are missing"),
        Seam::Broken => "the next segment does not name the close record before it".into(),
        Seam::Continued => "recording stopped and went on".into(),
        Seam::ContinuedLater => {
            "recording stopped and went on, and the end of what came before is not what the next stream names".into()
        }
        Seam::New => "another stream, which does not say that it continues the one before".into(),
    };
    let overlap = s.overlap_ns.map(|ns| {
        let length = human_duration(Duration::from_nanos(ns.unsigned_abs()));
        format!(
            "; the two overlap for {length}: the recorder's clock was set back by that or more between them, or two \
             recorders wrote at once"
        )
    });
    Some(format!("gap: {times}: {why}{}", overlap.unwrap_or_default()))
}

/// That the recorder's clock was set before a segment; `None` where it was not.
pub fn clock_text(s: &Seams) -> Option<String> {
    let step = s.clock_step?;
    let now = s.to_ns.map(|ns| format!(", to {}", rfc3339(ns))).unwrap_or_default();
    Some(format!("{}{now}", step_text(step.ns, step.at_least)))
}
