"""What `advnets validate` says of data, and of fields that come with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import advnets
from advnets import AdvnetsError
from advnets.cli.main import cli

GOOD = """\
dataset: gaussian_1d
latent: {name: gaussian, size: 2}
generator: mlp
discriminator: mlp
loss: minimax
optimizers: {generator: sgd, discriminator: sgd}
training: {steps: 10, batch_size: 4}
"""


FIELDS = """\
dataset: digits
latent: {name: uniform, size: 4}
generator: mlp
discriminator: {name: mlp, layers: [8], heads: {c: lable}}
loss: minimax
given:
  generator: [colour]
  discriminator: [lable, label, example]
conditions:
  hue: uniform
  label: {name: categorical, classes: 12}
optimizers: {generator: sgd, discriminator: sgd}
training: {steps: 10, batch_size: 4}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def validate(*words: str) -> Result:
    return CliRunner().invoke(cli, ["validate", *words])


def test_all_that_is_amiss_with_fields(here: Path) -> None:
    (here / "bad.yaml").write_text(FIELDS)
    result = validate("bad.yaml")
    assert result.exit_code == 2
    places = [line.partition(": ") for line in result.stderr.splitlines()]
    assert [(place, text.partition(":")[0]) for place, _, text in places] == [
        ("bad.yaml:4:52", "discriminator.heads.c"),
        ("bad.yaml:7:15", "given.generator"),
        ("bad.yaml:8:19", "given.discriminator"),
        ("bad.yaml:8:26", "given.discriminator"),
        ("bad.yaml:8:33", "given.discriminator"),
        ("bad.yaml:10:8", "conditions.hue"),
        ("bad.yaml:11:39", "conditions.label.classes"),
        ("error", "7 problems in the recipe"),
    ]
    assert "'lable' neither comes with digits nor is drawn by a condition; did you mean" in (
        result.stderr
    )
    assert "the generator is not told 'label', so generated examples have none" in result.stderr
    assert "label of digits has 10 classes, not 12" in result.stderr


def test_fields_of_data_that_are_not_here(here: Path) -> None:
    (here / "good.yaml").write_text(GOOD)
    lacking = "dataset={name: npz, path: gone.npz}"
    for fields in ("[]", "[label]"):
        result = validate("good.yaml", lacking, f"given.generator={fields}")
        assert result.exit_code == 2  # as a run would
        assert result.output.count("there is no file gone.npz") == 1
    result = validate("good.yaml", "dataset={name: npz, path: gone.npz, offline: digits}")
    assert result.exit_code == 0
    assert result.output.splitlines()[1:] == [
        "  data: there is no file gone.npz; a run plays on the stand-in digits"
    ]


@pytest.mark.parametrize(("count", "code"), [(0, 2), (3, 2), (4, 0)])
def test_fewer_examples_than_one_batch(here: Path, count: int, code: int) -> None:
    (here / "good.yaml").write_text(GOOD)
    np.savez(here / "few.npz", x_train=np.ones((count, 3), "float32"))
    result = validate("good.yaml", "dataset={name: npz, path: few.npz}")
    assert result.exit_code == code
    assert (f"has {count} examples, fewer than one batch of 4" in result.stderr) == bool(code)


def test_what_data_hold_is_said_and_what_is_amiss_with_them(here: Path) -> None:
    (here / "good.yaml").write_text(GOOD)
    result = validate("good.yaml", "dataset=digits")
    assert result.stdout.splitlines()[1:3] == [
        "  digits: images of 8×8×1, uint8, 0 to 255 brought to [0, 1] (unit)",
        "  train: 1,437 examples",
    ]
    masks = np.arange(4 * 9).reshape(4, 3, 3).astype("uint8") % 2
    np.savez(here / "masks.npz", train=masks, extra=masks)
    result = validate("good.yaml", "dataset={name: npz, path: masks.npz}")
    assert result.exit_code == 0
    assert (
        "  train: 4 examples\n  left out: arrays that nothing reads: 1 (extra)\n" in result.stdout
    )
    assert "  warning: the values are 0 to 1 only, but 0 to 255 is brought to" in result.stdout
    for name in ("bus", "train"):
        (here / "vehicles" / name).mkdir(parents=True)
        Image.fromarray(masks[0]).save(here / "vehicles" / name / "0.png")
    result = validate("good.yaml", "dataset={name: folder, path: vehicles, size: [4, 6]}")
    assert result.exit_code == 2
    assert "may be the training split, or a class like bus" in result.stderr
    (here / "table.csv").write_text("a,b")
    result = validate("good.yaml", "dataset={name: npz, path: table.csv}")
    assert result.exit_code == 2
    assert "pandas.read_csv" in result.stderr
    result = validate("good.yaml", "dataset={name: npz, path: gone.npz}")
    assert result.exit_code == 2


def test_data_of_tfds_that_are_not_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither TFDS nor the network is asked: nothing of a folder's name means not prepared."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(here / "none"))
    monkeypatch.setattr("advnets.data.sources.tfds_builder.find_builder", None)
    (here / "good.yaml").write_text(GOOD)
    for dataset in ("{name: tfds, id: mnist}", "stacked_mnist"):
        result = validate("good.yaml", f"dataset={dataset}")
        assert result.exit_code == 0, result.output
        assert result.stdout.splitlines()[1:] == [
            f"  data: mnist is not prepared in {here / 'none'}: `advnets data prepare mnist` does "
            "it, and so does a run"
        ]
    result = validate("good.yaml", "dataset={name: tfds, id: mnist, offline: digits}")
    assert "or plays on the stand-in digits without a network" in result.stdout
    result = validate("good.yaml", "dataset={name: tfds, id: emnist/letters, data_dir: my data}")
    assert result.stdout.endswith(
        "emnist/letters is not prepared in my data: `advnets data prepare emnist/letters "
        "--data-dir 'my data'` does it\n"
    )


def test_stacked_digits_that_need_no_preparing(here: Path) -> None:
    (here / "good.yaml").write_text(GOOD)
    result = validate("good.yaml", "dataset={name: stacked_mnist, digits: sklearn, examples: 70}")
    assert "  train: 70 examples\n  validation: 10,000 examples\n" in result.stdout


ADAPTIVE = """\
from typing import Annotated, Any
from advnets import Component, Names, Parameters, hookimpl

class Maps(Parameters):
    maps: Annotated[list[str | dict[str, Any]], Names("augmentations")] = ["translation"]

@hookimpl
def advnets_augmentations():
    return [Component("adaptive", "m:a", parameters=Maps)]
"""


def test_augmentations_of_images_for_points(here: Path) -> None:
    """Also those that another names, by default or not, are held against the data's shape."""
    (here / "good.yaml").write_text(GOOD)
    (here / "adaptive.py").write_text(ADAPTIVE)
    result = validate("good.yaml", "augmentations=[instance_noise, mirror]")
    assert result.exit_code == 2
    assert (
        "augmentations.1: 'mirror' takes images, [height, width, channels], and gaussian_1d has "
        "examples of the shape [1]"
    ) in " ".join(result.stderr.split())
    for entry, place in (
        ("adaptive", "augmentations.0.maps.0: 'translation'"),
        ("{name: adaptive, maps: [instance_noise, mirror]}", "augmentations.0.maps.1: 'mirror'"),
    ):
        given = ("good.yaml", f"augmentations=[{entry}]", "--plugin", "adaptive.py")
        result = validate(*given)
        assert result.exit_code == 2
        assert place in result.stderr
        assert result.stderr.count("takes images") == 1
        assert validate(*given, "dataset=digits").exit_code == 0


WRAPPING = """\
from typing import Annotated, Any
from advnets import Component, Names, Parameters, hookimpl

class Wrapped(Parameters):
    network: Annotated[str | dict[str, Any], Names("architectures")]

@hookimpl
def advnets_architectures():
    return [Component("wrapping", "m:a", parameters=Wrapped)]
"""


def test_networks_of_images_for_points(here: Path) -> None:
    """By KEY=VALUE and from Python, before anything is written."""
    (here / "good.yaml").write_text(GOOD)
    (here / "wrapping.py").write_text(WRAPPING)
    for changed, place in (
        ("generator=dcgan", "generator: 'dcgan'"),
        ("generator={name: transposed_conv, maps: {channels: 2}}", "'transposed_conv'"),
        (
            "discriminator={name: conv_maxout, convolutions: [{channels: 2, kernel: 3}]}",
            "'conv_maxout'",
        ),
        ("discriminator={name: wrapping, network: dcgan}", "discriminator.network: 'dcgan'"),
    ):
        given = ("good.yaml", changed, "--plugin", "wrapping.py")
        result = validate(*given)
        assert result.exit_code == 2
        assert f"{place} takes images" in " ".join(result.stderr.split())
        assert "choose mlp or maxout" in result.stderr
        with pytest.raises(AdvnetsError, match="takes images"):
            advnets.run("good.yaml", (changed,), plugins=["wrapping.py"])
        assert list(here.glob("runs/*")) == []
        assert "takes images" not in validate(*given, "dataset=digits").stderr
