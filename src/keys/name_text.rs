//! Names for people: each value as openssl shows it, whatever its type of string is and whether or not it is one.

use std::fmt::Write as _;

use x509_parser::asn1_rs::{Any, Class};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::X509Name;

use super::readable::readable;

const UTF8: u32 = 12;
const UNIVERSAL: u32 = 28;
const BMP: u32 = 30;
/// Types whose bytes are characters of Latin-1: of numbers, printable, Teletex (T.61), IA5, times, visible.
const LATIN: [u32; 7] = [18, 19, 20, 22, 23, 24, 26];

/// A whole name, as `CN=desk 1, O=police`: `+` joins what stands in one set; a comma, a plus sign and a backslash in a
/// value are written after a backslash, so that no value looks like two.
pub(super) fn text(name: &X509Name<'_>) -> String {
    let sets = name.iter().map(|set| {
        let parts = set.iter().map(|part| {
            let kind = match oid2abbrev(part.attr_type(), oid_registry()) {
                Ok(short) => short.to_owned(),
                Err(_) => part.attr_type().to_id_string(),
            };
            format!("{kind}={}", value(part.attr_value(), true))
        });
        parts.collect::<Vec<_>>().join(" + ")
    });
    readable(&sets.collect::<Vec<_>>().join(", "))
}

/// The first common name, if there is one.
pub(super) fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().next().map(|part| readable(&value(part.attr_value(), false)))
}

/// The common name, where there is one alone and it cannot be taken for a whole subject.
pub(super) fn sole_common_name(name: &X509Name<'_>) -> Option<String> {
    let mut all = name.iter_common_name();
    all.next().filter(|_| all.next().is_none())?;
    common_name(name).filter(|text| !text.contains('='))
}

/// Bytes that are no character are shown as `\FF`, another type than a string as its DER.
fn value(any: &Any<'_>, escape: bool) -> String {
    let mut out = String::new();
    let bytes: &[u8] = any.data;
    let tag = any.tag().0;
    let put = |out: &mut String, c: char| {
        if escape && matches!(c, ',' | '+' | '\\') {
            out.push('\\');
        }
        out.push(c);
    };
    match tag {
        _ if any.class() != Class::Universal => der(any, &mut out),
        UTF8 => {
            for chunk in bytes.utf8_chunks() {
                chunk.valid().chars().for_each(|c| put(&mut out, c));
                broken(chunk.invalid(), &mut out);
            }
        }
        tag if LATIN.contains(&tag) => bytes.iter().for_each(|byte| put(&mut out, char::from(*byte))),
        BMP => {
            let (units, rest) = (bytes.chunks_exact(2), bytes.chunks_exact(2).remainder());
            let units = units.map(|unit| unit.iter().fold(0, |n, byte| n << 8 | u16::from(*byte)));
            for c in char::decode_utf16(units) {
                match c {
                    Ok(c) => put(&mut out, c),
                    Err(half) => broken(&half.unpaired_surrogate().to_be_bytes(), &mut out),
                }
            }
            broken(rest, &mut out);
        }
        UNIVERSAL => {
            for unit in bytes.chunks(4) {
                let code = unit.iter().fold(0, |n, byte| n << 8 | u32::from(*byte));
                match char::from_u32(code).filter(|_| unit.len() == 4) {
                    Some(c) => put(&mut out, c),
                    None => broken(unit, &mut out),
                }
            }
        }
        _ => der(any, &mut out),
    }
    out
}

fn broken(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        let _ = write!(out, "\\{byte:02X}");
    }
}

/// `#` and all of it in hexadecimal digits, as RFC 4514, section 2.4, writes what has no text.
fn der(any: &Any<'_>, out: &mut String) {
    out.push('#');
    let length = any.data.len();
    let tag = any.header.raw_tag().map_or_else(|| vec![u8::try_from(any.tag().0).unwrap_or(0x1f)], <[u8]>::to_vec);
    let octets = length.to_be_bytes();
    let octets = octets.get(octets.iter().take_while(|byte| **byte == 0).count()..).unwrap_or_default();
    let long = if length < 0x80 { Vec::new() } else { vec![0x80 | u8::try_from(octets.len()).unwrap_or(0x7f)] };
    let shown = if length == 0 { &[0][..] } else { octets };
    for byte in tag.iter().chain(&long).chain(shown).chain(any.data) {
        let _ = write!(out, "{byte:02X}");
    }
}
