"""The parts of an evaluation, in order: what each is called, and what to know before reading it. Words only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the report: its name, its heading, and a paragraph of HTML."""

    name: str
    title: str
    words: str


PARTS = (
    Part(
        name="accuracy",
        title="How many it gets right",
        words=(
            "Every figure is of the 8-bit file that reads pages. <b>Isolated</b> is the way pages are read: the "
            "writing is found first, borders and specks are dropped. <b>Borders in view</b> is the same picture "
            "without that; the difference is what segmentation is worth. What was learnt from, and what gave the "
            "temperature, is known by the hashes on the model's card: neither counts as never trained on. "
            "Intervals are Wilson's, at 95 %. <b>Naive</b> is a three-convolution network of 98.9 % on MNIST, fed as a "
            "tutorial does."
        ),
    ),
    Part(
        name="confusion",
        title="What it takes for what",
        words=(
            "Rows are what a digit is, columns what was said. Blue is right; the more vermilion, the larger the "
            "share of its row. The last column is <i>not a digit</i>: the reader would rather ask a person."
        ),
    ),
    Part(
        name="mistakes",
        title="Where it is sure, and wrong",
        words=(
            "The mistakes that no threshold stops. Left what the network saw, right the picture as it was; below, "
            "the label, what was said, and how sure it was. Some labels are wrong themselves; some digits were "
            "harmed on the way to the network, which then had no chance."
        ),
    ),
    Part(
        name="calibration",
        title="Whether it means what it says",
        words=(
            "Of a hundred digits about which it says 0.9, ninety should be right. Points below the dashed line "
            "are overconfident. Nearly everything lies above 0.99, so that bin is shown alone, with exact "
            "(Clopper-Pearson) intervals."
        ),
    ),
    Part(
        name="rejection",
        title="What passes, and how right that is",
        words=(
            "A digit passes where the likeliest digit's probability reaches a threshold; the rest goes to a "
            "person. The further to the right a curve stays low, the less work is left."
        ),
    ),
    Part(
        name="junk",
        title="What is no digit, and passes for one",
        words=(
            "The threshold is put where 99.5 % of the true digits pass; then how much of what is <i>no</i> digit "
            "passes too? Strangers are of the kinds drawn in training, made anew of digits not learnt from. "
            "Printed letters are of a kind never drawn. Halves and blanks are real."
        ),
    ),
    Part(
        name="left-out",
        title="Trained without a set",
        words=(
            "A set that was learnt from says little about other people's hands. These models were trained without "
            "one, and measured on the whole of it."
        ),
    ),
)
