#!/usr/bin/env python3
"""powerlab checks itself: each value read must lie between the truth at the update before and after the read.

usage, as root: python3 selftest.py [rapl|perf|zones|nvml|hwmon|servers|faults]...     (without parts: all, about 80 s)
"""

import ctypes, errno, json, math, os, shutil, struct, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
PL = f"{HERE}/powerlab"
CLOCK = lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC)
PMU = "/sys/bus/event_source/devices/power"
TOPO = "/sys/devices/system/cpu/cpu{}/topology/{}"


# ---------------------------------------------------------------- what runs under the lab
def tried(f):
    """f's result, or the name of its errno"""
    try:
        return f()
    except OSError as e:
        return errno.errorcode[e.errno]


def child_counter(path, secs, busy):
    """Reads a counter file again and again: time before, time after, value."""
    fd = os.open(path, os.O_RDONLY)
    end = time.monotonic() + float(secs)
    n = 0
    while time.monotonic() < end:
        a = CLOCK()
        v = int(os.pread(fd, 64, 0))
        b = CLOCK()
        print(a, b, v)
        n += 1
        if int(busy) and n % 40 < 20:
            x = sum(i * i for i in range(20000))
        else:
            time.sleep(0.003)


def child_nvml(secs, busy=0):
    """The same for the first GPU's energy counter."""
    L = ctypes.CDLL("libnvidia-ml.so.1")
    d = ctypes.c_void_p()
    e = ctypes.c_ulonglong()
    assert L.nvmlInit_v2() == 0
    assert L.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(d)) == 0
    end = time.monotonic() + float(secs)
    while time.monotonic() < end:
        a = CLOCK()
        assert L.nvmlDeviceGetTotalEnergyConsumption(d, ctypes.byref(e)) == 0
        b = CLOCK()
        print(a, b, e.value)
        if int(busy):
            x = sum(i * i for i in range(20000))
        else:
            time.sleep(0.004)


def event(cpu, config, pid=-1, fmt=3, bits=0, group=-1, period=0, typ=None):
    """perf_event_open: a descriptor, or the name of its errno"""
    libc = ctypes.CDLL(None, use_errno=True)
    a = bytearray(128)
    number = {"x86_64": 298, "aarch64": 241}[os.uname().machine]
    struct.pack_into(
        "<IIQQQQQ",
        a,
        0,
        int(open(f"{PMU}/type").read()) if typ is None else typ,
        128,
        config,
        period,
        0,
        fmt,
        bits,
    )
    fd = libc.syscall(number, ctypes.byref((ctypes.c_char * 128).from_buffer(a)), pid, cpu, group, 8)
    return fd if fd >= 0 else errno.errorcode[ctypes.get_errno()]


def count(fd, n):
    """What a read of an event gives, as numbers, or the name of its errno."""
    v = tried(lambda: os.read(fd, n))
    return v if isinstance(v, str) else list(struct.unpack(f"<{len(v) // 8}Q", v))


def child_perf(secs):
    """The same for package 0's perf event."""
    fd = event(0, 2)
    end = time.monotonic() + float(secs)
    while time.monotonic() < end:
        a = CLOCK()
        v = count(fd, 24)[0]
        b = CLOCK()
        print(a, b, v)
        time.sleep(0.003)


def child_perfrules():
    """A descriptor's behaviour, beside that of a real event (software, this process) where the machine has one."""
    import fcntl

    fd, real = event(0, 2), event(-1, 0, pid=0, typ=1)
    out = {}
    for k, f in (("emulated", fd), ("kernel", real)):
        if isinstance(f, int):
            out[k] = [
                str(tried(lambda: os.pread(f, 24, 0))),
                tried(lambda: os.lseek(f, 0, 0)),
                count(f, 8),
                len(count(f, 24)),
                len(count(f, 64)),
            ]
    plain = event(0, 2, fmt=0)
    out["plain"] = [len(count(plain, n)) for n in (8, 24)]
    x, y = count(plain, 8)[0], (time.sleep(0.02), count(plain, 8)[0])[1]
    fcntl.ioctl(plain, 0x2401)
    s = count(plain, 8)[0]
    time.sleep(0.02)
    t = count(plain, 8)[0]
    fcntl.ioctl(plain, 0x2403)
    z = count(plain, 8)[0]
    fcntl.ioctl(plain, 0x2400)
    time.sleep(0.02)
    out["control"] = [y > x, y <= s == t, z == 0, count(plain, 8)[0] > 0]
    off = event(0, 2, bits=1)
    time.sleep(0.02)
    out["disabled"] = count(off, 24)
    lead = event(0, 2, fmt=3 | 8, bits=1)
    member = event(0, 3, fmt=3 | 8, group=lead)
    fcntl.ioctl(lead, 0x2400)
    time.sleep(0.1)
    g = count(lead, 64)
    out["group"] = [len(g), g[0], round(g[4] / g[3], 2)]
    print(json.dumps(out))


def child_perfopen():
    """who may open what"""
    out = {
        "event": event(0, 2),
        "other cpu": event(os.cpu_count() - 1, 2),
        "config": event(0, 77),
        "config bits": event(0, 2 | 1 << 8),
        "task": event(0, 2, pid=0),
        "task only": event(-1, 2, pid=0),
        "no cpu": event(-1, 2),
        "cpu 4096": event(4096, 2),
        "sampling": event(0, 2, period=1000),
        "exclude": event(0, 2, bits=1 << 5),
        "group fd": event(0, 2, group=99),
    }
    print(
        json.dumps(
            {k: "ok" if isinstance(v, int) else v for k, v in out.items()}
            | {"paranoid": int(open("/proc/sys/kernel/perf_event_paranoid").read())}
        )
    )


def child_topology():
    """Package and die of each CPU in cpumask, by sysfs and by /proc/cpuinfo."""
    cpus = [
        c
        for r in open(f"{PMU}/cpumask").read().strip().split(",")
        for a, _, b in [r.partition("-")]
        for c in range(int(a), int(b or a) + 1)
    ]
    info = [int(x.split(":")[1]) for x in open("/proc/cpuinfo") if x.startswith("physical id")]
    print(
        json.dumps(
            [
                [
                    c,
                    *[int(open(TOPO.format(c, f)).read()) for f in ("physical_package_id", "die_id")],
                    int(open(TOPO.format(c, "core_id")).read()) >= 0,
                    info[c] if info else None,
                ]
                for c in cpus
            ]
        )
    )


def child_zones():
    """name and energy of every powercap zone, twice; then the registers of every CPU"""
    Z = "/sys/class/powercap"
    zones = sorted(z for z in os.listdir(Z) if ":" in z)
    for i in (0, 1):
        for z in zones:
            a = CLOCK()
            v = int(open(f"{Z}/{z}/energy_uj").read())
            b = CLOCK()
            print(z, open(f"{Z}/{z}/name").read().strip(), a, b, v)
        if not i:
            time.sleep(0.4)


def child_msr(secs):
    """Every register of every CPU, twice."""
    unit = None
    for c in range(os.cpu_count()):
        fd = os.open(f"/dev/cpu/{c}/msr", os.O_RDONLY)
        get = lambda r: tried(lambda: int.from_bytes(os.pread(fd, 8, r), "little"))
        for reg in (0x606, 0xC0010299, 0x611, 0x619, 0xC001029A, 0xC001029B, 0x10):
            a = CLOCK()
            v = get(reg)
            b = CLOCK()
            print(c, hex(reg), a, b, v)
    time.sleep(float(secs))
    for c in range(os.cpu_count()):
        fd = os.open(f"/dev/cpu/{c}/msr", os.O_RDONLY)
        for reg in (0x611, 0x619, 0xC001029A, 0xC001029B):
            a = CLOCK()
            v = tried(lambda: int.from_bytes(os.pread(fd, 8, reg), "little"))
            b = CLOCK()
            print(c, hex(reg), a, b, v)
    print("odd", tried(lambda: os.pread(fd, 7, 0x611)))


def child_hwmon():
    """All values of all hwmon devices."""
    out = []
    H = "/sys/class/hwmon"
    read = lambda p: open(p).read().strip()
    for h in sorted(os.listdir(H), key=lambda x: int(x[5:])):
        d = (
            f"{H}/{h}" if os.path.exists(f"{H}/{h}/name") else f"{H}/{h}/device"
        )  # old drivers keep everything in device/
        out.append(
            {
                f: read(f"{d}/{f}")
                for f in os.listdir(d)
                if f == "name"
                or f.startswith(("power1", "power2", "curr", "in"))
                and os.path.isfile(f"{d}/{f}")
            }
        )
    print(json.dumps(out))


def child_servers():
    """Asks the Redfish, SNMP and IPMI servers."""
    import hashlib, ssl, urllib.request

    S = os.environ["POWERLAB_STATE"]
    tls = dict(x.split() for x in open(f"{S}/redfish.tls"))
    der = ssl.PEM_cert_to_DER_cert(open(tls["certificate"]).read())

    def get(p, ctx=None):
        r = urllib.request.Request(
            tls["url"] + "/redfish/v1/Chassis/1/" + p, headers={"Authorization": "Basic cm9vdDpwb3dlcmxhYg=="}
        )
        return json.load(urllib.request.urlopen(r, context=ctx))

    try:
        get("Power")
        strict = "accepted"
    except urllib.error.URLError as e:
        strict = type(e.reason).__name__
    time.sleep(1.2)
    pin = ssl.create_default_context(cafile=tls["certificate"])
    e0 = get("EnvironmentMetrics", pin)
    time.sleep(2)
    e1 = get("EnvironmentMetrics", pin)
    sh = lambda *a: subprocess.run(
        a, capture_output=True, text=True, env=dict(os.environ, MIBS="", SNMP_PERSISTENT_DIR=S)
    ).stdout
    v3 = [
        sh(
            "snmpget",
            "-v3",
            "-l",
            "authPriv",
            "-u",
            "reader",
            "-a",
            "SHA",
            "-A",
            a,
            "-x",
            "AES",
            "-X",
            "powerlab-priv",
            "-Oqv",
            "127.0.0.1:9661",
            ".1.3.6.1.4.1.318.1.1.12.1.16.0",
        ).strip()
        for a in ("powerlab-auth", "powerlab-wrong")
    ]
    outlets = [
        sh("snmpget", "-v2c", "-c", "public", "-Oqv", "127.0.0.1:9661", f".1.3.6.1.4.1.13742.6.5.4.3.1.4.1.{n}.5").strip()
        for n in (5, 6)
    ]
    raw = [
        bytes.fromhex(
            sh(
                "ipmitool",
                "-I",
                "lanplus",
                "-C",
                "3",
                "-H",
                "127.0.0.1",
                "-p",
                "9623",
                "-U",
                "ADMIN",
                "-P",
                "ADMIN",
                "raw",
                "0x3a",
                "0x32",
                "4",
                "2",
                "0",
                "0",
                "0",
            )
        )
        for _ in (0, 1)
        if (_ == 0 or time.sleep(1.1) is None)
    ]
    print(
        json.dumps(
            {
                "unpinned": strict,
                "sha": hashlib.sha256(der).hexdigest() == tls["sha256"],
                "psu": [
                    get(f"PowerSubsystem/PowerSupplies/{i}/Metrics", pin)["InputPowerWatts"]["Reading"]
                    for i in (1, 2)
                ],
                "joules": e1["EnergyJoules"]["Reading"] - e0["EnergyJoules"]["Reading"],
                "kwh": e1["EnergykWh"]["Reading"] * 3.6e6 - e1["EnergyJoules"]["Reading"],
                "v3": v3,
                "outlets": outlets,
                "xcc": [struct.unpack("<HIHIH", x) for x in raw],
            }
        )
    )


def child_errno(path, secs):
    """Which outcomes a held and a reopened file have while a fault comes."""
    fd = os.open(path, os.O_RDONLY)
    end = time.monotonic() + float(secs)
    seen = set()
    kind = lambda v: (
        v if isinstance(v, str) else "empty" if not v else "number" if v.strip().isdigit() else "text"
    )
    while time.monotonic() < end:
        seen.add((kind(tried(lambda: os.pread(fd, 64, 0))), kind(tried(lambda: open(path, "rb").read()))))
        time.sleep(0.03)
    for x in sorted(seen):
        print(*x)


# ---------------------------------------------------------------- running it, and comparing with the truth
def launch(args, *child, prefix=()):
    """stdout, model, truth.json"""
    with tempfile.TemporaryDirectory() as d:
        t = f"{d}/t.json"
        py, me = sys.executable, __file__
        if "--user" in args or prefix:
            os.chmod(d, 0o755)
            py, me = "/usr/bin/python3", shutil.copy(__file__, d)  # where another user can read it
        r = subprocess.run(
            [
                PL,
                "run",
                "-q",
                "--truth",
                t,
                *args,
                "--",
                *prefix,
                py,
                me,
                "child_" + child[0],
                *map(str, child[1:]),
            ],
            capture_output=True,
            text=True,
        )
        if r.returncode:
            raise SystemExit(r.stderr)
        from labmodel import undump

        j = json.load(open(t))
        return r.stdout, undump(j, d), j


def run(args, *child):
    """As launch, with the output as rows of numbers."""
    out, m, j = launch(args, *child)
    return (
        [
            [int(y) if y.lstrip("-").isdigit() and len(x.split()) > 1 else y for y in x.split()]
            for x in out.splitlines()
        ],
        m,
        j,
    )


def ask(args, *child, **kw):
    """As launch, with the output as JSON."""
    out, m, _ = launch(args, *child, **kw)
    return json.loads(out), m


good = True


def say(ok, name, text):
    """Prints one verdict and remembers failures."""
    global good
    good &= bool(ok)
    print(f'{"ok  " if ok else "FAIL"} {name:42} {text}')


def at(m, ns, upd):
    """When a sensor with period `upd` was last updated, seconds since the epoch."""
    return math.floor((ns - m.epoch_mono) * 1e-9 / upd) * upd


def check(name, rows, m, src, upd, unit, quant, wrap, lag=0.0, energy=None):
    """A counter: every difference lies between what the truth allows before and after each read."""
    energy = energy or (lambda t: m.energy(src, t))
    first = None
    off = 0
    prev = None
    bad = 0
    wraps = 0
    worst = 0.0
    for a, b, v in rows:
        if prev is not None and v < prev:
            off += wrap + 1
            wraps += 1
        prev = v
        E = (v + off) / unit
        lo, hi = energy(at(m, a, upd) - lag), energy(at(m, b, upd) + 1e-9)
        if first is None:
            first = (E, lo, hi)
            continue
        dE = E - first[0]
        tol = 2 * quant + 1.0 / unit * 2 + 1e-6
        if not (lo - first[2] - tol <= dE <= hi - first[1] + tol):
            bad += 1
            worst = max(worst, lo - first[2] - dE, dE - hi + first[1])
    total = rows[-1][2] + off - rows[0][2]
    true = m.energy(src, (rows[-1][1] - m.epoch_mono) * 1e-9) - m.energy(
        src, (rows[0][1] - m.epoch_mono) * 1e-9
    )
    say(
        not bad and len(rows) > 1,
        name,
        f"{len(rows):5} reads, {wraps} wraps, {total/unit:10.4f} J read vs {true:10.4f} J true ({100*(total/unit/true-1):+.3f} %), out of bounds {bad} ({worst:.4f} J)",
    )


def check_power(name, rows, m, src, upd, win, quant):
    """A power register: every value is the mean at the update before or after the read."""
    bad = 0
    for a, b, v in rows:
        ok = [(m.energy(src, t) - m.energy(src, t - win)) / win for t in (at(m, a, upd), at(m, b, upd))]
        bad += not (min(ok) - quant / 2 - 1e-6 <= v / 1e6 <= max(ok) + quant / 2 + 1e-6)
    say(not bad, name, f"{len(rows):5} reads, {len(set(r[2] for r in rows))} values, out of bounds {bad}")


def near(got, want, tol):
    """Equal within a tolerance."""
    return abs(got - want) <= tol


def between(m, src, first, second, unit, tol=0.0):
    """two readings (before, after, value) of a counter of src agree with the truth"""
    d = (second[2] - first[2]) / unit
    lo = m.energy(src, at(m, second[0], 0.001)) - m.energy(src, at(m, first[1], 0.001))
    hi = m.energy(src, at(m, second[1], 0.001)) - m.energy(src, at(m, first[0], 0.001))
    return lo - tol - 2e-4 <= d <= hi + tol + 2e-4


P = "/sys/class/powercap/intel-rapl:0/energy_uj"
H = "/sys/class/hwmon/hwmon0/"


def part_rapl():
    """Counters of powercap: shapes, wrap-around, coupling to CPU time."""
    for prof in (
        "const:137",
        "square:50,200,0.037",
        "ramp:20,180,3",
        "burst:30,220,6,0.05",
        "sine:100,60,0.5",
    ):
        rows, m, _ = run(["--rapl", "intel-2s", "--profile", prof], "counter", P, 2, 0)
        check("rapl intel " + prof, rows, m, "pkg0", 0.001, 1e6, 2**-14, 262143328850)
    rows, m, _ = run(
        ["--rapl", "amd-2s", "--profile", "const:100", "--rapl-range", "20000000", "--wrap-in", "1"],
        "counter",
        P,
        2,
        0,
    )
    check("rapl amd, counter range 20 J (wraps)", rows, m, "pkg0", 0.001, 1e6, 2**-16, 20000000)
    rows, m, j = run(["--rapl", "amd-2s", "--profile", "cpu:35,18"], "counter", P, 3, 1)
    check(
        f'rapl amd coupled to CPU ({j["cpu_seconds"]:.2f} CPU s)',
        rows,
        m,
        "pkg0",
        0.001,
        1e6,
        2**-16,
        65532610987,
        lag=0.012,
    )


def part_perf():
    """counts, the descriptor's behaviour, permissions, topology"""
    import labtrees

    for backend in ("fuse", "files"):
        B = ["--rapl", "intel-2s", "--perf", "--backend", backend, "--profile"]
        rows, m, _ = run([*B, "square:50,200,0.037"], "perf", 2)
        check(f"perf energy-pkg, {backend}", rows, m, "pkg0", 0.001, 2**32, 2**-32, 1 << 63)
        x, _ = ask([*B, "const:100"], "perfrules")
        fd = ["ESPIPE", "ESPIPE", "ENOSPC", 3, 3]
        say(
            x.pop("emulated") == fd
            and x.pop("kernel", fd) == fd
            and x == {"plain": [1, 1], "control": [True] * 4, "disabled": [0, 0, 0], "group": [5, 2, 0.15]},
            f"perf descriptor, {backend}",
            f"pread, lseek {fd[:2]}; 8 bytes of 24 {fd[2]}; as a real event",
        )
    N = "/usr/bin/python3"
    no = dict.fromkeys(
        ("config", "config bits", "task", "task only", "no cpu", "cpu 4096", "sampling", "exclude"), "EINVAL"
    ) | {"group fd": "EBADF"}
    yes = no | {"event": "ok", "other cpu": "ok"}
    denied = dict.fromkeys(yes, "EACCES") | {"exclude": "EINVAL"}
    one = no | {"event": "EACCES", "other cpu": "EACCES"}
    cap = [
        x
        for x in (
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--inh-caps=+perfmon",
            "--ambient-caps=+perfmon",
        )
    ]
    for who, extra, prefix, level, want in (
        ("root", [], [], 2, yes),
        ("nobody", ["--user", "nobody"], [], 2, denied),
        ("nobody", ["--user", "nobody"], [], 1, one),
        ("nobody", ["--user", "nobody"], [], 0, yes),
        ("nobody with CAP_PERFMON", [], cap, 2, yes),
    ):
        if extra or prefix:
            if not os.path.exists(N) or prefix and not shutil.which("setpriv"):
                print(f"skip perf by {who}: no {N} or setpriv")
                continue
        x, _ = ask(
            ["--rapl", "intel-2s", "--perf", "--perf-paranoid", str(level), *extra], "perfopen", prefix=prefix
        )
        say(
            x == want | {"paranoid": level},
            f"perf by {who}, paranoid {level}",
            f'{x["event"]}; wrong config {x["config"]}, task {x["task"]}'
            + ("" if x == want | {"paranoid": level} else f" {x}"),
        )
    for preset in ("intel-2s", "intel-2s-2die", "intel-1s"):
        x, _ = ask(["--rapl", preset, "--perf"], "topology")
        first = {}
        [first.setdefault(p, c) for c, p in labtrees.cpu_places(preset).items()]
        want = [
            [c, int(p.split("d")[0]), int(p.partition("d")[2] or 0), True]
            for p, c in sorted(first.items(), key=lambda y: y[1])
        ]
        say(
            [y[:4] for y in x] == want and all(y[4] in (None, y[1]) for y in x),
            f"topology {preset}",
            "; ".join(f"cpu{y[0]}: package {y[1]}, die {y[2]}" for y in x),
        )


def part_zones():
    """names in order, every energy against its own source; registers"""
    import labtrees

    for preset, want in (
        ("psys-2s", ["package-1", "psys", "package-0"]),
        ("intel-2s-psys", ["package-0", "psys", "package-1"]),
        ("intel-2s-2die", ["package-0-die-0", "package-0-die-1", "package-1-die-0", "package-1-die-1"]),
        ("amd-2s-zen-core", ["package-0", "package-1"]),
    ):
        rows, m, _ = run(["--rapl", preset, "--profile", "square:50,200,0.3"], "zones")
        name = {x[0]: x[1] for x in rows}
        src = {}
        for z in name:  # package-1-die-0 is pkg1d0, its dram dram1d0
            own = name[z]
            top = (
                name[z.rsplit(":", 1)[0] if z.count(":") == 2 else z]
                .replace("package-", "")
                .replace("-die-", "d")
            )
            src[z] = "psys" if own == "psys" else ("pkg" if own.startswith("package") else own) + top
        n = len(rows) // 2
        bad = [a[0] for a, b in zip(rows[:n], rows[n:]) if not between(m, src[a[0]], a[2:], b[2:], 1e6)]
        say(
            not bad
            and n == {"psys-2s": 5, "intel-2s-psys": 5, "intel-2s-2die": 8}.get(preset, 4)
            and [x[1] for x in rows[:n] if x[0].count(":") == 1] == want,
            f"zones of {preset}",
            f'{want}, {n} energies{" wrong: " + str(bad) if bad else ""}'
            + (f', core/package {m.energy("core0", 1) / m.energy("pkg0", 1):.4f}' if "zen" in preset else ""),
        )
    for preset, unit, regs in (
        (
            ("intel-2s", 0x606, {0x611: ("pkg", 2**14), 0x619: ("dram", 2**16)}),
            ("amd-2s-zen-core", 0xC0010299, {0xC001029B: ("pkg", 2**16), 0xC001029A: ("core", 2**16)}),
        )
        if os.path.isdir("/dev/cpu")
        else ()
    ):
        for backend in ("fuse", "files"):
            rows, m, _ = run(
                ["--rapl", preset, "--msr", "--backend", backend, "--profile", "const:100"], "msr", 0.4
            )
            n = os.cpu_count()
            place = labtrees.cpu_places(preset)
            first = {(x[0], x[1]): x[2:] for x in rows[: 7 * n]}
            second = {(x[0], x[1]): x[2:] for x in rows[7 * n : -1]}
            ok = all(
                first[c, hex(unit)][2] >> 8 & 31 == int(math.log2(list(regs.values())[0][1]))
                and first[c, "0x10"][2] == "EIO"
                and all(
                    between(m, s + place[c], first[c, hex(r)], second[c, hex(r)], u, 2 / u)
                    for r, (s, u) in regs.items()
                )
                and all(v[2] == "EIO" for (k, r), v in second.items() if int(r, 16) not in regs)
                for c in range(n)
            )
            say(
                ok and rows[-1] == ["odd", "EINVAL"],
                f"msr {preset}, {backend}",
                f'{n} CPUs, unit and {", ".join(map(hex, regs))}',
            )


def part_nvml():
    """the exact counter, and the one that integrates what a part-time register saw"""
    rows, m, _ = run(["--nvml", "a100", "--profile", "gpu0=square:60,380,0.14"], "nvml", 2)
    check("nvml total energy", rows, m, "gpu0", 0.1, 1e3, 0, 1 << 63)
    part = lambda t, m: sum(
        (m.energy("gpu0", k * 0.1) - m.energy("gpu0", k * 0.1 - 0.025)) * 4
        for k in range(1, math.floor(t / 0.1 + 1e-6) + 1)
    )
    for prof in ("square:60,380,0.1,0.25", "square:60,380,0.14"):
        rows, m, _ = run(["--nvml", "a100", "--nvml-opt", "epart=1", "--profile", "gpu0=" + prof], "nvml", 2)
        check(f"nvml epart=1 {prof}", rows, m, "gpu0", 0.1, 1e3, 0, 1 << 63, energy=lambda t: part(t, m))
    rows, m, _ = run(
        ["--nvml", "a100", "--nvml-opt", "epart=1", "--profile", "gpu0=cpu:60,300", "--tick", "15000"],
        "nvml",
        2.5,
        1,
    )
    late = [r for r in rows if (r[0] - m.epoch_mono) % 10**8 > 6 * 10**7]  # when the log has caught up
    got = (late[-1][2] - late[0][2]) / 1e3
    want = part(at(m, late[-1][0], 0.1), m) - part(at(m, late[0][0], 0.1), m)
    say(
        near(got, want, 0.002 * want),
        "nvml epart=1, coupled to CPU",
        f"{got:.2f} J read, {want:.2f} J seen by the register",
    )
    rows, m, _ = run(
        [
            "--nvml",
            "a100",
            "--nvml-opt",
            "epart=1",
            "--profile",
            "gpu0=square:60,380,0.1,0.25",
            "--fault",
            "gpu0,reset,from=0.5",
        ],
        "nvml",
        1,
    )
    low = min(r[2] for r in rows)
    say(
        low < 1000 and rows[-1][2] / 1e3 < 60,
        "nvml epart=1, counter reset",
        f"{rows[0][2] / 1e3:.0f} J, then from {low / 1e3:.3f} J",
    )


def part_hwmon():
    """hwmon chips."""
    rows, m, _ = run(
        ["--hwmon", "i915", "--profile", "square:10,90,0.2"], "counter", H + "energy1_input", 2, 0
    )
    check("hwmon i915 energy1_input", rows, m, "dgpu0", 0.001, 1e6, 2**-14, 1 << 63)
    rows, m, _ = run(
        ["--hwmon", "ina226", "--profile", "sine:100,60,0.5"], "counter", H + "power1_input", 2, 0
    )
    check_power("hwmon ina226 power1_input", rows, m, "board", 0.0352, 0.0352, 0.025)
    for opt, upd in (([], 1.0), (["--hwmon-opt", "alveo.upd=0.1"], 0.1)):
        rows, m, _ = run(
            ["--hwmon", "alveo", *opt, "--profile", "sine:100,60,0.7"],
            "counter",
            H + "power1_input",
            1 + 1.2 * upd,
            0,
        )
        check_power(f"hwmon alveo power1_input every {upd} s", rows, m, "fpga0", upd, 0.1, 0.001)
    rows, m, _ = run(
        ["--hwmon", "alveo", "--profile", "sine:100,60,0.7"],
        "counter",
        "/sys/bus/pci/devices/0000:c1:00.1/xmc.u.12582912/xmc_power",
        1.2,
        0,
    )
    check_power("hwmon alveo xmc_power", rows, m, "fpga0", 1.0, 0.1, 0.001)
    for bad in (
        ["--hwmon", "alveo", "--hwmon-opt", "alvoe.upd=1"],
        ["--nvml", "a100", "--nvml-opt", "epatr=1"],
        ["--perf"],
    ):
        r = subprocess.run([PL, "run", *bad, "--", "true"], capture_output=True, text=True)
        say(
            r.returncode == 1 and r.stderr.startswith("powerlab: "),
            "refused: " + " ".join(bad[2:] or bad),
            r.stderr.strip()[:90],
        )
    x, m = ask(
        ["--hwmon", "ina260,ina219,jetson,pmbus,hwmon_sdm,opae,grace", "--profile", "const:100"], "hwmon"
    )
    W = lambda s: m.power(s, 1, 0.1)
    f = lambda d, k: int(d[k]) / 1e6
    vi = lambda d, v, c: int(d[v]) * int(d[c]) / 1e6
    chips = {d.get("power1_oem_info", d["name"]): d for d in x}
    J, M = chips.get("ina3221", {}), chips.get("pmbus", {})
    sdm = next(d for d in x if "hwmon_sdm" in d["name"])
    for name, got, want in (
        ("ina260", f(chips["ina260"], "power1_input"), W("som")),
        ("ina260 V x I", vi(chips["ina260"], "in1_input", "curr1_input"), W("som")),
        ("ina219", f(chips["ina219"], "power1_input"), W("rail")),
        *[
            (f'ina3221 {J[f"in{i}_label"]}', vi(J, f"in{i}_input", f"curr{i}_input"), W("jetson") * k)
            for i, k in ((1, 1), (2, 0.55), (3, 0.25))
        ],
        (f'pmbus {M["power1_label"]}', f(M, "power1_input"), W("psu")),
        (f'pmbus {M["power2_label"]}', f(M, "power2_input"), W("psu") * 0.92),
        ("pmbus vin x iin", vi(M, "in1_input", "curr1_input"), W("psu")),
        (
            f'{sdm["name"]} {sdm["power1_label"]}',
            int(sdm["power1_input"]) * 10.0 ** int(sdm["power1_unitm"]),
            W("versal"),
        ),
        (
            f'opae {chips["n3000bmc_hwmon"]["power1_label"]}',
            f(chips["n3000bmc_hwmon"], "power1_input"),
            W("pac"),
        ),
        *[
            (f"grace {k}", f(chips[f"{k} Power Socket 0"], "power1_average"), W("module") * v)
            for k, v in (("Module", 1), ("Grace", 0.6), ("CPU", 0.45), ("SysIO", 0.1))
        ],
    ):
        say(near(got, want, max(0.5, 0.01 * want)), "hwmon " + name, f"{got:.3f} W, truth {want:.3f}")


def part_servers():
    """management controllers, where their programs are installed"""
    if all(
        shutil.which(p, path="/usr/sbin:/usr/bin:/sbin:/bin:" + os.environ.get("PATH", ""))
        for p in ("openssl", "snmpd", "snmpget", "ipmi_sim", "ipmitool")
    ):
        x, m = ask(
            [
                "--rapl",
                "intel-2s",
                "--profile",
                "const:100",
                "--redfish",
                "--redfish-tls",
                "--snmp",
                "--ipmi",
            ],
            "servers",
        )
        w = m.power("node", 10, 1)
        say(
            x["sha"]
            and x["unpinned"] == "SSLCertVerificationError"
            and near(sum(x["psu"]), w, 0.11)
            and near(x["psu"][0], 0.6 * w, 0.06),
            "redfish by TLS: two supplies",
            f'{x["psu"]} W, truth {w:.2f}; not pinned: {x["unpinned"]}',
        )
        n = round(x["joules"] / w)
        say(
            n in (2, 3) and near(x["joules"], n * w, 0.2) and near(x["kwh"], 0, 1800.1),
            "redfish EnergyJoules, EnergykWh",
            f'{x["joules"]:.1f} J in {n} updates',
        )
        say(
            x["v3"] == [str(int(w)), ""],
            "snmp v3, authPriv SHA AES",
            f'{x["v3"][0]} W; wrong password: nothing',
        )
        say(
            x["outlets"] == [str(int(w * s * 10)) for s in (0.6, 0.4)],
            "snmp: two outlets in tenths of watts",
            f'{x["outlets"]}',
        )
        a, b = x["xcc"]
        secs = (b[3] - a[3]) + (b[4] - a[4]) / 1e3
        e = b[1] - a[1] + (b[2] - a[2]) / 1e3
        say(
            secs > 0.9 and near(e, secs * w, 0.01) and b[0] - a[0] == round(secs),
            "ipmi XCC energy with its own time stamp",
            f"{e:.3f} J in {secs:.3f} s, truth {w * secs:.3f}",
        )
    else:
        print("skip management controllers: openssl, snmpd, snmp, openipmi, ipmitool")


def part_faults():
    """Faults of files."""
    E = "/devices/virtual/powercap/intel-rapl/intel-rapl:0/energy_uj"
    for kind, want in (
        ("vanish", ("ENODEV", "ENOENT")),
        ("eacces", ("number", "EACCES")),
        ("eio", ("EIO", "EIO")),
        ("enodata", ("ENODATA", "ENODATA")),
        ("garbage=N/A", ("text", "text")),
        ("empty", ("empty", "empty")),
    ):
        rows, _, _ = run(["--rapl", "amd-2s", "--fault", f"{E},{kind},from=0.4"], "errno", P, 0.8)
        got = [tuple(x) for x in rows]
        say(want in got and ("number", "number") in got, f"fault {kind}", f"(held fd, re-opened) = {got}")


def main(parts):
    """Runs the named parts, or all."""
    every = [k[5:] for k in globals() if k.startswith("part_")]
    bad = [p for p in parts if p not in every]
    if bad:
        raise SystemExit(f'no part {bad[0]}; there are {" ".join(every)}')
    for p in parts or every:
        globals()["part_" + p]()
    print("selftest", "passed" if good else "FAILED")
    sys.exit(not good)


if sys.argv[1:2] and sys.argv[1].startswith("child_"):
    globals()[sys.argv[1]](*sys.argv[2:])
else:
    main(sys.argv[1:])
