#!/usr/bin/env bash
# Faces that a detector still finds, where protect had one as its second opinion.
#
#   VIDVEIL_JUDGE=FOLDER scripts/privacy_faces.sh [WORK]
#
# FOLDER has faces.py, and its ../../data faces/*.gif and models/yunet_n_640.onnx. PYTHON names a Python 3 with OpenCV.
# BIN names a folder with the commands; else they are built.
#
# Columns: the clip; how protect was called; faces still found of those found before, in every picture from the eighth on, at
# the clip's size and at twice that; pictures shown in part, of all; hidden share of those.
set -euo pipefail
fail() { printf 'privacy_faces: error: %s\nprivacy_faces: hint: %s\n' "$1" "$2" >&2; exit 1; }
if [ -z "${VIDVEIL_JUDGE:-}" ]; then
    printf 'skipped: faces (VIDVEIL_JUDGE names no judge)\n'
    exit 0
fi
judge=$(realpath "$VIDVEIL_JUDGE")
data=$(realpath "$judge/../../data") || fail "no data for $judge" "the judge's ../../data has faces and models"
model=$data/models/yunet_n_640.onnx
for file in "$judge/faces.py" "$model" "$data/faces/classroom.gif"; do
    [ -r "$file" ] || fail "cannot read $file" "VIDVEIL_JUDGE names the folder with faces.py"
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=${1:-tmp/privacy-faces}
mkdir -p "$work"
work=$(realpath "$work")
python=${PYTHON:-python3}
"$python" -c 'import cv2, numpy' || fail "no OpenCV for $python" "PYTHON=WORK/venv/bin/python of scripts/privacy-table has it"
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH" PYTHONDONTWRITEBYTECODE=1
if [ -z "${BIN:-}" ]; then
    cargo build --release --locked --quiet
    BIN=${CARGO_TARGET_DIR:-$PWD/target}/release
fi
PATH="$(realpath "$BIN"):$PATH"

# faces found in the protected video ($2) of those in the original ($1), both enlarged $3 times
faces() {
    local original=$1 protected=$2
    if [ "$3" != 1 ]; then
        for video in original protected; do
            ffmpeg -v error -y -i "${!video}" -vf "scale=iw*$3:ih*$3:flags=bicubic" -fps_mode passthrough -c:v libx264 -qp 5 \
                "$work/$video.large.mp4" < /dev/null
        done
        original=$work/original.large.mp4 protected=$work/protected.large.mp4
    fi
    (cd "$judge" && "$python" faces.py "$original" "$protected" "$model" 1) | sed 's/faces still found: //'
}

printf '%-26s %-34s %12s %12s %9s %7s\n' clip protect faces 'faces at 2x' shown hidden
for clip in "$data"/faces/*.gif; do
    name=$(basename "$clip" .gif)
    ffmpeg -v error -y -i "$clip" -fps_mode passthrough -vf 'scale=trunc(iw/2)*2:trunc(ih/2)*2' -c:v libx264 -preset veryfast -crf 10 \
        -pix_fmt yuv420p "$work/$name.mp4" < /dev/null
    capture -q -f "$work/$name.mp4" -o "$work/$name.vv"
    for flags in '--learn 2s' '--learn 2s --also faces' '--two-pass' '--two-pass --also faces' \
        '--reference still --also faces' '--two-pass --also faces --block 8'; do
        set -- $flags
        case $flags in *--also*) set -- "$@" --model "$model" ;; esac
        if [ "$1" = --reference ]; then
            # somebody's picture as the empty scene: nothing but the detector can find those who do not move
            view -q -f --snapshot 0 -o "$work/still.png" "$work/$name.vv"
            shift 2
            set -- --reference "$work/still.png" "$@"
        fi
        protect -q -f "$@" --report "$work/report.json" "$work/$name.vv" -o "$work/$name.public.vv"
        view -q -f -o "$work/$name.public.mp4" "$work/$name.public.vv"
        shown=$("$python" - "$work/report.json" << 'PYTHON'
import json, sys
text = open(sys.argv[1]).read()
try:
    notes = json.loads(text)
    notes = notes if isinstance(notes, list) else notes["pictures"]
except ValueError:
    notes = [json.loads(line) for line in text.splitlines()]
notes = [n for n in notes if "whole" in n and "share" in n and "picture" in n]
shown = [n["share"] for n in notes if not n["whole"]]
print(f"{len(shown)}/{len(notes)} {sum(shown) / max(len(shown), 1):.3f}")
PYTHON
        )
        printf '%-26s %-34s %12s %12s %9s %7s\n' "$name" "$flags" \
            "$(faces "$work/$name.mp4" "$work/$name.public.mp4" 1)" "$(faces "$work/$name.mp4" "$work/$name.public.mp4" 2)" $shown
    done
done
