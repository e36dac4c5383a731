"""Of a log of any length the end is read."""

from advnets.safe_io.last_lines import MOST_BYTES, last_lines


def test_the_end_of_a_long_log(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.truncate(2**40)  # a hole, that takes no room on the disk
        file.seek(0, 2)
        file.write(b"\n\n  one \xff\n \ntwo\n")
    zeros, *rest = last_lines(log)
    assert len(zeros) < MOST_BYTES
    assert rest == ["  one \ufffd", "two"]
