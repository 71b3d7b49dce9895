//! Work that an input asks for by its numbers alone: epochs that lie far into their key sessions. Steps are counted,
//! and not their time.

use vidveil::format::{EndKind, PREAMBLE, Start, sha256};
use vidveil::keys::certificates_in;
use vidveil::seal::{Checked, SealError, Verifier};

use crate::support::seal::{Script, key, pem, seal, settings, steps, video};
use crate::support::splicer::{Forger, Part, Pieces, pieces};

/// The farthest that an epoch may lie from the first one of its session.
const FARTHEST: u64 = 1 << 20;

fn recorded() -> Vec<u8> {
    seal(vec![video()], &steps(30, 1), settings(), Script::always(&["p256"]))
}

/// The same recording under another stream record, so that it is another stream.
fn renamed(pieces: &Pieces, number: usize) -> Pieces {
    let mut other = pieces.clone();
    other.record.camera = format!("gate {number}");
    let record = other.record.to_record().unwrap();
    other.head = [&PREAMBLE[..], &record].concat();
    other.stream_hash = sha256(&record);
    other
}

/// A stream of somebody who has no more than the certificates: it opens, and its second record is far away.
fn far(pieces: &Pieces, number: usize) -> Vec<u8> {
    let (other, forger) = (renamed(pieces, number), Forger::new(&certificates_in(&pem("p256")).unwrap()));
    let own = other.forged(&other.until(0), &forger);
    let [keys @ Part::Keys(record, _), Part::Epoch { start, .. }, ..] = &own[..] else { panic!("keys and an epoch") };
    if number.is_multiple_of(2) {
        // the start record, whose keys are looked at before anything else shows that it is wrong
        let start = Start { epoch: record.first_epoch + FARTHEST, ..(**start).clone() };
        return [&other.head[..], keys.bytes(), &start.to_record().unwrap()].concat();
    }
    // the keys record of the next session, whose bond is made with the chain of the one before
    let epochs = other.stream(&own, EndKind::Excerpt, false);
    let mut next = renamed(pieces, number).forged(&other.until(0), &Forger { off: 1, ..forger });
    next.truncate(1);
    let Some(Part::Keys(record, _)) = next.pop() else { panic!("keys") };
    let mut record = record;
    record.first_epoch += FARTHEST;
    [epochs, other.head, record.to_record().unwrap()].concat()
}

/// What a verifier finds, how many frames it opens, and the steps that it takes.
fn verify(bytes: &[u8]) -> (Vec<SealError>, usize, u64) {
    let identities = [std::rc::Rc::from(key("p256").remove(0))];
    let mut verifier = Verifier::new(bytes, &identities, &[], None);
    let (mut errors, mut frames) = (Vec::new(), 0);
    loop {
        match verifier.next() {
            Ok(None) => break,
            Ok(Some(Checked::Record(vidveil::format::Record::Frame(_), ..))) => frames += 1,
            Ok(Some(_)) => {}
            Err(e) => {
                errors.push(e);
                if !verifier.go_on().unwrap() {
                    break;
                }
            }
        }
    }
    (errors, frames, verifier.take_bonds().steps())
}

#[test]
fn what_an_input_says_of_its_epochs_costs_no_more_steps_than_its_size_allows() {
    let recording = recorded();
    let all = pieces(&recording);
    let (none, frames, own) = verify(&recording);
    assert!(none.is_empty() && frames == 30, "{none:?}");
    // a step for each epoch
    assert_eq!(own, all.epochs().len() as u64);
    let hostile: Vec<u8> = (0..6).flat_map(|number| far(&all, number)).collect();
    let (errors, frames, steps) = verify(&[&hostile[..], &recording].concat());
    assert!(steps <= 2 * FARTHEST + hostile.len() as u64 / 32, "{steps} steps for {} bytes", hostile.len());
    let refused = errors.iter().filter(|e| matches!(e, SealError::TooFar { .. })).count();
    assert!(refused >= 3, "{errors:?}");
    // whatever comes after it is opened all the same: the recording, and the near epochs of the others
    assert_eq!(frames, 30 + 2 * 3, "{errors:?}");
}

#[test]
fn an_excerpt_from_the_end_of_the_longest_session_opens() {
    let all = pieces(&recorded());
    let forger = Forger { begun: FARTHEST - 1, ..Forger::new(&certificates_in(&pem("p256")).unwrap()) };
    let mut before = all.until(0);
    if let Some(Part::Epoch { number, .. }) = before.last_mut() {
        *number = FARTHEST;
    }
    let excerpt = all.stream(&all.forged(&before, &forger), EndKind::Excerpt, false);
    let (errors, frames, steps) = verify(&excerpt);
    assert!(errors.is_empty() && frames == 2, "{errors:?}");
    assert_eq!(steps, FARTHEST + 1);
}
