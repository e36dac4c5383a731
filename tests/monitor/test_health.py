"""Signs of trouble in manifests and records."""

from __future__ import annotations

import math

import pytest

from advnets.monitor.report.health import manifest_findings, record_findings


def subjects(findings, level="problem"):
    return [finding.subject for finding in findings if finding.level == level]


@pytest.fixture
def records(record):
    return [record(step) for step in range(1, 31)]


def test_a_healthy_run_has_nothing_to_tell(records):
    [finding] = record_findings(records)
    assert finding.level == "ok"
    assert "30 records up to step 30" in finding.text


def test_nothing_logged_is_no_problem():
    assert subjects(record_findings([])) == []


def test_a_nan_is_found_where_it_began(records):
    for record in records[19:]:
        record["g_loss"] = None
    [finding] = record_findings(records)
    assert finding.subject == "NaN"
    assert "g_loss not finite from step 20" in finding.text


def test_values_undefined_for_a_loss_are_no_nan(records):
    for record in records:
        record |= {"value": None, "d_real": None, "d_fake": None}
    assert subjects(record_findings(records)) == []


@pytest.mark.parametrize("loss", [2 * math.log(2), math.log(2)])
def test_dead_at_the_textbook_equilibrium(records, loss):
    """A NaN in the data can leave both players dead with a d_loss that looks perfect."""
    for record in records[-10:]:
        record |= {"d_loss": loss, "d_gradient_norm": 0.0, "g_gradient_norm": 0.0}
    found = record_findings(records)
    assert subjects(found) == ["dead", "dead"]
    assert "reads as at the equilibrium" in found[0].text


def test_the_equilibrium_itself_is_healthy(records):
    for record in records:
        record |= {"d_loss": 2 * math.log(2), "d_gradient_norm": 1e-3, "g_gradient_norm": 1e-4}
    assert subjects(record_findings(records)) == []


def test_a_saturated_discriminator(records):
    for record in records[-10:]:
        record |= {"d_real": 0.9999, "d_fake": 1e-5, "d_accuracy_real": 1.0, "d_accuracy_fake": 1.0}
    assert subjects(record_findings(records)) == ["saturated"]
    records[-3]["d_real"] = 0.9
    assert subjects(record_findings(records)) == []
    assert subjects(record_findings(records), "note") == ["saturated"]


def test_doubled_steps(records):
    assert subjects(record_findings([*records, records[-5]])) == ["metrics"]


@pytest.mark.parametrize(
    ("status", "holder", "level"),
    [
        ("finished", None, "ok"),
        ("running", "process 7 on ada", "ok"),
        ("running", None, "problem"),
        ("interrupted", None, "note"),
        ("failed", None, "problem"),
    ],
)
def test_status(status, holder, level):
    [finding] = manifest_findings({"status": status, "step": 5, "error": "x"}, holder)
    assert finding.level == level
    assert f"{status} at step 5" in finding.text


def test_a_stand_in_is_noted():
    stand_in = {"for": {"name": "tfds", "id": "mnist"}, "used": {"name": "digits"}}
    found = manifest_findings({"status": "finished", "stand_in": stand_in}, None)
    assert "played on digits instead of tfds mnist" in found[1].text


def with_grids(records, every=5, **seen):
    for record in records:
        if record["step"] % every == 0:
            record |= seen
    return records


def test_samples_as_varied_as_the_data_are_healthy(records):
    seen = {"sample_spread": 0.9, "sample_duplicates": 0.0, "sample_modes": 8.0}
    assert subjects(record_findings(with_grids(records, **seen))) == []


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"sample_spread": 0.05, "sample_duplicates": 0.0}, "5% as far apart as real examples"),
        ({"sample_spread": 0.8, "sample_duplicates": 0.75}, "75% of the samples or more"),
    ],
)
def test_a_collapse_is_seen_in_the_fixed_samples(records, seen, told):
    [finding] = record_findings(with_grids(records, **seen))
    assert finding.subject == "collapse"
    assert told in finding.text


def test_one_narrow_grid_is_no_collapse(records):
    records[9] |= {"sample_spread": 0.01, "sample_duplicates": 1.0}
    assert subjects(record_findings(records)) == []


def test_modes_that_were_reached_before_are_missed(records):
    with_grids(records, sample_spread=0.9, sample_duplicates=0.0, sample_modes=2.0)
    records[4]["sample_modes"] = 8.0
    [finding] = record_findings(records)
    assert "samples reach 2 modes; they reached 8 before" in finding.text


def test_a_generator_that_stalls(records):
    for record in records:
        record["g_gradient_norm"] = 1.0 if record["step"] <= 20 else 1e-8
    [finding] = record_findings(records)
    assert finding.subject == "stalled"


def test_divergences_and_repeated_noise_are_told():
    rolled = {"step": 14, "logged": ["d_loss"], "variables": [], "back_to": 10}
    manifest = {
        "status": "failed",
        "divergences": [rolled | {"learning_rate_factor": 0.5}, {"step": 20, "other": "skips"}],
        "noise": "two rounds get the same points",
    }
    found = manifest_findings(manifest, holder=None)
    assert subjects(found, "note") == ["diverged"]
    assert subjects(found) == ["status", "diverged", "noise"]
    assert "d_loss; back to step 10, learning rates × 0.5" in found[1].text
