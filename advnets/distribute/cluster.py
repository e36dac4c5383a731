"""Find the processes that play a run together: by TF_CONFIG, a SLURM job step, or Kubernetes.

Importing this module imports no TensorFlow; its resolvers for SLURM and Kubernetes do.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from .kubernetes import SELECTOR, kubernetes_workers

JOBS = ("chief", "worker")
EXAMPLE = (
    'such as {"cluster": {"worker": ["host0:2222", "host1:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)
FIRST_PORT, PORTS = 12_000, 20_000
"""Where the ports of a SLURM job lie: below those that systems give out by themselves."""


@dataclass(frozen=True)
class Cluster:
    """Hold the addresses of a run's workers, and which of them this process is.

    Attributes:
        workers: The jobs' addresses, ``{"worker": ("host:port", …)}``, perhaps with a
            ``chief`` too.
        job: This process's job, ``chief`` or ``worker``.
        index: Its number within the job.
        source: What all this was read from, for messages.
    """

    workers: Mapping[str, tuple[str, ...]]
    job: str
    index: int
    source: str

    @property
    def size(self) -> int:
        """How many workers there are, the chief included."""
        return len(self.addresses)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The workers' addresses, in the order of their numbers; the chief's is first."""
        return (*self.workers.get("chief", ()), *self.workers.get("worker", ()))

    @property
    def rank(self) -> int:
        """This process's number among all; the chief's is 0.

        >>> Cluster({"chief": ("a:1",), "worker": ("b:1",)}, "worker", 0, "TF_CONFIG").rank
        1
        """
        return self.index + (len(self.workers.get("chief", ())) if self.job == "worker" else 0)


def find_cluster(environment: Mapping[str, str] | None = None) -> Cluster | None:
    """Return the cluster that this process belongs to; ``None`` if nothing describes one.

    TF_CONFIG counts before anything else. Without one, a SLURM job step of several tasks
    is a cluster, and so are the pods that ``ADVNETS_KUBERNETES_SELECTOR`` selects.

    Args:
        environment: The environment variables; this process's by default.

    Raises:
        UsageError: If what is found there is malformed, or is for parameter servers.

    >>> find_cluster({}) is None
    True
    >>> cluster = {"worker": ["ada:2222", "bob:2222"]}
    >>> task = {"type": "worker", "index": 1}
    >>> find_cluster({"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}).rank
    1
    """
    environment = os.environ if environment is None else environment
    if environment.get("TF_CONFIG", "").strip():
        return _from_tf_config(environment["TF_CONFIG"])
    if environment.get("SLURM_STEP_NUM_TASKS", "1") not in ("", "0", "1"):
        return _from_slurm(environment)
    if environment.get(SELECTOR):
        return _from_kubernetes(environment)
    return None


def _from_tf_config(text: str) -> Cluster | None:
    def refuse(message: str, hint: str = EXAMPLE) -> UsageError:
        return UsageError(message, where="TF_CONFIG", hint=hint)

    try:
        config = json.loads(text)
    except ValueError as error:
        raise refuse(f"it is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise refuse(f"it is {type(config).__name__}, not an object")
    jobs, task = config.get("cluster") or {}, config.get("task") or {}
    if not isinstance(jobs, dict) or not isinstance(task, dict):
        raise refuse("cluster and task must be objects")
    kind, index = task.get("type"), task.get("index")
    if "ps" in jobs or kind == "ps":
        raise refuse(
            "it describes parameter servers, which Keras 3 does not support",
            "list all machines as workers: they then mirror the variables and share each batch",
        )
    if kind == "evaluator":
        raise refuse(
            "this task is an evaluator, of which advnets needs none",
            "the workers evaluate by themselves, as `evaluation` in the recipe sets",
        )
    workers = {job: jobs[job] for job in jobs if job != "evaluator"}
    for job, addresses in workers.items():
        if job not in JOBS:
            raise refuse(f"it has the job {job!r}; chief and worker are known")
        if not isinstance(addresses, list) or not all(map(_is_address, addresses)):
            raise refuse(f"cluster.{job} must be a list of host:port, but is {addresses!r}")
    everybody = [address for addresses in workers.values() for address in addresses]
    if twice := [address for address in dict.fromkeys(everybody) if everybody.count(address) > 1]:
        raise refuse(f"several workers have the address {', '.join(twice)}")
    if len(workers.get("chief", [])) > 1:
        raise refuse("it has several chiefs")
    if not workers:
        return None
    if not isinstance(kind, str) or kind not in workers:
        raise refuse(f"task.type is {kind!r}; the cluster has {', '.join(workers)}")
    count = len(workers[kind])
    if isinstance(index, str) and index.isdigit():  # as TensorFlow reads it
        index = int(index)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
        raise refuse(f"task.index is {index!r}; cluster.{kind} has the indices 0 to {count - 1}")
    return Cluster({job: tuple(w) for job, w in workers.items()}, kind, index, "TF_CONFIG")


def _is_address(word: Any) -> bool:
    _, colon, port = word.rpartition(":") if isinstance(word, str) else ("", "", "")
    return bool(colon) and port.isdecimal() and 0 < int(port[:6]) < 2**16


def _from_slurm(environment: Mapping[str, str]) -> Cluster:
    """Return the tasks of a SLURM job step, by TensorFlow's own resolver.

    The resolver sorts the hosts by name, while SLURM counts its tasks in another order
    (n9 before n10); so each task finds itself by its own address. Devices are SLURM's
    affair: the resolver's own ways to share out GPUs fail where there are none.
    """
    import tensorflow as tf

    numbers = [environment.get(name, "") for name in ("SLURM_JOB_ID", "SLURM_STEP_ID")]
    number = sum(int(word) for word in numbers if word.isdigit())
    # So that two jobs on one machine keep out of each other's way.
    first = FIRST_PORT + 64 * number % PORTS
    try:
        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=first, gpus_per_node=2**16, gpus_per_task=1, auto_set_gpu=False
        )
        addresses = tuple(resolver.cluster_spec().as_dict()["worker"])
    except (RuntimeError, ValueError, KeyError) as error:
        raise UsageError(
            f"the SLURM job step cannot be read: {error}",
            hint="start the workers by `srun advnets run RECIPE`, or set TF_CONFIG",
        ) from error
    own = f"{environment.get('SLURMD_NODENAME')}:{first + int(environment.get('SLURM_LOCALID', 0))}"
    index = addresses.index(own) if own in addresses else resolver.task_id
    return Cluster({"worker": addresses}, "worker", index, "SLURM")


def _from_kubernetes(environment: Mapping[str, str]) -> Cluster:
    addresses = kubernetes_workers(environment)
    own = environment.get("POD_IP") or socket.gethostbyname(socket.gethostname())
    for index, address in enumerate(addresses):
        if address.rpartition(":")[0] == own:
            return Cluster({"worker": addresses}, "worker", index, "Kubernetes")
    raise UsageError(
        f"this pod, {own}, is not among those that {SELECTOR} selects: {', '.join(addresses)}",
        hint="set POD_IP from status.podIP, and select the pods of this job",
    )
