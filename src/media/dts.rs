//! Times of decoding for a muxer, which wants one with every packet, each later than the one before.

use super::packet::Packet;

/// As many packets may wait for the first time of decoding: a reorder delay and one more (H.264 A.3.1).
const MAX_WAITING: usize = 17;

/// Completes the times of one track. Matroska has presentation times only; libavformat guesses those of decoding except
/// the first few, which follow here from the first known.
#[derive(Debug, Default)]
pub(super) struct DecodeTimes {
    waiting: Vec<Packet>,
    last: Option<i64>,
    /// When the packet after the last one is due.
    next: i64,
}

impl DecodeTimes {
    /// Takes a packet in decoding order, gives those whose times are complete: `(pts, dts, packet)`.
    pub(super) fn push(&mut self, packet: &Packet) -> Vec<(i64, i64, Packet)> {
        let known = packet.dts.is_some() || self.last.is_some();
        self.waiting.push(packet.clone());
        if known || self.waiting.len() > MAX_WAITING { self.release() } else { Vec::new() }
    }

    /// Gives what still waits.
    pub(super) fn finish(&mut self) -> Vec<(i64, i64, Packet)> {
        if self.waiting.is_empty() { Vec::new() } else { self.release() }
    }

    fn release(&mut self) -> Vec<(i64, i64, Packet)> {
        let waiting = std::mem::take(&mut self.waiting);
        let guessed = match waiting.last().and_then(|packet| packet.dts) {
            Some(known) => before(&waiting, known),
            None => sorted(&waiting),
        };
        let complete = waiting.into_iter().zip(guessed).map(|(packet, guess)| {
            let mut dts = packet.dts.or(guess).unwrap_or(self.next);
            if packet.pts.is_some_and(|pts| dts > pts) && packet.dts.is_none() {
                dts = packet.pts.unwrap_or(dts);
            }
            // No container takes a time twice; a source that repeats one is moved by a tick.
            dts = self.last.map_or(dts, |last| dts.max(last.saturating_add(1)));
            self.last = Some(dts);
            self.next = dts.saturating_add(packet.duration.max(1));
            (packet.pts.unwrap_or(dts).max(dts), dts, packet)
        });
        complete.collect()
    }
}

/// Counts back from the last packet's known time.
fn before(waiting: &[Packet], known: i64) -> Vec<Option<i64>> {
    let mut times: Vec<_> = waiting
        .iter()
        .rev()
        .scan(known, |time, packet| {
            let this = *time;
            *time = time.saturating_sub(packet.duration.max(1));
            Some(Some(this))
        })
        .collect();
    times.reverse();
    times
}

/// The presentation times in rising order, early enough that no packet is decoded after it is shown.
fn sorted(waiting: &[Packet]) -> Vec<Option<i64>> {
    let shown: Option<Vec<i64>> = waiting.iter().map(|packet| packet.pts).collect();
    let Some(shown) = shown else { return vec![None; waiting.len()] };
    let mut rising = shown.clone();
    rising.sort_unstable();
    let late = rising.iter().zip(&shown).map(|(dts, pts)| dts.saturating_sub(*pts)).max().unwrap_or(0);
    rising.iter().map(|dts| Some(dts.saturating_sub(late))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(pts: Option<i64>, dts: Option<i64>) -> Packet {
        Packet {
            track: 0,
            pts,
            dts,
            duration: 40,
            key: false,
            corrupt: false,
            gap: false,
            hidden: false,
            data: vec![0],
        }
    }

    fn run(packets: &[Packet]) -> Vec<(i64, i64)> {
        let mut times = DecodeTimes::default();
        let mut out: Vec<_> = packets.iter().flat_map(|packet| times.push(packet)).collect();
        out.extend(times.finish());
        out.into_iter().map(|(pts, dts, _)| (pts, dts)).collect()
    }

    #[test]
    fn first_times_are_counted_back() {
        let given = [(0, None), (160, None), (80, Some(0)), (40, Some(40))];
        let given = given.map(|(pts, dts)| packet(Some(pts), dts));
        assert_eq!(run(&given), [(0, -80), (160, -40), (80, 0), (40, 40)]);
    }

    #[test]
    fn none_known() {
        let given = [0, 160, 80, 40, 120].map(|pts| packet(Some(pts), None));
        assert_eq!(run(&given), [(0, -80), (160, -40), (80, 0), (40, 40), (120, 80)]);
        assert_eq!(run(&[packet(None, None), packet(None, None)]), [(0, 0), (40, 40)]);
    }
}
