//! `encrypt-stream`: recipients, signer and streams opened, and sealed one with the other.

use std::path::PathBuf;
use std::time::Duration;

use crate::archive::Encryptor;
use crate::format::Reader;
use crate::recipients::{CertificateFiles, Recipients};
use crate::seal::SealSettings;
use crate::storage::{Input, StreamOutput};

use crate::cli::flags::{InputFlags, OutputFlags, PassphraseFlags, RecipientFlags, TrustFlags};
use crate::cli::secrets::{SignFlags, own_signer};
use crate::cli::{Failure, Session};

/// What to seal, and for whom.
#[derive(Debug, Clone)]
pub struct EncryptJob {
    /// The plain stream.
    pub input: InputFlags,
    /// The sealed stream.
    pub output: OutputFlags,
    /// Who will be able to open.
    pub recipients: RecipientFlags,
    /// Whom to trust.
    pub trust: TrustFlags,
    /// Certificates that expire within this time are warned of.
    pub warn_before: Duration,
    /// How to seal.
    pub settings: SealSettings,
    /// The camera's name, instead of the one in the input.
    pub camera: Option<String>,
    /// A recording, or a folder of them, that is continued.
    pub after: Option<PathBuf>,
    /// Who signs.
    pub sign: SignFlags,
    /// Where the pass phrase of the signer's key comes from.
    pub passphrase: PassphraseFlags,
}

/// Seals the input.
///
/// # Errors
///
/// No certificate can be used, or the signer's has ended (4); the input is damaged or truncated (3); a certificate, key
/// or file cannot be read (1).
pub fn encrypt(job: EncryptJob, session: &Session) -> anyhow::Result<()> {
    let report = session.report();
    let files = CertificateFiles::new(&job.recipients.recipients)?;
    let recipients = Recipients::open(files, &job.trust.options(job.warn_before), &report)?;
    let signer = own_signer(&job.sign, &job.passphrase, session)?;
    let goes_on_unsigned = job.sign.unsigned_after_expiry;
    if let (Some(signer), Some(path)) = (&signer, &job.sign.signer) {
        recipients.watch_signer(signer.certificate().clone(), &path.display().to_string(), goes_on_unsigned);
    }
    // the first signal goes to the whole pipeline: the command before ends its stream, and so do we
    session.stop()?;
    let input = Input::open(job.input.file.as_deref(), &report)?;
    let output = StreamOutput::open(job.output.options(session), Some(&input), &report)?;
    let mut encryptor = Encryptor::new(job.settings, job.camera, output).after(job.after);
    if let Some(signer) = signer {
        encryptor = encryptor.signed_by(signer, goes_on_unsigned);
    }
    Ok(encryptor.run(Reader::new(input), || recipients.clone(), &report)?)
}

/// A size that may not be more than 1 MiB, which `flag` gave.
///
/// # Errors
///
/// It is (2).
pub fn up_to_a_mebibyte(flag: &str, size: u64) -> Result<u32, Failure> {
    let size = u32::try_from(size).ok().filter(|size| *size <= 1 << 20);
    size.ok_or_else(|| Failure::usage(format!("{flag} is more than 1 MiB")))
}

/// Nanoseconds, as many as fit.
pub fn nanoseconds(d: Duration) -> i64 {
    i64::try_from(d.as_nanos()).unwrap_or(i64::MAX)
}
