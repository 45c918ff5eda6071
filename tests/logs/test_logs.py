"""The log: set up with its first line, whoever writes that."""

import pytest

from digitd import logs


def test_two_threads_may_write_the_first_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the other one has set the log up meanwhile, this one just goes on."""

    class Meanwhile(dict[str, object]):
        """What a module knows, after the other thread's turn: what is put off is seen once, and then no more."""

        seen = False

        def __getitem__(self, name: str) -> object:
            if name == "_put_off" and Meanwhile.seen:
                return None
            Meanwhile.seen |= name == "_put_off"
            return super().__getitem__(name)

    done: list[bool] = []
    known = Meanwhile(vars(logs), _put_off=lambda: done.append(True))
    exec(logs._begin.__code__, known)
    assert done == [True]
