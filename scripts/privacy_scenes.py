#!/usr/bin/env python3
"""Harder scenes out of a clip with known boxes, besides those of the judge: shift and night.

    privacy_scenes.py CLIP BOXES OUT

BOXES are MOTChallenge lines (frame,id,x,y,w,h,...), frame from 1. Writes OUT/NAME.mp4 and OUT/NAME_gt.txt.
shift-left, shift-right: a camera that trembles by up to a pixel and is turned by 60, 20 or by -30, 0 pixels at picture 300.
night: contrast times 0.6, noise with a deviation of 5 levels."""
import collections
import subprocess
import sys

import cv2
import numpy as np

TURN = 300


def boxes_of(path):
    boxes = collections.defaultdict(list)
    for line in open(path):
        f = line.strip().split(",")
        if len(f) >= 6 and not (len(f) > 6 and float(f[6]) == 0):
            boxes[int(f[0])].append((int(float(f[1])), *map(float, f[2:6])))
    return boxes


def pictures_of(path):
    clip = cv2.VideoCapture(path)
    while True:
        good, picture = clip.read()
        if not good:
            return
        yield picture


def shifted(pictures, boxes, turn):
    dice = np.random.default_rng(5)
    for i, picture in enumerate(pictures[:500]):
        dx, dy = dice.uniform(-1, 1, 2)
        if i >= TURN:
            dx, dy = dx + turn[0], dy + turn[1]
        h, w = picture.shape[:2]
        moved = cv2.warpAffine(picture, np.float32([[1, 0, dx], [0, 1, dy]]), (w, h), borderMode=cv2.BORDER_REFLECT)
        yield moved, [(b[0], b[1] + dx, b[2] + dy, b[3], b[4]) for b in boxes[i + 1]]


def night(pictures, boxes):
    dice = np.random.default_rng(7)
    for i, picture in enumerate(pictures[:600]):
        dark = picture.astype(np.float32) * 0.6 + dice.normal(0, 5, picture.shape).astype(np.float32)
        yield np.clip(dark, 0, 255).astype(np.uint8), boxes[i + 1]


def write(out, name, scene, size):
    encoder = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", "%dx%d" % size, "-r", "10", "-i", "-",
         "-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-g", "50", "-pix_fmt", "yuv420p", f"{out}/{name}.mp4"],
        stdin=subprocess.PIPE)
    with open(f"{out}/{name}_gt.txt", "w") as lines:
        for i, (picture, boxes) in enumerate(scene):
            encoder.stdin.write(picture.tobytes())
            for b in boxes:
                lines.write(f"{i + 1},{b[0]},{b[1]:.1f},{b[2]:.1f},{b[3]:.1f},{b[4]:.1f},1\n")
    encoder.stdin.close()
    if encoder.wait() != 0:
        sys.exit("privacy_scenes: error: ffmpeg cannot encode")


def main():
    clip, boxes, out = sys.argv[1], boxes_of(sys.argv[2]), sys.argv[3]
    pictures = list(pictures_of(clip))
    if len(pictures) < 600:
        sys.exit(f"privacy_scenes: error: {clip}: {len(pictures)} pictures, 600 are needed")
    size = (pictures[0].shape[1], pictures[0].shape[0])
    write(out, "shift-left", shifted(pictures, boxes, (60, 20)), size)
    write(out, "shift-right", shifted(pictures, boxes, (-30, 0)), size)
    write(out, "night", night(pictures, boxes), size)


main()
