"""Settings: read once from the environment (``LOTMARK_*``), checked, then passed on."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

HTTP_PORT = 80


class Settings(BaseSettings):
    """How one service runs. ``base_url`` is what clients sign as the target of requests.

    Without a ``database_url`` the log is a SQLite file in the data folder.
    """

    model_config = SettingsConfigDict(env_prefix="LOTMARK_", extra="ignore", frozen=True)

    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    base_url: str = Field(default="", max_length=300)
    database_url: str = Field(default="", max_length=2_000, repr=False)
    blobs: Path | None = None
    shelf: Path | None = None
    check_processes: int = Field(default=2, ge=0, le=64)
    party_records_per_s: float = Field(default=5_000, gt=0)
    party_bytes_per_s: float = Field(default=32 * 1024 * 1024, gt=0)
    party_reads_per_s: float = Field(default=500, gt=0)
    address_reads_per_s: float = Field(default=1_000, gt=0)
    waiting_records: int = Field(default=40_000, ge=1, le=50_000)
    connections: int = Field(default=800, ge=1)
    connections_per_address: int = Field(default=400, ge=1)
    head_seconds: float = Field(default=10, gt=0)
    idle_seconds: int = Field(default=15, ge=1)
    body_seconds: float = Field(default=15, gt=0)
    body_bytes_per_s: float = Field(default=4_096, gt=0)
    answer_seconds: float = Field(default=20, gt=0)
    answer_bytes_per_s: float = Field(default=4_096, gt=0)
    unread_bytes: int = Field(default=256 * 1024 * 1024, ge=1)
    waiting_bytes: int = Field(default=512 * 1024 * 1024, ge=1)
    require_witnesses: bool = False
    service_key: str = Field(default="", max_length=2_000, repr=False)
    access_retention_days: int = Field(default=1_095, ge=1, le=36_500)

    @property
    def public_url(self) -> str:
        """The address clients use, without a slash at the end."""
        if self.base_url:
            return self.base_url.rstrip("/")
        host = f"[{self.host}]" if _is_ipv6(self.host) else self.host
        return f"http://{host}" if self.port == HTTP_PORT else f"http://{host}:{self.port}"


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
