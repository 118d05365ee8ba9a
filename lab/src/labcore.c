#define _GNU_SOURCE
#include "labcore.h"
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <pthread.h>

#define SIG_MAGIC 0x3147495342414c50ULL
static pthread_mutex_t fl_lock = PTHREAD_MUTEX_INITIALIZER;

double lab_now(struct lab *L) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)((int64_t)ts.tv_sec * 1000000000LL + ts.tv_nsec - L->epoch_mono) * 1e-9;
}

static int knots_load(const char *file, struct knots *k) {
    FILE *f = fopen(file, "r");
    char line[256];
    int cap = 0;
    if (!f) {
        perror(file);
        return -1;
    }
    memset(k, 0, sizeof *k);
    while (fgets(line, sizeof line, f)) {
        double a, b;
        if (sscanf(line, "period %lf", &a) == 1) {
            k->period = a;
            continue;
        }
        if (line[0] == '#' || sscanf(line, "%lf %lf", &a, &b) != 2)
            continue;
        if (k->n == cap) {
            cap = cap ? cap * 2 : 64;
            k->t = realloc(k->t, cap * sizeof(double));
            k->p = realloc(k->p, cap * sizeof(double));
            k->e = realloc(k->e, cap * sizeof(double));
        }
        k->t[k->n] = a;
        k->p[k->n] = b;
        k->e[k->n] = k->n ? k->e[k->n - 1] + (a - k->t[k->n - 1]) * 0.5 * (b + k->p[k->n - 1]) : 0;
        k->n++;
    }
    fclose(f);
    return k->n ? 0 : -1;
}

static double knots_in(const struct knots *k, double t) {
    int lo = 0, hi = k->n - 1;
    if (t <= k->t[0])
        return k->p[0] * (t - k->t[0]);
    if (t >= k->t[hi])
        return k->e[hi] + k->p[hi] * (t - k->t[hi]);
    while (hi - lo > 1) {
        int m = (lo + hi) / 2;
        if (k->t[m] <= t)
            lo = m;
        else
            hi = m;
    }
    double w = k->t[hi] - k->t[lo], d = t - k->t[lo];
    double p = w > 0 ? k->p[lo] + (k->p[hi] - k->p[lo]) * d / w : k->p[lo];
    return k->e[lo] + d * 0.5 * (k->p[lo] + p);
}

static double knots_energy(const struct knots *k, double t) {
    if (!k->n)
        return 0;
    if (k->period > 0 && t > 0) {
        double n = floor(t / k->period);
        return n * knots_in(k, k->period) + knots_in(k, t - n * k->period);
    }
    return knots_in(k, t);
}

double lab_cpu(struct lab *L, double t) {
    if (!L->sig || L->sig[0] != SIG_MAGIC)
        return 0;
    uint64_t n = __atomic_load_n(&L->sig[1], __ATOMIC_ACQUIRE);
    if (!n)
        return 0;
    volatile uint64_t *e = L->sig + 4;
    int64_t x = (int64_t)(t * 1e9) + L->epoch_mono;
    if (x >= (int64_t)e[2 * (n - 1)])
        return e[2 * (n - 1) + 1] * 1e-9;
    if (x <= (int64_t)e[0])
        return e[1] * 1e-9;
    uint64_t lo = 0, hi = n - 1;
    while (hi - lo > 1) {
        uint64_t m = (lo + hi) / 2;
        if ((int64_t)e[2 * m] <= x)
            lo = m;
        else
            hi = m;
    }
    double w = (double)(e[2 * hi] - e[2 * lo]);
    return (e[2 * lo + 1] + (e[2 * hi + 1] - e[2 * lo + 1]) * (double)(x - (int64_t)e[2 * lo]) / w) * 1e-9;
}

double lab_energy(struct lab *L, struct source *s, double t) {
    if (s->is_sum) {
        double v = s->base * t;
        for (int i = 0; i < s->nref; i++)
            v += lab_energy(L, s->ref[i], t);
        return v / s->eff;
    }
    return s->scale * (knots_energy(&s->kn, t) + (s->k ? s->k * lab_cpu(L, t) : 0)) + s->offset * t;
}

struct source *lab_source(struct lab *L, const char *name) {
    for (struct source *s = L->sources; s; s = s->next)
        if (!strcmp(s->name, name))
            return s;
    return NULL;
}

static const char *const kinds[] = {"none",   "vanish", "eacces", "eio",   "enodata", "garbage",
                                    "empty",  "stall",  "stuck",  "reset", "back",    "lost",
                                    "silent", "badcc",  "notsup", "zero"};

void lab_faults_refresh(struct lab *L) {
    char p[600], line[512];
    struct stat st;
    snprintf(p, sizeof p, "%s/faults", L->dir);
    if (stat(p, &st)) {
        L->nfault = 0;
        return;
    }
    int64_t sig = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec + st.st_size * 7919;
    if (sig == L->fault_sig)
        return;
    pthread_mutex_lock(&fl_lock);
    FILE *f = fopen(p, "r");
    int n = 0;
    while (f && n < 128 && fgets(line, sizeof line, f)) {
        struct fault x = {0};
        char kind[32] = "", from[32] = "", to[32] = "", arg[96] = "";
        int got = sscanf(line, "%31s %31s %191s %31s %95[^\n]", from, to, x.target, kind, arg);
        if (got < 4)
            continue;
        x.from = atof(from);
        x.to = strcmp(to, "inf") ? atof(to) : 1e300;
        for (size_t i = 1; i < sizeof kinds / sizeof *kinds; i++)
            if (!strcmp(kind, kinds[i]))
                x.kind = (int)i;
        x.arg = arg[0] ? strtod(arg, NULL) : NAN;
        snprintf(x.text, sizeof x.text, "%s", arg);
        L->fault[n++] = x;
    }
    if (f)
        fclose(f);
    L->nfault = n;
    L->fault_sig = sig;
    pthread_mutex_unlock(&fl_lock);
}

static int is_counter_kind(int k) {
    return k == F_STUCK || k == F_RESET || k == F_BACK || k == F_ZERO;
}

static int hit(const struct fault *f, double t, const char *a, const char *b) {
    if (t < f->from || t >= f->to)
        return 0;
    return (a && !fnmatch(f->target, a, 0)) || (b && !fnmatch(f->target, b, 0));
}

const struct fault *lab_fault(struct lab *L, double t, int counter, const char *a, const char *b) {
    lab_faults_refresh(L);
    for (int i = 0; i < L->nfault; i++)
        if (is_counter_kind(L->fault[i].kind) == !!counter && hit(&L->fault[i], t, a, b))
            return &L->fault[i];
    return NULL;
}

double lab_counter_of(struct lab *L, double (*energy)(struct lab *, void *, double), void *arg,
                      const char *source, double t, double upd, const char *id) {
    double tq = upd > 0 ? floor(t / upd) * upd : t, sub = 0;
    lab_faults_refresh(L);
    for (int i = 0; i < L->nfault; i++) {
        const struct fault *f = &L->fault[i];
        if (!is_counter_kind(f->kind) || !hit(f, t, id, source))
            continue;
        if (f->kind == F_STUCK && tq > f->from)
            tq = f->from;
        else if (f->kind == F_RESET)
            sub += energy(L, arg, f->from);
        else if (f->kind == F_BACK)
            sub += isnan(f->arg) ? 10 : f->arg;
    }
    return energy(L, arg, tq) - sub;
}

static double source_energy(struct lab *L, void *s, double t) {
    return lab_energy(L, s, t);
}

double lab_counter(struct lab *L, struct source *s, double t, double upd, const char *id) {
    return lab_counter_of(L, source_energy, s, s->name, t, upd, id);
}

double lab_cpu_end(struct lab *L) {
    if (!L->sig)
        return INFINITY;
    uint64_t n = L->sig[0] == SIG_MAGIC ? __atomic_load_n(&L->sig[1], __ATOMIC_ACQUIRE) : 0;
    return n ? (double)((int64_t)L->sig[2 + 2 * n] - L->epoch_mono) * 1e-9 : 0;
}

double lab_power(struct lab *L, struct source *s, double t, double upd, double win, const char *id) {
    double tq = upd > 0 ? floor(t / upd) * upd : t;
    if (win <= 0)
        win = upd > 0 ? upd : 0.001;
    const struct fault *f = lab_fault(L, t, 1, id, s->name);
    if (f && f->kind == F_ZERO)
        return 0;
    if (f && f->kind == F_STUCK && tq > f->from)
        tq = f->from;
    return (lab_energy(L, s, tq) - lab_energy(L, s, tq - win)) / win;
}

/* key=value lookup in a line */
static const char *kv(const char *line, const char *key, char *out, size_t cap) {
    size_t n = strlen(key);
    for (const char *p = line; (p = strstr(p, key)); p += n)
        if ((p == line || p[-1] == ' ') && p[n] == '=') {
            size_t i = 0;
            for (p += n + 1; *p && *p != ' ' && *p != '\n' && i + 1 < cap;)
                out[i++] = *p++;
            out[i] = 0;
            return out;
        }
    return NULL;
}

static double kvd(const char *line, const char *key, double dflt) {
    char b[64];
    return kv(line, key, b, sizeof b) ? atof(b) : dflt;
}

struct lab *lab_open(const char *conf) {
    FILE *f = fopen(conf, "r");
    char line[2048], v[1024], path[1600];
    if (!f) {
        fprintf(stderr, "powerlab: %s: %s\n", conf, strerror(errno));
        return NULL;
    }
    struct lab *L = calloc(1, sizeof *L);
    snprintf(L->dir, sizeof L->dir, "%s", conf);
    char *sl = strrchr(L->dir, '/');
    if (sl)
        *sl = 0;
    else
        strcpy(L->dir, ".");
    strcpy(L->driver, "580.65.06");
    while (fgets(line, sizeof line, f)) {
        char w[32] = "", name[48] = "";
        sscanf(line, "%31s %47s", w, name);
        if (!strcmp(w, "epoch"))
            sscanf(line, "%*s %ld %ld", &L->epoch_mono, &L->epoch_real);
        else if (!strcmp(w, "nvml_init"))
            snprintf(L->nvml_init, sizeof L->nvml_init, "%s", name);
        else if (!strcmp(w, "driver"))
            snprintf(L->driver, sizeof L->driver, "%s", name);
        else if (!strcmp(w, "cpusig")) {
            snprintf(path, sizeof path, "%s/%s", L->dir, name);
            int fd = open(path, O_RDONLY | O_CLOEXEC);
            struct stat st;
            if (fd >= 0 && !fstat(fd, &st) && st.st_size > 64) {
                void *m = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
                if (m != MAP_FAILED)
                    L->sig = m;
            }
            if (fd >= 0)
                close(fd);
        } else if (!strcmp(w, "src")) {
            struct source *s = calloc(1, sizeof *s);
            snprintf(s->name, sizeof s->name, "%s", name);
            s->k = kvd(line, "k", 0);
            s->scale = kvd(line, "scale", 1);
            s->offset = kvd(line, "offset", 0);
            if (kv(line, "knots", v, sizeof v)) {
                snprintf(path, sizeof path, "%s/%s", L->dir, v);
                if (knots_load(path, &s->kn))
                    return NULL;
            }
            s->next = L->sources;
            L->sources = s;
        } else if (!strcmp(w, "sum")) {
            struct source *s = calloc(1, sizeof *s);
            snprintf(s->name, sizeof s->name, "%s", name);
            s->is_sum = 1;
            s->base = kvd(line, "base", 0);
            s->eff = kvd(line, "eff", 1);
            if (kv(line, "of", v, sizeof v))
                for (char *sv, *p = strtok_r(v, ",", &sv); p && s->nref < 32; p = strtok_r(NULL, ",", &sv)) {
                    s->ref[s->nref] = lab_source(L, p);
                    if (!s->ref[s->nref]) {
                        fprintf(stderr, "powerlab: no source %s\n", p);
                        return NULL;
                    }
                    s->nref++;
                }
            s->next = L->sources;
            L->sources = s;
        } else if (!strcmp(w, "gpu")) {
            struct gpu *g = calloc(1, sizeof *g), **tail = &L->gpus;
            g->idx = atoi(name);
            if (kv(line, "model", v, sizeof v)) {
                snprintf(g->model, sizeof g->model, "%.63s", v);
            }
            for (char *p = g->model; *p; p++)
                if (*p == '_')
                    *p = ' ';
            if (kv(line, "uuid", v, sizeof v))
                snprintf(g->uuid, sizeof g->uuid, "%.63s", v);
            if (kv(line, "bus", v, sizeof v))
                snprintf(g->bus, sizeof g->bus, "%.31s", v);
            g->src = kv(line, "src", v, sizeof v) ? lab_source(L, v) : NULL;
            if (!g->src) {
                fprintf(stderr, "powerlab: gpu without source\n");
                return NULL;
            }
            g->upd = kvd(line, "upd", 0.1);
            g->win = kvd(line, "win", 0.025);
            g->eupd = kvd(line, "eupd", 0.02);
            g->limit_w = kvd(line, "limit", 400);
            g->start_j = kvd(line, "start", 0);
            g->gain = kvd(line, "gain", 1);
            g->has_energy = (int)kvd(line, "energy", 1);
            g->has_instant = (int)kvd(line, "instant", 1);
            g->epart = (int)kvd(line, "epart", 0);
            g->mig = (int)kvd(line, "mig", 0);
            g->mem_gib = kvd(line, "mem", 40);
            g->cc_major = (int)kvd(line, "ccmaj", 8);
            g->cc_minor = (int)kvd(line, "ccmin", 0);
            g->arch = (int)kvd(line, "arch", 7);
            g->devid = (int)kvd(line, "devid", 0x20B010DE);
            g->subsys = (int)kvd(line, "subsys", 0x145F10DE);
            while (*tail)
                tail = &(*tail)->next;
            *tail = g;
            L->ngpu++;
        }
    }
    fclose(f);
    return L;
}

/* ------------------------------------------------------------------ manifest */
static char *unescape(char *s) {
    char *o = s, *r = s;
    while (*s) {
        if (*s == '\\' && s[1]) {
            s++;
            *o++ = *s == 'n' ? '\n' : *s == '0' ? 1 : *s;
            s++;
        } else
            *o++ = *s++;
    }
    *o = 0;
    return r;
}

static int cmp_node(const void *a, const void *b) {
    return strcmp(((const struct node *)a)->path, ((const struct node *)b)->path);
}

int tree_load(struct lab *L, const char *file, struct tree *T) {
    FILE *f = fopen(file, "r");
    static char line[8192];
    int cap = 0;
    if (!f) {
        perror(file);
        return -1;
    }
    memset(T, 0, sizeof *T);
    while (fgets(line, sizeof line, f)) {
        char type, path[1024], b[256];
        unsigned mode;
        int off = 0;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%c\t%1023[^\t]\t%o\t%n", &type, path, &mode, &off) < 3 || !off)
            continue;
        if (T->n == cap)
            T->v = realloc(T->v, (cap = cap ? cap * 2 : 128) * sizeof(struct node));
        struct node *x = &T->v[T->n++];
        memset(x, 0, sizeof *x);
        x->path = strdup(path);
        x->mode = mode;
        char *rest = line + off;
        if (type == 'd')
            x->kind = K_DIR;
        else if (type == 'l') {
            x->kind = K_LINK;
            x->text = strdup(rest);
        } else if (type == 'm') {
            x->kind = K_MSR;
            x->text = strdup(rest);
        } else if (type == 'f') {
            x->kind = K_STATIC;
            x->text = unescape(strdup(rest));
        } else {
            x->kind = !strncmp(rest, "energy", 6) ? K_ENERGY
                      : !strncmp(rest, "curr", 4) ? K_CURR
                      : !strncmp(rest, "perf", 4) ? K_PERF
                      : !strncmp(rest, "reg", 3)  ? K_REG
                                                  : K_POWER;
            if (kv(rest, "src", b, sizeof b))
                x->src = lab_source(L, b);
            if (!x->src) {
                fprintf(stderr, "powerlab: %s: no source in '%s'\n", path, rest);
                return -1;
            }
            x->unit = kvd(rest, "unit", 1e6);
            x->upd = kvd(rest, "upd", 0.001);
            x->win = kvd(rest, "win", 0);
            x->start = kvd(rest, "start", 0);
            x->wrap = kvd(rest, "wrap", 0);
            x->quant = kvd(rest, "quant", 0);
            x->volts = kvd(rest, "volts", 12);
            x->gain = kvd(rest, "gain", 1);
            x->noise = kvd(rest, "noise", 0);
        }
    }
    fclose(f);
    qsort(T->v, T->n, sizeof *T->v, cmp_node);
    return 0;
}

struct node *tree_find(struct tree *T, const char *path) {
    struct node key = {.path = (char *)path};
    return bsearch(&key, T->v, T->n, sizeof *T->v, cmp_node);
}

static double hash_noise(double x) /* deterministic, uniform in [-1,1] */
{
    uint64_t z = (uint64_t)(int64_t)x + 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    return (double)(z >> 11) / 4503599627370496.0 - 1.0;
}

uint64_t node_register(struct lab *L, struct node *x, double t) {
    if (x->kind == K_STATIC)
        return strtoull(x->text, NULL, 0);
    const struct fault *f = lab_fault(L, t, 1, x->path, x->src->name);
    if (f && f->kind == F_ZERO)
        return 0;
    double e = lab_counter(L, x->src, t, x->upd, x->path) * x->gain;
    return (uint64_t)(int64_t)(floor(e / x->quant + 1e-6) + (f && f->kind == F_RESET ? 0 : x->start)) &
           0xffffffffu;
}

int node_text(struct lab *L, struct node *x, double t, char *buf, size_t cap) {
    if (x->kind == K_STATIC)
        return snprintf(buf, cap, "%s", x->text);
    if (x->kind == K_ENERGY) {
        double e = lab_counter(L, x->src, t, x->upd, x->path) * x->gain;
        const struct fault *z = lab_fault(L, t, 1, x->path, x->src->name);
        int reset = z && z->kind == F_RESET;
        if (z && z->kind == F_ZERO)
            return snprintf(buf, cap, "0\n");
        if (x->quant > 0)
            e = floor(e / x->quant) * x->quant;
        double v = floor(e * x->unit + 1e-6) + (reset ? 0 : x->start);
        if (x->wrap > 0) {
            v = fmod(v, x->wrap + 1);
            if (v < 0)
                v += x->wrap + 1;
        }
        return snprintf(buf, cap, "%.0f\n", v);
    }
    double p = lab_power(L, x->src, t, x->upd, x->win, x->path) * x->gain;
    if (x->noise > 0 && x->upd > 0)
        p += x->noise * hash_noise(floor(t / x->upd));
    if (x->kind == K_CURR)
        p /= x->volts;
    if (x->quant > 0)
        p = floor(p / x->quant + 0.5) * x->quant;
    return snprintf(buf, cap, "%.0f\n", p * x->unit);
}
