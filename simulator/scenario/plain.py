"""Writing a merged scenario back as YAML that reads to the same values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

__all__ = ["plain_yaml"]


class _Dumper(yaml.SafeDumper):
    """Quotes every text, so that no reader of YAML takes it for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    plain = value.isidentifier() and value.lower() not in {
        *("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"),
    }
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def plain_yaml(tree: Mapping[str, Any]) -> str:
    """Return the tree as YAML, in its own order."""
    return yaml.dump(
        dict(tree),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=False,
    )
