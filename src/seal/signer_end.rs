//! When a stream must end because the certificate of its signer does.

use crate::base::Clock;
use crate::format::{Frame, StreamRecord};

/// A camera sends key frames more often. A gap in its recording is none in its key frames.
const LONGEST_GOP_NS: i64 = 60_000_000_000;

/// Watches for the last good moment before a certificate's notAfter: a key frame after which no other one is to be
/// expected in time. What follows in another stream begins with it then, and can be shown from its first frame on.
#[derive(Debug)]
pub(super) struct SignerEnd {
    not_after_ns: i64,
    first_video: Option<u16>,
    /// Monotonic clock at the last key frame.
    last_key_ns: Option<i64>,
}

impl SignerEnd {
    pub fn new(not_after_ns: i64, s: &StreamRecord) -> Self {
        SignerEnd { not_after_ns, first_video: s.first_video(), last_key_ns: None }
    }

    /// Whether the stream must end before the frame `f`.
    pub fn is_now(&mut self, f: &Frame, now: Clock) -> bool {
        let good_moment = self.first_video.is_none_or(|video| f.track == video && f.flags.key);
        let next = match self.last_key_ns {
            Some(last) if good_moment => now.mono_ns.saturating_sub(last).clamp(0, LONGEST_GOP_NS),
            _ => 0,
        };
        if good_moment {
            self.last_key_ns = Some(now.mono_ns);
        }
        now.wall_ns.saturating_add(next) > self.not_after_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::FrameFlags;

    const S: i64 = 1_000_000_000;

    /// At which of these frames, each a second after the one before it, the stream ends.
    fn ends_at(keys: &[bool], not_after: i64, first_video: Option<u16>) -> Option<usize> {
        let mut end = SignerEnd { not_after_ns: not_after, first_video, last_key_ns: None };
        keys.iter().enumerate().position(|(n, key)| {
            let flags = FrameFlags { key: *key, ..FrameFlags::default() };
            let f = Frame { track: 0, flags, counter: 0, pts: None, dts: None, duration: 0 };
            let ns = n as i64 * S;
            end.is_now(&f, Clock { wall_ns: ns, mono_ns: 7 * S + ns })
        })
    }

    #[test]
    fn the_last_key_frame_in_time_or_else_the_end_itself() {
        let every_third = [true, false, false, true, false, false, true, false, false, true, false];
        // the next key frame after that at 6 s comes at 9 s, which is still in time for 9 s and not for 8 s
        assert_eq!(ends_at(&every_third, 9 * S, Some(0)), Some(9));
        assert_eq!(ends_at(&every_third, 8 * S, Some(0)), Some(6));
        assert_eq!(ends_at(&every_third, 6 * S, Some(0)), Some(6));
        assert_eq!(ends_at(&every_third, 100 * S, Some(0)), None);
        // no second key frame shows when the next one comes: the stream ends when it must
        assert_eq!(ends_at(&[true, false, false, false, false], 2 * S, Some(0)), Some(3));
        // whatever kind of frame it is
        assert_eq!(ends_at(&[false; 5], 2 * S, Some(1)), Some(3));
        assert_eq!(ends_at(&[false; 5], 3 * S, None), Some(3));
        assert_eq!(ends_at(&[true], -1, Some(0)), Some(0));
    }
}
