/* what labperf tells labfs about an emulated perf event: private ioctls on the file that stands for it */
#ifndef LABPERF_H
#define LABPERF_H
#include <stdint.h>
#include <sys/ioctl.h>

struct labperf_setup {
    uint64_t read_format, leader;
    uint32_t disabled, pad;
}; /* leader: an id, 0 = none */

#define LABPERF_SETUP _IOW('L', 1, struct labperf_setup)
#define LABPERF_ID _IOR('L', 2, uint64_t)
#endif
