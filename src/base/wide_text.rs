//! Text whose characters are two or four bytes wide, as programs of Windows write it.

/// How it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WideText {
    /// UTF-16 with a mark that says the order of its bytes.
    Utf16,
    /// UTF-16, the low byte first, without a mark.
    Utf16Le,
    /// UTF-16, the high byte first, without a mark.
    Utf16Be,
    /// UTF-32 with a mark.
    Utf32,
    /// UTF-32, the low byte first, without a mark.
    Utf32Le,
    /// UTF-32, the high byte first, without a mark.
    Utf32Be,
}

impl WideText {
    /// The encodings that bear no mark.
    pub const UNMARKED: [WideText; 4] = [WideText::Utf32Le, WideText::Utf32Be, WideText::Utf16Le, WideText::Utf16Be];

    /// The encoding that the mark at the beginning names. That of UTF-32 begins as that of UTF-16 does.
    pub fn by_mark(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some(WideText::Utf32),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(WideText::Utf16),
            _ => None,
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            WideText::Utf16 | WideText::Utf16Le | WideText::Utf16Be => "UTF-16 text",
            WideText::Utf32 | WideText::Utf32Le | WideText::Utf32Be => "UTF-32 text",
        }
    }

    /// The command that converts it.
    pub fn command(self) -> &'static str {
        match self {
            WideText::Utf16 => "iconv -f UTF-16 -t UTF-8 OLD > NEW",
            WideText::Utf16Le => "iconv -f UTF-16LE -t UTF-8 OLD > NEW",
            WideText::Utf16Be => "iconv -f UTF-16BE -t UTF-8 OLD > NEW",
            WideText::Utf32 => "iconv -f UTF-32 -t UTF-8 OLD > NEW",
            WideText::Utf32Le => "iconv -f UTF-32LE -t UTF-8 OLD > NEW",
            WideText::Utf32Be => "iconv -f UTF-32BE -t UTF-8 OLD > NEW",
        }
    }

    /// Whether `bytes` begin with a character of ASCII, not NUL, in this encoding.
    pub fn begins(self, bytes: &[u8]) -> bool {
        match self {
            WideText::Utf16 | WideText::Utf32 => WideText::by_mark(bytes) == Some(self),
            WideText::Utf16Le => matches!(bytes, [1..0x80, 0, ..]),
            WideText::Utf16Be => matches!(bytes, [0, 1..0x80, ..]),
            WideText::Utf32Le => matches!(bytes, [1..0x80, 0, 0, 0, ..]),
            WideText::Utf32Be => matches!(bytes, [0, 0, 0, 1..0x80, ..]),
        }
    }

    /// Whether `bytes` hold this text of ASCII in this encoding, in units from their beginning.
    pub fn holds(self, bytes: &[u8], ascii: &str) -> bool {
        let put: fn(u8) -> Vec<u8> = match self {
            WideText::Utf16 | WideText::Utf32 => return WideText::by_mark(bytes) == Some(self),
            WideText::Utf16Le => |byte| vec![byte, 0],
            WideText::Utf16Be => |byte| vec![0, byte],
            WideText::Utf32Le => |byte| vec![byte, 0, 0, 0],
            WideText::Utf32Be => |byte| vec![0, 0, 0, byte],
        };
        let wanted: Vec<u8> = ascii.bytes().flat_map(put).collect();
        let unit = put(0).len();
        bytes.windows(wanted.len().max(1)).step_by(unit).any(|window| window == wanted)
    }
}
