//! The verdict on a file: is it whole, and does anything vouch for it?
//!
//! | file | idea |
//! |---|---|
//! | [`check`] | a file read to its end and judged |
//! | [`findings`] | what is wrong, place by place, and what is whole besides |
//! | [`chain`] | streams of one file or of several that go on from each other |
//! | [`clock`] | whether the recorder's clock was set |
//! | [`original`] | was a public stream made from this original? |
//! | [`counts`] | how much was good |
//! | [`place`] | where an error is, and what it costs |
//! | [`json`] | the verdict for machines |
//! | [`follow`] | a file that is still being written |

mod chain;
mod check;
mod clock;
mod counts;
mod findings;
mod follow;
mod json;
mod original;
mod place;

use std::cell::Cell;
use std::rc::Rc;

use crate::format::FormatError;
use crate::keys::Signers;
use crate::seal::{SealError, Testimony};

use crate::base::text;
use crate::base::text::{quoted, rfc3339};
use crate::cli::{Failure, Status, classify};
use crate::inspect::Survey;
use crate::playback::skipped::Passed;
use crate::storage::NOTHING_ARRIVED;
use clock::Clocks;
use counts::Tally;
use findings::Findings;

pub use chain::Chain;
pub use check::check;
pub use follow::Follow;
pub use original::check_original;

/// What is insisted on.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// An excerpt will not do.
    pub complete: bool,
    /// A stream that nothing vouches for will do.
    pub unsigned_ok: bool,
    /// Every stream must be signed by one of these.
    pub signers: Option<Signers>,
    /// The keys are shared with a whole pipeline: a public stream is judged as it is without a key.
    pub keys_shared: bool,
    /// The input is still being written: that its end is missing is nothing wrong, and the first thing that is ends it. Set when an end
    /// was read.
    pub live: Option<Rc<Cell<bool>>>,
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
    pub warnings: Vec<String>,
    kind: &'static str,
    finding: String,
    tally: Tally,
    byte: Option<u64>,
    epoch: Option<u64>,
    /// What opened was granted; no session opened for a recipient.
    by_grant: bool,
    findings: Findings,
    clocks: Clocks,
    testimony: Testimony,
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
            findings: Findings::default(),
            clocks: Clocks::default(),
            testimony: Testimony::default(),
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

    /// The input was read to its end, and something was wrong.
    fn wrong(mut self) -> Self {
        let Some(f) = self.findings.first().cloned() else { return self };
        (self.byte, self.epoch) = (Some(f.byte), f.epoch);
        self.of(Status::Damaged, f.kind, f.what)
    }

    /// The input was read to its end, and nothing was wrong.
    fn whole(mut self, keyed: bool, demands: &Demands) -> Self {
        if self.tally.excerpt && demands.complete {
            return self.of(Status::Damaged, "excerpt", "an excerpt, where all of the stream is required".into());
        }
        if let Err(refused) = self.asked_for(demands) {
            return *refused;
        }
        let vouched = keyed || demands.signers.is_some();
        if vouched && !self.tally.unproven && self.tally.unknown {
            self.hint = Some(
                "every frame is as it was sealed, but who can open it was changed; rewrap --sign says by whom".into(),
            );
            return self.of(Status::Refused, "recipients-changed", "authenticated, but not who can open it".into());
        }
        if vouched && !self.tally.unproven && self.tally.epochs > 0 {
            return match self.tally.excerpt {
                true => self.of(Status::Done, "excerpt", "authenticated, an excerpt".into()),
                false => self.of(Status::Done, "authenticated", "whole and authenticated".into()),
            };
        }
        let (signed, found) = (self.is_signed(), self.tally.epochs > 0);
        self.hint = match self.tally.sealed {
            _ if keyed || !found => None,
            _ if signed => Some("every signature is right; give --signer or --ca to say whose you accept".into()),
            true => Some("give -i KEY to open it and check every frame".into()),
            false => Some("nothing in a plain stream proves who wrote it; check the sealed original".into()),
        };
        let finding = match signed && found {
            true => "whole, and signed by somebody whom nothing vouches for",
            false => "well-formed, not authenticated",
        };
        match demands.unsigned_ok {
            true => self.of(Status::Done, "not-authenticated", finding.into()),
            false => self.of(Status::Refused, "not-authenticated", finding.into()),
        }
    }

    /// Whether the signers are those that were asked for, if any were.
    fn asked_for(&mut self, demands: &Demands) -> Result<(), Box<Verdict>> {
        let Some(signers) = &demands.signers else { return Ok(()) };
        let refused = |v: &Verdict, kind, what| Err(Box::new(v.clone().of(Status::Refused, kind, what)));
        if !self.is_signed() {
            self.hint = Some("leave out --signer and --ca, if you expect a stream that nobody signed".into());
            return refused(self, "unsigned", "well-formed, not authenticated: a signature is asked for".into());
        }
        if let Some(r) = &self.testimony.refused {
            let when = format!("epoch {} ({})", r.epoch.epoch, rfc3339(r.epoch.wall_ns));
            let what = format!("signed, but the signer {} {}: {when}", quoted(&r.signer), r.fault);
            return refused(self, "signer", what);
        }
        let mut changes = self.tally.changes.iter();
        if let Some((c, _)) = changes.find(|(c, at_ns)| signers.accept(c, *at_ns).is_err()) {
            let what = format!("authenticated, but not who can open it: {} is no accepted signer", quoted(c.subject()));
            return refused(self, "recipients-changed", what);
        }
        Ok(())
    }

    /// Every stream is signed; sidecars have nothing to sign.
    fn is_signed(&self) -> bool {
        self.testimony.signed_streams > 0 && self.testimony.unsigned_streams == 0 && !self.tally.unproven
    }

    /// The input was read to its end, nothing was wrong, and the keys are not for all of it.
    fn in_part(mut self, passed: &Passed, demands: &Demands) -> Self {
        if let Err(refused) = self.asked_for(demands) {
            return *refused;
        }
        let finding = format!("authenticated in part, not for the given key: {}", passed.text());
        // whoever was granted a part asks for that part; whoever was not must hear that nobody vouches for the rest
        if self.by_grant {
            if demands.complete {
                return self.of(Status::Damaged, "excerpt", format!("{finding}, where all of the stream is required"));
            }
            self.warnings.push("only the granted epochs were checked".into());
            return self.of(Status::Done, "excerpt", finding);
        }
        self.hint = match demands.signers {
            // who can open what was passed over is not seen here
            Some(_) => Some("its signatures are right; leave out -i to have all of it checked by them".into()),
            None => passed.hint(),
        };
        self.of(Status::Refused, "not-authenticated", finding)
    }

    /// The verdict where the first error is one behind which there is nothing to find.
    fn ended_by(mut self, e: &SealError, keyed: bool, demands: &Demands, survey: Option<&Survey>) -> Option<Self> {
        if let SealError::Format(FormatError::Io(e)) = e {
            return Some(self.of(Status::Failed, "failed", format!("cannot be read: {}", text::io_reason(e))));
        }
        if let SealError::NotRecipient { recipients, session, given } = e {
            self.hint = Some(classify::who_could_instead(recipients, given));
            self.tally = Tally::default();
            let what = format!("none of the given keys opens key session {session}");
            return Some(self.of(Status::Refused, "refused", what));
        }
        if let SealError::Format(FormatError::Empty) = e {
            return Some(self.of(Status::Damaged, "cut", NOTHING_ARRIVED.into()));
        }
        if let Some((status, hint)) = place::device(e) {
            self.hint = hint;
            return Some(self.of(status, "failed", e.to_string()));
        }
        if demands.live.is_some() && matches!(e, SealError::Format(FormatError::Truncated { .. })) {
            survey.iter().for_each(|s| self.tally.add(s));
            self.tally.excerpt = false;
            let mut v = self.whole(keyed, demands);
            if v.status == Status::Done {
                v.warnings.push("its end has not come yet".into());
                v = v.of(Status::Done, "open", "authenticated so far".into());
            }
            return Some(v);
        }
        None
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let (name, finding) = (text::printable(&self.name), text::printable(&self.finding));
        match self.tally.streams {
            0 => format!("{name}: {finding}\n"),
            _ if self.status == Status::Damaged && self.kind != "excerpt" => {
                format!(
                    "{name}: {finding}; before that {}\n{}",
                    self.tally.text(&self.testimony),
                    self.findings.lines()
                )
            }
            _ => format!("{name}: {finding}: {}\n", self.tally.text(&self.testimony)),
        }
    }

    /// What is worth saying whatever the verdict is: a clock that was set.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        self.clocks.warnings()
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
