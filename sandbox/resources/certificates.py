"""Certificates: uploaded, made, replaced, archived and exported.

A certificate's data can be set once; `replace` puts new data under the same id and leaves the old ones as an archived
certificate of its own (Octopus API reference, 2026). What is said of a certificate is read from its data where the
standard library allows (`sandbox.x509`).
"""

from __future__ import annotations

import base64
from datetime import datetime
from functools import partial
from typing import Any

from sandbox import crud, secrets, texts, x509
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Reference, Save, declare, own
from sandbox.paging import natural_id, page, select
from sandbox.resources import certificate_usages
from sandbox.routing import Answer, Call, Router
from sandbox.self_signed import self_signed
from sandbox.shapes import NAME, TENANTED
from sandbox.store import Document, Write

__all__ = ["CERTIFICATES", "add_routes"]

DATA = "CertificateData"
_READ: Document = {
    "CertificateDataFormat": "Unknown",
    "SubjectDistinguishedName": None,
    "SubjectCommonName": None,
    "SubjectOrganization": None,
    "IssuerDistinguishedName": None,
    "IssuerCommonName": None,
    "IssuerOrganization": None,
    "SelfSigned": False,
    "Thumbprint": None,
    "NotBefore": None,
    "NotAfter": None,
    "IsExpired": False,
    "HasPrivateKey": False,
    "Version": 0,
    "SerialNumber": None,
    "SignatureAlgorithmName": None,
    "SubjectAlternativeNames": [],
    "CertificateChain": [],
}


def _prepare(save: Save) -> None:
    if save.before is None:
        save.after |= _what_it_says(_new_value(save.after[DATA]))
    _check_name(save)


def _new_value(value: Document) -> str:
    given = {key.lower(): item for key, item in value.items()}.get("newvalue")
    if not isinstance(given, str) or not given:
        raise bad_request(texts.required(DATA))
    return given


def _check_name(save: Save) -> None:
    """(?) Archived certificates share their names with anybody."""
    name = save.after["Name"].casefold()
    for other in save.call.scope.collection("certificates").values():
        if other["Id"] != save.after["Id"] and not other["Archived"] and other["Name"].casefold() == name:
            raise bad_request(texts.name_taken("certificate"))


def _what_it_says(data: str) -> Document:
    """The read-only properties that follow from the data."""
    upload = x509.read(data)
    said = {
        **_READ,
        "CertificateDataFormat": upload.format,
        "Thumbprint": upload.thumbprint,
        "HasPrivateKey": upload.has_private_key,
    }
    if not upload.certificates:
        return said
    first, *chain = upload.certificates
    subject, issuer = dict(first.subject), dict(first.issuer)
    return said | {
        "SubjectDistinguishedName": _distinguished(first.subject),
        "SubjectCommonName": subject.get("CN"),
        "SubjectOrganization": subject.get("O"),
        "IssuerDistinguishedName": _distinguished(first.issuer),
        "IssuerCommonName": issuer.get("CN"),
        "IssuerOrganization": issuer.get("O"),
        "SelfSigned": first.subject == first.issuer,
        "NotBefore": _iso(first.not_before),
        "NotAfter": _iso(first.not_after),
        "Version": first.version,
        "SerialNumber": first.serial,
        "SignatureAlgorithmName": first.signature,
        "SubjectAlternativeNames": list(first.alternative_names),
        "CertificateChain": [_link_of_chain(one) for one in chain],
    }


def _link_of_chain(one: x509.Certificate) -> Document:
    return {
        "SubjectDistinguishedName": _distinguished(one.subject),
        "IssuerDistinguishedName": _distinguished(one.issuer),
        "NotBefore": _iso(one.not_before),
        "NotAfter": _iso(one.not_after),
        "SerialNumber": one.serial,
        "SignatureAlgorithmName": one.signature,
        "Thumbprint": one.thumbprint,
        "Version": one.version,
    }


def _distinguished(name: tuple[tuple[str, str], ...]) -> str:
    """`CN=shop.example, O=Shop`: .NET reads the parts from the last to the first."""
    return ", ".join(f"{key}={value}" for key, value in reversed(name))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _shown(call: Call, certificate: Document) -> Document:
    expired = bool(certificate.get("NotAfter")) and datetime.fromisoformat(certificate["NotAfter"]) < call.store.clock()
    return {**certificate, "IsExpired": expired}


def _deleting(call: Call, certificate: Document) -> list[Write]:
    """Refused while a variable holds it; targets and tenants say so themselves. A variable that a release froze does
    not hold it (Octopus' documentation of certificates)."""
    names = [f"'{owner['Name']}'" for owner in certificate_usages.variable_owners(call, certificate["Id"])]
    if names:
        raise bad_request(texts.in_use("certificate", "variable sets", names))
    return []


_SEARCHED = ("Name", "SubjectDistinguishedName", "Thumbprint")


def _matches(certificate: Document, values: list[str]) -> bool:
    texts_of = [str(certificate.get(name) or "").casefold() for name in _SEARCHED]
    return any(value.casefold() in text for value in values for text in texts_of)


CERTIFICATES = declare(
    Kind(
        collection="certificates",
        prefix="Certificates",
        name="Certificate",
        fields=(
            NAME,
            Field("Notes", max_length=10240),
            Field(DATA, writable="create", required=True, sensitive=True),
            Field("Password", writable="create", sensitive=True),
            Field("EnvironmentIds", []),
            Field("TenantedDeploymentParticipation", "Untenanted", choices=TENANTED),
            Field("TenantIds", []),
            Field("TenantTags", []),
            own("Archived"),
            own("ReplacedBy"),
            *(own(name, default) for name, default in _READ.items()),
        ),
        take=15,
        order="NotAfter",
        searched=_SEARCHED,
        unique_name=False,
        references=(
            Reference("EnvironmentIds[]", "environments", "block"),
            Reference("TenantIds[]", "tenants", "remove"),
            Reference("TenantTags[]", "tags"),
        ),
        filters={"search": _matches, "tenant": lambda one, values: any(value in one["TenantIds"] for value in values)},
        links={"Usages": "certificates/{Id}/usages", "Export": "certificates/{Id}/export"},
        routes=("create",),
        prepare=_prepare,
        deleting=_deleting,
        shown=_shown,
    )
)


def add_routes(router: Router) -> None:
    crud.add_routes(router, CERTIFICATES)
    for method, template, handler in (
        ("GET", "certificates", _list),
        ("GET", "certificates/all", _all),
        ("GET", "certificates/{id}", lambda call: Answer(crud.show(call, CERTIFICATES, _find(call)))),
        ("PUT", "certificates/{id}", _put),
        ("DELETE", "certificates/{id}", _delete),
        ("POST", "certificates/generate", _generate),
        ("POST", "certificates/{id}/replace", _replace),
        ("POST", "certificates/{id}/archive", lambda call: _archive(call, archived=True)),
        ("POST", "certificates/{id}/unarchive", lambda call: _archive(call, archived=False)),
        ("GET", "certificates/{id}/export", _export),
        ("GET", "certificates/{id}/usages", lambda call: Answer(certificate_usages.usages(call, _find(call)))),
    ):
        router.add(method, template, handler)


def _find(call: Call) -> Document:
    """By id or thumbprint."""
    wanted = call.params["id"].casefold()
    for one in call.scope.collection("certificates").values():
        if str(one["Thumbprint"]).casefold() == wanted and not one["Archived"] and one["Id"] not in call.store.hidden:
            return one
    return crud.find(call, CERTIFICATES, call.params["id"])


def _list(call: Call) -> Answer:
    """A page of those that are not archived, or with `archived=true` of those that are.

    The first to expire comes first, with `orderBy=recent` (?) the last one made; `firstResult` is an id that is shown
    besides (server Swagger 2026.1).
    """
    archived = (call.argument("archived") or "").lower() == "true"
    certificates = call.scope.collection("certificates").values()
    chosen = select(call, CERTIFICATES, [one for one in certificates if bool(one["Archived"]) == archived])
    if (call.argument("orderBy") or "").lower() == "recent":
        chosen.sort(key=lambda one: natural_id(one["Id"]), reverse=True)
    wanted = call.scope.find("certificates", call.argument("firstResult"))
    if wanted and call.sees(wanted) and wanted not in chosen:
        chosen.insert(0, wanted)
    shown = partial(crud.show, call, CERTIFICATES)
    return page(call, CERTIFICATES.name, CERTIFICATES.collection, chosen, CERTIFICATES.take, shown)


def _all(call: Call) -> Answer:
    """Those that are not archived; all that are asked for by id (?)."""
    certificates = call.scope.collection("certificates").values()
    listed = [one for one in certificates if "ids" in call.query or not one["Archived"]]
    return crud.all_of(call, CERTIFICATES, listed)


def _put(call: Call) -> Answer:
    return Answer(crud.show(call, CERTIFICATES, crud.update(call, CERTIFICATES, _find(call), call.json())))


def _delete(call: Call) -> Answer:
    crud.delete(call, CERTIFICATES, _find(call))
    return Answer()


def _generate(call: Call) -> Answer:
    """A self-signed certificate. Whatever curve is asked for, the key is one of P-256."""
    body = call.json()
    subject = {"CN": body.get("SubjectCommonName"), "O": body.get("SubjectOrganization")}
    if not any(subject.values()):
        raise bad_request("Please provide a value for SubjectCommonName or SubjectOrganization.")
    text = self_signed(
        {key: str(one) for key, one in subject.items() if one}, call.store.next_guid(), call.store.clock()
    )
    data = {"HasValue": True, "NewValue": base64.b64encode(text.encode()).decode()}
    return Answer(crud.show(call, CERTIFICATES, crud.create(call, CERTIFICATES, {**body, DATA: data})))


def _replace(call: Call) -> Answer:
    """Plain strings, where an upload has SensitiveValues. The old data go to an archived certificate."""
    before, body = _find(call), call.json()
    data, password = body.get(DATA), body.get("Password")
    if not isinstance(data, str) or not data:
        raise bad_request(texts.required(DATA))
    if password is not None and not isinstance(password, str):
        raise bad_request(texts.wrong_type(password, "Password"))
    if before["Archived"]:
        raise bad_request("An archived certificate cannot be replaced.")
    now = _iso(call.store.clock())
    old = {**before, "Id": call.store.next_id(CERTIFICATES.prefix), "Archived": now, "ReplacedBy": before["Id"]}
    new = {**before, **_what_it_says(data), "Password": {**secrets.EMPTY, "HasValue": bool(password)}}
    taken = {DATA: data} | ({"Password": password} if password else {})
    writes = [
        Write("certificates", before, new, taken),
        Write("certificates", None, old, call.store.secrets_of(before["Id"]), side_effect=True),
    ]
    call.store.commit(call.space_id, writes, call.actor)
    return Answer(crud.show(call, CERTIFICATES, new))


def _archive(call: Call, *, archived: bool) -> Answer:
    before = crud.find(call, CERTIFICATES, call.params["id"])
    if not archived and before["ReplacedBy"]:
        raise bad_request("You cannot unarchive a certificate that has been replaced.")
    after = {**before, "Archived": _iso(call.store.clock()) if archived else None}
    if bool(before["Archived"]) != archived:
        call.store.commit(call.space_id, [Write("certificates", before, after)], call.actor)
    return Answer()


def _export(call: Call) -> Answer:
    """The data in a format; without one as they were uploaded. Raises ApiError 400 for what cannot be converted."""
    certificate = _find(call)
    upload = x509.read(call.store.secret(certificate["Id"], DATA) or "")
    asked = (call.argument("format") or upload.format).lower()
    with_key = (call.argument("includePrivateKey") or "").lower() == "true"
    if with_key and not upload.has_private_key:
        raise bad_request("The certificate has no private key.")
    if asked == "pkcs12" and upload.format == "Pkcs12":
        return _file(upload.data, certificate, "pfx")
    if not upload.certificates or asked not in ("pem", "der"):
        raise bad_request(f"The certificate cannot be exported as {asked}.")
    if asked == "der":
        return _file(upload.certificates[0].der, certificate, "der")
    chosen: tuple[Any, ...] = upload.certificates
    options = (call.argument("pemOptions") or "PrimaryOnly").lower()
    chosen = {"primaryonly": chosen[:1], "chainonly": chosen[1:]}.get(options, chosen)
    text = "".join(x509.pem("CERTIFICATE", one.der) for one in chosen)
    return _file(text.encode() + (x509.private_key(upload.data) if with_key else b""), certificate, "pem")


def _file(data: bytes, certificate: Document, ending: str) -> Answer:
    disposition = f'attachment; filename="{certificate["Thumbprint"]}.{ending}"'
    headers = {"Content-Disposition": disposition}
    return Answer(raw=data, content_type="application/octet-stream", headers=headers)
