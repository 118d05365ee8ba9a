/* labdrive: plain-file variant. Writes the manifest's dynamic files in place every PERIOD ms.
 * usage: labdrive LAB.CONF MANIFEST ROOT PERIOD_MS DURATION_S(0 = until SIGTERM) */
#define _GNU_SOURCE
#include "labcore.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static volatile sig_atomic_t stop;

static void on(int s) {
    (void)s;
    stop = 1;
}

int main(int argc, char **argv) {
    struct tree T;
    char path[2048], b[4096];
    if (argc != 6) {
        fprintf(stderr, "usage: labdrive LAB.CONF MANIFEST ROOT PERIOD_MS DURATION_S\n");
        return 2;
    }
    struct lab *L = lab_open(argv[1]);
    if (!L || tree_load(L, argv[2], &T))
        return 1;
    double per = atof(argv[4]) * 1e-3, dur = atof(argv[5]);
    int *fd = calloc(T.n, sizeof(int)), *len = calloc(T.n, sizeof(int));
    int *gone = calloc(T.n, sizeof(int));
    for (int i = 0; i < T.n; i++) {
        struct node *x = &T.v[i];
        snprintf(path, sizeof path, "%s%s", argv[3], x->path);
        fd[i] = x->kind >= K_ENERGY && x->kind < K_PERF ? open(path, O_WRONLY | O_CLOEXEC) : -1;
        len[i] = 4096;
    }
    signal(SIGTERM, on);
    signal(SIGINT, on);
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 4}))
        (void)!nice(-15);
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    for (unsigned long n = 0; !stop; n++) {
        double t = lab_now(L);
        if (dur > 0 && t >= dur)
            break;
        for (int i = 0; i < T.n; i++) {
            struct node *x = &T.v[i];
            if (fd[i] < 0)
                continue;
            const struct fault *f = lab_fault(L, t, 0, x->path, x->src->name);
            snprintf(path, sizeof path, "%s%s", argv[3], x->path);
            if (f && f->kind == F_VANISH) {
                if (!gone[i])
                    unlink(path);
                gone[i] = 1;
                continue;
            }
            if (gone[i]) {
                close(fd[i]);
                fd[i] = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, x->mode);
                gone[i] = 0;
                len[i] = 0;
            }
            int k = f && f->kind == F_EMPTY     ? 0
                    : f && f->kind == F_GARBAGE ? snprintf(b, sizeof b, "%s\n", f->text[0] ? f->text : "N/A")
                                                : node_text(L, x, t, b, sizeof b);
            if (pwrite(fd[i], b, k, 0) != k)
                perror(path);
            if (k < len[i] && ftruncate(fd[i], k))
                perror(path);
            len[i] = k;
        }
        ts.tv_nsec += (long)(per * 1e9);
        while (ts.tv_nsec >= 1000000000) {
            ts.tv_nsec -= 1000000000;
            ts.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
    }
    return 0;
}
