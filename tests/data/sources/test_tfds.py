from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli
from advnets.data import Field, prepare_data
from advnets.data.sources.tfds import Tfds
from advnets.errors import DataError, UsageError


def test_images_and_labels_by_id(tfds_dir: Path) -> None:
    source = Tfds("tiny_pictures", data_dir=tfds_dir)
    assert source.spec.shape == (6, 4, 3)
    assert (source.spec.low, source.spec.high, source.spec.num_classes) == (0, 255, 2)
    assert source.splits == ("train", "test")
    train, labels = source.load("train"), source.labels("train")
    assert train.dtype == np.uint8
    greys = train[:, 0, 0, 0].astype(int) // 10
    assert sorted(greys) == list(range(10))
    assert labels is not None
    np.testing.assert_array_equal(labels, greys % 2)


def test_split_expressions_cut_the_order_on_disk(tfds_dir: Path) -> None:
    whole = Tfds("tiny_pictures", data_dir=tfds_dir).load("train")
    parts = Tfds("tiny_pictures", "train[:7]", validation="train[7:]", data_dir=tfds_dir)
    np.testing.assert_array_equal(parts.load("train"), whole[:7])
    np.testing.assert_array_equal(parts.load("validation"), whole[7:])


def test_the_order_is_the_same_every_time(tfds_dir: Path) -> None:
    first, second = (Tfds("tiny_pictures", data_dir=tfds_dir) for _ in range(2))
    assert first.fingerprint() == second.fingerprint() != first.fingerprint("test")


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("tran", "'tran' is no split of it"),
        ("train[:5", "is no split of it"),
        ("train[50:]", "is no split of it"),
        ("train[:0]", "is empty"),
    ],
)
def test_bad_split_expressions_are_explained(tfds_dir: Path, expression: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        Tfds("tiny_pictures", train=expression, data_dir=tfds_dir).load("train")
    assert "train (10), test (5)" in str(caught.value.hint)


def test_another_feature_can_be_chosen(tfds_dir: Path) -> None:
    source = Tfds("tiny_pictures", feature="mask", data_dir=tfds_dir)
    assert source.load("train").shape == (10, 6, 4, 1)


def test_further_features_come_with_the_examples(tfds_dir: Path) -> None:
    """Picture i is of grey 10 i, as its mask is, and of class i mod 2."""
    source = Tfds("tiny_pictures", fields=["mask"], size=2, data_dir=tfds_dir)
    mask = Field((2, 2, 1), "uint8", low=0, high=255, kind="image")
    assert source.spec.fields == {"label": Field((), "int64", classes=2), "mask": mask}
    images = source.load("train")
    np.testing.assert_array_equal(source.field("train", "mask"), images[..., :1])
    np.testing.assert_array_equal(source.labels("train"), images[:, 0, 0, 0] // 10 % 2)


@pytest.mark.parametrize(
    ("name", "says"), [("words", "won't do"), ("wrods", "'wrods' is no feature of it")]
)
def test_fields_that_cannot_be_carried(tfds_dir: Path, name: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        Tfds("tiny_vectors", fields=[name], data_dir=tfds_dir)
    assert caught.value.hint == "those that will do: point, weight, heavy"


def test_numbers_come_with_the_examples(tfds_dir: Path) -> None:
    source = Tfds("tiny_vectors", feature="point", fields=["weight", "heavy"], data_dir=tfds_dir)
    assert source.spec.fields["weight"] == Field((), "float32")
    assert source.spec.fields["heavy"] == Field((), "uint8", low=0, high=1)
    numbers = source.load("train")[:, 0]
    np.testing.assert_array_equal(source.field("train", "weight"), numbers / 2)
    np.testing.assert_array_equal(source.field("train", "heavy"), numbers > 1)


def test_vectors_work_and_are_found_by_themselves(tfds_dir: Path) -> None:
    source = Tfds("tiny_vectors", data_dir=tfds_dir)
    assert (source.spec.kind, source.spec.shape, source.spec.low) == ("vector", (2,), None)
    assert sorted(source.load("train").tolist()) == [[0, 0], [1, -1], [2, -2], [3, -3]]
    assert source.labels("train") is None
    assert source.preprocess.name == "none"


def test_varied_sizes_need_a_size(tfds_dir: Path) -> None:
    with pytest.raises(DataError, match="different sizes") as caught:
        Tfds("varied_pictures", data_dir=tfds_dir).load("train")
    assert "size" in str(caught.value.hint)


def test_the_central_square_is_resized(tfds_dir: Path) -> None:
    source = Tfds("varied_pictures", size=4, data_dir=tfds_dir)
    np.testing.assert_array_equal(source.load("train"), np.full((3, 4, 4, 1), 255, np.uint8))


def test_a_rectangular_part_is_resized(tfds_dir: Path) -> None:
    """Of pictures of 6×4, all four columns, and the two rows in the middle."""
    source = Tfds("tiny_pictures", size=[4, 8], data_dir=tfds_dir, fields=["mask"])
    assert source.spec.shape == (4, 8, 3)
    assert source.spec.field("mask").shape == (4, 8, 1)
    assert sorted(source.load("train")[:, 3, 7, 0].tolist()) == [10 * i for i in range(10)]
    source = Tfds("varied_pictures", size=[8, 4], data_dir=tfds_dir)
    np.testing.assert_array_equal(source.load("train"), np.full((3, 8, 4, 1), 255, np.uint8))


def test_splits_of_other_names_are_found_or_named(
    tfds_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Tfds("tiny_pictures", data_dir=tfds_dir).left_out() == {}
    assert Tfds("tiny_pictures", "test[:2]", test="test[2:]", data_dir=tfds_dir).left_out() == {
        "splits that nothing reads": ["train (10)"]
    }
    source = Tfds("tiny_pictures", data_dir=tfds_dir)
    own = source._builder.info.splits
    named = {"train": own["train"], "dev": own["test"], "unlabeled": own["train"]}
    monkeypatch.setattr(type(source._builder.info), "splits", named)
    assert source.splits == ("train", "validation")
    assert source.left_out() == {"splits that nothing reads": ["unlabeled (10)"]}


def test_validate_says_what_is_prepared_without_reading_it(
    tfds_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tfds, "load", None)

    def validate(**changed: str) -> Result:
        dataset = {"name": "tfds", "id": "tiny_pictures", "data_dir": str(tfds_dir)} | changed
        overrides = [f"dataset={json.dumps(dataset)}", "training.batch_size=2"]
        return CliRunner().invoke(cli, ["validate", "digits", *overrides])

    result = validate(train="train[:7]", test="train[7:]")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1:] == [
        "  tfds tiny_pictures: images of 6×4×3, uint8, 0 to 255 brought to [0, 1] (unit)",
        "  train: 7 examples",
        "  test: 3 examples",
        "  left out: splits that nothing reads: 1 (test (5))",
    ]
    # Something of that name is there, and not what is asked for: TFDS tells.
    (tmp_path / "tiny_pictures" / "0.1.0").mkdir(parents=True)
    (tmp_path / "tiny_pictures" / "0.1.0" / "dataset_info.json").write_text("{}")
    result = validate(data_dir=str(tmp_path))
    assert "not prepared in" in result.output
    assert f"--data-dir {tmp_path}" in result.output


def test_fixed_sizes_can_be_changed(tfds_dir: Path) -> None:
    source = Tfds("tiny_pictures", size=2, data_dir=tfds_dir)
    assert sorted(source.load("train")[:, 1, 1, 0].tolist()) == [10 * i for i in range(10)]


@pytest.mark.parametrize(
    ("identifier", "parameters", "says", "hint"),
    [
        ("mnits", {}, "knows no data set 'mnits'", "did you mean 'mnist'"),
        ("imdb_reviews", {}, "no image", "text (Text)"),
        ("emnist/leters", {}, "BuilderConfig leters not found", "letters"),
        ("mnist:1.2.3", {}, "cannot be loaded at version 1.2.3", ""),
        ("mnist", {"feature": "picture"}, "isn't there", "image (Image)"),
        ("cifar10", {"feature": "id"}, "won't do", "image (Image)"),
    ],
)
def test_what_cannot_be_learnt_is_refused_at_once(
    tmp_path: Path, identifier: str, parameters: dict[str, str], says: str, hint: str
) -> None:
    with pytest.raises(DataError) as caught:
        Tfds(identifier, data_dir=tmp_path, **parameters)
    assert says in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("identifier", ["huggingface:mnist", "../mnist"])
def test_what_is_no_id_is_refused_by_hand_as_by_a_recipe(identifier: str) -> None:
    with pytest.raises(UsageError, match="id: expected a TFDS data set's id, such as mnist:3.0.1"):
        Tfds(identifier)


def test_a_split_beyond_memory_is_refused_before_it_is_read(
    tfds_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advnets.data.stored.MEMORY_BUDGET", 100)
    with pytest.raises(DataError, match="take 800 bytes of memory; at most 100 bytes"):
        Tfds("tiny_pictures", data_dir=tfds_dir).load("train")


@pytest.fixture(scope="module")
def records_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of TFDS whose examples can be read one by one."""
    path = tmp_path_factory.mktemp("records")
    for name in ("tiny_pictures", "varied_pictures", "tiny_vectors"):
        prepare_data(name, data_dir=path, file_format="array_record")
    return path


@pytest.mark.parametrize(
    ("identifier", "parameters"),
    [
        ("tiny_pictures", {"train": "train[2:9]", "fields": ["mask"]}),
        ("tiny_pictures", {"size": 2, "train": "train+test"}),
        ("varied_pictures", {"size": 4}),
        ("tiny_vectors", {"fields": ["weight", "heavy"]}),
    ],
)
def test_records_are_the_examples_in_the_same_order(
    tfds_dir: Path, records_dir: Path, identifier: str, parameters: dict[str, Any]
) -> None:
    source = Tfds(identifier, data_dir=tfds_dir, **parameters)
    records = Tfds(identifier, data_dir=records_dir, **parameters)
    assert (source.reads_parts("train"), records.reads_parts("train")) == (False, True)
    places = [records.count("train") - 1, 0, 1]
    some = records.take("train", places)
    np.testing.assert_array_equal(some.examples, source.load("train")[places])
    assert set(some.fields) == set(source.spec.fields)
    for name, values in some.fields.items():
        np.testing.assert_array_equal(values, source.field("train", name)[places])
    records.memory_budget = 10
    assert not records.fits("train")
    for names in ((), some.fields):
        assert records.fingerprint("train", names) == source.fingerprint("train", names)
    np.testing.assert_array_equal(records.load("train"), source.load("train"))


def test_records_are_not_looked_for_among_files_of_another_format(tfds_dir: Path) -> None:
    with pytest.raises(DataError, match="already, as tfrecord, not as array_record") as caught:
        prepare_data("tiny_vectors", data_dir=tfds_dir, file_format="array_record")
    assert "--data-dir" in str(caught.value.hint)


def test_records_that_are_gone(records_dir: Path) -> None:
    source = Tfds("tiny_vectors", data_dir=records_dir)
    assert source.count("train") == 4
    for file in records_dir.glob("tiny_vectors/*/*.array_record*"):
        file.unlink()
    with pytest.raises(DataError, match="cannot be read from"):
        source.take("train", [0])


@pytest.fixture(scope="module")
def mnist(mnist_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Tfds:
    """The real one, prepared from its official files."""
    data_dir = tmp_path_factory.mktemp("mnist")
    prepare_data("mnist", mnist_files, data_dir)
    return Tfds("mnist", "train[:50000]", "train[50000:]", data_dir=data_dir)


def test_mnist_has_its_splits(mnist: Tfds) -> None:
    mnist.available()
    sizes = {split: len(mnist.load(split)) for split in mnist.splits}
    assert sizes == {"train": 50_000, "validation": 10_000, "test": 10_000}
    assert mnist.spec.shape == (28, 28, 1)
    assert mnist.preprocess.name == "unit"


def test_mnist_images_are_the_official_ones(mnist: Tfds, mnist_files: Path) -> None:
    with gzip.open(mnist_files / "t10k-images-idx3-ubyte.gz") as file:
        official = np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 784)
    read = mnist.load("test").reshape(-1, 784)
    assert sorted(map(bytes, read)) == sorted(map(bytes, official))


def test_mnist_marginals(mnist: Tfds) -> None:
    marginals = mnist.marginals()
    assert marginals.shape == (28, 28, 1)
    expected = mnist.load("train").mean(axis=0, dtype=np.float64) / 255
    np.testing.assert_allclose(marginals, expected, atol=1e-6)
    assert float(marginals.mean()) == pytest.approx(0.1307, abs=0.001)
