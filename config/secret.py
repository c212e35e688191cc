"""A secret is named in the routes file, never written in it: the name of an environment variable, or of a file.

It is read at the moment it is used, so one that was rotated in a mounted file is taken up without a restart, and a
model that is printed, logged or hashed has nothing to give away.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from pydantic import Field, GetJsonSchemaHandler, ValidationInfo, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from config.model import Model, refuse


class SecretMissingError(Exception):
    """The variable or file that should hold a secret is not there, or is empty. Says which, never what it holds."""


class Secret(Model):
    """Where a secret is to be found: exactly one of ``env`` and ``file``."""

    env: str | None = Field(default=None, min_length=1)
    """Name of an environment variable."""
    file: Path | None = None
    """Path of a file; blanks and line ends around its content do not count. Relative to the routes file."""

    @model_validator(mode="before")
    @classmethod
    def _never_the_secret_itself(cls, data: Any) -> Any:
        if isinstance(data, str):
            raise refuse(
                "a secret is not written into this file", "write {env: NAME_OF_A_VARIABLE} or {file: /path/to/a/file}"
            )
        return data

    @field_validator("env")
    @classmethod
    def _name_of_a_variable(cls, env: str | None) -> str | None:
        if env is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", env):
            # It may be the secret itself, so it is not repeated here.
            raise refuse(
                "this is no name of an environment variable: letters, digits and _ only",
                "put the secret into a variable, and write its name here",
            )
        return env

    @field_validator("file")
    @classmethod
    def _beside_the_routes_file(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        return beside_the_routes_file(file, info)

    @model_validator(mode="after")
    def _exactly_one(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise refuse("a secret has exactly one of `env` and `file`", "keep one of them")
        return self

    def reveal(self) -> str:
        """The secret, read now. Raises :class:`SecretMissingError`."""
        if self.env is not None:
            value, where = os.environ.get(self.env, ""), f"environment variable {self.env}"
        else:
            where = f"file {self.file}"
            try:
                value = Path(str(self.file)).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise SecretMissingError(f"{where} cannot be read: {type(error).__name__}") from None
        if not value.strip():
            raise SecretMissingError(f"{where} is not set, or empty")
        return value.strip()

    def __str__(self) -> str:
        return f"env {self.env}" if self.env is not None else f"file {self.file}"

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema["oneOf"] = [{"required": ["env"]}, {"required": ["file"]}]
        return schema


def beside_the_routes_file(path: Path | None, info: ValidationInfo) -> Path | None:
    """A relative path is meant from the routes file on, when the models are read from one (``context["base"]``)."""
    base = (info.context or {}).get("base")
    return path if path is None or base is None else Path(base) / path
