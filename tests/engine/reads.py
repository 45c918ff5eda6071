"""What processes of the tests run: the bytes of a document say what its reader does. Importable where they run."""

from digitd.records import DocumentReading, PageReading

#: Pages of a long document that are read at once.
AT_ONCE = 4


def does(data: bytes, _form: str | None, first: int = 0) -> DocumentReading:
    """Evaluate data; what it gives is the reading's model. `b"long 10"` is a document of ten pages."""
    if not data.startswith(b"long"):
        return DocumentReading(pages=(), model=str(eval(data)), pipeline="1")
    of_pages = int(data.split()[1])
    pages = range(of_pages)[first : first + AT_ONCE]
    if data.endswith(b"torn") and first:
        raise ValueError("it is torn")
    made = tuple(
        PageReading(number=n + 1, width_px=1, height_px=1, form=None, residual_mm=None, fields=(), stage_ms={})
        for n in pages
    )
    return DocumentReading(pages=made, model="long", pipeline="1", of_pages=of_pages)
