//! Revocation lists of every form, made byte by byte and signed by openssl.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::authority::Authority;

/// Tags of strings in names.
pub const UTF8: u8 = 0x0c;
pub const PRINTABLE: u8 = 0x13;
pub const TELETEX: u8 = 0x14;
pub const IA5: u8 = 0x16;
pub const UNIVERSAL: u8 = 0x1c;
pub const BMP: u8 = 0x1e;

/// DER of one element.
pub fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match content.len() {
        n @ 0..0x80 => vec![n as u8],
        n @ 0x80..0x100 => vec![0x81, n as u8],
        n => vec![0x82, (n >> 8) as u8, n as u8],
    };
    [&[tag][..], &length, content].concat()
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

/// A name of one part for each (last arc of the attribute's type, tag, text).
pub fn name(parts: &[(u8, u8, &str)]) -> Vec<u8> {
    sequence(&parts.iter().map(|part| der(0x31, &attribute(part))).collect::<Vec<_>>())
}

pub fn attribute((kind, tag, text): &(u8, u8, &str)) -> Vec<u8> {
    let value: Vec<u8> = match *tag {
        BMP => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        UNIVERSAL => text.chars().flat_map(|c| (c as u32).to_be_bytes()).collect(),
        TELETEX => text.chars().map(|c| c as u8).collect(),
        _ => text.as_bytes().to_vec(),
    };
    sequence(&[der(6, &[0x55, 4, *kind]), der(*tag, &value)])
}

/// Extension with the last arc of its type below 2.5.29; others go by their whole type.
pub fn extension(kind: u8, critical: bool, value: Vec<u8>) -> Vec<u8> {
    extension_of(&[0x55, 0x1d, kind], critical, value)
}

pub fn extension_of(kind: &[u8], critical: bool, value: Vec<u8>) -> Vec<u8> {
    let critical = if critical { der(1, &[0xff]) } else { Vec::new() };
    sequence(&[der(6, kind), critical, der(4, &value)])
}

/// A whole number of one byte.
pub fn integer(n: u8) -> Vec<u8> {
    der(2, &[n])
}

/// One of the revoked certificates.
#[derive(Clone)]
pub struct Entry {
    pub serial: Vec<u8>,
    pub extensions: Vec<Vec<u8>>,
}

/// A list to be made.
#[derive(Clone)]
pub struct List {
    pub version: Option<u8>,
    /// DER of the issuer's name.
    pub issuer: Vec<u8>,
    /// In days from now.
    pub made: i64,
    pub due: Option<i64>,
    /// `None` leaves the field out, as there is nothing in it.
    pub revoked: Option<Vec<Entry>>,
    pub extensions: Option<Vec<Vec<u8>>>,
}

impl List {
    /// Version 2, for thirty days, by the authority's name, with its number; nobody is revoked.
    pub fn of(ca: &Authority) -> Self {
        let extensions = Some(vec![number(1)]);
        List { version: Some(1), issuer: subject(ca, "ca.pem"), made: -1, due: Some(30), revoked: None, extensions }
    }

    /// Names the certificate in that file, too.
    pub fn revoke(self, ca: &Authority, file: &str) -> Self {
        self.revoke_because(ca, file, Vec::new())
    }

    pub fn revoke_because(mut self, ca: &Authority, file: &str, extensions: Vec<Vec<u8>>) -> Self {
        let serial = with_certificate(ca, file, |c| c.raw_serial().to_vec());
        self.revoked.get_or_insert_default().push(Entry { serial, extensions });
        self
    }

    /// With one more extension.
    pub fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.get_or_insert_default().push(extension);
        self
    }

    /// DER, signed with the P-256 key in `KEY.key` and SHA-256.
    pub fn signed(&self, ca: &Authority, key: &str) -> Vec<u8> {
        let algorithm = sequence(&[der(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2])]);
        let mut parts = vec![];
        parts.extend(self.version.map(integer));
        parts.extend([algorithm.clone(), self.issuer.clone(), time(self.made)]);
        parts.extend(self.due.map(time));
        parts.extend(self.revoked.as_ref().map(|all| sequence(&all.iter().map(Entry::der).collect::<Vec<_>>())));
        parts.extend(self.extensions.as_ref().map(|all| der(0xa0, &sequence(all))));
        let tbs = sequence(&parts);
        ca.write("tbs", &tbs);
        let signature = ca.openssl(&format!("dgst -sha256 -sign {key}.key tbs"));
        sequence(&[tbs, algorithm, der(3, &[&[0], &signature[..]].concat())])
    }
}

impl Entry {
    fn der(&self) -> Vec<u8> {
        let extensions = if self.extensions.is_empty() { vec![] } else { vec![sequence(&self.extensions)] };
        sequence(&[vec![der(2, &self.serial), time(-2)], extensions].concat())
    }
}

/// The extension cRLNumber.
pub fn number(n: u8) -> Vec<u8> {
    extension(20, false, integer(n))
}

/// The extension deltaCRLIndicator: what has changed since the list of that number.
pub fn delta_since(n: u8) -> Vec<u8> {
    extension(27, true, integer(n))
}

/// The extension reasonCode.
pub fn because(reason: u8) -> Vec<Vec<u8>> {
    vec![extension(21, false, der(10, &[reason]))]
}

/// DER of the subject of the certificate in that file.
pub fn subject(ca: &Authority, file: &str) -> Vec<u8> {
    with_certificate(ca, file, |c| c.subject().as_raw().to_vec())
}

fn with_certificate<T>(ca: &Authority, file: &str, take: impl Fn(&X509Certificate<'_>) -> T) -> T {
    let pem = x509_parser::pem::parse_x509_pem(&ca.read(file)).unwrap().1;
    let (_, certificate) = X509Certificate::from_der(&pem.contents).unwrap();
    take(&certificate)
}

/// UTCTime, in days from now.
fn time(days: i64) -> Vec<u8> {
    let t = time::OffsetDateTime::now_utc() + time::Duration::days(days);
    let (date, clock) = (t.date(), t.time());
    let year = date.year() % 100;
    let text = format!(
        "{year:02}{:02}{:02}{:02}{:02}{:02}Z",
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    );
    der(0x17, text.as_bytes())
}

/// PEM of lists, in lines of 64.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = base64(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let n = three.iter().chain([0, 0].iter()).take(3).fold(0usize, |n, b| n << 8 | *b as usize);
        let digit = |i: usize| if i <= three.len() { DIGITS[n >> (18 - 6 * i) & 63] as char } else { '=' };
        (0..4).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}
