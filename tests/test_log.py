"""What advnets says goes through the standard library's logging, and can be silenced there."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys

import pytest

from advnets.log import ROOT, at_level, on_screen, screen


@pytest.fixture
def shown():
    """What the screen shows of the log."""
    console = screen(file=io.StringIO(), width=80)
    with on_screen(console, always=True):
        yield console.file


def test_records_are_lines_and_warnings_say_so(shown):
    ROOT.debug("nothing")
    logging.getLogger("advnets.some.where").info("see [red]this[/red] and [x/y]")
    ROOT.info("%s of %d", "one", 2, extra={"style": "bold green"})
    ROOT.warning("this is odd")
    ROOT.error("this is bad")
    ROOT.warning("AS IT IS", extra={"style": "bold yellow"})
    assert shown.getvalue().splitlines() == [
        "see [red]this[/red] and [x/y]",
        "one of 2",
        "warning: this is odd",
        "error: this is bad",
        "AS IT IS",
    ]


def test_long_lines_stay_lines_where_there_is_no_terminal(shown):
    ROOT.info("x " * 200)
    assert shown.getvalue() == "x " * 200 + "\n"


def test_names_do_not_steer_the_terminal(shown):
    ROOT.info("red: \x1b[31m, turned: \u202e\nand another line")
    assert shown.getvalue() == "red: \\x1b[31m, turned: \\u202e\nand another line\n"


def test_styles_are_shown_on_terminals():
    console = screen(
        file=io.StringIO(), force_terminal=True, color_system="standard", _environ={}, width=80
    )
    with on_screen(console, always=True):
        ROOT.warning("odd")
        ROOT.info("good", extra={"style": "green"})
    assert console.file.getvalue().splitlines() == [
        "\x1b[1;33mwarning: odd\x1b[0m",
        "\x1b[32mgood\x1b[0m",
    ]


def test_it_is_silenced_by_its_level():
    console = screen(file=io.StringIO())
    with at_level(logging.ERROR), on_screen(console, always=True):
        ROOT.warning("not shown")
        ROOT.setLevel(logging.CRITICAL)  # while the log is shown, by whomever
        ROOT.error("not shown")
    assert console.file.getvalue() == ""
    assert ROOT.level == logging.CRITICAL
    ROOT.setLevel(logging.NOTSET)


def test_who_has_configured_logging_is_left_alone(capsys):
    own = logging.StreamHandler(io.StringIO())
    ROOT.addHandler(own)
    try:
        with on_screen():
            ROOT.warning("to the user's handler")
            assert ROOT.handlers == [own]
    finally:
        ROOT.removeHandler(own)
    assert own.stream.getvalue() == "to the user's handler\n"
    assert capsys.readouterr().err == ""


def test_it_is_shown_once(shown):
    with on_screen(always=True), on_screen():
        ROOT.info("once")
    assert shown.getvalue() == "once\n"


def in_a_process(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )


def test_importing_configures_nothing():
    done = in_a_process(
        "import json, logging, sys, advnets, advnets.cli.main, advnets.session.api\n"
        "log = logging.getLogger('advnets')\n"
        "print(json.dumps([log.level, log.propagate, log.handlers, logging.root.handlers]))"
    )
    assert json.loads(done.stdout) == [logging.NOTSET, True, [], []]


def test_a_pipe_that_breaks_ends_nothing():
    done = in_a_process(
        "import os, sys\n"
        "from advnets.log import ROOT, on_screen\n"
        "read, write = os.pipe(); os.close(read); os.dup2(write, 2)\n"
        "with on_screen():\n"
        "    ROOT.warning('to nobody'); ROOT.warning('again')\n"
        "print('done', flush=True)\n"
        "os._exit(0)"  # Python itself would flush standard error
    )
    assert done.stdout == "done\n"


def test_what_tensorflow_configures_unasked_is_no_choice():
    done = in_a_process(
        "import logging\n"
        "from advnets.log import ROOT, on_screen\n"
        "logging.basicConfig()\n"  # as absl does
        "with on_screen():\n"
        "    ROOT.info('told'); ROOT.warning('odd')\n"
        "ROOT.info('not told'); ROOT.warning('as the user has it')\n"
        "logging.getLogger().setLevel(logging.INFO)\n"
        "with on_screen():\n"
        "    ROOT.info('as the user wants it')\n"
    )
    assert done.stderr.splitlines() == [
        "told",
        "warning: odd",
        "WARNING:advnets:as the user has it",
        "INFO:advnets:as the user wants it",
    ]


def test_without_a_screen_warnings_are_plain():
    done = in_a_process("from advnets.log import ROOT; ROOT.info('no'); ROOT.warning('odd')")
    assert (done.stdout, done.stderr) == ("", "odd\n")


def test_what_the_command_line_says_of_a_run(preloaded, tmp_path):
    missing = f"{{name: npz, path: {tmp_path / 'gone.npz'}, offline: digits}}"
    words = ["run", "digits", "training.steps=20", f"dataset={missing}", "evaluation.metrics=[]"]
    done = subprocess.run(
        [*preloaded, "-m", "advnets", *words, "--run-dir", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=True,
    )
    said = [
        r"STAND-IN DATA: there is no file .*gone\.npz",
        r"Going on with 'digits', as the recipe's `offline` says\.",
        r"digits: images of 8×8×1, uint8 from 0 to 255, .* \(unit\)",
        r"train: 1,437 examples \(class 0: 139, .*\)",
        r"validation: 180 examples",
        r"test: 180 examples",
        r".*run  ·  one device \(CPU\)  ·  data: resident, .*",
        r"step 20/20  D \S+  G \S+  V .*  \S+ steps/s",
        r"finished at step 20",
    ]
    assert re.fullmatch("\n".join(said) + "\n", done.stderr), done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "samples",
        "report",
        "TensorBoard",
    ]


def test_runs_from_python_are_shown_redirected_and_silenced(tmp_path):
    done = in_a_process(
        "import logging, sys, advnets\n"
        "log = logging.getLogger('advnets')\n"
        "def play(steps):\n"
        f"    folder = {str(tmp_path / 'run')!r}\n"
        "    few = {'evaluation.metrics': [], 'monitoring.figures': False}\n"
        "    advnets.run('digits', {'training.steps': steps, **few}, run_dir=folder)\n"
        "play(2)\n"
        "play(4)\n"  # TensorFlow has configured the root logger by now
        "log.setLevel(logging.ERROR)\n"
        "play(6)\n"
        "log.setLevel(logging.INFO)\n"
        "log.addHandler(logging.StreamHandler(sys.stdout))\n"
        "log.propagate = False\n"
        "play(8)\n"
    )
    ends = re.findall("finished at step .", done.stderr)
    assert ends == ["finished at step 2", "finished at step 4"]
    assert "step 6/6" not in done.stdout + done.stderr
    assert done.stdout.endswith("finished at step 8\n")
