//! The facts of a stream as text.

use std::fmt::Write as _;

use crate::base::text::{clock_time, count, hex, human_size, printable, quoted, rfc3339};
use crate::format::{EndKind, MessageKind, Role, StreamRecord, Track, TrackKind};
use crate::keys::Unusable;

use super::access::{Access, access};
use super::grants::GrantSurvey;
use super::sessions::{Holder, KeySession, subject};
use super::survey::{Ending, Survey};
use super::tracks::TrackSurvey;

/// A stream in a few lines, as `inspect` prints them. `now_ns` is the wall clock, UTC ns, for the validity of the
/// certificates.
pub fn text(s: &Survey, now_ns: i64) -> String {
    let mut out = Lines(String::new());
    match &s.stream {
        Some(r) => stream(&mut out, s, r),
        None => out.add("container", "version 1, a sidecar: grants without a stream"),
    }
    let mut before: Option<&KeySession> = None;
    for k in &s.sessions.list {
        session(&mut out, s, k, before, now_ns);
        before = Some(k);
    }
    if s.sessions.count > 0 {
        let why = "without a key nobody knows whether a recipient wrote these lists or somebody else (verify -i)";
        out.add("recipients", format!("claimed: {why}"));
    }
    if s.sessions.list.iter().any(|k| k.number > 0) {
        let why =
            "without a key nobody knows whether each session goes on from the one before it, or is somebody else's";
        out.add("bonds", format!("claimed: {why}"));
    }
    if s.sessions.unlisted > 0 {
        out.add("not shown", format!("{} sessions, recipients or grants more", s.sessions.unlisted));
    }
    access(&s.sessions).iter().for_each(|a| out.add("can open", can_open(s, a)));
    s.grants.list.iter().for_each(|g| out.add("grant", grant(g)));
    if let Some(r) = &s.stream {
        if r.role == Role::Public {
            s.provenance.lines().iter().for_each(|(name, value)| out.add(name, value));
        }
        out.add("signer", signer(s, r));
        let wrong = if s.index_wrong { ", but it is wrong" } else { "" };
        out.add("index", s.index.map_or("none".into(), |n| count(n as u64, "epoch") + wrong));
    }
    out.add("end", ending(s));
    if let Some(fault) = &s.misplaced {
        out.add("damaged", fault.to_string());
    }
    out.0
}

/// Names in a column, values next to them.
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, value: impl AsRef<str>) {
        let _ = writeln!(self.0, "{name:<11} {}", value.as_ref());
    }
}

fn stream(out: &mut Lines, s: &Survey, r: &StreamRecord) {
    let role = r.role.name();
    out.add("container", format!("version 1, {} {role}", if r.sealed() { "sealed" } else { "plain" }));
    out.add("camera", quoted(&r.camera));
    out.add("stream", hex(&r.id));
    out.add("H", hex(&s.hash));
    out.add("start", rfc3339(r.start_ns));
    if let Some(c) = &r.continues {
        out.add("continues", format!("stream {}", hex(&c.stream)));
    }
    for (i, (t, c)) in s.tracks().enumerate() {
        out.add(&format!("track {i}"), track(t, c));
    }
    out.add("frames", format!("{}, {}", s.frames(), human_size(s.bytes())));
    out.add("duration", s.duration_ns().map_or("unknown".into(), clock_time));
    let opened = match (s.epoch_range, s.epoch_walls) {
        (Some((first, last)), Some((a, b))) if first < last => {
            format!(", number {first} to {last}, opened {} to {}", rfc3339(a), rfc3339(b))
        }
        (Some((first, _)), Some((a, _))) => format!(", number {first}, opened {}", rfc3339(a)),
        _ => String::new(),
    };
    out.add("epochs", format!("{}{opened}", s.epochs));
    if r.sealed() {
        out.add("sessions", s.sessions.count.to_string());
    }
}

fn track(t: &Track, c: &TrackSurvey) -> String {
    let mut text = match t.kind {
        TrackKind::Video => format!("video {}, {}x{}", printable(&t.codec), t.width, t.height),
        TrackKind::Audio => {
            format!("audio {}, {} Hz, {}", printable(&t.codec), t.sample_rate, count(t.channels.into(), "channel"))
        }
        TrackKind::Data => format!("data {}", printable(&t.codec)),
    };
    text = match t.frame_rate {
        (0, _) => text,
        (n, 1) => format!("{text}, {n} frames/s"),
        (n, d) => format!("{text}, {n}/{d} frames/s"),
    };
    if t.mirrored {
        text.push_str(", mirrored");
    }
    if t.rotation != 0 {
        let _ = write!(text, ", turned by {} degrees", t.rotation);
    }
    let _ = write!(text, ", {}", count(c.frames, "frame"));
    if t.kind == TrackKind::Video {
        let _ = write!(text, " ({})", count(c.key_frames, "key frame"));
    }
    let _ = write!(text, ", {}", human_size(c.bytes));
    if c.gaps > 0 {
        let _ = write!(text, ", {} where the source lost packets", count(c.gaps, "place"));
    }
    if c.hidden > 0 {
        let _ = write!(text, ", {} not shown", c.hidden);
    }
    if c.corrupt > 0 {
        let _ = write!(text, ", {} corrupt at the source", c.corrupt);
    }
    text
}

fn session(out: &mut Lines, s: &Survey, k: &KeySession, before: Option<&KeySession>, now_ns: i64) {
    let since = k.since_ns.map_or("no epoch".into(), |ns| format!("since {}", rfc3339(ns)));
    let name = format!("session {}", k.number);
    out.add(&name, format!("{since}, first epoch {}, {}", k.first_epoch, count(k.messages as u64, "message")));
    if before.is_some_and(|b| b.holders == k.holders) {
        out.add("  opened by", "the same certificates as the session before");
    } else {
        k.holders.iter().for_each(|h| out.add("  opened by", holder(s, h, now_ns)));
    }
    for (i, (k, n)) in k.groups.iter().enumerate() {
        out.add("  group", format!("{i}: any {k} of {n} shares"));
    }
    for l in &k.left_out {
        let why = Unusable::from_code(l.reason).map_or_else(|| format!("reason {}", l.reason), |u| u.to_string());
        let until = match l.not_after_ns {
            None => String::new(),
            Some(ns) => format!(", valid until {}", rfc3339(ns)),
        };
        out.add("  left out", format!("{}: {why}{until}", quoted(&l.name)));
    }
    if k.changed {
        let by = match (&k.changed_by, k.forged) {
            (Some(who), _) => format!("by {}, claims a signature of its own", quoted(who)),
            (None, true) => "by unknown (the signature is wrong)".into(),
            (None, false) => "by unknown".into(),
        };
        let when = format!("list number {}, written {}", k.generation, rfc3339(k.written_ns));
        out.add("  changed", format!("recipients changed since recording, {by}: {when}"));
    }
    if k.torn {
        out.add("  torn", "a change of the recipients was interrupted; the list before it counts");
    }
    if k.tied {
        out.add("  damaged", "there are two lists with one number: one of them is somebody's copy");
    }
    if !k.consistent {
        out.add("  damaged", "the certificates are not those that the messages are for");
    }
}

fn holder(s: &Survey, h: &Holder, now_ns: i64) -> String {
    let Some(listed) = s.sessions.certificates.get(h.certificate) else { return "unknown".into() };
    let share = match h.holds {
        MessageKind::Secret => String::new(),
        MessageKind::Share { group, x } => format!(" (share {x} of group {group})"),
    };
    let Some(c) = &listed.certificate else {
        return format!("a certificate that cannot be read, SHA-256 {}{share}", hex(&listed.fingerprint));
    };
    let (from, until) = (c.not_before_text(), c.not_after_text());
    let now = listed.validity(now_ns).unwrap_or_default();
    format!(
        "{}{share}, serial {}, {}, valid {from} to {until} ({now})",
        quoted(c.subject()),
        c.serial_hex(),
        c.key_type()
    )
}

fn grant(g: &GrantSurvey) -> String {
    let fits = if g.fits { "" } else { ", but it is for another stream" };
    let when = match g.from_ns {
        Some(from) => format!(", {}", from_until(from, g.until_ns)),
        None => String::new(),
    };
    format!("{} to {}{when}{fits}", epochs(g.epochs), quoted(&g.to))
}

fn can_open(s: &Survey, a: &Access) -> String {
    let listed = s.sessions.certificates.get(a.certificate);
    let who = match listed.and_then(|c| c.certificate.as_ref()) {
        Some(c) => quoted(c.subject()),
        None => format!("SHA-256 {}", hex(&listed.map(|c| c.fingerprint).unwrap_or_default())),
    };
    let share = if a.share { ", with other shares" } else { "" };
    format!("{who}{share}: {}, {}", epochs(a.epochs), from_until(a.from_ns, a.until_ns))
}

fn epochs((first, last): (u64, u64)) -> String {
    if first == last { format!("epoch {first}") } else { format!("epochs {first} to {last}") }
}

fn from_until(from_ns: i64, until_ns: Option<i64>) -> String {
    format!("from {} to {}", rfc3339(from_ns), until_ns.map_or("the end".into(), rfc3339))
}

fn signer(s: &Survey, r: &StreamRecord) -> String {
    if r.signer.is_empty() {
        return "none".into();
    }
    let who = quoted(&subject(&r.signer));
    format!("{who}, {} (verify checks them)", count(s.signatures, "signature"))
}

/// How the stream ends.
fn ending(s: &Survey) -> String {
    let last = s.last.map_or("no last epoch", |r| r.text());
    match &s.ending {
        Some(Ending::Record(EndKind::Complete)) => format!("complete: {last}"),
        Some(Ending::Record(EndKind::Excerpt)) if s.stream.is_none() => "of the sidecar".into(),
        Some(Ending::Record(EndKind::Excerpt)) => "excerpt: some epochs of a longer stream".into(),
        Some(Ending::Record(EndKind::Cut)) => "cut: closed properly, but the recorder's input was cut".into(),
        Some(Ending::Record(EndKind::Recovered)) => "recovered: what was left of a stream that lost its end".into(),
        Some(Ending::Missing { fault, .. }) => format!("missing: {fault}"),
        None => "not read yet".into(),
    }
}
