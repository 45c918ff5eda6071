"""What processes of the tests run: the bytes of a document say what its reader does. Importable where they run."""

from digitd.evidence import DocumentEvidence, PageEvidence

#: Pages of a long document that are read at once.
AT_ONCE = 4


def does(data: bytes, _form: str | None, first: int = 0) -> DocumentEvidence:
    """Evaluate data; what it gives is the reading's model. `b"long 10"` is a document of ten pages."""
    if not data.startswith(b"long"):
        return DocumentEvidence(pages=(), model=str(eval(data)), pipeline="1")
    of_pages = int(data.split()[1])
    pages = range(of_pages)[first : first + AT_ONCE]
    if data.endswith(b"torn") and first:
        raise ValueError("it is torn")
    made = tuple(_page(n + 1) for n in pages)
    return DocumentEvidence(pages=made, model="long", pipeline="1", of_pages=of_pages)


def _page(number: int) -> PageEvidence:
    return PageEvidence(
        number=number,
        width_px=1,
        height_px=1,
        dpi=None,
        form=None,
        residual_mm=None,
        reason="",
        stage_ms={},
        fields=(),
        glyphs=(),
    )
