//! Watching the top-level boxes of an mp4 pass by (ISO/IEC 14496-12, 4.2), to see early that its index is at the end.

/// What is known of the passing bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing yet.
    Open,
    /// Not an mp4, or one whose index comes first.
    Fine,
    /// Pictures come before the index.
    IndexAtEnd,
}

/// Follows box headers through bytes given in pieces of any size.
#[derive(Debug)]
pub(super) struct BoxWatch {
    header: Vec<u8>,
    skip: u64,
    seen_first: bool,
    verdict: Verdict,
}

impl BoxWatch {
    pub(super) fn new() -> Self {
        Self { header: Vec::with_capacity(16), skip: 0, seen_first: false, verdict: Verdict::Open }
    }

    /// Takes the next bytes of the input and says what is known after them.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Verdict {
        while self.verdict == Verdict::Open && !bytes.is_empty() {
            if self.skip > 0 {
                let step = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
                bytes = bytes.split_at(step).1;
                self.skip -= step as u64;
                continue;
            }
            let (first, rest) = bytes.split_at(1);
            self.header.extend_from_slice(first);
            bytes = rest;
            self.look();
        }
        self.verdict
    }

    /// Judges the header once it is whole: 8 bytes, or 16 when the 32-bit size is 1.
    fn look(&mut self) {
        let Some((head, large)) = self.header.split_first_chunk::<8>() else { return };
        let [a, b, c, d, kind @ ..] = *head;
        let size = match (u32::from_be_bytes([a, b, c, d]), large.first_chunk::<8>()) {
            (1, None) if is_box(&kind) => return,
            (1, Some(large)) => u64::from_be_bytes(*large),
            // Size 0: the box goes on to the end of the file.
            (0, _) => u64::MAX,
            (size, _) => u64::from(size),
        };
        self.verdict = match &kind {
            b"mdat" => Verdict::IndexAtEnd,
            b"moov" | b"moof" | b"sidx" => Verdict::Fine,
            _ if !self.seen_first && !is_box(&kind) => Verdict::Fine,
            _ => Verdict::Open,
        };
        self.seen_first = true;
        match size.checked_sub(self.header.len() as u64) {
            Some(body) => self.skip = body,
            None => self.verdict = Verdict::Fine,
        }
        self.header.clear();
    }
}

/// Boxes that an mp4 or QuickTime file may begin with.
fn is_box(kind: &[u8; 4]) -> bool {
    matches!(kind, b"ftyp" | b"styp" | b"wide" | b"free" | b"skip" | b"mdat" | b"moov" | b"pnot")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: usize) -> Vec<u8> {
        let mut bytes = u32::try_from(body + 8).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(kind);
        bytes.resize(body + 8, 0);
        bytes
    }

    fn verdict(bytes: &[u8], piece: usize) -> Verdict {
        let mut watch = BoxWatch::new();
        bytes.chunks(piece).map(|piece| watch.feed(piece)).last().unwrap()
    }

    #[test]
    fn index_before_or_behind_the_pictures() {
        for piece in [1, 3, 8, 1000] {
            let late = [boxed(b"ftyp", 20), boxed(b"free", 0), boxed(b"mdat", 50)].concat();
            assert_eq!(verdict(&late, piece), Verdict::IndexAtEnd);
            let early = [boxed(b"ftyp", 20), boxed(b"moov", 30), boxed(b"mdat", 50)].concat();
            assert_eq!(verdict(&early, piece), Verdict::Fine);
            assert_eq!(verdict(b"\0\0\0\x01\x67\x64\0\x0a\xac\x72", piece), Verdict::Fine);
            assert_eq!(verdict(b"\x1a\x45\xdf\xa3 not an mp4 at all", piece), Verdict::Fine);
        }
    }

    #[test]
    fn sizes_of_64_bits() {
        let mut large = boxed(b"ftyp", 4);
        large.extend_from_slice(b"\0\0\0\x01free\0\0\0\0\0\0\0\x14data\0\0\0\x08mdat");
        assert_eq!(verdict(&large, 5), Verdict::IndexAtEnd);
    }
}
