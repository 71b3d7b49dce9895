//! Which items are meant: by camera, time, and who can open them. Names and a few kilobytes of a file decide.

use std::fs;
use std::path::Path;

use crate::archive::{Segment, SegmentName, segments};
use crate::base::text;
use crate::format::{FormatError, find_keys};
use crate::keys::Certificate;
use crate::keys::certificate_file::{MAX_FILE, certificates_in};
use crate::seal::{SealError, keys_in_file};
use crate::storage::read_bounded;

use super::error::BatchError;
use super::store::{Entry, LeftOut, Listing, ReadSeek, Store};

/// Which items are meant: those to which all that is given applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Streams of this camera.
    pub camera: Option<String>,
    /// Streams with anything after this time, UTC ns.
    pub from_ns: Option<i64>,
    /// Streams that begin before this time, UTC ns.
    pub to_ns: Option<i64>,
    /// Streams that a certificate can open which expires before this time, UTC ns.
    pub expiring_before_ns: Option<i64>,
    /// Streams that this certificate can open: a file, or a part of its subject.
    pub recipient: Option<String>,
}

impl Selection {
    /// Whether every item is meant.
    pub fn is_everything(&self) -> bool {
        *self == Selection::default()
    }

    /// One text for one selection, as plans have it: the flags that choose it.
    pub fn text(&self) -> String {
        let time = |ns: Option<i64>| ns.map(text::rfc3339);
        let parts = [
            ("camera", self.camera.clone()),
            ("from", time(self.from_ns)),
            ("to", time(self.to_ns)),
            ("expiring-before", time(self.expiring_before_ns)),
            ("recipient", self.recipient.clone()),
        ];
        let given = parts.into_iter().filter_map(|(name, value)| Some(format!("--{name}={}", value?)));
        given.collect::<Vec<_>>().join(" ")
    }
}

/// Who must be able to open an item.
enum Who {
    /// One of these certificates.
    Fingerprints(Vec<[u8; 32]>),
    /// Somebody with this in the subject.
    Subject(String),
}

/// What is chosen of a store. What cannot be judged is among those left out.
///
/// # Errors
///
/// The store, or the certificate of the recipient, cannot be read.
pub fn select(store: &dyn Store, selection: &Selection) -> Result<Listing, BatchError> {
    let mut found = store.list()?;
    if selection.is_everything() {
        return Ok(found);
    }
    let who = selection.recipient.as_deref().map(who).transpose()?;
    let mut chosen = Vec::new();
    for entry in found.entries {
        match is_meant(store, &entry, selection, who.as_ref()) {
            Ok(true) => chosen.push(entry),
            Ok(false) => {}
            Err(e) => found.left_out.push(LeftOut { name: entry.name, why: e.to_string() }),
        }
    }
    found.entries = chosen;
    Ok(found)
}

fn who(text: &str) -> Result<Who, BatchError> {
    let path = Path::new(text);
    if !fs::metadata(path).is_ok_and(|m| m.is_file()) {
        return Ok(Who::Subject(text.to_owned()));
    }
    let found = certificates_in(&read_bounded(path, MAX_FILE)?);
    let certificates = found.map_err(|source| BatchError::Certificate { name: text.to_owned(), source })?;
    Ok(Who::Fingerprints(certificates.iter().map(Certificate::fingerprint).collect()))
}

fn is_meant(store: &dyn Store, entry: &Entry, selection: &Selection, who: Option<&Who>) -> Result<bool, SealError> {
    let io = |e| SealError::Format(FormatError::Io(e));
    if named(&entry.name, selection) == Some(false) {
        return Ok(false);
    }
    let mut file = store.open_parts(&entry.name).map_err(io)?;
    if selection.camera.is_some() || selection.from_ns.is_some() || selection.to_ns.is_some() {
        let found = segments(&mut file)?;
        if !found.iter().any(|s| is_of_camera_and_time(s, selection)) {
            return Ok(false);
        }
    }
    if who.is_none() && selection.expiring_before_ns.is_none() {
        return Ok(true);
    }
    let holders = holders(&mut file)?;
    let can_open = |w: &Who| match w {
        Who::Fingerprints(all) => holders.iter().any(|c| all.contains(&c.fingerprint())),
        Who::Subject(part) => holders.iter().any(|c| c.subject().contains(part)),
    };
    let expires = |before: i64| holders.iter().any(|c| c.not_after_ns() < before);
    Ok(who.is_none_or(can_open) && selection.expiring_before_ns.is_none_or(expires))
}

/// What the name of a segment says without a look into it: false when it is not meant, `None` when the file decides.
fn named(name: &str, selection: &Selection) -> Option<bool> {
    let segment = SegmentName::parse(name.rsplit('/').next()?)?;
    if selection.camera.as_ref().is_some_and(|c| !segment.is_of(c, segment.role)) {
        return Some(false);
    }
    // its time is that of the first picture, in whole seconds
    let later = |to: i64| segment.time > compact(to.saturating_add(999_999_999));
    selection.to_ns.is_some_and(later).then_some(false)
}

/// A time as segments' names have it.
fn compact(utc_ns: i64) -> String {
    let full = text::rfc3339(utc_ns);
    let digits: String = full.chars().take(19).filter(|c| c.is_ascii_alphanumeric()).collect();
    format!("{digits}Z")
}

fn is_of_camera_and_time(s: &Segment, selection: &Selection) -> bool {
    selection.camera.as_ref().is_none_or(|c| *c == s.stream.camera)
        && selection.from_ns.is_none_or(|from| s.to_ns.is_none_or(|to| to > from))
        && selection.to_ns.is_none_or(|to| s.from_ns.is_none_or(|from| from < to))
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
