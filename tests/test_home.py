"""A loop in a thread of its own, and those who wait for it in others."""

import asyncio
import threading

import pytest

from mockserver.home import Home


async def nothing():
    """Be done."""


class Endless:
    """A work that goes on until its loop ends."""

    def __init__(self):
        self.begun, self.ended = threading.Event(), threading.Event()

    async def __call__(self):
        """Wait for what never comes."""
        self.begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.ended.set()


@pytest.mark.parametrize("run", [Home.run, lambda home, work: asyncio.run(home.run_for(work))])
def test_whoever_waits_is_told_that_the_loop_has_ended(run):
    """A test that moves the clock in a thread would else wait for ever."""
    home, work, told = Home(), Endless(), []

    def wait():
        try:
            run(home, work())
        except RuntimeError as error:
            told.append(str(error))

    home.begin(nothing())
    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    assert work.begun.wait(10)
    home.end(nothing())
    waiting.join(10)

    assert told == ["the server is not running"]


def test_nobody_is_taken_in_after_the_end():
    """What nobody carries out is refused, and no coroutine of it is left."""
    home = Home()
    home.begin(nothing())
    home.end(nothing())

    with pytest.raises(RuntimeError, match="the server is not running"):
        home.run(nothing())


def test_a_wait_in_another_loop_can_be_given_up():
    """Its own cancellation is that, and no end of the server."""
    home, work = Home(), Endless()
    home.begin(nothing())

    async def give_up():
        waiting = asyncio.create_task(home.run_for(work()))
        await asyncio.to_thread(work.begun.wait, 10)
        waiting.cancel()
        await asyncio.wait([waiting])
        return waiting.cancelled()

    assert asyncio.run(give_up())
    home.end(nothing())


def test_a_start_that_is_broken_off_leaves_nothing_behind():
    """Ctrl-C while a server starts: what has begun ends, its socket included."""
    home, work, tasks = Home(), Endless(), []

    async def start():
        tasks.append(asyncio.create_task(work()))
        await asyncio.to_thread(work.begun.wait, 10)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        home.begin(start())

    assert work.ended.is_set()
    assert not home.apart


def test_a_stop_that_fails_ends_the_thread():
    """The server can be started again."""
    home = Home()

    async def fail():
        raise ValueError("no")

    home.begin(nothing())
    with pytest.raises(ValueError, match="no"):
        home.end(fail())

    assert not home.apart
