"""The JSON Schema of scenarios, made from the models."""

from __future__ import annotations

import json
from typing import Any

from simulator.scenario.scenario import Scenario

__all__ = ["schema_text"]


def schema_text() -> str:
    """Return the schema as the text of its file, ``scenarios/scenario.schema.json``."""
    schema = Scenario.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    properties = schema["properties"]
    (commissioner,) = properties["commissioners"]["patternProperties"].values()
    properties["council"] = {**commissioner, "description": "The only commissioner, in short."}
    properties["extends"] = {
        "type": "string",
        "description": "A parent scenario file, relative to this one; this file is laid over it.",
    }
    # A file that extends another may leave out anything the parent says.
    schema["anyOf"] = [
        {"required": ["extends"]},
        {"required": [*(k for k in schema["required"] if k != "commissioners"), "commissioners"]},
        {"required": [*(k for k in schema["required"] if k != "commissioners"), "council"]},
    ]
    del schema["required"]
    _close(schema)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _close(schema: Any) -> None:
    """Refuse names that are not identifiers wherever names are free."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema["additionalProperties"] = False
        for value in schema.values():
            _close(value)
    elif isinstance(schema, list):
        for value in schema:
            _close(value)
