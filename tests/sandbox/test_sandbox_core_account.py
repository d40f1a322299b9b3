"""Under many faults and several clients, every change is accounted for: none lost, none doubled."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import httpx

from sandbox.faults import EaglePlan, Fault, NotionPlan
from sandbox.server import TOKEN
from sandbox.threaded import RunningSandbox, SandboxFactory

RATES = dict.fromkeys(Fault, 0.05) | {
    Fault.RATE_LIMITED: 0.0,
    Fault.WORKSPACE_LIMITED: 0.0,
    Fault.STOPPED: 0.0,
}
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Notion-Version": "2025-09-03"}


def write_many(sandbox: RunningSandbox, worker: int, told: dict[str, int]) -> None:
    """Forty writes of different values to the worker's own row; what each was answered."""
    page = sandbox.world.rows[worker].page_id
    with httpx.Client(base_url=sandbox.address, headers=HEADERS, trust_env=False) as client:
        for number in range(40):
            value = f"{worker}/{number}"
            text = [{"text": {"content": value}}]
            body = {"properties": {"Key": {"rich_text": text}}}
            try:
                answer = client.patch(f"/v1/pages/{page}", json=body, timeout=5)
            except httpx.TransportError:
                told[value] = 0
            else:
                told[value] = answer.status_code


def test_each_write_lands_once_or_never_as_its_fault_says(sandbox_factory: SandboxFactory) -> None:
    sandbox = sandbox_factory(tracks=4)
    plan = NotionPlan(rates=RATES, late_seconds=(0.05, 0.3), late_hold_seconds=(0, 0.1))
    sandbox.set_faults("notion", plan, seed=11)
    told: dict[str, int] = {}
    workers = [
        threading.Thread(target=write_many, args=(sandbox, number, told)) for number in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sandbox.wait_for(sandbox.settle())
    commits = sandbox.ledger.entries(event="commit", kind="page.update")
    landed = Counter(entry["properties"]["Key"] for entry in commits)
    requests = sandbox.ledger.entries(event="request", service="notion")
    faults = Counter(entry.get("fault", "none") for entry in requests)
    assert len(told) == len(requests) == 160
    assert set(landed.values()) == {1}
    assert {value for value, status in told.items() if status == 200} <= set(landed)
    expected = faults["none"] + faults["late"]
    expected += sum(faults[fault] for fault in Fault if fault.commits)
    assert len(landed) == expected
    assert all(faults[fault] for fault, rate in RATES.items() if rate)
    assert len(sandbox.ledger.entries(kind="late.landed")) == faults["late"]


def test_an_import_whose_answer_was_lost_is_in_eagle_all_the_same(
    sandbox_factory: SandboxFactory, tmp_path: Path
) -> None:
    """Why an import must not be repeated after a broken connection.

    Source: docs/facts/eagle.md, "Imports".
    """
    sandbox = sandbox_factory(empty=True)
    sandbox.set_faults("eagle", EaglePlan(rates={Fault.DROPPED_SAVED: 1.0}, import_delay=(0, 0)))
    wav = tmp_path / "a.wav"
    wav.write_bytes(b"RIFF" + bytes(400))
    base = sandbox.environment["EAGLE_API_BASE"]
    for _ in range(2):
        try:
            httpx.post(f"{base}/api/item/addFromPath", json={"path": str(wav)}, trust_env=False)
        except httpx.RemoteProtocolError:
            continue
        raise AssertionError("the connection should have been dropped")
    sandbox.set_faults("eagle", EaglePlan())
    for _ in range(100):
        listed = httpx.get(f"{base}/api/item/list", trust_env=False).json()["data"]
        if len(listed) == 2:
            break
        threading.Event().wait(0.02)
    assert len(listed) == 2
    assert len(sandbox.ledger.entries(event="commit", kind="item.add")) == 2
