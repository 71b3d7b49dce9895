//! `enroll-cert`: makes a key with its certificate, enrols and removes certificates, tells which could be encrypted to.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{ArgGroup, Parser, ValueEnum};
use vidveil::base::{parse, text};
use vidveil::cli::enroll::{self, Check, FromCard, ManagementFlags, OnCard, Take};
use vidveil::cli::flags::{CommonFlags, JsonFlags, PassphraseFlags, TrustFlags};
use vidveil::cli::{
    self, Failure, Session,
    secrets::{CardPlaceFlags, PinFlags},
};
use vidveil::keys::{
    self, Algorithm, GenerateOptions, Generated, KeyError, Purpose,
    card::Slot,
    certificates_in,
    generate::{DEFAULT_DAYS, MAX_DAYS},
};
use vidveil::storage::{AtomicFile, Existing};

/// Make, enrol, check and remove certificates
///
/// With --generate it makes a private key and a certificate for it. The private key stays where it was
/// made; the certificate goes to the machine that records, into the folder of its recipients. With
/// --generate-on-card the key is made on a smart card, and never leaves it. With FILE
/// it enrols a certificate that was made elsewhere: PEM, DER, a chain or PKCS#12. With --check it tells
/// for each certificate whether streams could be encrypted to it now, and when recording would stop.
#[derive(Parser)]
#[command(
    group(ArgGroup::new("what").required(true).args(["generate", "generate_on_card", "check", "remove", "file", "from_card", "list", "from_token"])),
    after_long_help = "Examples:\n  \
        enroll-cert --generate --name \"privacy server\" --key server.key -o certs/server.pem\n  \
        enroll-cert --generate --for signing --name \"archiver gate\" --key archiver.key -o archiver.pem\n  \
        enroll-cert desk.p12 -o certs/desk.pem\n  \
        enroll-cert --list\n  \
        enroll-cert --from-card -o certs/alice.pem\n  \
        enroll-cert --generate-on-card --name alice --algorithm p-384 -o certs/alice.pem\n  \
        enroll-cert --from-token 'pkcs11:/usr/lib/softhsm/libsofthsm2.so?token=hsm' -o certs/server.pem\n  \
        enroll-cert --check certs/ --warn-before 60d\n  \
        enroll-cert --remove certs/desk.pem"
)]
struct Args {
    /// Make a private key and its certificate
    #[arg(long, requires_all = ["name", "key"])]
    generate: bool,

    /// Make a private key on a smart card (PIV), and its certificate
    ///
    /// The key is made by the card in slot 9d, or in --slot 82 to 95, and cannot be read by anybody. The card signs the
    /// certificate, which is written to the card and to -o. It wants its PIN and its management key, which is asked for unless
    /// --management-key-file gives it. A slot with something in it is refused with exit status 4 unless --force is given.
    #[arg(long, requires = "name", conflicts_with_all = ["key", "passphrase_file"])]
    generate_on_card: bool,

    #[command(flatten)]
    management: ManagementFlags,

    #[command(flatten)]
    pin: PinFlags,

    /// Enrol the certificate in FILE: PEM, DER, or PKCS#12; "-" is stdin
    ///
    /// Of a chain it is the certificate that issued none of the others. A private key in the file is not
    /// taken along, and a warning says that it was there. What could not be encrypted to is refused with
    /// exit status 4; one that is not valid yet is enrolled with a warning. The links of the chain come
    /// along only if --ca asks for them. Of PKCS#12 the key is not opened; a pass phrase is asked for when
    /// the certificates are encrypted, and only with PBES2 (OpenSSL 3, Java, Windows with AES): for older
    /// files the error names the openssl command that converts them.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Enrol the certificate on a smart card (PIV): that of slot 9d, or of --slot
    ///
    /// The private key stays on the card; --card then opens streams with it. The certificate is checked as one out of a FILE.
    #[arg(long, conflicts_with_all = ["name", "key", "passphrase_file"])]
    from_card: bool,

    /// Tell every card reader, its card, and which certificates on it can open streams
    ///
    /// One line a reader, and one for each certificate in the slots 9a, 9c, 9d, 9e and 82 to 95: the slot, whether its key
    /// can open streams, why nothing can be encrypted to it where that is so, and whom it is for. No PIN is asked for. Exit status
    /// 5 when there is no PIV card.
    ///
    /// With --json it is one object: version; readers, each with reader (its name), card (true when a PIV card
    /// answers), reason (why not, or null) and certificates, each with slot, opens (whether its key can open streams), usable
    /// (whether it could be encrypted to), reason (null when usable), subject, issuer, serial, key_type, not_before,
    /// not_after and sha256; facts of a certificate that cannot be read are null.
    #[arg(long, conflicts_with_all = ["name", "key", "output", "force", "passphrase_file"])]
    list: bool,

    /// Slot of the card: 9a, 9c, 9d, 9e or 82 to 95
    #[arg(long, value_name = "SLOT", default_value = "9d")]
    slot: Slot,

    #[command(flatten)]
    place: CardPlaceFlags,

    /// Enrol the certificate that is in a token: pkcs11:MODULE?token=NAME&id=HEX
    ///
    /// A token is a security module, or a card, with a PKCS #11 library; the URI is that of -i of decrypt-stream. The
    /// certificate is checked as one of FILE is. No PIN is asked for.
    #[arg(long, value_name = "URI", value_parser = token_uri)]
    from_token: Option<PathBuf>,

    /// Enrol the certificate whose SHA-256 fingerprint begins with HEX, out of several
    #[arg(long, value_name = "HEX", conflicts_with_all = ["generate", "check", "remove"], value_parser = fingerprint)]
    select: Option<String>,

    /// Tell for each certificate in FILE, or in the folder DIR, whether it could be encrypted to
    ///
    /// One line a certificate: the file, "usable" or the reason against it, whom it is for, kind of key,
    /// validity, days left and SHA-256 fingerprint. In a folder, files named *.pem, *.crt, *.cer and *.der
    /// count, but no dot files; a last line says when recording with the folder stops, and because of
    /// whom. Exit status 4 when no certificate is usable, or recording stops within --warn-before.
    ///
    /// With --json it is one object: version; checked (time); usable (number); minimum_recipients; records
    /// (whether recording is possible); stops (time, or null), days_left and because; certificates, each
    /// with file, usable, reason (null when usable), warnings, subject, issuer, serial, key_type, not_before,
    /// not_after, days_left (negative when it is over) and sha256. Facts of a file that cannot be read are null.
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., conflicts_with_all = ["name", "key", "output", "force", "passphrase_file"])]
    check: Vec<PathBuf>,

    /// With --check, end with exit status 4 when recording stops within TIME
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = parse::duration, requires = "check")]
    warn_before: Duration,

    /// With --check and --remove, fewest usable certificates with which recording goes on
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with_all = ["generate", "generate_on_card", "file", "from_token", "from_card", "list"])]
    minimum_recipients: usize,

    #[command(flatten)]
    json: JsonFlags,

    /// Remove the certificate's FILE from its folder, unless it is the last usable one there
    ///
    /// The last usable one is removed only with --force: recording stops without it. Give --ca, --crl and --minimum-recipients as
    /// the recorder has them: they decide what is usable.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "key", "output", "passphrase_file"])]
    remove: Option<PathBuf>,

    #[command(flatten)]
    trust: TrustFlags,

    /// Whom the certificate is for: its common name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Write the private key to FILE, readable by its owner only
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Write the certificate to FILE, not to stdout; missing folders are made
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What the new key is for: streams are encrypted to it, or it signs them (--sign)
    #[arg(long = "for", value_enum, default_value_t, value_name = "PURPOSE", requires = "generate")]
    purpose: KeyPurpose,

    /// Kind of key
    #[arg(long, value_enum, default_value_t, value_name = "ALGORITHM")]
    algorithm: KeyAlgorithm,

    /// Days for which the certificate is valid
    #[arg(long, default_value_t = DEFAULT_DAYS, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DAYS)))]
    days: u32,

    /// Encrypt the new private key with the pass phrase in the first line of FILE; or open PKCS#12 with it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// Replace the files of these names, and what is in the card's slot; what was encrypted to a replaced key cannot be opened
    /// any more. With --remove, remove the last usable certificate, too
    #[arg(short, long)]
    force: bool,

    #[command(flatten)]
    common: CommonFlags,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum KeyAlgorithm {
    /// Elliptic curve P-256
    #[default]
    #[value(name = "p-256")]
    P256,
    /// Elliptic curve P-384
    #[value(name = "p-384")]
    P384,
    /// RSA, 2048 bits, for cards that know no longer ones: only with --generate-on-card
    #[value(name = "rsa-2048")]
    Rsa2048,
    /// RSA, 3072 bits
    #[value(name = "rsa-3072")]
    Rsa3072,
    /// Ed25519, for signing only
    #[value(name = "ed25519")]
    Ed25519,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum KeyPurpose {
    /// A recipient's
    #[default]
    Encryption,
    /// A signer's: of encrypt-stream --sign, protect --sign, rewrap --sign
    Signing,
}

impl KeyAlgorithm {
    fn algorithm(self) -> Algorithm {
        match self {
            KeyAlgorithm::P256 => Algorithm::P256,
            KeyAlgorithm::P384 => Algorithm::P384,
            KeyAlgorithm::Rsa2048 => Algorithm::Rsa2048,
            KeyAlgorithm::Rsa3072 => Algorithm::Rsa3072,
            KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
        }
    }
}

fn main() -> ExitCode {
    cli::run("enroll-cert", enroll)
}

fn enroll(args: Args, session: &Session) -> anyhow::Result<()> {
    if args.json.json && args.check.is_empty() && !args.list {
        return Err(Failure::usage("--json goes with --check and --list").into());
    }
    let makes = args.generate || args.generate_on_card;
    if (makes || args.list) && !(args.trust.ca.is_empty() && args.trust.crl.is_empty()) {
        return Err(Failure::usage("--ca and --crl go with --check, --remove, --from-card and a FILE to enrol").into());
    }
    if let Some(path) = &args.remove {
        return enroll::remove(path, &args.trust, args.minimum_recipients, args.force, session);
    }
    if args.list {
        return enroll::list_cards(&args.place, args.json.json, session);
    }
    let output = args.output.clone().filter(|path| *path != Path::new("-"));
    let file = args.file.clone().or(args.from_token.clone());
    match file {
        _ if args.from_card => {
            let (place, slot, force, trust) = (args.place, args.slot, args.force, args.trust);
            enroll::from_card(&FromCard { place, slot, output, force, trust }, session)
        }
        _ if args.generate_on_card => {
            let options = options(args.name.as_deref().unwrap_or_default(), &args);
            let (slot, force, place, pin, management) = (args.slot, args.force, args.place, args.pin, args.management);
            enroll::generate_on_card(&OnCard { slot, options, output, force, place, pin, management }, session)
        }
        _ if args.generate => generate(&args, session),
        Some(file) => {
            let take = Take {
                file,
                output,
                force: args.force,
                select: args.select,
                trust: args.trust,
                passphrase: PassphraseFlags { passphrase_file: args.passphrase_file },
            };
            enroll::take(&take, session)
        }
        None => {
            let (paths, trust, json) = (args.check, args.trust, args.json.json);
            let (warn_before, minimum) = (args.warn_before, args.minimum_recipients);
            enroll::check(&Check { paths, trust, warn_before, minimum, json }, session)
        }
    }
}

fn token_uri(text: &str) -> Result<PathBuf, String> {
    match text.starts_with("pkcs11:") {
        true => Ok(text.into()),
        false => Err("it must begin with pkcs11:".into()),
    }
}

/// Eight hexadecimal digits or more, with or without colons.
fn fingerprint(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    match digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(digits.to_ascii_lowercase()),
        false => Err("give 8 hexadecimal digits or more of the SHA-256 fingerprint".into()),
    }
}

fn options(name: &str, args: &Args) -> GenerateOptions {
    let now_ns = vidveil::base::wall_ns();
    GenerateOptions { name: name.to_owned(), algorithm: args.algorithm.algorithm(), days: args.days, now_ns }
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
        Some(path) => Some(enroll::create_with_folder(path, existing)?),
        None => None,
    };
    let passphrase = match &args.passphrase_file {
        Some(_) => {
            let flags = PassphraseFlags { passphrase_file: args.passphrase_file.clone() };
            Some(vidveil::cli::secrets::ask_new_passphrase(&flags, &text::quoted_path(key_path), session)?)
        }
        None => None,
    };
    if args.algorithm == KeyAlgorithm::Rsa2048 {
        return Err(Failure::usage("rsa-2048 is for cards that know no longer keys")
            .hint("give --algorithm rsa-3072, or --generate-on-card")
            .into());
    }
    let options = options(name, args);
    let purpose = match args.purpose {
        KeyPurpose::Encryption => Purpose::Encryption,
        KeyPurpose::Signing => Purpose::Signing,
    };
    let Generated { certificate_pem, key_pem } =
        keys::generate_for(purpose, &options, passphrase.as_ref().map(|phrase| phrase.as_bytes())).map_err(
            |error| match error {
                KeyError::BadOption(why) => Failure::usage(why).into(),
                error => anyhow::Error::from(error),
            },
        )?;

    let writing = |path: &Path| format!("cannot write {}", text::quoted_path(path));
    key_file.file().write_all(key_pem.as_bytes()).with_context(|| writing(key_path))?;
    if let (Some(file), Some(path)) = (&mut certificate_file, certificate_path) {
        file.file().write_all(certificate_pem.as_bytes()).with_context(|| writing(path))?;
    }
    let replaced = key_path.exists();
    key_file.commit()?;
    let certified = match certificate_file {
        Some(file) => file.commit().map_err(anyhow::Error::from),
        None => print(&certificate_pem),
    };
    if certified.is_err() && !replaced {
        // A key that nobody can encrypt to would only be in the way of the next attempt.
        let _ = fs::remove_file(key_path);
    }
    certified?;
    for certificate in certificates_in(certificate_pem.as_bytes())? {
        session.note(format!("made {}", enroll::description(&certificate, options.now_ns)));
    }
    Ok(())
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
