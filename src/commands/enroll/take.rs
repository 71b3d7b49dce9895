//! `enroll-cert FILE`: the one certificate out of a file that was made elsewhere.

use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use zeroize::Zeroizing;

use crate::base::{text, wall_ns};
use crate::cli::flags::{EnrollFlags, PinFlags, TrustFlags};
use crate::cli::secrets::read_passphrase;
use crate::cli::secrets::tokens::{TokenRing, is_token};
use crate::cli::{Failure, Session};
use crate::keys::certificate_file::MAX_FILE;
use crate::keys::{Certificate, Enrolment, KeyError, Trust, enrolment};
use crate::recipients::left_out_text;
use crate::storage::{check_stdin, read_bounded};

use super::describe::description;
use super::files::write;

/// Takes the certificate out of `file` (PEM, DER or PKCS#12; `-` is stdin; or the URI of a certificate in a token),
/// checks it and writes it alone.
///
/// # Errors
///
/// A [`Failure`]: no certificate that could be used, or several; reading and writing.
pub fn take(file: &Path, flags: &EnrollFlags, session: &Session) -> anyhow::Result<()> {
    let name = text::quoted_path(file);
    let found = read(file, flags, &name, session)?;
    for label in &found.passed_over {
        session.warn(format!("{name}: PEM of {} is no certificate, and is passed over", text::quoted(label)));
    }
    let now_ns = wall_ns();
    let trust = trust(&flags.trust, now_ns, session)?;
    let chosen = choose(&found, file, flags.select.as_deref(), now_ns)?;
    let written = usable(chosen, &found, &file.display().to_string(), &trust, now_ns, session)?;
    let output = flags.output_path();
    let is_input = |path: &Path| path.canonicalize().is_ok_and(|p| file.canonicalize().is_ok_and(|f| f == p));
    if output.is_some_and(is_input) {
        return Err(Failure::usage(format!("{name} is both input and output")).into());
    }
    write(&written, output, flags.force, session)?;
    if found.has_private_key {
        session.warn(format!(
            "{name} HOLDS A PRIVATE KEY, which was not taken along. Whoever can read that file can open what is recorded"
        ));
        session.hint("a recorder must not have it: move the file to its owner's machine, and delete it here");
    }
    session.note(format!("enrolled {}", description(chosen, now_ns)));
    Ok(())
}

fn read(file: &Path, flags: &EnrollFlags, name: &str, session: &Session) -> anyhow::Result<Enrolment> {
    if is_token(file) {
        let certificates = TokenRing::new(&PinFlags::default(), session).certificates(file)?;
        return Ok(Enrolment { certificates, ..Enrolment::default() });
    }
    let bytes = Zeroizing::new(match file {
        path if path == Path::new("-") => {
            let mut bytes = Vec::new();
            check_stdin()?;
            io::stdin().lock().take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).context("cannot read stdin")?;
            bytes
        }
        path => read_bounded(path, MAX_FILE)?,
    });
    let mut not_asked = None;
    let ask = || {
        let phrase = read_passphrase(&flags.passphrase(), name, session);
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

/// Reads authorities and revocation lists.
pub(super) fn trust(flags: &TrustFlags, now_ns: i64, session: &Session) -> anyhow::Result<Trust> {
    let (trust, notices) = flags.options(Duration::ZERO).trust(now_ns)?;
    notices.iter().for_each(|n| session.warn(n.to_string()));
    Ok(trust)
}

/// The certificate that is meant.
fn choose<'a>(found: &'a Enrolment, file: &Path, select: Option<&str>, now_ns: i64) -> anyhow::Result<&'a Certificate> {
    let several = match found.choose(select, now_ns) {
        Ok(one) => return Ok(one),
        Err(several) => several,
    };
    if several.is_empty() {
        return Err(Failure::usage("no certificate in the file has that fingerprint").into());
    }
    let one = |c: &&Certificate| {
        let hex = text::hex(&c.fingerprint());
        format!("--select {} ({})", hex.get(..16).unwrap_or_default(), text::printable(c.subject()))
    };
    let all: Vec<_> = several.iter().map(one).collect();
    let message = format!("{} holds {} certificates", text::quoted_path(file), several.len());
    Err(Failure::usage(message).hint(format!("choose one: {}", all.join(", "))).into())
}

/// What is to be written: the certificate, and the links of its chain if it is not trusted without them. `name` says
/// where it comes from.
///
/// # Errors
///
/// A [`Failure`]: it could not be encrypted to.
pub(super) fn usable<'a>(
    chosen: &'a Certificate,
    found: &'a Enrolment,
    name: &str,
    trust: &Trust,
    now_ns: i64,
    session: &Session,
) -> anyhow::Result<Vec<&'a Certificate>> {
    // one that is enrolled before its time is judged as of then
    let at_ns = now_ns.max(chosen.not_before_ns());
    if at_ns != now_ns {
        let from = chosen.not_before_text();
        session.warn(format!(
            "not valid before {from}: until then nothing is encrypted to it (is this machine's clock right?)"
        ));
    }
    match found.with_links(chosen, name, trust, at_ns) {
        Ok((certificates, warnings)) => {
            warnings.iter().for_each(|w| session.warn(w.to_string()));
            Ok(certificates)
        }
        Err(why) => {
            let why = why.as_deref().map(left_out_text).unwrap_or_default();
            Err(Failure::refused(format!("it cannot be used: {why}")).into())
        }
    }
}
