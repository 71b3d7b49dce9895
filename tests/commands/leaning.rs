//! Cameras with a key frame in minutes: pieces begin where decoding can begin, or say that they cannot be shown alone.

use std::path::PathBuf;

use crate::support::yard::{Yard, assert_says, assert_status, stderr};

/// `long.mp4` of 60 s with a key frame every `gop` pictures, 10 pictures a second; `sealed.vv` of it, in epochs of 4 s.
fn yard(gop: u32, more: &str) -> Yard {
    yard_with(gop, more, "true")
}

/// The same after a script that changes `long.mp4`.
fn yard_with(gop: u32, more: &str, script: &str) -> Yard {
    let yard = Yard::new();
    yard.done(&format!(
        "scene long.mp4 160x120 60 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g {gop} -keyint_min {gop} \
         -sc_threshold 0 -threads 1 {more}
         {script}
         enroll desk
         capture -q long.mp4 | encrypt-stream -q -r certs --rekey-interval 4s > sealed.vv"
    ));
    yard
}

/// The pictures of a video, as hashes of what a decoder makes of it.
fn pictures(yard: &Yard, file: &str) -> Vec<String> {
    yard.done(&format!("pictures {file}")).lines().map(str::to_owned).collect()
}

/// What is viewed with the key of the desk; an excerpt is warned of.
fn view(yard: &Yard, arguments: &str) {
    let output = yard.sh(&format!("view -q -i desk.key {arguments}"));
    assert_status(&output, 0);
    assert!(!stderr(&output).contains("left out"), "{}", stderr(&output));
}

fn segments(yard: &Yard, folder: &str) -> Vec<PathBuf> {
    let mut all: Vec<_> = std::fs::read_dir(yard.path(folder)).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

const SOUND: &str = "ffmpeg -v error -nostdin -i long.mp4 -f lavfi -i sine=duration=60 -map 0 -map 1 -c:v copy -c:a aac \
                     -threads 1 sound.mp4; mv sound.mp4 long.mp4";

/// Cameras without B-frames, with some that lean over the key frame, and with sound.
const CAMERAS: [(u32, &str, &str); 3] =
    [(150, "-bf 0", "true"), (150, "-bf 2 -x264-params open-gop=1", "true"), (170, "-bf 2", SOUND)];

#[test]
fn segments_begin_with_a_key_frame_where_one_comes_in_time() {
    for (gop, more, script) in CAMERAS {
        let yard = yard_with(gop, more, script);
        yard.done("record -q archive sealed.vv --segment 10s");
        let listed = yard.done("record --list archive");
        assert!(!listed.contains("leans"), "{listed}");
        let all = pictures(&yard, "long.mp4");
        let mut shown = Vec::new();
        for (n, segment) in segments(&yard, "archive").iter().enumerate() {
            view(&yard, &format!("{} -o {n}.mp4", segment.display()));
            let these = pictures(&yard, &format!("{n}.mp4"));
            assert!(these.iter().all(|p| all.contains(p)), "{segment:?} shows something else");
            shown.extend(these);
        }
        if more.contains("open-gop") {
            // the pictures that are shown before a key frame and lean on what is before it are in no piece alone
            assert!(shown.len() > all.len() - 12 && shown.len() <= all.len(), "{} of {}", shown.len(), all.len());
        } else {
            assert_eq!(shown, all, "{gop} {more}");
        }
    }
}

#[test]
fn a_segment_that_waited_too_long_is_marked_and_says_what_it_needs() {
    let yard = yard(600, "-bf 0");
    yard.done("record -q archive sealed.vv --segment 10s");
    let all = segments(&yard, "archive");
    assert_eq!(all.len(), 3, "each waits for twice its length: {all:?}");
    let listed = yard.done("record --list archive");
    let leaning: Vec<bool> = listed.lines().skip(1).map(|l| l.ends_with("leans on the one before")).collect();
    assert_eq!(leaning, [false, true, true], "{listed}");
    let json = yard.done("record --list --json archive");
    assert_eq!(json.matches("\"leans\":true").count(), 2, "{json}");

    // alone it is not shown, and nothing is written that shows nothing
    let alone = yard.sh(&format!("view -q -i desk.key {} -o alone.mp4", all[1].display()));
    assert_status(&alone, 1);
    assert!(stderr(&alone).contains("lean on epochs before it, back to the last key frame"), "{}", stderr(&alone));
    assert!(!yard.exists("alone.mp4"));
    for picture in ["--snapshot 00:00:01 -o alone.png", "--contact-sheet alone.png"] {
        let alone = yard.sh(&format!("view -q -i desk.key {} {picture}", all[1].display()));
        assert_status(&alone, 1);
        assert!(stderr(&alone).contains("lean on epochs before it"), "{}", stderr(&alone));
    }
    // with what it needs it is; in a folder that is found
    let shown = pictures(&yard, "long.mp4");
    view(&yard, &format!("{} {} -o two.mp4", all[0].display(), all[1].display()));
    assert_eq!(pictures(&yard, "two.mp4"), shown[..pictures(&yard, "two.mp4").len()]);
    let from = listed.lines().nth(2).unwrap().split_whitespace().next().unwrap();
    view(&yard, &format!("archive --from {from} -o folder.mp4"));
    assert_eq!(pictures(&yard, "folder.mp4"), shown);
}

#[test]
fn a_cut_begins_at_the_last_key_frame_before() {
    for (gop, more, script) in CAMERAS {
        let yard = yard_with(gop, more, script);
        let all = pictures(&yard, "long.mp4");
        let ways = [
            "rewrap -q --cut --from 00:00:27 --to 00:00:29 sealed.vv -o cut.vv",
            "cat sealed.vv | rewrap -q --cut --from 00:00:27 --to 00:00:29 > cut.vv",
        ];
        for cut in ways {
            yard.done(&format!("rm -f cut.vv cut.mp4; {cut}"));
            view(&yard, "cut.vv -o cut.mp4");
            let shown = pictures(&yard, "cut.mp4");
            let at = all.iter().position(|p| *p == shown[0]).unwrap();
            let key = 270 / gop as usize * gop as usize;
            assert!((key - 40..=key).contains(&at), "{cut}: begins with picture {at}");
            assert_eq!(shown, all[at..at + shown.len()], "{cut}");
            assert!(at + shown.len() >= 290, "{cut}");
        }
    }
}

#[test]
fn a_grant_shows_what_it_is_for() {
    for (gop, more, script) in CAMERAS {
        let yard = yard_with(gop, more, script);
        yard.done("enroll police; mv certs/police.pem .");
        let all = pictures(&yard, "long.mp4");
        // a file is sought in, a pipe is read from the beginning on
        for source in ["sealed.vv", "- < sealed.vv"] {
            yard.done(&format!(
                "rm -f grant.vv for.mp4
                 rewrap -q --grant police.pem --from 00:00:27 --to 00:00:29 -i desk.key --sidecar grant.vv {source}"
            ));
            let output =
                yard.sh("view -i police.key --grant-file grant.vv sealed.vv --from 00:00:27 --to 00:00:29 -o for.mp4");
            assert_status(&output, 0);
            let shown = pictures(&yard, "for.mp4");
            let key = 270 / gop as usize * gop as usize;
            assert_eq!(shown, all[key..key + shown.len()], "{gop} {more}");
            assert!(key + shown.len() >= 288, "{} pictures", shown.len());
        }
    }
}

#[test]
fn a_case_shows_what_it_is_of_or_says_why_not() {
    let yard = yard(600, "-bf 2");
    yard.done("record -q archive sealed.vv --segment 10s");
    let all = pictures(&yard, "long.mp4");
    let from = yard.done("record --list archive").lines().nth(2).unwrap().split_whitespace().next().unwrap().to_owned();
    for input in ["sealed.vv --from 00:00:30 --to 00:00:32", &format!("archive --from {from}")] {
        yard.done("rm -rf case");
        view(&yard, &format!("{input} --export case"));
        let shown = pictures(&yard, "case/video.mp4");
        assert_eq!(shown, all[..shown.len()], "{input}");
        assert!(shown.len() >= 319, "{input}: {}", shown.len());
        assert!(yard.exists("case/contact-sheet.png"));
        assert!(!yard.text("case/README.txt").contains("There is no video"));
    }
    // a piece that needs another one makes no case, and the reason is true
    let piece = segments(&yard, "archive").remove(1);
    let refused = yard.sh(&format!("view -q -i desk.key {} --export other", piece.display()));
    assert_status(&refused, 1);
    assert!(stderr(&refused).contains("lean on epochs before it"), "{}", stderr(&refused));
    assert!(!yard.exists("other"));
}

#[test]
fn retention_keeps_what_is_leant_on() {
    let yard = yard(600, "-bf 0");
    yard.done("record -q whole sealed.vv --segment 10s");
    let all = segments(&yard, "whole");
    let keep = std::fs::metadata(all.last().unwrap()).unwrap().len() + 1;
    let output = yard.sh(&format!("record archive sealed.vv --segment 10s --keep-bytes {keep}"));
    assert_status(&output, 0);
    assert!(stderr(&output).contains("cannot be shown without the segments before it"), "{}", stderr(&output));
    assert_eq!(segments(&yard, "archive").len(), all.len());
    yard.done("view -q -i desk.key archive -o all.mp4");
    assert_eq!(pictures(&yard, "all.mp4"), pictures(&yard, "long.mp4"));
    // what nothing leans on goes
    let short = self::yard(50, "-bf 0");
    short.done("record -q whole sealed.vv --segment 10s");
    let keep = std::fs::metadata(segments(&short, "whole").last().unwrap()).unwrap().len() + 1;
    let output = short.sh(&format!("record archive sealed.vv --segment 10s --keep-bytes {keep}"));
    assert_says(&output, 0, &["the oldest of what is more than --keep-bytes says"]);
    assert_eq!(segments(&short, "archive").len(), 1);
}
