"""A service behind TLS shows a certificate that the machine trusts, on this machine too."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from api.client_errors import ServerUnreachable
from api.client_transport import Effects, Outgoing, Transport

pytestmark = pytest.mark.item("2.7")


class _Alive(BaseHTTPRequestHandler):
    """Answers every question."""

    def do_GET(self) -> None:
        """Say so."""
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"alive\n")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (its name there)
        """Say nothing."""


def _write_certificate(path: Path) -> None:
    """A key and a certificate that nobody but itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "log.example")])
    now = datetime.datetime.now(datetime.UTC)
    local = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1))
    made = made.not_valid_after(now + datetime.timedelta(days=1)).add_extension(local, False)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(pem, form, plain) + made.sign(key, hashes.SHA256()).public_bytes(pem)
    )


@pytest.fixture(params=["http", "https"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A server on this machine, plain or behind a certificate of its own making."""
    with HTTPServer(("127.0.0.1", 0), _Alive) as server:
        if request.param == "https":
            _write_certificate(tmp_path / "own.pem")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tmp_path / "own.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"{request.param}://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_certificate_that_nobody_vouches_for_is_refused(address: str) -> None:
    transport = Transport(address, effects=Effects(wait=lambda _: None))
    try:
        if address.startswith("http:"):
            assert transport.send(Outgoing("GET", "/livez")).body == b"alive\n"
        else:
            with pytest.raises(ServerUnreachable, match="certificate verify failed"):
                transport.send(Outgoing("GET", "/livez"))
    finally:
        transport.close()
