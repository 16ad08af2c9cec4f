"""YAML of recipes: plain values only, of a bounded size whatever its aliases say."""

from __future__ import annotations

from typing import Any

import yaml

MAX_VALUES = 100_000
"""Values that a recipe may hold once its aliases are written out."""


class _Loader(yaml.SafeLoader):
    """Makes no objects, and reads 2026-01-02 as the text that it is: no key of a recipe is a date object."""

    def get_single_node(self) -> yaml.Node | None:
        """The document, unless its aliases make it endless or larger than any recipe."""
        node: yaml.Node | None = super().get_single_node()
        if node is not None and _values(node, {}, set()) > MAX_VALUES:
            raise yaml.YAMLError(f"its aliases (*name) stand for more than {MAX_VALUES:,} values")
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith(":timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> Any:
    """The plain values of a YAML document. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)


def _values(node: yaml.Node, known: dict[int, int], above: set[int]) -> int:
    """Values below a node with aliases written out; each node is counted once. An alias to what holds it: YAMLError."""
    if id(node) in above:
        raise yaml.YAMLError("an alias (*name) stands inside of what it names")
    if id(node) not in known:
        parts = (
            [part for pair in node.value for part in pair]
            if isinstance(node, yaml.MappingNode)
            else node.value
        )
        children = parts if isinstance(node, yaml.CollectionNode) else []
        known[id(node)] = 1 + sum(_values(child, known, above | {id(node)}) for child in children)
    return known[id(node)]
