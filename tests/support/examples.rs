//! The programs in `examples/`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// An example's program. All of them are built once: a run of one test alone does not build examples.
pub fn example(name: &str) -> PathBuf {
    static PROGRAMS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(build);
    programs.iter().find(|path| path.ends_with(name)).expect("cargo says where the example is").clone()
}

fn build() -> Vec<PathBuf> {
    // Cargo gives a test much in the environment that would make it build everything anew.
    let added = |name: &str| name.starts_with("CARGO_") && !["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&name);
    let kept = std::env::vars().filter(|(name, _)| !added(name) && name != "LD_LIBRARY_PATH");
    let built = Command::new(env!("CARGO"))
        .env_clear()
        .envs(kept)
        .args(["build", "--quiet", "--locked", "--offline", "--examples", "--message-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8(built.stdout).unwrap();
    let executables = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    executables.collect()
}
