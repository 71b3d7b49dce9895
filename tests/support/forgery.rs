//! What somebody can do to the lists of recipients in a file who can write it and has no key. All of it is computed
//! from the file itself, and every hash in it is right again.

use vidveil::format::{Keys, Message, Reader, Record, Signature, SignatureAlgorithm, SlotContent, SlotState, sha256};
use vidveil::keys::{Certificate, SignatureScheme, Signer, seal_message};

#[path = "../../fuzz/mutate/tlv.rs"]
mod tlv;
use tlv::{Element, elements, tlv};

/// A keys record of a file, and what the file says besides.
#[derive(Clone)]
pub struct KeysInFile {
    /// Where it begins.
    pub at: usize,
    pub keys: Keys,
    /// H of its stream.
    pub stream_hash: [u8; 32],
    /// Its hash as first written, out of the start record after it.
    pub keys_hash: [u8; 32],
}

/// All of them.
pub fn keys_in(bytes: &[u8]) -> Vec<KeysInFile> {
    let mut reader = Reader::new(bytes);
    let (mut found, mut stream_hash): (Vec<KeysInFile>, _) = (Vec::new(), [0; 32]);
    while let Some(record) = reader.next().unwrap() {
        let at = reader.record_offset() as usize;
        match record {
            Record::Stream(_) => stream_hash = sha256(reader.raw()),
            Record::Keys(keys) => found.push(KeysInFile { at, keys: *keys, stream_hash, keys_hash: [0; 32] }),
            Record::Start(s) => {
                if let Some(last) = found.last_mut().filter(|k| k.keys_hash == [0; 32]) {
                    last.keys_hash = s.keys_hash;
                }
            }
            _ => {}
        }
    }
    found
}

impl KeysInFile {
    /// The list that counts.
    pub fn content(&self) -> &SlotContent {
        self.keys.current()
    }

    /// The bytes of a slot.
    pub fn slot(&self, bytes: &[u8], slot: usize) -> Vec<u8> {
        let from = self.at + self.keys.slot_offset(slot) as usize;
        bytes[from..from + self.keys.slot_size() as usize].to_vec()
    }

    /// Writes the bytes of a slot.
    pub fn put(&self, bytes: &mut [u8], slot: usize, raw: &[u8]) {
        let from = self.at + self.keys.slot_offset(slot) as usize;
        assert_eq!(raw.len(), self.keys.slot_size() as usize, "slots have one size");
        bytes[from..from + raw.len()].copy_from_slice(raw);
    }

    /// Writes a list into a slot.
    pub fn put_list(&self, bytes: &mut [u8], slot: usize, content: &SlotContent) {
        self.put(bytes, slot, &content.to_slot(self.keys.slot_size()).unwrap());
    }

    /// The list with a signature of the forger's own, right in every bit.
    pub fn signed(&self, content: SlotContent, signer: &Signer) -> SlotContent {
        let mut text = b"vidveil1 slot signature\0".to_vec();
        text.extend_from_slice(&self.stream_hash);
        text.extend_from_slice(&self.keys_hash);
        text.extend_from_slice(&self.keys.signed_text(&content, self.keys.slot_size()).unwrap());
        let algorithm = match signer.scheme() {
            SignatureScheme::Ed25519 => SignatureAlgorithm::Ed25519,
            SignatureScheme::EcdsaP256 => SignatureAlgorithm::EcdsaP256,
            SignatureScheme::EcdsaP384 => SignatureAlgorithm::EcdsaP384,
            SignatureScheme::RsaPss => SignatureAlgorithm::RsaPss,
        };
        let signature = Signature { algorithm, bytes: signer.sign(&text).unwrap() };
        SlotContent { changed_by: Some((signer.certificate().der().to_vec(), signature)), ..content }
    }
}

/// The list with one more recipient: his certificate, and a part of the message that he has made himself. The other
/// recipients still open the message.
pub fn extended(content: &SlotContent, who: &Certificate) -> SlotContent {
    let own = seal_message(&[7; 32], std::slice::from_ref(who)).unwrap();
    let mut messages = content.messages.clone();
    messages[0].recipients.push(who.der().to_vec());
    messages[0].cms = with_recipients(&messages[0].cms, &own);
    SlotContent { messages, ..content.clone() }
}

/// A list of others, with a secret that nobody needs.
pub fn claiming(content: &SlotContent, who: &[Certificate]) -> SlotContent {
    let recipients = who.iter().map(|c| c.der().to_vec()).collect();
    let message = Message { recipients, cms: seal_message(&[7; 32], who).unwrap(), ..content.messages[0].clone() };
    SlotContent { messages: vec![message], ..content.clone() }
}

/// The content of a slot that is whole.
pub fn whole(keys: &Keys, slot: usize) -> &SlotContent {
    match keys.slots()[slot] {
        SlotState::Whole(content) => content,
        state => panic!("slot {slot} is {state:?}"),
    }
}

/// A CMS message with the recipients of another one, too.
fn with_recipients(message: &[u8], other: &[u8]) -> Vec<u8> {
    let (content_type, mut data) = parts(message);
    let mut all: Vec<Vec<u8>> =
        [&data[1], &parts(other).1[1]].iter().flat_map(|set| elements(set.1)).map(tlv).collect();
    // a SET OF is sorted in DER
    all.sort();
    let set = all.concat();
    data[1] = (0x31, &set);
    let data: Vec<u8> = data.into_iter().flat_map(tlv).collect();
    tlv((0x30, &[tlv(content_type), tlv((0xa0, &tlv((0x30, &data))))].concat()))
}

/// The content type of a CMS message, and the fields of its AuthEnvelopedData: version, RecipientInfos, ...
fn parts(message: &[u8]) -> (Element<'_>, Vec<Element<'_>>) {
    let info = elements(elements(message)[0].1);
    (info[0], elements(elements(info[1].1)[0].1))
}
