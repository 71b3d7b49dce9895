//! When the frames of a track are shown, those that do not say it, too.

use super::frame::Frame;

/// The times of presentation of one track's frames, taken in the order of the stream: a frame's pts; where it has none,
/// its dts; where it has neither, the end of the frame before, and 0 for the first one. A frame without a duration ends
/// after one tick.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShowTimes {
    next: i64,
}

impl ShowTimes {
    /// When the next frame of the track is shown, in ticks.
    pub fn of(&mut self, f: &Frame) -> i64 {
        let time = f.show_time().unwrap_or(self.next);
        self.next = time.saturating_add(f.duration.max(1));
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::FrameFlags;

    #[test]
    fn a_frame_without_times_follows_the_one_before() {
        let frame = |pts, dts, duration| {
            let flags = FrameFlags::default();
            Frame { track: 0, flags, counter: 0, pts, dts, duration }
        };
        let mut times = ShowTimes::default();
        let frames = [
            frame(None, None, 0),
            frame(None, None, 40),
            frame(None, None, 40),
            frame(None, Some(7), 3),
            frame(None, None, 0),
            frame(Some(5), Some(2), 9),
            frame(None, None, 0),
        ];
        assert_eq!(frames.map(|f| times.of(&f)), [0, 1, 41, 7, 10, 5, 14]);
    }
}
