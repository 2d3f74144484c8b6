"""An answer about sampling in words: English and Chinese, a block for each site and class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.cli.output import columns
from quality.sampling.parameters import CLASSES
from quality.sampling.severity import Severity
from quality.sampling.words import CLASSES_ZH, SEVERITIES_ZH

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "for": "part {part} of {supplier} for {customer}, {site}",
        "site": "site {site}",
        "no-site": "site not stated",
        "state": "class {class}: {severity} inspection for the next lot, {since}",
        "since": "since entry {entry}: {reason}",
        "beginning": "{reason}",
        "discontinued": "class {class}: acceptance is discontinued, {since}",
        "accept": "accept",
        "reject": "reject",
        "conditional": "conditional",
        "None": "erased",
        "earlier": "{count} earlier lots: --all tells them",
        "switch": "switched from {from} to {to}",
        "draw": "shipment {number}",
        "skip": "skip",
        "inspect": "inspect",
        "forfeited": "inspect",
        "pending": "awaited",
        "nothing": "sampling: no inspection of such a part",
    },
    "zh": {
        "for": "零件 {part}（{supplier} 供 {customer}），{site}",
        "site": "场所 {site}",
        "no-site": "场所未注明",
        "state": "{class}类：下一批采用{severity}，{since}",
        "since": "自条目 {entry} 起：{reason}",
        "beginning": "{reason}",
        "discontinued": "{class}类：暂停接收，{since}",
        "accept": "接收",
        "reject": "拒收",
        "conditional": "有条件接收",
        "None": "已删除",
        "earlier": "另有较早的 {count} 批：用 --all 列出",
        "switch": "由{from}转为{to}",
        "draw": "发货单 {number}",
        "skip": "跳批",
        "inspect": "检验",
        "forfeited": "检验",
        "pending": "待揭示",
        "nothing": "抽样：没有此类零件的检验",
    },
}


@dataclass(frozen=True, slots=True)
class SamplingWords:
    """Tells rows of an answer in one language; ``lots_max`` of each site, the newest ones."""

    language: str
    lots_max: int | None = None

    def lines(self, rows: Rows) -> Iterator[str]:
        """The lines of an answer."""
        if not any(rows.values()):
            yield self._word("nothing")
        for key in _keys(rows):
            customer, supplier, part, site = key
            where = self._word("site", site=site) if site else self._word("no-site")
            sides = {"supplier": _slug(supplier), "customer": _slug(customer)}
            yield self._word("for", part=part, site=where, **sides)
            of_key = {
                name: [row for row in found if _key(row) == key] for name, found in rows.items()
            }
            yield from (f"  {self._state(row)}" for row in of_key["states"])
            yield from self._lots(of_key["lots"], of_key["switches"])
            yield from self._draws(of_key["draws"])

    def _state(self, row: Row) -> str:
        name = "since" if row["since"] else "beginning"
        entry = row["since"]["entry"] if row["since"] else ""
        since = self._word(name, entry=entry, reason=row[self.language])
        is_over = row["severity"] == Severity.DISCONTINUED
        return self._word(
            "discontinued" if is_over else "state",
            severity=self._severity(row["severity"]),
            since=since,
            **{"class": self._class(row["class"])},
        )

    def _lots(self, lots: Sequence[Row], switches: Sequence[Row]) -> Iterator[str]:
        left = 0 if self.lots_max is None else max(0, len(lots) - self.lots_max)
        if left:
            yield f"    {self._word('earlier', count=left)}"
        by_place = {(row["entry"], row["class"]): row for row in switches}
        yield from columns(
            (f"    {row['entry']}", str(row["lot"]), self._word(str(row["decision"])), *told)
            for row in lots[left:]
            for told in self._classes(row, by_place)
        )

    def _draws(self, draws: Sequence[Row]) -> Iterator[str]:
        entries = sorted({row["entry"] for row in draws})
        shown = set(entries if self.lots_max is None else entries[-self.lots_max :])
        if len(shown) < len(entries):
            yield f"    {self._word('earlier', count=len(entries) - len(shown))}"
        ordered = sorted(draws, key=lambda row: (row["entry"], CLASSES.index(row["class"])))
        yield from columns(
            (
                f"    {row['entry']}",
                self._word("draw", number=row["number"]),
                self._word(row["outcome"]),
                self._class(row["class"]),
                str(row[self.language]),
            )
            for row in ordered
            if row["entry"] in shown
        )

    def _classes(self, lot: Row, switches: Mapping[Any, Row]) -> Iterator[tuple[str, ...]]:
        if not lot["classes"]:
            yield "-", str(lot[self.language] or "-")
        for row in lot["classes"]:
            switch = switches.get((lot["entry"], row["class"]))
            reason = str(row[self.language])
            if switch:
                names = {name: self._severity(switch[name]) for name in ("from", "to")}
                reason = f"{reason}; {self._word('switch', **names)}"
            yield self._class(row["class"]), reason

    def _class(self, name: str) -> str:
        return CLASSES_ZH.get(name, name) if self.language == "zh" else name

    def _severity(self, name: str) -> str:
        if self.language != "zh" or name not in set(Severity):
            return name
        return SEVERITIES_ZH[name]

    def _word(self, name: str, **values: Any) -> str:
        return _WORDS[self.language].get(name, name).format(**values)


def _keys(rows: Rows) -> list[tuple[Any, ...]]:
    """Customer, supplier, part and site of every row, in the order in which they were told."""
    return list(
        dict.fromkeys(_key(row) for name in ("states", "lots", "draws") for row in rows[name])
    )


def _key(row: Row) -> tuple[Any, ...]:
    return row["customer"], row["supplier"], row["part"], row["site"]


def _slug(did: str) -> str:
    return did.rpartition(":")[2]
