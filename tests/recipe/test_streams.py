"""Streams in a recipe: defaults, overrides, identity, stand-ins, the schema, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from advnets.errors import RecipeError
from advnets.recipe.json_schema import recipe_schema

LABELLED = {"take": {"examples": 100, "balanced": "label"}, "batch_size": 20}
OTHER = {"dataset": {"name": "faces", "id": "tfd"}}


def with_streams(parse: Any, **streams: Any) -> Any:
    return parse(overrides={"streams": streams})


def test_what_a_stream_leaves_out_is_filled_in(parse: Any) -> None:
    recipe = with_streams(parse, labelled=LABELLED, other=OTHER)
    labelled, other = (recipe.settings.streams[name] for name in ("labelled", "other"))
    assert labelled.take.model_dump() == {"examples": 100, "balanced": "label", "seed": 0}
    assert labelled.dataset is None
    assert other.dataset == {"name": "faces", "id": "tfd", "size": 8, "preprocess": "unit"}
    assert other.take is other.batch_size is None
    assert recipe.component("streams.other.dataset")[0].name == "faces"


def test_overrides_reach_in(parse: Any) -> None:
    recipe = with_streams(parse, labelled=LABELLED, other=OTHER)
    changed = recipe.override(
        ["streams.labelled.take.examples=50", "streams.other.dataset.size=16"]
    )
    assert changed.settings.streams["labelled"].take.examples == 50
    assert changed.component("streams.other.dataset")[1]["size"] == 16
    assert parse(overrides=["streams.b.dataset=noise"]).settings.streams["b"].dataset == {
        "name": "noise"
    }


def test_the_resolved_recipe_loads_to_itself(parse: Any) -> None:
    recipe = with_streams(parse, labelled=LABELLED, other=OTHER)
    assert parse(recipe.to_yaml()).data == recipe.data


def test_the_identity_is_of_what_streams_hold(parse: Any) -> None:
    plain = parse()
    assert plain.override({"streams": {}}).identity() == plain.identity()
    one = with_streams(parse, labelled=LABELLED).identity()
    assert one != plain.identity()
    spelt = {"take": {**LABELLED["take"], "seed": 0}, "batch_size": 20, "dataset": None}
    assert with_streams(parse, labelled=spelt).identity() == one
    for changed in (
        {"take": {"examples": 50, "balanced": "label"}, "batch_size": 20},
        {"take": {"examples": 100, "balanced": "label", "seed": 1}, "batch_size": 20},
        {"take": {"examples": 100}, "batch_size": 20},
        {"take": LABELLED["take"]},
    ):
        assert with_streams(parse, labelled=changed).identity() != one
    assert with_streams(parse, other=LABELLED).identity() != one


def test_the_stand_in_of_a_stream_is_no_part_of_the_identity(parse: Any) -> None:
    of_noise = {"dataset": {**OTHER["dataset"], "offline": "noise"}}
    assert (
        with_streams(parse, other=of_noise).identity()
        == with_streams(parse, other=OTHER).identity()
    )


def test_all_data_are_stand_ins_or_none(parse: Any) -> None:
    of_noise = {"dataset": {**OTHER["dataset"], "offline": "noise"}}
    recipe = with_streams(parse, labelled=LABELLED, other=of_noise)
    stand_in = recipe.stand_in()
    assert stand_in.settings.dataset == {"name": "noise"}
    assert stand_in.settings.streams["other"].dataset == {"name": "noise"}
    assert stand_in.settings.streams["labelled"] == recipe.settings.streams["labelled"]
    assert stand_in.component("streams.other.dataset")[0].name == "noise"
    assert recipe.component("streams.other.dataset")[0].name == "faces"
    asked_for = dict(recipe.data["streams"]["other"]["dataset"])
    assert asked_for.pop("offline") == {"name": "noise"}
    assert stand_in.stood_for_streams == {"other": asked_for}
    assert stand_in.identity() != recipe.identity()
    assert with_streams(parse, other=OTHER).stand_in() is None  # the main data have one


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ({"labelled": {"take": {"examples": 0}}}, "expected at least 1, got 0"),
        ({"labelled": {"batch_size": 0}}, "expected at least 1, got 0"),
        ({"labelled": {"take": {"examples": 5, "seed": -1}}}, "expected at least 0, got -1"),
        ({"labelled": {"takes": {}}}, "unknown key 'takes' in streams.labelled"),
        ({"labelled": {"take": {}}}, "missing key 'examples' in streams.labelled.take"),
        ({"example": LABELLED}, "streams.example: the name 'example' is taken"),
        ({"latent": LABELLED}, "streams.latent: the name 'latent' is taken"),
        ({"generator": LABELLED}, "streams.generator: a network is called 'generator'"),
        ({"my data": LABELLED}, "streams.my data: a name there is"),
        ({"other": {"dataset": "fases"}}, "streams.other.dataset: "),
        ({"other": {"dataset": {"name": "faces", "id": "tfd", "size": 4}}}, "at least 8, got 4"),
        (
            {"other": {"dataset": {"name": "noise", "offline": {"name": "noise", "offline": "x"}}}},
            "a stand-in has no stand-in of its own",
        ),
    ],
)
def test_what_is_wrong_with_a_stream_is_said(parse: Any, streams: Any, said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        parse(overrides={"streams": streams})
    assert said in str(refused.value)


def test_the_schema_knows_streams(parse: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = recipe_schema(parse().registry)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    recipe = with_streams(parse, labelled=LABELLED, other=OTHER).data
    assert validator.is_valid(recipe)
    for streams in (
        {"labelled": {"take": {"examples": 0}}},
        {"labelled": {"takes": {"examples": 1}}},
        {"other": {"dataset": "fases"}},
        {"my data": LABELLED},
    ):
        assert not validator.is_valid({**recipe, "streams": streams}), streams
