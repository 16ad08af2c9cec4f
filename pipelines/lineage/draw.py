"""The graph as a drawing (SVG, left to right) and as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from pipelines.lineage.graph import Edge, Graph, Line, Node
from pipelines.report.formats import compact, printable

WIDTH, GAP = 138, 46
HEAD, ROW, PAD, BETWEEN = 40, 17, 8, 14
LETTERS = 19
"""Letters of 12 pixels that fit a node."""


@dataclass(frozen=True)
class Box:
    """Where a node stands, in pixels."""

    node: Node
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        """Where edges meet it."""
        return self.y + self.height / 2


def svg(graph: Graph) -> Markup:
    """The drawing; all text is escaped, colours are the page's (`page.css`)."""
    boxes = _placed(graph)
    width = max((b.x + WIDTH for b in boxes.values()), default=0) + PAD
    height = max((b.y + b.height for b in boxes.values()), default=0)
    height = max(height, _floor(boxes) + _below(graph, boxes)) + PAD
    parts = [*_edges(graph, boxes), *(part for box in boxes.values() for part in _box(box))]
    label = f"Lineage: {len(graph.nodes)} nodes, from sources on the left to what was made on the right"
    return Markup(
        '<svg class="lineage" role="img" aria-label="{}" width="{:.0f}" height="{:.0f}" '
        'viewBox="0 0 {:.0f} {:.0f}">{}</svg>'
    ).format(label, width, height, width, height, Markup("").join(parts))


def _placed(graph: Graph) -> dict[str, Box]:
    """Nodes of a layer stand below each other, the layer in the middle of the drawing's height."""
    columns = graph.layers()
    tall = max((sum(_height(n) + BETWEEN for n in column) for column in columns), default=0)
    boxes = {}
    for number, column in enumerate(columns):
        y = PAD + (tall - sum(_height(n) + BETWEEN for n in column)) / 2
        for node in column:
            boxes[node.key] = Box(node, PAD + number * (WIDTH + GAP), y, _height(node))
            y += _height(node) + BETWEEN
    return boxes


def _height(node: Node) -> float:
    return HEAD + ROW * len(node.lines) + (PAD if node.lines else 0)


def _below(graph: Graph, boxes: Mapping[str, Box]) -> float:
    """Room that the longest side way takes below the nodes."""
    return max((_sag(e, boxes) for e in graph.edges if not e.main), default=0.0)


def _floor(boxes: Mapping[str, Box]) -> float:
    """Below the nodes that side ways pass; none passes a source."""
    return max((b.y + b.height for b in boxes.values() if b.node.layer), default=0)


def _sag(edge: Edge, boxes: Mapping[str, Box]) -> float:
    """How far below the nodes between them a side way runs."""
    return 10.0 + 7.0 * (boxes[edge.end].node.layer - boxes[edge.begin].node.layer)


def _edges(graph: Graph, boxes: Mapping[str, Box]) -> Iterator[Markup]:
    floor = _floor(boxes)
    for edge in sorted(graph.edges, key=lambda e: e.main):
        begin, end = boxes[edge.begin], boxes[edge.end]
        path = _way(begin, end) if edge.main else _side_way(begin, end, floor + _sag(edge, boxes))
        title = f"{begin.node.title} → {end.node.title}"
        kind = "main" if edge.main else "side"
        yield Markup('<path class="{}" d="{}"><title>{}</title></path>').format(kind, path, printable(title))
        if edge.main and edge.documents is not None and begin.node.kind == "step":
            yield Markup('<text class="count" x="{:.1f}" y="{:.1f}">{}</text>').format(
                begin.x + WIDTH + 4, begin.middle - 5, compact(edge.documents)
            )


def _way(begin: Box, end: Box) -> str:
    x, far = begin.x + WIDTH, end.x
    bend, y, to = max((far - x) / 2, 12), begin.middle, end.middle
    return f"M{x:.1f} {y:.1f}C{x + bend:.1f} {y:.1f} {far - bend:.1f} {to:.1f} {far:.1f} {to:.1f}"


def _side_way(begin: Box, end: Box, floor: float) -> str:
    """Down from the node, along below all of them, up again."""
    x, far = begin.x + WIDTH - 14, end.x + 14
    top, foot = begin.y + begin.height, end.y + end.height
    return (
        f"M{x:.1f} {top:.1f}V{floor - 8:.1f}Q{x:.1f} {floor:.1f} {x + 8:.1f} {floor:.1f}"
        f"H{far - 8:.1f}Q{far:.1f} {floor:.1f} {far:.1f} {floor - 8:.1f}V{foot:.1f}"
    )


def _box(box: Box) -> Iterator[Markup]:
    node = box.node
    kind = f"node {node.kind}{' failed' if node.failed else ''}"
    yield Markup('<g class="{}"><title>{}</title>').format(kind, printable(_whole(node)))
    yield Markup('<rect x="{:.1f}" y="{:.1f}" width="{}" height="{:.1f}" rx="6"/>').format(
        box.x, box.y, WIDTH, box.height
    )
    yield _text("title", box.x + 10, box.y + 17, node.title)
    if note := "; ".join(filter(None, (node.note, "then failed" if node.failed else ""))):
        yield _text("note", box.x + 10, box.y + 32, note)
    for number, line in enumerate(node.lines):
        y = box.y + HEAD + ROW * number + 11
        yield _text("line", box.x + 10, y, line.name, LETTERS - 7)
        yield _text("rows", box.x + WIDTH - 10, y, _rows(line))
    yield Markup("</g>")


def _text(kind: str, x: float, y: float, text: str, letters: int = LETTERS) -> Markup:
    shown = printable(text if len(text) <= letters else text[: letters - 1] + "…")
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, escape(shown))


def _rows(line: Line) -> str:
    return "" if line.rows is None else compact(line.rows)


def _whole(node: Node) -> str:
    lines = ", ".join(f"{line.name} {_rows(line)}".strip() for line in node.lines)
    return ": ".join(filter(None, (node.title, ", ".join(filter(None, (node.note, lines))))))


def text(graph: Graph) -> str:
    """A line a node, in the order of layers: what it has, and from where."""
    width = max((len(node.title) for node in graph.nodes), default=0)
    return "\n".join(_text_line(graph, node, width) for node in graph.nodes)


def _text_line(graph: Graph, node: Node, width: int) -> str:
    begins = [edge for edge in graph.edges if edge.end == node.key and edge.main]
    others = sum(edge.end == node.key and not edge.main for edge in graph.edges)
    named = [graph.node(edge.begin).title for edge in begins]
    came = f"  <- {', '.join(named)}{f' and {others} more' if others else ''}" if named else ""
    what = ", ".join(f"{line.name} {_rows(line)}".strip() for line in node.lines)
    failed = "  (a later run failed)" if node.failed else ""
    return printable(f"{node.title:<{width}}  {what or node.note}{failed}{came}".rstrip())


def as_json(graph: Graph) -> dict[str, object]:
    """Nodes and edges for machines."""
    return {
        "nodes": [{**vars(node), "lines": [vars(line) for line in node.lines]} for node in graph.nodes],
        "edges": [vars(edge) for edge in graph.edges],
    }
