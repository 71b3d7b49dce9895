//! One command to a card and its whole answer (ISO/IEC 7816-4): chained out, collected in.

use zeroize::Zeroizing;

use crate::keys::DeviceError;

/// How long a card may take for one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// It reads its memory, or compares a PIN.
    Short,
    /// It uses or makes a key, and may wait for somebody to touch it.
    Key,
}

/// What carries commands to a card.
pub trait Transmit {
    /// Sends one command APDU, gives the response APDU with its two bytes of status.
    fn transmit(&self, command: &[u8], patience: Patience) -> Result<Zeroizing<Vec<u8>>, DeviceError>;

    /// Whether the card speaks T=0, where a command with data carries no expected length.
    fn is_t0(&self) -> bool {
        false
    }
}

/// The answer to a command.
pub struct Answer {
    /// The data, possibly secret.
    pub data: Zeroizing<Vec<u8>>,
    /// SW1 and SW2.
    pub status: u16,
}

/// Nothing that a PIV card keeps is longer.
pub const MAX_ANSWER: usize = 64 << 10;
/// The most data that is sent with one command.
pub const MAX_DATA: usize = 32 << 10;
/// More pieces than that are no answer: a card could go on for ever with empty ones.
const MAX_PIECES: usize = 512;
/// What goes into one short APDU.
const PIECE: usize = 255;
/// The bit of CLA that says that more of the same command follows.
const CHAINED: u8 = 0x10;

/// Done.
pub const OK: u16 = 0x9000;

/// Sends a command of class 00, chained where `data` is longer than 255 bytes, and collects the answer through 61xx and
/// 6Cxx. `expects` says whether data may come back.
///
/// Errors: those of [`Transmit`]; less than a status, or an answer without an end.
pub fn exchange(
    card: &dyn Transmit,
    [ins, p1, p2]: [u8; 3],
    data: &[u8],
    expects: bool,
    patience: Patience,
) -> Result<Answer, DeviceError> {
    if data.len() > MAX_DATA {
        return Err(DeviceError::Nonsense("a command is too long for a card".into()));
    }
    let mut pieces = data.chunks(PIECE).peekable();
    let mut command = Zeroizing::new(vec![0, ins, p1, p2]);
    while let Some(piece) = pieces.next() {
        let class = if pieces.peek().is_some() { CHAINED } else { 0 };
        command = Zeroizing::new(Vec::with_capacity(PIECE + 6));
        // a piece is never longer than 255 bytes
        command.extend_from_slice(&[class, ins, p1, p2, piece.len() as u8]);
        command.extend_from_slice(piece);
        if class == CHAINED {
            let (rest, status) = split(card.transmit(&command, Patience::Short)?)?;
            if status != OK {
                return Ok(Answer { data: rest, status });
            }
        }
    }
    if (expects && (data.is_empty() || !card.is_t0())) || (data.is_empty() && card.is_t0()) {
        command.push(0);
    }
    collect(card, command, patience)
}

fn collect(card: &dyn Transmit, first: Zeroizing<Vec<u8>>, patience: Patience) -> Result<Answer, DeviceError> {
    // all the room at once: a buffer that grows leaves copies behind; long answers are certificates, no secrets
    let mut data = Zeroizing::new(Vec::with_capacity(1024));
    let (mut command, mut patience) = (first, patience);
    for _ in 0..MAX_PIECES {
        let (piece, status) = split(card.transmit(&command, patience)?)?;
        data.extend_from_slice(&piece);
        if data.len() > MAX_ANSWER {
            break;
        }
        let [sw1, sw2] = status.to_be_bytes();
        match sw1 {
            0x61 => {
                command = Zeroizing::new(vec![0, 0xc0, 0, 0, sw2]);
                patience = Patience::Short;
            }
            // the same again, with the length that the card says
            0x6c if piece.is_empty() && command.len() == 5 => {
                if let Some(length) = command.last_mut() {
                    *length = sw2;
                }
            }
            _ => return Ok(Answer { data, status }),
        }
    }
    Err(DeviceError::Nonsense("an answer without an end".into()))
}

/// Data and status. Fewer than two bytes are what some readers give when the card is pulled out meanwhile.
fn split(response: Zeroizing<Vec<u8>>) -> Result<(Zeroizing<Vec<u8>>, u16), DeviceError> {
    let (data, status) = response.split_last_chunk::<2>().ok_or(DeviceError::Removed)?;
    Ok((Zeroizing::new(data.to_vec()), u16::from_be_bytes(*status)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// Answers from a list, and remembers what it was asked.
    struct Scripted(RefCell<Vec<Vec<u8>>>, RefCell<Vec<Vec<u8>>>);

    impl Scripted {
        fn new(answers: &[&[u8]]) -> Self {
            let mut answers: Vec<_> = answers.iter().map(|a| a.to_vec()).collect();
            answers.reverse();
            Scripted(RefCell::new(answers), RefCell::default())
        }
    }

    impl Transmit for Scripted {
        fn transmit(&self, command: &[u8], _: Patience) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
            self.1.borrow_mut().push(command.to_vec());
            let mut answers = self.0.borrow_mut();
            Ok(Zeroizing::new(if answers.len() > 1 { answers.pop().unwrap() } else { answers[0].clone() }))
        }
    }

    #[test]
    fn long_data_goes_out_in_pieces_and_a_long_answer_is_collected() {
        let card = Scripted::new(&[&[0x90, 0], &[1, 2, 0x61, 3], &[3, 4, 5, 0x90, 0]]);
        let answer = exchange(&card, [0x87, 7, 0x9d], &[9; 260], true, Patience::Key).ok().unwrap();
        assert_eq!((&answer.data[..], answer.status), (&[1, 2, 3, 4, 5][..], OK));
        let sent = card.1.borrow();
        assert_eq!((&sent[0][..5], sent[0].len()), (&[0x10, 0x87, 7, 0x9d, 255][..], 260));
        assert_eq!(sent[1], [0, 0x87, 7, 0x9d, 5, 9, 9, 9, 9, 9, 0]);
        assert_eq!(sent[2], [0, 0xc0, 0, 0, 3]);
    }

    #[test]
    fn an_answer_without_an_end_is_given_up_and_none_at_all_is_a_card_that_went_away() {
        for endless in [&[0x61, 0x10][..], &[0x6c, 0x10]] {
            let answer = exchange(&Scripted::new(&[endless]), [0xcb, 0x3f, 0xff], &[], true, Patience::Short);
            assert!(matches!(answer, Err(DeviceError::Nonsense(_))));
        }
        for short in [&[][..], &[0x90]] {
            let answer = exchange(&Scripted::new(&[short]), [0xcb, 0x3f, 0xff], &[1], true, Patience::Short);
            assert!(matches!(answer, Err(DeviceError::Removed)));
        }
    }
}
