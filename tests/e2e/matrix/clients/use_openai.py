"""The `openai` package for Python: every chunk that its iterator gives out, as JSON.

`closed` says whether it ended or raised.
"""

import json

import openai
from drive import Run, drive

PATH = "/chat/completions"


async def read(run: Run) -> str:
    """Ask for the completion and iterate over it."""
    async with openai.AsyncOpenAI(
        api_key="test", base_url=run.url[: run.url.index(PATH)], default_headers=run.headers
    ) as client:
        chunks = await client.chat.completions.create(**json.loads(run.body or "{}"))
        run.opened()
        async for chunk in chunks:
            run.event("message", json.dumps(chunk.to_dict(mode="json")), None)
    return ""


drive(read)
