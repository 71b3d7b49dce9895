//! Values of hidden cells are held over time.
//!
//! A mean that lies between two values would come out now as the one, now as the other, by the sensor's noise, and the
//! average of many pictures would show it finely again. So a value stays until its mean has really left it.

use std::collections::HashMap;

/// Values of hidden cells are multiples of this.
const QUANTUM: u32 = 4;
/// A value is held while the mean is no more levels than this away.
const NEAR: u32 = 6;

/// The values that were given for plane, level and square, and in which picture.
#[derive(Debug, Default)]
pub(crate) struct BlockHold {
    picture: u32,
    values: HashMap<[usize; 3], (u8, u32)>,
}

impl BlockHold {
    /// The values that follow are the next picture's. Those that the one before did not use are forgotten.
    pub fn next_picture(&mut self) {
        let last = self.picture;
        self.values.retain(|_, (_, used)| *used == last);
        self.picture = last.wrapping_add(1);
    }

    /// The value for a cell with this mean, which is in 256ths of a level.
    pub fn value(&mut self, cell: [usize; 3], mean: u32) -> u8 {
        let fresh = ((mean + 128 * QUANTUM) / (256 * QUANTUM) * QUANTUM).min(255) as u8;
        let picture = self.picture;
        let (value, used) = self.values.entry(cell).or_insert((fresh, picture));
        if (u32::from(*value) * 256).abs_diff(mean) > NEAR * 256 {
            *value = fresh;
        }
        *used = picture;
        *value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_while_its_mean_is_near_and_its_cell_is_hidden() {
        let mut held = BlockHold::default();
        let mut value = |mean: u32| {
            held.next_picture();
            held.value([0, 1, 2], mean)
        };
        assert_eq!([value(100 * 256), value(102 * 256 + 5), value(106 * 256), value(95 * 256)], [100; 4]);
        assert_eq!([value(107 * 256), value(102 * 256), value(99 * 256)], [108, 108, 100]);
        held.next_picture();
        held.next_picture();
        assert_eq!(held.value([0, 1, 2], 103 * 256), 104, "shown in between");
        assert!(held.values.len() == 1);
    }
}
