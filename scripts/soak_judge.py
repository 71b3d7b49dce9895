"""What is left after scripts/soak, and whether it is what it should be."""
import collections, datetime, glob, importlib.machinery, importlib.util, os, re, statistics, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
# what a member of a pipeline may end with: done, a disk that is full, no folder of certificates at the start, an input that stopped,
# nobody to encrypt to, a signal, the reader gone
LAWFUL = {
    "capture": {0, 1, 130, 141, -9},
    "encrypt-stream": {0, 1, 3, 4, 130, 141, -9},
    "record": {0, 1, 3, 130, -9},
}
# from a certificate's end: an epoch, the read-ahead of one, the copies that are used on of what cannot be read, and the 30 s by which a clock
# may have been ahead when a stream began, whose segments are all dated by that
MARGIN = datetime.timedelta(seconds=45)


def parts(archive):
    """Segments by camera and stream, in the order of their epochs."""
    streams = collections.defaultdict(list)
    for path in glob.glob(os.path.join(archive, "*.vv")) + glob.glob(os.path.join(archive, "*.vv.part")):
        camera, _, time, place = os.path.basename(path).removesuffix(".part").removesuffix(".vv").split(".")
        stream, epoch = place.split("-")
        streams[camera, stream].append((int(epoch, 16), time, path))
    return {key: sorted(found) for key, found in streams.items()}


def opened(programs, key, path):
    command = [os.path.join(programs, "decrypt-stream"), "-q", "-i", key, path]
    return subprocess.run(command, capture_output=True)


def pictures(bench, plain, places):
    """Each picture's place in the clip and whether a gap is marked before it; None for one that is not the clip's."""
    at, found = 0, []
    while at + 8 <= len(plain):
        if plain[at : at + 8] == bench.PREAMBLE:
            at += 8
            continue
        kind, flags, track = plain[at], plain[at + 1], int.from_bytes(plain[at + 2 : at + 4], "big")
        length = int.from_bytes(plain[at + 4 : at + 8], "big")
        if kind == bench.FRAME and track == 0:
            body = plain[at + 8 : at + 8 + length]
            found.append((places.get(bench.slices(bench.after_lengths(body[28:]))), bool(flags & bench.FLAG_GAP)))
        at += 8 + length
    return found


def segments(site, bench, places):
    """Every segment is verified with the desk's key and opened. Gives what is wrong, and counts."""
    wrong, counts = [], collections.Counter()
    for archive in sorted({camera.archive for camera in site.cameras}):
        for (camera, stream), found in parts(archive).items():
            counts["streams"] += 1
            last = None
            for number, (_, _, path) in enumerate(found):
                counts["segments"] += 1
                verify = [os.path.join(site.programs, "verify"), "-i", site.authority.desk_key, path]
                verdict = subprocess.run(verify, capture_output=True, text=True)
                cut = verdict.returncode == 3 and re.search("recovered|cut|ends without", verdict.stdout + verdict.stderr)
                if cut and number == len(found) - 1:
                    counts["cut at the end of a stream"] += 1
                elif verdict.returncode != 0:
                    wrong.append(f"{path}: verify {verdict.returncode}: {(verdict.stdout + verdict.stderr).strip()[:300]}")
                for place, gap in pictures(bench, opened(site.programs, site.authority.desk_key, path).stdout, places):
                    counts["pictures"] += 1
                    counts["gaps marked"] += gap
                    if place is None:
                        wrong.append(f"{path}: a picture that no camera sent")
                    elif last is not None and not gap and place != (last + 1) % len(places):
                        wrong.append(f"{path}: from picture {last} to {place}, and no gap is marked")
                    last = place
    return wrong, counts


def closed(site):
    """Nobody opens a stream that began after his certificate had ended."""
    wrong, tried = [], 0
    for camera in site.cameras:
        everything = [(time, path) for (name, _), found in parts(camera.archive).items() if name == camera.name for _, time, path in found]
        for key, end in site.authority.left:
            after = f"{end + MARGIN:%Y%m%dT%H%M%SZ}"
            # a clock that was ahead dates segments later than they were
            until = f"{end + MARGIN + datetime.timedelta(seconds=60):%Y%m%dT%H%M%SZ}"
            for _, path in [s for s in sorted(everything) if after < s[0] < until][:1]:
                tried += 1
                done = opened(site.programs, key, path)
                if done.returncode != 4 or len(done.stdout) > 4096:
                    wrong.append(f"{path}: opens with {key}, which ended at {end} (exit status {done.returncode})")
    return wrong, tried


def growth(camera):
    """For each process that lived long: memory and descriptors in its second and its last fifth."""
    wrong, lines = [], []
    for (name, _), samples in camera.samples.items():
        if len(samples) < 30:
            continue
        fifth = len(samples) // 5
        early, late = samples[fifth : 2 * fifth], samples[-fifth:]
        before, after = (statistics.median(s[0] for s in part) for part in (early, late))
        files = [statistics.median(s[1] for s in part) for part in (early, late)]
        threads = [statistics.median(s[2] for s in part) for part in (early, late)]
        # with a camera there are more than without one
        most = [max(s[kind] for s in samples[: 2 * fifth]) for kind in (1, 2)]
        lines.append(f"{camera.name} {name}: {len(samples)} samples, resident KiB {before:.0f} then {after:.0f}, descriptors {files[0]:.0f} then {files[1]:.0f}, threads {threads[0]:.0f} then {threads[1]:.0f}")
        if after > before * 1.1 + 1024 or files[1] > most[0] or threads[1] > most[1]:
            wrong.append(f"it grows: {lines[-1]}")
    return wrong, lines


def report(site):
    loader = importlib.machinery.SourceFileLoader("bench_camera", os.path.join(HERE, "bench-camera"))
    bench = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(bench)
    _, _, units = bench.camera_module().access_units(site.clip)
    places = {bench.slices(bench.after_start_codes(data)): place for place, (data, _, _) in enumerate(units)}
    wrong, counts = segments(site, bench, places)
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    shut, tried = closed(site)
    print(f"{tried} segments tried with keys whose certificates had ended before: {len(shut)} opened")
    wrong += shut
    ends = collections.Counter(end for camera in site.cameras for end in camera.ended)
    print("ended: " + ", ".join(f"{name} {status}: {n}" for (name, status), n in sorted(ends.items())))
    wrong += [f"{name} ended with {status}, {n} times" for (name, status), n in ends.items() if status not in LAWFUL[name]]
    for camera in site.cameras:
        grown, lines = growth(camera)
        wrong += grown
        print("\n".join(lines)) if lines else None
    for said in sorted(glob.glob(os.path.join(site.out, "*.said"))):
        if re.search("panicked|RUST_BACKTRACE|thread '", text := open(said, errors="replace").read()):
            wrong.append(f"{said}: {text[-300:]}")
    public = glob.glob(os.path.join(site.out, "public", "*.vv"))
    print(f"{len(public)} public streams made of the first camera's segments")
    for each in wrong[:20]:
        print(f"WRONG: {each}")
    print("nothing is wrong" if not wrong else f"{len(wrong)} things are wrong")
    return not wrong
