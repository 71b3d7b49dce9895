//! Names of segments: `gate.original.20261123T054917Z.1a2b3c4d5e6f7081-00000042.vv`.
//!
//! Camera, role, UTC of the first picture, then half of the stream's id and the number of the first epoch, so that no
//! two segments have one name and a folder lists them by camera and time.

use std::fmt::{self, Write};

use time::OffsetDateTime;

use crate::base::text::file_name_part;
use crate::format::{Role, StreamRecord, sha256};

/// Longest camera part: with the rest it stays below the 255 bytes that file systems allow.
const CAMERA: usize = 120;

/// What a name is, besides the segment that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `.vv`: finished.
    Finished,
    /// `.recovered.vv`: a repaired copy.
    Recovered,
    /// `.vv.part`: being written, or left by a writer that died.
    Part,
}

/// The name of a segment's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentName {
    /// The camera's part, as it stands in the name.
    pub camera: String,
    /// Original or public.
    pub role: Role,
    /// The time in the name, `20261123T054917Z`.
    pub time: String,
    /// The first eight bytes of the stream's id.
    pub stream: [u8; 8],
    /// Number of the first epoch.
    pub epoch: u64,
    /// What kind of file it is.
    pub form: Form,
}

impl SegmentName {
    /// The name of the segment of `s` that begins with this epoch at this time (UTC ns), while it is being written.
    pub fn new(s: &StreamRecord, epoch: u64, from_ns: i64) -> Self {
        let mut stream = [0; 8];
        stream.copy_from_slice(&s.id[..8]);
        SegmentName {
            camera: camera_part(&s.camera),
            role: s.role,
            time: time_part(from_ns),
            stream,
            epoch,
            form: Form::Part,
        }
    }

    /// The same segment in another kind of file.
    pub fn with_form(&self, form: Form) -> Self {
        SegmentName { form, ..self.clone() }
    }

    /// The segment that a file's name stands for; `None` for every other file.
    pub fn parse(name: &str) -> Option<Self> {
        let (rest, form) = match name.strip_suffix(".vv.part") {
            Some(rest) => (rest, Form::Part),
            None => {
                let rest = name.strip_suffix(".vv")?;
                rest.strip_suffix(".recovered").map_or((rest, Form::Finished), |r| (r, Form::Recovered))
            }
        };
        let parts: Vec<&str> = rest.split('.').collect();
        let [camera, role, time, id] = parts.as_slice() else { return None };
        let role = [Role::Original, Role::Public].into_iter().find(|r| r.name() == *role)?;
        let (stream, epoch) = id.split_once('-')?;
        let digits = |s: &str, n: usize| s.len() >= n && s.bytes().all(|b| b.is_ascii_digit());
        let hex = stream.len() == 16 && stream.bytes().all(|b| b.is_ascii_hexdigit());
        let timed = time.len() == 16 && time.ends_with('Z') && time.as_bytes().get(8) == Some(&b'T');
        if camera.is_empty() || !hex || !timed || !digits(epoch, 8) {
            return None;
        }
        Some(SegmentName {
            camera: (*camera).to_owned(),
            role,
            time: (*time).to_owned(),
            stream: u64::from_str_radix(stream, 16).ok()?.to_be_bytes(),
            epoch: epoch.parse().ok()?,
            form,
        })
    }

    /// Whether it is a segment of this camera and role, as far as names show.
    pub fn is_of(&self, camera: &str, role: Role) -> bool {
        self.camera == camera_part(camera) && self.role == role
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.role.name();
        let ending = match self.form {
            Form::Finished => "vv",
            Form::Recovered => "recovered.vv",
            Form::Part => "vv.part",
        };
        let stream = u64::from_be_bytes(self.stream);
        write!(f, "{}.{role}.{}.{stream:016x}-{:08}.{ending}", self.camera, self.time, self.epoch)
    }
}

/// A name that is neither hidden, nor an option, nor too long.
fn camera_part(camera: &str) -> String {
    let part = match camera {
        "" => return "unnamed".into(),
        // another one than that without a name
        "unnamed" => "%75nnamed".into(),
        camera => file_name_part(camera),
    };
    let part = part.strip_prefix('-').map(|rest| format!("%2D{rest}")).unwrap_or(part);
    if part.len() <= CAMERA {
        return part;
    }
    let mut short = part.get(..CAMERA - 17).unwrap_or_default().to_owned();
    let hash = sha256(camera.as_bytes());
    let _ = write!(short, "-{:016x}", hash.iter().take(8).fold(0u64, |n, b| n << 8 | u64::from(*b)));
    short
}

fn time_part(utc_ns: i64) -> String {
    let t = OffsetDateTime::from_unix_timestamp(utc_ns.div_euclid(1_000_000_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (y, mo, d, h, mi, s) = (t.year(), u8::from(t.month()), t.day(), t.hour(), t.minute(), t.second());
    format!("{y:04}{mo:02}{d:02}T{h:02}{mi:02}{s:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(camera: &str) -> SegmentName {
        SegmentName {
            camera: camera_part(camera),
            role: Role::Public,
            time: time_part(1_800_000_000_999_999_999),
            stream: [0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f, 0x70, 0x81],
            epoch: 42,
            form: Form::Part,
        }
    }

    #[test]
    fn a_name_reads_back_as_itself() {
        let name = named("gate");
        assert_eq!(name.to_string(), "gate.public.20270115T080000Z.1a2b3c4d5e6f7081-00000042.vv.part");
        for form in [Form::Finished, Form::Recovered, Form::Part] {
            let name = name.with_form(form);
            assert_eq!(SegmentName::parse(&name.to_string()), Some(name));
        }
    }

    #[test]
    fn no_camera_leads_out_of_the_folder() {
        assert_eq!(file_name_part("../gate 1_a-b"), "%2E%2E%2Fgate%201_a-b");
        for camera in ["", "unnamed", ".", "..", "-rf", "a/b", "a.original.b", "\u{202e}", &"ü".repeat(127)] {
            let name = named(camera).to_string();
            assert!(name.len() <= 255 && !name.contains('/') && !name.starts_with(['.', '-']), "{name}");
            assert_eq!(SegmentName::parse(&name), Some(named(camera)));
        }
        assert_ne!(camera_part(""), camera_part("unnamed"));
        assert_ne!(camera_part(&"ü".repeat(127)), camera_part(&("ü".repeat(126) + "u")));
    }

    #[test]
    fn other_files_are_none() {
        for name in ["", "a.vv", "gate.public.x.1a2b3c4d5e6f7081-00000042.vv", "gate.vv.part", ".gate.vv.12-0.part"] {
            assert_eq!(SegmentName::parse(name), None, "{name}");
        }
        let other = named("gate").to_string().replace("public", "secret");
        assert_eq!(SegmentName::parse(&other), None);
    }
}
