"""Emulated sysfs subtrees, written as a manifest that the C programs read.

A line is `type TAB path TAB octal mode TAB rest`. The types: d directory; l symlink (rest: its target); f static file
(rest: its content, \\n escaped); s sensor (rest: kind and key=value ...); m register file of a CPU (rest: its number).
"""

import os
from labmodel import Source


class Tree:
    """Collects the manifest of an emulated tree: d, l, f, s add entries, mount names what is laid over /sys."""

    def __init__(self):
        self.lines, self.seen, self.mounts = ["d\t/\t755\t."], {"/"}, []

    def d(self, p):
        while p and p != "/" and p not in self.seen:
            self.seen.add(p)
            self.lines.append(f"d\t{p}\t755\t.")
            p = os.path.dirname(p)

    def l(self, p, to):
        self.d(os.path.dirname(p))
        self.lines.append(f"l\t{p}\t777\t{to}")

    def rel(self, p, to):
        self.l(p, os.path.relpath(to, os.path.dirname(p)))

    def f(self, p, text, mode="444"):
        self.d(os.path.dirname(p))
        self.lines.append(f"f\t{p}\t{mode}\t" + (str(text) + "\n").replace("\\", "\\\\").replace("\n", "\\n"))

    def s(self, p, what, mode="444"):
        self.d(os.path.dirname(p))
        self.lines.append(f"s\t{p}\t{mode}\t{what}")

    def mount(self, *p):
        for x in p:
            if x not in self.mounts:
                self.mounts.append(x)
            self.d("/" + x)

    def save(self, path):
        with open(path, "w") as f:
            f.write("\n".join(self.lines) + "\n")


# ---------------------------------------------------------------- RAPL (powercap)
# zone: (dir, name, source, energy status unit J, max_energy_range_uj, [subzones])
ESU_INTEL, ESU_DRAM, ESU_AMD = 2**-14, 2**-16, 2**-16
R_INTEL, R_DRAM, R_AMD = 262143328850, 65712999613, 65532610987
PRESETS = (
    "intel-2s",
    "intel-1s",
    "amd-2s",
    "amd-2s-zen-core",
    "psys-laptop",
    "psys-2s",
    "intel-2s-psys",
    "intel-2s-2die",
)


def _zones(preset):
    """The powercap zones of a preset."""
    if preset == "intel-2s":
        return [
            (
                "intel-rapl",
                f"intel-rapl:{i}",
                f"package-{i}",
                f"pkg{i}",
                ESU_INTEL,
                R_INTEL,
                True,
                [(f"intel-rapl:{i}:0", "dram", f"dram{i}", ESU_DRAM, R_DRAM)],
            )
            for i in (0, 1)
        ]
    if preset == "amd-2s":
        return [
            (
                "intel-rapl",
                f"intel-rapl:{i}",
                f"package-{i}",
                f"pkg{i}",
                ESU_AMD,
                R_AMD,
                False,
                [(f"intel-rapl:{i}:0", "core", f"core{i}", ESU_AMD, R_AMD)],
            )
            for i in (0, 1)
        ]
    if preset == "amd-2s-zen-core":
        return _zones("amd-2s")  # but its core zones read one lead core only: see rapl_sources
    if preset == "intel-1s":
        return [
            (
                "intel-rapl",
                "intel-rapl:0",
                "package-0",
                "pkg0",
                ESU_INTEL,
                R_INTEL,
                True,
                [
                    ("intel-rapl:0:0", "core", "core0", ESU_INTEL, R_INTEL),
                    ("intel-rapl:0:1", "uncore", "uncore0", ESU_INTEL, R_INTEL),
                ],
            )
        ]
    if preset == "psys-laptop":
        return [
            (
                "intel-rapl",
                "intel-rapl:0",
                "package-0",
                "pkg0",
                ESU_INTEL,
                R_INTEL,
                True,
                [
                    ("intel-rapl:0:0", "core", "core0", ESU_INTEL, R_INTEL),
                    ("intel-rapl:0:1", "uncore", "uncore0", ESU_INTEL, R_INTEL),
                ],
            ),
            ("intel-rapl", "intel-rapl:1", "psys", "psys", ESU_INTEL, R_INTEL, True, []),
            ("intel-rapl-mmio", "intel-rapl-mmio:0", "package-0", "pkg0", ESU_INTEL, R_INTEL, True, []),
        ]
    if preset == "psys-2s":  # the zone's index is not the socket: 0 = package-1, 1 = psys, 2 = package-0
        return [
            (
                "intel-rapl",
                "intel-rapl:0",
                "package-1",
                "pkg1",
                ESU_INTEL,
                R_INTEL,
                True,
                [("intel-rapl:0:0", "dram", "dram1", ESU_DRAM, R_DRAM)],
            ),
            ("intel-rapl", "intel-rapl:1", "psys", "psys", ESU_INTEL, R_INTEL, True, []),
            (
                "intel-rapl",
                "intel-rapl:2",
                "package-0",
                "pkg0",
                ESU_INTEL,
                R_INTEL,
                True,
                [("intel-rapl:2:0", "dram", "dram0", ESU_DRAM, R_DRAM)],
            ),
        ]
    if preset == "intel-2s-psys":  # as seen in the field: 0 = package-0, 1 = psys, 2 = package-1
        z = _zones("psys-2s")
        return [
            (*a[:2], *b[2:7], [(a[1] + ":0", *x[1:]) for x in b[7]])
            for a, b in ((z[0], z[2]), (z[1], z[1]), (z[2], z[0]))
        ]
    if preset == "intel-2s-2die":
        return [
            (
                "intel-rapl",
                f"intel-rapl:{2*p+d}",
                f"package-{p}-die-{d}",
                f"pkg{p}d{d}",
                ESU_INTEL,
                R_INTEL,
                True,
                [(f"intel-rapl:{2*p+d}:0", "dram", f"dram{p}d{d}", ESU_DRAM, R_DRAM)],
            )
            for p in (0, 1)
            for d in (0, 1)
        ]
    raise SystemExit(f'powerlab: unknown RAPL preset {preset} ({" ".join(PRESETS)})')


def rapl_sources(preset, spec, own):
    """The sources behind a RAPL preset, each with a scale and an offset of its own."""

    def S(n, scale=1.0, off=0.0):
        return Source(n, own[n]) if n in own else Source(n, spec, scale, off)

    t = {
        "intel-2s": [("pkg0", 1, 0), ("pkg1", 0.8, 5), ("dram0", 0.12, 3), ("dram1", 0.1, 3)],
        "amd-2s": [("pkg0", 1, 0), ("pkg1", 0.8, 5), ("core0", 0.55, 0), ("core1", 0.44, 0)],
        "amd-2s-zen-core": [
            ("pkg0", 1, 0),
            ("pkg1", 0.8, 5),
            ("core0", 0.55 / 64, 0),
            ("core1", 0.44 / 64, 0),
        ],  # one of 64 cores
        "intel-1s": [("pkg0", 1, 0), ("core0", 0.7, 0), ("uncore0", 0.08, 0)],
        "psys-laptop": [("pkg0", 1, 0), ("core0", 0.7, 0), ("uncore0", 0.08, 0), ("psys", 1.25, 6)],
        "psys-2s": [
            ("pkg0", 1, 0),
            ("pkg1", 0.8, 5),
            ("dram0", 0.12, 3),
            ("dram1", 0.1, 3),
            ("psys", 2.3, 40),
        ],
        "intel-2s-2die": [("pkg0d0", 0.5, 0), ("pkg0d1", 0.45, 2), ("pkg1d0", 0.4, 3), ("pkg1d1", 0.35, 4)]
        + [(f"dram{p}d{d}", 0.06, 1 + p + d) for p in (0, 1) for d in (0, 1)],
    }
    t["intel-2s-psys"] = t["psys-2s"]
    _zones(preset)
    return [S(*x) for x in t[preset]]


def rapl_start(src, rng, start_uj=None, wrap_in=None, power=None):
    """what a package's counter showed at the epoch, uJ"""
    if wrap_in is not None:
        return max(0, rng - int(wrap_in * (power or 100) * 1e6))
    return start_uj if start_uj is not None else hash_start(src) % (rng // 2)


def rapl_tree(T, preset, mode="400", upd=0.001, start_uj=None, wrap_in=None, power=None, max_range=None):
    """wrap_in: seconds (at `power` W) after which the package counters wrap"""
    T.mount("class/powercap", "devices/virtual/powercap")
    V = "/devices/virtual/powercap"

    def zone(path, name, src, esu, rng, constraints):
        rng = max_range or rng
        st = rapl_start(src, rng, start_uj, wrap_in, power)
        T.s(
            f"{path}/energy_uj",
            f"energy src={src} unit=1e6 upd={upd} quant={esu!r} start={st} wrap={rng}",
            mode,
        )
        T.f(f"{path}/max_energy_range_uj", rng)
        T.f(f"{path}/name", name)
        T.f(f"{path}/enabled", 1 if constraints else 0, "644")
        T.f(f"{path}/uevent", "", "644")
        T.f(f"{path}/power/control", "auto", "644")
        T.f(f"{path}/power/runtime_status", "unsupported")
        T.rel(f"{path}/subsystem", "/class/powercap")
        for i, (n, lim, win) in enumerate(constraints or []):
            c = f"{path}/constraint_{i}_"
            T.f(c + "name", n)
            T.f(c + "power_limit_uw", lim, "644")
            T.f(c + "time_window_us", win, "644")
            T.f(c + "max_power_uw", lim)
        T.rel(f"/class/powercap/{os.path.basename(path)}", path)

    done = set()
    for ctl, zd, name, src, esu, rng, lim, subs in _zones(preset):
        if ctl not in done:
            done.add(ctl)
            T.f(f"{V}/{ctl}/enabled", 1, "644")
            T.f(f"{V}/{ctl}/uevent", "", "644")
            T.rel(f"{V}/{ctl}/subsystem", "/class/powercap")
            T.rel(f"/class/powercap/{ctl}", f"{V}/{ctl}")
        z = f"{V}/{ctl}/{zd}"
        zone(
            z,
            name,
            src,
            esu,
            rng,
            [("long_term", 205000000, 999424), ("short_term", 246000000, 1952)] if lim else None,
        )
        T.rel(f"{z}/device", f"{V}/{ctl}")
        for sd, sn, ss, se, sr in subs:
            zone(f"{z}/{sd}", sn, ss, se, sr, None if not lim else [("long_term", 0, 976)])
            T.rel(f"{z}/{sd}/device", z)


def cpu_places(preset):
    """{cpu: "0" | "1" | "0d1" ...}: the machine's CPUs shared out over packages (and dies) in blocks"""
    places = (
        ["0d0", "0d1", "1d0", "1d1"] if preset.endswith("2die") else ["0", "1"] if "-2s" in preset else ["0"]
    )
    n = os.cpu_count()
    if n < len(places):
        places = places[:n]  # fewer CPUs than dies: the rest has powercap zones only
    return {c: places[c * len(places) // n] for c in range(n)}


def _list(cpus):
    """CPUs as the kernel lists them: 0-3,8."""
    out = []
    for c in sorted(cpus):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def _mask(cpus):
    """CPUs as the kernel masks them: groups of eight hexadecimal digits."""
    h = f"{sum(1 << c for c in cpus):0{-(-os.cpu_count() // 4)}x}"
    return ",".join(
        [h[: len(h) % 8]] * (len(h) % 8 > 0) + [h[i : i + 8] for i in range(len(h) % 8, len(h), 8)]
    )


def _cpus(text):
    """The CPUs of a list as the kernel prints it."""
    return [
        c
        for r in text.strip().split(",")
        if r
        for a, _, b in [r.partition("-")]
        for c in range(int(a), int(b or a) + 1)
    ]


def topology_tree(T, preset):
    """/sys/devices/system/cpu/cpuN/topology as the preset's packages would have it.

    What is not about packages stays as the machine says.
    """
    place = cpu_places(preset)
    for c, p in place.items():
        real = f"/sys/devices/system/cpu/cpu{c}/topology"
        pkg, _, die = p.partition("d")
        if not os.path.isdir(real):
            continue
        T.mount(real[5:])
        same = [x for x in place if place[x].split("d")[0] == pkg]
        own = [x for x in place if place[x] == p]
        mine = {
            "physical_package_id": pkg,
            "die_id": die or 0,
            "core_siblings": same,
            "package_cpus": same,
            "die_cpus": own,
        }
        for f in sorted(os.listdir(real)):
            try:
                was = open(f"{real}/{f}").read().strip()
            except OSError:
                continue
            stem = f.removesuffix("_list")
            v = mine.get(stem, was)
            if stem in (
                "core_cpus",
                "thread_siblings",
                "cluster_cpus",
            ):  # no core reaches over two packages or dies
                try:
                    v = [x for x in _cpus(open(f"{real}/{stem}_list").read()) if x in own]
                except OSError:
                    pass
            if isinstance(v, list):
                v = _list(v) if f != stem else _mask(v)
            T.f(f"{real[4:]}/{f}", v)


# vendor, family and model whose registers --msr shows: Cascade Lake, Alder Lake, Kaby Lake, Sapphire Rapids, Milan
SAPPHIRE_RAPIDS = ("GenuineIntel", 6, 143)
PROCESSORS = {
    "intel-2s": ("GenuineIntel", 6, 85),
    "intel-2s-2die": ("GenuineIntel", 6, 85),
    "intel-1s": ("GenuineIntel", 6, 151),
    "psys-laptop": ("GenuineIntel", 6, 142),
    "psys-2s": SAPPHIRE_RAPIDS,
    "intel-2s-psys": SAPPHIRE_RAPIDS,
    "amd-2s": ("AuthenticAMD", 25, 1),
    "amd-2s-zen-core": ("AuthenticAMD", 25, 1),
}


def cpuinfo(preset, processor=(None, None, None)):
    """/proc/cpuinfo with the preset's packages (and processor); everything else as the machine says, frozen"""
    vendor, family, model = processor
    place = cpu_places(preset)
    out = []
    new = {}
    for line in open("/proc/cpuinfo"):
        k, _, v = line.partition(":")
        if k.strip() == "processor":
            pkg = place.get(int(v), "0").split("d")[0]
            n = sum(x.split("d")[0] == pkg for x in place.values())
            new = {"physical id": pkg, "siblings": n}
            new |= {"vendor_id": vendor, "cpu family": family, "model": model}
        if new.get(k.strip()) is not None:
            line = f"{k}: {new[k.strip()]}\n"
        if k.strip() == "cpu cores":
            line = f'{k}: {min(int(v), new["siblings"])}\n'
        out.append(line)
    return "".join(out)


# model-specific registers: address -> (prefix of the source, energy unit J, max_energy_range_uj)
MSR_INTEL = {
    0x611: ("pkg", ESU_INTEL, R_INTEL),
    0x619: ("dram", ESU_DRAM, R_DRAM),
    0x639: ("core", ESU_INTEL, R_INTEL),
    0x641: ("uncore", ESU_INTEL, R_INTEL),
    0x64D: ("psys", ESU_INTEL, R_INTEL),
}
MSR_AMD = {0xC001029B: ("pkg", ESU_AMD, R_AMD), 0xC001029A: ("core", ESU_AMD, R_AMD)}


def msr_tree(T, preset, sources, upd, max_range=None, start_uj=None, wrap_in=None, power=None):
    """/dev/cpu/N/msr: the counters of powercap in hardware units, 32 bits"""
    amd = preset.startswith("amd")
    place = cpu_places(preset)
    for c, p in place.items():
        T.lines.append(f"m\t/.dev/cpu/{c}/msr\t600\t{c}")
        T.d(f"/.dev/cpu/{c}")
        unit, value = (0xC0010299, 0xA1003) if amd else (0x606, 0xA0E03)
        T.f(f"/.msr/cpu{c}/{unit:#x}", value, "400")
        for reg, (src, esu, rng) in (MSR_AMD if amd else MSR_INTEL).items():
            name = src if src == "psys" else src + p
            gain = 1
            if name not in sources:
                continue
            if reg == 0x64D and PROCESSORS[preset] == SAPPHIRE_RAPIDS:
                esu = 1.0  # whatever the unit register says
            if reg == 0xC001029A and preset == "amd-2s":
                gain = 1 / sum(x == p for x in place.values())  # its core source is all cores of the package
            st = (
                2**32 - wrap_in * (power or 100) / esu
                if wrap_in is not None and not max_range
                else rapl_start(name, max_range or rng, start_uj, wrap_in, power) * 1e-6 / esu
            )
            T.s(
                f"/.msr/cpu{c}/{reg:#x}",
                f"reg src={name} upd={upd} quant={esu!r} gain={gain!r} start={int(max(0, st))}",
                "400",
            )


PMU_TYPE = 90


def perf_tree(T, preset):
    """The `power` PMU: one event file per (CPU, event).

    The first CPU of each package (or die) is in cpumask; as in the kernel, an event on any other CPU of the package
    counts the same.
    """
    T.mount("devices/power", "bus/event_source/devices")
    P = "/devices/power"
    ev = {
        "intel-2s": {"pkg": "pkg", "ram": "dram"},
        "amd-2s": {"pkg": "pkg"},
        "intel-1s": {"pkg": "pkg", "cores": "core", "gpu": "uncore"},
        "amd-2s-zen-core": {"pkg": "pkg"},
        "psys-laptop": {"pkg": "pkg", "cores": "core", "gpu": "uncore", "psys": "psys"},
        "psys-2s": {"pkg": "pkg", "ram": "dram", "psys": "psys"},
        "intel-2s-psys": {"pkg": "pkg", "ram": "dram", "psys": "psys"},
        "intel-2s-2die": {"pkg": "pkg", "ram": "dram"},
    }[preset]
    place = cpu_places(preset)
    first = {}
    [first.setdefault(p, c) for c, p in place.items()]
    num = {"cores": 1, "pkg": 2, "ram": 3, "gpu": 4, "psys": 5}
    T.f(f"{P}/type", PMU_TYPE)
    T.f(f"{P}/cpumask", _list(first.values()))
    T.f(f"{P}/perf_event_mux_interval_ms", 4, "644")
    T.f(f"{P}/format/event", "config:0-7")
    for e, src in ev.items():
        T.f(f"{P}/events/energy-{e}", f"event=0x{num[e]:02x}")
        T.f(f"{P}/events/energy-{e}.unit", "Joules")
        T.f(f"{P}/events/energy-{e}.scale", "2.3283064365386962890625e-10")
        for c, p in place.items():
            T.s(
                f"/.perf/cpu{c}_event{num[e]}",
                f'perf src={src if src == "psys" else src + p} upd=0.001 quant={2**-32!r}',
                "444",
            )
    T.rel(f"{P}/subsystem", "/bus/event_source")
    T.rel("/bus/event_source/devices/power", P)


def hash_start(name):
    """A start value that depends on the name alone, so that runs are repeatable."""
    return sum((i + 7) * ord(c) * 1000003 * 977 for i, c in enumerate(name))


# ---------------------------------------------------------------- hwmon & friends
def _hwmon(T, n, dev, bus, name):
    """The common files of a hwmon device; gives its directory."""
    h = f"{dev}/hwmon/hwmon{n}"
    T.f(f"{h}/name", name)
    T.f(f"{h}/uevent", "", "644")
    T.rel(f"{h}/device", dev)
    T.rel(f"{h}/subsystem", "/class/hwmon")
    T.rel(f"/class/hwmon/hwmon{n}", h)
    if f"{dev}/subsystem" not in T.seen:
        T.rel(f"{dev}/subsystem", f"/bus/{bus}")
        T.seen.add(f"{dev}/subsystem")
    return h


def _pci(T, bdf, vendor, device, cls):
    """The common files of a PCI function; gives its directory."""
    root = "devices/pci0000:c0"
    T.mount(root, "bus/pci/devices")
    dev = f"/{root}/0000:c0:01.1/{bdf}"
    for k, v in (
        ("vendor", vendor),
        ("device", device),
        ("class", cls),
        ("subsystem_vendor", vendor),
        ("subsystem_device", "0x0001"),
        ("revision", "0x00"),
    ):
        T.f(f"{dev}/{k}", v)
    T.f(
        f"{dev}/uevent",
        f"PCI_CLASS={cls[2:].upper()}\nPCI_ID={vendor[2:].upper()}:{device[2:].upper()}\nPCI_SLOT_NAME={bdf}",
        "644",
    )
    T.rel(f"/bus/pci/devices/{bdf}", dev)
    return dev


HW = {
    "ina226": "board",
    "amdgpu": "agpu0",
    "alveo": "fpga0",
    "i915": "dgpu0",
    "xe": "dgpu0",
    "acpi": "node",
    "battery": "bat",
    "ina260": "som",
    "ina219": "rail",
    "jetson": "jetson",
    "pmbus": "psu",
    "hwmon_sdm": "versal",
    "opae": "pac",
    "grace": "module",
}


def hwmon_sources(names, spec, own):
    """The sources behind a list of hwmon presets."""
    out = []
    for n in names:
        s = HW.get(n)
        if not s:
            raise SystemExit(f'powerlab: unknown hwmon preset {n} ({" ".join(HW)})')
        if s == "node" or s in [x.name for x in out]:
            continue
        scale, off = {
            "board": (0.25, 1.5),
            "agpu0": (1.4, 12),
            "fpga0": (0.3, 22),
            "dgpu0": (0.9, 8),
            "bat": (0.3, 4),
            "som": (0.06, 3),
            "rail": (0.02, 0.5),
            "jetson": (0.2, 6),
            "psu": (1.1, 30),
            "versal": (0.4, 18),
            "pac": (0.35, 20),
            "module": (1.2, 40),
        }[s]
        out.append(Source(s, own[s]) if s in own else Source(s, spec, scale, off))
    return out


def hwmon_check(names, opt):
    """Ends the program if an override names no chip or no period."""
    for k, v in opt.items():
        try:
            ok = k.endswith(".upd") and k[:-4] in names and float(v) > 0
        except ValueError:
            ok = False
        if not ok:
            raise SystemExit(
                f'powerlab: --hwmon-opt {k}={v}: want CHIP.upd=SECONDS for a CHIP of --hwmon ({" ".join(names)})'
            )


def hwmon_tree(T, names, opt={}, n0=0):
    """The hwmon (and vendor) files of each preset in the list."""
    T.mount("class/hwmon")
    n = n0

    def upd(chip, default):
        return float(opt.get(f"{chip}.upd", default))

    for kind in names:
        src = HW[kind]
        if kind == "ina226":  # 12 V rail, 2 mOhm: current LSB 1 mA, power LSB 25 mA*V, 140 ms conversions
            T.mount("devices/platform/axi")
            h = _hwmon(T, n, "/devices/platform/axi/ff030000.i2c/i2c-3/3-0040", "i2c", "ina226")
            T.mount("class/i2c-adapter")
            T.f("/devices/platform/axi/ff030000.i2c/i2c-3/name", "Cadence I2C at ff030000")
            T.rel("/class/i2c-adapter/i2c-3", "/devices/platform/axi/ff030000.i2c/i2c-3")
            T.f("/devices/platform/axi/ff030000.i2c/i2c-3/3-0040/name", "ina226")
            T.s(
                f"{h}/power1_input", f"power src={src} unit=1e6 upd={upd(kind, .0352)} win=0.0352 quant=0.025"
            )
            T.s(
                f"{h}/curr1_input",
                f"curr src={src} unit=1e3 volts=12.0 upd={upd(kind, .0352)} win=0.0352 quant=0.001",
            )
            T.f(f"{h}/in0_input", 3)
            T.f(f"{h}/in1_input", 12000)
            T.f(f"{h}/shunt_resistor", 2000, "644")
            T.f(f"{h}/update_interval", 35, "644")
        elif kind == "amdgpu":
            dev = _pci(T, "0000:c3:00.0", "0x1002", "0x740f", "0x038000")
            h = _hwmon(T, n, dev, "pci", "amdgpu")
            T.mount("class/drm")
            T.f(f"{dev}/drm/card0/dev", "226:0")
            T.rel(f"{dev}/drm/card0/device", dev)
            T.rel("/class/drm/card0", f"{dev}/drm/card0")
            T.s(f"{h}/power1_average", f"power src={src} unit=1e6 upd={upd(kind, .02)} win=0.1 quant=1.0")
            T.f(f"{h}/power1_label", "PPT")
            T.s(f"{h}/power1_input", f"power src={src} unit=1e6 upd={upd(kind, .001)} win=0.001 quant=1.0")
            T.f(f"{h}/power1_cap", 300000000, "644")
            T.f(f"{h}/power1_cap_max", 300000000)
            T.f(f"{h}/power1_cap_min", 0)
            T.f(f"{h}/power1_cap_default", 300000000)
            T.f(f"{h}/temp1_input", 43000)
            T.f(f"{h}/temp1_label", "edge")
            T.f(f"{h}/in0_input", 806)
            T.f(f"{h}/in0_label", "vddgfx")
            T.f(f"{h}/freq1_input", 1700000000)
            T.f(f"{h}/freq1_label", "sclk")
            T.f(f"{dev}/gpu_busy_percent", 50)
            T.f(f"{dev}/unique_id", "0badc0de00000001")
        elif kind == "alveo":
            # XRT user PF: xmc subdevice nodes (uW, mV, mA) and a hwmon; renewed once a second, mean of the last 100 ms
            u = upd("alveo", 1.0)
            dev = _pci(T, "0000:c1:00.1", "0x10ee", "0x500d", "0x120000")
            x = f"{dev}/xmc.u.12582912"
            T.s(f"{x}/xmc_power", f"power src={src} unit=1e6 upd={u} win=0.1 quant=0.001")
            for rail, share, mv in (
                ("12v_pex", 0.55, 12100),
                ("12v_aux", 0.40, 12150),
                ("3v3_pex", 0.05, 3300),
            ):
                T.f(f"{x}/xmc_{rail}_vol", mv)
                T.s(
                    f"{x}/xmc_{rail}_curr", f"curr src={src} unit=1e3 volts={mv/1000/share!r} upd={u} win=0.1"
                )
            T.f(f"{x}/xmc_fpga_temp", 41)
            # VCC INT, the fabric, is downstream of the rails: already counted in them
            vccint = f'curr src={src} unit=1e3 volts={.85/.6!r} upd={u} win=0.1'
            T.f(f"{x}/xmc_vccint_vol", 850)
            T.s(f"{x}/xmc_vccint_curr", vccint)
            T.f(f"{x}/bd_name", "ALVEO U280 PQ")
            T.f(f"{x}/max_power", "225W")
            h = _hwmon(T, n, dev, "pci", "xilinx_u280_gen3x16_xdma_base_1_user")
            T.s(f"{h}/power1_input", f"power src={src} unit=1e6 upd={u} win=0.1 quant=0.001")
            T.f(f"{h}/power1_label", "POWER")
            T.f(f"{h}/power1_average", 225000000)  # in XRT this is the maximum seen, whatever its name says
            T.f(f"{h}/power2_input", 0, "644")
            T.f(f"{h}/power2_max", 0)
            T.f(f"{h}/power2_label", "CS_TARGET_POWER")  # a set point, not a reading
            for i, c, lab, share, mv in (
                (0, 1, "12V PEX", 0.55, 12100),
                (1, 2, "12V AUX", 0.40, 12150),
                (2, 4, "3V3 PEX", 0.05, 3300),
            ):
                T.f(f"{h}/in{i}_input", mv)
                T.f(f"{h}/in{i}_label", lab)
                T.f(f"{h}/curr{c}_label", lab + " Current")
                T.s(f"{h}/curr{c}_input", f"curr src={src} unit=1e3 volts={mv/1000/share!r} upd={u} win=0.1")
            T.f(f"{h}/in9_input", 850)
            T.f(f"{h}/in9_label", "VCC INT")
            T.s(f"{h}/curr3_input", vccint)
            T.f(f"{h}/curr3_label", "VCC INT Current")
        elif kind in ("ina260", "ina219"):  # one rail each; in0 of an ina219 is its shunt, in1 the bus
            addr = {"ina260": "40", "ina219": "45"}[kind]
            T.mount("devices/platform/soc")
            dev = f"/devices/platform/soc/ff020000.i2c/i2c-1/1-00{addr}"
            h = _hwmon(T, n, dev, "i2c", kind)
            T.f(f"{dev}/name", kind)
            v = {"ina260": 5.0, "ina219": 3.3}[kind]
            T.s(f"{h}/power1_input", f"power src={src} unit=1e6 upd={upd(kind, .0352)} win=0.0352 quant=0.01")
            T.s(
                f"{h}/curr1_input",
                f"curr src={src} unit=1e3 volts={v} upd={upd(kind, .0352)} win=0.0352 quant=0.001",
            )
            T.f(f"{h}/in1_input", int(v * 1000))
            if kind == "ina219":
                T.f(f"{h}/in0_input", 4)
        elif (
            kind == "jetson"
        ):  # ina3221: VDD_IN is the whole module and contains the other two; volts and amperes only
            T.mount("devices/platform/bus@0")
            dev = "/devices/platform/bus@0/c240000.i2c/i2c-1/1-0040"
            h = _hwmon(T, n, dev, "i2c", "ina3221")
            T.f(f"{dev}/name", "ina3221")
            for i, (lab, share, mv) in enumerate(
                (("VDD_IN", 1.0, 5000), ("VDD_CPU_GPU_CV", 0.55, 4960), ("VDD_SOC", 0.25, 4970)), 1
            ):
                T.f(f"{h}/in{i}_label", lab)
                T.f(f"{h}/in{i}_input", mv)
                T.f(f"{h}/in{i+3}_input", 12)
                T.f(f"{h}/shunt{i}_resistor", 5000, "644")
                T.s(
                    f"{h}/curr{i}_input",
                    f'curr src={src} unit=1e3 volts={mv/1000/share!r} upd={upd("jetson", .1)} win=0.1 quant=0.001',
                )
            T.f(f"{h}/in7_input", 36)
            T.f(f"{h}/in7_label", "sum of shunt voltages")
        elif kind == "pmbus":  # a supply: input and output of the same power, never to be added
            T.mount("devices/platform/psu-bus")
            dev = "/devices/platform/psu-bus/i2c-7/7-0058"
            h = _hwmon(T, n, dev, "i2c", "pmbus")
            T.f(f"{dev}/name", "pmbus")
            T.f(f"{h}/power1_label", "pin")
            T.s(f"{h}/power1_input", f'power src={src} unit=1e6 upd={upd("pmbus", .5)} win=0.5 quant=0.5')
            T.f(f"{h}/power2_label", "pout1")
            T.s(
                f"{h}/power2_input",
                f'power src={src} unit=1e6 gain=0.92 upd={upd("pmbus", .5)} win=0.5 quant=0.5',
            )
            T.f(f"{h}/in1_label", "vin")
            T.f(f"{h}/in1_input", 230000)
            T.f(f"{h}/in2_label", "vout1")
            T.f(f"{h}/in2_input", 12050)
            for i, (lab, v, g) in enumerate((("iin", 230.0, 1), ("iout1", 12.05, 0.92)), 1):
                T.f(f"{h}/curr{i}_label", lab)
                T.s(
                    f"{h}/curr{i}_input",
                    f'curr src={src} unit=1e3 gain={g} volts={v} upd={upd("pmbus", .5)} win=0.5 quant=0.01',
                )
        elif (
            kind == "hwmon_sdm"
        ):  # Versal cards: true watts = input * 10^unitm; the average is of the last minute
            dev = _pci(T, "0000:c7:00.1", "0x10ee", "0x5045", "0x120000")
            h = _hwmon(T, n, dev, "pci", "0000:c7:00.1_hwmon_sdm")
            u = upd("hwmon_sdm", 1.0)
            T.f(f"{h}/power1_label", "Total Power")
            T.s(f"{h}/power1_input", f"power src={src} unit=1e3 upd={u} win=0.1")
            T.f(f"{h}/power1_unitm", -3)
            T.f(f"{h}/power1_units", "Watts")
            T.f(f"{h}/power1_status", "OK")
            T.s(f"{h}/power1_average", f"power src={src} unit=1e3 upd={u} win=60")
            T.f(f"{h}/power1_max", 150000)
        elif kind == "opae":  # Intel PAC N3000, board management controller
            dev = _pci(T, "0000:c9:00.0", "0x8086", "0x0b30", "0x120000")
            h = _hwmon(T, n, dev, "pci", "n3000bmc_hwmon")
            u = upd("opae", 1.0)
            T.f(f"{h}/power1_label", "Board Power")
            T.s(f"{h}/power1_input", f"power src={src} unit=1e6 upd={u} win=0.1 quant=0.001")
            T.f(f"{h}/in1_label", "FPGA Core Voltage")
            T.f(f"{h}/in1_input", 900)
            T.f(f"{h}/curr1_label", "FPGA Core Current")
            T.s(f"{h}/curr1_input", f"curr src={src} unit=1e3 volts={.9/.6!r} upd={u} win=0.1 quant=0.01")
        elif kind == "grace":
            # Four ACPI meters of one superchip: Module contains Grace, Grace contains CPU and SysIO. As in kernels
            # up to 6.13, name and values sit in device/.
            for i, (lab, share) in enumerate(
                (("Module", 1.0), ("Grace", 0.6), ("CPU", 0.45), ("SysIO", 0.1))
            ):
                dev = f"/devices/platform/ACPI000D:1{i}"
                T.mount(dev[1:])
                h = f"{dev}/hwmon/hwmon{n}"
                n += i < 3
                T.f(f"{h}/uevent", "", "644")
                T.rel(f"{h}/device", dev)
                T.rel(f"{h}/subsystem", "/class/hwmon")
                T.rel(f"/class/hwmon/{os.path.basename(h)}", h)
                T.rel(f"{dev}/subsystem", "/bus/acpi")
                T.f(f"{dev}/name", "power_meter")
                T.f(f"{dev}/power1_oem_info", f"{lab} Power Socket 0")
                T.f(f"{dev}/power1_average_interval", 50, "644")
                T.f(f"{dev}/power1_is_battery", 0)
                T.s(
                    f"{dev}/power1_average",
                    f"power src={src} unit=1e6 gain={share} upd={upd(kind, .05)} win=0.05 quant=0.01",
                )
        elif kind in ("i915", "xe"):
            dev = _pci(T, "0000:c5:00.0", "0x8086", "0x56c0", "0x030000")
            h = _hwmon(T, n, dev, "pci", kind)
            T.s(
                f"{h}/energy1_input",
                f"energy src={src} unit=1e6 upd={upd(kind, .001)} quant={2**-14!r} start=123456789",
            )
            if kind == "xe":
                T.f(f"{h}/energy1_label", "card")
            T.f(f"{h}/power1_max", 150000000, "644")
            T.f(f"{h}/in0_input", 900)
        elif kind == "acpi":
            dev = "/devices/platform/ACPI000D:00"
            T.mount(dev[1:])
            h = _hwmon(T, n, dev, "acpi", "power_meter")
            T.s(f"{h}/power1_average", f"power src={src} unit=1e6 upd={upd(kind, 1.0)} win=1.0 quant=1.0")
            T.f(f"{h}/power1_average_interval", 1000, "644")
            T.f(f"{h}/power1_average_interval_min", 1000)
            T.f(f"{h}/power1_average_interval_max", 1000)
            T.f(f"{h}/power1_accuracy", "95%")
            T.f(f"{h}/power1_is_battery", 0)
        elif kind == "battery":
            T.mount("class/power_supply", "devices/platform/ACPI0C0A:00")
            b = "/devices/platform/ACPI0C0A:00/power_supply/BAT0"
            T.rel("/class/power_supply/BAT0", b)
            T.rel(f"{b}/subsystem", "/class/power_supply")
            for k, v in (
                ("type", "Battery"),
                ("status", "Discharging"),
                ("present", 1),
                ("technology", "Li-ion"),
                ("voltage_now", 11400000),
                ("voltage_min_design", 11400000),
                ("energy_full", 57000000),
                ("energy_full_design", 60000000),
                ("capacity", 80),
                ("manufacturer", "powerlab"),
                ("model_name", "LAB57"),
            ):
                T.f(f"{b}/{k}", v)
            T.s(f"{b}/power_now", f"power src={src} unit=1e6 upd={upd(kind, 1.0)} win=1.0 quant=0.001")
            T.s(
                f"{b}/energy_now",
                f"energy src={src} unit={1e6/3600!r} gain=-1 upd={upd(kind, 1.0)} start=45600000",
            )
            T.f(
                f"{b}/uevent",
                "POWER_SUPPLY_NAME=BAT0\nPOWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_STATUS=Discharging",
                "644",
            )
            n -= 1
        n += 1


# ---------------------------------------------------------------- NVML
GPUS = {  # what NVML's power registers do, per model: see "GPU registers" in README.md
    "a100": dict(
        model="NVIDIA_A100-SXM4-40GB",
        upd=0.1,
        win=0.025,
        eupd=0.1,
        limit=400,
        mem=40,
        ccmaj=8,
        ccmin=0,
        arch=7,
        devid=0x20B010DE,
        subsys=0x134F10DE,
    ),
    "h100": dict(
        model="NVIDIA_H100_80GB_HBM3",
        upd=0.1,
        win=0.025,
        eupd=0.1,
        limit=700,
        mem=80,
        ccmaj=9,
        ccmin=0,
        arch=9,
        devid=0x233010DE,
        subsys=0x16C110DE,
    ),
    "v100": dict(
        model="Tesla_V100-SXM2-16GB",
        upd=0.02,
        win=0.01,
        eupd=0.02,
        limit=300,
        mem=16,
        ccmaj=7,
        ccmin=0,
        arch=5,
        devid=0x1DB110DE,
        subsys=0x121210DE,
        instant=0,
    ),
    "k80": dict(
        model="Tesla_K80",
        upd=0.015,
        win=0.015,
        energy=0,
        instant=0,
        limit=149,
        mem=12,
        ccmaj=3,
        ccmin=7,
        arch=2,
        devid=0x102D10DE,
        subsys=0x106C10DE,
    ),
    "ideal": dict(
        model="Lab_Ideal_GPU",
        upd=0.001,
        win=0.001,
        eupd=0.001,
        limit=400,
        mem=40,
        ccmaj=8,
        ccmin=0,
        arch=7,
        devid=0x20B010DE,
        subsys=0x134F10DE,
    ),
}


def gpu_lines(names, opts):
    """The lines of lab.conf that describe the GPUs to the NVML library."""
    out = []
    for i, n in enumerate(names):
        mig = n.endswith("+mig")
        n = n.replace("+mig", "")
        if n not in GPUS:
            raise SystemExit(f'powerlab: unknown GPU {n} ({" ".join(GPUS)}, each also with +mig)')
        g = dict(GPUS[n])
        bad = [k for k in opts if k not in {*GPUS["a100"], "gain", "energy", "instant", "epart"}]
        if bad:
            raise SystemExit(f"powerlab: unknown --nvml-opt {bad[0]}")
        g.update(opts)
        kv = " ".join(f"{k}={v}" for k, v in g.items())
        out.append(
            f"gpu {i} {kv} src=gpu{i} mig={int(mig)} uuid=GPU-1ab0c0de-0000-4000-8000-00000000000{i} bus=00000000:{0x41+0x20*i:02X}:00.0 start={86400*70+i*1e4}"
        )
    return out
