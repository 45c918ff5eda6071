"""Who may use a desk, and what people did there. Of tokens and of the keys of logins only hashes are kept.

Both are drawn from 256 random bits, so that one SHA-256 of them is as hard to turn back as they are to guess.
"""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, exists, insert, select, update

from digitd.errors import DatabaseError, VerifierError
from digitd.records import Role
from digitd.store.database import Database
from digitd.store.tables import acts, logins, verifiers
from digitd.stored import Act, Verifier

#: How long a login that is used is not written anew.
NOT_WRITTEN_FOR = timedelta(minutes=5)


#: Asked at every request.
_HAS_VERIFIERS = select(exists().where(verifiers.c.token_hash.is_not(None)))


class Access(Database):
    """Verifiers with tokens, their logins, and the trail of what they did."""

    def verifiers(self) -> list[Verifier]:
        """Those that have a token, by name."""
        query = select(verifiers).where(verifiers.c.token_hash.is_not(None)).order_by(verifiers.c.name)
        with self._reading() as connection:
            return [
                Verifier(name=row.name, role=Role(row.role), added_at=row.added_at) for row in connection.execute(query)
            ]

    def has_verifiers(self) -> bool:
        """Whether anybody has a token, so that everybody must log in."""
        with self._reading() as connection:
            return bool(connection.scalar(_HAS_VERIFIERS))

    def add_verifier(self, name: str, role: Role, token: str, *, author: str) -> None:
        """Let somebody in by a token, in place of the one they had.

        Their logins end: who has lost a token gets a new one, and whoever found the old one is out.
        """
        given = {"role": role, "token_hash": _hash(token), "added_at": datetime.now(UTC)}
        with self._writing() as connection:
            key = connection.scalar(select(verifiers.c.id).where(verifiers.c.name == name))
            if key is None:
                connection.execute(insert(verifiers).values(name=name, **given))
            else:
                connection.execute(delete(logins).where(logins.c.verifier_id == key))
                connection.execute(update(verifiers).where(verifiers.c.id == key).values(**given))
            note(connection, author, f"token for a {role}", name)

    def remove_verifier(self, name: str, *, author: str) -> None:
        """Let somebody in no more; what they said stays.

        Raises
        ------
        VerifierError
            Nobody of that name has a token.
        """
        with self._writing() as connection:
            known = (verifiers.c.name == name) & verifiers.c.token_hash.is_not(None)
            key = connection.scalar(select(verifiers.c.id).where(known))
            if key is None:
                raise VerifierError(f"nobody called {name!r} has a token; `digitd verifier list` tells who has")
            connection.execute(delete(logins).where(logins.c.verifier_id == key))
            connection.execute(update(verifiers).where(verifiers.c.id == key).values(token_hash=None))
            note(connection, author, "token taken away", name)

    def verifier_with(self, token: str) -> Verifier | None:
        """Whose token it is; None if nobody's."""
        with self._reading() as connection:
            return _found(connection, token)

    def log_in(self, token: str, key: str, *, now: datetime, lasting: timedelta) -> Verifier | None:
        """Let the browser that holds key in for whoever has that token; None if nobody has."""
        with self._writing() as connection:
            found = _found(connection, token)
            if found is None:
                return None
            whose = select(verifiers.c.id).where(verifiers.c.name == found.name).scalar_subquery()
            connection.execute(delete(logins).where(logins.c.until <= now))
            connection.execute(insert(logins).values(verifier_id=whose, key_hash=_hash(key), until=now + lasting))
            note(connection, found.name, "logged in", "")
            return found

    def logged_in(self, key: str, *, now: datetime, lasting: timedelta) -> Verifier | None:
        """Who is logged in at the browser that holds key, for lasting from now; None if nobody is."""
        query = select(verifiers, logins.c.until).join(logins, logins.c.verifier_id == verifiers.c.id)
        with self._reading() as connection:
            row = connection.execute(query.where(logins.c.key_hash == _hash(key), logins.c.until > now)).first()
        if row is None:
            return None
        if row.until < now + lasting - NOT_WRITTEN_FOR:
            with suppress(DatabaseError), self._writing(waiting=False) as connection:  # else a later request does it
                connection.execute(update(logins).where(logins.c.key_hash == _hash(key)).values(until=now + lasting))
        return Verifier(name=row.name, role=Role(row.role), added_at=row.added_at)

    def log_out(self, key: str) -> None:
        """End the login of the browser that holds key, if there is one."""
        with self._writing() as connection:
            mine = (logins.c.key_hash == _hash(key)) & (logins.c.verifier_id == verifiers.c.id)
            name = connection.scalar(select(verifiers.c.name).where(mine))
            if name is not None:
                connection.execute(delete(logins).where(logins.c.key_hash == _hash(key)))
                note(connection, name, "logged out", "")

    def note_act(self, author: str, act: str, subject: str) -> None:
        """Write down what somebody did."""
        with self._writing() as connection:
            note(connection, author, act, subject)

    def trail(self, *, newest: int) -> list[Act]:
        """What people did last, the oldest first."""
        query = select(acts).order_by(acts.c.id.desc()).limit(newest)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return [Act(at=row.at, author=row.author, act=row.act, subject=row.subject) for row in reversed(rows)]


def note(connection: Connection, author: str, act: str, subject: str) -> None:
    """Write down what somebody did, in the transaction that does it."""
    connection.execute(insert(acts).values(at=datetime.now(UTC), author=author, act=act, subject=subject))


def _found(connection: Connection, token: str) -> Verifier | None:
    row = connection.execute(select(verifiers).where(verifiers.c.token_hash == _hash(token))).first()
    return None if row is None else Verifier(name=row.name, role=Role(row.role), added_at=row.added_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
