/* labperf: lets an unmodified program open events of an emulated perf PMU ("power", RAPL energy).
 * A seccomp user-notification filter hands perf_event_open to this supervisor, which answers for PMU_TYPE
 * as the kernel would and puts a labfs file, whose reads are counter values, into the program in place of
 * the event; every other event type goes on to the kernel.
 * usage: labperf FSROOT PMU_TYPE PARANOID UID:GID|- -- COMMAND...      (UID:GID: who COMMAND runs as) */
#define _GNU_SOURCE
#include "labperf.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *root;
static int paranoid;
static volatile pid_t child;

static void forward(int s) {
    if (child > 0)
        kill(child, s);
}

static unsigned long long status_of(pid_t tid, const char *fmt) /* a number from /proc/TID/status */
{
    char p[64], line[256];
    unsigned long long v = 0;
    snprintf(p, sizeof p, "/proc/%d/status", (int)tid);
    FILE *f = fopen(p, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, fmt, &v) == 1)
            break;
    if (f)
        fclose(f);
    return v;
}

static int leader_id(pid_t tid, int fd, uint64_t *id) /* the program's descriptor of a group leader */
{
    int p = (int)syscall(__NR_pidfd_open, (pid_t)status_of(tid, "Tgid: %llu"), 0);
    int g = p < 0 ? -1 : (int)syscall(__NR_pidfd_getfd, p, fd, 0), r = g < 0                      ? -EBADF
                                                                       : ioctl(g, LABPERF_ID, id) ? -EINVAL
                                                                                                  : 0;
    if (g >= 0)
        close(g);
    if (p >= 0)
        close(p);
    return r;
}

/* The kernel's refusals in the kernel's order: kernel/events/core.c, then rapl_pmu_event_init.
 * Returns 0 or -errno. A CPU that isn't in cpumask is no reason to refuse: the event counts for that
 * CPU's package (or die). */
static int verdict(const struct perf_event_attr *a, const struct seccomp_notif *q, const char *file,
                   uint64_t *leader) {
    int pid = (int)q->data.args[1], cpu = (int)q->data.args[2], group = (int)q->data.args[3], r;
    unsigned long flags = (unsigned long)q->data.args[4];
    unsigned long long caps = paranoid > 0 ? status_of((pid_t)q->pid, "CapEff: %llx") : 0;
    int allowed = paranoid < 1 || (caps >> 38 & 1) || (caps >> 21 & 1); /* CAP_PERFMON, CAP_SYS_ADMIN */
    if (flags & ~0xful)
        return -EINVAL;
    if (a->size && a->size < PERF_ATTR_SIZE_VER0)
        return -E2BIG;
    if (a->read_format & ~0x1full)
        return -EINVAL;
    if (paranoid > 1 && !a->exclude_kernel && !allowed)
        return -EACCES;
    if ((flags & PERF_FLAG_PID_CGROUP) && (pid == -1 || cpu == -1))
        return -EINVAL;
    if (group != -1 && (r = leader_id((pid_t)q->pid, group, leader)))
        return r;
    if (flags & PERF_FLAG_FD_NO_GROUP)
        *leader = 0;
    if (pid > 0 && !(flags & PERF_FLAG_PID_CGROUP) && kill(pid, 0) && errno == ESRCH)
        return -ESRCH;
    if (cpu < 0 || a->sample_period || access(file, R_OK))
        return -EINVAL;
    if (a->exclude_user || a->exclude_kernel || a->exclude_hv || a->exclude_idle || a->exclude_host ||
        a->exclude_guest)
        return -EINVAL;
    if (pid != -1)
        return -EINVAL; /* a package has no per-task or per-cgroup energy */
    if (a->inherit && (a->read_format & PERF_FORMAT_GROUP))
        return -EINVAL;
    return allowed ? 0 : -EACCES; /* an event of a whole CPU */
}

static void answer(int l, unsigned type) {
    struct seccomp_notif q = {0};
    struct seccomp_notif_resp r = {0};
    struct perf_event_attr a;
    char file[512];
    if (ioctl(l, SECCOMP_IOCTL_NOTIF_RECV, &q))
        return;
    r.id = q.id;
    r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    memset(&a, 0, sizeof a);
    struct iovec lo = {&a, PERF_ATTR_SIZE_VER0},
                 re = {(void *)(uintptr_t)q.data.args[0], PERF_ATTR_SIZE_VER0};
    if (process_vm_readv((pid_t)q.pid, &lo, 1, &re, 1, 0) >= 24 && a.type == type) {
        struct labperf_setup s = {.read_format = a.read_format, .disabled = a.disabled};
        snprintf(file, sizeof file, "%s/.perf/cpu%d_event%llu", root, (int)q.data.args[2],
                 (unsigned long long)a.config);
        r.flags = 0;
        r.error = verdict(&a, &q, file, &s.leader);
        int fd = r.error ? -1 : open(file, O_RDONLY | O_CLOEXEC);
        if (!r.error && (fd < 0 || ioctl(fd, LABPERF_SETUP, &s)))
            r.error = -errno;
        struct seccomp_notif_addfd ad = {.id = q.id,
                                         .flags = SECCOMP_ADDFD_FLAG_SEND,
                                         .srcfd = (unsigned)fd,
                                         .newfd_flags =
                                             q.data.args[4] & PERF_FLAG_FD_CLOEXEC ? O_CLOEXEC : 0};
        int sent = !r.error && ioctl(l, SECCOMP_IOCTL_NOTIF_ADDFD, &ad) >= 0;
        if (fd >= 0)
            close(fd);
        if (sent)
            return;
        if (!r.error)
            r.error = -EMFILE;
    }
    ioctl(l, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

int main(int argc, char **argv) {
    if (argc < 7) {
        fprintf(stderr, "usage: labperf FSROOT PMU_TYPE PARANOID UID:GID|- -- COMMAND...\n");
        return 2;
    }
    unsigned type = (unsigned)atoi(argv[2]), uid = 0, gid = 0;
    int up[2], down[2], user = sscanf(argv[4], "%u:%u", &uid, &gid) == 2;
    root = argv[1];
    paranoid = atoi(argv[3]);
    if (pipe2(up, O_CLOEXEC) || pipe2(down, O_CLOEXEC))
        return 2;
    pid_t pid = fork();
    if (!pid) {
        struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_perf_event_open, 0, 1),
                                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
        struct sock_fprog p = {4, f};
        if (geteuid())
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* root needs none, so file capabilities keep working */
        int l = (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
        char c;
        if (l < 0)
            perror("labperf: seccomp");
        if (write(up[1], &l, sizeof l) < 0 || read(down[0], &c, 1) < 0)
            _exit(125);
        if (l >= 0)
            close(l);
        if (user && (setgroups(0, NULL) || setgid(gid) || setuid(uid))) {
            perror("labperf: user");
            _exit(125);
        }
        execvp(argv[6], argv + 6);
        perror(argv[6]);
        _exit(127);
    }
    int n, l = -1, st = 0, pf = (int)syscall(__NR_pidfd_open, pid, 0);
    char c = 0;
    if (read(up[0], &n, sizeof n) == sizeof n && n >= 0)
        l = (int)syscall(__NR_pidfd_getfd, pf, n, 0);
    child = pid;
    for (int *s = (int[]){SIGINT, SIGTERM, SIGHUP, 0}; *s; s++)
        signal(*s, forward);
    if (write(down[1], &c, 1) < 0 || l < 0)
        perror("labperf: no listener");
    for (;;) { /* until COMMAND itself has ended */
        struct pollfd p[2] = {{pf, POLLIN, 0}, {l, POLLIN, 0}};
        poll(p, l >= 0 ? 2 : 1, -1);
        if (p[1].revents & POLLIN)
            answer(l, type);
        if (waitpid(pid, &st, WNOHANG) == pid)
            break;
    }
    return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}
