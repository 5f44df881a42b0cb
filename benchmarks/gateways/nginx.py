"""nginx as a plain reverse proxy, to the provider in the clear and by TLS: the floor of all ratios."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.gateways.base import Gateway, Kind, serving
from benchmarks.ground import PROVIDER_MODEL, Ground
from benchmarks.processes import free_port
from benchmarks.shapes import Door

CONFIGURATION = """
worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off; worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
    access_log off; client_body_buffer_size 1m; keepalive_requests 1000000000;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    upstream provider {{ server 127.0.0.1:{provider}; keepalive 256; keepalive_requests 1000000000; }}
    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://provider; }} }}
    {tls}
}}
"""

TLS = """
    proxy_ssl_trusted_certificate {authority}; proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_server_name on;
    proxy_ssl_protocols TLSv1.2 TLSv1.3;
    upstream secure {{ server 127.0.0.1:{provider}; keepalive 256; keepalive_requests 1000000000; }}
    server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass https://secure; }} }}
"""


def find() -> str | None:
    """The program; Debian keeps it where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def run(ground: Ground) -> Iterator[Gateway]:
    program = find() or "nginx"
    door, tls_door = Door(free_port(), PROVIDER_MODEL), Door(free_port(), PROVIDER_MODEL)
    tls = (
        TLS.format(authority=ground.authority, provider=ground.tls_port, port=tls_door.port) if ground.tls_port else ""
    )
    configuration = ground.folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=ground.folder, provider=ground.port, port=door.port, tls=tls))
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
    command = [program, "-c", str(configuration), "-p", str(ground.folder)]
    with serving(ground, "nginx", command, door) as (pid, start_s):
        yield Gateway(
            name="nginx",
            title=f"nginx {said.strip().rpartition('/')[2]}",
            pid=pid,
            door=door,
            tls_door=tls_door if ground.tls_port else None,
            start_s=start_s,
        )


NGINX = Kind(name="nginx", absent=lambda: None if find() else "nginx is not installed", run=run)
