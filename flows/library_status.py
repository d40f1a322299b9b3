"""The flow `library-status`: the library at a glance, as an artifact."""

from typing import Any

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State

from flows.library.report import read_library
from flows.prefect_server.run_pages import NO_RESULTS, done, named, verdict
from flows.session.opening import run_settings


@flow(name="library-status", flow_run_name=named("library-status"), **NO_RESULTS)
async def library_status() -> State[Any]:
    """Count the library's rows by state, waiting, errors and locks; changes nothing."""
    with verdict() as ending:
        report = await read_library(await run_settings())
        text = "\n".join(["## Library", "```text", *report.lines()[1:], "```"])
        await acreate_markdown_artifact(text, key="library-status", description="Library status")
        ending.state = done(report.to_dict(), report.headline)
    return ending.state
