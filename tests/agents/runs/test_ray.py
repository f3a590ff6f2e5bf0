"""Runs over real Ray clusters: one made for the run, and one of two nodes whose workers and machines die."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from tests.agents.llm import tiny
from tests.agents.runs.test_runs import CRASH, MADE, content, own, samples, states

from cuechain.agents.errors import ConfigError, MissingExtraError, RunError
from cuechain.agents.runs import Run, batch, cli
from cuechain.agents.values import Sample

if not importlib.util.find_spec("ray"):
    pytest.skip("needs the extra ray", allow_module_level=True)

LOOPBACK = ("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
"""Ray looks at it once, when it is imported."""

NODE = {"node_ip_address": "127.0.0.1", "object_store_memory": 80 * 2**20, "include_dashboard": False}

TRACED = """
import os, time
from cuechain import Sense, Cue

class Traced(Sense):
    name, version, about, streams = "traced", "1", "tells where it works", frozenset({"text"})

    def perceive(self, clip, heard):
        import ray
        with open(FILE, "a") as file:
            file.write(f"{os.getpid()} {ray.get_runtime_context().get_node_id()}\\n")
        time.sleep(0.05)
        yield Cue(sense="traced", text="the text is whole", source=self.source())
"""

SEGFAULT = "__import__('ctypes').string_at(0)"
"""Ray takes the signal up, and a process goes on for a while where it was only sent."""


@pytest.fixture(autouse=True)
def _told_to_report(monkeypatch):
    """Whoever has Ray's reports on must not have them from this package."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")


@pytest.fixture(scope="module")
def cluster():
    os.environ.setdefault(*LOOPBACK)
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "num_gpus": 1, **NODE})
    made.add_node(num_cpus=1, **NODE)
    yield made
    made.shutdown()


@pytest.fixture
def join(cluster):
    """join(site) connects as a program that uses Ray already does; its workers have a plugin's folder on their path."""
    import ray

    def to(site):
        ray.init(cluster.address, runtime_env={"env_vars": {"PYTHONPATH": str(site)}}, log_to_driver=False)

    yield to
    ray.shutdown()


@pytest.fixture
def traced(tmp_path, plugin, join):
    """Where the sense `traced` writes which process and node perceived an item."""
    file = tmp_path / "trace"
    join(plugin(TRACED.replace("FILE", repr(str(file))), traced="Traced"))
    return file


def test_a_ray_of_this_machine_gives_the_same_cases_and_reports_to_nobody(tmp_path):
    items = [*samples(6), Sample(id="gone", files=(str(tmp_path / "gone.mp4"),))]
    list(batch(items, MADE, own(), tmp_path / "one"))
    steps = batch(items, MADE, own(), tmp_path / "two", workers=2, engine="ray")
    next(steps)
    import ray  # not sooner: that would settle where it listens

    reports = ray.remote(num_cpus=0)(os.getenv).remote("RAY_USAGE_STATS_ENABLED")
    assert ray.get(reports) == "0", "all of Ray's processes inherit it"
    assert {node["NodeManagerAddress"] for node in ray.nodes()} == {"127.0.0.1"}, "nobody else can reach it"
    assert sum(states(steps).values()) == 6
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert not ray.is_initialized()


def test_without_ray_the_hint_is_the_command_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r'Ray is not installed \(pip install "cuechain\[ray\]"\)'):
        list(batch(samples(1), MADE, own(), tmp_path / "run", engine="ray"))


def test_an_address_without_ray_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("Fine.")
    with pytest.raises(ConfigError, match="--engine ray uses it"):
        cli.batch(str(tmp_path), out=tmp_path / "run", address="auto")


def test_a_cluster_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv(*LOOPBACK)
    with pytest.raises(RunError, match=r"127\.0\.0\.1:9 cannot be reached"):
        list(batch(samples(1), MADE, own(), tmp_path / "run", engine="ray", address="127.0.0.1:9"))


@pytest.mark.slow
def test_two_nodes_share_the_work_and_a_killed_worker_loses_nothing(tmp_path, traced):
    chosen = own(senses=("transcript", "words", "traced"))
    steps = batch(samples(60), MADE, chosen, tmp_path / "run", engine="ray")
    killed = set()
    done = 0
    for step in steps:
        assert step.state == "answered", step.error
        done += 1
        if done in (5, 20):
            pid = int(traced.read_text().splitlines()[-1].split()[0])
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
    seen = [line.split() for line in traced.read_text().splitlines()]
    assert done == 60 and len(killed) == 2
    assert len({node for _, node in seen}) == 2
    assert len({pid for pid, _ in seen}) == 4, "two that were killed, and two more"
    assert 60 <= len(seen) <= 62, "what was under way is tried once more, nothing else"
    assert Run(tmp_path / "run").finished == 60 and len(content(tmp_path / "run")) == 60


@pytest.mark.slow
def test_an_item_that_kills_its_workers_fails_alone(tmp_path, plugin, join):
    join(plugin(CRASH.replace("os.kill(os.getpid(), signal.SIGSEGV)", SEGFAULT), fragile="Fragile"))
    items = samples(8)
    for bad in (2, 3):
        items[bad] = items[bad].model_copy(update={"text": "poison"})
    chosen = own(senses=("transcript", "fragile"))
    told = states(batch(items, MADE, chosen, tmp_path / "run", engine="ray"))
    assert told["failed"] == 2 and sum(told.values()) == 8
    bad = {c.sample.id: c.error for c in Run(tmp_path / "run").cases() if c.status == "failed"}
    assert set(bad) == {"s2", "s3"} and all(e.startswith("WorkerDied: ") for e in bad.values())


@pytest.mark.slow
def test_a_machine_that_goes_away_loses_nothing(tmp_path, cluster, traced):
    node = cluster.add_node(num_cpus=1, **NODE)
    chosen = own(senses=("transcript", "words", "traced"))
    told = []
    for step in batch(samples(60), MADE, chosen, tmp_path / "run", engine="ray"):
        told.append(step.state)
        if len(told) == 15:
            cluster.remove_node(node, allow_graceful=False)
    assert told == ["answered"] * 60


@pytest.mark.slow
def test_another_version_on_the_cluster_is_refused(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr("cuechain.__version__", "99")
    with pytest.raises(RunError, match="this one 99"):
        list(batch(samples(2), MADE, own(), tmp_path / "run", engine="ray", address=cluster.address))


@pytest.mark.slow
def test_a_chat_model_is_held_where_the_gpus_are(tmp_path, cluster):
    pytest.importorskip("transformers", reason="needs the extra hf")
    base = tiny.closing_llama(tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 8192}))
    chosen = own(model=f"hf:{base}", max_tokens=400, retries=0)
    items = [*samples(6), Sample(id="gone", files=(str(tmp_path / "gone.mp4"),))]
    list(batch(items, MADE, chosen, tmp_path / "one"))
    told = states(batch(items, MADE, chosen, tmp_path / "two", engine="ray", address=cluster.address))
    assert told["failed"] == 1 and sum(told.values()) == 7
    assert content(tmp_path / "one") == content(tmp_path / "two")


@pytest.mark.slow
def test_interrupted_it_stops_cleanly_and_goes_on(tmp_path):
    table, folder = tmp_path / "lines.csv", tmp_path / "run"
    table.write_text("id,text,label\n" + "".join(f"s{n},I am so happy {n},joy\n" for n in range(3000)))
    command = [
        sys.executable, "-m", "cuechain", "batch", f"table:{table}?id=id&text=text&label=label", "--task", "emotion", "--labels", "ekman",
        "-m", "rules", "-s", "transcript,words", "--engine", "ray", "--workers", "2", "-o", str(folder),
    ]  # fmt: skip
    run = subprocess.Popen(command, start_new_session=True, stdout=-1, stderr=-2, text=True)
    lines = folder / "cases.jsonl"
    begun = time.monotonic()
    while time.monotonic() - begun < 120 and (not lines.exists() or not lines.stat().st_size):
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    told, _ = run.communicate(timeout=60)
    assert run.returncode and "Traceback" not in told
    before = len(content(folder))
    assert 0 < before < 3000
    left = subprocess.run(["pgrep", "-g", str(run.pid)], capture_output=True, text=True, check=False).stdout
    assert not left, "processes are left"
    assert len(content(folder)) == before, "no line is torn"
