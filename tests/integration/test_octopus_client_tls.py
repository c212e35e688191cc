"""Whom the client trusts: certificates, and addresses that speak no TLS."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from aiohttp import web

from tests.octopus_server import Server, answers, assert_no_key, client_of, serving
from worker.octopus import errors


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", "/CN=octopus", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


async def test_a_certificate_is_trusted_only_if_we_were_told(server: Server, certificate: tuple[Path, Path]) -> None:
    server.handler = answers(web.json_response({"Version": "2026.3.15581"}))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*certificate)
    async with serving(server.handle, tls) as url:
        async with client_of(url) as octopus:
            with pytest.raises(errors.Unreachable, match="set ca_file") as caught:
                await octopus.server()
            assert octopus.requests == 1, "trying again at once cannot help"
        assert_no_key(caught.value)
        assert server.seen == []
        for settings in ({"ca_file": str(certificate[0])}, {"verify_tls": False}):
            async with client_of(url, **settings) as octopus:
                assert str((await octopus.server()).version) == "2026.3.15581"


async def test_https_where_http_is_spoken_says_so(server: Server) -> None:
    async with client_of(server.url.replace("http:", "https:")) as octopus:
        with pytest.raises(errors.Unreachable, match="is it https"):
            await octopus.server()


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_ca_file_that_is_none_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValueError, match=r"ca\.pem"):
        client_of("https://octopus.example.com", ca_file=str(file))
