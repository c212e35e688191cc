"""Certificates of the sandbox: what is read from them, replacing, archiving, exporting."""

from __future__ import annotations

import asyncio
import base64
import shutil
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sandbox_http import Http, http

from sandbox.settings import Settings

# Made with OpenSSL: C=NO, O=Shop, CN=shop.example, two alternative names, P-256.
PEM = """-----BEGIN CERTIFICATE-----
MIIB5jCCAYygAwIBAgIUJ90UwIa2ptSyd8JgZtSV3Y/ZDokwCgYIKoZIzj0EAwIw
MzELMAkGA1UEBhMCTk8xDTALBgNVBAoMBFNob3AxFTATBgNVBAMMDHNob3AuZXhh
bXBsZTAeFw0yNjExMjMwNjExMjBaFw0zNjExMjAwNjExMjBaMDMxCzAJBgNVBAYT
Ak5PMQ0wCwYDVQQKDARTaG9wMRUwEwYDVQQDDAxzaG9wLmV4YW1wbGUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARsay1q0+Wws+22EGyuPom9AECCHkZNUgxv4pDg
4BYNC9Ziw2DO6xWq1BKI2oiNwj51euJwdebz7jk8qUPmusFQo34wfDAdBgNVHQ4E
FgQUbSImZ+iAA2/rD67Qv/7fw71sikIwHwYDVR0jBBgwFoAUbSImZ+iAA2/rD67Q
v/7fw71sikIwDwYDVR0TAQH/BAUwAwEB/zApBgNVHREEIjAgggxzaG9wLmV4YW1w
bGWCEHd3dy5zaG9wLmV4YW1wbGUwCgYIKoZIzj0EAwIDSAAwRQIhAIY7aKq7Fjfn
i1WA5xmiBLUVa2JU3P7DhW9LmV1yLAeVAiBzQYnulc/wtHbdMMloN7RArguZgIRQ
csyqmHgA1EUSoQ==
-----END CERTIFICATE-----
"""
THUMBPRINT = "C8DE3EB77F516237F61BF2DD0EEA8E2052EBA850"
KEY = "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n"


def encoded(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def body(name: str = "Shop", data: str | bytes = PEM, **more: Any) -> dict[str, Any]:
    return {"Name": name, "CertificateData": {"HasValue": True, "NewValue": encoded(data)}, **more}


async def export(api: Http, certificate: Any, query: str = "") -> bytes:
    url = f"{api.sandbox.url}/api/certificates/{certificate['Id']}/export{query}"
    async with aiohttp.ClientSession(headers=api.sandbox.headers) as session, session.get(url) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


async def test_a_certificate_says_what_is_in_it() -> None:
    async with http() as api:
        made = await api.post("certificates", body(data=PEM + KEY))
        assert made["CertificateData"] == {"HasValue": True, "NewValue": None, "Hint": None}
        said = {
            "CertificateDataFormat": "Pem",
            "Thumbprint": THUMBPRINT,
            "SubjectDistinguishedName": "CN=shop.example, O=Shop, C=NO",
            "IssuerCommonName": "shop.example",
            "SubjectOrganization": "Shop",
            "SelfSigned": True,
            "SerialNumber": "27DD14C086B6A6D4B277C26066D495DD8FD90E89",
            "SignatureAlgorithmName": "sha256ECDSA",
            "SubjectAlternativeNames": ["shop.example", "www.shop.example"],
            "NotAfter": "2036-11-20T06:11:20.000+00:00",
            "Version": 3,
            "HasPrivateKey": True,
        }
        assert said.items() <= made.items()
        assert (await api.get(f"certificates/{THUMBPRINT.lower()}"))["Id"] == made["Id"]
        der = await api.post("certificates", body("Der", ssl.PEM_cert_to_DER_cert(PEM)))
        assert (der["CertificateDataFormat"], der["Thumbprint"]) == ("Der", THUMBPRINT)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x30\x82", b"\x30\x03\x02\x01\x03", PEM[:200].encode()])
async def test_what_cannot_be_read_is_kept_all_the_same(data: bytes) -> None:
    async with http() as api:
        if not data:
            await api.refused("POST", "certificates", body(data=data))
            return
        made = await api.post("certificates", body(data=data))
        assert made["CertificateDataFormat"] == ("Pkcs12" if data.endswith(b"\x03") else "Unknown")
        assert len(made["Thumbprint"]) == 40
        assert made["SubjectDistinguishedName"] is None
        await api.refused("GET", f"certificates/{made['Id']}/export?format=Pem")


async def test_a_generated_certificate_is_a_real_one(tmp_path: Path) -> None:
    async with http() as api:
        made = await api.post("certificates/generate", {"Name": "Made", "SubjectCommonName": "made.example"})
        assert made["SubjectCommonName"] == "made.example"
        assert made["SelfSigned"]
        assert made["HasPrivateKey"]
        text = await export(api, made, "?format=Pem&includePrivateKey=true")
        assert b"PRIVATE KEY" in text
        await api.refused("POST", "certificates/generate", {"Name": "Nobody"})
    file = tmp_path / "made.pem"
    file.write_bytes(text)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file)  # raises unless the key is the certificate's
    openssl = shutil.which("openssl")
    if openssl:
        check = await asyncio.create_subprocess_exec(openssl, "verify", "-check_ss_sig", "-CAfile", file, file)
        assert await check.wait() == 0


async def test_a_replaced_certificate_keeps_its_id_and_leaves_the_old_one_archived() -> None:
    async with http() as api:
        made = await api.post("certificates", body("Shop", "first"))
        last = api.sandbox.audit.last_auto_id
        sent = {"Id": made["Id"], "CertificateData": encoded(PEM), "Password": "pw"}
        after = await api.post(f"certificates/{made['Id']}/replace", sent)
        assert (after["Id"], after["Thumbprint"]) == (made["Id"], THUMBPRINT)
        (old,) = (await api.get("certificates?archived=true"))["Items"]
        assert (old["ReplacedBy"], old["Thumbprint"], old["Name"]) == (made["Id"], made["Thumbprint"], "Shop")
        assert old["Archived"]
        assert [one["Id"] for one in await api.get("certificates/all")] == [made["Id"]]
        assert api.sandbox.store.secret(old["Id"], "CertificateData") == encoded("first")
        assert api.sandbox.store.secret(made["Id"], "Password") == "pw"
        told = [(one.entry.category, one.entry.related) for one in api.sandbox.audit.after(last)]
        assert told == [("Modified", (made["Id"],)), ("CertificateReplaced", (made["Id"],))]
        message = await api.refused("POST", f"certificates/{old['Id']}/unarchive")
        assert "You cannot unarchive a certificate that has been replaced." in message
        await api.refused("POST", f"certificates/{made['Id']}/replace", {"Id": made["Id"]})
        await api.refused("POST", f"certificates/{made['Id']}/replace", {"CertificateData": {"NewValue": "x"}})


async def test_an_archived_certificate_is_out_of_sight_until_it_comes_back() -> None:
    async with http() as api:
        made = await api.post("certificates", body())
        await api.ok("POST", f"certificates/{made['Id']}/archive")
        assert (await api.get("certificates"))["Items"] == []
        assert (await api.get(f"certificates/{made['Id']}"))["Archived"]
        again = await api.post("certificates", body())  # the name is free
        await api.refused("POST", "certificates", body())
        await api.delete(f"certificates/{again['Id']}")
        await api.ok("POST", f"certificates/{made['Id']}/unarchive")
        assert [one["Name"] for one in (await api.get("certificates?search=shop.exa"))["Items"]] == ["Shop"]
        assert [one.entry.category for one in api.sandbox.audit.newest_first()][:2] == ["Modified", "Deleted"]


async def test_archiving_was_not_audited_in_2021() -> None:
    """OctopusDeploy/Issues#6901."""
    async with http(Settings(version="2021.2.1290")) as api:
        made = await api.post("certificates", body())
        last = api.sandbox.audit.last_auto_id
        await api.ok("POST", f"certificates/{made['Id']}/archive")
        assert api.sandbox.audit.after(last) == []
        await api.put(f"certificates/{made['Id']}", {**made, "Notes": "n"})
        assert len(api.sandbox.audit.after(last)) == 1


async def test_a_put_cannot_change_the_data() -> None:
    async with http() as api:
        made = await api.post("certificates", body())
        after = await api.put(f"certificates/{made['Id']}", {**body("Renamed", "other"), "Notes": "n"})
        assert (after["Name"], after["Notes"], after["Thumbprint"]) == ("Renamed", "n", THUMBPRINT)
        assert api.sandbox.store.secret(made["Id"], "CertificateData") == encoded(PEM)


async def test_an_export_has_the_key_only_if_asked() -> None:
    async with http() as api:
        made = await api.post("certificates", body(data=PEM + KEY))
        assert await export(api, made) == PEM.encode()
        assert await export(api, made, "?includePrivateKey=true") == (PEM + KEY).encode()
        assert await export(api, made, "?format=Der") == ssl.PEM_cert_to_DER_cert(PEM)
        assert await export(api, made, "?pemOptions=ChainOnly") == b""
        plain = await api.post("certificates", body("Plain"))
        await api.refused("GET", f"certificates/{plain['Id']}/export?includePrivateKey=true")
        await api.refused("GET", f"certificates/{plain['Id']}/export?format=Pkcs12")


async def test_a_certificate_in_use_stays_and_says_by_whom() -> None:
    async with http() as api:
        made = await api.post("certificates", body())
        project = await api.project()
        await api.save_variables(project, [{"Name": "C", "Type": "Certificate", "Value": made["Id"]}])
        usages = await api.get(f"certificates/{made['Id']}/usages")
        assert [one["Id"] for one in usages["ProjectUsages"]] == [project["Id"]]
        assert "'Shop'" in await api.refused("DELETE", f"certificates/{made['Id']}")
        await api.save_variables(project, [])
        environment = await api.environment()
        endpoint = {"CommunicationStyle": "Kubernetes", "ClusterCertificate": made["Id"]}
        machine = {"Name": "k8s", "Roles": ["r"], "EnvironmentIds": [environment["Id"]], "Endpoint": endpoint}
        target = await api.post("machines", machine)
        usages = await api.get(f"certificates/{made['Id']}/usages")
        assert [one["Id"] for one in usages["DeploymentTargetUsages"]] == [target["Id"]]
        await api.refused("DELETE", f"certificates/{made['Id']}")
        await api.delete(f"machines/{target['Id']}")
        await api.delete(f"certificates/{made['Id']}")
