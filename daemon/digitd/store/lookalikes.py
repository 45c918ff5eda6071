"""Digits that passed, looked at together: a screen of what was read as the same one, with known errors sown in.

Who misses a sown error was not looking: the screen counts for nothing, and its glyphs come back.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, Connection, FromClause, exists, func, insert, select, update

from digitd.errors import NotTheirTurn
from digitd.records import FieldState, LabelMode, Verdict
from digitd.store.conditions import by_itself
from digitd.store.database import driver_of
from digitd.store.fields import as_glyph, last_labels, standing_labels
from digitd.store.labels import Labels, retract, settle_document, settle_field, write_label
from digitd.store.tables import documents, fields, glyphs, looks, pages, screens
from digitd.stored import LookedAt, Origin, Screen

#: Verified fields among which errors to sow are chosen: those that look most like the digit of the screen.
SOWN_FROM = 200

#: So many of those that nobody has looked at are counted for a screen: ten thousand take a millisecond.
COUNTED = 10_000


class Lookalikes(Labels):
    """Screens of glyphs that were read as one digit."""

    def to_look_at(self) -> Mapping[int, int]:
        """How many glyphs that passed nobody has looked at yet, by digit."""
        query = select(glyphs.c.digit, func.count()).where(glyphs.c.to_look_at).group_by(glyphs.c.digit)
        with self._reading() as connection:
            return {digit: count for digit, count in connection.execute(query) if digit is not None}

    def left_to_look_at(self, digit: int) -> int:
        """How many glyphs of one digit nobody has looked at yet; counted up to COUNTED, for a screen waits for it."""
        some = select(glyphs.c.id).where(glyphs.c.to_look_at, glyphs.c.digit == digit).limit(COUNTED)
        with self._reading() as connection:
            return connection.scalar(select(func.count()).select_from(some.subquery())) or 0

    def open_screen(
        self,
        digit: int,
        verifier: str,
        *,
        now: datetime,
        lasting: timedelta,
        size: int = 100,
        sown_share: float = 0.0,
        chance: random.Random | None = None,
    ) -> Screen | None:
        """Glyphs that were read as digit, the least sure first, nobody else's until now + lasting; None if none wait.

        A verifier who left one open gets it again. Errors sown in are that share of it, one at least where there are
        verified digits to sow and the share is not 0.
        """
        with self._writing() as connection:
            mine = (screens.c.verifier == verifier) & (screens.c.digit == digit)
            left_open = select(screens.c.id).where(mine, screens.c.at.is_(None), screens.c.until > now)
            key = connection.scalar(left_open.order_by(screens.c.id).limit(1))
            if key is None:
                chosen = _to_look_at(connection, digit, now=now, size=size)
                if not chosen:
                    return None
                wanted = max(1, round(sown_share * len(chosen))) if sown_share else 0
                sown = _sown(connection, digit, wanted, chance or random.Random())  # noqa: S311 - no secret
                key = _open(connection, digit, verifier, mixed(chosen, sown, chance), until=now + lasting)
            connection.execute(update(screens).where(screens.c.id == key).values(until=now + lasting))
            return _screen(connection, int(key))

    def screen(self, screen_id: int) -> Screen | None:
        """The screen of that number; None if there is none."""
        with self._reading() as connection:
            return _screen(connection, screen_id)

    def close_screen(
        self, screen_id: int, verifier: str, *, not_that_digit: Collection[int], now: datetime, duration_ms: int | None
    ) -> LookedAt:
        """Say which places of a screen are not its digit; all others are. The same said again, it changes nothing.

        Fields of which every digit was confirmed are verified; those of which one was not wait to be keyed. None of it
        counts where a sown error was missed.

        Raises
        ------
        NotTheirTurn
            There is no such screen, it is another's, or something else was said of it, by the same name elsewhere.
        """
        with self._writing() as connection:
            row = connection.execute(select(screens).where(screens.c.id == screen_id)).first()
            if row is None or row.verifier != verifier:
                raise NotTheirTurn("there is no such screen on this desk")
            seen = connection.execute(select(looks).where(looks.c.screen_id == screen_id)).all()
            if row.at is not None:
                if not row.missed and any(look.is_digit is (look.place in not_that_digit) for look in seen):
                    raise NotTheirTurn("it was confirmed elsewhere; u takes it back")
                return LookedAt(missed=row.missed, verified=0, doubted=0)
            missed = sum(look.sown and look.place not in not_that_digit for look in seen)
            connection.execute(
                update(screens).where(screens.c.id == screen_id).values(at=now, duration_ms=duration_ms, missed=missed)
            )
            for is_digit in (True, False):
                said = [look.id for look in seen if (look.place not in not_that_digit) is is_digit]
                connection.execute(update(looks).where(looks.c.id.in_(said)).values(is_digit=is_digit))
            if missed:
                return LookedAt(missed=missed, verified=0, doubted=0)
            own = [look for look in seen if not look.sown]
            doubtful = [look.glyph_id for look in own if look.place in not_that_digit]
            doubted = _doubt(connection, doubtful, verifier=verifier)
            confirmed = [look.glyph_id for look in own if look.place not in not_that_digit]
            verified = _confirm(connection, confirmed, verifier=verifier)
            return LookedAt(missed=0, verified=verified, doubted=doubted)

    def reopen_screen(self, verifier: str, *, now: datetime, lasting: timedelta) -> Screen | None:
        """Take back what verifier said of the last screen that counted; it is theirs again, marked as it was.

        None where there is none, or a field of it was keyed since: what was said of that is taken back where it is
        keyed. A screen of another's that shows some of it meanwhile is theirs no more.
        """
        with self._writing() as connection:
            closed = (screens.c.verifier == verifier) & screens.c.at.is_not(None) & (screens.c.missed == 0)
            last = connection.execute(select(screens).where(closed).order_by(screens.c.at.desc()).limit(1)).first()
            if last is None:
                return None
            seen = connection.execute(select(looks).where(looks.c.screen_id == last.id)).all()
            own = [look.glyph_id for look in seen if not look.sown]
            of_screen = select(glyphs.c.field_id).where(glyphs.c.id.in_(own)).distinct()
            touched = list(connection.scalars(of_screen))
            said = [label for label in standing_labels(driver_of(connection), touched) if label.at >= last.at]
            if any(label.mode is not LabelMode.LOOKALIKE for label in said):
                return None
            again = {"at": None, "missed": None, "duration_ms": None, "until": now + lasting}
            connection.execute(update(screens).where(screens.c.id == last.id).values(**again))
            for label in said:
                retract(connection, label.id, verifier=verifier)
            for field_id in touched:
                settle_field(connection, field_id)
                settle_document(connection, field_id)
            passed = select(fields.c.id).where(
                fields.c.id.in_(touched), by_itself(FieldState.ACCEPTED), fields.c.audit_probability.is_(None)
            )
            unseen = glyphs.c.digit.is_not(None) & (glyphs.c.pixels_png != b"") & ~_confirmed(glyphs)
            again_to_see = update(glyphs).where(glyphs.c.field_id.in_(passed), unseen)
            connection.execute(again_to_see.values(to_look_at=True))
            return _screen(connection, last.id)


def mixed(chosen: Sequence[int], sown: Sequence[int], chance: random.Random | None) -> list[tuple[int, bool]]:
    """Glyphs in their order, with those that are sown at places drawn at random; each with whether it is."""
    chance = chance or random.Random()  # noqa: S311 - no secret
    places = set(chance.sample(range(len(chosen) + len(sown)), len(sown)))
    rest, errors = iter(chosen), iter(sown)
    return [
        (next(errors), True) if place in places else (next(rest), False) for place in range(len(chosen) + len(sown))
    ]


def _to_look_at(connection: Connection, digit: int, *, now: datetime, size: int) -> list[int]:
    on_screen = exists().where(
        looks.c.glyph_id == glyphs.c.id,
        looks.c.sown.is_(False),
        looks.c.screen_id == screens.c.id,
        screens.c.at.is_(None),
        screens.c.until > now,
    )
    query = (
        select(glyphs.c.id)
        .join(fields, glyphs.c.field_id == fields.c.id)
        .where(glyphs.c.to_look_at, glyphs.c.digit == digit, glyphs.c.pixels_png != b"")
        .where(by_itself(FieldState.ACCEPTED), ~on_screen)
        .order_by(glyphs.c.sure, glyphs.c.id)
        .limit(size)
    )
    return list(connection.scalars(query))


def _sown(connection: Connection, digit: int, wanted: int, chance: random.Random) -> list[int]:
    """Glyphs that people said are other digits, and that look most like this one."""
    import numpy as np

    verified = fields.c.state == FieldState.VERIFIED
    count = connection.scalar(select(func.count()).select_from(fields).where(verified)) or 0
    if not wanted or not count:
        return []
    start = chance.randrange(max(1, count - SOWN_FROM + 1))
    among = connection.execute(
        select(fields.c.id, fields.c.value).where(verified).order_by(fields.c.confidence).limit(SOWN_FROM).offset(start)
    ).all()
    said = last_labels(driver_of(connection), [row.id for row in among])
    known = [row.id for row in among if (said[row.id].verdict, said[row.id].value) == (Verdict.VALUE, row.value)]
    others = connection.execute(
        select(glyphs.c.id, glyphs.c.probabilities).where(
            glyphs.c.field_id.in_(known), glyphs.c.digit != digit, glyphs.c.pixels_png != b""
        )
    ).all()
    alike = sorted(others, key=lambda row: -float(np.frombuffer(row.probabilities, "<f4")[digit]))
    return [row.id for row in islice(alike, wanted)]


def _open(
    connection: Connection, digit: int, verifier: str, shown: Sequence[tuple[int, bool]], *, until: datetime
) -> int:
    key = connection.execute(
        insert(screens).values(digit=digit, verifier=verifier, until=until).returning(screens.c.id)
    ).scalar_one()
    rows = [
        {"screen_id": key, "place": place, "glyph_id": glyph_id, "sown": sown}
        for place, (glyph_id, sown) in enumerate(shown)
    ]
    connection.execute(insert(looks), rows)
    return int(key)


def _screen(connection: Connection, screen_id: int) -> Screen | None:
    row = connection.execute(select(screens).where(screens.c.id == screen_id)).first()
    if row is None:
        return None
    found = connection.execute(
        select(
            glyphs,
            pages.c.number,
            pages.c.document_id,
            documents.c.name.label("document"),
            fields.c.name.label("field"),
            looks.c.is_digit,
        )
        .join(looks, looks.c.glyph_id == glyphs.c.id)
        .join(fields, glyphs.c.field_id == fields.c.id)
        .join(pages, fields.c.page_id == pages.c.id)
        .join(documents, pages.c.document_id == documents.c.id)
        .where(looks.c.screen_id == screen_id)
        .order_by(looks.c.place)
    ).all()
    return Screen(
        id=row.id,
        digit=row.digit,
        verifier=row.verifier,
        glyphs=tuple(as_glyph(each._asdict()) for each in found),
        marked=tuple(place for place, each in enumerate(found) if each.is_digit is False),
        origins=tuple(
            Origin(
                field_id=each.field_id,
                document_id=each.document_id,
                document=each.document,
                page=each.number,
                field=each.field,
            )
            for each in found
        ),
    )


def _doubt(connection: Connection, glyph_ids: Sequence[int], *, verifier: str) -> int:
    """Let the fields of glyphs be keyed, unless people have keyed them already; returns how many."""
    of_field = select(glyphs.c.field_id).where(glyphs.c.id.in_(glyph_ids)).distinct()
    doubted = 0
    for field_id in list(connection.scalars(of_field)):
        said = standing_labels(driver_of(connection), [field_id])
        if any(label.mode is not LabelMode.LOOKALIKE for label in said):
            continue
        for label in said:  # who looked at it before did not see what stands out
            retract(connection, label.id, verifier=verifier)
        settle_field(connection, field_id)
        settle_document(connection, field_id)
        doubted += 1
    return doubted


def _confirm(connection: Connection, glyph_ids: Sequence[int], *, verifier: str) -> int:
    """Verify those fields of glyphs of which every digit was confirmed; returns how many."""
    connection.execute(update(glyphs).where(glyphs.c.id.in_(glyph_ids)).values(to_look_at=False))
    more = glyphs.alias()
    left = exists().where(more.c.field_id == fields.c.id, more.c.digit.is_not(None), ~_confirmed(more))
    query = (
        select(fields.c.id, fields.c.value)
        .join(glyphs, glyphs.c.field_id == fields.c.id)
        .where(glyphs.c.id.in_(glyph_ids), by_itself(FieldState.ACCEPTED), ~left)
        .distinct()
    )
    done = connection.execute(query).all()
    for field in done:
        write_label(connection, field.id, field.value, verifier=verifier, mode=LabelMode.LOOKALIKE, shown=field.value)
    return len(done)


def _confirmed(of: FromClause) -> ColumnElement[bool]:
    """Whether a row of glyphs was on a screen that counts, and did not stand out."""
    return exists().where(
        looks.c.glyph_id == of.c.id,
        looks.c.sown.is_(False),
        looks.c.is_digit.is_(True),
        looks.c.screen_id == screens.c.id,
        screens.c.missed == 0,
    )
