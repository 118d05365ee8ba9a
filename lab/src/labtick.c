/* labtick: logs the CPU time of the command under test, the signal of workload-coupled power.
 * usage: labtick SIGFILE TICK_US cpuacct:/dir | cgroup2:/dir | tree:PID
 * Record: u64 magic, n, capacity, tick_ns; then n pairs (CLOCK_MONOTONIC ns, CPU ns). */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#define CAP (8u << 20)
static volatile sig_atomic_t stop;

static void on(int s) {
    (void)s;
    stop = 1;
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t tree_cpu(int root) /* 10 ms resolution: only where no cgroup can be made */
{
    static struct {
        int pid, ppid, in;
        uint64_t j;
    } v[8192];

    int n = 0, grew = 1;
    uint64_t sum = 0;
    DIR *d = opendir("/proc");
    struct dirent *e;
    char p[300], b[1024];
    while (d && (e = readdir(d)) && n < 8192) {
        int pid = atoi(e->d_name), fd, k;
        if (pid <= 0)
            continue;
        snprintf(p, sizeof p, "/proc/%d/stat", pid);
        if ((fd = open(p, O_RDONLY)) < 0)
            continue;
        k = (int)read(fd, b, sizeof b - 1);
        close(fd);
        if (k <= 0)
            continue;
        b[k] = 0;
        char *q = strrchr(b, ')');
        unsigned long u, s;
        long cu, cs;
        int pp;
        if (!q || sscanf(q + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &pp, &u, &s,
                         &cu, &cs) != 5)
            continue;
        v[n].pid = pid;
        v[n].ppid = pp;
        v[n].in = pid == root;
        v[n].j = u + s + cu + cs;
        n++;
    }
    if (d)
        closedir(d);
    while (grew) {
        grew = 0;
        for (int i = 0; i < n; i++)
            if (!v[i].in)
                for (int j = 0; j < n; j++)
                    if (v[j].in && v[j].pid == v[i].ppid) {
                        v[i].in = grew = 1;
                        break;
                    }
    }
    for (int i = 0; i < n; i++)
        if (v[i].in)
            sum += v[i].j;
    return sum * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK));
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: labtick SIGFILE TICK_US cpuacct:DIR|cgroup2:DIR|tree:PID\n");
        return 2;
    }
    long tick = atol(argv[2]) * 1000;
    char p[1024], b[512];
    int fd = -1, v2 = 0, root = 0;
    if (!strncmp(argv[3], "cpuacct:", 8)) {
        snprintf(p, sizeof p, "%s/cpuacct.usage", argv[3] + 8);
        fd = open(p, O_RDONLY);
    } else if (!strncmp(argv[3], "cgroup2:", 8)) {
        snprintf(p, sizeof p, "%s/cpu.stat", argv[3] + 8);
        fd = open(p, O_RDONLY);
        v2 = 1;
    } else
        root = atoi(argv[3] + 5);
    if (fd < 0 && !root) {
        perror(argv[3]);
        return 1;
    }
    int sf = open(argv[1], O_RDWR | O_CREAT, 0644);
    if (sf < 0 || ftruncate(sf, 32 + (off_t)CAP * 16)) {
        perror(argv[1]);
        return 1;
    }
    uint64_t *m = mmap(NULL, 32 + (size_t)CAP * 16, PROT_READ | PROT_WRITE, MAP_SHARED, sf, 0);
    if (m == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    signal(SIGTERM, on);
    signal(SIGINT, on);
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 5})) {
        errno = 0;
        if (nice(-15) == -1 && errno)
            perror("labtick: nice");
    }
    m[2] = CAP;
    m[3] = (uint64_t)tick;
    m[0] = 0x3147495342414c50ULL;
    uint64_t n = 0, last = 0;
    int64_t next = now();
    while (!stop && n < CAP) {
        uint64_t c = last;
        ssize_t k;
        if (root)
            c = tree_cpu(root);
        else if ((k = pread(fd, b, sizeof b - 1, 0)) > 0) {
            b[k] = 0;
            c = v2 ? strtoull(strstr(b, "usage_usec") + 11, NULL, 10) * 1000 : strtoull(b, NULL, 10);
        }
        if (c < last)
            c = last;
        m[4 + 2 * n] = (uint64_t)now();
        m[5 + 2 * n] = last = c;
        __atomic_store_n(&m[1], ++n, __ATOMIC_RELEASE);
        next += tick;
        if (next < now())
            next = now() + tick;
        struct timespec ts = {next / 1000000000, next % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
    }
    return 0;
}
