//! Cards as their issuer hands them out: keys made on the card by Yubico's tool, certificates signed with OpenSSL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use tempfile::TempDir;

use super::limit::Limited;
use super::reader::Reader;

/// Factory values, as of YubiKeys.
pub const PIN: &str = "123456";
pub const PUK: &str = "12345678";
pub const ADMIN_KEY: &str = "010203040506070801020304050607080102030405060708";

/// Cards that differ in which keys they have, each as slot, algorithm of yubico-piv-tool and key usage. The card's
/// memory is made once in a process and copied for each test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// 9D P-256, 82 RSA-2048, 95 P-384; and in 9A, for something else, a key for signatures
    Ec,
    /// 9D RSA-2048, 82 P-384, 95 P-256
    Rsa,
    /// 9D P-384
    Ec384,
}

type Slots = &'static [(&'static str, &'static str, &'static str)];

impl Model {
    pub const ALL: [Model; 3] = [Model::Ec, Model::Rsa, Model::Ec384];

    pub fn slots(self) -> Slots {
        match self {
            Model::Ec => &[
                ("9a", "ECCP256", "digitalSignature"),
                ("9d", "ECCP256", "keyAgreement"),
                ("82", "RSA2048", "keyEncipherment"),
                ("95", "ECCP384", "keyAgreement"),
            ],
            Model::Rsa => &[
                ("9d", "RSA2048", "keyEncipherment"),
                ("82", "ECCP384", "keyAgreement"),
                ("95", "ECCP256", "keyAgreement"),
            ],
            Model::Ec384 => &[("9d", "ECCP384", "keyAgreement")],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Model::Ec => "ec",
            Model::Rsa => "rsa",
            Model::Ec384 => "ec384",
        }
    }

    /// Its certificate in a slot, PEM.
    pub fn certificate(self, slot: &str) -> PathBuf {
        issued().path().join(self.name()).join(format!("{slot}.pem"))
    }

    /// A copy of its memory in `folder`, for `--state`.
    pub fn copy_to(self, folder: &Path) {
        fs::create_dir(folder).unwrap();
        for part in fs::read_dir(issued().path().join(self.name()).join("memory")).unwrap() {
            let part = part.unwrap();
            fs::copy(part.path(), folder.join(part.file_name())).unwrap();
        }
    }
}

/// The folder with a folder for each model.
fn issued() -> &'static TempDir {
    static ISSUED: OnceLock<TempDir> = OnceLock::new();
    ISSUED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let issuing = Model::ALL.map(|model| {
            let folder = folder.path().join(model.name());
            thread::spawn(move || issue(model, &folder))
        });
        issuing.into_iter().for_each(|thread| thread.join().unwrap());
        folder
    })
}

fn issue(model: Model, folder: &Path) {
    fs::create_dir(folder).unwrap();
    let reader = Reader::start("issuing cards").expect("asked for by the test before");
    let seed = (model as u32 + 1).to_string();
    let card = reader.insert(&["--seed", &seed, "--state", folder.join("memory").to_str().unwrap()]);
    let openssl = |arguments: &str| {
        Command::new("openssl").args(arguments.split(' ')).current_dir(folder).succeeds();
    };
    let yubico = |arguments: &str| {
        let mut tool = reader.client("yubico-piv-tool");
        tool.args(["-r", "Virtual"]).args(arguments.split(' ')).current_dir(folder).succeeds();
    };
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 3650 -subj /CN=Issuer",
    );
    for (slot, algorithm, usage) in model.slots() {
        yubico(&format!("-a generate -s {slot} -A {algorithm} -o {slot}.pub"));
        fs::write(folder.join("extensions"), format!("keyUsage=critical,{usage}\nsubjectKeyIdentifier=hash\n"))
            .unwrap();
        openssl(&format!(
            "x509 -new -force_pubkey {slot}.pub -subj /CN={}-{slot} -CA ca.pem -CAkey ca.key -days 3650 \
             -extfile extensions -out {slot}.pem",
            model.name()
        ));
        yubico(&format!("-a import-certificate -s {slot} -i {slot}.pem"));
    }
    card.pull();
}
