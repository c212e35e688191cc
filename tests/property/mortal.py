"""A Redis whose client dies: asked before every command, a test says whether the process still lives."""

from __future__ import annotations

from typing import Any

import fakeredis


class MortalRedis(fakeredis.FakeAsyncRedis):
    """A transaction is one command."""

    def check(self) -> None:
        """Raises what the process dies of. For tests to say."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        self.check()
        return await super().execute_command(*args, **options)

    def pipeline(self, *args: Any, **options: Any) -> Any:
        pipe = super().pipeline(*args, **options)
        execute = pipe.execute

        async def checked(*args: Any, **options: Any) -> Any:
            self.check()
            return await execute(*args, **options)

        pipe.execute = checked
        return pipe
