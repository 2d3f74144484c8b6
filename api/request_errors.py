"""The errors of signed requests (RFC 9421), before any HTTP status.

::

    RequestError
    +-- MalformedTarget      a public base URL, method or request target outside the form
    +-- SignatureRequired    no signature for this service where one is needed
    +-- MalformedSignature   signature fields that do not have the one accepted form
    +-- MissingComponent     a part of the request that the signature leaves uncovered
    +-- SignatureExpired     created or expires outside the window around the server's time
    |   +-- SignedBeforeStart    ... or created before this service knows which nonces were used
    +-- UnknownKey           a key that may not sign requests on this log
    +-- BadRequestSignature  the signature is not one by this key over this request
    +-- DigestMismatch       Content-Digest is not that of the body
    +-- NonceReplayed        this key has used this nonce inside the window
    +-- NoncesFull           no room to remember one more nonce

Each class carries a stable ``code``; the text may change, the code may not.
"""

from __future__ import annotations

from typing import ClassVar


class RequestError(Exception):
    """Root of the family."""

    code: ClassVar[str] = "request-error"


class MalformedTarget(RequestError):
    """A public base URL, method or request target that does not have the stated form."""

    code = "malformed-target"


class SignatureRequired(RequestError):
    """The request has no signature that is meant for this service."""

    code = "signature-required"


class MalformedSignature(RequestError):
    """Signature fields that are doubled, unreadable or say more or less than they may."""

    code = "malformed-signature"


class MissingComponent(RequestError):
    """The signature leaves a part of the request uncovered that it must cover."""

    code = "signature-missing-component"


class SignatureExpired(RequestError):
    """The signature's times do not fit the server's clock.

    The client learns the server's time, so that it can correct its own clock instead of
    guessing: ``skew_seconds`` is what its time must be moved by.
    """

    code = "signature-expired"

    def __init__(self, message: str, *, server_seconds: int, skew_seconds: int) -> None:
        """Keep the server's time and the distance to it beside the message."""
        super().__init__(message)
        self.server_seconds = server_seconds
        self.skew_seconds = skew_seconds


class SignedBeforeStart(SignatureExpired):
    """The request was signed before this process started, which remembers no nonce of then."""

    code = "signature-before-start"


class UnknownKey(RequestError):
    """The key is not one that may sign requests on this log now."""

    code = "unknown-key"


class BadRequestSignature(RequestError):
    """The signature is not one by the named key over this request."""

    code = "bad-request-signature"


class DigestMismatch(RequestError):
    """Content-Digest lacks a SHA-256 digest or states that of another body."""

    code = "digest-mismatch"


class NonceReplayed(RequestError):
    """This key has already used this nonce inside the window."""

    code = "nonce-replayed"


class NoncesFull(RequestError):
    """There is no room to remember one more nonce; the request was not admitted."""

    code = "nonces-full"
