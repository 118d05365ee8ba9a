"""An adapter that breaks one rule: the one named by its argument. Its process group is written to $NEUROJOULE_DIR."""
import json, os, signal, sys, time

how = sys.argv[1]
with open(os.environ["NEUROJOULE_DIR"] + "/group", "w") as f:
    f.write(str(os.getpgid(0)))
if how == "exits-at-once":
    print("no licence found", file=sys.stderr)
    sys.exit(3)
if how in ("ignores-sigterm", "outlives-profiler"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if how == "has-child":
    import subprocess
    subprocess.Popen(["sleep", "1000"])
for line in sys.stdin:
    m = json.loads(line)
    a = {"re": m["id"], "ok": True}
    if m["op"] == "hello":
        a |= {"nwp": 1, "name": how, "mono_ns": time.monotonic_ns(), "pid": os.getpid()}
        if how == "other-clock":
            a["mono_ns"] += 3_600_000_000_000
        if how == "other-version":
            a["nwp"] = 2
        if how == "hangs-at-hello":
            print("waiting for the device", file=sys.stderr, flush=True)
            time.sleep(1000)
    elif m["op"] == "load" and how == "refuses":
        a = {"re": m["id"], "ok": False, "error": {"code": "UNSUPPORTED", "message": "only fp32; ask for that"}}
    elif m["op"] == "run":
        t0 = time.monotonic_ns()
        a |= {"iterations": 10, "elements": 40, "t0": t0, "t1": t0 + 1}
        print("running now", file=sys.stderr, flush=True)
        if how == "exits-mid-run":
            os._exit(7)
        if how in ("hangs", "ignores-sigterm", "outlives-profiler"):
            time.sleep(1000)
        if how == "late":
            time.sleep(2)
        if how == "junk":
            print("loading shared library\n{not json}\n" + json.dumps({"some": "json"}))
            sys.stdout.write("no end of line")
        if how == "wrong-id":
            a["re"] += 1
        if how == "lies-about-time":
            a["t1"] = t0 + 3_600_000_000_000
        if how == "hides-its-time":
            time.sleep(1.2)
        if how == "wrong-elements":
            a["elements"] = 41
        if how == "no-iterations":
            a |= {"iterations": 0, "elements": 0}
    sys.stdout.write(json.dumps(a) + "\n")
    sys.stdout.flush()
    if how == "outlives-profiler" and m["op"] == "load":
        time.sleep(1000)
    if m["op"] == "close":
        break
