/* labfs: FUSE file system whose sensor files are computed when they are read.
 * usage: labfs LAB.CONF MANIFEST MOUNTPOINT   (runs in the foreground) */
#define FUSE_USE_VERSION 35
#define _GNU_SOURCE
#include "labcore.h"
#include "labperf.h"
#include <errno.h>
#include <fuse3/fuse.h>
#include <linux/perf_event.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct lab *L;
static struct tree T;
static time_t born;

struct fh {
    struct node *x;
    struct perf *ev;
    int len;
    char buf[4096];
};

/* ---- counting perf events; value = acc + counter - base while running, likewise the time */
struct perf {
    struct node *x;
    uint64_t id, format;
    int on, running;
    double base, acc, t0, time;
    struct perf *leader, *next;
};
static struct perf *events; /* oldest first */
static uint64_t last_id;
static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;

static double joules(struct perf *e, double t) {
    return lab_counter(L, e->x->src, t, e->x->upd, e->x->path);
}

static void schedule(struct perf *e,
                     double t) /* a member of a group counts while its leader is enabled too */
{
    int run = e->on && (!e->leader || e->leader->on);
    if (run && !e->running) {
        e->base = joules(e, t);
        e->t0 = t;
    }
    if (!run && e->running) {
        e->acc += joules(e, t) - e->base;
        e->time += t - e->t0;
    }
    e->running = run;
}

static struct perf *perf_new(struct node *x) {
    struct perf *e = calloc(1, sizeof *e), **p = &events;
    pthread_mutex_lock(&events_lock);
    while (*p)
        p = &(*p)->next;
    *p = e;
    e->x = x;
    e->id = ++last_id;
    e->on = 1;
    schedule(e, lab_now(L));
    pthread_mutex_unlock(&events_lock);
    return e;
}

static void perf_free(struct perf *e) {
    pthread_mutex_lock(&events_lock);
    for (struct perf **p = &events; *p;)
        if (*p == e)
            *p = e->next;
        else {
            if ((*p)->leader == e)
                (*p)->leader = NULL;
            p = &(*p)->next;
        }
    pthread_mutex_unlock(&events_lock);
    free(e);
}

static int perf_read(struct perf *e, char *b, size_t n) {
    uint64_t v[256], f = e->format;
    int k = 0;
    pthread_mutex_lock(&events_lock);
    double t = lab_now(L);
    struct perf *first = f & PERF_FORMAT_GROUP && e->leader ? e->leader : e;
    uint64_t ns = (uint64_t)((first->time + (first->running ? t - first->t0 : 0)) * 1e9);
    if (f & PERF_FORMAT_GROUP) {
        v[k++] = 1;
        for (struct perf *m = events; m; m = m->next)
            v[0] += m->leader == first;
        if (f & PERF_FORMAT_TOTAL_TIME_ENABLED)
            v[k++] = ns;
        if (f & PERF_FORMAT_TOTAL_TIME_RUNNING)
            v[k++] = ns;
    }
    for (struct perf *m = f & PERF_FORMAT_GROUP ? events : e; m && k < 250; m = m->next) {
        if (m != first && m->leader != first)
            continue; /* the leader is older than its members */
        double d = m->acc + (m->running ? joules(m, t) - m->base : 0);
        v[k++] = d > 0 ? (uint64_t)(d / m->x->quant) : 0;
        if (!(f & PERF_FORMAT_GROUP)) {
            if (f & PERF_FORMAT_TOTAL_TIME_ENABLED)
                v[k++] = ns;
            if (f & PERF_FORMAT_TOTAL_TIME_RUNNING)
                v[k++] = ns;
        }
        if (f & PERF_FORMAT_ID)
            v[k++] = m->id;
        if (f & 16)
            v[k++] = 0; /* PERF_FORMAT_LOST */
        if (!(f & PERF_FORMAT_GROUP))
            break;
    }
    pthread_mutex_unlock(&events_lock);
    if (n < k * sizeof *v)
        return -ENOSPC;
    memcpy(b, v, k * sizeof *v);
    return (int)(k * sizeof *v);
}

static int perf_ioctl(struct perf *e, unsigned cmd, uintptr_t arg, void *data) {
    int r = 0, what = (int)(cmd & 0xff);
    pthread_mutex_lock(&events_lock);
    double t = lab_now(L);
    if (cmd == LABPERF_SETUP) {
        struct labperf_setup *s = data;
        e->on = 0;
        schedule(e, t);
        e->format = s->read_format;
        e->acc = e->time = 0;
        e->on = !s->disabled;
        for (struct perf *m = events; m && s->leader; m = m->next)
            if (m->id == s->leader) {
                if (m->leader)
                    r = -EINVAL;
                else
                    e->leader = m;
            }
        schedule(e, t);
    } else if (cmd == LABPERF_ID || cmd == (unsigned)PERF_EVENT_IOC_ID)
        memcpy(data, &e->id, sizeof e->id);
    else if (((cmd >> 8) & 0xff) != '$' || (what != 0 && what != 1 && what != 3))
        r = -ENOTTY;
    else
        for (int pass = 0; pass < 2; pass++) /* twice: a leader's change reaches its members */
            for (struct perf *m = events; m; m = m->next) {
                int whole =
                    arg & PERF_IOC_FLAG_GROUP && (m == e->leader || m->leader == (e->leader ? e->leader : e));
                if (m == e || whole) {
                    if (what == 3) {
                        m->acc = 0;
                        m->base = joules(m, t);
                    } else
                        m->on = what == 0;
                }
                schedule(m, t);
            }
    pthread_mutex_unlock(&events_lock);
    return r;
}

static int access_fault(const struct node *x, int op) /* op: 0 lookup, 1 open, 2 read */
{
    const struct fault *f = lab_fault(L, lab_now(L), 0, x->path, x->src ? x->src->name : NULL);
    if (!f || x->kind == K_DIR)
        return f && f->kind == F_VANISH ? -ENOENT : 0;
    switch (f->kind) {
    case F_VANISH:
        return op == 2 ? -ENODEV : -ENOENT; /* a held fd of a gone device gives ENODEV */
    case F_EACCES:
        return op == 1 ? -EACCES : 0;
    case F_EIO:
        return op == 2 ? -EIO : 0;
    case F_ENODATA:
        return op == 2 ? -ENODATA : 0;
    default:
        return 0;
    }
}

static void fill(struct node *x, struct stat *st) {
    memset(st, 0, sizeof *st);
    st->st_mode = (x->kind == K_DIR ? S_IFDIR : x->kind == K_LINK ? S_IFLNK : S_IFREG) | x->mode;
    st->st_nlink = x->kind == K_DIR ? 3 : 1;
    st->st_size = x->kind == K_DIR || x->kind == K_LINK ? 0 : 4096;
    st->st_ino = (ino_t)(x - T.v) + 2;
    st->st_mtime = st->st_ctime = st->st_atime = born;
}

static int f_getattr(const char *p, struct stat *st, struct fuse_file_info *fi) {
    (void)fi;
    struct node *x = tree_find(&T, p);
    if (!x)
        return -ENOENT;
    int e = access_fault(x, 0);
    if (e)
        return e;
    fill(x, st);
    return 0;
}

static int f_readlink(const char *p, char *b, size_t n) {
    struct node *x = tree_find(&T, p);
    if (!x || x->kind != K_LINK)
        return -EINVAL;
    snprintf(b, n, "%s", x->text);
    return 0;
}

static int f_readdir(const char *p, void *b, fuse_fill_dir_t add, off_t o, struct fuse_file_info *fi,
                     enum fuse_readdir_flags fl) {
    (void)o;
    (void)fi;
    (void)fl;
    size_t n = strcmp(p, "/") ? strlen(p) : 0;
    add(b, ".", NULL, 0, 0);
    add(b, "..", NULL, 0, 0);
    for (int i = 0; i < T.n; i++) {
        struct node *x = &T.v[i];
        if (strncmp(x->path, p, n) || x->path[n] != '/' || !x->path[n + 1] || strchr(x->path + n + 1, '/'))
            continue;
        if (access_fault(x, 0) == -ENOENT)
            continue;
        struct stat st;
        fill(x, &st);
        add(b, x->path + n + 1, &st, 0, 0);
    }
    return 0;
}

static int f_open(const char *p, struct fuse_file_info *fi) {
    struct node *x = tree_find(&T, p);
    if (!x)
        return -ENOENT;
    int e = access_fault(x, 1);
    if (e)
        return e;
    struct fh *h = calloc(1, sizeof *h);
    h->x = x;
    if (x->kind == K_PERF) {
        fi->nonseekable = 1;
        h->ev = perf_new(x);
    }
    fi->fh = (uint64_t)(uintptr_t)h;
    fi->direct_io = 1;
    return 0;
}

/* /dev/cpu/N/msr: 8 bytes of the register whose address is the offset; every further 8 bytes are the
 * same register again */
static int msr_read(struct node *x, char *b, size_t n, off_t off) {
    char name[128];
    if (n % 8)
        return -EINVAL;
    snprintf(name, sizeof name, "/.msr/cpu%s/0x%llx", x->text, (unsigned long long)off);
    struct node *r = tree_find(&T, name);
    int e = r ? access_fault(r, 2) : -EIO; /* EIO: no such register */
    if (e)
        return e;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t v = node_register(L, r, lab_now(L));
        memcpy(b + i, &v, 8);
    }
    return (int)n;
}

static int f_read(const char *p, char *b, size_t n, off_t off, struct fuse_file_info *fi) {
    (void)p;
    struct fh *h = (struct fh *)(uintptr_t)fi->fh;
    struct node *x = h->x;
    int e = access_fault(x, 2);
    if (e)
        return e;
    if (x->kind == K_PERF)
        return perf_read(h->ev, b, n);
    if (x->kind == K_MSR)
        return msr_read(x, b, n, off);
    if (off == 0) { /* like kernfs: content is made at offset 0 */
        const struct fault *f = lab_fault(L, lab_now(L), 0, x->path, x->src ? x->src->name : NULL);
        if (f && f->kind == F_STALL)
            usleep((useconds_t)((isnan(f->arg) ? 5 : f->arg) * 1e6));
        if (f && f->kind == F_EMPTY)
            h->len = 0;
        else if (f && f->kind == F_GARBAGE)
            h->len = snprintf(h->buf, sizeof h->buf, "%s\n", f->text[0] ? f->text : "N/A\xff??");
        else
            h->len = node_text(L, x, lab_now(L), h->buf, sizeof h->buf);
    }
    if (off >= h->len)
        return 0;
    if (n > (size_t)(h->len - off))
        n = h->len - off;
    memcpy(b, h->buf + off, n);
    return (int)n;
}

static int f_write(const char *p, const char *b, size_t n, off_t o, struct fuse_file_info *fi) {
    (void)p;
    (void)b;
    (void)o;
    (void)fi;
    return (int)n;
}

static int f_truncate(const char *p, off_t n, struct fuse_file_info *fi) {
    (void)p;
    (void)n;
    (void)fi;
    return 0;
}

static int f_release(const char *p, struct fuse_file_info *fi) {
    (void)p;
    struct fh *h = (struct fh *)(uintptr_t)fi->fh;
    if (h->ev)
        perf_free(h->ev);
    free(h);
    return 0;
}

static int f_ioctl(const char *p, unsigned cmd, void *arg, struct fuse_file_info *fi, unsigned fl,
                   void *data) {
    (void)p;
    (void)fl;
    struct fh *h = (struct fh *)(uintptr_t)fi->fh;
    return h->ev ? perf_ioctl(h->ev, cmd, (uintptr_t)arg, data) : -ENOTTY;
}

static void *f_init(struct fuse_conn_info *c, struct fuse_config *cfg) {
    /* names are cached for a second (a path walk costs eight requests otherwise), unless faults are
     * planned: then a file vanishes at once; contents are never cached */
    lab_faults_refresh(L);
    cfg->entry_timeout = cfg->attr_timeout = L->nfault ? 0 : 1;
    cfg->negative_timeout = 0;
    if (!L->nfault && (c->capable & FUSE_CAP_CACHE_SYMLINKS))
        c->want |= FUSE_CAP_CACHE_SYMLINKS;
    cfg->use_ino = 1;
    return NULL;
}

static const struct fuse_operations ops = {.getattr = f_getattr,
                                           .readlink = f_readlink,
                                           .readdir = f_readdir,
                                           .open = f_open,
                                           .read = f_read,
                                           .write = f_write,
                                           .truncate = f_truncate,
                                           .release = f_release,
                                           .ioctl = f_ioctl,
                                           .init = f_init};

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: labfs LAB.CONF MANIFEST MOUNTPOINT\n");
        return 2;
    }
    L = lab_open(argv[1]);
    if (!L || tree_load(L, argv[2], &T))
        return 1;
    born = time(NULL);
    /* answer like hardware does, also on a busy machine */
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 4}))
        (void)!nice(-15);
    char *a[] = {"labfs", "-f", "-o", "allow_other,default_permissions,fsname=powerlab,max_threads=16",
                 argv[3], NULL};
    return fuse_main(5, a, &ops, NULL);
}
