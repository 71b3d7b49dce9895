//! Forms in which people have certificates and keys and that are not taken, each with the command that converts it.

use crate::base::WideText;

use super::{KeyError, pkcs12};

/// What was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Certificate,
    PrivateKey,
}

/// The object identifier of signed data, which is what a `.p7b` file is (RFC 5652, 5.1).
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
/// How the encryptions of older programs begin (RFC 7292, appendix C).
const OLD_ENCRYPTION: &[u8] = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";

/// The error for bytes of another form than those that are taken; `None` when they are of none that is known.
pub(super) fn foreign(bytes: &[u8], wanted: Wanted) -> Option<KeyError> {
    let (what, command) = wide(bytes)
        .map(|wide| (wide.name(), wide.command()))
        .or_else(|| pkcs12::is_pkcs12(bytes).then(|| ("PKCS#12 (.p12, .pfx)", of_pkcs12(bytes, wanted))))
        .or_else(|| is_signed_data(bytes).then(|| of_pkcs7(wanted)))
        .or_else(|| ssh(bytes, wanted))?;
    Some(KeyError::Convert { what, command })
}

/// Whether DER, or BER, is signed data.
pub(super) fn is_signed_data(der: &[u8]) -> bool {
    let after_length = match der {
        [0x30, length, rest @ ..] if *length < 0x80 => rest,
        [0x30, length, rest @ ..] => rest.get(usize::from(length & 0x7f)..).unwrap_or_default(),
        _ => return false,
    };
    after_length.starts_with(SIGNED_DATA)
}

/// The error for a PEM block with signed data: its label is `CMS`, or one that `openssl pkcs7` reads.
pub(super) fn pem_of_signed_data(label: &str) -> KeyError {
    let command = match label {
        "CMS" => "sed 's/ CMS-/ PKCS7-/' OLD | openssl pkcs7 -print_certs -out NEW.pem",
        _ => "openssl pkcs7 -print_certs -in OLD -out NEW.pem",
    };
    KeyError::Convert { what: "PKCS#7 (.p7b, .p7c)", command }
}

/// The same where certificates come before it: `openssl pkcs7` takes the first of them for what it looks for.
pub(super) fn pem_with_signed_data(label: &str) -> KeyError {
    let command = match label {
        "CMS" => {
            "(sed '/BEGIN CMS/,/END CMS/d' OLD; sed -n '/BEGIN CMS/,/END CMS/p' OLD | sed 's/ CMS-/ PKCS7-/' | openssl \
             pkcs7 -print_certs) > NEW.pem"
        }
        "PKCS7" => {
            "(sed '/BEGIN PKCS7/,/END PKCS7/d' OLD; sed -n '/BEGIN PKCS7/,/END PKCS7/p' OLD | openssl pkcs7 \
             -print_certs) > NEW.pem"
        }
        _ => {
            "(sed '/BEGIN PKCS #7/,/END PKCS #7/d' OLD; sed -n '/BEGIN PKCS #7/,/END PKCS #7/p' OLD | openssl pkcs7 \
             -print_certs) > NEW.pem"
        }
    };
    KeyError::Convert { what: "certificates with PKCS#7 (.p7b, .p7c) after them", command }
}

fn of_pkcs7(wanted: Wanted) -> (&'static str, &'static str) {
    match wanted {
        Wanted::Certificate => ("PKCS#7 (.p7b, .p7c)", "openssl pkcs7 -inform DER -print_certs -in OLD -out NEW.pem"),
        // there is no key in it
        Wanted::PrivateKey => (
            "PKCS#7 (.p7b, .p7c), which holds certificates and no private key",
            "openssl pkcs7 -inform DER -print_certs -in OLD -out NEW.pem",
        ),
    }
}

fn of_pkcs12(bytes: &[u8], wanted: Wanted) -> &'static str {
    let is_old = bytes.windows(OLD_ENCRYPTION.len()).any(|window| window == OLD_ENCRYPTION);
    match (wanted, is_old) {
        (Wanted::Certificate, false) => "openssl pkcs12 -clcerts -nokeys -in OLD -out NEW.pem",
        (Wanted::Certificate, true) => "openssl pkcs12 -legacy -clcerts -nokeys -in OLD -out NEW.pem",
        (Wanted::PrivateKey, false) => "openssl pkcs12 -nocerts -aes256 -in OLD -out NEW.key",
        (Wanted::PrivateKey, true) => "openssl pkcs12 -legacy -nocerts -aes256 -in OLD -out NEW.key",
    }
}

/// Text in wide characters, with a mark or with something that only a text has.
fn wide(bytes: &[u8]) -> Option<WideText> {
    let unmarked = || WideText::UNMARKED.into_iter().find(|wide| wide.holds(bytes, "-----BEGIN "));
    WideText::by_mark(bytes).or_else(unmarked)
}

/// The command for a private key of SSH.
pub(super) const OF_SSH_KEY: &str = "install -m 600 OLD NEW && ssh-keygen -p -m PKCS8 -f NEW";

fn ssh(bytes: &[u8], wanted: Wanted) -> Option<(&'static str, &'static str)> {
    const PUBLIC: [&[u8]; 5] = [b"ssh-", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-", b"---- BEGIN SSH2 PUBLIC KEY ----"];
    if bytes.starts_with(b"PuTTY-User-Key-File-") {
        let command = "puttygen OLD -O private-openssh -o NEW && ssh-keygen -p -m PKCS8 -f NEW";
        return Some(("a private key of PuTTY", command));
    }
    if !PUBLIC.iter().any(|begin| bytes.starts_with(begin)) {
        return None;
    }
    let is_elliptic = bytes.starts_with(b"ecdsa-");
    Some(match wanted {
        Wanted::PrivateKey => {
            ("a public key of SSH; the private one, in the file without .pub, can be converted", OF_SSH_KEY)
        }
        Wanted::Certificate if is_elliptic => (
            "a public key of SSH, not a certificate; the owner of the key, converted, makes one of it",
            "ssh-keygen -p -m PKCS8 -f KEY && openssl req -x509 -new -key KEY -days 730 -subj /CN=NAME \
             -addext keyUsage=critical,keyAgreement -out NEW.pem",
        ),
        Wanted::Certificate => (
            "a public key of SSH, not a certificate; the owner of the key, converted, makes one of it",
            "ssh-keygen -p -m PKCS8 -f KEY && openssl req -x509 -new -key KEY -days 730 -subj /CN=NAME \
             -addext keyUsage=critical,keyEncipherment -out NEW.pem",
        ),
    })
}
