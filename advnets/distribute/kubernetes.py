"""Find the pods of a Kubernetes job, by TensorFlow's own resolver."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..errors import RunError, UsageError

SELECTOR = "ADVNETS_KUBERNETES_SELECTOR"
WORKERS = "ADVNETS_KUBERNETES_WORKERS"
PORT = 2222
PATIENCE, PAUSE = 600.0, 2.0
"""Seconds to wait for all pods to run, and between two looks."""
NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def kubernetes_workers(
    environment: Mapping[str, str], client: Any = None, patience: float = PATIENCE
) -> tuple[str, ...]:
    """Return the addresses of a job's pods, once as many run as there are to be.

    Args:
        environment: Holds the label selector (``ADVNETS_KUBERNETES_SELECTOR``, such as
            ``job-name=ring``) and the number of pods (``ADVNETS_KUBERNETES_WORKERS``).
        client: A ``kubernetes.client.CoreV1Api``; one for this pod's account by default.
        patience: Seconds to wait for the pods.

    Raises:
        UsageError: If the number is missing or the package ``kubernetes`` is.
        RunError: If the pods do not run in time.
    """
    import tensorflow as tf

    selector, count = environment[SELECTOR], environment.get(WORKERS, "")
    if not count.isdigit() or int(count) < 1:
        raise UsageError(f"{WORKERS} is {count!r}; the number of pods was expected")
    namespace = environment.get("POD_NAMESPACE")
    namespace = namespace or (NAMESPACE.read_text().strip() if NAMESPACE.exists() else "default")
    lister = (client or _client()).list_namespaced_pod

    def list_pods(label_selector: str) -> SimpleNamespace:
        pods = []
        for pod in lister(namespace, label_selector=label_selector).items:
            if pod.status.phase not in ("Succeeded", "Failed"):  # earlier attempts
                status = SimpleNamespace(phase=pod.status.phase, host_ip=pod.status.pod_ip)
                pods.append(SimpleNamespace(metadata=pod.metadata, status=status))
        return SimpleNamespace(items=pods)

    # The resolver would list the pods of all namespaces, which few accounts may, and give
    # the addresses of the machines that pods run on, where nobody listens.
    pods = SimpleNamespace(list_pod_for_all_namespaces=list_pods)
    deadline = time.monotonic() + patience
    while True:
        resolver = tf.distribute.cluster_resolver.KubernetesClusterResolver(
            {"worker": [selector]}, tf_server_port=PORT, override_client=pods
        )
        try:
            found = tuple(resolver.cluster_spec().as_dict().get("worker", ()))
            state = f"{len(found)} run"
        except RuntimeError as error:  # a pod that does not run yet
            found, state = (), str(error)
        if len(found) == int(count):
            return found
        if time.monotonic() > deadline:
            raise RunError(
                f"{selector} was to select {count} pods, but after {patience:.0f} s {state}",
                hint=f"check {SELECTOR}, {WORKERS} and `kubectl get pods -l {selector}`",
            )
        time.sleep(PAUSE)


def _client() -> Any:
    try:
        from kubernetes import client, config  # type: ignore[import-not-found]
    except ImportError as error:
        raise UsageError(
            f"{SELECTOR} is set, which takes the package kubernetes",
            hint="pip install 'advnets[kubernetes]'; or set TF_CONFIG, see docs/scaling.md",
        ) from error
    try:
        config.load_incluster_config()
    except config.ConfigException as error:
        raise UsageError(
            f"{SELECTOR} is set, but this is no pod of Kubernetes: {error}",
            hint="unset it, or set TF_CONFIG",
        ) from error
    return client.CoreV1Api()
