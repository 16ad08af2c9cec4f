"""One trace: read from TRACEPARENT, made anew where there is none, and handed to children."""

from __future__ import annotations

import os

import pytest

from daybreak import trace

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_trace_of_the_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", GIVEN)
    assert trace.current() == trace.Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "01")
    assert str(trace.current()) == GIVEN


@pytest.mark.parametrize(
    "value",
    [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        GIVEN + "-more",
    ],
)
def test_what_is_no_traceparent_makes_a_new_trace_that_children_see(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TRACEPARENT", value)
    made = trace.current()
    assert trace.parse(os.environ["TRACEPARENT"]) == made == trace.current()
    assert made.trace_id not in value


def test_a_later_version_may_say_more() -> None:
    assert trace.parse(GIVEN.replace("00-4", "01-4") + "-more") is not None
