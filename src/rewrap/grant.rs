//! Grants from a time to a time: which epochs those are, and who gets them.

use std::io::{Read, Seek, SeekFrom};

use crate::format::{FormatError, Grant, StreamRecord, TrackKind, seek_index};
use crate::keys::{Certificate, Identity};
use crate::seal::{Epochs, GrantedEpochs, Granter, OpenableEpoch, SealError, Tracks};

use crate::base::text::rfc3339;
use crate::cli::{Failure, classify};
use crate::playback::skipped::epochs_text;
use crate::playback::{Moment, Span};

/// What is to be granted.
#[derive(Debug, Clone)]
pub struct GrantJob {
    /// From when to when; times are rounded outward to whole epochs.
    pub span: Span,
    /// Which tracks.
    pub tracks: Tracks,
    /// To whom, each by messages of its own.
    pub grantees: Vec<Certificate>,
}

/// What was granted, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSummary {
    /// How many epochs of how many streams.
    pub epochs: u64,
    /// Numbers of the first and the last epoch, in the first stream of which something was granted.
    pub range: (u64, u64),
    /// When the first picture granted is shown, and when the last one ends; UTC ns.
    pub shown_utc_ns: (i64, i64),
    /// The input is cut, and what was granted is of the whole epochs before that.
    pub cut: Option<String>,
}

impl GrantSummary {
    /// One line for people: the range as it was rounded.
    pub fn text(&self) -> String {
        let ((first, last), (from, to)) = (self.range, self.shown_utc_ns);
        let range = epochs_text(&[Epochs { first, last }]);
        format!("granted {range}, which show {} to {}", rfc3339(from), rfc3339(to))
    }
}

/// `video`, `audio`, `data` or a track's number, as for `--track`. For clap.
pub fn granted_tracks(text: &str) -> Result<Tracks, String> {
    match text {
        "video" => Ok(Tracks::First(TrackKind::Video)),
        "audio" => Ok(Tracks::First(TrackKind::Audio)),
        "data" => Ok(Tracks::First(TrackKind::Data)),
        n => n.parse().map(Tracks::One).map_err(|_| "give video, audio, data, or a track's number".into()),
    }
}

/// Makes the grants that the job asks for: for the sidecar, or for [`copy_with_grants`](crate::seal::copy_with_grants).
///
/// Reads `input` once, and no frame of it is opened. In a file (`is_file`) with an index it reads only the part that is
/// asked for, and stops behind it. Of an input that is cut, the whole epochs before that can be granted.
///
/// # Errors
///
/// A [`Failure`]: nothing is shown at that time, no such track (1); some of it cannot be granted with these keys (4); damage (3).
pub fn make_grants(
    input: &mut (impl Read + Seek),
    is_file: bool,
    identities: Vec<Box<dyn Identity>>,
    job: &GrantJob,
) -> anyhow::Result<(Vec<Grant>, GrantSummary)> {
    let mut scan =
        Scan { job, beginning_utc: None, found: Vec::new(), shown: None, refused: None, last_end: None, cut: None };
    let begin = if is_file { input.stream_position().ok() } else { None };
    let index = match begin {
        Some(0) => seek_index(input).ok().flatten(),
        _ => None,
    };
    if let Some(at) = begin {
        input.seek(SeekFrom::Start(at))?;
    }
    let mut identities = identities;
    if let Some(index) = index {
        let mut granter = Granter::new(&mut *input, identities, job.tracks);
        if scan.near(&mut granter, &index) {
            return scan.finish(&granter);
        }
        // what the index says is a hint: without it everything is read
        identities = granter.into_identities();
        input.seek(SeekFrom::Start(0))?;
        scan =
            Scan { job, beginning_utc: None, found: Vec::new(), shown: None, refused: None, last_end: None, cut: None };
    }
    let mut granter = Granter::new(&mut *input, identities, job.tracks);
    loop {
        match granter.next() {
            Ok(Some(epoch)) => {
                if scan.take(granter.stream(), epoch)? == Place::Behind && is_file {
                    break;
                }
            }
            Ok(None) => break,
            Err(e @ SealError::Format(FormatError::Truncated { .. })) if !scan.found.is_empty() => {
                scan.cut = Some(e.to_string());
                break;
            }
            Err(e) => return Err(e.into()),
        }
    }
    scan.finish(&granter)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Within,
    Behind,
}

struct Scan<'a> {
    job: &'a GrantJob,
    /// UTC of the first picture of the input.
    beginning_utc: Option<i64>,
    found: Vec<GrantedEpochs>,
    shown: Option<(i64, i64)>,
    /// An epoch that was asked for and cannot be opened.
    refused: Option<u64>,
    last_end: Option<i64>,
    cut: Option<String>,
}

impl Scan<'_> {
    /// The way by the index; false when it did not lead there.
    fn near<R: Read + Seek>(&mut self, granter: &mut Granter<R>, index: &crate::format::Index) -> bool {
        let Ok(Some(first)) = granter.next() else { return false };
        let Ok(mut place) = self.take(granter.stream(), first) else { return false };
        if place == Place::Before {
            let from = self.job.span.from.and_then(|m| self.utc(m));
            let from = from.zip(granter.stream()).map(|(utc, s)| s.media_ns(utc));
            match from.map(|ns| granter.go_near(index, ns)) {
                Some(Ok(moved)) => {
                    let Ok(Some(epoch)) = granter.next() else { return false };
                    let Ok(now) = self.take(granter.stream(), epoch) else { return false };
                    if moved && now != Place::Before {
                        // it should have begun before the time that was asked for
                        return false;
                    }
                    place = now;
                }
                _ => return false,
            }
        }
        while place != Place::Behind {
            match granter.next() {
                Ok(Some(epoch)) => match self.take(granter.stream(), epoch) {
                    Ok(now) => place = now,
                    Err(_) => return false,
                },
                Ok(None) => break,
                Err(_) => return false,
            }
        }
        true
    }

    fn take(&mut self, stream: Option<&StreamRecord>, epoch: OpenableEpoch) -> anyhow::Result<Place> {
        let Some(s) = stream else { return Ok(Place::Before) };
        if self.job.tracks.of(s).is_empty() {
            return Err(Failure::failed("the stream has no such track").hint("inspect tells the tracks").into());
        }
        let shown = epoch.shown_ns.map(|(a, b)| (s.utc_ns(a), s.utc_ns(b)));
        let place = match shown {
            Some((first, end)) => {
                self.last_end = self.last_end.max(Some(end));
                let beginning = *self.beginning_utc.get_or_insert(first);
                let at = |m: Moment| utc(m, beginning);
                let begun = self.job.span.from.is_none_or(|m| end > at(m));
                let over = self.job.span.to.is_some_and(|m| first >= at(m));
                match (begun, over) {
                    (_, true) => Place::Behind,
                    (true, false) => Place::Within,
                    (false, false) => Place::Before,
                }
            }
            // nothing in it has a time: it goes with the epoch before it
            None if self.found.iter().any(|g| g.stream_hash == epoch.stream_hash) => Place::Within,
            None => Place::Before,
        };
        if place == Place::Within {
            if !epoch.can_be_granted() {
                self.refused.get_or_insert(epoch.epoch);
                return Ok(place);
            }
            if let Some((first, end)) = shown {
                let (a, b) = self.shown.unwrap_or((first, end));
                self.shown = Some((a.min(first), b.max(end)));
            }
            let hash = epoch.stream_hash;
            match self.found.iter_mut().find(|g| g.stream_hash == hash) {
                Some(found) => epoch.grant(found),
                None => {
                    let mut found = GrantedEpochs::new(hash);
                    epoch.grant(&mut found);
                    self.found.push(found);
                }
            }
        }
        Ok(place)
    }

    fn utc(&self, m: Moment) -> Option<i64> {
        Some(utc(m, self.beginning_utc?))
    }

    fn finish<R: Read>(mut self, granter: &Granter<R>) -> anyhow::Result<(Vec<Grant>, GrantSummary)> {
        if let Some(epoch) = self.refused {
            let failure = Failure::refused(format!("epoch {epoch} is not for the given key, so it cannot be granted"));
            return Err(failure.hint(classify::who_could(granter.who_could())).into());
        }
        let range = self.found.first().and_then(GrantedEpochs::range);
        let (Some(range), Some(shown_utc_ns)) = (range, self.shown) else {
            let failure = Failure::failed("the stream shows nothing at that time");
            let length = self.last_end.zip(self.beginning_utc).map(|(end, begin)| end.saturating_sub(begin));
            return Err(match length {
                Some(ns) => failure.hint(format!(
                    "it shows {} from its first picture on, which is of {}",
                    crate::base::text::clock_time(ns.unsigned_abs()),
                    rfc3339(self.beginning_utc.unwrap_or(0))
                )),
                None => failure,
            }
            .into());
        };
        let epochs = self.found.iter().map(GrantedEpochs::epochs).sum();
        let mut grants = Vec::new();
        for found in &mut self.found {
            for grantee in &self.job.grantees {
                grants.extend(found.seal_to(grantee)?);
            }
        }
        Ok((grants, GrantSummary { epochs, range, shown_utc_ns, cut: self.cut }))
    }
}

fn utc(m: Moment, beginning_utc: i64) -> i64 {
    match m {
        Moment::SinceBeginning(ns) => beginning_utc.saturating_add(ns),
        Moment::Utc(ns) => ns,
    }
}
