"""A Ray cluster of several nodes on this machine, each with processes of its own, heard on loopback only.

Run as a program it is the cluster: it tells its address and the processes of its nodes as JSON, one line more
for each line it reads, which is a node more; it ends when there is nothing more to read.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_ROOM = 80 << 20

ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Environment of whoever comes to such a cluster: on Linux, too, the only address is 127.0.0.1."""


class Nodes:
    """A head without processors, and nodes with one each.

    folder  where Ray writes;  pids  of each node's raylet, with which its workers go
    """

    def __init__(self, count: int) -> None:
        self.folder = Path(
            tempfile.mkdtemp(prefix="rt-", dir="/tmp")
        )  # the names of sockets have to be short
        self._errors = (self.folder / "errors").open("w+")
        own = {"RAY_TMPDIR": str(self.folder), "RAY_USAGE_STATS_ENABLED": "0"}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env={**os.environ, **own},
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.address = self._told()["address"]
        self.pids = [self.add() for _ in range(count)]

    def add(self) -> int:
        """A node more; the process whose end is the node's."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._told()["raylet"])

    def stop(self) -> None:
        self._process.communicate(timeout=60)
        self._errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, (self.folder / "errors").read_text()
        return dict(json.loads(line))


def main() -> None:
    from ray.cluster_utils import Cluster

    common = {"node_ip_address": "127.0.0.1", "object_store_memory": _ROOM, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, connect=False, head_node_args={"num_cpus": 0, **common})
    _tell({"address": cluster.address})
    for _ in sys.stdin:
        node = cluster.add_node(num_cpus=1, **common)
        _tell({"raylet": node.all_processes["raylet"][0].process.pid})
    cluster.shutdown()


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
