"""One answer of Eagle's that fails, where a run meets it: nothing is lost, nothing is doubled."""

from __future__ import annotations

import pytest

from flows.library_sync import library_sync
from sandbox.faults import Aimed, EaglePlan, Fault


async def test_a_refused_import_is_asked_for_again(run_flow, sandbox_factory):
    """Eagle says 500 to whatever fails, also to what would work a second later."""
    sandbox = sandbox_factory(tracks=1)
    once = Aimed(fault=Fault.INTERNAL_ERROR, path="/api/item/addFromPath", times=1)
    sandbox.use_faults(eagle=EaglePlan(aimed=(once,)))
    summary = await run_flow(library_sync, sandbox)
    assert summary.counts["processed"] == 1
    assert len(sandbox.ledger.entries(service="eagle", kind="item.add")) == 2


@pytest.mark.parametrize("path", ["/api/item/list", "/api/folder/list", "/api/item/info"])
async def test_a_refused_look_is_asked_for_again(run_flow, sandbox_factory, path):
    """Reading twice harms nothing."""
    sandbox = sandbox_factory(tracks=1)
    once = Aimed(fault=Fault.INTERNAL_ERROR, path=path, times=1)
    sandbox.use_faults(eagle=EaglePlan(aimed=(once,)))
    assert (await run_flow(library_sync, sandbox)).counts["processed"] == 1


async def test_a_connection_that_breaks_at_the_start(run_flow, sandbox_factory):
    """The first request of a run is no more certain to succeed than any other."""
    sandbox = sandbox_factory(tracks=1)
    once = Aimed(fault=Fault.DROPPED, path="/api/library/info", times=1)
    sandbox.use_faults(eagle=EaglePlan(aimed=(once,)))
    assert (await run_flow(library_sync, sandbox)).counts["processed"] == 1
