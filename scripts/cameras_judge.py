"""The judge of scripts/cameras: pictures and times of two files, as ffmpeg decodes them."""
import os, subprocess


def lines(path, arguments):
    command = ["ffmpeg", "-v", "quiet", "-nostdin", "-copyts", "-i", path, *arguments.split(), "-f", "framemd5", "-"]
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()


def pictures(path):
    """Each picture that is shown: its time in seconds from the first one on, and the hash of what was decoded."""
    scale, shown = 1.0, []
    for line in lines(path, "-map 0:v:0 -fps_mode passthrough"):
        if line.startswith("#tb 0:"):
            num, den = line.split(":")[1].strip().split("/")
            scale = int(num) / int(den)
        elif not line.startswith("#"):
            fields = [field.strip() for field in line.split(",")]
            shown.append((int(fields[2]) * scale, fields[5]))
    return [(time - shown[0][0], image) for time, image in shown]


def packets(path):
    """The sound's packets, without the heads that some containers want."""
    copied = lines(path, "-vn -dn -map 0:a:0? -c copy -bsf:a aac_adtstoasc") or lines(path, "-vn -dn -map 0:a:0? -c copy")
    return [line.split(",")[5].strip() for line in copied if not line.startswith("#")]


def numbered(path):
    """A result, and the files after it where one file could not hold all."""
    root, extension = os.path.splitext(path)
    found, number = [path] if os.path.exists(path) else [], 2
    while os.path.exists(f"{root}-{number}{extension}"):
        found.append(f"{root}-{number}{extension}")
        number += 1
    return found


def wrong_times(wanted, got, exact):
    worst = max((abs((a - wanted[0][0]) - (b - got[0][0])), i) for i, ((a, _), (b, _)) in enumerate(zip(wanted, got)))
    return f"picture {worst[1]} is {worst[0]:.3f} s off" if worst[0] > exact else None


def equal(source, result, exact=0.002):
    """None when the result shows what the source shows, else what is different."""
    files = numbered(result)
    if not files:
        return "no file"
    parts = [pictures(name) for name in files]
    got = [picture for part in parts for picture in part]
    if len(got) != len(source):
        return f"{len(source)} pictures became {len(got)}"
    if [image for _, image in got] != [image for _, image in source]:
        return f"{sum(a[1] != b[1] for a, b in zip(source, got))} of {len(got)} pictures differ"
    at = 0
    for part in parts:
        why = wrong_times(source[at : at + len(part)], part, exact)
        if why:
            return why
        at += len(part)
    return None


def same_times(source, result, exact=0.002):
    """As `equal`, for pictures that were made anew."""
    got = [picture for name in numbered(result) for picture in pictures(name)]
    if len(got) != len(source):
        return f"{len(source)} pictures became {len(got)}"
    return None if len(numbered(result)) > 1 else wrong_times(source, got, exact)


def part_of(source, result, begin, end, exact=0.002):
    """None when the result is a run of the source's pictures with at least those that are shown from `begin` to `end`."""
    files = numbered(result)
    if not files:
        return "no file"
    got = [picture for name in files for picture in pictures(name)]
    images = [image for _, image in source]
    wanted = [i for i, (time, _) in enumerate(source) if begin <= time < end]
    if not got:
        return "no picture" if wanted else None
    for first in (i for i, image in enumerate(images) if image == got[0][1]):
        if images[first : first + len(got)] == [image for _, image in got]:
            if wanted and not (first <= wanted[0] and wanted[-1] < first + len(got)):
                return f"pictures {first} to {first + len(got) - 1}, and {wanted[0]} to {wanted[-1]} were asked for"
            return None if len(files) > 1 else wrong_times(source[first : first + len(got)], got, exact)
    return f"{sum(image in set(images) for _, image in got)} of {len(got)} pictures are the source's"
