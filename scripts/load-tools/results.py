"""Results as a coordinator accepts them: the right form, and zeros for numbers."""
import base64
import hashlib
import json
import struct

FORMAT_VERSION, FLOAT32 = 1, 1


def figures(task: dict, seconds: float) -> dict:
    """What a layer's training or measurement reports; fake workers get no other tasks."""
    if "measureReconstruction" in task["work"]:
        work = task["work"]["measureReconstruction"]["_0"]
        return {"samples": work["samples"]["count"], "seconds": seconds, "reconstructionError": 1.0}
    work = task["work"]["pretrain"]["_0"]
    samples = work["samples"]["count"] * work["settings"]["localEpochs"]
    return {"samples": samples, "seconds": seconds, "loss": 1.0}


def update(task: dict, seconds: float) -> bytes:
    """The bytes that docs/protocol.md describes."""
    header = json.dumps({"task": task["id"], "figures": figures(task, seconds)}).encode()
    header += b" " * (-len(header) % 8)
    count = task["elementCount"]
    front = struct.pack("<8sHHIQ", b"CAIRNUPD", FORMAT_VERSION, FLOAT32, len(header), count)
    return front + header + bytes(4 * count)


def content_digest(body: bytes) -> str:
    """The value of the header Content-Digest."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
