"""An adapter whose answers are damaged at random, from the seed in its argument."""
import json, os, random, sys, time

random.seed(int(sys.argv[1]))
with open(os.environ["NEUROJOULE_DIR"] + "/group", "w") as f:
    f.write(str(os.getpgid(0)))
values = [b"0", b"-1", b"9007199254740993", b"9223372036854775808", b"1e400", b"-0.5", b"null", b'""', b"[]", b"{}"]
for line in sys.stdin:
    m = json.loads(line)
    a = {"re": m["id"], "ok": True}
    if m["op"] == "hello":
        a |= {"nwp": 1, "name": "fuzzing", "mono_ns": time.monotonic_ns()}
    elif m["op"] == "run":
        t0 = time.monotonic_ns()
        time.sleep(m["seconds"])
        a |= {"iterations": 10, "elements": 40, "t0": t0, "t1": time.monotonic_ns()}
    text = json.dumps(a).encode()
    if m["id"] > 51 and random.random() < 0.25:
        at = random.randrange(len(text))
        how = random.randrange(5)
        if how == 0: text = text[:at] + bytes([random.randrange(256)]) + text[at + 1:]
        elif how == 1: text = text[:at]
        elif how == 2: text = text + b"\n" + text
        else:
            parts = text.split(b": ")
            i = random.randrange(1, len(parts))
            parts[i] = random.choice(values) + (b"," + parts[i].partition(b",")[2] if b"," in parts[i] else b"}")
            text = b": ".join(parts)
    os.write(1, text + b"\n")
    if m["op"] == "close":
        break
