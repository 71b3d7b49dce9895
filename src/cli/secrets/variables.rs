//! Secrets in the environment, which is read by whoever is started with it.

use std::env;
use std::ffi::{OsStr, OsString};

/// What names of secrets have in them.
const PARTS: [&str; 4] = ["PASS", "TOKEN", "SECRET", "CREDENTIAL"];
/// What names of secrets end with.
const ENDS: [&str; 2] = ["KEY", "PIN"];
/// A folder of systemd's, and no secret itself: commands ask it where their keys are.
const NO_SECRET: &str = "CREDENTIALS_DIRECTORY";

/// Names of the variables of our environment that other programs have no need of: access to storage, pass phrases.
pub fn secret_variables() -> impl Iterator<Item = OsString> {
    env::vars_os().map(|(name, _)| name).filter(|name| is_secret(name))
}

fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    let parts = || PARTS.iter().any(|part| name.contains(part)) || ENDS.iter().any(|end| name.ends_with(end));
    name != NO_SECRET && (name.starts_with("AWS_") || parts())
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_say_what_is_secret() {
        let secrets = [
            "AWS_SECRET_ACCESS_KEY",
            "AWS_PROFILE",
            "AWS_SESSION_TOKEN",
            "db_password",
            "PASSPHRASE",
            "GITHUB_TOKEN",
            "API_KEY",
            "CARD_PIN",
            "CLIENT_SECRET",
        ];
        assert!(secrets.iter().all(|name| super::is_secret(name.as_ref())));
        let others =
            ["PATH", "HOME", "DISPLAY", "XAUTHORITY", "CREDENTIALS_DIRECTORY", "LANG", "TMPDIR", "SOFTHSM2_CONF"];
        assert!(!others.iter().any(|name| super::is_secret(name.as_ref())));
    }
}
