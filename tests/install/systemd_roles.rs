//! The units of scripts/systemd: each is exposed to little, and what it runs works under its own filter of system
//! calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use crate::cron::site;
use crate::support::repository;
use crate::support::yard::{Yard, assert_status, commands, told};

fn units() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository("scripts/systemd")).unwrap().map(|e| e.unwrap().path());
    let mut units: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == "service")).collect();
    units.sort();
    assert!(units.len() >= 5, "{units:?}");
    units
}

fn unit(name: &str) -> String {
    fs::read_to_string(repository("scripts/systemd").join(format!("{name}.service"))).unwrap().replace("\\\n", " ")
}

/// All values of a setting, in order.
fn settings<'a>(unit: &'a str, name: &str) -> Vec<&'a str> {
    let prefix = format!("{name}=");
    unit.lines().filter_map(|line| line.strip_prefix(&prefix)).collect()
}

fn analyze(arguments: &[&str]) -> Option<Output> {
    let output = Command::new("systemd-analyze").args(arguments).output().ok();
    if output.is_none() {
        eprintln!("skipped: there is no systemd-analyze (scripts/setup installs systemd)");
    }
    output
}

#[test]
fn systemd_finds_each_unit_exposed_to_little() {
    for unit in units() {
        // tenths of its points, of 10
        let arguments = ["security", "--offline=true", "--no-pager", "--threshold=19", unit.to_str().unwrap()];
        let Some(verdict) = analyze(&arguments) else { return };
        assert!(verdict.status.success(), "{}: {}", unit.display(), told(&verdict));
    }
}

#[test]
fn each_role_is_a_user_and_sees_no_key_of_another() {
    let sysusers = fs::read_to_string(repository("scripts/systemd/vidveil.conf")).unwrap();
    let mut users = BTreeSet::new();
    for path in units() {
        let text = fs::read_to_string(&path).unwrap().replace("\\\n", " ");
        let user = settings(&text, "User")[0];
        assert!(sysusers.contains(&format!("u {user} -")), "{user}");
        users.insert(user.to_owned());
        let hidden = settings(&text, "InaccessiblePaths").join(" ");
        for key in ["server.key", "officer.key", "officer-sign.key"] {
            let place = format!("/etc/vidveil/{key}");
            assert!(hidden.contains(&format!("-{place}")), "{}: {key}", path.display());
            // a key is loaded by systemd, and named in the folder that it makes
            assert!(!settings(&text, "ExecStart")[0].contains(&place), "{}: {key}", path.display());
        }
    }
    assert_eq!(users.len(), 3, "{users:?}");
    let loads = |name| settings(&unit(name), "LoadCredential").join(" ");
    assert!(loads("vidveil-protect@").contains("server.key") && !loads("vidveil-protect@").contains("officer"));
    assert!(loads("vidveil-rewrap").contains("officer.key") && !loads("vidveil-rewrap").contains("server.key"));
    assert_eq!((loads("vidveil-verify").as_str(), loads("vidveil-expiry").as_str()), ("", ""));
    assert_eq!(loads("vidveil-camera@"), "password:/etc/vidveil/%i.password");
}

/// Sets of system calls as systemd has them, with the sets in them resolved.
fn resolved(sets: &BTreeMap<String, Vec<String>>, name: &str, into: &mut BTreeSet<String>) {
    match sets.get(name) {
        Some(members) => members.iter().for_each(|member| resolved(sets, member, into)),
        None => drop(into.insert(name.to_owned())),
    }
}

/// The system calls that a unit allows, by name; `None` where systemd is not there to say.
fn allowed(unit: &str) -> Option<BTreeSet<String>> {
    let listed = String::from_utf8(analyze(&["syscall-filter", "--no-pager"])?.stdout).unwrap();
    let (mut sets, mut set) = (BTreeMap::<_, Vec<_>>::new(), String::new());
    for line in listed.lines().map(str::trim_end) {
        match line.trim() {
            "" => {}
            text if text.starts_with('#') => {}
            name if !line.starts_with(' ') => set = name.to_owned(),
            member => sets.entry(set.clone()).or_default().push(member.to_owned()),
        }
    }
    let mut allowed = BTreeSet::new();
    // what a list of what is allowed always has (systemd.exec(5))
    resolved(&sets, "@default", &mut allowed);
    for value in settings(unit, "SystemCallFilter") {
        let (takes_away, names) = value.strip_prefix('~').map_or((false, value), |names| (true, names));
        let mut these = BTreeSet::new();
        names.split_whitespace().for_each(|name| resolved(&sets, name, &mut these));
        if takes_away {
            allowed.retain(|name| !these.contains(name));
        } else {
            allowed.append(&mut these);
        }
    }
    assert!(allowed.len() > 100, "{allowed:?}");
    Some(allowed)
}

/// Numbers of system calls, as the kernel's headers have them.
fn numbers() -> BTreeMap<String, i64> {
    let gcc =
        Command::new("gcc").args(["-E", "-dM", "-include", "asm/unistd.h", "-x", "c", "/dev/null"]).output().unwrap();
    let text = String::from_utf8(gcc.stdout).unwrap();
    let number = |line: &str| {
        let (name, number) = line.strip_prefix("#define __NR_")?.split_once(' ')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    text.lines().filter_map(number).collect()
}

/// The unit's filter. Sockets are those of RestrictAddressFamilies.
fn filter(unit: &str) -> Option<BpfProgram> {
    let numbers = numbers();
    let known = allowed(unit)?.into_iter().filter_map(|name| Some((name.clone(), *numbers.get(&name)?)));
    let families: Vec<u64> = settings(unit, "RestrictAddressFamilies")[0]
        .split(' ')
        .map(|family| match family {
            "AF_UNIX" => 1,
            "AF_INET" => 2,
            "AF_INET6" => 10,
            other => panic!("{other}"),
        })
        .collect();
    let is = |family| SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family).unwrap();
    let rules = known.map(|(name, number)| match name.as_str() {
        "socket" => (number, families.iter().map(|f| SeccompRule::new(vec![is(*f)]).unwrap()).collect()),
        _ => (number, Vec::new()),
    });
    let refused = SeccompAction::Errno(1);
    let architecture = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let filter = SeccompFilter::new(rules.collect(), refused, SeccompAction::Allow, architecture).unwrap();
    Some(filter.try_into().unwrap())
}

/// Not a test: what a unit runs, in a process of its own that has put on the unit's filter.
#[test]
#[ignore = "run by the others, as a process of its own"]
fn filtered_process() {
    let Some(name) = std::env::var_os("FILTER_OF_UNIT") else { return };
    let filter = filter(&unit(name.to_str().unwrap())).unwrap();
    let script = std::env::var_os("FILTERED_SCRIPT").unwrap();
    seccompiler::apply_filter(&filter).unwrap();
    panic!("{}", Command::new("/bin/sh").arg("-c").arg(script).exec());
}

/// What systemd would run for camera "gate", with the yard's folders etc/ and var/, under the unit's filter.
fn started(yard: &Yard, name: &str, variables: &[(&str, &str)]) -> Option<Command> {
    analyze(&["--version"])?;
    let here = |name: &str| yard.path(name).to_str().unwrap().to_owned();
    let text = unit(name);
    // a signal is for what systemd would have started itself
    let script = format!("exec {}", settings(&text, "ExecStart")[0])
        .replace("$$", "$")
        .replace("%%", "%")
        .replace("%i", "gate")
        .replace("%S", &here("var"))
        .replace("/usr/local/share/vidveil/one-line", repository("scripts/cron/one-line").to_str().unwrap())
        .replace("/usr/local/bin/vidveil", commands().join("vidveil").to_str().unwrap())
        .replace("/etc/vidveil", &here("etc"))
        .replace("/var/lib/vidveil", &here("var"));
    let mut command = yard.shell("exec \"$FILTERED\" --exact systemd_roles::filtered_process --ignored --nocapture");
    command.env("FILTERED", std::env::current_exe().unwrap());
    command.env("FILTER_OF_UNIT", name).env("FILTERED_SCRIPT", script).env("CREDENTIALS_DIRECTORY", here("etc"));
    command.env("STATE_DIRECTORY", here("state")).env("XDG_STATE_HOME", here("state")).envs(variables.iter().copied());
    fs::create_dir_all(yard.path("state")).unwrap();
    Some(command)
}

/// Runs it, and it has nothing to say.
#[track_caller]
fn runs(yard: &Yard, name: &str, variables: &[(&str, &str)]) {
    let Some(mut command) = started(yard, name, variables) else { return };
    let output = command.output().unwrap();
    assert_status(&output, 0);
    assert!(output.stderr.is_empty(), "{name}: {}", told(&output));
}

#[test]
fn maintenance_works_under_its_filters() {
    let yard = site();
    runs(&yard, "vidveil-verify", &[]);
    assert_eq!(yard.text("state/verify.txt").matches(": authenticated").count(), 3);
    runs(&yard, "vidveil-rewrap", &[]);
    assert!(yard.exists("state/rewrap.txt"));
    // somebody has to expire, and is reported
    let Some(mut command) = started(&yard, "vidveil-expiry", &[]) else { return };
    let output = command.output().unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 4)) && !told(&output).contains("not permitted"),
        "{}",
        told(&output)
    );
}

#[test]
fn the_privacy_server_works_under_its_filter_and_without_network() {
    let yard = site();
    yard.done("cp server.key etc/server.key; mkdir -p var/vidveil-privacy/.state var/vidveil-privacy/gate");
    // the decoder is confined there as elsewhere: --require-sandbox is in the unit
    let variables = [("PROTECT", "--learn 0s --threads 1")];
    runs(&yard, "vidveil-protect@", &variables);
    let public =
        yard.done("ls var/vidveil-privacy/gate/*.vv | wc -l; inspect var/vidveil-privacy/gate/*.vv | grep -c public");
    assert!(public.starts_with("3\n"), "{public}");
    // what is new is added, what is done stays
    let before = yard.done("ls -l --time-style=full-iso var/vidveil-privacy/gate/*.vv");
    runs(&yard, "vidveil-protect@", &variables);
    assert_eq!(yard.done("ls -l --time-style=full-iso var/vidveil-privacy/gate/*.vv"), before);
}

#[test]
fn the_roles_share_an_archive_as_their_units_have_it() {
    if !rustix::process::geteuid().is_root() {
        return eprintln!("skipped: the_roles_share_an_archive_as_their_units_have_it: only root can be other users");
    }
    let yard = site();
    let mode = |name: &str, setting: &str| settings(&unit(name), setting)[0].to_owned();
    let (folder, recorder) = (mode("vidveil-camera@", "StateDirectoryMode"), mode("vidveil-camera@", "UMask"));
    let (rewrap, privacy) = (mode("vidveil-rewrap", "UMask"), mode("vidveil-protect@", "UMask"));
    yard.done(&format!(
        "chmod 755 . etc var; chmod -R a+rX etc/certs camera.mp4; rm -r var/gate
        enroll-cert -q --generate --name successor --key successor.key -o successor.pem; chmod a+r successor.pem
        cp etc/officer.key maintenance.key; chown 60002 maintenance.key; cp server.key privacy.key; chown 60003 privacy.key
        install -d -o 60001 -g 60001 -m {folder} var/gate; install -d -o 60002 -m 700 state; install -d -o 60003 -m 750 public
        role() {{ setpriv --reuid $1 --regid $1 --groups $2 --no-new-privs env HOME=/nonexistent XDG_STATE_HOME=$PWD/state bash -o pipefail -c \"umask $3; $4\"; }}
        record='capture -q --camera gate camera.mp4 | encrypt-stream -q -r etc/certs --after var/gate | record -q var/gate'
        role 60001 60001 {recorder} \"$record\"
        role 60002 60001 {rewrap} \"reprocess -q --in-place var/gate --do 'rewrap -q -i maintenance.key -r etc/certs -r successor.pem'\"
        decrypt-stream -q -i successor.key var/gate/*.vv > opened.vv
        role 60001 60001 {recorder} \"$record\"
        # nobody signed it, and every change is found without a key
        role 60001 60001 {recorder} 'verify -q var/gate > /dev/null 2>&1 || [ $? = 4 ]'
        role 60003 60001 {privacy} \"reprocess -q --jobs 1 -i privacy.key --state $PWD/public/.state var/gate public --do 'protect -q --learn 0s'\"
        ls public/*.vv | wc -l > made
        ! role 60004 60004 0077 'ls var/gate' 2> /dev/null"
    ));
    assert_eq!(yard.text("made").trim(), "2");
}

#[cfg(feature = "rtsp")]
#[test]
fn the_recorder_works_under_its_filter() {
    use crate::support::camera::{Camera, clip};
    use crate::support::yard::{Group, until};
    let yard = site();
    let camera = Camera::start(&clip(&yard.path(""), "clip.mp4", "h264", "320x240", 2));
    let archive = yard.path("archive");
    let variables = [
        ("ADDRESS", camera.address.as_str()),
        ("CAMERA", "gate"),
        ("STATE_DIRECTORY", archive.to_str().unwrap()),
        ("CAPTURE", ""),
        ("ENCRYPT", ""),
        ("RECORD", ""),
    ];
    let Some(mut command) = started(&yard, "vidveil-camera@", &variables) else { return };
    let service = Group(command.process_group(0).spawn().unwrap());
    until("something is in the archive", || yard.size_of_all("archive") > 60_000);
    service.signal(rustix::process::Signal::TERM);
    let output = service.output();
    assert_status(&output, 0);
    let said = told(&output);
    assert!(!said.contains("error") && !said.contains("warning"), "{said}");
    yard.done("verify -q -i server.key archive");
}
