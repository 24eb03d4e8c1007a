"""The application whose document is `fastapi-*.json` beside it: `python app.py > document.json`."""

import json
import sys
from collections.abc import AsyncIterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from fastapi import (
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Path,
    Query,
    UploadFile,
)
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, IPvAnyAddress

app = FastAPI(title="Workshop", version="1.4.0")
bearer = HTTPBearer()
key = APIKeyHeader(name="X-Key")


class Kind(StrEnum):
    repair = "repair"
    build = "build"


class Part(BaseModel):
    sku: Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{4}$")]
    price: Annotated[Decimal, Field(ge=0, max_digits=8, decimal_places=2)]
    weight: Annotated[float, Field(gt=0, lt=1000)] = 1.5


class Photo(BaseModel):
    type: Literal["photo"]
    url: AnyUrl


class Note(BaseModel):
    type: Literal["note"]
    text: Annotated[str, Field(min_length=1, max_length=200)]


class Job(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Fix the lamp", "kind": "repair"}]}
    )
    title: str
    kind: Kind
    due: date | None = None


class StoredJob(Job):
    id: UUID
    created: datetime
    length: timedelta
    parts: list[Part] = []
    attachments: list[Annotated[Photo | Note, Field(discriminator="type")]] = []
    labels: dict[str, str] = {}
    position: tuple[float, float] = (0.0, 0.0)
    parent: "StoredJob | None" = None
    address: IPvAnyAddress | None = None


class Progress(BaseModel):
    job: UUID
    percent: Annotated[int, Field(ge=0, le=100)]


class Problem(BaseModel):
    title: str
    status: int


@app.get("/jobs", tags=["jobs"])
def list_jobs(
    kind: Annotated[list[Kind] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    session: Annotated[str | None, Cookie()] = None,
) -> list[StoredJob]:
    return []


@app.post("/jobs", status_code=201, tags=["jobs"], responses={409: {"model": Problem}})
def create_job(job: Job, token: Annotated[object, Depends(bearer)]) -> StoredJob:
    raise HTTPException(409)


@app.get("/jobs/{job_id}", tags=["jobs"], responses={404: {"model": Problem}})
def read_job(job_id: UUID, if_none_match: Annotated[str | None, Header()] = None) -> StoredJob:
    raise HTTPException(404)


@app.put("/jobs/{job_id}/parts/{sku}", tags=["parts"])
def put_part(
    job_id: UUID, sku: Annotated[str, Path(pattern=r"^[A-Z]{3}-\d{4}$")], part: Part
) -> Part:
    return part


@app.delete("/jobs/{job_id}", status_code=204, tags=["jobs"])
def delete_job(job_id: UUID, key: Annotated[str, Depends(key)]) -> None: ...


@app.post("/jobs/{job_id}/photo", tags=["jobs"])
def upload(
    job_id: UUID, photo: Annotated[UploadFile, File()], caption: Annotated[str, Form()] = ""
) -> Photo:
    raise HTTPException(404)


@app.get("/readme", response_class=PlainTextResponse)
def readme() -> str:
    return ""


@app.get("/export", response_class=StreamingResponse)
def export() -> Iterator[bytes]:
    yield b""


@app.get("/jobs/{job_id}/progress", response_class=EventSourceResponse, tags=["streams"])
async def progress(
    job_id: UUID, last_event_id: Annotated[str | None, Header()] = None
) -> AsyncIterable[Progress]:
    yield Progress(job=job_id, percent=0)


@app.get("/log", response_class=EventSourceResponse, tags=["streams"])
async def log() -> AsyncIterable[ServerSentEvent]:
    yield ServerSentEvent(data="line")


@app.get("/untyped", response_class=EventSourceResponse, tags=["streams"])
async def untyped():
    yield {"a": 1}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(app.openapi(), indent=1) + "\n")
