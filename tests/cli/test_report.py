"""`advnets report` on a real run; the report's content is tested with the monitor."""

from __future__ import annotations

import subprocess
import sys

from advnets.cli.main import cli


def test_the_report_is_written_anew(run_folder, capsys):
    (run_folder / "report.html").unlink()
    cli.main(["report", str(run_folder)], standalone_mode=False)
    path = capsys.readouterr().out.strip()
    assert path == str(run_folder / "report.html")
    text = (run_folder / "report.html").read_text()
    for words in ("finished", "step 60", "Value of the game", "data:image/png", "Recipe"):
        assert words in text, words


def test_it_needs_no_tensorflow(run_folder):
    program = (
        "import sys\n"
        "from advnets.cli.main import cli\n"
        "cli.main(['report', sys.argv[1]], standalone_mode=False)\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program, str(run_folder)], check=True)
