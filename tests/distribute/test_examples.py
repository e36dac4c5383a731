"""The examples of docs/scaling.md do what they say, as far as that shows without a cluster."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from advnets.distribute.cluster import find_cluster
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe

EXAMPLES = Path(__file__).parents[2] / "docs/scaling"
SERVICE, CLAIM, JOB = YAML(typ="safe").load_all(EXAMPLES / "kubernetes-job.yaml")
SPEC = JOB["spec"]
POD = SPEC["template"]["spec"]
(CONTAINER,) = POD["containers"]


def test_the_parts_of_the_manifest_fit_each_other() -> None:
    assert [part["kind"] for part in (SERVICE, CLAIM, JOB)] == [
        *("Service", "PersistentVolumeClaim", "Job")
    ]
    assert SPEC["completionMode"] == "Indexed"
    assert SPEC["completions"] == SPEC["parallelism"]
    assert POD["subdomain"] == SERVICE["metadata"]["name"]
    assert SERVICE["spec"]["clusterIP"] == "None"
    assert SERVICE["spec"]["selector"] == SPEC["template"]["metadata"]["labels"]
    assert POD["volumes"][0]["persistentVolumeClaim"]["claimName"] == CLAIM["metadata"]["name"]
    mounts = {mount["name"] for mount in CONTAINER["volumeMounts"]}
    assert mounts == {volume["name"] for volume in POD["volumes"]}
    (rule,) = [rule for rule in SPEC["podFailurePolicy"]["rules"] if "onExitCodes" in rule]
    assert rule["onExitCodes"]["containerName"] == CONTAINER["name"]


@pytest.mark.parametrize("index", [0, 3])
def test_every_pod_knows_the_others(index: int, tmp_path: Path) -> None:
    """The container's script, with a stand-in for advnets that shows what it was given."""
    fake = tmp_path / "advnets"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$TF_CONFIG" "$@"\n')
    fake.chmod(0o755)
    done = subprocess.run(
        [*CONTAINER["command"], *CONTAINER["args"]],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "JOB_COMPLETION_INDEX": str(index)},
        capture_output=True,
        text=True,
        check=True,
    )
    config, *words = done.stdout.splitlines()
    cluster = find_cluster({"TF_CONFIG": config})
    names = [address.split(":")[0] for address in cluster.workers["worker"]]
    job, service = JOB["metadata"]["name"], SERVICE["metadata"]["name"]
    assert names == [f"{job}-{i}.{service}" for i in range(SPEC["completions"])]
    assert cluster.index == index
    assert json.loads(config)["cluster"]["worker"][0].endswith(
        f":{SERVICE['spec']['ports'][0]['port']}"
    )
    valid(words)


def test_the_slurm_script_starts_a_recipe_that_is_valid() -> None:
    script = EXAMPLES / "slurm.sh"
    subprocess.run(["bash", "-n", script], check=True)
    command = script.read_text().split("srun", 1)[1].replace("\\\n", " ").split("advnets ")[1]
    valid(command.replace('"', "").split())


def valid(words: list[str]) -> None:
    """The words after `advnets` play a recipe that ships, with a batch that divides evenly."""
    run, recipe, *rest = words
    overrides = rest[: rest.index("--run-dir")]
    assert run == "run"
    loaded = load_recipe(recipe, overrides, registry=load_plugins(environ={}))
    assert loaded.data["training"]["batch_size"] % 8 == 0
