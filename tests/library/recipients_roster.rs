//! What a recording remembers of its recipients while their files change under it.

use std::collections::BTreeMap;

use vidveil::keys::{Algorithm, KeyError, RecipientSet, Unusable, certificates_in, generate};
use vidveil::recipients::CertificateFiles;
use vidveil::recipients::{Files, Listing, Notice, RecipientsOverTime, Stamp};

use crate::support::keys::{cert, now, options, read};

const DAY: i64 = 86_400_000_000_000;

/// A folder in memory: every write is a new stamp.
#[derive(Default)]
struct Folder {
    files: BTreeMap<String, (Stamp, Result<Vec<u8>, String>)>,
    gone: bool,
    writes: u64,
    reads: u64,
}

impl Folder {
    fn of(names: &[&str]) -> Self {
        let mut folder = Folder::default();
        names.iter().for_each(|name| folder.put(name, read(name)));
        folder
    }

    fn put(&mut self, name: &str, content: Vec<u8>) {
        self.writes += 1;
        self.files.insert(name.into(), ([self.writes; 5], Ok(content)));
    }

    fn deny(&mut self, name: &str) {
        self.files.get_mut(name).unwrap().1 = Err("permission denied".into());
        self.files.get_mut(name).unwrap().0 = [u64::MAX; 5];
    }
}

impl Files for Folder {
    fn list(&mut self) -> Vec<Listing> {
        let files = if self.gone {
            Err("no such file or directory".into())
        } else {
            Ok(self.files.iter().map(|(name, (stamp, _))| (name.clone(), *stamp)).collect())
        };
        vec![Listing { folder: "certs".into(), files }]
    }

    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        self.reads += 1;
        self.files[name].1.clone()
    }
}

/// Recipients with their folders.
struct Run {
    recipients: RecipientsOverTime,
    folder: Folder,
    lists: Folder,
}

impl Run {
    fn new(folder: Folder) -> Self {
        Run { recipients: RecipientsOverTime::new(None), folder, lists: Folder::default() }
    }

    fn at(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        self.recipients.refresh(&mut self.folder, &mut self.lists, now_ns)
    }

    fn usable(&mut self, now_ns: i64) -> Vec<String> {
        let set = self.at(now_ns).unwrap();
        let mut names: Vec<_> = set.usable.iter().map(|r| r.name.clone()).collect();
        names.sort();
        names
    }
}

fn short_lived(days: u32) -> Vec<u8> {
    let mut options = options(&format!("{days} days"), Algorithm::P256);
    options.days = days;
    generate(&options, None).unwrap().certificate_pem.into_bytes()
}

#[test]
fn files_are_parsed_again_only_when_they_changed() {
    let mut run = Run::new(Folder::of(&["p256.pem", "p384.pem", "expired.pem"]));
    run.folder.put("half.pem", read("leaf.pem")[..200].to_vec());
    for _ in 0..5 {
        run.at(now()).unwrap();
    }
    assert_eq!((run.recipients.parsed(), run.folder.reads), (4, 4));
    run.folder.put("half.pem", read("leaf.pem"));
    assert_eq!(run.usable(now()), ["half.pem", "p256.pem", "p384.pem"]);
    assert_eq!((run.recipients.parsed(), run.folder.reads), (5, 5));
    run.folder.files.remove("p384.pem");
    run.at(now()).unwrap();
    assert_eq!(run.recipients.parsed(), 5);
}

#[test]
fn what_expired_once_stays_out_when_the_clock_goes_back() {
    let mut run = Run::new(Folder::of(&["p256.pem"]));
    run.folder.put("short.pem", short_lived(10));
    assert_eq!(run.usable(now()).len(), 2);
    assert_eq!(run.usable(now() + 11 * DAY), ["p256.pem"]);
    let set = run.at(now()).unwrap();
    assert_eq!(set.usable.len(), 1);
    assert_eq!(set.left_out[0].reason, Unusable::Expired);
    // not by another name, either
    let (_, content) = run.folder.files.remove("short.pem").unwrap();
    run.folder.put("other.pem", content.unwrap());
    assert_eq!(run.usable(now()), ["p256.pem"]);
    // another run has not seen it
    assert_eq!(Run::new(run.folder).usable(now()).len(), 2);
}

#[test]
fn not_yet_valid_is_no_verdict_for_the_run() {
    let mut run = Run::new(Folder::of(&["p256.pem", "not-yet-valid.pem"]));
    assert_eq!(run.usable(now()), ["p256.pem"]);
    assert_eq!(run.usable(cert("not-yet-valid").not_before_ns()), ["not-yet-valid.pem", "p256.pem"]);
}

#[test]
fn a_removed_file_is_out_at_once_and_may_come_back() {
    let mut run = Run::new(Folder::of(&["p256.pem", "p384.pem"]));
    run.at(now()).unwrap();
    let file = run.folder.files.remove("p384.pem").unwrap();
    let set = run.at(now()).unwrap();
    assert_eq!(set.usable.len(), 1);
    assert_eq!((set.left_out[0].name.as_str(), set.left_out[0].reason), ("p384.pem", Unusable::Removed));
    assert_eq!(set.left_out[0].fingerprint(), cert("p384").fingerprint());
    run.folder.files.insert("renamed.pem".into(), file);
    let set = run.at(now()).unwrap();
    assert_eq!((set.usable.len(), set.left_out.len()), (2, 0));
    run.folder.files.clear();
    let set = run.at(now()).unwrap();
    assert_eq!((set.usable.len(), set.left_out.len()), (0, 2));
}

#[test]
fn a_file_that_is_replaced_takes_its_certificate_along() {
    let mut run = Run::new(Folder::of(&["p256.pem"]));
    run.at(now()).unwrap();
    run.folder.put("p256.pem", read("p384.pem"));
    let set = run.at(now()).unwrap();
    assert_eq!(set.usable[0].certificate, cert("p384"));
    assert_eq!(set.left_out[0].fingerprint(), cert("p256").fingerprint());
}

#[test]
fn a_half_written_file_is_replaced_by_its_last_good_copy_for_three_epochs() {
    for deny in [false, true] {
        let mut run = Run::new(Folder::of(&["p256.pem", "p384.pem"]));
        run.at(now()).unwrap();
        if deny {
            run.folder.deny("p384.pem");
        } else {
            run.folder.put("p384.pem", read("p384.pem")[..300].to_vec());
        }
        for left in [2, 1, 0] {
            assert_eq!(run.usable(now()), ["p256.pem", "p384.pem"]);
            assert!(
                matches!(run.recipients.notices(), [Notice::Kept { name, left: l, .. }] if name == "p384.pem" && *l == left),
                "{:?}",
                run.recipients.notices()
            );
        }
        let set = run.at(now()).unwrap();
        assert_eq!(set.usable.len(), 1);
        assert_eq!(set.left_out[0].reason, Unusable::Unreadable);
        assert_eq!(set.left_out[0].fingerprint(), cert("p384").fingerprint());
        assert!(run.recipients.notices().is_empty());
        // it is written to its end
        run.folder.put("p384.pem", read("p384.pem"));
        assert_eq!(run.usable(now()), ["p256.pem", "p384.pem"]);
    }
}

#[test]
fn a_kept_copy_expires_as_its_file_would() {
    let mut run = Run::new(Folder::of(&["p256.pem"]));
    run.folder.put("short.pem", short_lived(10));
    run.at(now()).unwrap();
    run.folder.put("short.pem", vec![]);
    assert_eq!(run.usable(now() + 9 * DAY), ["p256.pem", "short.pem"]);
    assert_eq!(run.usable(now() + 11 * DAY), ["p256.pem"]);
}

#[test]
fn a_file_that_never_was_good_stops_nobody() {
    let mut run = Run::new(Folder::of(&["p256.pem", "p256.key"]));
    run.folder.put("new.pem", b"-----BEGIN CERT".to_vec());
    for _ in 0..5 {
        let set = run.at(now()).unwrap();
        assert_eq!(set.usable.len(), 1);
        let errors: Vec<_> = set.left_out.iter().map(|l| l.error.clone().unwrap()).collect();
        assert_eq!(errors, [KeyError::BadPem, KeyError::PrivateKeyNotCertificate]);
    }
}

#[test]
fn a_folder_that_is_gone_is_remembered_for_three_epochs() {
    let mut run = Run::new(Folder::of(&["p256.pem"]));
    run.folder.gone = true;
    assert!(run.at(now()).is_err(), "never seen");
    run.folder.gone = false;
    run.at(now()).unwrap();
    run.folder.gone = true;
    for left in [2, 1, 0] {
        assert_eq!(run.usable(now()), ["p256.pem"]);
        assert!(matches!(run.recipients.notices(), [Notice::FolderKept { left: l, .. }] if *l == left));
    }
    assert_eq!(run.at(now()).unwrap_err(), "certs: no such file or directory");
    run.folder.gone = false;
    assert_eq!(run.usable(now()), ["p256.pem"]);
    // and the count begins anew
    run.folder.gone = true;
    assert_eq!(run.usable(now()), ["p256.pem"]);
}

/// The same over real files.
#[test]
fn folders_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let certs = dir.path().join("certs");
    std::fs::create_dir(&certs).unwrap();
    for name in ["p256.pem", "p384.pem"] {
        std::fs::write(certs.join(name), read(name)).unwrap();
    }
    let single = dir.path().join("single.crt");
    std::fs::write(&single, read("rsa2048.pem")).unwrap();
    let mut files = CertificateFiles::new(&[certs.clone(), single.clone()]).unwrap();
    let mut lists = CertificateFiles::revocation_lists(&[]).unwrap();
    let mut recipients = RecipientsOverTime::new(None);
    let mut usable = |recipients: &mut RecipientsOverTime| {
        recipients.refresh(&mut files, &mut lists, now()).map(|set| set.usable.len())
    };
    assert_eq!((usable(&mut recipients), recipients.parsed()), (Ok(3), 3));
    assert_eq!((usable(&mut recipients), recipients.parsed()), (Ok(3), 3));
    // as editors and rsync do: a new file under the old name
    std::fs::write(certs.join(".p256.tmp"), read("leaf.pem")).unwrap();
    std::fs::rename(certs.join(".p256.tmp"), certs.join("p256.pem")).unwrap();
    assert_eq!((usable(&mut recipients), recipients.parsed()), (Ok(3), 4));
    // a file that was given by its name has the grace of a folder, half written or gone
    std::fs::write(&single, &read("rsa2048.pem")[..300]).unwrap();
    for _ in 0..3 {
        assert_eq!(usable(&mut recipients), Ok(3));
    }
    assert_eq!(usable(&mut recipients), Ok(2));
    std::fs::write(&single, read("rsa2048.pem")).unwrap();
    assert_eq!(usable(&mut recipients), Ok(3));
    std::fs::remove_file(&single).unwrap();
    for _ in 0..3 {
        assert_eq!(usable(&mut recipients), Ok(3));
    }
    assert_eq!(usable(&mut recipients), Ok(2));
    std::fs::remove_dir_all(&certs).unwrap();
    for _ in 0..3 {
        assert_eq!(usable(&mut recipients), Ok(2));
    }
    assert!(usable(&mut recipients).is_err());
    assert_eq!(certificates_in(&read("leaf.pem")).unwrap().len(), 1);
}
