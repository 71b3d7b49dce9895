"""What capture(1) states of the cells of scripts/cameras that are not equal to their sources."""
import os

MP4 = "mp4 has no place for VP8, H.263 and MPEG-4 of Microsoft, and is refused: Matroska has one."
PAUSE = "mp4 has none for a pause of 2^31 ticks either."
TURNED = "Matroska as it is written here does not say how pictures are turned or mirrored."
HIDDEN = "It also shows what an edit list hides, where pictures that are shown lean on that."
RECOVERY = "Excerpts of H.264 without IDR pictures show nothing before the first recovery in them is complete."
SOUND = "What is not taken is named: tracks after those, and codecs that are not in the list below."
BACK = "those that jump back go on from where they were, and that is said."

# the end or beginning of a cell's name, steps, and words of capture(1)
STATED = [
    ("/vp8", "mp4", MP4),
    ("/h263", "mp4", MP4),
    ("/msmpeg4", "mp4", MP4),
    ("/adpcm_ima_qt", "mkv", SOUND),
    ("/adpcm_swf", "mkv", SOUND),
    ("times/ts/back", "mp4 mkv record range cut grant export protect", BACK),
    ("/28800s", "mp4", PAUSE),
    ("turned/", "mkv", TURNED),
    ("times/mp4/cut", "mkv", HIDDEN),
    ("/refresh", "range cut grant export", RECOVERY),
]


def exception(name, step):
    def applies(cell):
        return name.startswith(cell) or name.endswith(cell)

    return next((words for cell, steps, words in STATED if applies(cell) and step in steps.split()), None)


def unstated():
    """The words that are not in the manual page."""
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "man", "capture.1")
    with open(page) as text:
        said = " ".join(text.read().replace("\\-", "-").replace("\\*(Aq", "'").replace("\\(ha", "^").split())
    return sorted({words for _, _, words in STATED if words not in said})
