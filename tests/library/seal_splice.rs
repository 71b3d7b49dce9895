//! What nobody's key is needed for: a stream is cut after an epoch and carried on. The model in spec/ finds it
//! (`unsigned.pv`), and the manual says that a signature is what shows it.

use vidveil::format::{
    Close, End, EndKind, FRAME_PREFIX, Keys, Message, MessageKind, Reason, RecordType, SlotContent, Start, TrackTotals,
    sha256,
};
use vidveil::keys::{Certificate, certificates_in, seal_message};
use vidveil::seal::{SealSettings, Sealer, SessionSecret};

use crate::support::seal::{NOW, S, Script, at, frame, open, pem, records, settings, steps, stream, video};

const PACKET: &[u8] = b"not the recorder's";

/// Three epochs of ten frames.
fn recorded() -> Vec<u8> {
    let source = Script::always(&["p256"]);
    let settings = SealSettings { rekey_ns: S, ..settings() };
    let mut sealer = Sealer::begin(Vec::new(), &stream(vec![video()]), settings, source, at(0)).unwrap();
    steps(30, 1).iter().for_each(|s| sealer.frame(&s.frame, &s.packet, s.now).unwrap());
    sealer.finish(Reason::EndOfInput).unwrap();
    sealer.into_output()
}

/// What is left of a stream after its first epoch, and a session of one epoch with LAST, by somebody who knows the
/// recipient's certificate and nothing else.
fn carried_on(bytes: &[u8]) -> Vec<u8> {
    let of = |kind| records(bytes).into_iter().find(|(k, _)| *k == kind).unwrap().1;
    let close = of(RecordType::Close);
    let (mut out, last_close) = (bytes[..close.end].to_vec(), sha256(&bytes[close]));
    let stream_hash = sha256(&bytes[of(RecordType::Stream)]);
    let desk: Certificate = certificates_in(&pem("p256")).unwrap().remove(0);

    let secret = SessionSecret::random().unwrap();
    let key = secret.session_key(&stream_hash, 1);
    let cms = seal_message(secret.as_bytes(), std::slice::from_ref(&desk)).unwrap();
    let message = Message { kind: MessageKind::Secret, recipients: vec![desk.der().to_vec()], cms };
    let slot = SlotContent {
        generation: 1,
        written_ns: NOW + S,
        groups: Vec::new(),
        messages: vec![message],
        changed_by: None,
        mac: [0; 32],
    };
    let keys = Keys::new(1, 1, key.commitment(), Vec::new(), slot, 4096).unwrap();
    let keys = keys.with_mac(|text| key.slot_mac(text)).unwrap().to_record().unwrap();

    let epoch_key = key.chain(1).next_epoch(1).remove(0);
    let start = Start {
        session: 1,
        epoch: 1,
        wall_ns: NOW + S,
        mono_ns: S,
        previous_close: last_close,
        keys_hash: sha256(&keys),
        commitments: vec![epoch_key.commitment()],
    };
    let start = start.to_record().unwrap();
    let hash = sha256(&start);

    let forged = frame(0, 1000, true);
    let mut sealed = forged.prefix(4 + PACKET.len() + 16).unwrap().to_vec();
    assert_eq!(sealed.len(), FRAME_PREFIX);
    sealed.extend((PACKET.len() as u32).to_be_bytes());
    sealed.extend(PACKET);
    epoch_key.frame_key(&hash).unwrap().seal(0, &mut sealed).unwrap();

    let mut totals = TrackTotals::NONE;
    totals.add(forged.pts);
    let mut close =
        Close { epoch: 1, reason: Reason::EndOfInput, tracks: vec![totals], macs: vec![[0; 32]], signature: None };
    let covered = Close::covered(1, true).0;
    close.macs = vec![epoch_key.close_key(&hash).sign(&close.to_record().unwrap()[..covered])];
    let end = End { kind: EndKind::Complete, index_len: 0 };
    for record in [keys, start, sealed, close.to_record().unwrap(), end.to_record().unwrap()] {
        out.extend(record);
    }
    out
}

#[test]
fn without_a_signature_a_stream_can_be_cut_and_carried_on_without_a_key() {
    let whole = open(&recorded(), "p256");
    let bent = open(&carried_on(&recorded()), "p256");
    assert!(bent.error.is_none(), "{:?}", bent.error);
    assert_eq!(bent.frames[..10], whole.frames[..10]);
    assert_eq!(bent.frames[10..].iter().map(|(_, packet)| &packet[..]).collect::<Vec<_>>(), [PACKET]);
    assert_eq!((bent.sessions, bent.reasons.last()), (vec![0, 1], Some(&Reason::EndOfInput)));
}
