"""A Python that has TensorFlow already: forked from a process that imported it and no more.

To import TensorFlow takes longer than what most tests do with a process of their own. The fixture
``preloaded`` (conftest.py) is a command to be used where ``[sys.executable]`` would be: it takes
``-m MODULE``, ``-c PROGRAM`` or a script, passes on its folder, environment, standard files and
signals, and ends as the forked process does. Only SIGKILL does not reach that one.

As a script, ``preloaded.py serve ADDRESS`` imports what is heavy and forks on request until its
standard input ends; ``preloaded.py ADDRESS -m MODULE …`` requests.
"""

import array
import json
import os
import signal
import socket
import sys

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HEAVY = (
    "tensorflow, keras, matplotlib.pyplot, scipy.stats, sklearn.datasets, advnets.cli.main, "
    "advnets.game, advnets.session"
)


def request(address: str, words: list[str]) -> None:
    """Have a process forked that does what Python would with these words; end as it ends."""
    asked = {"words": words, "cwd": os.getcwd(), "env": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        files = array.array("i", [0, 1, 2])
        server.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
        told = server.makefile("rw", encoding="utf-8")
        print(json.dumps(asked), file=told, flush=True)
        process = int(told.readline())
        for number in PASSED_ON:
            signal.signal(number, lambda number, _: os.kill(process, number))
        code = os.waitstatus_to_exitcode(int(told.readline()))
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def serve(address: str) -> None:
    """Import what is heavy, and fork for each request, until standard input ends."""
    import select

    exec(f"import {HEAVY}", {})
    from advnets.monitor.report import report

    report.try_drawing = lambda chart: (
        "<svg></svg>"
    )  # as `undrawn` has it in the repository's conftest.py
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        print("ready", flush=True)
        while listening in select.select([listening, sys.stdin], [], [])[0]:
            asking, _ = listening.accept()
            if os.fork() == 0:  # one that stays until the other ends, to tell how
                listening.close()
                answer(asking)
                os._exit(0)
            asking.close()
            reap()


def reap() -> None:
    """Let those go that have told how theirs ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def answer(asking: socket.socket) -> None:
    """Fork, and tell the number of the process and how it ended."""
    files = array.array("i")
    _, sent, _, _ = asking.recvmsg(1, socket.CMSG_SPACE(3 * files.itemsize))
    files.frombytes(sent[0][2])
    told = asking.makefile("rw", encoding="utf-8")
    asked = json.loads(told.readline())
    process = os.fork()
    if process == 0:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        told.close()
        asking.close()
        become(asked["words"], asked["cwd"], asked["env"])
    print(process, file=told, flush=True)
    for number in (0, 1, 2, *files):  # so that who reads the other end sees it end
        os.close(number)
    print(os.waitpid(process, 0)[1], file=told, flush=True)


def become(words: list[str], cwd: str, env: dict[str, str]) -> None:
    """Do what ``python WORDS`` does in a folder and an environment, and end."""
    import atexit
    import contextlib
    import runpy
    import threading
    import traceback

    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[:0] = [p for p in env.get("PYTHONPATH", "").split(os.pathsep) if p]
    code = 0
    try:
        if words[0] == "-m":
            sys.argv = ["-m", *words[2:]]
            sys.path.insert(0, cwd)
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        elif words[0] == "-c":
            sys.argv = ["-c", *words[2:]]
            sys.path.insert(0, "")
            exec(compile(words[1], "<string>", "exec"), sys.modules["__main__"].__dict__)
        else:
            sys.argv = words
            sys.path.insert(0, os.path.dirname(os.path.abspath(words[0])))
            runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for file in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            file.flush()
    os._exit(code)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        request(sys.argv[1], sys.argv[2:])
