//! `enroll-cert FILE`: the one certificate out of a file that was made elsewhere.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use zeroize::Zeroizing;

use crate::base::{text, wall_ns};
use crate::cli::flags::{PassphraseFlags, TrustFlags};
use crate::cli::secrets::tokens::{TokenRing, is_token};
use crate::cli::{
    Failure, Session,
    secrets::{PinFlags, read_passphrase},
};
use crate::keys::certificate::MAX_FILE;
use crate::keys::revocation_lists_in;
use crate::keys::{Certificate, Enrolment, KeyError, RecipientSet, Trust, Unusable, enrolment};
use crate::recipients::{authorities, has_certificate_ending, left_out_text};
use crate::storage::{Existing, read_bounded};

use super::{create_with_folder, description};

/// What to enrol, and where.
#[derive(Debug, Clone)]
pub struct Take {
    /// PEM, DER or PKCS#12; "-" is stdin. Or the URI of a certificate in a token.
    pub file: PathBuf,
    /// The recipients' file; `None` is stdout.
    pub output: Option<PathBuf>,
    /// Replace it.
    pub force: bool,
    /// Beginning of the certificate's SHA-256 fingerprint, lower-case hexadecimal digits, for a file of several.
    pub select: Option<String>,
    /// Authorities and revocation lists.
    pub trust: TrustFlags,
    /// Pass phrase of PKCS#12.
    pub passphrase: PassphraseFlags,
}

/// Takes the certificate, checks it and writes it alone.
///
/// # Errors
///
/// No certificate that could be used (4); several (2); reading and writing (1).
pub fn take(options: &Take, session: &Session) -> anyhow::Result<()> {
    let name = text::quoted_path(&options.file);
    let found = read(options, &name, session)?;
    let now_ns = wall_ns();
    let trust = trust(&options.trust)?;
    let chosen = choose(&found, options, now_ns)?;
    let written = usable(chosen, &found, &options.file.display().to_string(), &trust, now_ns, session)?;
    let same = |path: &PathBuf| path.canonicalize().is_ok_and(|p| options.file.canonicalize().is_ok_and(|f| f == p));
    if options.output.as_ref().is_some_and(same) {
        return Err(Failure::usage(format!("{name} is both input and output")).into());
    }
    write(&written, options.output.as_deref(), options.force, session)?;
    if found.has_private_key {
        session.warn(format!(
            "{name} HOLDS A PRIVATE KEY, which was not taken along. Whoever can read that file can open what is recorded"
        ));
        session.hint("a recorder must not have it: move the file to its owner's machine, and delete it here");
    }
    session.note(format!("enrolled {}", description(chosen, now_ns)));
    Ok(())
}

/// Writes certificates as PEM to the recipients' file, or to stdout.
pub(crate) fn write(
    certificates: &[&Certificate],
    output: Option<&Path>,
    force: bool,
    session: &Session,
) -> anyhow::Result<()> {
    let pem: String = certificates.iter().map(|c| c.to_pem()).collect();
    match output {
        Some(path) => {
            let mut file = create_with_folder(path, Existing::from_force(force))?;
            file.file()
                .write_all(pem.as_bytes())
                .with_context(|| format!("cannot write {}", text::quoted_path(path)))?;
            file.commit()?;
            if !has_certificate_ending(path) {
                session.warn(format!(
                    "{} is not looked at in a folder of recipients: its name must end with .pem, .crt, .cer or .der",
                    text::quoted_path(path)
                ));
            }
        }
        None => {
            let mut stdout = io::stdout().lock();
            stdout.write_all(pem.as_bytes())?;
            stdout.flush()?;
        }
    }
    Ok(())
}

fn read(options: &Take, name: &str, session: &Session) -> anyhow::Result<Enrolment> {
    if is_token(&options.file) {
        let certificates = TokenRing::new(&PinFlags::default(), session).certificates(&options.file)?;
        return Ok(Enrolment { certificates, has_private_key: false });
    }
    let bytes = Zeroizing::new(match options.file.as_path() {
        path if path == Path::new("-") => {
            let mut bytes = Vec::new();
            io::stdin().lock().take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).context("cannot read stdin")?;
            bytes
        }
        path => read_bounded(path, MAX_FILE)?,
    });
    let mut not_asked = None;
    let ask = || {
        let phrase = read_passphrase(&options.passphrase, name, session);
        phrase.map(|p| Zeroizing::new(p.as_bytes().to_vec())).map_err(|e| not_asked = Some(e)).ok()
    };
    let found = enrolment(&bytes, ask);
    if let Some(error) = not_asked {
        return Err(error);
    }
    Ok(found.map_err(|error| match error {
        KeyError::WrongPassphrase => Failure::refused(format!("{name}: wrong pass phrase, or the file is damaged")),
        KeyError::PrivateKeyNotCertificate => Failure::refused(format!("{name}: {error}"))
            .hint("the certificate is what goes to the recorder; the key stays with its owner"),
        error => Failure::refused(format!("{name}: {error}")),
    })?)
}

pub(crate) fn trust(flags: &TrustFlags) -> anyhow::Result<Trust> {
    let mut lists = Vec::new();
    let files = crate::recipients::CertificateFiles::revocation_lists(&flags.crl)?.read().map_err(Failure::failed)?;
    for (name, bytes) in files {
        let parsed =
            revocation_lists_in(&bytes).map_err(|e| Failure::failed(format!("{}: {e}", text::quoted(&name))))?;
        lists.extend(parsed.into_iter().map(|list| (name.clone(), list)));
    }
    Ok(Trust { authorities: authorities(&flags.ca)?, lists })
}

/// The selected one; or the chain's end, or of several ends the only one that can be encrypted to (cards and mail programs
/// export the one for signatures beside it).
fn choose<'a>(found: &'a Enrolment, options: &Take, now_ns: i64) -> anyhow::Result<&'a Certificate> {
    let ends = match &options.select {
        Some(digits) => {
            let selected = |c: &&Certificate| text::hex(&c.fingerprint()).starts_with(digits.as_str());
            found.certificates.iter().filter(selected).collect()
        }
        None => found.ends(),
    };
    let usable: Vec<_> = ends.iter().copied().filter(|c| c.usability(now_ns).is_ok()).collect();
    match (ends.as_slice(), usable.as_slice()) {
        ([one], _) | (_, [one]) => Ok(one),
        ([], _) => Err(Failure::usage("no certificate in the file has that fingerprint").into()),
        _ => {
            let one = |c: &&Certificate| {
                let hex = text::hex(&c.fingerprint());
                format!("--select {} ({})", hex.get(..16).unwrap_or_default(), text::printable(c.subject()))
            };
            let all: Vec<_> = ends.iter().map(one).collect();
            let message = format!("{} holds {} certificates", text::quoted_path(&options.file), ends.len());
            Err(Failure::usage(message).hint(format!("say which one: {}", all.join(", "))).into())
        }
    }
}

/// What is to be written: the certificate, and the links of its chain if it is not trusted without them. `name` says where
/// it comes from.
///
/// # Errors
///
/// It could not be encrypted to (4).
pub(crate) fn usable<'a>(
    chosen: &'a Certificate,
    found: &'a Enrolment,
    name: &str,
    trust: &Trust,
    now_ns: i64,
    session: &Session,
) -> anyhow::Result<Vec<&'a Certificate>> {
    // one that is enrolled before its time is judged as of then
    let at = now_ns.max(chosen.not_before_ns());
    if at != now_ns {
        let from = text::rfc3339(chosen.not_before_ns());
        session.warn(format!(
            "not valid before {from}: until then nothing is encrypted to it (is this machine's clock right?)"
        ));
    }
    let links = found.certificates.iter().filter(|c| *c != chosen && c.is_ca());
    let with_links: Vec<&Certificate> = std::iter::once(chosen).chain(links).collect();
    let mut why = None;
    for certificates in [&with_links[..1], &with_links] {
        let named = certificates.iter().map(|c| (name.to_owned(), (*c).clone())).collect();
        let set = RecipientSet::trusted(named, at, trust);
        if let Some(recipient) = set.usable.iter().find(|r| r.certificate == *chosen) {
            recipient.warnings.iter().for_each(|w| session.warn(w.to_string()));
            return Ok(certificates.to_vec());
        }
        why = set.left_out.into_iter().find(|l| l.certificate.as_ref() == Some(chosen));
        if why.as_ref().is_none_or(|l| l.reason != Unusable::NoChain) {
            break;
        }
    }
    let why = why.as_ref().map(left_out_text).unwrap_or_default();
    Err(Failure::refused(format!("it cannot be used: {why}")).into())
}
