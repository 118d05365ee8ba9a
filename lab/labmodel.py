"""Power profiles, the closed-form energy integral, and ground truth (Python twin of src/labcore.c)."""

import bisect, json, math, os, random, struct, time


# ---------------------------------------------------------------- profiles
# SPEC := TERM ['+' TERM]...   TERM:
#   const:W            square:LO,HI,PERIOD[,DUTY]    ramp:A,B,SECONDS (then holds B)
#   saw:A,B,PERIOD     sine:MEAN,AMPLITUDE,PERIOD    burst:IDLE,PEAK,RATE_HZ,MEAN_LEN_S[,SEED]
#   trace:FILE[,loop]  (lines "t_s,watt", linear between points; repeat a t for a step)
#   cpu:IDLE,K         IDLE watts + K watts for each busy core of the command under test
class Profile:
    """A power profile: linear pieces, repeated if it has a period, plus `k` watts per busy core."""

    def __init__(self, spec):
        self.spec, self.k, self.parts = spec, 0.0, []
        for term in spec.split("+"):
            name, _, a = term.partition(":")
            if name == "trace":
                f, *rest = a.split(",")
                pts = []
                for line in open(f):
                    line = line.split("#")[0].replace(",", " ").split()
                    if len(line) >= 2:
                        try:
                            pts.append((float(line[0]), float(line[1])))
                        except ValueError:
                            pass
                self.parts.append((pts, pts[-1][0] if "loop" in rest else 0))
                continue
            v = [float(x) for x in a.split(",")] if a else []
            if name == "const":
                self.parts.append(([(0, v[0])], 0))
            elif name == "cpu":
                self.parts.append(([(0, v[0])], 0))
                self.k += v[1]
            elif name == "square":
                lo, hi, per = v[:3]
                d = per * (v[3] if len(v) > 3 else 0.5)
                self.parts.append(([(0, hi), (d, hi), (d, lo), (per, lo)], per))
            elif name == "ramp":
                self.parts.append(([(0, v[0]), (v[2], v[1])], 0))
            elif name == "saw":
                self.parts.append(([(0, v[0]), (v[2], v[1])], v[2]))
            elif name == "sine":
                n = 256
                self.parts.append(
                    (
                        [(v[2] * i / n, v[0] + v[1] * math.sin(2 * math.pi * i / n)) for i in range(n + 1)],
                        v[2],
                    )
                )
            elif name == "burst":
                idle, peak, rate, ln = v[:4]
                r = random.Random(int(v[4]) if len(v) > 4 else 1)
                t, pts = 0.0, [(0, idle)]
                while t < 600:
                    t += r.expovariate(rate)
                    e = t + r.expovariate(1 / ln)
                    pts += [(t, idle), (t, peak), (e, peak), (e, idle)]
                    t = e
                self.parts.append((pts + [(t + 0.001, idle)], t + 0.001))
            else:
                raise SystemExit(f"powerlab: unknown profile {term!r}")
        if len(self.parts) == 1:
            self.pts, self.period = self.parts[0]
        else:
            self._merge()
        p = self.pts
        self.t = [x[0] for x in p]
        self.p = [x[1] for x in p]
        self.e = [0.0]
        for i in range(1, len(p)):
            self.e.append(self.e[-1] + (p[i][0] - p[i - 1][0]) * 0.5 * (p[i][1] + p[i - 1][1]))

    def _merge(self):  # sum of parts: constants fold in, at most one shaped part
        base = sum(pts[0][1] for pts, _ in self.parts if len(pts) == 1)
        shaped = [x for x in self.parts if len(x[0]) > 1]
        if len(shaped) > 1:
            raise SystemExit("powerlab: at most one shaped term in a sum")
        pts, per = shaped[0] if shaped else ([(0, 0.0)], 0)
        self.pts, self.period = [(t, p + base) for t, p in pts], per

    def _in(self, t):
        """The integral within one period, J; beyond the last point the power stays as it was."""
        T, P, E = self.t, self.p, self.e
        if t <= T[0]:
            return P[0] * (t - T[0])
        if t >= T[-1]:
            return E[-1] + P[-1] * (t - T[-1])
        i = bisect.bisect_right(T, t) - 1
        w, d = T[i + 1] - T[i], t - T[i]
        p = P[i] + (P[i + 1] - P[i]) * d / w if w > 0 else P[i]
        return E[i] + d * 0.5 * (P[i] + p)

    def energy(self, t):
        """The integral from 0 to t, J."""
        if self.period > 0 and t > 0:
            n = math.floor(t / self.period)
            return n * self._in(self.period) + self._in(t - n * self.period)
        return self._in(t)


class Source:
    """Something that draws power: a profile with a scale and an offset, or (`of`) a sum of other sources."""

    def __init__(self, name, spec=None, scale=1.0, offset=0.0, of=None, base=0.0, eff=1.0):
        self.name, self.spec, self.scale, self.offset, self.of, self.base, self.eff = (
            name,
            spec,
            scale,
            offset,
            of,
            base,
            eff,
        )
        self.profile = Profile(spec) if spec else None


class Model:
    """sources + epoch + the logged CPU signal"""

    def __init__(self, sources, epoch_mono, epoch_real, cpu=None):
        self.s = {x.name: x for x in sources}
        self.epoch_mono, self.epoch_real = epoch_mono, epoch_real
        self.cpu_t, self.cpu_c = cpu or ([], [])

    def cpu(self, t):
        """CPU seconds of the command up to t, linear between two entries of the log."""
        T, C = self.cpu_t, self.cpu_c
        if not T:
            return 0.0
        x = int(t * 1e9) + self.epoch_mono
        if x >= T[-1]:
            return C[-1] * 1e-9
        if x <= T[0]:
            return C[0] * 1e-9
        i = bisect.bisect_right(T, x) - 1
        return (C[i] + (C[i + 1] - C[i]) * (x - T[i]) / (T[i + 1] - T[i])) * 1e-9

    def energy(self, name, t):
        """Joules that a source has drawn from the epoch to t."""
        s = self.s[name]
        if s.of is not None:
            return (s.base * t + sum(self.energy(n, t) for n in s.of)) / s.eff
        k = s.profile.k
        return s.scale * (s.profile.energy(t) + (k * self.cpu(t) if k else 0)) + s.offset * t

    def power(self, name, t, win):
        """Mean watts of the last `win` seconds before t."""
        return (self.energy(name, t) - self.energy(name, t - win)) / win

    def window(self, a, b):
        """Joules of every source between a and b, seconds since the epoch."""
        return {n: self.energy(n, b) - self.energy(n, a) for n in self.s}

    def now(self):
        """Seconds since the epoch."""
        return (time.monotonic_ns() - self.epoch_mono) * 1e-9


def load_cpu(path):
    """The CPU log that labtick writes: (times in ns, CPU ns), or None."""
    try:
        raw = open(path, "rb").read(32)
    except OSError:
        return None
    if len(raw) < 32:
        return None
    _, n, _, _ = struct.unpack("<4Q", raw)
    with open(path, "rb") as f:
        f.seek(32)
        v = struct.unpack(f"<{2*n}Q", f.read(16 * n))
    return list(v[0::2]), list(v[1::2])


def save_cpu(cpu, path):
    """Writes a CPU log that load_cpu reads."""
    t, c = cpu
    with open(path, "wb") as f:
        f.write(struct.pack("<4Q", 0x3147495342414C50, len(t), len(t), 0))
        f.write(struct.pack(f"<{2*len(t)}Q", *[x for p in zip(t, c) for x in p]))


def write_conf(d, sources, epoch_mono, epoch_real, extra=()):
    """lab.conf and the knot files that the C parts read"""
    out = [f"epoch {epoch_mono} {epoch_real}", "cpusig cpu.sig"]
    for s in sources:
        if s.of is not None:
            out.append(f'sum {s.name} of={",".join(s.of)} base={s.base!r} eff={s.eff!r}')
            continue
        with open(f"{d}/{s.name}.knots", "w") as f:
            if s.profile.period:
                f.write(f"period {s.profile.period!r}\n")
            f.writelines(f"{t!r} {p!r}\n" for t, p in s.profile.pts)
        out.append(
            f"src {s.name} knots={s.name}.knots k={s.profile.k!r} scale={s.scale!r} offset={s.offset!r}"
        )
    with open(f"{d}/lab.conf", "w") as f:
        f.write("\n".join([*out, *extra]) + "\n")


def dump(model):
    """The model as plain data for JSON; undump is the way back."""
    return {
        "epoch_mono_ns": model.epoch_mono,
        "epoch_real_ns": model.epoch_real,
        "model": [
            (
                {"name": s.name, "of": s.of, "base": s.base, "eff": s.eff}
                if s.of is not None
                else {
                    "name": s.name,
                    "spec": s.spec,
                    "scale": s.scale,
                    "offset": s.offset,
                    "k": s.profile.k,
                    "period": s.profile.period,
                    "points": s.profile.pts,
                }
            )
            for s in model.s.values()
        ],
    }


def undump(j, base="."):
    """The model of a truth.json or model.json; its CPU log is looked for in `base`."""
    src = []
    for m in j["model"]:
        if m.get("of") is not None:
            src.append(Source(m["name"], of=m["of"], base=m["base"], eff=m["eff"]))
            continue
        s = Source(m["name"], None, m["scale"], m["offset"])
        s.spec = m["spec"]
        p = Profile.__new__(Profile)
        p.spec, p.k, p.period, p.pts = m["spec"], m["k"], m["period"], m["points"]
        p.t = [x[0] for x in p.pts]
        p.p = [x[1] for x in p.pts]
        p.e = [0.0]
        for i in range(1, len(p.pts)):
            p.e.append(p.e[-1] + (p.t[i] - p.t[i - 1]) * 0.5 * (p.p[i] + p.p[i - 1]))
        s.profile = p
        src.append(s)
    cpu = load_cpu(os.path.join(base, j["cpu_log"])) if j.get("cpu_log") else None
    return Model(src, j["epoch_mono_ns"], j["epoch_real_ns"], cpu)


# ---------------------------------------------------------------- faults
def fault_line(spec, now=0.0):
    """TARGET,KIND[=ARG][,from=S][,to=S]  ->  a line of the faults file (seconds since the epoch)"""
    p = spec.split(",")
    kind, _, arg = p[1].partition("=")
    a, b = now, "inf"
    for x in p[2:]:
        if x.startswith("from="):
            a = float(x[5:])
        elif x.startswith("to="):
            b = x[3:]
        elif x.startswith("for="):
            b = a + float(x[4:])
    return f"{a} {b} {p[0]} {kind} {arg}".rstrip()


class Faults:
    """for the Python servers; same file, same meaning"""

    def __init__(self, d):
        self.f, self.sig, self.v = f"{d}/faults", None, []

    def get(self, target, t):
        try:
            st = os.stat(self.f)
            sig = (st.st_mtime_ns, st.st_size)
            if sig != self.sig:
                self.v = [x.split(None, 4) for x in open(self.f)]
                self.sig = sig
        except OSError:
            return None
        import fnmatch

        for x in self.v:
            if (
                len(x) >= 4
                and float(x[0]) <= t < (1e300 if x[1] == "inf" else float(x[1]))
                and fnmatch.fnmatch(target, x[2])
            ):
                return x[3], (x[4].strip() if len(x) > 4 else "")
        return None
