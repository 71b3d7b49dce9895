//! Which items are meant: by camera, time, and who can open them. Names and a few kilobytes of a file tell.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::archive::{Segment, SegmentName, segments};
use crate::base::text;
use crate::format::{FormatError, find_keys};
use crate::keys::Certificate;
use crate::keys::certificate::{MAX_FILE, certificates_in};
use crate::seal::{SealError, keys_in_file};
use crate::storage::read_bounded;

use super::flags::SelectionFlags;
use super::store::{Entry, Listing, ReadSeek, Store};

/// Who must be able to open an item.
enum Who {
    /// One of these certificates.
    Fingerprints(Vec<[u8; 32]>),
    /// Somebody with this in the subject.
    Subject(String),
}

/// What `flags` choose of a store. What cannot be judged is among those left out.
///
/// # Errors
///
/// The store, or the certificate of --recipient, cannot be read (1).
pub fn select(store: &dyn Store, flags: &SelectionFlags) -> anyhow::Result<Listing> {
    let mut found = store.list()?;
    if flags.is_everything() {
        return Ok(found);
    }
    let who = flags.recipient.as_deref().map(who).transpose()?;
    let mut chosen = Vec::new();
    for entry in found.entries {
        match is_meant(store, &entry, flags, who.as_ref()) {
            Ok(true) => chosen.push(entry),
            Ok(false) => {}
            Err(e) => found.left_out.push((entry.name, e.to_string())),
        }
    }
    found.entries = chosen;
    Ok(found)
}

fn who(text: &str) -> anyhow::Result<Who> {
    let path = Path::new(text);
    if !fs::metadata(path).is_ok_and(|m| m.is_file()) {
        return Ok(Who::Subject(text.to_owned()));
    }
    let shown = || format!("cannot read the certificate in {}", text::quoted(text));
    let certificates = certificates_in(&read_bounded(path, MAX_FILE)?).with_context(shown)?;
    Ok(Who::Fingerprints(certificates.iter().map(Certificate::fingerprint).collect()))
}

fn is_meant(store: &dyn Store, entry: &Entry, flags: &SelectionFlags, who: Option<&Who>) -> Result<bool, SealError> {
    let io = |e| SealError::Format(FormatError::Io(e));
    if named(&entry.name, flags) == Some(false) {
        return Ok(false);
    }
    let mut file = store.open_parts(&entry.name).map_err(io)?;
    if flags.camera.is_some() || flags.from.is_some() || flags.to.is_some() {
        let found = segments(&mut file)?;
        if !found.iter().any(|s| is_of_camera_and_time(s, flags)) {
            return Ok(false);
        }
    }
    if who.is_none() && flags.expiring_before.is_none() {
        return Ok(true);
    }
    let holders = holders(&mut file)?;
    let can_open = |w: &Who| match w {
        Who::Fingerprints(all) => holders.iter().any(|c| all.contains(&c.fingerprint())),
        Who::Subject(part) => holders.iter().any(|c| c.subject().contains(part)),
    };
    let expires = |before: i64| holders.iter().any(|c| c.not_after_ns() < before);
    Ok(who.is_none_or(can_open) && flags.expiring_before.is_none_or(expires))
}

/// What the name of a segment says without a look into it: false when it is not meant, `None` when the file must tell.
fn named(name: &str, flags: &SelectionFlags) -> Option<bool> {
    let segment = SegmentName::parse(name.rsplit('/').next()?)?;
    if flags.camera.as_ref().is_some_and(|c| !segment.is_of(c, segment.role)) {
        return Some(false);
    }
    // its time is that of the first picture, in whole seconds
    let later = |to: i64| segment.time > compact(to.saturating_add(999_999_999));
    flags.to.is_some_and(later).then_some(false)
}

/// A time as segments' names have it.
fn compact(utc_ns: i64) -> String {
    let full = text::rfc3339(utc_ns);
    let digits: String = full.chars().take(19).filter(|c| c.is_ascii_alphanumeric()).collect();
    format!("{digits}Z")
}

fn is_of_camera_and_time(s: &Segment, flags: &SelectionFlags) -> bool {
    flags.camera.as_ref().is_none_or(|c| *c == s.stream.camera)
        && flags.from.is_none_or(|from| s.to_ns.is_none_or(|to| to > from))
        && flags.to.is_none_or(|to| s.from_ns.is_none_or(|from| from < to))
}

/// Every certificate that can open a session of the file.
fn holders(file: &mut Box<dyn ReadSeek>) -> Result<Vec<Certificate>, SealError> {
    let mut all: Vec<Certificate> = Vec::new();
    for place in find_keys(file)?.places {
        let keys = keys_in_file(file, place)?;
        let ders = keys.current().messages.iter().flat_map(|m| &m.recipients);
        for certificate in ders.filter_map(|der| Certificate::from_der(der).ok()) {
            if !all.iter().any(|c| c.fingerprint() == certificate.fingerprint()) {
                all.push(certificate);
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_as_names_have_it() {
        assert_eq!(compact(1_777_644_000_500_000_000), "20260501T140000Z");
    }
}
