//! Reference pictures that never came. libavcodec conceals them and says nothing; the streams' own counts show them.

mod bits;
mod h264;
mod h265;
mod h265_sets;
pub(super) mod units;

use super::picture_limits::Asked;
pub(super) use h264::Field;
use h264::FrameNumbers;
use h265::{Lean, PictureOrder};
pub(super) use units::{Packaging, hevc_configuration};

/// Watches the packets of one track, in decoding order.
pub(super) struct References {
    packaging: Packaging,
    codec: Codec,
    /// Packets so far, and up to the last that stands alone.
    count: i64,
    alone: i64,
}

enum Codec {
    H264(FrameNumbers),
    H265(Box<PictureOrder>),
}

impl References {
    /// Takes libavcodec's name of the codec and its configuration. None where a codec does not show what it lacks.
    pub(super) fn new(codec: &str, extradata: &[u8]) -> Option<Self> {
        let (codec, (packaging, sets)) = match codec {
            "h264" => (Codec::H264(FrameNumbers::default()), units::avc_configuration(extradata)),
            "hevc" => (Codec::H265(Box::default()), units::hevc_configuration(extradata)),
            _ => return None,
        };
        let mut references = References { packaging, codec, count: 0, alone: 0 };
        for set in sets {
            references.unit(set);
        }
        Some(references)
    }

    /// Takes the next packet. When it leans on a picture that never came: how many packets before this one the damage
    /// lies, 0 for right before it.
    pub(super) fn packet(&mut self, data: &[u8]) -> Option<i64> {
        self.count += 1;
        let mut found = None;
        for unit in self.packaging.units(data) {
            // each is followed, also after the first finding
            found = self.unit(unit).or(found);
        }
        found
    }

    /// The field that all slices of the packet are of; `None` where it holds a whole picture, or none. Its parameter
    /// sets must have been taken.
    pub(super) fn field(&self, data: &[u8]) -> Option<Field> {
        let Codec::H264(numbers) = &self.codec else { return None };
        if !numbers.has_fields() {
            return None;
        }
        let mut found: Option<Field> = None;
        for unit in self.packaging.units(data) {
            let Some(field) = numbers.field(unit) else { continue };
            if found.is_some_and(|first| !first.is_same(field)) {
                return None;
            }
            found = found.or(Some(field));
        }
        found
    }

    /// What the sequences that are known ask of a decoder.
    pub(super) fn asked(&self) -> Vec<Asked> {
        match &self.codec {
            Codec::H264(numbers) => numbers.asked().collect(),
            Codec::H265(order) => order.asked().collect(),
        }
    }

    fn unit(&mut self, unit: &[u8]) -> Option<i64> {
        match &mut self.codec {
            Codec::H264(numbers) => numbers.unit(unit).then_some(0),
            Codec::H265(order) => order.unit(unit).and_then(|lean| match lean {
                Lean::Alone => {
                    self.alone = self.count;
                    None
                }
                // nothing after the picture that stands alone leans on those that lead it
                Lean::Leading => Some(self.count - self.alone),
                Lean::Trailing => Some(0),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Parameter sets and slices of whatever content, as a camera that means no good sends them.
    fn units() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let heads = [
            [0x67, 0x64],
            [0x68, 0xce],
            [0x65, 0x88],
            [0x41, 0x9a],
            [33 << 1, 1],
            [34 << 1, 1],
            [2, 1],
            [16, 1],
            [21 << 1, 1],
        ];
        let unit = (prop::sample::select(heads.to_vec()), prop::collection::vec(any::<u8>(), 0..80), any::<bool>());
        prop::collection::vec(
            unit.prop_map(|(head, body, sparse)| {
                // codes of few bits are ones
                let body = body.into_iter().map(|byte| if sparse { byte | 0xb6 } else { byte });
                head.into_iter().chain(body).collect()
            }),
            1..30,
        )
    }

    proptest! {
        #[test]
        fn no_stream_is_too_odd(units in units(), config in prop::collection::vec(any::<u8>(), 0..60)) {
            for codec in ["h264", "hevc"] {
                let mut annex_b: Vec<u8> = Vec::new();
                for unit in &units {
                    annex_b.extend([0, 0, 1]);
                    annex_b.extend(unit);
                }
                for config in [&config[..], &[], &annex_b] {
                    let mut references = References::new(codec, config).expect("both are followed");
                    for _ in 0..2 {
                        references.packet(&annex_b);
                        references.packet(&config[..config.len() / 2]);
                    }
                }
            }
        }
    }
}
