//! What the child says on its stderr, as the parent says it: the child has no terminal.

use std::io::{BufRead, BufReader, Read};

use crate::base::Report;

/// No line is longer, and there are no more of them.
const LONGEST: u64 = 4096;
const MOST: usize = 200;

/// The child's last words.
#[derive(Debug, Default)]
pub(super) struct LastWords {
    /// Why it has failed.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Passes on what the child says until it is gone. Lines begin with the command's name and what they are.
pub(super) fn relay_words(from_child: impl Read, report: &Report) -> LastWords {
    let mut reader = BufReader::new(from_child);
    let mut last = LastWords::default();
    for n in 0.. {
        let mut line = Vec::new();
        match reader.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) if n >= MOST => continue,
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\n');
        let text = line.split_once(": ").map_or(line, |(_, text)| text);
        if let Some(error) = text.strip_prefix("error: ") {
            last.error = Some(error.to_owned());
        } else if let Some(hint) = text.strip_prefix("hint: ") {
            match last.error {
                Some(_) => last.hint = Some(hint.to_owned()),
                None => report.hint(hint),
            }
        } else if let Some(warning) = text.strip_prefix("warning: ") {
            report.warn(warning);
        } else {
            report.note(text);
        }
    }
    last
}
