//! The camera's own clock, as it is recorded with its pictures.

use crate::base::{Report, wall_ns};
use crate::format::Track;
use crate::media::Packet;

use super::address::Address;

/// Seconds from 1900 to 1970 (RFC 5905, figure 4).
const NTP_TO_UNIX: i128 = 2_208_988_800;
/// A camera's clock that is further off than this is worth a warning.
const CLOCK_OFF_NS: i64 = 2_000_000_000;

/// What was recorded of it.
pub(super) struct CameraClock {
    /// The latest time of the recording with one, in ns.
    at: i64,
    /// Whether it was wrong, and warned of.
    is_warned: bool,
}

impl CameraClock {
    pub fn new() -> Self {
        CameraClock { at: i64::MIN, is_warned: false }
    }

    /// The packet of what it shows at a time of the recording, for the last of these tracks; none for what came late.
    pub fn packet(
        &mut self,
        tracks: &[Track],
        ntp: u64,
        time: i64,
        address: &Address,
        report: &Report,
    ) -> Option<Packet> {
        if time < self.at {
            return None;
        }
        self.at = time;
        let off = ntp_to_unix_ns(ntp).saturating_sub(wall_ns());
        if off.saturating_abs() > CLOCK_OFF_NS && !std::mem::replace(&mut self.is_warned, true) {
            let (seconds, side) = (off.saturating_abs() as f64 / 1e9, if off > 0 { "ahead of" } else { "behind" });
            report.warn(format!("the clock of {} is {seconds:.0} s {side} ours", address.quoted()));
        }
        let track = u16::try_from(tracks.len().checked_sub(1)?).ok()?;
        let data = ntp.to_be_bytes().to_vec();
        Some(Packet {
            track,
            pts: Some(time),
            dts: None,
            duration: 0,
            key: true,
            corrupt: false,
            gap: false,
            hidden: false,
            data,
        })
    }
}

/// An NTP timestamp (RFC 3550, 4) as UTC ns since 1970.
fn ntp_to_unix_ns(ntp: u64) -> i64 {
    let (seconds, fraction) = (i128::from(ntp >> 32), i128::from(ntp & 0xffff_ffff));
    i64::try_from((seconds - NTP_TO_UNIX) * 1_000_000_000 + ((fraction * 1_000_000_000) >> 32)).unwrap_or(i64::MAX)
}
