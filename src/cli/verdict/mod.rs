//! The verdict on a file: is it whole, and does anything vouch for it?
//!
//! | file | idea |
//! |---|---|
//! | [`check`] | a file read to its end and judged |
//! | [`records`] | the same records from the reader or from the opener |
//! | [`tally`] | how much was good |

mod check;
mod records;
mod tally;

use serde::Serialize;

use crate::format::FormatError;
use crate::seal::SealError;

use super::passed::Passed;
use super::survey::{self, Survey, count};
use super::{Failure, NOTHING_ARRIVED, Status, classify, text};
use tally::Tally;

pub use check::check;

/// What is insisted on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demands {
    /// An excerpt will not do.
    pub complete: bool,
}

/// The verdict on a file.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The file's name.
    pub name: String,
    /// The exit status for it alone.
    pub status: Status,
    /// What to do about it.
    pub hint: Option<String>,
    /// What is worth saying although it passed.
    pub warnings: Vec<&'static str>,
    kind: &'static str,
    finding: String,
    tally: Tally,
    byte: Option<u64>,
    epoch: Option<u64>,
    /// What opened was granted; no session opened for a recipient.
    by_grant: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    file: &'a str,
    verdict: &'a str,
    status: u8,
    message: &'a str,
    streams: u64,
    frames: u64,
    epochs: u64,
    sessions: u64,
    duration: f64,
    recipients_changed: bool,
    signed: bool,
    end: Option<&'a str>,
    byte: Option<u64>,
    epoch: Option<u64>,
}

impl Verdict {
    fn new(name: String) -> Self {
        Verdict {
            name,
            status: Status::Done,
            hint: None,
            warnings: Vec::new(),
            kind: "authenticated",
            finding: String::new(),
            tally: Tally::default(),
            byte: None,
            epoch: None,
            by_grant: false,
        }
    }

    /// The verdict on a file that cannot be opened.
    pub fn unreadable(name: String, why: String) -> Self {
        Verdict::new(name).of(Status::Failed, "failed", format!("cannot be read: {why}"))
    }

    fn of(mut self, status: Status, kind: &'static str, finding: String) -> Self {
        (self.status, self.kind, self.finding) = (status, kind, finding);
        self
    }

    /// The input was read to its end, and nothing was wrong.
    fn whole(mut self, keyed: bool, demands: Demands) -> Self {
        let excerpt = self.tally.excerpt;
        if excerpt && demands.complete {
            return self.of(Status::Damaged, "excerpt", "an excerpt, where all of the stream is required".into());
        }
        if keyed && !self.tally.unproven && self.tally.unknown {
            self.hint = Some(
                "every frame is as it was sealed, but who can open it was changed; rewrap --sign says by whom".into(),
            );
            return self.of(Status::Refused, "recipients-changed", "authenticated, but not who can open it".into());
        }
        if keyed && !self.tally.unproven && self.tally.epochs > 0 {
            if excerpt {
                self.warnings.push("it is an excerpt of a longer stream");
                return self.of(Status::Done, "excerpt", "authenticated, an excerpt".into());
            }
            return self.of(Status::Done, "authenticated", "whole and authenticated".into());
        }
        self.hint = match self.tally.sealed {
            _ if keyed || self.tally.epochs == 0 => None,
            true => Some("give -i KEY to open it and check every frame".into()),
            false => Some("nothing in a plain stream proves who wrote it; check the sealed original".into()),
        };
        self.of(Status::Refused, "not-authenticated", "well-formed, not authenticated".into())
    }

    /// The input was read to its end, nothing was wrong, and the keys are not for all of it.
    fn in_part(mut self, passed: &Passed, demands: Demands) -> Self {
        let finding = format!("authenticated in part, not for the given key: {}", passed.text());
        // whoever was granted a part asks for that part; whoever was not must hear that nobody vouches for the rest
        if self.by_grant {
            if demands.complete {
                return self.of(Status::Damaged, "excerpt", format!("{finding}, where all of the stream is required"));
            }
            self.warnings.push("only the granted epochs were checked");
            return self.of(Status::Done, "excerpt", finding);
        }
        self.hint = passed.hint();
        self.of(Status::Refused, "not-authenticated", finding)
    }

    /// Reading stopped with an error.
    fn failed(mut self, e: &SealError, at: u64, survey: Option<&Survey>) -> Self {
        if let SealError::Format(FormatError::Io(e)) = e {
            return self.of(Status::Failed, "failed", format!("cannot be read: {}", text::io_reason(e)));
        }
        if let SealError::Device(e) = e {
            self.hint = classify::of_device(e).1;
            let e = e.to_string();
            return self.of(Status::Card, "failed", format!("cannot be opened: {e}"));
        }
        if let SealError::NotRecipient { recipients, session, given } = e {
            self.hint = Some(classify::who_could_instead(recipients, given));
            self.tally = Tally::default();
            return self.of(Status::Refused, "refused", format!("none of the given keys opens key session {session}"));
        }
        if let SealError::Format(FormatError::Empty) = e {
            return self.of(Status::Damaged, "cut", NOTHING_ARRIVED.into());
        }
        let kind = if matches!(e, SealError::Format(FormatError::Truncated { .. })) { "cut" } else { "damaged" };
        let (epoch, place) = place(e, survey);
        (self.byte, self.epoch) = (Some(at), epoch);
        self.of(Status::Damaged, kind, format!("{e}{place}"))
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let (name, finding) = (text::printable(&self.name), text::printable(&self.finding));
        match self.tally.streams {
            0 => format!("{name}: {finding}\n"),
            _ if self.status == Status::Damaged && self.kind != "excerpt" => {
                format!("{name}: {finding}; before that {}\n", self.tally.text())
            }
            _ => format!("{name}: {finding}: {}\n", self.tally.text()),
        }
    }

    /// One line of JSON.
    pub fn json(&self) -> String {
        let t = &self.tally;
        survey::line(&Json {
            file: &self.name,
            verdict: self.kind,
            status: self.status.code(),
            message: &self.finding,
            streams: t.streams,
            frames: t.frames,
            epochs: t.epochs,
            sessions: t.sessions,
            duration: t.duration_ns as f64 / 1e9,
            recipients_changed: t.changed,
            signed: t.signed,
            end: t.end,
            byte: self.byte,
            epoch: self.epoch,
        })
    }

    /// As an error of the command.
    pub fn failure(&self) -> Failure {
        let failure = Failure::new(self.status, format!("{}: {}", self.name, self.finding));
        match &self.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// The epoch that an error is in, and the text for it where the error's own does not name it.
fn place(e: &SealError, survey: Option<&Survey>) -> (Option<u64>, String) {
    match e {
        SealError::EpochCommitment { epoch, .. }
        | SealError::Frame { epoch, .. }
        | SealError::Padding { epoch, .. }
        | SealError::Close { epoch, .. } => return (Some(*epoch), String::new()),
        _ => {}
    }
    let Some((s, (_, epoch))) = survey.and_then(|s| Some((s, s.epoch_range?))) else { return (None, String::new()) };
    let text = match s.last {
        Some(_) => format!(" (behind epoch {epoch})"),
        None => format!(" (in epoch {epoch}, behind {} of it)", count(s.epoch_frames, "frame")),
    };
    (Some(epoch), text)
}
