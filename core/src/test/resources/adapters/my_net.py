#!/usr/bin/env python3
import json, select, sys, time
now = time.monotonic_ns                                   # CLOCK_MONOTONIC on Linux
def say(m, **kw): sys.stdout.write(json.dumps({"re": m["id"], "ok": True, **kw}) + "\n"); sys.stdout.flush()
def fail(m, code, text): sys.stdout.write(json.dumps({"re": m["id"], "ok": False, "error": {"code": code, "message": text}}) + "\n"); sys.stdout.flush()
def stop_asked(): return bool(select.select([0], [], [], 0)[0])   # something waits on stdin: finish and read it
for line in iter(sys.stdin.readline, ""):
    m = json.loads(line)
    try:
        if m["op"] == "hello": say(m, nwp=1, name="my-net", mono_ns=now(), precisions=["fp32"], stoppable=True)
        elif m["op"] == "load":
            if m["precision"] != "fp32": fail(m, "UNSUPPORTED", "only fp32"); continue
            model = lambda x: [v * 1.5 for v in x]        # <- your framework here
            say(m)
        elif m["op"] == "prepare": batch = m["batch"]; x = [0.5] * (64 * batch); say(m)
        elif m["op"] == "run":
            n, t0 = 0, now(); end, look = t0 + int(m["seconds"] * 1e9), t0 + 50_000_000
            while (t := now()) < end or n < m["min_iterations"]:
                model(x); n += 1                          # <- synchronise the device before counting
                if t > look:
                    look = t + 50_000_000
                    if stop_asked(): break
            say(m, iterations=n, elements=n * batch, t0=t0, t1=now())
        elif m["op"] == "stop": say(m)
        elif m["op"] == "close": say(m); break
        else: fail(m, "UNKNOWN_OP", m["op"])
    except Exception as e: fail(m, "INTERNAL", repr(e))
