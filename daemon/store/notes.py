"""What is kept beside the jobs: the orders of the command line with their answers, and single facts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from daemon.store import rows
from daemon.store.database import transaction
from daemon.store.rows import Order

LICENCE = "licence:"
"""How the facts about licences begin to be called; the pack follows."""


class Notes:
    """Orders and facts of an open database."""

    _db: sqlite3.Connection

    def order(self, verb: str, args: Mapping[str, Any], now: float) -> int:
        """Afterwards the order is down; its number is given back."""
        with transaction(self._db):
            sql = "INSERT INTO orders (verb, args, at) VALUES (?, ?, ?)"
            number = self._db.execute(sql, (verb, rows.dumps(dict(args)), now)).lastrowid
        return int(number or 0)

    def open_orders(self) -> tuple[Order, ...]:
        """The orders that have not been carried out."""
        found = self._db.execute("SELECT id, verb, args FROM orders WHERE ok IS NULL ORDER BY id")
        return tuple(rows.order(r) for r in found)

    def answered_orders(self) -> tuple[Order, ...]:
        """The orders that have been carried out, or refused."""
        found = self._db.execute("SELECT id, verb, args FROM orders WHERE ok IS NOT NULL ORDER BY id")
        return tuple(rows.order(r) for r in found)

    def answer(self, number: int, ok: bool, text: str) -> None:
        """Afterwards the order is carried out (or refused) with that answer."""
        with transaction(self._db):
            self._db.execute("UPDATE orders SET ok = ?, answer = ? WHERE id = ?", (int(ok), rows.plain(text), number))

    def answered(self, number: int) -> tuple[bool, str] | None:
        """The answer to an order, or None while there is none."""
        row = self._db.execute("SELECT ok, answer FROM orders WHERE id = ? AND ok IS NOT NULL", (number,)).fetchone()
        return None if row is None else (bool(row["ok"]), row["answer"])

    def fact(self, name: str) -> Any:
        """What was remembered under that name, or None."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else rows.loads(row["value"])

    def remember(self, name: str, value: object) -> None:
        """Afterwards value is remembered under that name."""
        with transaction(self._db):
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, rows.dumps(value)))

    def note_licences(self, job: str, licences: Mapping[str, str]) -> None:
        """Afterwards it is down of each pack of weights which job was the first to work with it, and its licence."""
        for pack, licence in licences.items():
            if self.fact(f"{LICENCE}{pack}") is None:
                self.remember(f"{LICENCE}{pack}", {"job": job, "licence": licence})

    def licences(self) -> Mapping[str, tuple[str, ...]]:
        """Job -> the licences of the weights that it was the first to work with, each after the name of its pack."""
        found: dict[str, tuple[str, ...]] = {}
        rows_ = self._db.execute("SELECT name, value FROM facts WHERE name GLOB ? ORDER BY name", (f"{LICENCE}*",))
        for name, value in rows_:
            first = rows.loads(value)
            found[first["job"]] = (*found.get(first["job"], ()), f"{name.removeprefix(LICENCE)}: {first['licence']}")
        return found

    def version(self) -> int:
        """A number that changes when another connection changed the database."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])
