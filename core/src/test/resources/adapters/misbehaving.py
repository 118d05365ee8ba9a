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
if (how.startswith("daemon") or how == "outlives-profiler") and os.fork() == 0:
    # A daemon as it is made: neither in the group nor a descendant, and it keeps stdout open.
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    with open(os.environ["NEUROJOULE_DIR"] + "/daemon", "w") as f:
        f.write(str(os.getpid()))
    time.sleep(1000)
ahead = None
for line in sys.stdin:
    m = json.loads(line)
    a = {"re": m["id"], "ok": True}
    if m["op"] == "hello":
        a |= {"nwp": 1, "name": how, "mono_ns": time.monotonic_ns(), "pid": os.getpid(), "stoppable": True}
        if how == "other-clock":
            a["mono_ns"] += 3_600_000_000_000
        if how == "other-version":
            a["nwp"] = 2
        if how == "hangs-at-hello":
            print("waiting for the device", file=sys.stderr, flush=True)
            time.sleep(1000)
    elif m["op"] == "load" and how == "refuses":
        a = {"re": m["id"], "ok": False, "error": {"code": "UNSUPPORTED", "message": "only fp32; ask for that"}}
    elif m["op"] == "run" and how in ("stop-first", "never-stops"):
        while how == "stop-first" and ahead is None:
            ahead = json.loads(sys.stdin.readline())
            print(json.dumps({"re": ahead["id"], "ok": True}), flush=True)
        time.sleep(0.5)
        t0 = time.monotonic_ns()
        a |= {"iterations": 10, "elements": 40, "t0": t0, "t1": t0 + 1}
    elif m["op"] == "stop" and how == "never-stops":
        time.sleep(1000)
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
        if how == "endless-line":
            while True:
                os.write(1, b"x" * 65536)
        if how == "huge-answer":
            a["checksum"] = "x" * 2_000_000
        if how == "deep-answer":
            print('{"re":%d,"ok":true,"iterations":%s}' % (m["id"], "[" * 100_000), flush=True)
            time.sleep(1000)
        if how == "not-utf8":
            os.write(1, b"\xff\xfe\x80 junk\n{\xc3\x28}\n")
        if how == "more-than-64-bits":
            a |= {"iterations": 2**63, "elements": 2**65}
        if how == "elements-wrap":
            a |= {"iterations": 2**62, "elements": 0}
        if how == "stamps-beyond-64-bits":
            a |= {"t0": 2**64 + t0, "t1": 2**64 + t0 + 1}
        if how == "text-for-a-number":
            a |= {"iterations": "10"}
        if how == "not-a-number":
            a |= {"iterations": float("nan")}
        if how == "infinite":
            a |= {"iterations": 1e308 * 10}
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "daemon-dies":
            os._exit(7)
        if how == "closes-stdout":
            os.close(1)
            time.sleep(1000)
        if how == "fills-stderr":
            for _ in range(320):
                os.write(2, b"no space left\n" * 4681)
    text = json.dumps(a) + "\n"
    if how == "twice":
        text += text
    if how == "answers-ahead" and m["op"] == "prepare":
        text += json.dumps({"re": m["id"] + 1, "ok": True, "iterations": 10, "elements": 40}) + "\n"
    sys.stdout.write(text)
    sys.stdout.flush()
    if how == "answers-ahead" and m["op"] == "prepare":
        time.sleep(1000)
    if how == "closes-stdin" and m["op"] == "prepare":
        os.close(0)
        time.sleep(1000)
    if how == "outlives-profiler" and m["op"] == "load":
        time.sleep(1000)
    if m["op"] == "close":
        break
