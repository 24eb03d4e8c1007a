"""The store of one session: what is in it, and how much."""

from contextlib import suppress

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from kept import Client, answers, api, item_path, operation, ref

from mockserver.errors import ControlError
from mockserver.play.kept.store import Store, weighed

SCOPE = ("/things", ())


def test_what_is_kept_is_found_in_the_order_in_which_it_came():
    """A thing that takes the place of another keeps its place in the row."""
    store = Store()
    for key, n in [("a", 1), ("b", 2), ("a", 3)]:
        store.keep(SCOPE, {}, key, weighed({"n": n}))
    assert [(key, item.value["n"]) for key, item in store.items(SCOPE, {}).items()] == [
        ("a", 3),
        ("b", 2),
    ]


def test_scopes_are_apart():
    """What is kept under one parent is not under another."""
    store = Store()
    store.keep(("/a/{b}/c", ("1",)), {}, "x", weighed({}))
    assert dict(store.items(("/a/{b}/c", ("2",)), {})) == {}


def test_seeds_are_there_until_something_changes_and_then_too():
    """They take no room before that."""
    store, seeds = Store(), {"s": weighed({"n": 0}, seeded=True)}
    assert (list(store.items(SCOPE, seeds)), store.count) == (["s"], 0)
    store.keep(SCOPE, seeds, "a", weighed({}))
    assert (list(store.items(SCOPE, {})), store.count) == (["s", "a"], 3)
    store.remove(SCOPE, seeds, "s")
    assert (list(store.items(SCOPE, seeds)), store.count) == (["a"], 2)


@pytest.mark.parametrize(
    ("items", "weight"),
    [
        pytest.param(3, 1_000_000, id="one thing too many"),
        pytest.param(1_000, 40, id="one byte too many"),
    ],
)
def test_a_full_store_refuses_and_stays_as_it_was(items, weight):
    """507, and after something is removed there is room again."""
    store, item = Store(items, weight), weighed({"t": "12345678"})
    store.keep(SCOPE, {}, "a", item)
    store.keep(SCOPE, {}, "b", item)
    with pytest.raises(ControlError) as refused:
        store.keep(SCOPE, {}, "c", item)
    assert (refused.value.status, refused.value.code) == (507, "store-full")
    assert list(store.items(SCOPE, {})) == ["a", "b"]
    store.remove(SCOPE, {}, "a")
    store.keep(SCOPE, {}, "c", item)
    assert list(store.items(SCOPE, {})) == ["b", "c"]


def test_a_thing_cannot_grow_beyond_the_bound():
    """A change takes room as well."""
    store = Store(weight=20)
    store.keep(SCOPE, {}, "a", weighed({"t": "1"}))
    with pytest.raises(ControlError):
        store.keep(SCOPE, {}, "a", weighed({"t": "1" * 20}))
    assert store.items(SCOPE, {})["a"].value == {"t": "1"}


def test_scopes_that_are_emptied_take_room():
    """Nobody can make a session remember more and more empty places."""
    store, seeds = Store(11), {"s": weighed({}, seeded=True)}
    for n in range(10):
        store.remove(("/a/{b}/c", (str(n),)), seeds, "s")
    with pytest.raises(ControlError):
        store.remove(("/a/{b}/c", ("10",)), seeds, "s")
    assert store.count == 10


def test_clearing_forgets_things_and_keys():
    """A session that is reset begins again."""
    store = Store()
    store.keep(SCOPE, {}, "a", weighed({}))
    store.drew("/things#id", 5)
    store.clear()
    assert (store.count, dict(store.items(SCOPE, {})), store.drawn("/things#id")) == (0, {}, 0)


# Against a model

THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "note": {"type": ["string", "null"]},
        "parts": {"type": "object"},
    },
}
NEW = {
    "type": "object",
    "required": ["name"],
    "properties": {name: THING["properties"][name] for name in ("name", "note", "parts")},
}
PART = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "n": {}}}
BELOW = {
    "/things/{thingId}/bits": {
        "post": operation(answers("201", ref("Part")), {"properties": {"n": {}}}),
        "get": operation(answers("200", {"type": "array", "items": ref("Part")})),
    },
    "/things/{thingId}/bits/{id}": {
        "get": operation(answers("200", ref("Part"))),
        "delete": operation(answers("204")),
    },
}

NAMES = st.text(max_size=5)
NEWS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "note": st.none() | NAMES,
        "parts": st.dictionaries(st.sampled_from("ab"), st.integers() | st.just({})),
    },
)
PATCHES = st.dictionaries(st.sampled_from(["name", "note"]), NAMES)
INDEX = st.integers(0, 30)


class Kept(RuleBasedStateMachine):
    """A Keeper and a dict do the same, with two sessions and things below things."""

    @initialize()
    def begin(self):
        document = api(THING, NEW, more=BELOW, Part=PART)
        self.client = Client(document)
        self.stores = [Store(), Store()]
        self.models = [{}, {}]
        self.bits = [{}, {}]
        self.made = [0, 0]
        self.bits_made = [0, 0]
        self.now = 0

    @property
    def model(self):
        return self.models[self.now]

    def ask(self, *args):
        self.client.store = self.stores[self.now]
        answer = None
        with suppress(ControlError):
            answer = self.client.json(*args)
        return answer or (404, None)

    def key(self, index):
        """Return a key that is there, if the index falls on one."""
        keys = list(self.model)
        return keys[index] if index < len(keys) else index + 1000

    @rule()
    def use_the_other_session(self):
        self.now = 1 - self.now

    @rule()
    def reset(self):
        self.stores[self.now].clear()
        self.models[self.now], self.bits[self.now] = {}, {}
        self.made[self.now] = self.bits_made[self.now] = 0

    @rule(body=NEWS)
    def create(self, body):
        self.made[self.now] += 1
        key = self.made[self.now]
        self.model[key] = {"id": key, **body}
        self.bits[self.now][key] = {}
        assert self.ask("POST", "/things", body) == (201, self.model[key])

    @rule(index=INDEX, body=NEWS)
    def replace(self, index, body):
        key = self.key(index)
        found = self.ask("PUT", item_path("/things", key), body)
        if key not in self.model:
            assert found == (404, None)
        else:
            self.model[key] = {"id": key, **body}
            assert found == (200, self.model[key])

    @rule(index=INDEX, patch=PATCHES)
    def merge(self, index, patch):
        key = self.key(index)
        found = self.ask("PATCH", item_path("/things", key), patch)
        if key not in self.model:
            assert found == (404, None)
        else:
            self.model[key] = {**self.model[key], **patch}
            assert found == (200, self.model[key])

    @rule(index=INDEX)
    def delete(self, index):
        key = self.key(index)
        there = self.model.pop(key, None) is not None
        self.bits[self.now].pop(key, None)
        assert self.ask("DELETE", item_path("/things", key)) == (204 if there else 404, None)

    @rule(index=INDEX, n=st.integers())
    def create_below(self, index, n):
        key = self.key(index)
        found = self.ask("POST", f"/things/{key}/bits", {"n": n})
        if key not in self.model:
            assert found == (404, None)
        else:
            self.bits_made[self.now] += 1
            bit = {"id": self.bits_made[self.now], "n": n}
            self.bits[self.now][key][bit["id"]] = bit
            assert found == (201, bit)

    @rule(index=INDEX, bit=st.integers(1, 10))
    def delete_below(self, index, bit):
        key = self.key(index)
        there = self.bits[self.now].get(key, {}).pop(bit, None) is not None
        found = self.ask("DELETE", f"/things/{key}/bits/{bit}")
        assert found == (204 if there else 404, None)

    @invariant()
    def the_lists_are_the_model(self):
        assert self.ask("GET", "/things") == (200, list(self.model.values()))
        for key, bits in self.bits[self.now].items():
            assert self.ask("GET", f"/things/{key}/bits") == (200, list(bits.values()))

    @invariant()
    def each_is_found_and_none_else(self):
        for key, thing in self.model.items():
            assert self.ask("GET", item_path("/things", key)) == (200, thing)
        assert self.ask("GET", "/things/9999") == (404, None)


Kept.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestKept = Kept.TestCase
