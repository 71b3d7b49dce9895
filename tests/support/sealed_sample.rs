/// Three pictures of the camera "gate", sealed to the certificate `testdata/certs/p256.pem`; for the examples in the
/// library's documentation.
fn sealed_sample() -> Vec<u8> {
    use vidveil::base::Clock;
    use vidveil::format::{Frame, FrameFlags, Reason, StreamRecord, Track};
    use vidveil::recipients::CertificateFiles;
    use vidveil::seal::{SealSettings, Sealer};

    let now = Clock { wall_ns: vidveil::base::wall_ns(), mono_ns: 0 };
    let video = Track::video("h264", (1, 1000), (64, 48), vec![1, 2, 3]);
    let stream = StreamRecord::original(*b"0123456789abcdef", "gate", now.wall_ns, vec![video]);
    let recipients = CertificateFiles::new(&["testdata/certs/p256.pem".into()]).unwrap();
    let mut sealer = Sealer::begin(Vec::new(), &stream, SealSettings::default(), Box::new(recipients), now).unwrap();
    for i in 0..3 {
        let flags = FrameFlags { key: i == 0, ..FrameFlags::default() };
        let frame = Frame { track: 0, flags, counter: 0, pts: Some(40 * i), dts: None, duration: 40 };
        sealer.frame(&frame, &[7; 100], now).unwrap();
    }
    sealer.finish(Reason::EndOfInput).unwrap();
    sealer.into_output()
}
