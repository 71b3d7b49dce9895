//! A certification authority in a folder, run by openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with `ca.pem`, `ca.key` and what the authority signs.
pub struct Authority {
    pub dir: tempfile::TempDir,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        Self::with_key(name, "-algorithm EC -pkeyopt ec_paramgen_curve:P-256")
    }

    /// With a key of another kind, made by `openssl genpkey` with these arguments.
    pub fn with_key(name: &str, key: &str) -> Self {
        let ca = Authority { dir: tempfile::tempdir().unwrap() };
        ca.openssl(&format!("genpkey {key} -out ca.key"));
        ca.openssl(&format!("req -x509 -new -key ca.key -days 3650 -subj /CN={name} -out ca.pem"));
        let config = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n\
                      default_crl_days=30\n[v2]\nauthorityKeyIdentifier=keyid\n";
        ca.write("ca.cnf", config);
        ca.write("index.txt", "");
        ca.write("crlnumber", "01\n");
        ca
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn str(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    /// `arguments` separated by blanks; names are the folder's.
    pub fn openssl(&self, arguments: &str) -> Vec<u8> {
        openssl(self.dir.path(), arguments)
    }

    fn key(&self, name: &str) {
        self.openssl(&format!("ecparam -name prime256v1 -genkey -noout -out {name}.key"));
    }

    /// Makes `NAME.key` and `NAME.pem`, signed by `issuer`, valid for `days` days.
    pub fn issue(&self, name: &str, issuer: &str, days: u32, extensions: &str) {
        self.key(name);
        self.write("extensions", extensions);
        self.openssl(&format!("req -new -key {name}.key -subj /CN={name} -out {name}.csr"));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days {days} \
             -extfile extensions -out {name}.pem"
        ));
    }

    /// A recipient of the authority itself.
    pub fn recipient(&self, name: &str, days: u32) {
        self.issue(name, "ca", days, "keyUsage=critical,keyAgreement\nbasicConstraints=CA:FALSE\n");
    }

    /// Revokes `NAME.pem` and writes the new list to `file`; version 1 when `version_2` is false.
    pub fn revoke(&self, name: &str, file: &str, version_2: bool) {
        self.openssl(&format!("ca -config ca.cnf -cert ca.pem -keyfile ca.key -revoke {name}.pem"));
        self.list(file, version_2);
    }

    /// Writes the list of what was revoked so far.
    pub fn list(&self, file: &str, version_2: bool) {
        let extensions = if version_2 { "-crlexts v2" } else { "" };
        self.openssl(&format!("ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl {extensions} -out {file}"));
    }
}

pub fn openssl(dir: &Path, arguments: &str) -> Vec<u8> {
    let output = Command::new("openssl").current_dir(dir).args(arguments.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
