//! A mount namespace, in which a test mounts what nobody else sees.

use std::process::Command;
use std::sync::OnceLock;

use super::output::told;

/// The flag by which `unshare` gives this user one: root may have one, others where user namespaces are allowed. `None`
/// where neither is: the test `name` is skipped, which stderr says.
pub fn namespace(name: &str) -> Option<&'static str> {
    static FOUND: OnceLock<Result<&str, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let mut why = String::new();
        for flags in ["-m", "-Urm"] {
            let mut mount = Command::new("unshare");
            let output = mount.args([flags, "mount", "-t", "tmpfs", "none", "/run"]).output().unwrap();
            if output.status.success() {
                return Ok(flags);
            }
            why = told(&output);
        }
        Err(format!("no mount namespace: {}", why.replace('\n', " ").trim()))
    });
    match found {
        Ok(flags) => Some(flags),
        Err(why) => {
            eprintln!("skipped: {name}: {why}");
            None
        }
    }
}
