//! Names compared as RFC 5280, section 7.1, says: whatever the type of a string, its case and its blanks.

use x509_parser::asn1_rs::{Class, FromDer, Header, Tag};

/// Types of strings, by their tags.
const UTF8: u32 = 12;
const PRINTABLE: u32 = 19;
const TELETEX: u32 = 20;
const IA5: u32 = 22;
const VISIBLE: u32 = 26;
const UNIVERSAL: u32 = 28;
const BMP: u32 = 30;

/// Bytes that are equal for two names, given as DER, if and only if these are the same name. As openssl does it, case
/// is that of ASCII: other letters are the same where they are written the same. What is no name equals only itself.
pub(super) fn comparable(der: &[u8]) -> Vec<u8> {
    folded(der).unwrap_or_else(|| der.to_vec())
}

fn folded(der: &[u8]) -> Option<Vec<u8>> {
    // No DER begins with a zero: a name that was folded never equals one that could not be.
    let mut out = vec![0];
    for set in within(only(der)?, Tag::Sequence)? {
        let mut parts = Vec::new();
        for part in within(set, Tag::Set)? {
            let part = within(part, Tag::Sequence)?;
            let [(kind, oid), value] = part.as_slice() else { return None };
            if !is_universal(kind, Tag::Oid) {
                return None;
            }
            parts.push((*oid, folded_value(value)?));
        }
        // a set has no order
        parts.sort();
        put_length(&mut out, parts.len());
        for (oid, (tag, value)) in parts {
            put(&mut out, oid);
            put(&mut out, &tag);
            put(&mut out, &value);
        }
    }
    Some(out)
}

/// A piece of DER: its header and its content.
type Piece<'a> = (Header<'a>, &'a [u8]);

/// All pieces of `der`, one after the other, with nothing else.
fn pieces(mut der: &[u8]) -> Option<Vec<Piece<'_>>> {
    let mut found = Vec::new();
    while !der.is_empty() {
        let (rest, header) = Header::from_der(der).ok()?;
        let (content, rest) = rest.split_at_checked(header.length().definite().ok()?)?;
        found.push((header, content));
        der = rest;
    }
    Some(found)
}

fn only(der: &[u8]) -> Option<Piece<'_>> {
    let mut all = pieces(der)?;
    if all.len() == 1 { all.pop() } else { None }
}

fn within<'a>((header, content): Piece<'a>, tag: Tag) -> Option<Vec<Piece<'a>>> {
    if is_universal(&header, tag) { pieces(content) } else { None }
}

fn is_universal(header: &Header<'_>, tag: Tag) -> bool {
    header.class() == Class::Universal && header.tag() == tag
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&(length as u64).to_be_bytes());
}

/// A string as UTF-8, in small letters and with single blanks; other types as they are, with their tags. `None` for a
/// string that is none.
fn folded_value((header, bytes): &Piece<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let text = match header.tag().0 {
        _ if header.class() != Class::Universal => return None,
        UTF8 => std::str::from_utf8(bytes).ok()?.to_owned(),
        // beyond ASCII they are taken for Latin-1, as everybody does
        PRINTABLE | TELETEX | IA5 | VISIBLE => wide(bytes, 1)?,
        BMP => wide(bytes, 2)?,
        UNIVERSAL => wide(bytes, 4)?,
        other => return Some((other.to_be_bytes().to_vec(), bytes.to_vec())),
    };
    let is_blank = |c: char| matches!(c, ' ' | '\t'..='\r');
    let words: Vec<_> = text.split(is_blank).filter(|word| !word.is_empty()).collect();
    Some((Vec::new(), words.join(" ").to_ascii_lowercase().into_bytes()))
}

fn wide(bytes: &[u8], width: usize) -> Option<String> {
    let characters = bytes.chunks_exact(width);
    if !characters.remainder().is_empty() {
        return None;
    }
    characters.map(|c| char::from_u32(c.iter().fold(0, |n, byte| n << 8 | u32::from(*byte)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name of sets of (last arc of the attribute's type, tag, value).
    fn name(sets: &[&[(u8, u32, &[u8])]]) -> Vec<u8> {
        let der = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
        let part = |(kind, tag, value): &(u8, u32, &[u8])| {
            der(0x30, &[der(6, &[0x55, 4, *kind]), der(*tag as u8, value)].concat())
        };
        let set = |parts: &&[(u8, u32, &[u8])]| der(0x31, &parts.iter().map(part).collect::<Vec<_>>().concat());
        der(0x30, &sets.iter().map(set).collect::<Vec<_>>().concat())
    }

    fn cn(tag: u32, value: &[u8]) -> Vec<u8> {
        comparable(&name(&[&[(3, tag, value)]]))
    }

    #[test]
    fn the_type_of_the_string_its_case_and_its_blanks_do_not_count() {
        let same = cn(UTF8, b"Root CA");
        for (tag, value) in [
            (PRINTABLE, &b"Root CA"[..]),
            (PRINTABLE, b"ROOT ca"),
            (TELETEX, b"  root   CA "),
            (IA5, b"Root\t\nCA"),
            (VISIBLE, b"Root CA"),
            (BMP, b"\0R\0o\0o\0t\0 \0C\0A"),
            (UNIVERSAL, b"\0\0\0R\0\0\0o\0\0\0o\0\0\0t\0\0\0 \0\0\0C\0\0\0A"),
        ] {
            assert_eq!(cn(tag, value), same, "{tag} {value:?}");
        }
        for (tag, value) in
            [(UTF8, &b"RootCA"[..]), (UTF8, b"Root CA 2"), (UTF8, b""), (18, b"Root CA"), (4, b"root ca")]
        {
            assert_ne!(cn(tag, value), same, "{tag} {value:?}");
        }
        assert_eq!(cn(TELETEX, b"M\xfcller"), cn(UTF8, "müller".as_bytes()));
        assert_ne!(cn(UTF8, "MÜLLER".as_bytes()), cn(UTF8, "müller".as_bytes()));
    }

    #[test]
    fn order_counts_between_parts_and_not_within_one() {
        let (o, c): (_, (u8, u32, &[u8])) = ((10, UTF8, &b"Police"[..]), (3, UTF8, b"Root"));
        assert_ne!(comparable(&name(&[&[o], &[c]])), comparable(&name(&[&[c], &[o]])));
        assert_eq!(comparable(&name(&[&[o, c]])), comparable(&name(&[&[c, o]])));
        assert_ne!(comparable(&name(&[&[o, c]])), comparable(&name(&[&[o], &[c]])));
        assert_ne!(comparable(&name(&[&[(3, UTF8, b"Root")]])), comparable(&name(&[&[(10, UTF8, b"Root")]])));
    }

    #[test]
    fn what_cannot_be_folded_equals_only_itself() {
        let broken = [cn(UTF8, b"\xff"), cn(BMP, b"\0R\0"), cn(BMP, b"\xd8\0"), cn(UNIVERSAL, b"\0\x11\0\0"), vec![]];
        for (i, one) in broken.iter().enumerate() {
            assert_eq!(broken.iter().position(|other| other == one), Some(i));
            assert_ne!(*one, cn(UTF8, b""));
        }
        assert_eq!(comparable(b"\x30\x05no"), b"\x30\x05no");
    }
}
