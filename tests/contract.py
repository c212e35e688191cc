"""What the whole suite says over HTTP, held to the server's own Swagger.

With `OCTOSYNC_CONTRACT_LOG` naming a folder (`make test` does), every sandbox that a test starts, in its own process or
as another one, notes what it is asked and what it answers (`contract_recorder`), and when all tests have run the union
is checked: every request of our client (User-Agent `octosync/…`) must be one that Swagger 2026.1 has, with a body that
it would take, and every answer of a sandbox that plays that release must be one that it describes. The outcome is
reported as one more test.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from contract_recorder import ID, OF_PROCESSES, Recorder
from octopus_samples import NO_SAMPLES, SAMPLES, swagger_of
from swagger import Operation, Swagger

import sandbox.server

__all__ = ["Contract", "ContractPlugin", "Finding"]

RELEASE = "2026.1.9674"
HOOK = Path(__file__).with_name("contract_process")

# -- what Swagger is known to have wrong, or the sandbox leaves out on purpose ----------------------------------------

# Routes that real servers have and Swagger 2026.1 does not, as "METHOD /path". Reasons beside them.
ROUTES_BEYOND: dict[str, str] = {}

_BARE_ARRAY = "our client asks for a bare array as it asks for a page; servers ignore what they do not know"
_LINK_TEMPLATES = "Swagger leaves it out; the link templates at the root of real servers have it"
# Query parameters that Swagger does not name, by the end of the route ("" = any).
QUERY_BEYOND: dict[str, dict[str, str]] = {
    "": {"apikey": "the API key in the query, which its security definitions have"},
    **{end: {"take": _BARE_ARRAY} for end in ("/all", "/search", "/usage", "/versions", "/events/groups")},
    "/teams": {"includeSystem": _LINK_TEMPLATES},
    "/runbookSnapshots": {"publish": _LINK_TEMPLATES},
    "/packages/raw": {"overwriteMode": _LINK_TEMPLATES},
    "/events": {"spaces": _LINK_TEMPLATES, "includeSystem": _LINK_TEMPLATES},
}

# Properties of a body that Swagger calls required and servers do not ask for: bound from the route.
NOT_ASKED_FOR: dict[str, str] = {
    "SpaceId": "bound from the route; Octopus' own clients leave it out",
    "Id": "bound from the route",
}

# Violations by answers, as (part of the route, part of the violation): reason.
_ALL_FEEDS = "Swagger shows the class of all feeds' packages"
_TOGGLES = "Swagger shows what tells of a page of the configuration; under this id clients get the toggles themselves"
_STEP_PACKAGES = "as on actions, from which step templates are made and into which they go"
ANSWERS_BEYOND: dict[tuple[str, str], str] = {
    ("/configuration/{id}", "'Description'"): _TOGGLES,
    ("/configuration/{id}", "'Name'"): _TOGGLES,
    ("/configuration/{id}", "'FeatureToggles'"): _TOGGLES,
    ("actiontemplate", "'Inputs'"): _STEP_PACKAGES,
    ("actiontemplate", "'StepPackageVersion'"): _STEP_PACKAGES,
    ("/packages/{id}", "'Hash', 'PackageSizeBytes'"): _ALL_FEEDS,
    ("/feeds/{feedId}/packages", "'Hash', 'PackageSizeBytes'"): _ALL_FEEDS,
    ("deploymentprocesses", "Steps.Actions.Inputs"): "of a step package, which has inputs of its own",
    (
        "deploymentfreezes",
        "RecurringSchedule",
    ): "one of several kinds of schedules; Swagger shows what all of them have",
    ("actiontemplates", "Parameters.DefaultValue"): "templates of old servers hold numbers; kept as they were sent",
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    route: str
    what: str

    def __str__(self) -> str:
        return f"{self.route}  {self.what}"


@dataclass(slots=True)
class Contract:
    """The check of what was noted. `routes` are those of our client, each once; `processes` the sandboxes that ran as
    processes of their own and were asked something."""

    swagger: Swagger
    processes: int = 0
    routes: set[str] = field(default_factory=set)
    requests: int = 0
    answers: int = 0
    findings: set[Finding] = field(default_factory=set)

    def check(self, line: dict[str, Any]) -> None:
        """Hold one noted exchange to Swagger."""
        method, path = line["method"], line["path"]
        operation = self.swagger.operation(method, path)
        if line["client"]:
            self._check_request(operation, line, f"{method} {ID.sub('{id}', path)}")
        if operation and line["version"] == RELEASE and line["got"] is not None:
            self._check_answer(operation, line["status"], line["got"])

    def _check_request(self, operation: Operation | None, line: dict[str, Any], shown: str) -> None:
        self.requests += 1
        if operation is None:
            self.routes.add(shown)
            if shown not in ROUTES_BEYOND:
                self.findings.add(Finding(shown, f"is no route of Swagger {self.swagger.version}"))
            return
        route = f"{operation.method} {operation.template}"
        self.routes.add(route)
        ends = (names for end, names in QUERY_BEYOND.items() if operation.template.endswith(end))
        beyond = {name.lower() for names in ends for name in names}
        for name in line["query"]:
            if name.lower() not in operation.query | beyond:
                self.findings.add(Finding(route, f"does not know the parameter {name}"))
        if line["sent"] is not None and line["status"] < 400:
            for wrong in self._wrong_in_body(operation, line["sent"]):
                self.findings.add(Finding(route, f"would not take our body: {wrong}"))

    def _wrong_in_body(self, operation: Operation, body: Any) -> set[str]:
        """A body may hold what the command has, and what the server itself gave for the resource: clients send back
        what they read, Octopus' own ones do."""
        if operation.body is None:
            return {"it takes none"}
        command = self.swagger.resolved(operation.body)
        given = self.swagger.properties(operation.answer) if operation.answer else {}
        schema = {**command, "properties": {**given, **command.get("properties", {})}}
        schema["required"] = [name for name in command.get("required", []) if name not in NOT_ASKED_FOR]
        if not schema["required"]:
            del schema["required"]
        return self.swagger.violations({"$ref": "#/definitions/_body"}, body, _body=schema)

    def _check_answer(self, operation: Operation, status: int, body: Any) -> None:
        self.answers += 1
        route = f"{operation.method} {operation.template}"
        schema = {"$ref": "#/definitions/Error"} if status >= 400 else operation.answers.get(status)
        if status < 400 and status not in operation.answers:
            self.findings.add(Finding(route, f"answers {sorted(operation.answers)}, not {status}"))
        if schema is None:
            return
        for wrong in self.swagger.violations(schema, body):
            if not any(part in route and known in wrong for part, known in ANSWERS_BEYOND):
                self.findings.add(Finding(route, f"does not answer {status} with {wrong}"))

    def __str__(self) -> str:
        return (
            f"{len(self.routes)} routes of the client, {self.requests} different requests and {self.answers} different "
            f"answers held to Swagger {self.swagger.version}, among them those of {self.processes} sandboxes that were "
            f"processes of their own; {len(self.findings)} differ"
        )


def noted(folder: Path) -> Iterator[dict[str, Any]]:
    """Everything that the processes of a run have noted."""
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


class ContractPlugin:
    """Puts the recorder into every process of the run, and checks at the end, in the one that leads it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._patch = pytest.MonkeyPatch()
        self._leads = "PYTEST_XDIST_WORKER" not in os.environ
        self._line = ""

    def pytest_sessionstart(self) -> None:
        if self._leads:
            self._folder.mkdir(parents=True, exist_ok=True)
            for old in self._folder.glob("*.jsonl"):
                old.unlink()
        recorder = Recorder(self._folder, os.environ.get("PYTEST_XDIST_WORKER", "main"))
        self._patch.setattr(sandbox.server, "create_app", recorder.create_app)
        self._patch.setattr(subprocess.Popen, "__init__", self._starting(subprocess.Popen.__init__))

    def _starting(self, start: Any) -> Any:
        """How a process is started, with the recorder in it whatever environment the test gives."""

        def init(process: Any, *arguments: Any, **more: Any) -> None:
            given = dict(os.environ if more.get("env") is None else more["env"])
            path = [str(HOOK), *filter(None, [given.get("PYTHONPATH")])]
            more["env"] = {OF_PROCESSES: str(self._folder.resolve()), **given, "PYTHONPATH": os.pathsep.join(path)}
            start(process, *arguments, **more)

        return init

    def pytest_sessionfinish(self) -> None:
        self._patch.undo()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        result = yield
        if self._leads and not session.config.option.collectonly:
            self._report(session.config)
        return result

    def _report(self, config: pytest.Config) -> None:
        name = "tests/contract.py::the_whole_suite_keeps_the_contract"
        outcome, text = "skipped", NO_SAMPLES
        if SAMPLES.is_dir():
            contract = Contract(swagger_of(RELEASE), len([*self._folder.glob("process-*.jsonl")]))
            for line in noted(self._folder):
                contract.check(line)
            self._line = str(contract)
            outcome = "failed" if contract.findings else "passed"
            text = "\n".join([self._line, *map(str, sorted(contract.findings))])
        report = pytest.TestReport(
            nodeid=name,
            location=("tests/contract.py", 0, name.rsplit("::", 1)[1]),
            keywords={},
            outcome=outcome,  # type: ignore[arg-type]  # one of the three words, chosen above
            longrepr=("tests/contract.py", 0, text) if outcome == "skipped" else text,
            when="call",
        )
        config.hook.pytest_runtest_logreport(report=report)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._line:
            terminalreporter.write_sep("-", "contract")
            terminalreporter.write_line(self._line)
