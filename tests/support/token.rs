//! A folder with a token of SoftHSM2 in it.

use std::process::Output;

use super::yard::{Yard, stderr};

/// Every script here: a SoftHSM2 of its own, and `token URI-QUERY`, the value of -i.
const PRELUDE: &str = r#"
module=/usr/lib/softhsm/libsofthsm2.so
export SOFTHSM2_CONF=$PWD/softhsm2.conf
tool() { pkcs11-tool --module "$module" --token-label desk --login --pin 1234 "$@" 2> /dev/null; }
token() { echo "pkcs11:$module?$1"; }
"#;

/// A folder with a token "desk" in it, whose PIN 1234 is in the file `pin`.
pub struct Desk(pub Yard);

impl Desk {
    pub fn new() -> Self {
        let desk = Desk(Yard::new());
        desk.0
            .write("softhsm2.conf", format!("directories.tokendir = {}\n", desk.0.path("tokens").display()).as_bytes());
        desk.done(
            "mkdir tokens
             softhsm2-util --init-token --free --label desk --pin 1234 --so-pin 5678 > /dev/null
             (umask 077; echo 1234 > pin; echo 9999 > wrong)",
        );
        desk
    }

    /// With a recording `sealed.vv` for the P-256 key 01 of the token, which is also in the file `desk.key`.
    pub fn recording() -> Self {
        let desk = Desk::new();
        desk.done(
            "enroll desk
             openssl pkey -in desk.key -outform DER -out desk.der
             openssl x509 -in certs/desk.pem -outform DER -out cert.der
             tool --write-object desk.der --type privkey --usage-derive --id 01 --label original > /dev/null
             tool --write-object cert.der --type cert --id 01 --label original > /dev/null
             scene camera.mp4 160x120 2
             capture camera.mp4 | encrypt-stream -q -r certs -o sealed.vv",
        );
        desk
    }

    pub fn sh(&self, script: &str) -> Output {
        self.0.sh(&format!("{PRELUDE}\n{script}"))
    }

    #[track_caller]
    pub fn done(&self, script: &str) -> String {
        self.0.done(&format!("{PRELUDE}\n{script}"))
    }

    /// A script that fails: its exit status and its first line, after the command's name.
    pub fn fails(&self, script: &str) -> (Option<i32>, String) {
        let output = self.sh(script);
        let line = stderr(&output).lines().next().unwrap_or_default().to_owned();
        (output.status.code(), line.split_once(": error: ").map_or(line.clone(), |(_, text)| text.to_owned()))
    }

    /// Sets flags of CK_TOKEN_INFO in SoftHSM2's file of the token, as other makers' tokens set them by themselves.
    pub fn set_token_flags(&self, flags: u64) {
        const CKA_OS_TOKENFLAGS: [u8; 8] = [0, 0, 0, 0, 0x80, 0, 0x53, 0x4b];
        let folder = std::fs::read_dir(self.0.path("tokens")).unwrap().next().unwrap().unwrap();
        let file = folder.path().join("token.object");
        let mut bytes = std::fs::read(&file).unwrap();
        let at = bytes.windows(8).position(|w| w == CKA_OS_TOKENFLAGS).unwrap() + 16;
        let old = u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
        bytes[at..at + 8].copy_from_slice(&(old | flags).to_be_bytes());
        std::fs::write(&file, bytes).unwrap();
    }
}
