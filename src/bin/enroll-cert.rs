//! `enroll-cert`: makes a key with its certificate, and tells which certificates could be encrypted to.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgGroup, Parser, ValueEnum};
use vidveil::cli::flags::{CommonFlags, PassphraseFlags};
use vidveil::cli::{self, AtomicFile, CertificateFiles, Existing, Failure, Session, text};
use vidveil::keys::{
    self, Algorithm, Certificate, GenerateOptions, Generated, KeyError, RecipientSet, certificates_in,
    generate::{DEFAULT_DAYS, MAX_DAYS},
};

/// Make a certificate and its key, or check certificates
///
/// With --generate it makes a private key and a certificate for it. The private key stays where it was
/// made; the certificate goes to the machine that records, into the folder of its recipients. With
/// --check it tells for each certificate whether streams could be encrypted to it now.
#[derive(Parser)]
#[command(
    group(ArgGroup::new("what").required(true).args(["generate", "check"])),
    after_long_help = "Examples:\n  \
        enroll-cert --generate --name \"privacy server\" --key server.key -o certs/server.pem\n  \
        enroll-cert --check certs/"
)]
struct Args {
    /// Make a private key and its certificate
    #[arg(long, requires_all = ["name", "key"])]
    generate: bool,

    /// Tell for each certificate in FILE, or in the folder DIR, whether it could be encrypted to
    ///
    /// One line a certificate: the file, "usable" or the reason against it, subject, kind of key,
    /// validity and SHA-256 fingerprint. In a folder, files named *.pem, *.crt, *.cer and *.der count,
    /// but no dot files. Exit status 4 when no certificate is usable.
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., conflicts_with_all = ["name", "key", "output", "force"])]
    check: Vec<PathBuf>,

    /// Whom the certificate is for: its common name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Write the private key to FILE, readable by its owner only
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Write the certificate to FILE, not to stdout; missing folders are made
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Kind of key
    #[arg(long, value_enum, default_value_t, value_name = "ALGORITHM")]
    algorithm: KeyAlgorithm,

    /// Days for which the certificate is valid
    #[arg(long, default_value_t = DEFAULT_DAYS, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DAYS)))]
    days: u32,

    /// Encrypt the private key with the pass phrase in the first line of FILE
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// Replace the files of these names; what was encrypted to a replaced key cannot be opened any more
    #[arg(short, long)]
    force: bool,

    #[command(flatten)]
    common: CommonFlags,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum KeyAlgorithm {
    /// Elliptic curve P-256
    #[default]
    #[value(name = "p-256")]
    P256,
    /// Elliptic curve P-384
    #[value(name = "p-384")]
    P384,
    /// RSA, 3072 bits
    #[value(name = "rsa-3072")]
    Rsa3072,
}

fn main() -> ExitCode {
    cli::run("enroll-cert", enroll)
}

fn enroll(args: Args, session: &Session) -> anyhow::Result<()> {
    match args.generate {
        true => generate(&args, session),
        false => check(&args.check, session),
    }
}

fn generate(args: &Args, session: &Session) -> anyhow::Result<()> {
    let (Some(name), Some(key_path)) = (&args.name, &args.key) else {
        return Err(Failure::usage("--generate needs --name and --key").into());
    };
    let certificate_path = args.output.as_deref().filter(|path| *path != Path::new("-"));
    let existing = Existing::from_force(args.force);
    // All that can fail is tried before anything has its name.
    let mut key_file = AtomicFile::create(key_path, 0o600, existing, None)?;
    let mut certificate_file = match certificate_path {
        Some(path) if path == key_path => {
            return Err(Failure::usage("the key and its certificate need two files").into());
        }
        Some(path) => Some(create_with_folder(path, existing)?),
        None => None,
    };
    let passphrase = match &args.passphrase_file {
        Some(_) => {
            let flags = PassphraseFlags { passphrase_file: args.passphrase_file.clone() };
            Some(cli::ask_new_passphrase(&flags, &text::quoted_path(key_path), session)?)
        }
        None => None,
    };
    let algorithm = match args.algorithm {
        KeyAlgorithm::P256 => Algorithm::P256,
        KeyAlgorithm::P384 => Algorithm::P384,
        KeyAlgorithm::Rsa3072 => Algorithm::Rsa3072,
    };
    let options = GenerateOptions { name: name.clone(), algorithm, days: args.days, now_ns: cli::wall_ns() };
    let Generated { certificate_pem, key_pem } =
        keys::generate(&options, passphrase.as_ref().map(|phrase| phrase.as_bytes())).map_err(|error| match error {
            KeyError::BadOption(why) => Failure::usage(why).into(),
            error => anyhow::Error::from(error),
        })?;

    let writing = |path: &Path| format!("cannot write {}", text::quoted_path(path));
    key_file.file().write_all(key_pem.as_bytes()).with_context(|| writing(key_path))?;
    if let (Some(file), Some(path)) = (&mut certificate_file, certificate_path) {
        file.file().write_all(certificate_pem.as_bytes()).with_context(|| writing(path))?;
    }
    let replaced = key_path.exists();
    key_file.commit()?;
    let certified = match certificate_file {
        Some(file) => file.commit(),
        None => print(&certificate_pem),
    };
    if certified.is_err() && !replaced {
        // A key that nobody can encrypt to would only be in the way of the next attempt.
        let _ = fs::remove_file(key_path);
    }
    certified?;
    for certificate in certificates_in(certificate_pem.as_bytes())? {
        session.note(format!("made {}", description(&certificate)));
    }
    Ok(())
}

/// Creates the certificate's file; the folder of the recipients may be made by its first certificate.
fn create_with_folder(path: &Path, existing: Existing) -> anyhow::Result<AtomicFile> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", text::quoted_path(folder)))?;
    }
    AtomicFile::create(path, 0o666, existing, None)
}

fn check(paths: &[PathBuf], session: &Session) -> anyhow::Result<()> {
    let files = CertificateFiles::new(paths)?.read().map_err(Failure::failed)?;
    let set = RecipientSet::new(files, cli::wall_ns());
    let mut lines: Vec<String> = Vec::new();
    for recipient in &set.usable {
        let name = text::printable(&recipient.name);
        lines.push(format!("{name}: usable: {}", description(&recipient.certificate)));
        for warning in &recipient.warnings {
            session.warn(format!("{}: {warning}", text::quoted(&recipient.name)));
        }
    }
    for left_out in &set.left_out {
        let reason = match &left_out.error {
            Some(error) => format!("{}: {error}", left_out.reason),
            None => left_out.reason.to_string(),
        };
        let about = left_out.certificate.as_ref().map(|certificate| format!(": {}", description(certificate)));
        lines.push(format!("{}: {reason}{}", text::printable(&left_out.name), about.unwrap_or_default()));
    }
    lines.sort();
    print(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    match set.usable.is_empty() {
        true => Err(Failure::refused("no usable certificate")
            .hint("enroll-cert --generate --name NAME --key KEY -o CERT makes one")
            .into()),
        false => Ok(()),
    }
}

fn description(certificate: &Certificate) -> String {
    format!(
        "{}, {}, from {} to {}, SHA-256 {}",
        text::printable(certificate.subject()),
        certificate.key_type(),
        text::rfc3339(certificate.not_before_ns()),
        text::rfc3339(certificate.not_after_ns()),
        text::hex(&certificate.fingerprint())
    )
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
