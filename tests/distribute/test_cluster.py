"""Who plays together: TF_CONFIG, SLURM and Kubernetes, and what is refused."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf

from advnets.distribute import kubernetes
from advnets.distribute.cluster import Cluster, find_cluster
from advnets.distribute.strategy import make_strategy
from advnets.errors import RunError, UsageError

TWO = {"worker": ["ada:2222", "bob:2222"]}


def tf_config(cluster: Any, kind: Any = "worker", index: Any = 0) -> Cluster | None:
    task = {"type": kind, "index": index}
    return find_cluster({"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})})


def test_tf_config() -> None:
    found = tf_config(TWO, index=1)
    assert found == Cluster({"worker": ("ada:2222", "bob:2222")}, "worker", 1, "TF_CONFIG")
    assert (found.size, found.rank) == (2, 1)
    assert tf_config(TWO, index="1") == found
    with_chief = {"chief": ["eve:1"], "worker": ["ada:1", "bob:1"], "evaluator": ["joe:1"]}
    assert [tf_config(with_chief, "worker", i).rank for i in (0, 1)] == [1, 2]
    assert tf_config(with_chief, "chief", 0).rank == 0
    assert tf_config(with_chief, "chief", 0).size == 3


@pytest.mark.parametrize("text", ["", " ", "{}", '{"cluster": {}, "task": {}}'])
def test_no_cluster(text: str) -> None:
    assert find_cluster({"TF_CONFIG": text, "SLURM_STEP_NUM_TASKS": "1"}) is None


def test_a_cluster_of_one_is_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    task = {"type": "worker", "index": 0}
    alone = {"cluster": {"worker": ["ada:2222"]}, "task": task}
    monkeypatch.setenv("TF_CONFIG", json.dumps(alone))
    for name in ("auto", "multi_worker"):
        assert make_strategy(name, 7).num_replicas_in_sync == 1


def test_who_stays_alone_asks_for_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", "{no cluster")
    assert make_strategy("one_device", 7) is tf.distribute.get_strategy()
    with pytest.raises(UsageError, match="not JSON"):
        make_strategy("auto", 7)


def test_one_device_to_mirror_is_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = tf.config.list_logical_devices("CPU")[:1]
    monkeypatch.setattr(
        tf.config, "list_logical_devices", lambda kind: alone if kind == "CPU" else []
    )
    assert make_strategy("mirrored", 7) is tf.distribute.get_strategy()


def test_a_malformed_cluster_is_told_to_mirrored_devices_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TensorFlow looks at TF_CONFIG for them."""
    monkeypatch.setenv("TF_CONFIG", "{no cluster")
    two = tf.config.list_logical_devices("CPU")[:1] * 2
    monkeypatch.setattr(
        tf.config, "list_logical_devices", lambda kind: two if kind == "CPU" else []
    )
    with pytest.raises(UsageError, match="cannot mirror"):
        make_strategy("mirrored", 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{cluster", "not JSON"),
        ("[1]", "list, not an object"),
        ('{"cluster": [], "task": 3}', "cluster and task must be objects"),
    ],
)
def test_malformed_tf_config(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        find_cluster({"TF_CONFIG": text})
    assert str(caught.value).startswith("TF_CONFIG: ")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "message"),
    [
        (TWO, "worker", 2, "task.index is 2; cluster.worker has the indices 0 to 1"),
        (TWO, "worker", -1, "task.index is -1"),
        (TWO, "worker", None, "task.index is None"),
        (TWO, "worker", True, "task.index is True"),
        (TWO, "chief", 0, "task.type is 'chief'; the cluster has worker"),
        (TWO, None, 0, "task.type is None"),
        ({"worker": "ada:2222"}, "worker", 0, "must be a list of host:port"),
        ({"worker": ["ada"]}, "worker", 0, "must be a list of host:port"),
        ({**TWO, "boss": ["eve:1"]}, "worker", 0, "the job 'boss'"),
        ({**TWO, "chief": ["eve:1", "mia:1"]}, "worker", 0, "several chiefs"),
        ({"worker": ["ada:1", "ada:1"]}, "worker", 1, "several workers have the address ada:1"),
        ({**TWO, "chief": TWO["worker"][:1]}, "worker", 0, "several workers have the address"),
        ({**TWO, "ps": ["eve:1"]}, "worker", 0, "parameter servers"),
        ({**TWO, "ps": ["eve:1"]}, "ps", 0, "parameter servers"),
        ({**TWO, "evaluator": ["eve:1"]}, "evaluator", 0, "evaluator, of which advnets needs none"),
    ],
)
def test_refused_tf_config(cluster: Any, kind: Any, index: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        tf_config(cluster, kind, index)
    assert caught.value.hint


def slurm(node: str, local: int, rank: int) -> dict[str, str]:
    """Four tasks on n9 and n10, which SLURM counts in this order."""
    return {
        "SLURM_JOB_ID": "4711",
        "SLURM_STEP_ID": "0",
        "SLURM_STEP_NUM_TASKS": "4",
        "SLURM_STEP_NODELIST": "n[9-10]",
        "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
        "SLURM_PROCID": str(rank),
        "SLURM_LOCALID": str(local),
        "SLURMD_NODENAME": node,
    }


def in_slurm(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> Cluster | None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)  # TensorFlow's resolver looks there
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return find_cluster()


def test_every_slurm_task_is_where_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [("n9", 0, 0), ("n9", 1, 1), ("n10", 0, 2), ("n10", 1, 3)]
    found = [in_slurm(monkeypatch, slurm(*task)) for task in tasks]
    assert len({cluster.workers["worker"] for cluster in found}) == 1
    assert sorted(cluster.rank for cluster in found) == [0, 1, 2, 3]
    for (node, local, _), cluster in zip(tasks, found, strict=True):
        host, _, port = cluster.workers["worker"][cluster.index].partition(":")
        first = min(int(a.partition(":")[2]) for a in cluster.workers["worker"])
        assert (host, int(port) - first) == (node, local)
    other = in_slurm(monkeypatch, {**slurm("n9", 0, 0), "SLURM_JOB_ID": "4712"})
    assert not set(other.workers["worker"]) & set(found[0].workers["worker"])


def test_a_slurm_job_outside_of_a_step_is_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_cluster({"SLURM_JOB_ID": "1", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}) is None
    with pytest.raises(UsageError, match="SLURM job step cannot be read.*STEP_NODELIST"):
        in_slurm(monkeypatch, {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"})


class Client:
    """Pods as Kubernetes lists them, at each look those of the next list."""

    def __init__(self, *looks: list[tuple[str, str, str]]):
        self.looks = list(looks)

    def list_namespaced_pod(self, namespace: str, label_selector: str) -> SimpleNamespace:
        assert (namespace, label_selector) == ("games", "job-name=ring")
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return SimpleNamespace(
            items=[
                SimpleNamespace(
                    metadata=SimpleNamespace(name=name),
                    status=SimpleNamespace(phase=phase, pod_ip=ip, host_ip="10.0.0.1"),
                )
                for name, phase, ip in look
            ]
        )


PODS = {
    "ADVNETS_KUBERNETES_SELECTOR": "job-name=ring",
    "ADVNETS_KUBERNETES_WORKERS": "2",
    "POD_NAMESPACE": "games",
    "POD_IP": "10.1.0.7",
}


def test_pods_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes, "PAUSE", 0.0)
    pending = [("ring-1-x", "Pending", None), ("ring-0-y", "Running", "10.1.0.9")]
    running = [
        ("ring-1-x", "Running", "10.1.0.7"),
        ("ring-0-y", "Running", "10.1.0.9"),
        ("ring-1-w", "Failed", "10.1.0.3"),  # an earlier attempt
    ]
    monkeypatch.setattr(kubernetes, "_client", lambda: Client([], pending, running))
    found = find_cluster(PODS)
    assert found == Cluster(
        {"worker": ("10.1.0.9:2222", "10.1.0.7:2222")}, "worker", 1, "Kubernetes"
    )
    monkeypatch.setattr(kubernetes, "_client", lambda: Client(running))
    with pytest.raises(UsageError, match="this pod, 10.1.0.8, is not among those"):
        find_cluster({**PODS, "POD_IP": "10.1.0.8"})


def test_pods_that_never_run() -> None:
    with pytest.raises(RunError, match='was to select 2 pods, but after 0 s Pod "a" is not runn'):
        kubernetes.kubernetes_workers(PODS, Client([("a", "Pending", "")]), patience=0)
    with pytest.raises(UsageError, match="ADVNETS_KUBERNETES_WORKERS is 'two'"):
        kubernetes.kubernetes_workers({**PODS, "ADVNETS_KUBERNETES_WORKERS": "two"})


def test_kubernetes_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "kubernetes", None)
    with pytest.raises(UsageError, match="package kubernetes") as caught:
        find_cluster(PODS)
    assert "advnets[kubernetes]" in str(caught.value.hint)


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing names several workers"):
        make_strategy("multi_worker", 8)
    with pytest.raises(UsageError, match="no TPU was found"):
        make_strategy("tpu", 8)
