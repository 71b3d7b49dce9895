//! The facts of a stream as JSON. Its keys are documented in the manual page of `inspect`, and stay.

use serde::Serialize;

use crate::base::json::line;
use crate::base::text::{hex, rfc3339};
use crate::format::TrackKind;

use super::access::access;
use super::grants::GrantSurvey;
use super::json_sessions::{JsonAccess, Recipient, Session, json_access, recipient, session};
use super::provenance;
use super::sessions::subject;
use super::survey::{Ending, Survey};
use super::tracks::TrackSurvey;

#[derive(Serialize)]
struct Stream<'a> {
    version: u8,
    input: &'a str,
    stream: u64,
    role: Option<&'static str>,
    sealed: bool,
    camera: Option<&'a str>,
    id: Option<String>,
    hash: Option<String>,
    start: Option<String>,
    continues: Option<String>,
    frames: u64,
    bytes: u64,
    duration: Option<f64>,
    tracks: Vec<Track<'a>>,
    epochs: u64,
    first_epoch: Option<u64>,
    last_epoch: Option<u64>,
    sessions: u64,
    recipients: Vec<Recipient<'a>>,
    recipients_changed: bool,
    key_sessions: Vec<Session<'a>>,
    access: Vec<JsonAccess<'a>>,
    grants: Vec<Grant<'a>>,
    not_listed: u64,
    manifest: Option<provenance::Json<'a>>,
    signer: Option<String>,
    signatures: u64,
    index: Option<usize>,
    index_wrong: bool,
    end: &'static str,
    reason: Option<&'static str>,
    whole: bool,
    fault: Option<Fault>,
}

#[derive(Serialize)]
struct Track<'a> {
    kind: &'static str,
    codec: &'a str,
    time_base: String,
    width: u32,
    height: u32,
    frame_rate: Option<String>,
    rotation: u16,
    mirrored: bool,
    sample_rate: u32,
    channels: u16,
    frames: u64,
    key_frames: u64,
    gaps: u64,
    corrupt: u64,
    hidden: u64,
    bytes: u64,
    duration: Option<f64>,
}

#[derive(Serialize)]
struct Grant<'a> {
    first_epoch: u64,
    last_epoch: u64,
    from: Option<String>,
    until: Option<String>,
    to: &'a str,
    sha256: String,
    fits: bool,
}

#[derive(Serialize)]
struct Fault {
    byte: u64,
    message: String,
}

/// A stream as one line of JSON, as `inspect --json` prints it. `input` is the name of the input; `now_ns` the wall
/// clock, UTC ns, for the validity of the certificates.
pub fn json(s: &Survey, input: &str, now_ns: i64) -> String {
    let r = s.stream.as_ref();
    line(&Stream {
        version: crate::format::VERSION,
        input,
        stream: s.number,
        role: r.map(|r| r.role.name()),
        sealed: s.sealed(),
        camera: r.map(|r| r.camera.as_str()),
        id: r.map(|r| hex(&r.id)),
        hash: r.map(|_| hex(&s.hash)),
        start: r.map(|r| rfc3339(r.start_ns)),
        continues: r.and_then(|r| r.continues).map(|c| hex(&c.stream)),
        frames: s.frames(),
        bytes: s.bytes(),
        duration: s.duration_ns().map(seconds),
        tracks: s.tracks().map(|(t, c)| track(t, c)).collect(),
        epochs: s.epochs,
        first_epoch: s.epoch_range.map(|e| e.0),
        last_epoch: s.epoch_range.map(|e| e.1),
        sessions: s.sessions.count,
        recipients: s.sessions.certificates.iter().map(|p| recipient(p, now_ns)).collect(),
        recipients_changed: s.sessions.changed,
        key_sessions: s.sessions.list.iter().map(|k| session(s, k)).collect(),
        access: access(&s.sessions).iter().map(|a| json_access(s, a)).collect(),
        grants: s.grants.list.iter().map(grant).collect(),
        not_listed: s.sessions.unlisted,
        manifest: s.provenance.json(),
        signer: r.filter(|r| !r.signer.is_empty()).map(|r| subject(&r.signer)),
        signatures: s.signatures,
        index: s.index,
        index_wrong: s.index_wrong,
        end: s.end_name(),
        reason: s.last.map(|r| r.text()),
        whole: matches!(s.end_name(), "complete" | "excerpt") && s.misplaced.is_none(),
        fault: match (&s.ending, &s.misplaced) {
            (Some(Ending::Missing { byte, fault }), _) => Some(Fault { byte: *byte, message: fault.clone() }),
            (_, Some(fault)) => Some(Fault { byte: s.begins_at, message: fault.to_string() }),
            _ => None,
        },
    })
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

fn track<'a>(t: &'a crate::format::Track, c: &TrackSurvey) -> Track<'a> {
    Track {
        kind: match t.kind {
            TrackKind::Video => "video",
            TrackKind::Audio => "audio",
            TrackKind::Data => "data",
        },
        codec: &t.codec,
        time_base: format!("{}/{}", t.time_base.0, t.time_base.1),
        width: t.width,
        height: t.height,
        frame_rate: (t.frame_rate.0 != 0).then(|| format!("{}/{}", t.frame_rate.0, t.frame_rate.1)),
        rotation: t.rotation,
        mirrored: t.mirrored,
        sample_rate: t.sample_rate,
        channels: t.channels,
        frames: c.frames,
        key_frames: c.key_frames,
        gaps: c.gaps,
        corrupt: c.corrupt,
        hidden: c.hidden,
        bytes: c.bytes,
        duration: c.span_ns(t).map(|(first, end)| seconds(end.abs_diff(first))),
    }
}

fn grant(g: &GrantSurvey) -> Grant<'_> {
    Grant {
        first_epoch: g.epochs.0,
        last_epoch: g.epochs.1,
        from: g.from_ns.map(rfc3339),
        until: g.until_ns.map(rfc3339),
        to: &g.to,
        sha256: hex(&g.fingerprint),
        fits: g.fits,
    }
}
