"""Management controllers: IPMI (OpenIPMI's ipmi_sim with build/dcmi.so), Redfish, a PDU by net-snmp's snmpd."""

import base64, json, math, os, shutil, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from labmodel import Faults, load_cpu, undump

HERE = os.path.dirname(os.path.abspath(__file__))


class Live:
    """the lab's model as seen by a server process; follows the CPU signal while it grows"""

    def __init__(self, d):
        self.d = d
        self.m = undump(json.load(open(f"{d}/model.json")))
        self.faults = Faults(d)
        self.stamp = 0

    def refresh(self):
        if any(s.profile and s.profile.k for s in self.m.s.values()) and time.monotonic() - self.stamp > 0.2:
            c = load_cpu(f"{self.d}/cpu.sig")
            self.stamp = time.monotonic()
            if c:
                self.m.cpu_t, self.m.cpu_c = c

    def watts(self, src, upd, win):
        self.refresh()
        t = self.m.now()
        t = math.floor(t / upd) * upd
        return self.m.power(src, t, win)

    def joules(self, src, upd):
        self.refresh()
        t = self.m.now()
        return self.m.energy(src, math.floor(t / upd) * upd)


def wait_port(port, proc, secs=5):
    """until a TCP server listens"""
    import socket

    end = time.monotonic() + secs
    while time.monotonic() < end and proc.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"powerlab: nothing listens on port {port}")


# ---------------------------------------------------------------- Redfish
def redfish(d, port, src, upd=1.0, win=1.0, user="root", password="powerlab", tls=False):
    """Serves a chassis, its supplies and sensors by HTTP (or TLS) until the process is ended."""
    live = Live(d)
    auth = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    tokens = {}

    class H(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *a):
            pass

        def out(self, code, obj=None, **hdr):
            b = json.dumps(obj).encode() if obj is not None else b""
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("OData-Version", "4.0")
            for k, v in hdr.items():
                self.send_header(k.replace("_", "-"), v)
            self.send_header("Content-Length", str(len(b)))
            self.end_headers()
            self.wfile.write(b)

        def do_POST(self):
            n = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(n) or "{}")
            if self.path.rstrip("/") == "/redfish/v1/SessionService/Sessions":
                if body.get("UserName") == user and body.get("Password") == password:
                    k = f"{len(tokens)+1:032x}"
                    tokens[k] = 1
                    loc = f"/redfish/v1/SessionService/Sessions/{len(tokens)}"
                    return self.out(
                        201,
                        {"@odata.id": loc, "Id": str(len(tokens)), "Name": "Session", "UserName": user},
                        X_Auth_Token=k,
                        Location=loc,
                    )
                return self.out(401, {"error": {"code": "Base.1.0.InsufficientPrivilege"}})
            self.out(405, {"error": {"code": "Base.1.0.ActionNotSupported"}})

        def do_DELETE(self):
            self.out(204)

        def do_GET(self):
            p = self.path.split("?")[0].rstrip("/") or "/"
            f = live.faults.get("redfish", live.m.now())
            if f:
                if f[0] == "silent":
                    while (live.faults.get("redfish", live.m.now()) or ("",))[0] == "silent":
                        time.sleep(0.1)
                elif f[0] == "stall":
                    time.sleep(float(f[1] or 5))
                elif f[0] == "badcc":
                    return self.out(
                        int(f[1] or 503), {"error": {"code": "Base.1.0.ServiceTemporarilyUnavailable"}}
                    )
                elif f[0] == "garbage":
                    b = b"<html>not json"
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(b)))
                    self.end_headers()
                    self.wfile.write(b)
                    return
            if (
                p not in ("/redfish", "/redfish/v1")
                and self.headers.get("Authorization") != auth
                and self.headers.get("X-Auth-Token") not in tokens
            ):
                return self.out(
                    401,
                    {"error": {"code": "Base.1.0.InsufficientPrivilege"}},
                    WWW_Authenticate='Basic realm="powerlab"',
                )
            w = live.watts(src, upd, win)
            w = None if f and f[0] == "enodata" else round(w, 1)
            kwh = live.joules(src, upd) / 3.6e6
            R = "/redfish/v1"
            C = R + "/Chassis/1"
            link = lambda x: {"@odata.id": x}
            coll = lambda name, t, *m: {
                "@odata.id": p,
                "@odata.type": f"#{t}.{t}",
                "Name": name,
                "Members@odata.count": len(m),
                "Members": [link(x) for x in m],
            }
            doc = {
                "/redfish": {"v1": R + "/"},
                R: {
                    "@odata.id": R + "/",
                    "@odata.type": "#ServiceRoot.v1_9_0.ServiceRoot",
                    "Id": "RootService",
                    "Name": "powerlab",
                    "RedfishVersion": "1.11.0",
                    "UUID": "00000000-0000-0000-0000-0000000000ab",
                    "Chassis": link(R + "/Chassis"),
                    "Systems": link(R + "/Systems"),
                    "SessionService": link(R + "/SessionService"),
                    "Links": {"Sessions": link(R + "/SessionService/Sessions")},
                },
                R
                + "/SessionService": {
                    "@odata.id": p,
                    "Id": "SessionService",
                    "Name": "Sessions",
                    "Sessions": link(R + "/SessionService/Sessions"),
                },
                R + "/SessionService/Sessions": coll("Sessions", "SessionCollection"),
                R + "/Systems": coll("Systems", "ComputerSystemCollection", R + "/Systems/1"),
                R
                + "/Systems/1": {
                    "@odata.id": p,
                    "@odata.type": "#ComputerSystem.v1_13_0.ComputerSystem",
                    "Id": "1",
                    "Name": "System",
                    "PowerState": "On",
                    "Links": {"Chassis": [link(C)]},
                },
                R + "/Chassis": coll("Chassis", "ChassisCollection", C),
                C: {
                    "@odata.id": C,
                    "@odata.type": "#Chassis.v1_14_0.Chassis",
                    "Id": "1",
                    "Name": "Chassis",
                    "ChassisType": "RackMount",
                    "PowerState": "On",
                    "Status": {"State": "Enabled", "Health": "OK"},
                    "Power": link(C + "/Power"),
                    "PowerSubsystem": link(C + "/PowerSubsystem"),
                    "Sensors": link(C + "/Sensors"),
                    "EnvironmentMetrics": link(C + "/EnvironmentMetrics"),
                    "Links": {"ComputerSystems": [link(R + "/Systems/1")]},
                },
                C
                + "/Power": {
                    "@odata.id": p,
                    "@odata.type": "#Power.v1_6_0.Power",
                    "Id": "Power",
                    "Name": "Power",
                    "PowerControl": [
                        {
                            "@odata.id": p + "#/PowerControl/0",
                            "MemberId": "0",
                            "Name": "System Power Control",
                            "PowerConsumedWatts": w,
                            "PowerCapacityWatts": 1600,
                            "PowerMetrics": {
                                "IntervalInMin": 1,
                                "AverageConsumedWatts": round(live.watts(src, upd, 60.0), 1),
                            },
                        }
                    ],
                    "PowerSupplies": [
                        {
                            "MemberId": "0",
                            "Name": "PSU1",
                            "PowerInputWatts": w,
                            "LineInputVoltage": 230,
                            "Status": {"State": "Enabled", "Health": "OK"},
                        }
                    ],
                },
                C
                + "/PowerSubsystem": {
                    "@odata.id": p,
                    "@odata.type": "#PowerSubsystem.v1_1_0.PowerSubsystem",
                    "Id": "PowerSubsystem",
                    "Name": "Power Subsystem",
                    "CapacityWatts": 1600,
                    "PowerSupplies": link(C + "/PowerSubsystem/PowerSupplies"),
                },
                C
                + "/PowerSubsystem/PowerSupplies": coll(
                    "Supplies",
                    "PowerSupplyCollection",
                    *[C + f"/PowerSubsystem/PowerSupplies/{i}" for i in (1, 2)],
                ),
                **{
                    C
                    + f"/PowerSubsystem/PowerSupplies/{i}": {
                        "@odata.id": p,
                        "@odata.type": "#PowerSupply.v1_5_0.PowerSupply",
                        "Id": str(i),
                        "Name": f"PSU {i}",
                        "Metrics": link(C + f"/PowerSubsystem/PowerSupplies/{i}/Metrics"),
                        "Status": {"State": "Enabled"},
                    }
                    for i in (1, 2)
                },
                **{
                    C
                    + f"/PowerSubsystem/PowerSupplies/{i}/Metrics": {
                        "@odata.id": p,
                        "@odata.type": "#PowerSupplyMetrics.v1_0_1.PowerSupplyMetrics",
                        "Id": "Metrics",
                        "Name": f"PSU {i} metrics",
                        "InputPowerWatts": {"Reading": None if w is None else round(w * share, 1)},
                        "OutputPowerWatts": {"Reading": None if w is None else round(w * share * 0.92, 1)},
                    }
                    for i, share in ((1, 0.6), (2, 0.4))
                },
                C
                + "/EnvironmentMetrics": {
                    "@odata.id": p,
                    "@odata.type": "#EnvironmentMetrics.v1_2_0.EnvironmentMetrics",
                    "Id": "EnvironmentMetrics",
                    "Name": "Environment",
                    "EnergyJoules": {"Reading": round(kwh * 3.6e6 + 4.4424e9, 1)},
                    "PowerWatts": {"DataSourceUri": C + "/Sensors/power", "Reading": w},
                    "EnergykWh": {"DataSourceUri": C + "/Sensors/energy", "Reading": round(kwh + 1234.0, 3)},
                },
                C
                + "/Sensors": coll(
                    "Sensors", "SensorCollection", C + "/Sensors/power", C + "/Sensors/energy"
                ),
                C
                + "/Sensors/power": {
                    "@odata.id": p,
                    "@odata.type": "#Sensor.v1_2_0.Sensor",
                    "Id": "power",
                    "Name": "Total power",
                    "ReadingType": "Power",
                    "ReadingUnits": "W",
                    "Reading": w,
                },
                C
                + "/Sensors/energy": {
                    "@odata.id": p,
                    "@odata.type": "#Sensor.v1_2_0.Sensor",
                    "Id": "energy",
                    "Name": "Total energy",
                    "ReadingType": "EnergykWh",
                    "ReadingUnits": "kW.h",
                    "Reading": round(kwh + 1234.0, 3),
                },
            }
            (
                self.out(200, doc[p])
                if p in doc
                else self.out(404, {"error": {"code": "Base.1.0.ResourceMissingAtURI"}})
            )

    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer.handle_error = lambda *a: None
    if tls:  # self-signed, made for this run; clients pin redfish.pem or its fingerprint
        import hashlib, ssl

        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=powerlab-bmc",
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout",
                f"{d}/redfish.key",
                "-out",
                f"{d}/redfish.pem",
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        der = ssl.PEM_cert_to_DER_cert(open(f"{d}/redfish.pem").read())
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(f"{d}/redfish.pem", f"{d}/redfish.key")
        with open(f"{d}/redfish.tls", "w") as f:
            f.write(
                f"url https://127.0.0.1:{port}\ncertificate {d}/redfish.pem\nsha256 {hashlib.sha256(der).hexdigest()}\n"
            )
    httpd = ThreadingHTTPServer(("127.0.0.1", port), H)
    if tls:
        httpd.socket = c.wrap_socket(
            httpd.socket, server_side=True, do_handshake_on_connect=False
        )  # in the connection's thread: a silent client holds up nobody
    httpd.serve_forever()


# ---------------------------------------------------------------- SNMP PDU, as a pass_persist child of snmpd
def snmp_pass(d, src):
    """Answers the questions of snmpd (pass_persist) with the readings of an APC and a Raritan PDU."""
    live = Live(d)
    B = ".1.3.6.1.4.1."

    def table():
        w = live.watts(src, 1.0, 1.0)
        wh = live.joules(src, 1.0) / 3600 + 5_000_000
        return {
            B + "318.1.1.12.1.16.0": ("integer", int(w)),  # APC rPDUIdentDevicePowerWatts, W
            B
            + "318.1.1.26.4.3.1.5.1": ("integer", int(round(w / 10))),  # APC rPDU2DeviceStatusPower, 1/100 kW
            B + "318.1.1.26.4.3.1.9.1": ("integer", int(wh / 100)),  # APC rPDU2DeviceStatusEnergy, 1/10 kWh
            B
            + "13742.6.5.2.3.1.4.1.1.5": (
                "gauge",
                int(w),
            ),  # Raritan measurementsInletSensorValue activePower, W
            B + "13742.6.5.2.3.1.4.1.1.8": ("gauge", int(wh)),  # ... activeEnergy, Wh
            B + "13742.6.3.3.4.1.7.1.1.5": ("gauge", 0),  # inletSensorDecimalDigits
            B + "13742.6.3.3.4.1.7.1.1.8": ("gauge", 0),
            **{k: v for n, share in ((5, 0.6), (6, 0.4)) for k, v in outlet(n, w * share, wh * share).items()},
        }

    def outlet(n, w, wh):
        return {
            # APC rPDU2OutletMeteredStatusPower, W, and ...Energy, 1/10 kWh
            B + f"318.1.1.26.9.4.3.1.7.{n}": ("integer", int(w)),
            B + f"318.1.1.26.9.4.3.1.11.{n}": ("integer", int(wh / 100)),
            # Raritan outletSensorDecimalDigits; measurementsOutletSensorValue activePower, 1/10 W, activeEnergy, Wh
            B + f"13742.6.3.5.4.1.7.1.{n}.5": ("gauge", 1),
            B + f"13742.6.3.5.4.1.7.1.{n}.8": ("gauge", 0),
            B + f"13742.6.5.4.3.1.4.1.{n}.5": ("gauge", int(w * 10)),
            B + f"13742.6.5.4.3.1.4.1.{n}.8": ("gauge", int(wh)),
        }

    key = lambda o: [int(x) for x in o.strip(".").split(".")]
    for line in sys.stdin:
        cmd = line.strip()
        if cmd == "PING":
            print("PONG", flush=True)
            continue
        if cmd == "":
            break
        oid = sys.stdin.readline().strip()
        if cmd == "set":
            sys.stdin.readline()
            print("not-writable", flush=True)
            continue
        f = live.faults.get("snmp", live.m.now())
        if f and f[0] == "stall":
            time.sleep(float(f[1] or 5))
        while f and f[0] == "silent":
            time.sleep(0.1)
            f = live.faults.get("snmp", live.m.now())
        t = table()
        hit = None
        if cmd == "get":
            hit = oid if oid in t else None
        else:
            hit = next((o for o in sorted(t, key=key) if key(o) > key(oid)), None)
        if f and f[0] in ("vanish", "enodata"):
            hit = None
        if not hit:
            print("NONE", flush=True)
            continue
        ty, v = t[hit]
        if f and f[0] == "garbage":
            ty, v = "string", f[1] or "N/A"
        print(f"{hit}\n{ty}\n{v}", flush=True)


def snmpd_start(d, port, src):
    """Starts snmpd with this file as its child for the two enterprise trees."""
    c = f"{d}/snmpd.conf"
    with open(c, "w") as f:
        f.write(
            f"agentaddress udp:127.0.0.1:{port}\nrocommunity public 127.0.0.1\n"
            "createUser reader SHA powerlab-auth AES powerlab-priv\nrouser reader priv\n"  # SNMPv3, authPriv
            + "".join(
                f"pass_persist {o} {sys.executable} {HERE}/labservers.py snmp {d} {src}\n"
                for o in (".1.3.6.1.4.1.318", ".1.3.6.1.4.1.13742")
            )
        )
    env = dict(os.environ, SNMP_PERSISTENT_DIR=d, MIBS="")
    return subprocess.Popen(
        [
            shutil.which("snmpd", path="/usr/sbin:/usr/bin:/sbin"),
            "-f",
            "-Ln",
            "-C",
            "-c",
            c,
            "-p",
            f"{d}/snmpd.pid",
            "-x",
            f"{d}/agentx",
            "-I",
            "-smux",
        ],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


# ---------------------------------------------------------------- IPMI
def sdr_power(num, name, m=4, entity=0x07, typ=0x0B, units=6, rexp=0):
    """a Full Sensor Record (SDR type 01h) for an unsigned linear analog sensor: value = m * raw * 10^rexp"""
    n = name.encode()[:16]
    body = (
        bytes(
            [
                0x20,
                0,
                num,
                entity,
                1,
                0x7F,
                0x40,
                typ,
                0x01,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                units,
                0,
                0,
                m & 0xFF,
                (m >> 8) << 6,
                0,
                0,
                0,
                (rexp & 15) << 4,
                0,
                0,
                0xFF,
                0,
                0xFF,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0xC0 | len(n),
            ]
        )
        + n
    )
    return bytes([num, 0, 0x51, 0x01, len(body)]) + body


def ipmi_start(d, port, src, raw_file, m=4, user="ADMIN", password="ADMIN", upd=1.0, win=1.0):
    """Starts OpenIPMI's ipmi_sim as a BMC: RMCP+ on `port`, KCS for a guest on the next one."""
    s = f"{d}/ipmi"
    os.makedirs(s, exist_ok=True)
    auths = "\n".join(
        f"    allowed_auths_{p} none md2 md5 straight" for p in ("callback", "user", "operator", "admin")
    )
    with open(f"{s}/lan.conf", "w") as f:
        f.write(
            f'name "powerlab"\nloadlib "{HERE}/build/dcmi.so" "{d}/lab.conf {src} {upd} {win}"\nset_working_mc 0x20\n  startlan 1\n    addr 127.0.0.1 {port}\n'
            f"    priv_limit admin\n{auths}\n    guid a123456789abcdefa123456789abcdef\n  endlan\n  serial kcs 127.0.0.1 {port + 1} codec VM\n"
            f'  user 1 true "" "test" user 10 none md2 md5 straight\n  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight\n'
        )
    sdrs = [sdr_power(0x30, "Pwr Consumption", m), sdr_power(0x31, "PSU1 Input", m, 0x0A)]
    with open(f"{s}/sim.emu", "w") as f:
        f.write(
            "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x4a66 0xf02\nsel_enable 0x20 100 0x0a\n"
        )
        for i, x in enumerate(sdrs):
            f.write(f'sensor_add 0x20 0 0x{0x30+i:02x} 0x0b 0x01 poll 1000 file "{raw_file}"\n')
            f.write(
                f"sensor_set_event_support 0x20 0 0x{0x30+i:02x} 0 1 0 000000000000000 000000000000000 000000000000000 000000000000000\n"
            )
            f.write("main_sdr_add 0x20 " + " ".join(f"0x{b:02x}" for b in x) + "\n")
        f.write("mc_enable 0x20\n")
    return subprocess.Popen(
        ["ipmi_sim", "-c", f"{s}/lan.conf", "-f", f"{s}/sim.emu", "-s", s, "-n"],
        cwd=s,
        stdin=subprocess.DEVNULL,
        stdout=open(f"{s}/log", "w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


if __name__ == "__main__":
    if sys.argv[1] == "redfish":
        redfish(sys.argv[2], int(sys.argv[3]), sys.argv[4], tls="tls" in sys.argv)
    elif sys.argv[1] == "snmp":
        snmp_pass(sys.argv[2], sys.argv[3])
