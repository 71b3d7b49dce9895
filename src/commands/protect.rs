//! What `protect` does with its flags.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use std::{panic, thread};

use anyhow::Context;

use crate::archive;
use crate::jail::JailProgram;
use crate::keys::Identity;
use crate::playback::{Keyring, Source};
use crate::privacy::NETWORK_THREADS;
use crate::protect::{PeopleModel, ProtectJob, PublicSigner, Review, protect, work};
use crate::recipients::{EndWatch, SignerWatch};
use crate::storage::{Input, StreamOutput};

use crate::cli::flags::{
    ArchiveSpanFlags, GrantFlags, IdentityFlags, InputsFlags, OutputFlags, PictureFlags, ReviewFlags, SourceFlags,
    WorkerFlags,
};
use crate::cli::secrets::{first_signer, read_keyring};
use crate::cli::{Failure, Session};

/// What is not hidden where no detector finds people by their looks, and what to do.
const UNSEEN: &str = "nobody who is there and still while the scene is learned can be told from furniture";
const HOW_TO_FIND_PEOPLE: &str = if cfg!(feature = "detect") {
    "scripts/get-model people installs a detector"
} else {
    "this build leaves the detector out"
};

/// First argument that makes a `protect` process the child.
const WORKER: &str = "--worker";

/// The flags of `protect`.
pub struct ProtectCommand {
    /// What is read.
    pub input: InputsFlags,
    /// Which part of an archive is read.
    pub archive: ArchiveSpanFlags,
    /// The keys that open it.
    pub identity: IdentityFlags,
    /// The grants that open it.
    pub grants: GrantFlags,
    /// Where the public stream is written.
    pub output: OutputFlags,
    /// How pictures are hidden.
    pub pictures: PictureFlags,
    /// What is written for review.
    pub review: ReviewFlags,
    /// What the input must be.
    pub source: SourceFlags,
    /// Private key that signs the public stream.
    pub sign: Option<PathBuf>,
    /// The public stream goes on without signatures when the signer's certificate has ended.
    pub unsigned_after_expiry: bool,
    /// A certificate that expires within this time is warned of.
    pub warn_before: Duration,
    /// Whether this process is the child.
    pub worker: WorkerFlags,
}

impl ProtectCommand {
    /// Does what the flags ask for.
    ///
    /// # Errors
    ///
    /// As [`protect`] and [`work`]; flags that do not go together (2); keys that cannot be read.
    pub fn run(self, session: &Session) -> anyhow::Result<()> {
        if self.worker.worker {
            // signals are for the parent, which ends it
            return self.work(session);
        }
        // the first signal goes to the whole pipeline: the command before ends its stream, and so do we
        session.stop()?;
        self.protect(session)
    }

    fn work(self, session: &Session) -> anyhow::Result<()> {
        keep_networks_quiet();
        let required = self.pictures.foreign.require_sandbox;
        let options = self.pictures.options()?;
        let stdout = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
        let (pipes, until) = (self.worker.pipes(), self.worker.signed_until);
        Ok(work(std::io::stdin().lock(), stdout, &options, pipes, until, required, &session.report())?)
    }

    fn protect(mut self, session: &Session) -> anyhow::Result<()> {
        let report = session.report();
        let (picture_time, required) = (self.pictures.foreign.max_picture_time, self.pictures.foreign.require_sandbox);
        let mut options = self.pictures.options()?;
        if options.scene.people_model.is_none() {
            report.note(format!("{UNSEEN} ({HOW_TO_FIND_PEOPLE})"));
            // the child need not look for one
            options.scene.people_model = Some(PeopleModel::Off);
        }
        self.review.check()?;
        let signers = &mut self.source.signers.signer;
        let (sign, goes_on_unsigned) = (self.sign.as_deref(), self.unsigned_after_expiry);
        let signer = first_signer(sign, signers, goes_on_unsigned, &self.identity.passphrase, session)?;
        let signer = signer.map(|(signer, path)| {
            let ends = EndWatch::new(self.warn_before, &report);
            let certificate = signer.certificate().clone();
            let watch = SignerWatch::new(certificate, &path.display().to_string(), goes_on_unsigned, ends);
            PublicSigner { signer, watch, goes_on_unsigned }
        });
        let mut keyring = read_keyring(&self.identity, &self.grants, session)?;
        let files = &self.input.files;
        let selection = self.archive.selection(files)?;
        let accepted = self.source.options(&report)?;
        let open = || archive::open(files, &selection, &report);
        let input = open()?;
        let mut first_pass = None;
        if options.two_pass {
            check_readable_twice(&input, files)?;
            let (one, other) = twice(keyring);
            first_pass = Some(Source::new(open()?, one, accepted.clone(), &report));
            keyring = other;
        }
        let review = Review::open(&self.review.options(self.output.force, session), &input, &report)?;
        let output = StreamOutput::open(self.output.options(session), Some(&input), &report)?;
        let source = Source::new(input, keyring, accepted, &report);
        let program = program(session, required)?;
        let job = ProtectJob { source, first_pass, output, signer, review, picture_time };
        Ok(protect(job, &options, &program, &report)?)
    }
}

/// A network that contradicts itself is reported as an error; how the library found out is not told besides.
fn keep_networks_quiet() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !thread::current().name().is_some_and(|name| name.starts_with(NETWORK_THREADS)) {
            usual(info);
        }
    }));
}

/// This program, as the child; it has nothing to do with keys.
fn program(session: &Session, required: bool) -> anyhow::Result<JailProgram> {
    let path = std::env::current_exe().context("cannot find the own program")?;
    let mut arguments = vec![WORKER.into()];
    if session.is_quiet() {
        arguments.push("--quiet".into());
    }
    if required {
        arguments.push("--require-sandbox".into());
    }
    Ok(JailProgram { path, arguments, required })
}

/// Checks that the input can be read once more, for the first pass.
fn check_readable_twice(input: &Input, files: &[PathBuf]) -> Result<(), Failure> {
    if input.is_seekable() && !files.is_empty() && files.iter().all(|f| f != Path::new("-")) {
        return Ok(());
    }
    Err(Failure::usage("--two-pass reads its input twice, and this one can be read once only")
        .hint("give a file as the argument, or leave --two-pass out"))
}

/// Two keyrings with the same keys, whose pass phrases were asked for once.
fn twice(keyring: Keyring) -> (Keyring, Keyring) {
    let keys: Vec<Rc<dyn Identity>> = keyring.identities.into_iter().map(Rc::from).collect();
    let both = || keys.iter().map(|k| Box::new(Rc::clone(k)) as Box<dyn Identity>).collect();
    (
        Keyring { identities: both(), grants: keyring.grants.clone(), shared: keyring.shared },
        Keyring { identities: both(), grants: keyring.grants, shared: keyring.shared },
    )
}
