//! Whatever the writers are fed, the reader accepts what they wrote, and finds what they said they had taken.

use proptest::prelude::*;
use vidveil::format::{Clock, Frame, FrameFlags, PlainWriter, Reason, StreamRecord};
use vidveil::seal::Sealer;

use crate::support::seal::*;

fn time() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![4 => (0..5000i64).prop_map(Some), 1 => any::<i64>().prop_map(Some), 1 => Just(None), 1 => Just(Some(i64::MAX))]
}

fn step() -> impl Strategy<Value = Step> {
    let duration = prop_oneof![9 => 0..100i64, 1 => any::<i64>()];
    let clock = prop_oneof![4 => (0..5 * S, 0..5 * S), 1 => (any::<i64>(), any::<i64>())];
    let packet = prop::collection::vec(any::<u8>(), 0..40);
    (0..3u16, any::<[bool; 3]>(), (time(), time(), duration), packet, clock).prop_map(
        |(track, [key, gap, corrupt], (pts, dts, duration), packet, (wall, mono))| Step {
            frame: Frame {
                track,
                flags: FrameFlags { key, gap, corrupt, hidden: key != gap },
                counter: 7,
                pts,
                dts,
                duration,
            },
            packet,
            // the certificate is valid for decades
            now: Clock { wall_ns: NOW.saturating_add(wall / 1000), mono_ns: mono },
        },
    )
}

/// The steps that a writer took, and what opening gives.
fn check(taken: &[&Step], written: &[u8]) {
    let got = open(written, "p256");
    assert!(got.error.is_none(), "{:?}", got.error);
    assert_eq!(got.frames.len(), taken.len());
    for ((f, packet), s) in got.frames.iter().zip(taken) {
        assert_eq!((Frame { counter: 7, ..*f }, packet), (s.frame, &s.packet));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_sealer_takes_opens(steps in prop::collection::vec(step(), 0..60), pad in 0..300u32) {
        let settings = vidveil::seal::SealSettings { pad, ..settings() };
        let source = Box::new(Script(vec![(i64::MIN, vec![std::fs::read(testdata("certs/p256.pem")).unwrap()])]));
        let mut sealer = Sealer::begin(Vec::new(), &stream(vec![video(), audio()]), settings, source, at(0)).unwrap();
        let mut taken = Vec::new();
        let mut over = false;
        for s in &steps {
            match sealer.frame(&s.frame, &s.packet, s.now) {
                Ok(()) => taken.push(s),
                // a clock outside of the certificate's validity ends the stream
                Err(vidveil::seal::SealError::NoRecipients { .. }) => { over = true; break }
                Err(_) => prop_assert!(s.frame.duration < 0 || s.frame.track > 1),
            }
        }
        if !over {
            sealer.finish(Reason::EndOfInput).unwrap();
        }
        check(&taken, &sealer.into_output());
    }

    #[test]
    fn what_a_plain_writer_takes_is_read(steps in prop::collection::vec(step(), 0..60)) {
        let mut writer = PlainWriter::begin(Vec::new(), &stream(vec![video(), audio()]), S).unwrap();
        let mut taken = Vec::new();
        for s in &steps {
            match writer.frame(&s.frame, &s.packet, s.now) {
                Ok(()) => taken.push(s),
                Err(_) => prop_assert!(s.frame.duration < 0 || s.frame.track > 1),
            }
        }
        writer.finish(Reason::EndOfInput, at(0)).unwrap();
        check(&taken, &writer.into_output());
    }
}

#[test]
fn a_stream_that_names_a_signer_is_not_begun_by_who_does_not_sign() {
    let signed = StreamRecord { signer: pem("p256"), ..stream(vec![video()]) };
    assert!(PlainWriter::begin(Vec::new(), &signed, S).is_err());
    assert!(Sealer::begin(Vec::new(), &signed, settings(), Script::always(&["p256"]), at(0)).is_err());
}
