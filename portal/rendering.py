"""Turns view-models into HTML answers: the templates, and the fields that guard every page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from portal.languages import LANGUAGES, Language, choose_language, parse_language
from portal.messages import Words
from portal.static_files import StaticFiles

LANGUAGE_COOKIE: Final = "lotmark-language"
LANGUAGE_COOKIE_SECONDS: Final = 365 * 24 * 3600
NO_SCRIPT: Final = "'none'"
OWN_SCRIPT: Final = "'self'"


def security_headers(script_source: str) -> dict[str, str]:
    """What a browser is told about a page: nothing from elsewhere, no connections, no frames.

    That types are not guessed is said of every answer of the service, not of pages alone.
    """
    policy = (
        f"default-src 'none'; script-src {script_source}; style-src 'self'; "
        "img-src 'self' data:; connect-src 'none'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        # What a page says depends on who asks for which language, and on how far the log is.
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language, Cookie",
    }


_COOKIE_FIELD_MAX: Final = 4_096
_COOKIE = re.compile(rf"(?:^|;\s*){LANGUAGE_COOKIE}=([a-z]{{2}})(?=;|$)", re.ASCII)


def language_of(request: Request) -> Language:
    """The language that a request asks for."""
    return choose_language(
        request.query_params.get("lang"),
        _language_cookie(request.headers.get("cookie", "")),
        accepted=request.headers.get("accept-language", ""),
    )


def _language_cookie(field: str) -> str | None:
    # Only this one cookie is looked for: the general parser takes quadratic time on a field
    # of quotation marks, and the field comes from anybody.
    found = _COOKIE.search(field[:_COOKIE_FIELD_MAX])
    return found[1] if found else None


class Renderer:
    """Renders pages in the language of each request."""

    def __init__(self, words: Mapping[Language, Words], files: StaticFiles) -> None:
        """Compile templates on first use."""
        self._words = words
        self._environment = Environment(
            loader=PackageLoader("portal", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["address_of"] = files.address

    def words(self, request: Request) -> Words:
        """The words of the request's language."""
        return self._words[language_of(request)]

    def render(
        self, request: Request, template: str, *, page: Any, script_source: str = NO_SCRIPT
    ) -> HTMLResponse:
        """A page as an answer."""
        words = self.words(request)
        html = self._environment.get_template(template).render(
            page=page,
            words=words,
            t=words.html,
            path=request.url.path,
            languages=_switch(request),
        )
        response = HTMLResponse(html, headers=security_headers(script_source))
        _keep_language(request, response)
        return response


def _switch(request: Request) -> list[tuple[Language, str]]:
    """Each language, and the address of this page in it."""
    asked = dict(request.query_params)
    return [(name, "?" + urlencode({**asked, "lang": name})) for name in LANGUAGES]


def _keep_language(request: Request, response: Response) -> None:
    language = parse_language(request.query_params.get("lang"))
    if language:
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=LANGUAGE_COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
        )
