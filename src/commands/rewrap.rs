//! What `rewrap` does with its flags.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::archive::ListJournal;
use crate::base::wall_ns;
use crate::keys::{RecipientSet, Signer};
use crate::playback::Span;
use crate::recipients::{CertificateFiles, Recipients};
use crate::rewrap::{self, GrantJob, GrantSummary, make_grants};
use crate::seal::{self, Bonds, RecipientSource, Tracks, copy_with_grants, sidecar};
use crate::storage::{AtomicFile, Existing, Input, StreamOutput};

use crate::cli::flags::{IdentityFlags, InputFlags, OutputFlags, PartFlags, TrustFlags};
use crate::cli::secrets::{named_signers, read_identities, read_signer};
use crate::cli::{Failure, Session};

/// A change of the recipients.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Keys of those who can open the stream now.
    pub identity: IdentityFlags,
    /// Files and folders of the new certificates.
    pub recipients: Vec<PathBuf>,
    /// Whom to trust.
    pub trust: TrustFlags,
    /// Those who can open it now stay.
    pub add: bool,
    /// Key and certificate of who signs the change.
    pub sign: Option<(PathBuf, PathBuf)>,
    /// Certificates of whose lists are added to; anybody's, where there is none.
    pub accepted: Vec<PathBuf>,
}

/// Checks that the owners of the certificates in the files `signers` signed the input, where there are any.
///
/// # Errors
///
/// As [`named_signers`] and [`rewrap::check_signed`].
pub fn check_signers(
    input: &InputFlags,
    signers: &[PathBuf],
    trust: &TrustFlags,
    session: &Session,
) -> anyhow::Result<()> {
    if let Some(accepted) = named_signers(signers, trust, &session.report())? {
        rewrap::check_signed(&mut open(input, session)?, &accepted)?;
    }
    Ok(())
}

/// Cuts a part out of the input.
///
/// # Errors
///
/// No time was given (2); as [`rewrap::cut`].
pub fn cut(input: &InputFlags, output: &OutputFlags, span: Span, session: &Session) -> anyhow::Result<()> {
    if span.from.is_none() && span.to.is_none() {
        return Err(Failure::usage("--cut takes --from, --to or both").into());
    }
    let (input, output) = copied(input, output, session)?;
    Ok(rewrap::cut(input, output, span, &session.report())?)
}

/// Grants a part of the input: in a copy of it, or in a sidecar.
///
/// # Errors
///
/// There is no key, or a copy is to be made of a pipe (2); a certificate that cannot be used (4); as [`make_grants`];
/// the input is truncated after what was granted (3).
pub fn grant(
    input: &InputFlags,
    output: &OutputFlags,
    part: &PartFlags,
    identity: &IdentityFlags,
    trust: &TrustFlags,
    session: &Session,
) -> anyhow::Result<()> {
    key_is_given(identity)?;
    let set = certificates(&part.grant, trust, wall_ns(), session)?;
    if set.usable.is_empty() || !set.left_out.is_empty() {
        return Err(Failure::refused("a certificate cannot be used: nothing is granted")
            .hint("enroll-cert --check says what is wrong with it")
            .into());
    }
    let tracks = part.track.unwrap_or(Tracks::All);
    let job = GrantJob { span: part.span()?, tracks, grantees: set.certificates() };
    let identities = read_identities(identity, session)?;
    let mut source = open(input, session)?;
    if let Some(path) = &part.sidecar {
        let mut file = AtomicFile::create(path, 0o644, Existing::from_force(output.force), Some(&source))?;
        let is_file = source.is_seekable();
        let (grants, summary) = make_grants(&mut source, is_file, identities, &job)?;
        let bytes = sidecar(&grants).map_err(|f| Failure::failed(format!("the grant cannot be written: {f}")))?;
        file.file().write_all(&bytes)?;
        file.commit()?;
        return granted(summary, session);
    }
    let Some(path) = input.file.as_deref().filter(|_| source.is_seekable()) else {
        return Err(Failure::usage("a copy with a grant is made of a file: it is read twice")
            .hint("give the stream as a file, or write the grant to --sidecar FILE")
            .into());
    };
    let mut output = StreamOutput::open(output.options(session), Some(&source), &session.report())?;
    let (grants, summary) = make_grants(&mut source, true, identities, &job)?;
    copy_with_grants(Input::open(Some(path), &session.report())?, &mut output, &grants)?;
    output.finish()?;
    say(&summary, session);
    Ok(())
}

fn say(summary: &GrantSummary, session: &Session) {
    session.note(summary.text());
    if let Some(epoch) = summary.leans {
        session.report().warn(format!(
            "epoch {epoch} begins without a key frame: its first pictures cannot be shown without the epochs before it, \
             back to the last key frame, which are not in the input or not for the given key"
        ));
    }
    summary.unproven.into_iter().for_each(|number| session.report().warn(Bonds::warning(number)));
}

fn granted(summary: GrantSummary, session: &Session) -> anyhow::Result<()> {
    say(&summary, session);
    match summary.cut {
        None => Ok(()),
        Some(cut) => Err(Failure::damaged(cut).hint("the grant is of what is whole before it").into()),
    }
}

/// Changes the recipients in a copy of the input. In an archive with a journal it is noted which lists are in the copy.
///
/// # Errors
///
/// There is no key (2); no certificate can be used (4); as [`rewrap::copy`].
pub fn copy(input: &InputFlags, output: &OutputFlags, change: &Change, session: &Session) -> anyhow::Result<()> {
    let journal = input.file.as_deref().and_then(|path| ListJournal::of(path, &session.report()));
    changed(change, journal.as_ref(), session, |change| {
        let path = output.output.clone();
        let (input, output) = copied(input, output, session)?;
        let lists = rewrap::copy(input, output, change, &session.report())?;
        if let Some(mut journal) = path.and_then(|path| ListJournal::of(&path, &session.report())) {
            journal.set(&lists, &session.report());
        }
        Ok(())
    })
}

/// Changes the recipients inside the file at `path`. In an archive with a journal it is noted which lists are in it.
///
/// # Errors
///
/// There is no key (2); no certificate can be used (4); as [`rewrap::in_place`].
pub fn in_place(path: &Path, change: &Change, session: &Session) -> anyhow::Result<()> {
    let report = session.report();
    let mut journal = ListJournal::of(path, &report);
    changed(change, journal.clone().as_ref(), session, |change| {
        // the first signal must not stop it half-way: it takes a moment
        session.stop()?;
        Ok(rewrap::in_place(path, change, journal.as_mut(), &report)?)
    })
}

/// Reads keys and certificates, and does what is to be done with them.
fn changed(
    change: &Change,
    journal: Option<&ListJournal>,
    session: &Session,
    apply: impl FnOnce(&seal::Change<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    key_is_given(&change.identity)?;
    let now_ns = wall_ns();
    let set = certificates(&change.recipients, &change.trust, now_ns, session)?;
    if set.usable.is_empty() {
        return Err(Failure::refused("no certificate can be used: nothing is changed")
            .hint("enroll-cert --check says what is wrong with each certificate")
            .into());
    }
    let identities = read_identities(&change.identity, session)?;
    let passphrase = &change.identity.passphrase;
    let signer: Option<Signer> = match &change.sign {
        Some((key, certificate)) => Some(read_signer(key, certificate, passphrase, session).context("cannot sign")?),
        None => None,
    };
    let accepted = named_signers(&change.accepted, &change.trust, &session.report())?;
    apply(&seal::Change {
        identities: &identities,
        recipients: set.certificates(),
        keep: change.add,
        signer: signer.as_ref(),
        accepted: accepted.as_ref(),
        seen: journal.map(ListJournal::seen),
        now_ns,
    })
}

fn key_is_given(identity: &IdentityFlags) -> anyhow::Result<()> {
    if identity.is_given() {
        return Ok(());
    }
    Err(Failure::usage("no private key").hint("give -i or --card with the key of one who can open it now").into())
}

/// The certificates in files and folders, checked as those of recipients at this time.
fn certificates(files: &[PathBuf], trust: &TrustFlags, now_ns: i64, session: &Session) -> anyhow::Result<RecipientSet> {
    let files = CertificateFiles::new(files)?;
    let mut recipients = Recipients::open(files, &trust.options(Duration::ZERO), &session.report())?;
    Ok(recipients.recipients(now_ns).map_err(Failure::refused)?)
}

fn open(input: &InputFlags, session: &Session) -> anyhow::Result<Input> {
    Ok(Input::open(input.file.as_deref(), &session.report())?)
}

/// Input and output of a copy. A file takes a request to stop; a pipe is read to its end.
fn copied(input: &InputFlags, output: &OutputFlags, session: &Session) -> anyhow::Result<(Input, StreamOutput)> {
    let input = open(input, session)?;
    let output = StreamOutput::open(output.options(session), Some(&input), &session.report())?;
    if input.is_seekable() {
        session.stop()?;
    }
    Ok((input, output))
}
