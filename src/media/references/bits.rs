//! Bits of a NAL unit's payload (ITU-T H.264 7.2 and 9.1, H.265 7.2 and 9.2).

/// Maximum number of bytes of a NAL unit that are read: parameter sets and the heads of slices are far shorter.
const MOST: usize = 4096;

/// Reads fixed and Exp-Golomb codes. Everything is `None` after the end.
pub(super) struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    /// Takes a NAL unit after its header and removes the emulation prevention bytes of its start.
    pub(super) fn new(payload: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(payload.len().min(MOST));
        let mut zeros = 0;
        for &byte in payload.iter().take(MOST) {
            if zeros >= 2 && byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            bytes.push(byte);
        }
        Bits { bytes, at: 0 }
    }

    /// u(1)
    pub(super) fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// u(n) with n up to 32
    pub(super) fn take(&mut self, n: u32) -> Option<u32> {
        (0..n).try_fold(0, |value, _| Some(value << 1 | u32::from(self.flag()?)))
    }

    /// Passes over n bits.
    pub(super) fn skip(&mut self, n: usize) -> Option<()> {
        self.at = self.at.checked_add(n).filter(|at| *at <= self.bytes.len() * 8)?;
        Some(())
    }

    /// ue(v)
    pub(super) fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1_u32 << zeros) - 1 + self.take(zeros)?)
    }

    /// ue(v) that is at most `most`.
    pub(super) fn ue_to(&mut self, most: u32) -> Option<u32> {
        self.ue().filter(|value| *value <= most)
    }

    /// se(v)
    pub(super) fn se(&mut self) -> Option<i32> {
        let code = i64::from(self.ue()?);
        let size = (code + 1) / 2;
        i32::try_from(if code % 2 == 1 { size } else { -size }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // 1 | 010 | 011 | 00100 | 00101, table 9-2 of H.264
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!([bits.ue(), bits.ue(), bits.ue(), bits.ue(), bits.ue()], [0, 1, 2, 3, 4].map(Some));
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!([bits.se(), bits.se(), bits.se(), bits.se(), bits.se()], [0, 1, -1, 2, -2].map(Some));
    }

    #[test]
    fn emulation_prevention_is_taken_out_and_the_end_is_none() {
        let mut bits = Bits::new(&[0, 0, 3, 1, 3]);
        assert_eq!(bits.take(32), Some(0x0000_0103));
        assert_eq!(bits.flag(), None);
        assert_eq!(Bits::new(&[0; 9]).ue(), None);
    }
}
