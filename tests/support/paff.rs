//! H.264 whose pictures are fields (PAFF), which no encoder here makes: written bit by bit, every macroblock raw
//! (I_PCM). Two fields of 64 x 32 are a frame, and a bright square walks.

const ACROSS: u32 = 4;
const DOWN: u32 = 2;

#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn u(&mut self, count: u32, value: u32) {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
    }

    fn ue(&mut self, value: u32) {
        let length = (value + 1).ilog2();
        self.u(length, 0);
        self.u(length + 1, value + 1);
    }

    fn align(&mut self) {
        while !self.0.len().is_multiple_of(8) {
            self.0.push(false);
        }
    }

    /// A NAL unit with this header, after a start code.
    fn unit(mut self, header: u8) -> Vec<u8> {
        self.0.push(true);
        self.align();
        let mut out = vec![0, 0, 0, 1, header];
        let mut zeros = 0;
        for byte in self.0.chunks(8).map(|bits| bits.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit))) {
            if zeros >= 2 && byte <= 3 {
                out.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            out.push(byte);
        }
        out
    }
}

fn parameter_sets() -> Vec<u8> {
    let mut sps = Bits::default();
    sps.u(24, 77 << 16 | 30);
    // sequence 0, 4 bits of frame_num, 8 bits of order count, one picture is kept
    [0, 0, 0, 4, 1].into_iter().for_each(|n| sps.ue(n));
    sps.u(1, 0);
    sps.ue(ACROSS - 1);
    sps.ue(DOWN - 1);
    // fields, no MBAFF; 25 frames a second
    sps.u(4, 0b0010);
    sps.u(6, 0b10_0001);
    sps.u(32, 1);
    sps.u(32, 50);
    sps.u(5, 0b1_0001);
    sps.u(1, 1);
    [0, 0, 10, 10, 0, 1].into_iter().for_each(|n| sps.ue(n));
    let mut pps = Bits::default();
    [0, 0].into_iter().for_each(|n| pps.ue(n));
    pps.u(2, 0);
    [0, 0, 0].into_iter().for_each(|n| pps.ue(n));
    pps.u(3, 0);
    [0, 0, 0].into_iter().for_each(|n| pps.ue(n));
    pps.u(3, 0b100);
    [sps.unit(0x67), pps.unit(0x68)].concat()
}

fn field(frame: u32, bottom: bool) -> Vec<u8> {
    let (number, idr) = (frame % 10, frame.is_multiple_of(10) && !bottom);
    let mut slice = Bits::default();
    [0, 7, 0].into_iter().for_each(|n| slice.ue(n));
    slice.u(4, number);
    slice.u(2, 2 | u32::from(bottom));
    if idr {
        slice.ue(frame / 10 % 2);
    }
    slice.u(8, 2 * number + u32::from(bottom));
    slice.u(if idr { 2 } else { 1 }, 0);
    [0, 1].into_iter().for_each(|n| slice.ue(n));
    let left = frame as i32 * 2 - 20;
    for block in 0..ACROSS * DOWN {
        slice.ue(25);
        slice.align();
        for sample in 0..256 {
            let x = (block % ACROSS * 16 + sample % 16) as i32;
            let y = (block / ACROSS * 16 + sample / 16) * 2 + u32::from(bottom);
            let inside = (left..left + 12).contains(&x) && (20..44).contains(&y);
            slice.u(8, if inside { 235 } else { 40 + x as u32 / 10 % 5 * 20 });
        }
        (0..128).for_each(|_| slice.u(8, 128));
    }
    slice.unit(if idr { 0x65 } else { 0x61 })
}

/// So many frames of two fields, each field after an access unit delimiter where that is wanted.
pub fn paff(frames: u32, delimiters: bool) -> Vec<u8> {
    let delimiter: &[u8] = if delimiters { &[0, 0, 0, 1, 9, 0xf0] } else { &[] };
    let mut out = Vec::new();
    for frame in 0..frames {
        let sets = if frame.is_multiple_of(10) { parameter_sets() } else { Vec::new() };
        out.extend([delimiter, &sets, &field(frame, false), delimiter, &field(frame, true)].concat());
    }
    out
}
