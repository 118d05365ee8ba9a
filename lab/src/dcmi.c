/* Module for OpenIPMI's ipmi_sim: answers the DCMI group extension (0xDC) with the power of a lab source,
 * and Lenovo XCC's OEM energy reading (netFn 3Ah, command 32h, data 4 2 0 0 0).
 * lan.conf: loadlib "build/dcmi.so" "LAB.CONF SOURCE UPD_S WIN_S"
 * Faults on target "ipmi": badcc[=code], stall[=s], notsup (C1h), enodata (measurement inactive), stuck,
 * zero; "silent" is done by the launcher, which stops the whole BMC process. */
#include "labcore.h"
#include <OpenIPMI/serv.h>
#include <OpenIPMI/mcserv.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct lab *L;
static struct source *S;
static double upd = 1, win = 1;

static void le(unsigned char *p, unsigned v, int n) {
    for (int i = 0; i < n; i++)
        p[i] = (v >> (8 * i)) & 0xff;
}

static unsigned clampw(double w) {
    return w < 0 ? 0 : w > 65535 ? 65535 : (unsigned)(w + 0.5);
}

static void dcmi(lmc_data_t *mc, msg_t *msg, unsigned char *r, unsigned int *n, void *cb) {
    (void)mc;
    (void)cb;
    double t = lab_now(L);
    const struct fault *f = lab_fault(L, t, 0, "ipmi", NULL);
    r[0] = 0;
    r[1] = 0xdc;
    *n = 2;
    if (f && f->kind == F_BADCC) {
        r[0] = isnan(f->arg) ? 0xff : (unsigned char)f->arg;
        *n = 1;
        return;
    }
    if (f && f->kind == F_NOTSUP) {
        r[0] = 0xc1;
        *n = 1;
        return;
    }
    if (f && f->kind == F_STALL)
        usleep((useconds_t)((isnan(f->arg) ? 5 : f->arg) * 1e6));
    switch (msg->cmd) {
    case 0x01: { /* Get DCMI Capabilities Info */
        unsigned char sel = msg->len > 1 ? msg->data[1] : 0;
        r[2] = 1;
        r[3] = 5;
        r[4] = 2;
        *n = 5; /* DCMI 1.5, parameter revision 2 */
        if (sel == 1) {
            r[5] = 0;
            r[6] = 1;
            r[7] = 7;
            *n = 8;
        } /* power management supported */
        else if (sel == 2) {
            r[5] = 0xe4;
            r[6] = 0;
            r[7] = 0;
            r[8] = 0;
            r[9] = 1;
            *n = 10;
        } else if (sel == 3) {
            r[5] = 0x20;
            r[6] = 0;
            *n = 7;
        } else if (sel == 4) {
            r[5] = 1;
            r[6] = 0xff;
            r[7] = 0xff;
            *n = 8;
        } else if (sel == 5) {
            r[5] = 1;
            r[6] = 0x41;
            *n = 7;
        } /* one rolling average, 1 s */
        else {
            r[0] = 0xcc;
            *n = 1;
        }
        return;
    }
    case 0x02: { /* Get Power Reading */
        if (msg->len < 2 || (msg->data[1] != 1 && msg->data[1] != 2)) {
            r[0] = 0xcc;
            *n = 1;
            return;
        }
        double now = lab_power(L, S, t, upd, win, "ipmi"), lo = now, hi = now;
        int secs = t > 3600 ? 3600 : (int)t;
        for (int i = 1; i <= secs; i++) {
            double p = lab_power(L, S, floor(t) - secs + i, 0, 1, "ipmi");
            if (p < lo)
                lo = p;
            if (p > hi)
                hi = p;
        }
        double avg = t > 1 ? lab_energy(L, S, t) / t : now;
        int inactive = f && f->kind == F_ENODATA;
        le(r + 2, inactive ? 0 : clampw(now), 2);
        le(r + 4, clampw(lo), 2);
        le(r + 6, clampw(hi), 2);
        le(r + 8, clampw(avg), 2);
        le(r + 10, (unsigned)((double)L->epoch_real * 1e-9 + t), 4);
        le(r + 14, (unsigned)((t < 1 ? 1 : t) * 1000), 4);
        r[18] = inactive ? 0 : 0x40;
        *n = 19;
        return;
    }
    case 0x03:
        r[0] = 0x80;
        *n = 1;
        return; /* Get Power Limit: none active */
    default:
        r[0] = 0xc1;
        *n = 1;
    }
}

/* index u16, joules u32, millijoules u16, then the reading's own time stamp: seconds u32, milliseconds u16 */
static void xcc(lmc_data_t *mc, msg_t *msg, unsigned char *r, unsigned int *n, void *cb) {
    static const unsigned char want[5] = {4, 2, 0, 0, 0};
    (void)mc;
    (void)cb;
    double t = lab_now(L), q = floor(t / upd) * upd, ms = floor((double)L->epoch_real * 1e-6 + q * 1e3);
    const struct fault *f = lab_fault(L, t, 0, "ipmi", NULL);
    r[0] = f && f->kind == F_BADCC    ? (isnan(f->arg) ? 0xff : (unsigned char)f->arg)
           : f && f->kind == F_NOTSUP ? 0xc1
                                      : 0;
    *n = 1;
    if (r[0])
        return;
    if (f && f->kind == F_STALL)
        usleep((useconds_t)((isnan(f->arg) ? 5 : f->arg) * 1e6));
    if (msg->len != 5 || memcmp(msg->data, want, 5)) {
        r[0] = 0xcc;
        return;
    }
    double mj = floor((lab_counter(L, S, t, upd, "ipmi") + 7.2e6) * 1e3);
    le(r + 1, (unsigned)fmod(q / upd, 65536), 2);
    le(r + 3, (unsigned)(mj / 1e3), 4);
    le(r + 7, (unsigned)fmod(mj, 1e3), 2);
    le(r + 9, (unsigned)(ms / 1e3), 4);
    le(r + 13, (unsigned)fmod(ms, 1e3), 2);
    *n = 15;
}

int ipmi_sim_module_print_version(sys_data_t *sys, char *opts) {
    (void)sys;
    (void)opts;
    return 0;
}

int ipmi_sim_module_init(sys_data_t *sys, const char *initstr) {
    char conf[512], src[48];
    (void)sys;
    if (sscanf(initstr, "%511s %47s %lf %lf", conf, src, &upd, &win) < 2)
        return 22;
    L = lab_open(conf);
    S = L ? lab_source(L, src) : NULL;
    if (!S)
        return 22;
    ipmi_emu_register_group_extension_handler(0xdc, dcmi, NULL);
    return ipmi_emu_register_cmd_handler(0x3a, 0x32, xcc, NULL);
}

int ipmi_sim_module_post_init(sys_data_t *sys) {
    (void)sys;
    return 0;
}
