"""The honest log that the cases of views are cut from: two founders, governance and reports.

Every signature and salt follows from fixed seeds and a fixed clock, so the bytes are the same
on every run. What a verifier should say of a record is put together here from what was signed,
not by the code under test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from keys.encoding import decode_base64url
from ledger.compose import Filing
from ledger.record_type import document_digest, parse_record_type
from ledger.strict_json import parse_json
from tests.ledger.parties import (
    NOW_MS,
    NOW_S,
    ORIGIN,
    Consortium,
    PartyKeys,
    Plan,
    a_consortium,
    payload_of,
    record_id_of,
    sign_type,
)
from tests.ledger.sample_types import sample_type_text
from tests.ledger.view_log import ForgedLog, Show

CHARTER, ENDORSEMENT, KEY_ONE, KEY_TWO, TYPE = range(5)
PART, SURVEY_TYPE, REPORT, OWN_REPORT, SURVEY, OTHER_REPORT = range(5, 11)
FIRST, SECOND = "borealis-motors", "hanfeng-drive"
PATH_TWO: Final = (CHARTER, ENDORSEMENT, KEY_TWO)
PATH_ONE: Final = (CHARTER, KEY_ONE)
LOG_WORD: Final = ["approvals-sufficed", "no-later-revocation"]
CLOSED: Final = {"manifest", "address", "filing"}
SURVEY_VCT: Final = "sample-survey/v1"


def survey_text() -> str:
    """A type whose definition is sent in a part, so that no view holds it."""
    return sample_type_text(vct=SURVEY_VCT)


def _list_survey(body: dict[str, Any]) -> None:
    body["types"].append({"vct": SURVEY_VCT, "sha256": document_digest(survey_text())})


PLAN: Final = Plan(
    founders={FIRST: ("oem", "laboratory", "operator"), SECOND: ("supplier",)},
    amend=_list_survey,
)


@dataclass(frozen=True, slots=True)
class Story:
    """The submissions of the log in order, and the consortium that made them."""

    consortium: Consortium
    submissions: tuple[str, ...]

    @property
    def first(self) -> PartyKeys:
        """Founder 1."""
        return self.consortium.parties[FIRST]

    @property
    def second(self) -> PartyKeys:
        """The other founder."""
        return self.consortium.parties[SECOND]

    @property
    def charter(self) -> str:
        """The charter as submitted."""
        return self.submissions[CHARTER]

    @property
    def log(self) -> ForgedLog:
        """The log that holds all of it."""
        return ForgedLog(tuple(jws_of(text) for text in self.submissions))

    def disclosures(self, index: int, *groups: str) -> list[str]:
        """The disclosures of an entry: all, or those of some groups."""
        found = self.submissions[index][:-1].split("~")[1:]
        return [text for text in found if not groups or group_of(text) in groups]

    def show(self, index: int, *groups: str) -> Show:
        """A record as its reader gets it, with its evidence and all or some disclosures."""
        governs, path = _EVIDENCE[index]
        kind = None if governs else (SURVEY_TYPE if index == SURVEY else TYPE)
        return Show(index, path, kind, self.disclosures(index, *groups))


def jws_of(text: str) -> str:
    """The JWS of a submission."""
    return text.split("~", maxsplit=1)[0]


def group_of(disclosure: str) -> str:
    """The group that a disclosure opens."""
    array = parse_json(decode_base64url(disclosure), bytes_max=10**6)
    assert isinstance(array, list)
    return str(array[1])


@cache
def a_story() -> Story:
    """The whole log; built once."""
    founded = a_consortium(PLAN)
    digest = document_digest(survey_text())
    part = founded.governance(
        founded.founder.signing,
        "document-part/v1",
        {"document": digest, "part": 0, "of": 1, "text": survey_text()},
    )
    kind = sign_type(founded, founded.founder, survey_text(), definition=None)
    whole = founded.after(part, kind)
    return Story(whole, (*founded.texts, part, kind, *_reports(whole)))


def _reports(whole: Consortium) -> tuple[str, ...]:
    first, second = whole.parties[FIRST], whole.parties[SECOND]
    addressed = Filing(to=[first.did], number="PO-2207", notes="含中文备注\n第二行")
    groups = {"lot": {"number": "LG-0417", "pieces": 500}, "values": ["12.50", "-0.001"]}
    report = whole.record(second, filing=addressed, label="report")
    survey = whole.composer(second.signing, label="survey").compose_record(
        parse_record_type(survey_text()), groups, filing=Filing(), iat=NOW_S
    )
    return (
        report,
        whole.record(first, groups, label="own"),
        survey,
        whole.record(second, groups, label="other"),
    )


# Index -> whether the type governs, and the shortest key path.
_EVIDENCE: Final[Mapping[int, tuple[bool, Sequence[int]]]] = {
    CHARTER: (True, ()),
    ENDORSEMENT: (True, (CHARTER,)),
    KEY_ONE: (True, (CHARTER,)),
    KEY_TWO: (True, (CHARTER, ENDORSEMENT)),
    TYPE: (True, PATH_ONE),
    PART: (True, PATH_ONE),
    SURVEY_TYPE: (True, PATH_ONE),
    REPORT: (False, PATH_TWO),
    OWN_REPORT: (False, PATH_ONE),
    SURVEY: (False, PATH_TWO),
    OTHER_REPORT: (False, PATH_TWO),
}


def expected_result(
    log: ForgedLog, *shows: Show, size: int | None = None, cosigned_by: Sequence[str] = ()
) -> dict[str, Any]:
    """What a verifier says of a view of these records."""
    count = len(log.jwss) if size is None else size
    records = [_expected_record(log, show, count, list(cosigned_by)) for show in shows]
    return {
        "origin": ORIGIN,
        "size": count,
        "cosigned_by": list(cosigned_by),
        "records": records,
    }


def _expected_record(
    log: ForgedLog, show: Show, size: int, cosigned_by: list[str]
) -> dict[str, Any]:
    jws = log.jwss[show.index]
    claims = payload_of(f"{jws}~")
    shown = sorted({group_of(text) for text in show.disclosures} - CLOSED)
    return {
        "record_id": record_id_of(jws),
        "index": show.index,
        "issuer": claims["iss"],
        "type": claims["vct"],
        "admitted_ms": NOW_MS + 1000 * show.index,
        "signed_s": claims["iat"],
        "authentic": kid_of(jws),
        "included": {"index": show.index, "size": size},
        "cosigned_by": cosigned_by,
        "key_registered_at": _registered_at(jws, log, show),
        "member_since": _member_since(claims, log, show),
        "approved_by": [],
        "key_ended_at": None,
        "contested": None,
        "reaffirmed_at": None,
        "shown": shown,
        "defined": _defined(claims["vct"], log, show),
        "decision": None,
        "erased": [dict(item) for item in show.erased],
        "log_word": [*LOG_WORD, *_admitted_by_word(claims["vct"], log, show)],
    }


def _admitted_by_word(vct: str, log: ForgedLog, show: Show) -> list[str]:
    """What the log's word is needed for where the charter does not list the type."""
    listed = [item["vct"] for item in payload_of(f"{log.jwss[0]}~")["body"]["types"]]
    return [] if show.type is None or vct in listed else ["type-admitted"]


def kid_of(jws: str) -> str:
    """The kid that a JWS names."""
    header = parse_json(decode_base64url(jws.split(".", maxsplit=1)[0]), bytes_max=10**4)
    assert isinstance(header, dict)
    return str(header["kid"])


def _registered_at(jws: str, log: ForgedLog, show: Show) -> int:
    multikey = kid_of(jws).partition("#")[2]
    bodies = {index: payload_of(f"{log.jwss[index]}~").get("body", {}) for index in show.keys}
    return min((i for i, body in bodies.items() if body.get("multikey") == multikey), default=0)


def _member_since(claims: Mapping[str, Any], log: ForgedLog, show: Show) -> int:
    """Founder 1 from the charter on, another founder from its endorsement on."""
    if claims["iss"].endswith(f":{FIRST}"):
        return 0
    bodies = {index: payload_of(f"{log.jwss[index]}~").get("body", {}) for index in show.keys}
    joined = (index for index, body in bodies.items() if "meaning" in body)
    return min(joined, default=show.index)


def _defined(vct: str, log: ForgedLog, show: Show) -> int | None:
    if show.type is None:
        return 1 if vct == "key/v1" else 0
    definition = payload_of(f"{log.jwss[show.type]}~")["body"]["definition"]
    return None if definition is None else len(json.loads(definition).get("groups", {}))
