#!/usr/bin/env python3
"""One line of the privacy table.

    privacy_judge.py JUDGE NAME METHOD ORIGINAL PROTECTED BOXES [TURN]

JUDGE is the folder with the judge's judge.py. Where the camera is turned at picture TURN (from 0), the pictures before it are
judged, and those from it on are counted until something of the original shows again. Exit status 1: a bar is missed, which
the line says."""
import os
import sys
import tempfile

import cv2
import numpy as np

# least share of covered boxes, least utility, longest gap in pictures
BARS = {
    "vtest": (0.999, 0.968, 1), "freeze": (0.999, 0.967, 1), "light": (0.998, 0.95, 1), "night": (0.9995, 0.978, 1),
    "shift-left": (0, 0.95, None), "shift-right": (0, 0.95, None),
}
# pictures that are hidden after the turn: two seconds of learning
LEARNED = 20
# on vtest: heads covered, persons recognized by their colours
HEADS, TOLD = 0.999, {"pixelate": 0.22, "solid": 0.05}

folder, name, method, original, protected, boxes = sys.argv[1:7]
turn = int(sys.argv[7]) if len(sys.argv) > 7 else None
sys.dont_write_bytecode = True
sys.path.insert(0, folder)
import judge  # noqa: E402


def first(path, count):
    """The first pictures of a video, without loss."""
    out = tempfile.NamedTemporaryFile(suffix=".avi", delete=False).name
    clip, writer = cv2.VideoCapture(path), None
    for _ in range(count):
        good, picture = clip.read()
        if not good:
            break
        if writer is None:
            writer = cv2.VideoWriter(out, cv2.VideoWriter_fourcc(*"FFV1"), 10, picture.shape[1::-1])
        writer.write(picture)
    writer.release()
    return out


def hidden_from(count):
    """Pictures from `count` on in which no 16 by 16 block with detail is as it was."""
    a, b, n, hidden = cv2.VideoCapture(original), cv2.VideoCapture(protected), 0, 0
    while True:
        (good, o), (good2, p) = a.read(), b.read()
        if not (good and good2):
            return hidden
        n += 1
        if n <= count:
            continue
        h, w = o.shape[0] // 16, o.shape[1] // 16
        blocks = lambda x: x[: h * 16, : w * 16].astype(np.float32).reshape(h, 16, w, 16)
        o, p = (blocks(cv2.cvtColor(x, cv2.COLOR_BGR2GRAY)) for x in (o, p))
        detail = o.std((1, 3)) > 12
        same = np.abs(o - p).mean((1, 3)) < 3
        if (detail & same).sum() > 2:
            return hidden
        hidden += 1


after, missed = "", []
o, p = original, protected
if turn is not None:
    o, p = first(original, turn), first(protected, turn)
    hidden = hidden_from(turn)
    after = f"  whole for {hidden} pictures from the turn on"
    if hidden < LEARNED:
        missed.append(f"hidden for {LEARNED}")
r = judge.judge(o, p, boxes, skip=20)
if turn is not None:
    os.remove(o)
    os.remove(p)
covered, utility, gap = BARS.get(name, (0, 0, None))
if r["boxes_ge_X"] < covered:
    missed.append(f">=.9 {covered}")
if name == "vtest" and r["boxes_lt_50"] > 0:
    missed.append("<.5 0")
if r["utility"] < utility:
    missed.append(f"utility {utility}")
if gap is not None and r["gap_longest"] > gap:
    missed.append(f"gap {gap}")
if name == "vtest" and r["head_ge_X"] < HEADS:
    missed.append(f"head {HEADS}")
if name == "vtest" and r["reid_rank1"] > TOLD.get(method, 1):
    missed.append(f"re-id {TOLD[method]}")
after += "  missed: " + ", ".join(missed) if missed else ""
print(f"{name:12} {method:9} {r['boxes_ge_X']:8.4f} {r['boxes_lt_50']:7.4f} {r['utility']:8.4f} {r['gap_longest']:4d} "
      f"{r['head_ge_X']:8.4f} {r['reid_rank1']:6.3f}{after}", flush=True)
sys.exit(1 if missed else 0)
