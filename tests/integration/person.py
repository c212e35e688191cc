"""A person at a command line: the real command, in processes, between two servers in threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

from sandbox.server import Sandbox

OCTOSYNC = [sys.executable, "-c", "from worker.cli.main import main; main()"]


class Person:
    """``rules``: of the route, as YAML in flow style."""

    def __init__(
        self, folder: Path, redis_url: str, source: Sandbox, destination: Sandbox, *, rules: str = "{}"
    ) -> None:
        self.source, self.destination = source, destination
        routes = folder / "octosync.yaml"
        routes.write_text(f"""
instances:
  - {{name: test, url: "{source.url}", api_key: {{env: TEST_KEY}}}}
  - {{name: prod, url: "{destination.url}", api_key: {{env: PROD_KEY}}}}
routes:
  - name: test-to-prod
    source: {{instance: test}}
    destination: {{instance: prod}}
    include: {{project: ["*"]}}
    rules: {rules}
""")
        self.environment = os.environ | {
            "OCTOSYNC_ROUTES": str(routes),
            "OCTOSYNC_REDIS_URL": redis_url,
            "OCTOSYNC_NAMESPACE": f"cli-{uuid4().hex[:8]}",
            "TEST_KEY": source.api_key,
            "PROD_KEY": destination.api_key,
        }

    def types(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*OCTOSYNC, *arguments],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def call(server: Sandbox, path: str, body: dict[str, Any] | None = None, *, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    url = f"{server.url}/api/Spaces-1/{path}"
    request = Request(url, data=data, headers=dict(server.headers), method=method)
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)
