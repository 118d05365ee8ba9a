/* A libnvidia-ml.so.1 whose GPUs draw the power of a lab source. POWERLAB_CONF names lab.conf.
 *
 * Power registers model what has been published about the real ones: GetPowerUsage is refreshed
 * every upd seconds and is the mean of only the last win seconds (A100: 100 ms / 25 ms, so 75 % of
 * the time is never seen); from Ampere on (except GA100) it is a 1 s mean and field 186 is the
 * instantaneous one. The energy counter (mJ) steps every eupd seconds.
 * Faults (targets nvml:IDX, nvml:IDX:power, nvml:IDX:energy, or the source's name):
 * lost, notsup, eacces (NO_PERMISSION), eio (UNKNOWN), stall[=s], stuck, reset, back, zero. */
#define _GNU_SOURCE
#include "labcore.h"
#ifdef REAL_NVML_H
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>
#else
#include "nvmlabi.h"
#endif
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#define X __attribute__((visibility("default"))) nvmlReturn_t

struct dev {
    unsigned magic;
    struct gpu *g;
    int mig;
}; /* mig: -1 = whole GPU, else instance number */

#define MAGIC 0x4c41424eu
static struct lab *L;
static struct dev devs[16], migs[16][2];
static int refs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static nvmlReturn_t init(void) {
    nvmlReturn_t r = NVML_SUCCESS;
    pthread_mutex_lock(&lock);
    if (!refs) {
        const char *c = getenv("POWERLAB_CONF");
        if (!L && c)
            L = lab_open(c);
        if (!L)
            r = NVML_ERROR_DRIVER_NOT_LOADED;
        else if (L->nvml_init[0] && strcmp(L->nvml_init, "ok"))
            r = (nvmlReturn_t)atoi(L->nvml_init);
        else {
            int i = 0;
            for (struct gpu *g = L->gpus; g && i < 16; g = g->next, i++) {
                devs[i] = (struct dev){MAGIC, g, -1};
                for (int j = 0; j < 2; j++)
                    migs[i][j] = (struct dev){MAGIC, g, j};
            }
        }
    }
    if (r == NVML_SUCCESS)
        refs++;
    pthread_mutex_unlock(&lock);
    return r;
}

/* validity, then scheduled faults; what: NULL, "power", "energy" */
static nvmlReturn_t chk(nvmlDevice_t d, const char *what) {
    struct dev *v = (struct dev *)d;
    char a[32], b[48];
    if (!refs)
        return NVML_ERROR_UNINITIALIZED;
    if (!v || v->magic != MAGIC)
        return NVML_ERROR_INVALID_ARGUMENT;
    snprintf(a, sizeof a, "nvml:%d", v->g->idx);
    snprintf(b, sizeof b, "nvml:%d:%s", v->g->idx, what ? what : "other");
    const struct fault *f = lab_fault(L, lab_now(L), 0, a, b);
    if (!f)
        f = lab_fault(L, lab_now(L), 0, v->g->src->name, NULL);
    if (!f)
        return NVML_SUCCESS;
    switch (f->kind) {
    case F_LOST:
    case F_VANISH:
        return NVML_ERROR_GPU_IS_LOST;
    case F_NOTSUP:
        return NVML_ERROR_NOT_SUPPORTED;
    case F_EACCES:
        return NVML_ERROR_NO_PERMISSION;
    case F_EIO:
        return NVML_ERROR_UNKNOWN;
    case F_ENODATA:
        return NVML_ERROR_TIMEOUT;
    case F_STALL:
        usleep((useconds_t)((isnan(f->arg) ? 5 : f->arg) * 1e6));
        return NVML_SUCCESS;
    default:
        return NVML_SUCCESS;
    }
}

#define CHK(what)                                                                                            \
    do {                                                                                                     \
        nvmlReturn_t r_ = chk(device, what);                                                                 \
        if (r_ != NVML_SUCCESS)                                                                              \
            return r_;                                                                                       \
    } while (0)
#define ARG(p)                                                                                               \
    do {                                                                                                     \
        if (!(p))                                                                                            \
            return NVML_ERROR_INVALID_ARGUMENT;                                                              \
    } while (0)
#define G (((struct dev *)device)->g)
#define MIG (((struct dev *)device)->mig)
#define NOMIG                                                                                                \
    do {                                                                                                     \
        if (MIG >= 0)                                                                                        \
            return NVML_ERROR_NOT_SUPPORTED;                                                                 \
    } while (0)

static const char *gid(struct gpu *g, char b[32]) {
    snprintf(b, 32, "nvml:%d", g->idx);
    return b;
}

static int avg_by_default(struct gpu *g) {
    return g->arch >= 7 && !(g->cc_major == 8 && g->cc_minor == 0);
}

static double watts(struct gpu *g, int average) {
    char b[32];
    return fmax(0, lab_power(L, g->src, lab_now(L), g->upd, average ? 1.0 : g->win, gid(g, b)) * g->gain);
}

/* What the register saw, each value held for a whole update period: J from the epoch to t.
 * Periods that the CPU log doesn't cover to the end yet are not kept. */
static double part_time_energy(struct lab *lab, void *gpu, double t) {
    struct gpu *g = gpu;
    long n = (long)floor(t / g->upd + 1e-9), i;
    double end = lab_cpu_end(lab);
    pthread_mutex_lock(&lock);
    if (n < g->part_n)
        g->part_n = 0, g->part_j = 0;
    double j = g->part_j;
    for (i = g->part_n; i < n; i++) {
        double e = (double)(i + 1) * g->upd;
        j += (lab_energy(lab, g->src, e) - lab_energy(lab, g->src, e - g->win)) / g->win * g->upd;
        if (e <= end)
            g->part_n = i + 1, g->part_j = j;
    }
    pthread_mutex_unlock(&lock);
    return j;
}

static unsigned long long millijoules(struct gpu *g) {
    char b[32];
    double now = lab_now(L),
           v = (g->epart ? lab_counter_of(L, part_time_energy, g, g->src->name, now, g->eupd, gid(g, b))
                         : lab_counter(L, g->src, now, g->eupd, gid(g, b))) *
               g->gain;
    const struct fault *f = lab_fault(L, now, 1, gid(g, b), g->src->name);
    if (f && f->kind == F_ZERO)
        return 0;
    if (!(f && f->kind == F_RESET))
        v += g->start_j;
    return v > 0 ? (unsigned long long)(v * 1e3) : 0;
}

static double util(struct gpu *g) {
    double w = watts(g, 0), idle = 0.14 * g->limit_w, u = (w - idle) / (g->limit_w - idle);
    return u < 0 ? 0 : u > 1 ? 1 : u;
}

static nvmlReturn_t str(char *out, unsigned n, const char *s) {
    if (!out)
        return NVML_ERROR_INVALID_ARGUMENT;
    if (strlen(s) + 1 > n)
        return NVML_ERROR_INSUFFICIENT_SIZE;
    strcpy(out, s);
    return NVML_SUCCESS;
}

X nvmlInit(void) {
    return init();
}

X nvmlInit_v2(void) {
    return init();
}

X nvmlInitWithFlags(unsigned int flags) {
    (void)flags;
    return init();
}

X nvmlShutdown(void) {
    nvmlReturn_t r = NVML_SUCCESS;
    pthread_mutex_lock(&lock);
    if (refs)
        refs--;
    else
        r = NVML_ERROR_UNINITIALIZED;
    pthread_mutex_unlock(&lock);
    return r;
}

__attribute__((visibility("default"))) const char *nvmlErrorString(nvmlReturn_t r) {
    switch ((int)r) {
    case 0:
        return "Success";
    case 1:
        return "Uninitialized";
    case 2:
        return "Invalid Argument";
    case 3:
        return "Not Supported";
    case 4:
        return "Insufficient Permissions";
    case 6:
        return "Not Found";
    case 7:
        return "Insufficient Size";
    case 9:
        return "Driver Not Loaded";
    case 10:
        return "Timeout";
    case 12:
        return "NVML Shared Library Not Found";
    case 13:
        return "Function Not Found";
    case 15:
        return "GPU is lost";
    case 18:
        return "Driver/library version mismatch";
    case 25:
        return "Argument version mismatch";
    default:
        return "Unknown Error";
    }
}

#define UP                                                                                                   \
    do {                                                                                                     \
        if (!refs)                                                                                           \
            return NVML_ERROR_UNINITIALIZED;                                                                 \
    } while (0)

X nvmlSystemGetDriverVersion(char *v, unsigned int n) {
    UP;
    return str(v, n, L->driver);
}

X nvmlSystemGetNVMLVersion(char *v, unsigned int n) {
    char b[80];
    UP;
    int m = atoi(L->driver);
    snprintf(b, sizeof b, "%d.%s", m >= 580 ? 13 : m >= 525 ? 12 : 11, L->driver);
    return str(v, n, b);
}

X nvmlSystemGetCudaDriverVersion(int *v) {
    ARG(v);
    *v = atoi(L ? L->driver : "580") >= 580 ? 13000 : 12020;
    return NVML_SUCCESS;
}

X nvmlSystemGetCudaDriverVersion_v2(int *v) {
    return nvmlSystemGetCudaDriverVersion(v);
}

X nvmlSystemGetProcessName(unsigned int pid, char *name, unsigned int n) {
    char p[64], b[256];
    FILE *f;
    UP;
    snprintf(p, sizeof p, "/proc/%u/comm", pid);
    if (!(f = fopen(p, "r")))
        return NVML_ERROR_NOT_FOUND;
    if (!fgets(b, sizeof b, f))
        b[0] = 0;
    fclose(f);
    b[strcspn(b, "\n")] = 0;
    return str(name, n, b);
}

X nvmlDeviceGetCount_v2(unsigned int *n) {
    UP;
    ARG(n);
    *n = (unsigned)L->ngpu;
    return NVML_SUCCESS;
}

X nvmlDeviceGetCount(unsigned int *n) {
    return nvmlDeviceGetCount_v2(n);
}

X nvmlDeviceGetHandleByIndex_v2(unsigned int i, nvmlDevice_t *d) {
    UP;
    ARG(d);
    if (i >= (unsigned)L->ngpu)
        return NVML_ERROR_INVALID_ARGUMENT;
    nvmlReturn_t r = chk((nvmlDevice_t)&devs[i], NULL);
    if (r == NVML_ERROR_GPU_IS_LOST)
        return r;
    *d = (nvmlDevice_t)&devs[i];
    return NVML_SUCCESS;
}

X nvmlDeviceGetHandleByIndex(unsigned int i, nvmlDevice_t *d) {
    return nvmlDeviceGetHandleByIndex_v2(i, d);
}

static void mig_uuid(struct dev *v, char b[96]) {
    snprintf(b, 96, "MIG-%.35s%d", v->g->uuid + 4, v->mig + 1); /* made up, but unique and well-formed */
}

X nvmlDeviceGetHandleByUUID(const char *u, nvmlDevice_t *d) {
    char b[96];
    UP;
    ARG(u);
    ARG(d);
    for (int i = 0; i < L->ngpu; i++) {
        if (!strcmp(u, devs[i].g->uuid)) {
            *d = (nvmlDevice_t)&devs[i];
            return NVML_SUCCESS;
        }
        for (int j = 0; devs[i].g->mig && j < 2; j++) {
            mig_uuid(&migs[i][j], b);
            if (!strcmp(u, b)) {
                *d = (nvmlDevice_t)&migs[i][j];
                return NVML_SUCCESS;
            }
        }
    }
    return NVML_ERROR_NOT_FOUND;
}

static void bdf(const char *s, unsigned v[4]) {
    v[0] = v[1] = v[2] = v[3] = 0;
    if (sscanf(s, "%x:%x:%x.%x", v, v + 1, v + 2, v + 3) < 3) {
        v[0] = 0;
        sscanf(s, "%x:%x.%x", v + 1, v + 2, v + 3);
    }
}

X nvmlDeviceGetHandleByPciBusId_v2(const char *s, nvmlDevice_t *d) {
    unsigned a[4], b[4];
    UP;
    ARG(s);
    ARG(d);
    bdf(s, a);
    for (int i = 0; i < L->ngpu; i++) {
        bdf(devs[i].g->bus, b);
        if (!memcmp(a, b, sizeof a)) {
            *d = (nvmlDevice_t)&devs[i];
            return NVML_SUCCESS;
        }
    }
    return NVML_ERROR_NOT_FOUND;
}

X nvmlDeviceGetHandleByPciBusId(const char *s, nvmlDevice_t *d) {
    return nvmlDeviceGetHandleByPciBusId_v2(s, d);
}

X nvmlDeviceGetName(nvmlDevice_t device, char *s, unsigned int n) {
    CHK(NULL);
    return str(s, n, G->model);
}

X nvmlDeviceGetUUID(nvmlDevice_t device, char *s, unsigned int n) {
    char b[96];
    CHK(NULL);
    if (MIG >= 0) {
        mig_uuid((struct dev *)device, b);
        return str(s, n, b);
    }
    return str(s, n, G->uuid);
}

X nvmlDeviceGetSerial(nvmlDevice_t device, char *s, unsigned int n) {
    char b[32];
    CHK(NULL);
    snprintf(b, sizeof b, "15651220%05d", G->idx);
    return str(s, n, b);
}

X nvmlDeviceGetVbiosVersion(nvmlDevice_t device, char *s, unsigned int n) {
    CHK(NULL);
    return str(s, n, "92.00.45.00.03");
}

X nvmlDeviceGetIndex(nvmlDevice_t device, unsigned int *i) {
    CHK(NULL);
    ARG(i);
    *i = (unsigned)(MIG >= 0 ? MIG : G->idx);
    return NVML_SUCCESS;
}

X nvmlDeviceGetMinorNumber(nvmlDevice_t device, unsigned int *i) {
    CHK(NULL);
    ARG(i);
    *i = (unsigned)G->idx;
    return NVML_SUCCESS;
}

X nvmlDeviceGetBoardId(nvmlDevice_t device, unsigned int *i) {
    unsigned b[4];
    CHK(NULL);
    ARG(i);
    bdf(G->bus, b);
    *i = b[1] << 8;
    return NVML_SUCCESS;
}

X nvmlDeviceGetBrand(nvmlDevice_t device, nvmlBrandType_t *b) {
    CHK(NULL);
    ARG(b);
    *b = 14;
    return NVML_SUCCESS;
}

X nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *p) {
    unsigned b[4];
    CHK(NULL);
    ARG(p);
    bdf(G->bus, b);
    memset(p, 0, sizeof *p);
    p->domain = b[0];
    p->bus = b[1];
    p->device = b[2];
    p->pciDeviceId = (unsigned)G->devid;
    p->pciSubSystemId = (unsigned)G->subsys;
    snprintf(p->busIdLegacy, sizeof p->busIdLegacy, "%04X:%02X:%02X.0", b[0] & 0xffff, b[1] & 0xff,
             b[2] & 0xff);
    snprintf(p->busId, sizeof p->busId, "%08X:%02X:%02X.0", b[0], b[1], b[2]);
    return NVML_SUCCESS;
}

X nvmlDeviceGetPciInfo_v2(nvmlDevice_t device, nvmlPciInfo_t *p) {
    return nvmlDeviceGetPciInfo_v3(device, p);
}

X nvmlDeviceGetPciInfo(nvmlDevice_t device, nvmlPciInfo_t *p) {
    return nvmlDeviceGetPciInfo_v3(device, p);
}

X nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long *e) {
    CHK("energy");
    NOMIG;
    ARG(e);
    if (!G->has_energy)
        return NVML_ERROR_NOT_SUPPORTED;
    *e = millijoules(G);
    return NVML_SUCCESS;
}

X nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *mw) {
    CHK("power");
    NOMIG;
    ARG(mw);
    *mw = (unsigned)(watts(G, avg_by_default(G)) * 1e3 + 0.5);
    return NVML_SUCCESS;
}

#define LIM(name, expr)                                                                                      \
    X name(nvmlDevice_t device, unsigned int *v) {                                                           \
        CHK("limit");                                                                                        \
        NOMIG;                                                                                               \
        ARG(v);                                                                                              \
        *v = (unsigned)(expr);                                                                               \
        return NVML_SUCCESS;                                                                                 \
    }
LIM(nvmlDeviceGetPowerManagementLimit, G->limit_w * 1e3)
LIM(nvmlDeviceGetPowerManagementDefaultLimit, G->limit_w * 1e3)
LIM(nvmlDeviceGetEnforcedPowerLimit, G->limit_w * 1e3)

X nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_t device, unsigned int *lo, unsigned int *hi) {
    CHK("limit");
    NOMIG;
    ARG(lo);
    ARG(hi);
    *lo = 100000;
    *hi = (unsigned)(G->limit_w * 1e3);
    return NVML_SUCCESS;
}

X nvmlDeviceGetPowerManagementMode(nvmlDevice_t device, nvmlEnableState_t *m) {
    CHK(NULL);
    ARG(m);
    *m = 1;
    return NVML_SUCCESS;
}

X nvmlDeviceGetFieldValues(nvmlDevice_t device, int n, nvmlFieldValue_t *v) {
    struct timespec ts;
    nvmlReturn_t r = chk(device, NULL);
    if (r == NVML_ERROR_UNINITIALIZED || r == NVML_ERROR_INVALID_ARGUMENT || r == NVML_ERROR_GPU_IS_LOST)
        return r;
    ARG(v);
    if (n < 1)
        return NVML_ERROR_INVALID_ARGUMENT;
    for (int i = 0; i < n; i++) {
        nvmlFieldValue_t *f = v + i;
        clock_gettime(CLOCK_REALTIME, &ts);
        f->timestamp = ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
        f->latencyUsec = 40;
        f->valueType = NVML_VALUE_TYPE_UNSIGNED_INT;
        f->nvmlReturn = NVML_SUCCESS;
        f->value.ullVal = 0;
        const char *what = f->fieldId == 83 || f->fieldId == 191    ? "energy"
                           : f->fieldId == 185 || f->fieldId == 186 ? "power"
                                                                    : NULL;
        if ((r = chk(device, what)) != NVML_SUCCESS) {
            f->nvmlReturn = r;
            continue;
        }
        if (MIG >= 0 || (what && f->scopeId > 1)) {
            f->nvmlReturn = NVML_ERROR_NOT_SUPPORTED;
            continue;
        }
        switch (f->fieldId) {
        case 83:
        case 191:
            f->valueType = NVML_VALUE_TYPE_UNSIGNED_LONG_LONG;
            if (!G->has_energy)
                f->nvmlReturn = NVML_ERROR_NOT_SUPPORTED;
            else
                f->value.ullVal = millijoules(G);
            break;
        case 185:
            if (!avg_by_default(G))
                f->nvmlReturn = NVML_ERROR_NOT_SUPPORTED;
            else
                f->value.uiVal = (unsigned)(watts(G, 1) * 1e3 + 0.5);
            break;
        case 186:
            if (!G->has_instant)
                f->nvmlReturn = NVML_ERROR_NOT_SUPPORTED;
            else
                f->value.uiVal = (unsigned)(watts(G, 0) * 1e3 + 0.5);
            break;
        case 187:
            f->value.uiVal = 100000;
            break;
        case 188:
        case 189:
        case 190:
        case 192:
            f->value.uiVal = (unsigned)(G->limit_w * 1e3);
            break;
        default:
            f->nvmlReturn = NVML_ERROR_NOT_SUPPORTED;
        }
    }
    return NVML_SUCCESS;
}

X nvmlDeviceGetSamples(nvmlDevice_t device, nvmlSamplingType_t type, unsigned long long last,
                       nvmlValueType_t *vt, unsigned int *count, nvmlSample_t *s) {
    CHK("power");
    NOMIG;
    ARG(vt);
    ARG(count);
    if ((int)type != 0)
        return NVML_ERROR_NOT_SUPPORTED; /* only NVML_TOTAL_POWER_SAMPLES */
    double now = lab_now(L), q = floor(now / G->upd) * G->upd;
    unsigned n = 0, cap = *count;
    char b[32];
    *vt = NVML_VALUE_TYPE_UNSIGNED_INT;
    for (int i = 119; i >= 0; i--) {
        double t = q - i * G->upd;
        unsigned long long us = (unsigned long long)((double)L->epoch_real * 1e-3 + t * 1e6);
        if (us <= last || t < 0)
            continue;
        if (s) {
            if (n >= cap)
                break;
            s[n].timeStamp = us;
            s[n].sampleValue.ullVal = 0;
            s[n].sampleValue.uiVal =
                (unsigned)(lab_power(L, G->src, t, 0, G->win, gid(G, b)) * G->gain * 1e3);
        }
        n++;
    }
    *count = n;
    return n ? NVML_SUCCESS : NVML_ERROR_NOT_FOUND;
}

X nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *u) {
    CHK(NULL);
    NOMIG;
    ARG(u);
    double x = util(G);
    u->gpu = (unsigned)(x * 100 + 0.5);
    u->memory = (unsigned)(x * 55 + 0.5);
    return NVML_SUCCESS;
}

X nvmlDeviceGetEncoderUtilization(nvmlDevice_t device, unsigned int *u, unsigned int *p) {
    CHK(NULL);
    ARG(u);
    ARG(p);
    *u = 0;
    *p = 167000;
    return NVML_SUCCESS;
}

X nvmlDeviceGetDecoderUtilization(nvmlDevice_t device, unsigned int *u, unsigned int *p) {
    CHK(NULL);
    ARG(u);
    ARG(p);
    *u = 0;
    *p = 167000;
    return NVML_SUCCESS;
}

static unsigned mhz(struct gpu *g, int type, double u) {
    return type == 2 ? 1215 : (unsigned)(210 + u * ((g->cc_major >= 9 ? 1980 : 1410) - 210));
}

X nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t t, unsigned int *c) {
    CHK(NULL);
    ARG(c);
    *c = mhz(G, (int)t, util(G));
    return NVML_SUCCESS;
}

X nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, nvmlClockType_t t, unsigned int *c) {
    CHK(NULL);
    ARG(c);
    *c = mhz(G, (int)t, 1);
    return NVML_SUCCESS;
}

X nvmlDeviceGetClock(nvmlDevice_t device, nvmlClockType_t t, nvmlClockId_t id, unsigned int *c) {
    (void)id;
    CHK(NULL);
    ARG(c);
    *c = mhz(G, (int)t, util(G));
    return NVML_SUCCESS;
}

X nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t s, unsigned int *t) {
    (void)s;
    CHK(NULL);
    ARG(t);
    *t = (unsigned)(30 + 45 * watts(G, 1) / G->limit_w);
    return NVML_SUCCESS;
}

X nvmlDeviceGetTemperatureThreshold(nvmlDevice_t device, nvmlTemperatureThresholds_t w, unsigned int *t) {
    CHK(NULL);
    ARG(t);
    *t = (int)w == 0 ? 92 : 89;
    return NVML_SUCCESS;
}

X nvmlDeviceGetPerformanceState(nvmlDevice_t device, nvmlPstates_t *p) {
    CHK(NULL);
    ARG(p);
    *p = 0;
    return NVML_SUCCESS;
}

X nvmlDeviceGetPowerState(nvmlDevice_t device, nvmlPstates_t *p) {
    CHK(NULL);
    ARG(p);
    *p = 0;
    return NVML_SUCCESS;
}

X nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *m) {
    CHK(NULL);
    ARG(m);
    m->total = (unsigned long long)(G->mem_gib * 1073741824.0);
    m->used = m->total / 16;
    m->free = m->total - m->used;
    return NVML_SUCCESS;
}

X nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *m) {
    CHK(NULL);
    ARG(m);
    m->total = (unsigned long long)(G->mem_gib * 1073741824.0);
    m->used = m->total / 16;
    m->reserved = m->total / 64;
    m->free = m->total - m->used - m->reserved;
    return NVML_SUCCESS;
}

X nvmlDeviceGetBAR1MemoryInfo(nvmlDevice_t device, nvmlBAR1Memory_t *m) {
    CHK(NULL);
    ARG(m);
    m->bar1Total = 65536ull << 20;
    m->bar1Used = 1ull << 20;
    m->bar1Free = m->bar1Total - m->bar1Used;
    return NVML_SUCCESS;
}

X nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *a, int *b) {
    CHK(NULL);
    ARG(a);
    ARG(b);
    *a = G->cc_major;
    *b = G->cc_minor;
    return NVML_SUCCESS;
}

X nvmlDeviceGetArchitecture(nvmlDevice_t device, nvmlDeviceArchitecture_t *a) {
    CHK(NULL);
    ARG(a);
    *a = (unsigned)G->arch;
    return NVML_SUCCESS;
}

X nvmlDeviceGetPersistenceMode(nvmlDevice_t device, nvmlEnableState_t *m) {
    CHK(NULL);
    ARG(m);
    *m = 1;
    return NVML_SUCCESS;
}

X nvmlDeviceGetComputeMode(nvmlDevice_t device, nvmlComputeMode_t *m) {
    CHK(NULL);
    ARG(m);
    *m = 0;
    return NVML_SUCCESS;
}

X nvmlDeviceGetEccMode(nvmlDevice_t device, nvmlEnableState_t *c, nvmlEnableState_t *p) {
    CHK(NULL);
    ARG(c);
    ARG(p);
    *c = *p = 1;
    return NVML_SUCCESS;
}

X nvmlDeviceGetCurrPcieLinkGeneration(nvmlDevice_t device, unsigned int *v) {
    CHK(NULL);
    ARG(v);
    *v = 4;
    return NVML_SUCCESS;
}

X nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t device, unsigned int *v) {
    CHK(NULL);
    ARG(v);
    *v = 4;
    return NVML_SUCCESS;
}

X nvmlDeviceGetCurrPcieLinkWidth(nvmlDevice_t device, unsigned int *v) {
    CHK(NULL);
    ARG(v);
    *v = 16;
    return NVML_SUCCESS;
}

X nvmlDeviceGetMaxPcieLinkWidth(nvmlDevice_t device, unsigned int *v) {
    CHK(NULL);
    ARG(v);
    *v = 16;
    return NVML_SUCCESS;
}

X nvmlDeviceGetPcieThroughput(nvmlDevice_t device, nvmlPcieUtilCounter_t c, unsigned int *v) {
    (void)c;
    CHK(NULL);
    ARG(v);
    *v = 1000;
    return NVML_SUCCESS;
}

X nvmlDeviceGetFanSpeed(nvmlDevice_t device, unsigned int *v) {
    CHK(NULL);
    (void)v;
    return NVML_ERROR_NOT_SUPPORTED;
}

X nvmlDeviceGetNumFans(nvmlDevice_t device, unsigned int *v) {
    CHK(NULL);
    ARG(v);
    *v = 0;
    return NVML_SUCCESS;
}

X nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned int *c, unsigned int *p) {
    CHK(NULL);
    ARG(c);
    ARG(p);
    if (G->arch < 7)
        return NVML_ERROR_NOT_SUPPORTED;
    *c = *p = (unsigned)G->mig;
    return NVML_SUCCESS;
}

X nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device, unsigned int *c) {
    CHK(NULL);
    ARG(c);
    *c = G->arch < 7 ? 0 : 7;
    return NVML_SUCCESS;
}

X nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device, unsigned int i, nvmlDevice_t *m) {
    CHK(NULL);
    ARG(m);
    if (!G->mig || i > 1)
        return NVML_ERROR_NOT_FOUND;
    *m = (nvmlDevice_t)&migs[(struct dev *)device - devs][i];
    return NVML_SUCCESS;
}

X nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t device, nvmlDevice_t *d) {
    CHK(NULL);
    ARG(d);
    if (MIG < 0)
        return NVML_ERROR_INVALID_ARGUMENT;
    *d = (nvmlDevice_t)&devs[G->idx];
    return NVML_SUCCESS;
}

X nvmlDeviceIsMigDeviceHandle(nvmlDevice_t device, unsigned int *y) {
    CHK(NULL);
    ARG(y);
    *y = MIG >= 0;
    return NVML_SUCCESS;
}

X nvmlDeviceGetGpuInstanceId(nvmlDevice_t device, unsigned int *i) {
    CHK(NULL);
    ARG(i);
    if (MIG < 0)
        return NVML_ERROR_NOT_SUPPORTED;
    *i = (unsigned)MIG + 1;
    return NVML_SUCCESS;
}

X nvmlDeviceGetComputeInstanceId(nvmlDevice_t device, unsigned int *i) {
    CHK(NULL);
    ARG(i);
    if (MIG < 0)
        return NVML_ERROR_NOT_SUPPORTED;
    *i = 0;
    return NVML_SUCCESS;
}

#define NOPROC(name, T)                                                                                      \
    X name(nvmlDevice_t device, unsigned int *n, T *p) {                                                     \
        (void)p;                                                                                             \
        CHK(NULL);                                                                                           \
        ARG(n);                                                                                              \
        *n = 0;                                                                                              \
        return NVML_SUCCESS;                                                                                 \
    }
NOPROC(nvmlDeviceGetComputeRunningProcesses, nvmlProcessInfo_v1_t)
NOPROC(nvmlDeviceGetComputeRunningProcesses_v2, nvmlProcessInfo_v2_t)
NOPROC(nvmlDeviceGetComputeRunningProcesses_v3, nvmlProcessInfo_t)
NOPROC(nvmlDeviceGetGraphicsRunningProcesses, nvmlProcessInfo_v1_t)
NOPROC(nvmlDeviceGetGraphicsRunningProcesses_v2, nvmlProcessInfo_v2_t)
NOPROC(nvmlDeviceGetGraphicsRunningProcesses_v3, nvmlProcessInfo_t)
NOPROC(nvmlDeviceGetMPSComputeRunningProcesses, nvmlProcessInfo_v1_t)
NOPROC(nvmlDeviceGetMPSComputeRunningProcesses_v2, nvmlProcessInfo_v2_t)
NOPROC(nvmlDeviceGetMPSComputeRunningProcesses_v3, nvmlProcessInfo_t)

X nvmlDeviceGetProcessUtilization(nvmlDevice_t device, nvmlProcessUtilizationSample_t *u, unsigned int *n,
                                  unsigned long long last) {
    (void)u;
    (void)last;
    CHK(NULL);
    ARG(n);
    *n = 0;
    return NVML_ERROR_NOT_FOUND;
}

X nvmlEventSetCreate(nvmlEventSet_t *s) {
    UP;
    ARG(s);
    *s = (nvmlEventSet_t)&refs;
    return NVML_SUCCESS;
}

X nvmlEventSetFree(nvmlEventSet_t s) {
    (void)s;
    return NVML_SUCCESS;
}

X nvmlDeviceGetSupportedEventTypes(nvmlDevice_t device, unsigned long long *t) {
    CHK(NULL);
    ARG(t);
    *t = 8;
    return NVML_SUCCESS;
}

X nvmlDeviceRegisterEvents(nvmlDevice_t device, unsigned long long t, nvmlEventSet_t s) {
    (void)t;
    (void)s;
    CHK(NULL);
    return NVML_SUCCESS;
}

X nvmlEventSetWait_v2(nvmlEventSet_t s, nvmlEventData_t *d, unsigned int ms) {
    (void)s;
    (void)d;
    usleep(ms * 1000);
    return NVML_ERROR_TIMEOUT;
}

X nvmlEventSetWait(nvmlEventSet_t s, nvmlEventData_t *d, unsigned int ms) {
    return nvmlEventSetWait_v2(s, d, ms);
}
