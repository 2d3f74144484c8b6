"""The routes of the interface, each with the door behind it.

Plain ASGI ones, described in :mod:`api.openapi` (docs/adr/0004-plain-routes.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.access_door import AccessDoor
from api.accesses.book import AccessBook
from api.alarm_door import AlarmDoor
from api.anomaly.sight import AlarmSight
from api.anomaly_door import AnomalyDoor
from api.blob_door import BlobDoor
from api.claimants import source_of
from api.deliveries_door import DeliveryDoor
from api.desk import SubmissionDesk
from api.erasures_door import ErasuresDoor
from api.exchange import ChargedNonces, LogKeys, RequestJudge
from api.log_door import LogDoor
from api.masters_door import MastersDoor
from api.observability import Health, Metrics
from api.openapi import describe_api
from api.own_facts import OwnServiceFacts
from api.page_door import PageDoor
from api.page_sessions import PageSeals
from api.portal_facts import ServiceFacts
from api.published import Published
from api.quotas import Quotas, build_quotas
from api.reading import ReadingDesk
from api.record_door import RecordDoor
from api.record_search import RecordSearch
from api.record_stream import RecordStream
from api.records import RecordShelf
from api.refusal_notes import RefusalNotes
from api.report_door import ReportDoor
from api.resource import beside, serve_resource
from api.sampling_door import SamplingDoor
from api.sealed_door import SealedDoor
from api.seen import SeenByOthers, SeenDoor
from api.sharing import Sharing
from api.submit import SubmissionDoor
from api.tallies.severities import DerivedSeverities
from api.tally_door import TallyDoor, TallyParts
from api.wiring import Service
from ledger.vault.shelf import KeyShelf
from portal.build import Portal, build_portal
from quality.sampling.parameters import SAMPLING


@dataclass(frozen=True, slots=True)
class Served:
    """What the doors of one service share."""

    service: Service
    quotas: Quotas
    judge: RequestJudge
    reading: ReadingDesk
    published: Published
    sharing: Sharing
    shelf: RecordShelf
    search: RecordSearch


def open_served(service: Service) -> Served:
    """Build what the doors share."""
    quotas = build_quotas(service.settings, time.monotonic)
    judge = _judge(service, quotas)
    published = Published(service.ledger.reader, service.cosigning)
    sharing = Sharing(service.ledger, service.clock, service.log_signer)
    shelf = RecordShelf(
        service.ledger,
        service.store,
        published=published,
        sharing=sharing,
        accesses=service.accesses,
    )
    search = RecordSearch(service.ledger, service.store, service.search_secret, shelf, sharing)
    return Served(service, quotas, judge, ReadingDesk(judge), published, sharing, shelf, search)


def add_routes(app: FastAPI, served: Served, metrics: Metrics) -> None:
    """Add every route but those of pages."""
    _add_records(app, served)
    _add_sealed(app, served)
    _add_deliveries(app, served)
    _add_alarms(app, served)
    _add_masters(app, served)
    _add_blobs(app, served)
    _add_accesses(app, served)
    _add_tallies(app, served)
    _add_erasures(app, served)
    _add_log(app, served)
    _add_health(app, served.service, metrics)


def add_portal(app: FastAPI, served: Served) -> Portal:
    """Add the pages, and what signs a browser in to a party's own."""
    service, reading = served.service, served.reading
    pages = PageDoor(
        PageSeals(service.search_secret),
        LogKeys(service.ledger),
        service.nonces,
        service.clock,
        service.base,
    )
    seen = SeenByOthers(service.ledger, service.store, served.shelf, served.sharing, service.clock)
    facts = ServiceFacts(
        service.ledger, served.shelf, served.search, service.anchor_text, served.published
    )
    portal = build_portal(facts, OwnServiceFacts(seen, pages, AccessBook(service.accesses)))
    serve_resource(app, "/v1/seen-by", GET=reading.read_by(SeenDoor(seen).show))
    serve_resource(app, "/v1/page-links", POST=reading.read_by(pages.link))
    serve_resource(app, "/sign-in", GET=reading.beside(pages.sign_in))
    app.router.routes.extend(portal.routes)
    return portal


def _judge(service: Service, quotas: Quotas) -> RequestJudge:
    return RequestJudge(
        service.base,
        LogKeys(service.ledger),
        ChargedNonces(service.nonces, quotas.reads.expect_left, quotas.reads.charge),
        service.clock,
        lambda request: quotas.visits.charge(source_of(request)),
    )


def _add_records(app: FastAPI, served: Served) -> None:
    service, reading = served.service, served.reading
    desk = SubmissionDesk(service.ledger, service.pool, served.quotas)
    notes = RefusalNotes(service.ledger, service.clock, service.log_signer)
    submissions = SubmissionDoor(desk, service.base, published=served.published, notes=notes)
    stream = RecordStream(service.ledger, service.store, served.shelf, served.sharing)
    records = RecordDoor(served.shelf, served.search, stream, published=served.published)
    search = reading.read_by(records.search)
    serve_resource(app, "/v1/records", GET=search, POST=submissions.submit)
    serve_resource(app, "/v1/records/{record_id}", GET=reading.read_by(records.show))
    serve_resource(app, "/v1/records/{record_id}/receipt", GET=reading.beside(records.receipt))


def _add_sealed(app: FastAPI, served: Served) -> None:
    service, reading = served.service, served.reading
    door = SealedDoor(
        service.ledger, service.store, served.shelf, served.sharing, served.judge, reading
    )
    path = "/v1/records/{record_id}/sealed/{group}"
    serve_resource(app, path, GET=reading.read_by(door.show), POST=door.add)


def _add_deliveries(app: FastAPI, served: Served) -> None:
    service, reading = served.service, served.reading
    door = DeliveryDoor(
        service.derived, served.shelf, service.clock, state=lambda: service.ledger.state
    )
    monthly = reading.read_by(door.monthly, first=door.await_entries)
    differences = reading.read_by(door.differences, first=door.await_entries)
    serve_resource(app, "/v1/deliveries/monthly", GET=monthly)
    serve_resource(app, "/v1/deliveries/differences", GET=differences)
    serve_resource(app, "/v1/records/{record_id}/flags", GET=reading.read_by(door.flags))
    reports = ReportDoor(service.ledger, served.shelf, service.anchor_text, flags=door.flags_beside)
    serve_resource(app, "/v1/records/{record_id}/report", GET=reading.read_by(reports.report))
    sampling = SamplingDoor(
        service.derived,
        served.shelf,
        service.clock,
        parameters=lambda: service.ledger.fold.parameters.get(SAMPLING),
    )
    told = reading.read_by(sampling.sampling, first=sampling.await_entries)
    serve_resource(app, "/v1/sampling", GET=told)


def _add_alarms(app: FastAPI, served: Served) -> None:
    service, reading = served.service, served.reading
    sight = AlarmSight(service.store, served.sharing, served.shelf, service.config.origin)
    door = AlarmDoor(service.anomaly, sight)
    alarms = reading.read_by(door.alarms, first=door.await_entries)
    serve_resource(app, "/v1/alarms", GET=alarms)
    serve_resource(app, "/v1/alarms/{alarm}", GET=reading.read_by(door.show))
    serve_resource(app, "/v1/alarms/{alarm}/plot", GET=reading.read_by(door.plot))
    models = AnomalyDoor(service.trainings, service.training_parts, served.judge, reading)
    base = "/v1/anomaly"
    serve_resource(app, f"{base}/lines", GET=reading.read_by(models.lines))
    listed = reading.read_by(models.models)
    serve_resource(app, f"{base}/models", GET=listed, POST=models.train)
    serve_resource(app, f"{base}/models/{{model}}", GET=reading.read_by(models.model))
    serve_resource(app, f"{base}/jobs/{{job}}", GET=reading.read_by(models.job))
    serve_resource(app, f"{base}/far", GET=reading.read_by(models.far))
    serve_resource(app, f"{base}/rules/preview", POST=models.preview)


def _add_masters(app: FastAPI, served: Served) -> None:
    service = served.service
    door = MastersDoor(service.ledger, served.shelf, service.clock)
    for name, handler in (
        ("relations", door.relations),
        ("sites", door.sites),
        ("parts", door.parts),
        ("specifications", door.specifications),
        ("requirements", door.requirements),
        ("grants", door.grants),
        ("cases", door.cases),
        ("tasks", door.tasks),
    ):
        serve_resource(app, f"/v1/{name}", GET=served.reading.read_by(handler))


def _add_blobs(app: FastAPI, served: Served) -> None:
    service, reading = served.service, served.reading
    blobs = BlobDoor(service.blobs, service.ledger, served.shelf, served.judge, service.base)
    serve_resource(app, "/v1/blobs", POST=blobs.create)
    serve_resource(app, "/v1/blobs/{blob}", PATCH=blobs.append, HEAD=blobs.offset)
    serve_resource(app, "/v1/records/{record_id}/blobs/{blob}", GET=reading.read_by(blobs.read))


def _add_accesses(app: FastAPI, served: Served) -> None:
    service, reading = served.service, served.reading
    door = AccessDoor(AccessBook(service.accesses), served.judge, reading, service.clock)
    serve_resource(app, "/v1/accesses", GET=reading.read_by(door.accesses))
    serve_resource(app, "/v1/access-rules", GET=reading.read_by(door.rules))
    serve_resource(app, "/v1/access-rules/{rule}", PUT=door.put_rule, DELETE=door.drop_rule)
    serve_resource(app, "/v1/access-alerts", GET=reading.read_by(door.alerts))
    path = "/v1/access-alerts/{alert}/acknowledgement"
    serve_resource(app, path, POST=door.acknowledge)


def _add_tallies(app: FastAPI, served: Served) -> None:
    service, reading = served.service, served.reading
    severities = DerivedSeverities(service.derived)
    parts = TallyParts(service.tallies, service.ledger, served.shelf, service.clock, severities)
    door = TallyDoor(parts, served.judge, reading)
    serve_resource(app, "/v1/tallies", GET=reading.read_by(door.listed), POST=door.open)
    path = "/v1/tallies/{tally}"
    serve_resource(app, path, GET=reading.read_by(door.show), DELETE=door.drop)
    serve_resource(app, f"{path}/readings", POST=door.take)
    serve_resource(app, f"{path}/draft", GET=reading.read_by(door.draft))


def _add_erasures(app: FastAPI, served: Served) -> None:
    service, reading = served.service, served.reading
    shelf = KeyShelf(service.folder.shelf)
    door = ErasuresDoor(
        service.ledger, service.store, service.erasing, service.clock, shelf.copies_before
    )
    serve_resource(app, "/v1/erasures", GET=reading.read_by(door.listed))
    serve_resource(app, "/v1/records/{record_id}/purge", GET=reading.read_by(door.report))
    serve_resource(app, "/v1/retention", GET=reading.read_by(door.retention))


def _add_log(app: FastAPI, served: Served) -> None:
    service = served.service
    door = LogDoor(
        service.ledger, service.anchor_text, served.judge, served.published, service.clock
    )
    for path, handler in (
        ("/v1/parties", door.parties),
        ("/v1/proposals", door.proposals),
        ("/v1/types/{name}/{version}", door.record_type),
        ("/v1/parameters", door.parameters),
        ("/v1/parameters/{document:path}", door.parameters_text),
        ("/v1/policies", door.policies),
        ("/v1/policies/{policy}", door.policy_text),
        ("/v1/anchor", door.trust_anchor),
        ("/checkpoint", door.checkpoint),
        ("/tile/{path:path}", door.tile),
        ("/parties/{slug}/did.json", door.did_document),
        ("/v1/openapi.json", _description(app)),
    ):
        serve_resource(app, path, is_open=True, GET=served.reading.beside(handler))


def _add_health(app: FastAPI, service: Service, metrics: Metrics) -> None:
    metrics.note_derived(lambda: service.derived.size, lambda: service.derived.is_well)
    metrics.note_anomaly(lambda: service.anomaly.size, lambda: service.anomaly.is_well)
    metrics.note_trainings(lambda: service.trainings.is_well)
    metrics.note_accesses(service.accesses, lambda: service.digests.digested_ms)
    metrics.note_erasures(service.erasing)
    told = {
        "derived": service.derived.describe,
        "anomaly": service.anomaly.describe,
        "trainings": service.trainings.describe,
        "accesses": service.digests.describe,
        "erasures": service.erasing.describe,
    }
    health = Health(service.ledger, service.store, metrics, told)
    serve_resource(app, "/livez", GET=beside(health.live))
    serve_resource(app, "/readyz", GET=beside(health.ready))
    serve_resource(app, "/metrics", GET=beside(health.figures))


def _description(app: FastAPI) -> Callable[[Request], Response]:
    document = describe_api(app.title, app.version)
    return lambda _: JSONResponse(document, headers={"Cache-Control": "no-cache"})
