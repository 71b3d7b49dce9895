//! Files stored in a zip file, as they are: video does not get smaller. (APPNOTE.TXT 6.3.10, with Zip64 where 4 GiB are
//! not enough.)

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use time::OffsetDateTime;

const MAX32: u64 = 0xffff_ffff;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;

/// Writes a zip file from its first byte on.
pub(super) struct ZipWriter<'a, W: Write + Seek> {
    output: BufWriter<&'a mut W>,
    at: u64,
    /// The central directory.
    directory: Vec<u8>,
    count: u64,
    /// Time and date of every file, as MS-DOS has them, in UTC.
    stamp: [u8; 4],
}

impl<'a, W: Write + Seek> ZipWriter<'a, W> {
    pub fn new(output: &'a mut W) -> Self {
        let now = OffsetDateTime::now_utc();
        let time = (u16::from(now.hour()) << 11) | (u16::from(now.minute()) << 5) | (u16::from(now.second()) / 2);
        let year = u16::try_from(now.year().clamp(1980, 2107) - 1980).unwrap_or(0);
        let date = (year << 9) | (u16::from(u8::from(now.month())) << 5) | u16::from(now.day());
        let ([a, b], [c, d]) = (time.to_le_bytes(), date.to_le_bytes());
        ZipWriter { output: BufWriter::new(output), at: 0, directory: Vec::new(), count: 0, stamp: [a, b, c, d] }
    }

    /// Puts in the file at `path` under `name`.
    pub fn add(&mut self, name: &str, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let begin = self.at;
        // the checksum is filled in after the content
        let head = self.header(name, size, 0, None)?;
        self.put(&head)?;
        let (mut crc, mut copied, mut buffer) = (crc32fast::Hasher::new(), 0, vec![0; 1 << 18]);
        loop {
            let n = match file.read(&mut buffer) {
                Ok(0) => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            crc.update(&buffer[..n]);
            self.put(&buffer[..n])?;
            copied += n as u64;
        }
        if copied != size {
            return Err(io::Error::other("the file changed while it was read"));
        }
        let crc = crc.finalize();
        self.output.seek(SeekFrom::Start(begin + 14))?;
        self.output.write_all(&crc.to_le_bytes())?;
        self.output.seek(SeekFrom::Start(self.at))?;
        let entry = self.header(name, size, crc, Some(begin))?;
        self.directory.extend(entry);
        self.count += 1;
        Ok(())
    }

    /// Ends the file.
    pub fn finish(mut self) -> io::Result<()> {
        let (begin, length) = (self.at, self.directory.len() as u64);
        let directory = std::mem::take(&mut self.directory);
        self.put(&directory)?;
        let mut end = Vec::new();
        if begin > MAX32 || length > MAX32 || self.count >= 0xffff {
            end.extend(b"PK\x06\x06");
            end.extend(44u64.to_le_bytes());
            end.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            for n in [self.count, self.count, length, begin] {
                end.extend(n.to_le_bytes());
            }
            end.extend(b"PK\x06\x07\0\0\0\0");
            end.extend((begin + length).to_le_bytes());
            end.extend(1u32.to_le_bytes());
        }
        let count = u16::try_from(self.count).unwrap_or(u16::MAX).to_le_bytes();
        end.extend(b"PK\x05\x06\0\0\0\0");
        end.extend([count, count].concat());
        end.extend(short(length));
        end.extend(short(begin));
        end.extend([0, 0]);
        self.put(&end)?;
        self.output.flush()
    }

    /// A file's local header, or its entry in the central directory where `at` says where that header is.
    fn header(&self, name: &str, size: u64, crc: u32, at: Option<u64>) -> io::Result<Vec<u8>> {
        let mut extra = Vec::new();
        if size >= MAX32 {
            extra.extend([size.to_le_bytes(), size.to_le_bytes()].concat());
        }
        extra.extend(at.filter(|at| *at >= MAX32).iter().flat_map(|at| at.to_le_bytes()));
        if !extra.is_empty() {
            let length = extra.len() as u8;
            extra.splice(0..0, [1, 0, length, 0]);
        }
        let version = if extra.is_empty() { 20u16 } else { 45 }.to_le_bytes();
        let name_length = u16::try_from(name.len()).map_err(|_| io::Error::other("the name is too long"))?;
        let mut head = match at {
            None => b"PK\x03\x04".to_vec(),
            // made on Unix
            Some(_) => [&b"PK\x01\x02"[..], &[45, 3]].concat(),
        };
        head.extend(version);
        head.extend([FLAGS, 0].map(u16::to_le_bytes).concat());
        head.extend(self.stamp);
        head.extend(crc.to_le_bytes());
        head.extend([short(size), short(size)].concat());
        head.extend([name_length, extra.len() as u16].map(u16::to_le_bytes).concat());
        if let Some(at) = at {
            head.extend([0; 6]);
            head.extend((0o100_644u32 << 16).to_le_bytes());
            head.extend(short(at));
        }
        head.extend(name.as_bytes());
        head.extend(extra);
        Ok(head)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.output.write_all(bytes)
    }
}

/// The number in 32 bits; all bits are set if it does not fit and is given elsewhere.
fn short(n: u64) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    #[ignore = "writes 4.3 GB and takes a minute"]
    fn a_file_of_more_than_4_gib_opens_with_other_programs() {
        let folder = tempfile::tempdir().unwrap();
        let (large, small, zip) =
            (folder.path().join("large"), folder.path().join("small"), folder.path().join("a.zip"));
        let mut content = File::create(&large).unwrap();
        content.set_len(MAX32 + 1000).unwrap();
        content.seek(SeekFrom::End(-9)).unwrap();
        content.write_all(b"the end").unwrap();
        std::fs::write(&small, "after it").unwrap();
        let mut output = File::create(&zip).unwrap();
        let mut writer = ZipWriter::new(&mut output);
        writer.add("large", &large).unwrap();
        // its header stands where 32 bits do not reach
        writer.add("small", &small).unwrap();
        writer.finish().unwrap();
        let python = "import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
assert [i.file_size for i in z.infolist()] == [0xffffffff + 1000, 9], z.infolist()
assert z.read('small') == b'after it'";
        for (program, arguments) in [("python3", vec!["-c", python]), ("unzip", vec!["-tq"])] {
            let output = Command::new(program).args(arguments).arg(&zip).output().unwrap();
            assert!(output.status.success(), "{program}: {output:?}");
        }
    }
}
