"""What capture(1) states of the cells of scripts/cameras that are not equal to their sources."""
import os

# the beginning of a cell's name, steps, and words of capture(1)
STATED = []


def exception(name, step):
    return next((words for cell, steps, words in STATED if name.startswith(cell) and step in steps.split()), None)


def unstated():
    """The words that are not in the manual page."""
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "man", "capture.1")
    with open(page) as text:
        said = " ".join(text.read().replace("\\-", "-").replace("\\*(Aq", "'").split())
    return sorted({words for _, _, words in STATED if words not in said})
