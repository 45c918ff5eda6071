"""How fast a model reads beside the seed network: digits a second of both 8-bit files. `make bench-model`.

Machines differ and are never idle, so only ratios count: both are measured in turn in the same process, round by round,
and the median over the rounds is given. The seed network is made here with random weights, which cost what learnt ones
cost; that needs TensorFlow. `network` is the interpreter alone, `reader` all of what a page's glyphs go through.
"""

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from digitd.errors import DigitdError
from digitd.models import Model, find
from digitd.reading.chatter import caught
from digitd.reading.classify import Classifier

BATCHES, THREADS = (1, 8, 128), (1, 2)

#: Seconds of one measurement; a round is one of each model.
SECONDS = 0.1

Call = Callable[[], object]


def main() -> int:
    """Measure and write; the exit code is that of the fault where there is one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="paper", help="the model's name")
    parser.add_argument("--models", type=Path, default=Path("models"), help="the folder of models")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("model.json"))
    given = parser.parse_args()
    try:
        found = measure(find(given.model, given.models), rounds=max(1, given.rounds))
    except DigitdError as fault:
        print(f"bench/model.py: {fault}", file=sys.stderr)
        return int(fault.exit_code)
    given.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"\nWritten: {given.out}")
    return 0


def measure(model: Model, *, rounds: int) -> dict[str, Any]:
    """All rates of model and of the seed network; prints a line for each way as it comes."""
    seed = seed_file()
    print(f"{model.id}: {len(model.litert) / 1000:.0f} kB; seed: {len(seed) / 1000:.0f} kB; median of {rounds} rounds")
    print(f"{'':9}{'batch':>6}{'threads':>9}{'model, digits/s':>18}{'seed, digits/s':>18}{'ratio':>8}")
    ways = []
    for what, batch, threads in product(("network", "reader"), BATCHES, THREADS):
        prepare = network if what == "network" else reader
        calls = [prepare(litert, batch=batch, threads=threads) for litert in (model.litert, seed)]
        way = {"what": what, "batch": batch, "threads": threads, **compared(*calls, batch=batch, rounds=rounds)}
        rates = f"{way['model_digits_per_s']:>18,.0f}{way['seed_digits_per_s']:>18,.0f}{way['ratio']:>8.2f}"
        print(f"{what:9}{batch:>6}{threads:>9}{rates}")
        ways.append(way)
    sizes = {"model_bytes": len(model.litert), "seed_bytes": len(seed)}
    return {"model": model.id, "machine": platform.machine(), "rounds": rounds, **sizes, "ways": ways}


def seed_file() -> bytes:
    """The seed network of ten classes as an 8-bit LiteRT file, with weights as they are before training."""
    from digitd_trainer.export import to_litert
    from digitd_trainer.network import seed_network

    return to_litert(seed_network(10), glyphs(256))


def glyphs(count: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(count, 28, 28) uint8 noise: what is in a glyph changes nothing about the time it takes."""
    return np.random.default_rng(1).integers(0, 256, (count, 28, 28), np.uint8)


def network(litert: bytes, *, batch: int, threads: int) -> Call:
    """The interpreter alone: a call reads a batch that lies in its tensor already."""
    from ai_edge_litert.interpreter import Interpreter

    with caught():
        interpreter = Interpreter(model_content=litert, num_threads=threads)
        given = interpreter.get_input_details()[0]
        interpreter.resize_tensor_input(given["index"], (batch, 28, 28, 1))
        interpreter.allocate_tensors()
        interpreter.set_tensor(given["index"], glyphs(batch)[..., None].view(np.int8))
    run: Call = interpreter.invoke
    return run


def reader(litert: bytes, *, batch: int, threads: int) -> Call:
    """All that reading does: glyphs are quantised, read, and become probabilities."""
    classifier, given = Classifier(litert, threads=threads), glyphs(batch)
    return lambda: classifier(given)


def compared(model: Call, seed: Call, *, batch: int, rounds: int) -> dict[str, Any]:
    """Median rates of both and of their ratio, with its quartiles; who goes first changes from round to round."""
    calls = (model, seed)
    for call in calls:
        call()
    times = [calls_in(call) for call in calls]
    pairs = []
    for number in range(rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        rates = {which: batch * times[which] / seconds(calls[which], times[which]) for which in order}
        pairs.append((rates[0], rates[1]))
    ratios = [ours / theirs for ours, theirs in pairs]
    low, middle, high = statistics.quantiles(ratios, n=4) if rounds > 1 else ratios * 3
    return {
        "model_digits_per_s": round(statistics.median(ours for ours, _ in pairs)),
        "seed_digits_per_s": round(statistics.median(theirs for _, theirs in pairs)),
        "ratio": round(middle, 3),
        "ratio_quartiles": [round(low, 3), round(high, 3)],
    }


def calls_in(call: Call) -> int:
    """How many calls fill SECONDS."""
    return next(count for count in doubling() if seconds(call, count) > SECONDS / 2) * 2


def doubling() -> Iterator[int]:
    """1, 2, 4, ..."""
    count = 1
    while True:
        yield count
        count *= 2


def seconds(call: Call, count: int) -> float:
    """How long so many calls take."""
    begun = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
