"""Those who judge a round find what is planted in small ones, and nothing in their legal twins."""

import subprocess

import journal_anomalies
import verdicts


def test_the_judge_of_histories_is_awake():
    command = ["go", "test", "-mod=readonly", "./..."]
    done = subprocess.run(
        command, cwd=verdicts.SOURCES, capture_output=True, text=True, timeout=1200
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_judge_of_the_journal_is_awake(tmp_path):
    verdicts.build(tmp_path)
    assert list(journal_anomalies.prove(tmp_path / "adya")) == []
