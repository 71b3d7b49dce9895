//! The flags of `enroll-cert`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::base::{parse, wall_ns};
use crate::devices::card::Slot;
use crate::keys::generate::{DEFAULT_DAYS, MAX_DAYS};
use crate::keys::{Algorithm, GenerateOptions, Purpose};

use super::{CardPlaceFlags, JsonFlags, PassphraseFlags, PinFlags, TrustFlags};

/// What to do with which certificate. The command has a group that demands one of the actions.
#[derive(Args, Clone, Debug)]
pub struct EnrollFlags {
    /// Make a private key and its certificate
    #[arg(long, requires_all = ["name", "key"])]
    pub generate: bool,

    /// Make a private key on a smart card (PIV), and its certificate
    ///
    /// The key is made by the card in slot 9d, or in --slot 82 to 95, and cannot be read by anybody. The card signs the
    /// certificate, which is written to the card and to -o. It wants its PIN and its management key, which is asked for
    /// unless
    /// --management-key-file gives it. A slot with something in it is refused with exit status 4 unless --force is
    /// given.
    #[arg(long, requires = "name", conflicts_with_all = ["key", "passphrase_file"])]
    pub generate_on_card: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub management: ManagementFlags,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub pin: PinFlags,

    /// Enrol the certificate in FILE: PEM, DER, or PKCS#12; "-" is stdin
    ///
    /// Of a chain it is the certificate that issued none of the others. A private key in the file is not
    /// taken along, and a warning says that it was there. What could not be encrypted to is refused with
    /// exit status 4; one that is not valid yet is enrolled with a warning. The links of the chain come
    /// along only if --ca asks for them. Of PKCS#12 the key is not opened; a pass phrase is asked for when
    /// the certificates are encrypted, and only with PBES2 (OpenSSL 3, Java, Windows with AES): for older
    /// files the error names the openssl command that converts them.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Enrol the certificate on a smart card (PIV): that of slot 9d, or of --slot
    ///
    /// The private key stays on the card; --card then opens streams with it. The certificate is checked as one out of a
    /// FILE.
    #[arg(long, conflicts_with_all = ["name", "key", "passphrase_file"])]
    pub from_card: bool,

    /// List every card reader, its card, and which certificates on it can open streams
    ///
    /// One line a reader, and one for each certificate in the slots 9a, 9c, 9d, 9e and 82 to 95: the slot, whether its
    /// key can open streams, why nothing can be encrypted to it where that is so, and whom it is for. No PIN is asked
    /// for. Exit status 5 when there is no PIV card.
    ///
    /// With --json it is one object: version; readers, each with reader (its name), card (true when a PIV card
    /// answers), reason (why not, or null) and certificates, each with slot, opens (whether its key can open streams),
    /// usable (whether it could be encrypted to), reason (null when usable), subject, issuer, serial, key_type,
    /// not_before, not_after and sha256; facts of a certificate that cannot be read are null.
    #[arg(long, conflicts_with_all = ["name", "key", "output", "force", "passphrase_file"])]
    pub list: bool,

    /// Slot of the card: 9a, 9c, 9d, 9e or 82 to 95
    #[arg(long, value_name = "SLOT", default_value = "9d")]
    pub slot: Slot,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: CardPlaceFlags,

    /// Enrol the certificate that is in a token: pkcs11:MODULE?token=NAME&id=HEX
    ///
    /// A token is a security module, or a card, with a PKCS #11 library; the URI is that of -i of decrypt-stream. The
    /// certificate is checked as one of FILE is. No PIN is asked for.
    #[arg(long, value_name = "URI", value_parser = token_uri)]
    pub from_token: Option<PathBuf>,

    /// Enrol the certificate whose SHA-256 fingerprint begins with HEX, out of several
    #[arg(long, value_name = "HEX", conflicts_with_all = ["generate", "check", "remove"], value_parser = fingerprint)]
    pub select: Option<String>,

    /// Show for each certificate in FILE, or in the folder DIR, whether it could be encrypted to
    ///
    /// One line a certificate: the file, "usable" or the reason against it, whom it is for, kind of key,
    /// validity, days left and SHA-256 fingerprint. In a folder, files named *.pem, *.crt, *.cer and *.der
    /// count, but no dot files; a last line says when recording with the folder stops, and because of
    /// whom. Exit status 4 when no certificate is usable, or recording stops within --warn-before; with --strict
    /// also when any of them is not usable. Files and folders that others may write are warned of,
    /// and private keys that lie in a folder of certificates.
    ///
    /// With --json it is one object: version; checked (time); usable (number); minimum_recipients; records
    /// (whether recording is possible); stops (time, or null), days_left and because; certificates, each
    /// with file, usable, reason (null when usable), warnings, subject, issuer, serial, key_type, not_before,
    /// not_after, days_left (negative when it is over) and sha256. Facts of a file that cannot be read are null.
    ///
    /// With --for signing they are checked as those of signers instead, and with --for both each for what it is for:
    /// "signs", or why it cannot, and a last line for each signer says until when. A signer's next certificate has the
    /// same subject: one of them must last longer than --warn-before, else the exit status is 4. With --ca they need a
    /// chain. In JSON each certificate then has role (encryption or signing), and signers has subject, signs, ends
    /// (time, or null) and reason for each.
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., conflicts_with_all = ["name", "key", "output", "force", "passphrase_file"])]
    pub check: Vec<PathBuf>,

    /// With --check, end with exit status 4 when recording stops within TIME
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = parse::duration, requires = "check")]
    pub warn_before: Duration,

    /// With --check, end with exit status 4 also when any certificate cannot be used, and name it
    ///
    /// An authority that issued a usable one is not meant: it is there for the chain, or for the revocation lists.
    #[arg(long, conflicts_with_all = ["generate", "generate_on_card", "file", "from_token", "from_card", "list",
                                      "remove"])]
    pub strict: bool,

    /// With --check and --remove, fewest usable certificates with which recording goes on
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with_all = ["generate", "generate_on_card", "file", "from_token", "from_card", "list"])]
    pub minimum_recipients: usize,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonFlags,

    /// Remove the certificate's FILE from its folder, unless it is the last usable one there
    ///
    /// The last usable one is removed only with --force: recording stops without it. Give --ca, --crl, --crl-state
    /// and --minimum-recipients as the recorder has them: they decide what is usable.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "key", "output", "passphrase_file"])]
    pub remove: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub trust: TrustFlags,

    /// Whom the certificate is for: its common name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Write the private key to FILE, readable by its owner only
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,

    /// Write the certificate to FILE, not to stdout; missing folders are made
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// What the new key is for: streams are encrypted to it (the default), or it signs them (--sign); with --check,
    /// what the certificates are checked for
    #[arg(long = "for", value_enum, value_name = "PURPOSE",
          conflicts_with_all = ["file", "from_token", "from_card", "list", "remove", "generate_on_card"])]
    pub purpose: Option<KeyPurpose>,

    /// Kind of key
    #[arg(long, value_enum, default_value_t, value_name = "ALGORITHM")]
    pub algorithm: KeyAlgorithm,

    /// Days for which the certificate is valid
    #[arg(long, default_value_t = DEFAULT_DAYS, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_DAYS)))]
    pub days: u32,

    /// Encrypt the new private key with the pass phrase in the first line of FILE; or open PKCS#12 with it
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,

    /// Replace the files of these names, and what is in the card's slot; what was encrypted to a replaced key cannot be
    /// opened any more. With --remove, remove the last usable certificate, too
    #[arg(short, long)]
    pub force: bool,
}

impl EnrollFlags {
    /// The certificate's file; `None` is stdout.
    pub fn output_path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// Where a pass phrase comes from.
    pub fn passphrase(&self) -> PassphraseFlags {
        PassphraseFlags { passphrase_file: self.passphrase_file.clone() }
    }

    /// The key and certificate to make; the certificate is valid from now on.
    pub fn generate_options(&self) -> GenerateOptions {
        GenerateOptions {
            name: self.name.clone().unwrap_or_default(),
            algorithm: self.algorithm.algorithm(),
            days: self.days,
            now_ns: wall_ns(),
        }
    }
}

/// Where the card's management key comes from; without any of them it is asked for.
#[derive(Args, Clone, Debug, Default)]
pub struct ManagementFlags {
    /// Read the management key of the card from FILE: 32, 48 or 64 hexadecimal digits
    #[arg(long, value_name = "FILE", requires = "generate_on_card")]
    pub management_key_file: Option<PathBuf>,

    /// The management key is that of new cards, which everybody knows
    #[arg(long, requires = "generate_on_card", conflicts_with = "management_key_file")]
    pub management_key_is_factory_default: bool,
}

/// Kinds of key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyAlgorithm {
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

/// What a key is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyPurpose {
    /// A recipient's
    #[default]
    Encryption,
    /// A signer's: of encrypt-stream --sign, protect --sign, rewrap --sign
    Signing,
    /// With --check: each certificate for what it is for
    Both,
}

impl KeyAlgorithm {
    /// The library's name for it.
    pub fn algorithm(self) -> Algorithm {
        match self {
            KeyAlgorithm::P256 => Algorithm::P256,
            KeyAlgorithm::P384 => Algorithm::P384,
            KeyAlgorithm::Rsa2048 => Algorithm::Rsa2048,
            KeyAlgorithm::Rsa3072 => Algorithm::Rsa3072,
            KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
        }
    }
}

impl KeyPurpose {
    /// The library's name for it; `None` for both.
    pub fn purpose(self) -> Option<Purpose> {
        match self {
            KeyPurpose::Encryption => Some(Purpose::Encryption),
            KeyPurpose::Signing => Some(Purpose::Signing),
            KeyPurpose::Both => None,
        }
    }
}

fn token_uri(text: &str) -> Result<PathBuf, String> {
    if text.starts_with("pkcs11:") { Ok(text.into()) } else { Err("it must begin with pkcs11:".into()) }
}

/// Eight hexadecimal digits or more, with or without colons.
fn fingerprint(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    if digits.len() < 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("give 8 hexadecimal digits or more of the SHA-256 fingerprint".into());
    }
    Ok(digits.to_ascii_lowercase())
}
