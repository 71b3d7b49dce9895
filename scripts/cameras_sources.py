"""The videos of scripts/cameras: what cameras, recorders and their exports make, each by the command that makes it.

A cell is a name, the file's extension, and how to make it: arguments of ffmpeg after its inputs, or a function of the path. Six seconds of
160x120 at 10 pictures a second, unless the cell is about just that.
"""
import os, struct, subprocess

SECONDS, RATE = 6, 10
PICTURE = f"testsrc2=size=160x120:rate={RATE}:duration={SECONDS}"
SOUND = f"sine=frequency=440:sample_rate=8000:duration={SECONDS}"
SOUND_48 = f"sine=frequency=440:sample_rate=48000:duration={SECONDS}"
X264 = "-c:v libx264 -preset veryfast -g 10 -bf 0"
X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=10:bframes=0"


def run(*command):
    made = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{made.stderr.strip()[-2000:]}")


def ffmpeg(*arguments):
    run("ffmpeg", "-v", "error", "-nostdin", "-y", *arguments)


def encode(path, arguments, picture=PICTURE, sound=None):
    inputs = ["-f", "lavfi", "-i", picture] + (["-f", "lavfi", "-i", sound] if sound else [])
    ffmpeg(*inputs, *arguments.split(), path)


def plain(arguments, **how):
    return lambda path: encode(path, arguments, **how)


def joined(*parts, after="", join="concat"):
    """Parts that are encoded alone and put after each other, byte by byte or by ffmpeg's concatenation of packets."""

    def make(path):
        root, extension = os.path.splitext(path)
        files = []
        for i, (arguments, picture) in enumerate(parts):
            files.append(f"{root}.part{i}{extension}")
            encode(files[-1], arguments, picture)
        if join == "bytes":
            with open(path, "wb") as whole:
                for name in files:
                    with open(name, "rb") as part:
                        whole.write(part.read())
        else:
            with open(f"{root}.list", "w") as listed:
                listed.writelines(f"file '{os.path.basename(name)}'\n" for name in files)
            ffmpeg("-f", "concat", "-i", f"{root}.list", "-c", "copy", *after.split(), path)
            os.remove(f"{root}.list")
        for name in files:
            os.remove(name)

    return make


def again(arguments, first, before="", extension=None):
    """A file that ffmpeg makes of another file, packet by packet."""

    def make(path):
        root, own = os.path.splitext(path)
        source = f"{root}.first{extension or own}"
        encode(source, first)
        ffmpeg(*before.split(), "-i", source, *arguments.split(), path)
        os.remove(source)

    return make


def gstreamer(*elements):
    def make(path):
        source = f"videotestsrc num-buffers={SECONDS * RATE} ! video/x-raw,format=I420,width=160,height=120,framerate={RATE}/1"
        text = " ! ".join([source, *elements, f'filesink location="{path}"'])
        run("/usr/bin/python3", "-c", GSTREAMER, text)

    return make


GSTREAMER = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch(sys.argv[1])
pipeline.set_state(Gst.State.PLAYING)
message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
pipeline.set_state(Gst.State.NULL)
sys.exit(0 if message and message.type == Gst.MessageType.EOS else str(message and message.parse_error()))
"""

HALF = f"testsrc2=size=160x120:rate={RATE}:duration=3"
OTHER = f"smptebars=size=160x120:rate={RATE}:duration=3"
LARGER = f"testsrc2=size=320x240:rate={RATE}:duration=3"


# a, b, c and d of a track's matrix (ISO 14496-12, 8.3.2)
TURNS = {"90": (0, 1, -1, 0), "180": (-1, 0, 0, -1), "270": (0, -1, 1, 0), "mirror": (-1, 0, 0, 1), "flip": (1, 0, 0, -1), "both": (0, 1, 1, 0)}


def turned(turn):
    """A file whose track says how its pictures are to be turned."""

    def make(path):
        encode(path, X264)
        a, b, c, d = (n << 16 for n in turn)
        x, y = (160 if turn[0] < 0 else 120 if turn[2] < 0 else 0), (120 if turn[3] < 0 else 160 if turn[1] < 0 else 0)
        with open(path, "r+b") as file:
            # its matrix is the last but two of its fields
            file.seek(file.read().index(b"tkhd") + 4 + 40)
            file.write(struct.pack(">9i", a, b, 0, c, d, 0, x << 16, y << 16, 1 << 30))

    return make


def gap(seconds):
    """Pictures 0 to 29, then nothing for a while."""
    return f"{PICTURE},setpts=PTS+gte(N\\,30)*{seconds}/TB"


def matrix():
    """Every cell: name, extension, how it is made."""
    codecs = {
        "h264": X264, "hevc": X265, "mpeg4": "-c:v mpeg4 -g 10 -bf 0", "mpeg2": "-c:v mpeg2video -g 10 -bf 0 -r 25", "mjpeg": "-c:v mjpeg -q:v 3",
        "vp8": "-c:v libvpx -g 10 -deadline realtime", "vp9": "-c:v libvpx-vp9 -g 10 -deadline realtime -cpu-used 8",
        "av1": "-c:v libaom-av1 -g 10 -cpu-used 8 -usage realtime", "msmpeg4": "-c:v msmpeg4 -g 10", "h263": "-c:v h263 -s 176x144 -r 10",
    }
    containers = {
        "mp4": ("h264 hevc mpeg4 mpeg2 mjpeg vp9 av1", ""), "mov": ("h264 mjpeg mpeg4", ""),
        "fmp4": ("h264 hevc av1", "-movflags frag_keyframe+empty_moov -f mp4"), "3gp": ("h264 mpeg4 h263", ""),
        "mkv": ("h264 hevc mpeg4 mpeg2 mjpeg vp8 vp9 av1", ""), "webm": ("vp8 vp9 av1", ""), "ts": ("h264 hevc mpeg4 mpeg2", ""),
        "m2ts": ("h264", ""), "mpg": ("h264 mpeg2", "-f vob"), "avi": ("h264 mpeg4 mjpeg msmpeg4", ""), "flv": ("h264", ""),
        "h264": ("h264", ""), "hevc": ("hevc", "-f hevc"), "m4v": ("mpeg4", "-f m4v"), "mjpeg": ("mjpeg", ""), "mpjpeg": ("mjpeg", "-f mpjpeg"),
    }
    for container, (names, options) in containers.items():
        for codec in names.split():
            extension = {"fmp4": "mp4"}.get(container, container)
            yield f"{container}/{codec}", extension, plain(f"{codecs[codec]} {options}")

    sounds = {
        "mkv": "aac mp2 libmp3lame libopus ac3 pcm_mulaw pcm_alaw g726 adpcm_ima_wav pcm_s16le pcm_s16be pcm_u8",
        "mp4": "aac libmp3lame libopus ac3", "mov": "aac pcm_mulaw pcm_alaw pcm_s16le pcm_s16be pcm_u8 adpcm_ima_qt",
        "avi": "mp2 libmp3lame pcm_mulaw pcm_alaw pcm_s16le pcm_u8 adpcm_ima_wav adpcm_ms g726", "ts": "aac mp2 libmp3lame ac3 libopus",
        "flv": "aac libmp3lame pcm_mulaw pcm_alaw pcm_s16le adpcm_swf", "mpg": "mp2 ac3",
    }
    for container, names in sounds.items():
        for sound in names.split():
            fine = sound.startswith(("pcm", "g726", "adpcm_ima_wav", "adpcm_ms"))
            rate = "-ar 11025" if sound == "adpcm_swf" else ""
            options = f"{X264} -c:a {sound} {rate} " + ("-b:a 32k" if sound == "g726" else "") + ("-f vob" if container == "mpg" else "")
            yield f"sound/{container}/{sound}", container, plain(options, sound=SOUND if fine else SOUND_48)

    gops = {"1": "-g 1", "7": "-g 7", "whole": "-g 1000 -keyint_min 1000 -sc_threshold 0", "refresh": "-g 20 -x264-params intra-refresh=1"}
    for container in ("mp4", "ts", "h264"):
        for name, options in gops.items():
            yield f"gop/{container}/{name}", container, plain(f"-c:v libx264 -preset veryfast -bf 0 {options}")
    yield "gop/mkv/open", "mkv", plain("-c:v libx264 -preset veryfast -bf 3 -x264-params open-gop=1:keyint=10")
    yield "gop/mp4/open-hevc", "mp4", plain("-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=10:bframes=3:open-gop=1")

    for container in ("mp4", "mov", "mkv", "ts", "flv", "avi", "h264"):
        yield f"bframes/{container}/h264", container, plain("-c:v libx264 -preset veryfast -g 10 -bf 3 -x264-params b-pyramid=normal")
    for container in ("mp4", "mkv", "ts", "hevc"):
        yield f"bframes/{container}/hevc", container, plain("-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=10:bframes=4:b-pyramid=1")
    yield "bframes/ts/mpeg2", "ts", plain("-c:v mpeg2video -g 12 -bf 2 -r 25")

    fields = {"mbaff": "-c:v libx264 -preset veryfast -g 10 -bf 0 -flags +ildct+ilme", "mbaff-b": "-c:v libx264 -preset veryfast -g 10 -bf 2 -flags +ildct+ilme"}
    for name, options in fields.items():
        for container in ("mp4", "ts", "h264"):
            yield f"field/{container}/{name}", container, plain(options)
    yield "field/ts/mpeg2", "ts", plain("-c:v mpeg2video -g 10 -bf 0 -r 25 -flags +ildct+ilme -alternate_scan 1")
    yield "field/ts/hevc", "ts", plain(f"{X265}:interlace=tff")

    same = [(X264, HALF), ("-c:v libx264 -preset veryfast -g 10 -bf 0 -profile:v baseline -refs 1", OTHER)]
    size = [(X264, HALF), (X264, LARGER)]
    hevc = [(X265, HALF), (X265.replace("ultrafast", "medium"), OTHER)]
    for name, parts in {"same-size": same, "size": size}.items():
        later = (f"{parts[1][0]} -output_ts_offset 3", parts[1][1])
        yield f"change/ts/{name}", "ts", joined(parts[0], later, join="bytes")
        yield f"change/h264/{name}", "h264", joined(*parts, join="bytes")
        yield f"change/back/{name}", "h264", joined(*parts, *parts, join="bytes")
    yield "change/hevc/same-size", "hevc", joined(*hevc, join="bytes")
    yield "change/flv/same-size", "flv", joined(*same)
    yield "change/mkv/same-size", "mkv", joined(*same)

    for container in ("ts", "mkv", "mp4", "flv"):
        for seconds in (10, 28800):
            yield f"gap/{container}/{seconds}s", container, plain(f"{X264} -fps_mode passthrough -max_interleave_delta 0", picture=gap(seconds))
    yield "times/ts/wrap", "ts", again("-c copy -output_ts_offset 95440 -muxdelay 0", X264)
    yield "times/ts/wrap-b", "ts", again("-c copy -output_ts_offset 95440", "-c:v libx264 -preset veryfast -g 10 -bf 2")
    yield "times/ts/back", "ts", joined((X264 + " -output_ts_offset 1000", HALF), (X264, HALF), join="bytes")
    for container in ("mkv", "mp4", "ts", "flv"):
        yield f"times/{container}/late", container, again("-c copy -copyts -output_ts_offset 3600", X264)
    yield "times/mkv/wall", "mkv", again("-c copy -output_ts_offset 1772000000", X264)
    yield "times/mp4/cut", "mp4", again("-c copy", "-c:v libx264 -preset veryfast -g 20 -bf 2", before="-ss 1.5")

    rates = {"1": "1", "5": "5", "12.5": "25/2", "29.97": "30000/1001", "60": "60"}
    for name, rate in rates.items():
        for container in ("mp4", "mkv", "ts", "h264"):
            yield f"rate/{container}/{name}", container, plain(X264, picture=f"testsrc2=size=160x120:rate={rate}:duration={SECONDS}")
    uneven = f"{PICTURE},select=mod(n\\,7)*mod(n\\,11)*mod(n\\,3)"
    for container in ("mp4", "mkv", "ts"):
        yield f"rate/{container}/uneven", container, plain(f"{X264} -fps_mode passthrough", picture=uneven)

    for name, turn in TURNS.items():
        yield f"turned/mp4/{name}", "mp4", turned(turn)
        yield f"turned/mov/{name}", "mov", turned(turn)

    h264 = ("openh264enc gop-size=10", "h264parse")
    hevc = ("x265enc key-int-max=10 option-string=bframes=0:log-level=none", "h265parse")
    for name, mux in {"mp4": "mp4mux", "mov": "qtmux", "mkv": "matroskamux", "ts": "mpegtsmux", "flv": "flvmux"}.items():
        yield f"gst/{name}/h264", name, gstreamer(*h264, mux)
    yield "gst/fmp4/h264", "mp4", gstreamer(*h264, "mp4mux fragment-duration=1000")
    for name, mux in {"mp4": "mp4mux", "mkv": "matroskamux", "ts": "mpegtsmux"}.items():
        yield f"gst/{name}/hevc", name, gstreamer(*hevc, mux)
    yield "gst/webm/vp8", "webm", gstreamer("vp8enc keyframe-max-dist=10 deadline=1", "webmmux")
    yield "gst/avi/jpeg", "avi", gstreamer("jpegenc", "avimux")
    yield "gst/mpjpeg/jpeg", "mpjpeg", gstreamer("jpegenc", "multipartmux boundary=ffmpeg")
