"""The library: variable sets and script modules (one kind, two content types), tag sets, step templates, certificates,
git credentials."""

from __future__ import annotations

from sandbox import crud, texts
from sandbox.errors import bad_request
from sandbox.kind import Field, Kind, Reference, Save, declare, own
from sandbox.resources import tenant_values, variables
from sandbox.resources.environments import last_sort_order, sort_documents
from sandbox.routing import Answer, Call, Router
from sandbox.shapes import NAME, TENANTED, filled, git_dependencies, objects, packages, templates
from sandbox.store import Document, Write
from sandbox.tags import used_by

__all__ = ["ACTION_TEMPLATES", "CERTIFICATES", "GIT_CREDENTIALS", "LIBRARY_SETS", "TAG_SETS", "add_routes"]


def _prepare_library_set(save: Save) -> None:
    library_set = save.after
    library_set["Templates"] = templates(library_set["Templates"], save.call.store.next_guid)
    library_set["VariableSetId"] = variables.set_id(library_set["Id"])
    library_set["Version"] = save.before["Version"] + 1 if save.before else 0


def _with_variable_set(save: Save) -> list[Write]:
    return [variables.new_set(save.call, save.after["Id"])]


def _delete_library_set(call: Call, library_set: Document) -> list[Write]:
    variable_set = call.find("variables", library_set["VariableSetId"])
    values = tenant_values.without_owner(call, library_set["Id"])
    return [Write("variables", variable_set, None, side_effect=True), *values]


def _has_content(library_set: Document, values: list[str]) -> bool:
    return library_set["ContentType"].lower() in {value.lower() for value in values}


LIBRARY_SETS = declare(
    Kind(
        collection="libraryvariablesets",
        prefix="LibraryVariableSets",
        name="LibraryVariableSet",
        fields=(
            NAME,
            Field("Description"),
            Field("ContentType", "Variables", writable="create", choices=("Variables", "ScriptModule")),
            own("VariableSetId"),
            Field("Templates", []),
            own("Version", 0),
        ),
        unique_within=("ContentType",),  # (?) whether one name may serve both content types
        links={"Variables": "variables/{VariableSetId}"},
        filters={"contentType": _has_content},
        prepare=_prepare_library_set,
        created=_with_variable_set,
        deleting=_delete_library_set,
    )
)


def _prepare_tag_set(save: Save) -> None:
    last_sort_order(save)
    tag_set, call = save.after, save.call
    tags: list[Document] = []
    for place, given in enumerate(objects(tag_set["Tags"], "Tags")):
        tag = filled(given, {"Id": "", "Name": "", "Description": None, "Color": "#6e6e6e", "SortOrder": place})
        tag["Name"] = str(tag["Name"]).strip()
        if not tag["Name"]:
            raise bad_request(texts.required("Tags.Name"))
        if any(other["Name"].casefold() == tag["Name"].casefold() for other in tags):
            raise bad_request(texts.name_taken("Tag", tag["Name"]))
        tag["Id"] = tag["Id"] or f"{tag_set['Id']}/{call.store.next_id('Tags')}"
        tags.append(tag)
    if tag_set["Type"] == "FreeText" and tags:
        raise bad_request("A tag set of type FreeText has no tags of its own.")
    _check_unused(call, save.before or {"Tags": []}, {tag["Id"] for tag in tags})
    tag_set["Tags"] = tags


def _check_unused(call: Call, tag_set: Document, kept: set[str]) -> None:
    """A tag that goes must not be used by anything any more (OctopusDeploy/Issues#3436)."""
    for tag in tag_set["Tags"]:
        names = [] if tag["Id"] in kept else [f"'{name}'" for name in used_by(call, tag["Id"])]
        if names:
            raise bad_request(texts.in_use(f"tag '{tag['Name']}'", "documents", names))


def _delete_tag_set(call: Call, tag_set: Document) -> list[Write]:
    _check_unused(call, tag_set, set())
    return []


def _shown_tag_set(_call: Call, tag_set: Document) -> Document:
    named = [{**tag, "CanonicalTagName": f"{tag_set['Name']}/{tag['Name']}"} for tag in tag_set["Tags"]]
    return {**tag_set, "Tags": named}


TAG_SETS = declare(
    Kind(
        collection="tagsets",
        prefix="TagSets",
        name="TagSet",
        fields=(
            NAME,
            Field("Description"),
            Field("SortOrder", 0),
            Field("Tags", []),
            Field("Type", "MultiSelect", choices=("MultiSelect", "SingleSelect", "FreeText")),
            Field("Scopes", ["Tenant"]),
        ),
        order="SortOrder",
        prepare=_prepare_tag_set,
        deleting=_delete_tag_set,
        shown=_shown_tag_set,
    )
)


def _prepare_action_template(save: Save) -> None:
    template, guid = save.after, save.call.store.next_guid
    if template["CommunityActionTemplateId"]:
        raise bad_request("Only custom templates can be directly updated")
    template["Parameters"] = templates(template["Parameters"], guid, "Parameters")
    template["Packages"] = packages(template["Packages"], guid)
    template["GitDependencies"] = git_dependencies(template["GitDependencies"])
    template["Version"] = save.before["Version"] + 1 if save.before else 0
    unknown = [
        package["FeedId"]
        for package in template["Packages"]
        if package["FeedId"] and "#{" not in package["FeedId"] and not save.call.scope.find("feeds", package["FeedId"])
    ]
    if unknown:
        raise bad_request(f"The following Feed Ids cannot be found: {', '.join(unknown)}")


ACTION_TEMPLATES = declare(
    Kind(
        collection="actiontemplates",
        prefix="ActionTemplates",
        name="ActionTemplate",
        fields=(
            NAME,
            Field("Description"),
            Field("ActionType", writable="create", required=True),
            own("Version", 0),
            own("CommunityActionTemplateId"),
            Field("Properties", {}),
            Field("Packages", []),
            Field("GitDependencies", []),
            Field("Parameters", []),
            Field("StepPackageVersion"),
            Field("Inputs"),
        ),
        prepare=_prepare_action_template,
    )
)

CERTIFICATES = declare(
    Kind(
        collection="certificates",
        prefix="Certificates",
        name="Certificate",
        fields=(
            NAME,
            Field("Notes", max_length=10240),
            Field("CertificateData", writable="create", required=True, sensitive=True),
            Field("Password", writable="create", sensitive=True),
            Field("EnvironmentIds", []),
            Field("TenantedDeploymentParticipation", "Untenanted", choices=TENANTED),
            Field("TenantIds", []),
            Field("TenantTags", []),
            own("CertificateDataFormat", "Unknown"),
            own("Archived"),
            own("ReplacedBy"),
            own("Thumbprint"),
            own("IsExpired", False),
            own("HasPrivateKey", False),
            own("Version", 0),
        ),
        references=(
            Reference("EnvironmentIds[]", "environments", "remove"),
            Reference("TenantIds[]", "tenants", "remove"),
            Reference("TenantTags[]", "tags"),
        ),
    )
)


def _prepare_git_credential(save: Save) -> None:
    details = filled(save.after["Details"], {"Type": "UsernamePassword", "Username": None, "Password": None})
    for name in ("Username", "Password"):
        if details["Type"] == "UsernamePassword" and not details[name]:
            raise bad_request(texts.required(f"Details.{name}"))
    save.after["Details"] = details
    save.after["RepositoryRestrictions"] = filled(
        save.after["RepositoryRestrictions"], {"Enabled": False, "AllowedRepositories": []}
    )


GIT_CREDENTIALS = declare(
    Kind(
        collection="git-credentials",
        prefix="GitCredentials",
        name="GitCredential",
        fields=(
            NAME,
            Field("Description"),
            Field("Details", {}, required=True),
            Field("RepositoryRestrictions", {}),
        ),
        scope="named-space",
        name_filter="contains",
        routes=("list", "get", "delete"),
        prepare=_prepare_git_credential,
    )
)


def add_routes(router: Router) -> None:
    for kind in (LIBRARY_SETS, TAG_SETS, ACTION_TEMPLATES, CERTIFICATES, GIT_CREDENTIALS):
        crud.add_routes(router, kind)
    router.add("PUT", "tagsets/sortorder", lambda call: sort_documents(call, TAG_SETS))
    router.add("POST", "git-credentials", _create_git_credential, scope="named-space")
    router.add("PUT", "git-credentials/{id}", _replace_git_credential, scope="named-space")


def _create_git_credential(call: Call) -> Answer:
    """Answers the id and no more (server Swagger 2026.1)."""
    shown = crud.show(call, GIT_CREDENTIALS, crud.create(call, GIT_CREDENTIALS, call.json()))
    return Answer({"Id": shown["Id"], "Links": shown["Links"]}, status=201)


def _replace_git_credential(call: Call) -> Answer:
    crud.update(call, GIT_CREDENTIALS, crud.find(call, GIT_CREDENTIALS, call.params["id"]), call.json())
    return Answer({})
