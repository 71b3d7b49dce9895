//! A file is read to its end and judged.

use std::io::Read;
use std::rc::Rc;

use crate::format::{FormatError, Grant, Keys, Record, Role};
use crate::inspect::{MAX_ENTRIES, Survey, Surveyor};
use crate::keys::Identity;
use crate::playback::{Skipped, epochs_text};
use crate::seal::{Bond, Checked, SealError, Verifier};

use super::chain::{Chain, Part};
use super::counts::{Counts, Lists};
use super::damage::{byte_of, epoch_lost, epoch_of, flaw};
use super::demands::Demands;
use super::findings::{Finding, Kind};
use super::judgement::{Found, of_error};
use super::outcome::Outcome;
use super::verdict::{ListSeen, Verdict};

/// Reads the input to its end and judges it. `name` is the name of the file, for the verdict and for messages about
/// streams that continue it. With identities every frame is opened that is for them, or granted to them; without
/// identities nothing is. After damage it goes on with the next epoch, to find what is whole besides. `chain` holds the
/// files checked before.
pub fn check(
    input: impl Read,
    name: String,
    identities: &[Rc<dyn Identity>],
    grants: &[Grant],
    demands: &Demands,
    chain: &mut Chain,
) -> Verdict {
    chain.begin_file();
    let source = Verifier::new(input, identities, grants, demands.signers.clone());
    let source = source.with_bonds(std::mem::take(&mut chain.bonds));
    let check = Check {
        source,
        keyed: !identities.is_empty(),
        demands,
        chain,
        surveyor: Surveyor::default(),
        skipped: Skipped::default(),
        v: Verdict::new(name, Outcome::Authenticated),
        by_grant: false,
        open: None,
        id: [0; 16],
        last_wall: None,
        damaged: false,
        all_proven: true,
        unbound: None,
    };
    check.run()
}

struct Check<'a, R> {
    source: Verifier<R>,
    keyed: bool,
    demands: &'a Demands,
    chain: &'a mut Chain,
    surveyor: Surveyor,
    skipped: Skipped,
    v: Verdict,
    /// What opened was granted; no session opened for a recipient.
    by_grant: bool,
    /// Number and wall clock of the epoch being read, if nothing was wrong with it so far.
    open: Option<(u64, i64)>,
    /// Id of the stream being read.
    id: [u8; 16],
    /// Wall clock of the last start record.
    last_wall: Option<i64>,
    /// Something was wrong with the stream being read.
    damaged: bool,
    /// A key has proven every list of recipients so far.
    all_proven: bool,
    /// The first session that opened and is not shown to go on from the one before it.
    unbound: Option<u32>,
}

impl<R: Read> Check<'_, R> {
    fn run(mut self) -> Verdict {
        self.v.outcome = self.read();
        self.chain.bonds = self.source.take_bonds();
        self.v
    }

    fn read(&mut self) -> Outcome {
        loop {
            match self.source.next() {
                Ok(Some(Checked::Record(record, size, at))) => {
                    if self.demands.keys_shared && matches!(&record, Record::Stream(s) if s.role == Role::Public) {
                        self.keyed = false;
                    }
                    if self.keyed && matches!(&record, Record::Stream(s) if !s.sealed()) {
                        return Outcome::NotSealed;
                    }
                    self.record(&record, size, at);
                }
                Ok(Some(Checked::Skipped(epochs))) => self.skipped.add(epochs),
                Ok(Some(Checked::Missing(epochs))) => {
                    let what = format!("cut: {} granted, but not there", epochs_text(&[epochs]));
                    let at = self.source.at();
                    self.find(Kind::Cut, what, at, None);
                }
                Ok(None) => break,
                Err(e) => match self.wrong(e) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(outcome) => return *outcome,
                },
            }
        }
        self.v.signatures = self.source.signature_report();
        self.v.counts.lists = self.lists();
        self.v.counts.signers_accepted = self.demands.signers.is_some();
        // a signature over every epoch shows the same
        self.v.counts.unbound = self.unbound.filter(|_| self.demands.signers.is_none());
        let found = self.found();
        match self.v.findings.first() {
            Some(first) => first.outcome(),
            None if self.skipped.is_empty() => found.whole(),
            None => found.in_part(self.skipped.clone()),
        }
    }

    /// What is known of the lists of recipients that were read.
    fn lists(&self) -> Option<Lists> {
        let accepted = self.demands.signers.is_some();
        if self.v.lists.is_empty() {
            None
        } else if self.all_proven {
            Some(Lists::Proven { by_accepted: accepted })
        } else if accepted && !self.v.counts.unknown && self.found().refused().is_none() {
            Some(Lists::Signed)
        } else {
            Some(Lists::Claimed)
        }
    }

    fn found(&self) -> Found<'_> {
        Found { verdict: &self.v, keyed: self.keyed, by_grant: self.by_grant, demands: self.demands }
    }

    fn record(&mut self, record: &Record, size: usize, at: u64) {
        match record {
            Record::Stream(s) => {
                (self.open, self.last_wall, self.damaged) = (None, None, false);
                let before = s.continues.and_then(|c| self.chain.last_clock(&c.stream));
                self.v.clocks.stream(self.chain.last_clock(&s.id), before);
                self.id = s.id;
            }
            Record::Keys(k) => {
                self.skipped.closed(k);
                self.list(k);
                if self.source.bond() == Some(Bond::Unproven) {
                    self.unbound.get_or_insert(k.session);
                }
            }
            Record::Start(s) => {
                self.open = Some((s.epoch, s.wall_ns));
                self.last_wall = Some(s.wall_ns);
                self.v.clocks.start(s);
                self.chain.note_clock(self.id, s);
                self.v.findings.next_start(s.epoch, s.wall_ns);
            }
            Record::Close(_) => {
                if let Some((epoch, wall_ns)) = self.open.take() {
                    self.v.findings.whole(self.surveyor.begun(), epoch, wall_ns);
                }
            }
            _ => {}
        }
        if let (Record::End(_), Some(ended)) = (record, &self.demands.live) {
            ended.set(true);
        }
        if let Some(s) = self.surveyor.add(record, size, at) {
            self.stream_ended(s, at);
        }
    }

    /// A list of recipients.
    fn list(&mut self, k: &Keys) {
        let proven = self.source.is_list_proven();
        let stream_hash = self.source.stream_hash().or(self.surveyor.current().map(|s| s.hash));
        self.all_proven &= proven;
        if let (Some(stream_hash), true) = (stream_hash, self.v.lists.len() < MAX_ENTRIES) {
            let (session, generation) = (k.session, k.current().generation);
            self.v.lists.push(ListSeen { stream_hash, session, generation, proven });
        }
    }

    fn stream_ended(&mut self, mut s: Survey, at: u64) {
        let (tracks, recipient) = self.source.opened_by();
        self.by_grant = self.keyed && !recipient;
        self.skipped.tracks(&tracks);
        // where not everything is seen, the index cannot be checked
        s.index_wrong &= self.skipped.is_empty() && !self.damaged;
        let flaw = flaw(&s, at);
        self.link(&s, self.damaged || flaw.is_some());
        self.count(&s);
        let tail = self.open.take();
        if let Some((kind, what, byte)) = flaw {
            self.find(kind, what, byte, None);
            if let (Some((epoch, _)), Some(f)) = (tail, self.v.findings.last_mut()) {
                f.lost = Some((epoch, Some(epoch)));
            }
        }
        self.damaged = false;
    }

    /// Looks whether the stream that was read, or the part of one, goes on from what came before it.
    fn link(&mut self, s: &Survey, is_damaged: bool) {
        let Some(span) = self.source.span() else { return };
        if is_damaged {
            return self.chain.add_damaged(span);
        }
        let part = Part { span, walls: s.epoch_walls, is_proved: self.skipped.is_empty() };
        let Some(broken) = self.chain.add(&part, &self.v.name) else { return };
        let at = self.source.stream_at();
        self.find(broken.kind, broken.what, at, None);
        if let Some(f) = self.v.findings.last_mut() {
            f.lost = broken.lost.map(|e| (e.first, Some(e.last)));
            (f.from_ns, f.until_ns) = (broken.from_ns, s.epoch_walls.map(|(first, _)| first));
        }
    }

    /// Adds up what was good before the first fault.
    fn count(&mut self, s: &Survey) {
        if self.v.findings.is_empty() {
            self.v.counts.add(s);
        }
    }

    fn find(&mut self, kind: Kind, what: String, byte: u64, epoch: Option<u64>) {
        self.damaged = true;
        self.v.findings.add(Finding { kind, what, byte, epoch, lost: None, from_ns: self.last_wall, until_ns: None });
    }

    /// Reading stopped with an error. Gives whether it goes on; the error is the outcome where there is nothing more to
    /// find.
    fn wrong(&mut self, e: SealError) -> Result<bool, Box<Outcome>> {
        let (record_at, at) = (self.source.at(), byte_of(&e, self.source.at()));
        let known = match &e {
            _ if self.source.is_still_passing_over() => true,
            SealError::EpochSignature { epoch, .. } => self.v.findings.has_lost(*epoch),
            _ => false,
        };
        if known && !self.v.findings.is_empty() {
            self.open = None;
            return Ok(self.source.go_on().unwrap_or(false));
        }
        let wall = self.last_wall;
        if self.v.findings.is_empty() {
            let survey = self.surveyor.so_far(at, e.to_string());
            self.v.signatures = self.source.signature_report();
            if let Some(outcome) = of_error(&e) {
                if matches!(outcome, Outcome::NoKey { .. }) {
                    self.v.counts = Counts::default();
                }
                return Err(Box::new(outcome));
            }
            survey.iter().for_each(|s| self.count(s));
            if self.demands.live.is_some() && matches!(e, SealError::Format(FormatError::Truncated { .. })) {
                self.v.counts.excerpt = false;
                let outcome = self.found().whole();
                return Err(Box::new(if outcome.is_passed() { Outcome::AuthenticatedSoFar } else { outcome }));
            }
        } else if matches!(
            &e,
            SealError::Format(FormatError::Io(_)) | SealError::NotRecipient { .. } | SealError::Device(_)
        ) {
            return Ok(false);
        }
        let (epoch, text) = epoch_of(&e, self.surveyor.current());
        let lost = epoch_lost(&e, self.open.map(|(n, _)| n), self.surveyor.current());
        let truncated = matches!(e, SealError::Format(FormatError::Truncated { .. }));
        let goes_on = self.demands.live.is_none() && self.source.go_on().unwrap_or(false);
        if truncated && goes_on {
            // its length was changed, so that it covers what comes after it
            let what = format!("damaged at byte {record_at}: a record that does not end{text}");
            self.find(Kind::Damaged, what, record_at, epoch);
        } else {
            self.find(if truncated { Kind::Cut } else { Kind::Damaged }, format!("{e}{text}"), at, epoch);
        }
        if let Some(f) = self.v.findings.last_mut() {
            (f.lost, f.from_ns) = (lost, wall);
        }
        self.open = None;
        if !goes_on {
            self.surveyor.stop(at, "");
        }
        Ok(goes_on)
    }
}
