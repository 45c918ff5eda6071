"""The bench of the budget splits by pages, and counts on the half that no label came from."""

import numpy as np

import budget


def made(pages: int, fields: int, *, wrong: float, seed: int = 0) -> budget.Read:
    generator = np.random.default_rng(seed)
    n = pages * fields
    return budget.as_read(
        [(place // fields, 0.99, True, bool(right)) for place, right in enumerate(generator.random(n) >= wrong)]
    )


def test_halves_are_of_pages() -> None:
    found = budget.split(made(10, 100, wrong=0.0), 0.01, 1)
    assert (found.labels, found.fields, found.passed, found.wrong) == (500, 500, 500, 0)


def test_too_few_labels_let_nothing_pass_and_one_page_cannot_be_split() -> None:
    row = budget.measured("few", made(4, 20, wrong=0.0), 0.01)
    assert (row["share_passed"], row["wrong_of_passed"], row["could_pass"]) == (0.0, None, 1.0)
    assert "note" in budget.measured("one", made(1, 20, wrong=0.0), 0.01)


def test_sets_are_joined_with_their_pages_apart() -> None:
    joined = budget.together([made(3, 5, wrong=0.0), made(4, 5, wrong=1.0)])
    assert (joined.pages, len(joined), int(joined.right.sum())) == (7, 35, 15)
    assert budget.best_share(joined, 0.01) == 15 / 35


def test_the_table_has_a_line_a_promise() -> None:
    rows = [budget.measured(name, made(*size, wrong=0.0), 0.01) for name, size in {"a": (10, 100), "b": (1, 5)}.items()]
    lines = budget.table(rows).splitlines()
    assert lines[1].split()[:6] == ["a", "10", "1000", "1%", "500", "100.0%"]
    assert lines[2].endswith("one page cannot be split")
