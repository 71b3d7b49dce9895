//! What `verify` checks, prints and ends with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::archive::{self, ListJournal, Selection};
use crate::format::{Grant, Role};
use crate::keys::Identity;
use crate::storage::Input;
use crate::verify::{self, Chain, Demands, Follow, Outcome, Verdict};

use crate::cli::classify::of_outcome;
use crate::cli::flags::{ArchiveSpanFlags, GrantFlags, IdentityFlags};
use crate::cli::print::print;
use crate::cli::secrets::{SignerFlags, accepted_signers, read_keyring};
use crate::cli::{Failure, Session, Status, explain};

/// The maximum number of edges that are named.
const MAX_EDGES: usize = 64;

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct VerifyJob {
    /// Files and folders of record; stdin when there is none.
    pub files: Vec<PathBuf>,
    /// Which segments of a folder.
    pub archive: ArchiveSpanFlags,
    /// What opens the streams.
    pub identity: IdentityFlags,
    /// Grants next to the streams.
    pub grants: GrantFlags,
    /// Whose signatures count.
    pub signers: SignerFlags,
    /// The originals that the streams of each file must be made from: files and folders of record.
    pub originals: Vec<PathBuf>,
    /// A well-formed stream passes that nothing vouches for.
    pub unsigned_ok: bool,
    /// An excerpt does not pass.
    pub require_complete: bool,
    /// The file is still being written.
    pub follow: bool,
    /// Verdicts are printed as JSON.
    pub json: bool,
}

/// The exit status for a file with this outcome.
pub fn status(outcome: &Outcome) -> Status {
    of_outcome(outcome).0
}

/// Checks every file, and prints its verdict on stdout.
///
/// # Errors
///
/// A [`Failure`] with the worst status of all files; what cannot be used of the command line (2).
pub fn verify(job: VerifyJob, session: &Session) -> anyhow::Result<()> {
    let keyring = read_keyring(&job.identity, &job.grants, session)?;
    let identities: Vec<Rc<dyn Identity>> = keyring.identities.into_iter().map(Rc::from).collect();
    let files = if job.files.is_empty() { vec![PathBuf::from("-")] } else { job.files };
    let found = archive::files_to_verify(&files, &job.archive.selection(&files)?, &session.report())?;
    let (mut files, holes) = (found.files, found.holes.len());
    let refused: BTreeMap<PathBuf, String> = found.refused.into_iter().collect();
    files.extend(refused.keys().cloned());
    if job.follow && files.len() > 1 {
        return Err(Failure::usage("one file can be followed, not several").into());
    }
    let demands = Demands {
        complete: job.require_complete,
        unsigned_ok: job.unsigned_ok,
        keys_shared: keyring.shared,
        signers: accepted_signers(&job.signers, &session.report())?,
        live: job.follow.then(Rc::default),
    };
    let mut checker = Checker { identities, grants: keyring.grants, demands, chain: Chain::default(), session };
    let mut failed: Vec<Verdict> = Vec::new();
    for file in &files {
        let verdict = match (refused.get(file), &job.originals[..]) {
            (Some(why), _) => Verdict::unreadable(name(file), why.clone()),
            (None, []) => checker.compared(file)?,
            (None, originals) => checker.made_from(file, originals)?,
        };
        let text = if job.json { verdict.json(status(&verdict.outcome).code()) } else { verdict.text() };
        print(text)?;
        verdict.remarks().for_each(|r| session.warn(format!("{}: {r}", verdict.name)));
        if verdict.outcome.is_passed() {
            verdict.warnings().for_each(|w| session.warn(format!("{}: {w}", verdict.name)));
        } else {
            failed.push(verdict);
        }
    }
    let edges: Vec<String> = checker.chain.warnings().collect();
    edges.iter().take(MAX_EDGES).for_each(|w| session.warn(w));
    if edges.len() > MAX_EDGES {
        session.warn(format!("and {} edges more that nothing proves", edges.len() - MAX_EDGES));
    }
    finish(&failed, files.len(), session)?;
    match holes {
        0 => Ok(()),
        1 => Err(Failure::damaged("every segment is good, and one hole is between them").into()),
        n => Err(Failure::damaged(format!("every segment is good, and {n} holes are between them")).into()),
    }
}

/// What is done with each file.
struct Checker<'a> {
    identities: Vec<Rc<dyn Identity>>,
    grants: Vec<Grant>,
    demands: Demands,
    chain: Chain,
    session: &'a Session,
}

impl Checker<'_> {
    /// One public stream against its originals, which must be readable. Its own signatures come first where a signer
    /// was given.
    fn made_from(&mut self, file: &Path, originals: &[PathBuf]) -> anyhow::Result<Verdict> {
        let signed = self.demands.signers.is_some();
        if signed {
            if file == Path::new("-") {
                return Err(Failure::usage("with --original and --signer the public stream is read twice")
                    .hint("give it as a file")
                    .into());
            }
            let verdict = self.check(file)?;
            if !verdict.outcome.is_passed() {
                return Ok(verdict);
            }
        }
        let report = self.session.report();
        let wanted = Selection { role: Some(Role::Original), ..Selection::default() };
        let original = archive::open(originals, &wanted, &report)?;
        Ok(verify::check_original(Input::open(Some(file), &report)?, name(file), original, signed))
    }

    /// One file, and whether an older list of recipients was put back in it.
    fn compared(&mut self, file: &Path) -> anyhow::Result<Verdict> {
        let mut verdict = self.check(file)?;
        let report = self.session.report();
        if let Some(mut journal) = ListJournal::of(file, &report) {
            verdict.compare(&mut journal, &report);
        }
        Ok(verdict)
    }

    /// One file. What is wrong on the command line is an error; whatever else goes wrong is the verdict on the file.
    fn check(&mut self, file: &Path) -> anyhow::Result<Verdict> {
        let Checker { identities, grants, demands, chain, session } = self;
        let input = Input::open(Some(file), &session.report());
        // a pipe ends when its writer does
        let live = demands.live.take_if(|_| input.as_ref().is_ok_and(|i| i.is_seekable()));
        demands.live.clone_from(&live);
        match (input, &live) {
            (Ok(input), None) => Ok(verify::check(input, name(file), identities, grants, demands, chain)),
            (Ok(mut input), Some(ended)) => {
                // what is there is verified to its end
                input.read_on_when_stopped();
                let input = Follow::new(input, session.stop()?, Rc::clone(ended));
                Ok(verify::check(input, name(file), identities, grants, demands, chain))
            }
            (Err(e), _) => {
                let e = anyhow::Error::from(e);
                let failure = explain("verify", &e);
                if failure.status == Status::Usage {
                    return Err(e);
                }
                Ok(Verdict::unreadable(name(file), failure.message))
            }
        }
    }
}

fn name(file: &Path) -> String {
    if file == Path::new("-") { "stdin".into() } else { file.to_string_lossy().into_owned() }
}

/// The failure with the worst status of all that failed.
fn finish(failed: &[Verdict], files: usize, session: &Session) -> anyhow::Result<()> {
    let rank =
        |s: Status| [Status::Failed, Status::Card, Status::Refused, Status::Damaged].iter().position(|r| *r == s);
    let Some(worst) = failed.iter().map(|v| status(&v.outcome)).max_by_key(|s| rank(*s)) else { return Ok(()) };
    if let ([one], 1) = (failed, files) {
        let (status, hint) = of_outcome(&one.outcome);
        let message = format!("{}: {}", one.name, one.outcome);
        return Err(Failure { status, message, hint }.into());
    }
    for v in failed {
        if let Some(hint) = of_outcome(&v.outcome).1 {
            session.hint(format!("{}: {hint}", v.name));
        }
    }
    Err(Failure::new(worst, format!("{} of {files} files did not verify", failed.len())).into())
}
