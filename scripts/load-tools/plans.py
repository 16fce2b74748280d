"""Made-up data and two plans: one for fake workers, which never ends, and a small one for real workers.

Each plan wants an instruction set of its own, so that no fake worker gets a task of the real run, and no real worker
one of the fake run.
"""
import platform
import random
from pathlib import Path

IS_ARM = platform.machine() == "aarch64"
REAL_INSTRUCTION_SET, FAKE_INSTRUCTION_SET = ("neon", "sse41") if IS_ARM else ("sse41", "neon")
FAKE_COLUMNS, FAKE_UNITS, ROWS_A_SHARD = 8, 4, 4
REAL_ROWS, REAL_COLUMNS, PATTERNS = 8_256, 256, 64


def write_npy(path: Path, rows: int, columns: int) -> None:
    """Rows of bytes, the same each time: each is one of a few patterns, so that there is something to learn."""
    shape = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({rows}, {columns}), }}"
    header = shape.ljust(117) + "\n"
    front = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    drawn = random.Random(1)
    patterns = [drawn.randbytes(columns) for _ in range(PATTERNS)]
    path.write_bytes(front + header.encode() + b"".join(drawn.choices(patterns, k=rows)))


def fake_plan(folder: Path, replicas: int) -> str:
    """A round has `replicas` tasks and a measurement. Writes its data into the folder."""
    write_npy(folder / "fake.npy", replicas * ROWS_A_SHARD + ROWS_A_SHARD, FAKE_COLUMNS)
    return f"""name: fake
instruction_set: {FAKE_INSTRUCTION_SET}
data: {{unlabeled: fake.npy, held_out: {ROWS_A_SHARD}, shards: {replicas}}}
layers: [{{units: {FAKE_UNITS}}}]
pretraining: {{rounds: 15000, replicas: {replicas}}}
"""


def real_plan(folder: Path, rounds: int) -> str:
    """Two tasks a round. Writes its data into the folder."""
    write_npy(folder / "real.npy", REAL_ROWS, REAL_COLUMNS)
    return f"""name: real
instruction_set: {REAL_INSTRUCTION_SET}
data: {{unlabeled: real.npy, held_out: 256, shards: 4}}
layers: [{{units: 256}}]
pretraining: {{rounds: {rounds}, replicas: 2, l1: 0.001}}
"""
