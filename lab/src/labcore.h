/* powerlab: the power model shared by every emulated sensor.
 *
 * A *source* is something that draws power (a package, a DIMM bank, a GPU, a node).
 * Its energy since the lab's epoch is known in closed form, so a sensor read costs a
 * binary search and no emulator ever has to integrate anything by sampling:
 *
 *    E(t) = scale * ( integral of the piecewise-linear profile + k * cpu(t) ) + offset * t
 *    E_sum(t) = ( base * t + sum of E_i(t) ) / eff               (a "sum" source)
 *
 * cpu(t) is the CPU time (s) used by the command under test, logged by labtick.
 * t is CLOCK_MONOTONIC seconds since the epoch in lab.conf.
 */
#ifndef LABCORE_H
#define LABCORE_H
#include <stdint.h>
#include <stddef.h>

enum {
    F_NONE,
    F_VANISH,
    F_EACCES,
    F_EIO,
    F_ENODATA,
    F_GARBAGE,
    F_EMPTY,
    F_STALL,
    F_STUCK,
    F_RESET,
    F_BACK,
    F_LOST,
    F_SILENT,
    F_BADCC,
    F_NOTSUP,
    F_ZERO
};

struct fault {
    double from, to;
    char target[192];
    int kind;
    double arg;
    char text[96];
};

struct knots {
    int n;
    double *t, *p, *e;
    double period;
};

struct source {
    char name[48];
    int is_sum;
    struct knots kn;
    double k, scale, offset;
    double base, eff;
    int nref;
    struct source *ref[32];
    struct source *next;
};

struct gpu { /* an NVML device */
    int idx;
    char model[64], uuid[64], bus[32], mig_parent[64];
    struct source *src;
    double upd, win, eupd; /* s: power update period, averaging window, energy update */
    double limit_w, start_j, gain;
    int epart;
    long part_n;
    double part_j; /* counter integrates the register; updates summed so far, their joules */
    int has_energy, has_instant, mig, cc_major, cc_minor, arch, devid, subsys;
    double mem_gib;
    struct gpu *next;
};

struct lab {
    char dir[512];
    int64_t epoch_mono, epoch_real;
    struct source *sources;
    struct gpu *gpus;
    int ngpu;
    volatile uint64_t *sig; /* mmapped cpu signal: [magic][n][cap][tick_ns][t,c]... */
    int nfault;
    struct fault fault[128];
    int64_t fault_sig;
    char nvml_init[32];
    char driver[48];
};

struct lab *lab_open(const char *conf); /* NULL on error (message on stderr) */
double lab_now(struct lab *);           /* s since the epoch */
struct source *lab_source(struct lab *, const char *);
double lab_energy(struct lab *, struct source *, double t); /* J */
double lab_cpu(struct lab *, double t);
void lab_faults_refresh(struct lab *);
/* first active fault on any of the given names (NULL-terminated); 0 = none */
const struct fault *lab_fault(struct lab *, double t, int kindmask_counter, const char *a, const char *b);
/* what a counter shows: quantised in time, with the counter faults applied (J) */
double lab_counter(struct lab *, struct source *, double t, double upd, const char *id);
/* the same for a counter with an energy function of its own */
double lab_counter_of(struct lab *, double (*energy)(struct lab *, void *, double t), void *arg,
                      const char *source, double t, double upd, const char *id);
double lab_cpu_end(
    struct lab *); /* s since the epoch up to which the CPU log is complete; infinity if none is kept */
/* what a power register shows: mean of the last win seconds at the last update (W) */
double lab_power(struct lab *, struct source *, double t, double upd, double win, const char *id);

/* ---- manifest of emulated files ---- */
enum { K_DIR, K_LINK, K_STATIC, K_ENERGY, K_POWER, K_CURR, K_PERF, K_MSR, K_REG };

struct node {
    char *path;
    int kind;
    unsigned mode;
    char *text; /* link target or static content */
    struct source *src;
    double unit, upd, win, start, wrap, quant, volts, gain, noise;
    int width;
};

struct tree {
    int n;
    struct node *v;
};

int tree_load(struct lab *, const char *file, struct tree *);
struct node *tree_find(struct tree *, const char *path);
uint64_t node_register(struct lab *, struct node *, double t);               /* a model-specific register */
int node_text(struct lab *, struct node *, double t, char *buf, size_t cap); /* bytes */
#endif
