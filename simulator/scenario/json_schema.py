"""The JSON Schema of scenarios, made from the models."""

from __future__ import annotations

import json
from typing import Any

from simulator.scenario.scenario import Scenario
from simulator.scenario.signed import ContractFile

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
    _allow_no_world(schema)
    _close(schema)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _allow_no_world(schema: dict[str, Any]) -> None:
    """Let a file be a whole scenario, contracts without a world, or what extends another file."""
    bare = ContractFile.model_json_schema(by_alias=True)
    schema["$defs"]["Party"] = bare["$defs"]["Party"]
    properties = schema["properties"]
    properties["services"] = {"anyOf": [properties["services"], bare["properties"]["services"]]}
    (provider,) = properties["providers"]["patternProperties"]
    parties = properties["providers"]["patternProperties"]
    parties[provider] = {"anyOf": [parties[provider], {"$ref": "#/$defs/Party"}]}
    ways: list[dict[str, Any]] = [{"required": ["extends"]}]
    for payers in ("commissioners", "council"):
        needed = [key for key in schema["required"] if key != "commissioners"]
        ways.append({"required": [*needed, payers]})
        needed = [key for key in bare["required"] if key != "commissioners"]
        no_world = {"services": {"type": "array"}}
        ways.append({"required": [*needed, payers], "properties": no_world})
    # a file that extends another may leave out anything the parent says
    schema["anyOf"] = ways
    del schema["required"]


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
