"""Bytes become pages, or a clear refusal."""

import io
import struct
import zlib

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitd.errors import UnreadableDocument
from digitd.reading.load import Limits, load, page_count

LIMITS = Limits()


def drawn(width=120, height=80):
    pixels = np.full((height, width), 250, np.uint8)
    pixels[20:60, 30:40] = 10
    return Image.fromarray(pixels)


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pages(data, limits=LIMITS):
    return list(load(data, limits))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "PDF"])
def test_every_format_gives_the_same_picture(kind):
    """PNG, JPEG, TIFF and PDF of one picture give one page of its size, dark where it is dark."""
    (page,) = pages(saved(drawn(), kind, **({"dpi": (300, 300)} if kind != "PDF" else {"resolution": 300})))
    assert page.pixels.shape == (80, 120)
    assert page.pixels.dtype == np.uint8
    assert page.pixels[40, 35] < 40
    assert page.pixels[10, 10] > 200
    assert page.dpi == pytest.approx(300, abs=0.5)


def test_fax_compression_and_many_pages():
    """A CCITT G4 TIFF gives all its pages, ink dark, numbered from 1."""
    first = drawn().convert("1")
    data = saved(first, "TIFF", compression="group4", save_all=True, append_images=[first.rotate(90, expand=True)])
    found = pages(data)
    assert [(p.number, p.pixels.shape) for p in found] == [(1, (80, 120)), (2, (120, 80))]
    assert all(np.median(p.pixels) == 255 for p in found)


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_some_pages_of_a_document_are_the_same_as_among_all(kind):
    """A part of a long document has its pages' own numbers; beyond the end there is none."""
    sizes = [(100 + 10 * n, 80) for n in range(5)]
    first, *others = (drawn(*size) for size in sizes)
    data = saved(first, kind, save_all=True, append_images=others)
    assert page_count(data) == 5
    every = pages(data)
    for wanted in (slice(0, 2), slice(2, 4), slice(4, 8), slice(8, 12)):
        some = list(load(data, LIMITS, wanted))
        assert [page.number for page in some] == [page.number for page in every[wanted]]
        assert all(np.array_equal(page.pixels, other.pixels) for page, other in zip(some, every[wanted], strict=True))


def test_a_tiff_that_does_not_say_what_is_black_is_refused():
    """Found by `make fuzz`: where others give no picture, the decoder throws."""
    data = saved(drawn(), "TIFF", compression="tiff_lzw")
    entry = (262).to_bytes(2, "little") + (3).to_bytes(2, "little")
    assert data.count(entry) == 1
    with pytest.raises(UnreadableDocument, match="page 1 of the TIFF is damaged"):
        pages(data.replace(entry, (263).to_bytes(2, "little") + (3).to_bytes(2, "little")))


def test_damage_is_told_in_our_own_words_only(capfd):
    """What the library says of a PNG goes past every log, and is caught."""
    data = bytearray(saved(drawn(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(UnreadableDocument, match="the PNG is damaged"):
        pages(bytes(data))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_has_one_page(kind):
    """The first, and none after it."""
    data = saved(drawn(), kind)
    assert page_count(data) == 1
    assert [len(list(load(data, LIMITS, wanted))) for wanted in (slice(0, 4), slice(4, 8))] == [1, 0]


def test_a_fax_with_oblong_pixels_is_made_square():
    """204 by 98 dots an inch: the page becomes about twice as high."""
    data = saved(drawn(400, 200).convert("1"), "TIFF", compression="group4", dpi=(204, 98))
    assert pages(data)[0].pixels.shape == (416, 400)


def test_a_photo_is_turned_as_exif_says():
    """EXIF orientation 6 turns a picture by 90 degrees."""
    exif = Image.Exif()
    exif[0x0112] = 6
    assert pages(saved(drawn(), "JPEG", exif=exif))[0].pixels.shape == (120, 80)


def test_what_is_transparent_is_paper():
    """A drawing on a transparent ground reads dark on light."""
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (10, 10, 20, 30))
    page = pages(saved(image, "PNG"))[0]
    assert page.pixels[0, 0] == 255
    assert page.pixels[15, 15] == 0


def test_sixteen_bits_and_colour():
    """16-bit grey and 8-bit colour become 8-bit grey."""
    deep = Image.fromarray(np.asarray(drawn()).astype(np.uint16) * 257)
    for image in (deep, drawn().convert("RGB")):
        assert pages(saved(image, "PNG"))[0].pixels[40, 35] < 40


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "PDF"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_half_a_file_is_refused(kind, share):
    """A file that is cut off is refused with words that say what to do, whatever was lost."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (90, 90), np.uint8))
    data = saved(noise, kind)
    with pytest.raises(UnreadableDocument, match="again"):
        pages(data[: max(12, int(share * len(data)))])


def bomb(width, height):
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_bomb_is_refused_by_its_header():
    """60,000 x 60,000 pixels in a few hundred bytes are refused before anything is decoded."""
    with pytest.raises(UnreadableDocument, match=r"60000 x 60000 pixels.*max_megapixels"):
        pages(bomb(60_000, 60_000))


def test_a_large_page_of_a_tiff_or_pdf_is_refused():
    """The limit holds for every format."""
    small = Limits(max_megapixels=0.005)
    for kind in ("JPEG", "TIFF", "PDF"):
        with pytest.raises(UnreadableDocument, match="megapixels"):
            pages(saved(drawn(), kind), small)


def test_an_encrypted_pdf_says_so():
    """A PDF with a password asks to be saved without one."""
    key = "<" + "5a" * 32 + ">"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        f"<< /Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4 >>",
    ]
    body = "".join(f"{n} 0 obj\n{text}\nendobj\n" for n, text in enumerate(objects, start=1))
    trailer = "trailer\n<< /Root 1 0 R /Size 5 /Encrypt 4 0 R /ID [<00><00>] >>\nstartxref\n0\n%%EOF\n"
    with pytest.raises(UnreadableDocument, match="encrypted: save it without a password"):
        pages(("%PDF-1.4\n" + body + trailer).encode())


def test_a_pdf_that_is_no_scan_is_drawn_at_the_wanted_resolution():
    """An A6 page without a picture is drawn at pdf_dpi."""
    document = pdfium.PdfDocument.new()
    document.new_page(298, 420)
    buffer = io.BytesIO()
    document.save(buffer)
    document.close()
    page = pages(buffer.getvalue(), Limits(pdf_dpi=144))[0]
    assert page.pixels.shape == (840, 596)
    assert page.dpi == 144


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"Dear Sir,\nplease find enclosed", "holds text, not a picture"),
        (b"GIF89a\x01\x00\x01\x00", "not a picture that digitd knows"),
        (b"\x89PNG\n\x1a\n", "text mode"),
    ],
)
def test_what_is_no_picture_is_named(data, words):
    """The message says what the file is and what digitd reads."""
    with pytest.raises(UnreadableDocument, match=words):
        pages(data)


@given(st.sampled_from(["PNG", "JPEG", "TIFF", "PDF"]), st.data())
def test_any_damage_is_read_or_refused(kind, data):
    """Whatever bytes are changed, there are pages or an UnreadableDocument, nothing else."""
    whole = bytearray(saved(drawn(), kind))
    for _ in range(data.draw(st.integers(1, 12))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = pages(bytes(whole), Limits(max_megapixels=1))
    except UnreadableDocument:
        return
    assert all(page.pixels.ndim == 2 and page.pixels.dtype == np.uint8 for page in found)


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"%PDF-"])
)
def test_any_bytes_are_read_or_refused(tail, head):
    """Random bytes behind any magic number never escape as another fault."""
    with pytest.raises(UnreadableDocument):
        pages(head + tail)


def test_a_count_that_no_file_could_hold_costs_nothing():
    """A TIFF of 26 bytes that announces four thousand million values is cut off, not a reason to run out of memory."""
    entry = struct.pack("<HHII", 256, 4, 2**32 - 1, 8)
    with pytest.raises(UnreadableDocument, match="cut off"):
        pages(b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4))


def test_damage_inside_a_picture_is_refused():
    """A picture whose decoder complains of its data is not taken for a page, though it has its end."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (400, 400), np.uint8))
    jpeg, fax = saved(noise, "JPEG"), bytearray(saved(noise.convert("1"), "TIFF", compression="group4"))
    fax[len(fax) // 3 : len(fax) // 2] = bytes(len(fax) // 2 - len(fax) // 3)
    for data in (jpeg[: len(jpeg) // 2] + b"\xff\xd9", bytes(fax)):
        with pytest.raises(UnreadableDocument, match="damaged"):
            pages(data)


def pdf_of(content, *, image="/ColorSpace /DeviceGray"):
    """A PDF page of 100 x 80 points with the picture /I, 200 x 160 black pixels, and what content draws."""
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 80] /Contents 4 0 R /Resources 6 0 R >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream".encode(),
        f"<< /Subtype /Image /Width 200 /Height 160 /BitsPerComponent 1 {image} /Length 4000 >>\nstream\n".encode()
        + bytes(4000)
        + b"\nendstream",
        b"<< /XObject << /I 5 0 R >> >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer\n<< /Root 1 0 R /Size 7 >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 7\n0000000000 65535 f \n" + table + end


WHOLE = "q 100 0 0 80 0 0 cm /I Do Q"


def test_a_pdf_that_is_a_scan_gives_the_scan_itself():
    """One picture that fills the page is taken as it is, at its own resolution."""
    (page,) = pages(pdf_of(WHOLE))
    assert (page.pixels.shape, page.dpi) == ((160, 200), 144)
    assert page.pixels.max() == 0


@pytest.mark.parametrize(
    ("content", "image"),
    [
        (WHOLE + " 1 g 10 10 30 30 re f", "/ColorSpace /DeviceGray"),
        ("q 50 0 0 80 50 0 cm /I Do Q", "/ColorSpace /DeviceGray"),
        ("1 g " + WHOLE, "/ImageMask true"),
    ],
    ids=["drawn over", "half the page", "a stencil"],
)
def test_a_pdf_that_is_more_than_a_scan_is_drawn(content, image):
    """What is drawn over a scan, where the scan lies, and stencils are seen as a person sees them."""
    (page,) = pages(pdf_of(content, image=image), Limits(pdf_dpi=72))
    assert page.pixels.shape == (80, 100)
    assert page.pixels.max() == 255
