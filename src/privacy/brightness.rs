//! How much brighter a picture is than the background.

use super::mask::Mask;

/// Gain of a picture as bright as the background.
pub(super) const SAME: u32 = 1024;
/// Change of brightness that is evened out.
pub(super) const GAINS: std::ops::RangeInclusive<u32> = SAME * 3 / 8..=SAME * 5 / 2;

/// Median ratio of the picture's luma to the background's where nobody is, [`SAME`] is 1.
pub(super) fn gain(now: &[u8], usual: &[u8], before: &Mask, black: u8) -> u32 {
    let w = before.width;
    let mut histogram = [0u32; 4 * SAME as usize];
    let mut count = 0;
    for y in (0..before.height).step_by(4) {
        for x in (0..w).step_by(4) {
            let i = y * w + x;
            let b = usual[i].saturating_sub(black);
            if !before.get(x, y) && (16..220).contains(&b) {
                let ratio = u32::from(now[i].saturating_sub(black)) * SAME + u32::from(b) / 2;
                let ratio = ratio / u32::from(b);
                histogram[ratio.min(4 * SAME - 1) as usize] += 1;
                count += 1;
            }
        }
    }
    if count < 50 {
        return SAME;
    }
    let mut below = 0;
    histogram
        .iter()
        .position(|&n| {
            below += n;
            below * 2 >= count
        })
        .unwrap_or(SAME as usize) as u32
}
