"""An adapter that answers everything, and nearly all of it not as the protocol wants."""
import json, os, random, subprocess, sys, time

def now(): return time.monotonic_ns()

batch = 1
for line in iter(sys.stdin.readline, ""):
    m = json.loads(line)
    a = {"re": m["id"], "ok": True}
    if m["op"] == "hello":
        a |= {"nwp": 1, "name": "flawed", "mono_ns": now(), "precisions": ["fp32"], "phases": ["execute"],
              "stoppable": True, "verify": True}
    elif m["op"] == "load":
        print("a library says hello", flush=True)
    elif m["op"] == "prepare":
        batch = m["batch"]
    elif m["op"] == "run":
        n, t0 = 0, now()
        end = t0 + int(m["seconds"] * 0.7e9)
        while now() < end or n < m["min_iterations"]:
            subprocess.run(["sleep", "0.03"])
            n += 1
        a |= {"iterations": n, "elements": n, "t0": t0, "t1": now()}
        if m["timing"] == "latency":
            a["hist"] = {"400": n + 1}
        if m["timing"] == "phases":
            a["phase_ns"] = {"lunch": 1}
    elif m["op"] == "stop":
        pass
    elif m["op"] == "verify":
        with open(os.environ["NEUROJOULE_DIR"] + "/out", "wb") as f:
            f.write(random.randbytes(6) + b"\0\0")
        a |= {"outputs": [{"name": "y", "shape": [1]}], "file": "out"}
        subprocess.Popen(["sh", "-c", "while :; do :; done"])
    print(json.dumps(a), flush=True)
    if m["op"] == "close":
        sys.exit(3)
time.sleep(1000)
