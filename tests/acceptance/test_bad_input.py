"""Bad input from the inbox to the reason a person reads, through the command, with good neighbours."""

import json
import os
import struct
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path
from sqlite3 import connect
from typing import Any, NamedTuple

import cv2
import numpy as np
import pypdfium2
import pytest
from click.testing import CliRunner, Result

from digitd.cli import main
from digitd.demo.handwriting import write_number
from digitd.records import Box

DIGITD = (sys.executable, "-m", "digitd")

#: Names that shells and terminals stumble over, as bytes.
ODD_NAMES = (b"with spaces.png", b'it\'s "quoted".png', b"two\nlines.png", b"caf\xe9.png", b"-rf.png", b"=1+1.png")


class Clerk(NamedTuple):
    """A folder where `digitd init` was run, after one `digitd run --once`, and what came of it."""

    folder: Path
    run: subprocess.CompletedProcess[str]

    def call(self, *arguments: str) -> Result:
        return here(*arguments, folder=self.folder)

    def status(self, name: str) -> dict[str, Any]:
        (found,) = json.loads(self.call("status", "--json", "--", name).stdout)
        return dict(found)


def here(*arguments: str, folder: Path) -> Result:
    """A command in this process, which is quicker than one of its own."""
    return CliRunner().invoke(main, ["--config", str(folder / "config.toml"), *arguments], catch_exceptions=False)


def digitd(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*DIGITD, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=240)


def number(text: str, seed: int = 0) -> bytes:
    """A picture of a number written by hand, as PNG."""
    paper = np.full((80, 300), 250, np.uint8)
    write_number(paper, text, Box(x0=10, y0=5, x1=290, y1=75), np.random.default_rng(seed))
    return bytes(cv2.imencode(".png", paper)[1].tobytes())


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in a few kilobytes."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(2_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pdf() -> bytes:
    document = pypdfium2.PdfDocument.new()
    document.new_page(300, 200).close()
    out = BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def encrypted_pdf() -> bytes:
    """A PDF behind a password nobody knows."""
    secret = b"<" + b"5a" * 32 + b">"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O " + secret + b" /U " + secret + b" >>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for index, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj %s endobj\n" % (index, body)
    start = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    identity = b"[<" + b"ab" * 16 + b"><" + b"ab" * 16 + b">]"
    out += b"trailer << /Root 1 0 R /Encrypt 3 0 R /Size 4 /ID " + identity + b" >>\n"
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def encoded(suffix: str) -> bytes:
    page = np.random.default_rng(1).integers(0, 255, (200, 200)).astype(np.uint8)
    return bytes(cv2.imencode(suffix, page)[1].tobytes())


BAD: dict[str, tuple[bytes, str]] = {
    "empty.png": (b"", "the file is empty"),
    "cut.png": (cut(encoded(".png")), "the PNG is cut off: scan or copy it again"),
    "cut.jpg": (cut(encoded(".jpg")), "the JPEG is cut off: scan or copy it again"),
    "cut.tif": (cut(encoded(".tiff")), "the TIFF is cut off: scan or copy it again"),
    "cut.pdf": (cut(pdf()), "the PDF is cut off: copy it again"),
    "text.png": (b"Dear sir or madam,\n", "holds text, not a picture"),
    "bomb.png": (bomb(), "60000 x 60000 pixels, 3600 megapixels, and the limit is 200"),
    "encrypted.pdf": (encrypted_pdf(), "the PDF is encrypted: save it without a password"),
    "sound.png": (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(range(64)), "not a picture that digitd knows"),
}


@pytest.fixture(scope="module")
def clerk(tmp_path_factory: pytest.TempPathFactory) -> Clerk:
    """Everything bad at once, among good neighbours, read in one run."""
    folder = made(tmp_path_factory.mktemp("clerk"))
    inbox = folder / "inbox"
    for name, (data, _) in BAD.items():
        (inbox / "amount" / name).write_bytes(data)
    for index, name in enumerate(ODD_NAMES):
        (inbox / "amount" / os.fsdecode(name)).write_bytes(number(f"10{index}", seed=index))
    (inbox / "amount" / "good.png").write_bytes(number("2358"))
    (inbox / "amount" / "link.png").symlink_to(inbox / "amount" / "good.png")
    (inbox / "amount" / "folder.png").mkdir()
    (inbox / "no such form").mkdir()
    (inbox / "no such form" / "lost.png").write_bytes(number("77"))
    (inbox / "amount" / ".hidden.png").write_bytes(number("78"))
    return Clerk(folder, digitd("run", "--once", "--json", folder=folder))


def made(folder: Path, *, form: bool = True) -> Path:
    """A folder made ready, with a whole-page form, in which files settle fast."""
    assert here("init", str(folder), folder=folder).exit_code == 0
    config = (folder / "config.toml").read_text(encoding="utf-8")
    config = config.replace("settle_seconds = 1.0", "settle_seconds = 0.2")
    (folder / "config.toml").write_text(config, encoding="utf-8")
    if form:
        assert here("form", "new", "amount", "--whole-page", folder=folder).exit_code == 0
    return folder


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_fails_with_a_reason_beside_it(clerk: Clerk, name: str) -> None:
    """Its state, its reason, and the file next to it say the same, and what to do."""
    found = clerk.status(name)
    assert (found["state"], BAD[name][1] in found["reason"]) == ("failed", True), found["reason"]
    where = Path(found["where"])
    assert where.parent == clerk.folder / "var" / "failed"
    assert where.read_bytes() == BAD[name][0]
    beside = where.with_name(where.name + ".reason.txt").read_text(encoding="utf-8")
    assert BAD[name][1] in beside
    assert f"digitd retry {found['id']}" in beside


def test_good_neighbours_are_read(clerk: Clerk) -> None:
    """Nothing that is wrong with one file keeps another from being read, whatever either is called."""
    assert clerk.run.returncode == 3, clerk.run.stderr
    documents = json.loads(clerk.run.stdout)["documents"]
    assert documents["failed"] == len(BAD) + 1
    assert documents["done"] + documents["review"] == len(ODD_NAMES) + 1
    assert "Traceback" not in clerk.run.stderr


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("two\nlines.png", "two\\nlines.png"),
        (os.fsdecode(b"caf\xe9.png"), "caf\\xe9.png"),
        ('it\'s "quoted".png', 'it\'s "quoted".png'),
        ("-rf.png", "-rf.png"),
    ],
)
def test_odd_names_are_found_by_either_spelling(clerk: Clerk, raw: str, shown: str) -> None:
    """A person may give the name as it is or as it is shown."""
    assert clerk.status(raw) == clerk.status(shown)
    assert clerk.status(raw)["document"] == shown
    assert Path(clerk.status(raw)["where"]).is_file()


def test_odd_names_survive_the_export(clerk: Clerk) -> None:
    """CSV and JSON hold every name, quoted as their formats demand."""
    rows = json.loads(clerk.call("export", "--json").stdout)
    assert {r["document"] for r in rows} >= {"two\\nlines.png", "caf\\xe9.png", "with spaces.png", "=1+1.png"}
    text = clerk.call("export").stdout
    assert '"it\'s ""quoted"".png"' in text


def test_an_unknown_form_is_named(clerk: Clerk) -> None:
    """A folder that no form belongs to fails its files with the forms that there are; retry takes the right one."""
    found = clerk.status("lost.png")
    assert "no form called 'no such form'" in found["reason"]
    assert "amount" in found["reason"]
    assert clerk.call("retry", "lost.png", "--form", "amount").exit_code == 0
    again = digitd("run", "--once", folder=clerk.folder)
    assert again.returncode == 0, again.stdout + again.stderr
    assert clerk.status("lost.png")["state"] in {"done", "review"}


@pytest.mark.parametrize(("name", "told"), [("link.png", "symbolic link"), (".hidden.png", "hidden or temporary")])
def test_what_is_left_alone_stays_and_says_why(clerk: Clerk, name: str, told: str) -> None:
    """A link and a hidden file are still in the inbox; `status` gives the reason."""
    found = clerk.status(name)
    assert found["state"] == "left alone"
    assert told in found["reason"]
    assert os.path.lexists(clerk.folder / "inbox" / "amount" / name)


def test_a_folder_is_not_a_document(clerk: Clerk) -> None:
    """An empty folder with a picture's name stays where it is."""
    assert (clerk.folder / "inbox" / "amount" / "folder.png").is_dir()
    assert clerk.call("status", "folder.png").exit_code == 5


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_left_with_its_reason(tmp_path: Path) -> None:
    """It stays, its neighbour is read, and it is taken once it may be read."""
    folder = made(tmp_path)
    secret = folder / "inbox" / "amount" / "secret.png"
    secret.write_bytes(number("5"))
    (folder / "inbox" / "amount" / "good.png").write_bytes(number("7"))
    secret.chmod(0)
    done = digitd("run", "--once", folder=folder)
    assert done.returncode == 3
    assert "Permission denied; allow digitd to read it" in done.stderr
    secret.chmod(0o600)
    assert digitd("run", "--once", folder=folder).returncode == 0


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        (
            "[intake]\nsettle_second = 1\n",
            4,
            "intake.settle_second: no such key; perhaps you meant intake.settle_seconds",
        ),
        ('[reading]\nmodel = "none"\n', 6, "no model called 'none'"),
        ('[folders]\ninbox = "elsewhere"\n', 4, "elsewhere: no such folder"),
        ('[folders]\ninbox = "var/inbox"\n', 4, "no such folder"),
    ],
)
def test_a_wrong_configuration_ends_the_command_and_harms_nothing(
    tmp_path: Path, line: str, code: int, told: str
) -> None:
    """Message and exit code say what to correct; the inbox is untouched, and no traceback is shown."""
    folder = made(tmp_path, form=False)
    (folder / "inbox" / "a.png").write_bytes(number("5"))
    (folder / "config.toml").write_text(line, encoding="utf-8")
    done = here("run", "--once", folder=folder)
    assert (done.exit_code, told in done.stderr) == (code, True), done.stderr
    assert (folder / "inbox" / "a.png").exists()


def ledger(folder: Path) -> Counter[str]:
    with closing(connect(folder / "var" / "digitd.db")) as database:
        return Counter(dict(database.execute("SELECT state, count(*) FROM documents GROUP BY state").fetchall()))


def read_until(process: subprocess.Popen[str], event: str, times: int) -> None:
    """Follow the log of a service until an event has come so many times."""
    assert process.stderr is not None
    for line in process.stderr:
        times -= event in line
        if times == 0:
            return


@pytest.mark.slow
def test_kill_9_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    """Killed three times in mid-run and started again, every file is counted once and every field is there once."""
    folder = made(tmp_path)
    for index in range(40):
        (folder / "inbox" / "amount" / f"{index}.png").write_bytes(number(str(1000 + index), seed=index))
    for index in range(3):
        (folder / "inbox" / "amount" / f"again{index}.png").write_bytes(number(str(1000 + index), seed=index))
        (folder / "inbox" / "amount" / f"bad{index}.png").write_bytes(b"bad" + bytes([index]))
    for kill in range(3):
        process = subprocess.Popen([*DIGITD, "run", "--once"], cwd=folder, stderr=subprocess.PIPE, text=True)
        read_until(process, "document_read", 3 + kill)
        process.kill()
        process.communicate()
    done = digitd("run", "--once", folder=folder)
    assert done.returncode in {0, 3}, done.stderr
    states = ledger(folder)
    assert states["done"] + states["review"] == 40
    assert (states["failed"], states["duplicate"], states.total()) == (3, 3, 46)
    with closing(connect(folder / "var" / "digitd.db")) as database:
        assert database.execute("SELECT count(*), count(DISTINCT document_id) FROM pages").fetchone() == (40, 40)
    files = [path.name for path in filed(folder, ("archive", "failed", "duplicates"))]
    assert len(files) == 46
    assert not filed(folder, ("work",))
    assert [path for path in (folder / "inbox").rglob("*") if path.is_file()] == []


def filed(folder: Path, names: Sequence[str]) -> list[Path]:
    found = [path for name in names for path in (folder / "var" / name).rglob("*") if path.is_file()]
    return [path for path in found if not path.name.endswith(".reason.txt")]
