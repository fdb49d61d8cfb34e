// A library to be preloaded: the wall clock of the process that it is loaded into stands before or behind the system's by
// what the file of AVENTORA_CLOCK_FILE says at that moment, an int64_t in ms. Monotonic clocks go on as they are, as when
// a machine's clock is set. For tests only.
//
// Why not libfaketime: it looks its functions up with dlsym, which allocates, and Redis's allocator asks for the time at
// its start; such a Redis never comes up. System calls need no look-up.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// NULL until the file is mapped.
static const int64_t *offset;

__attribute__((constructor)) static void map_offset(void) {
    const char *path = getenv("AVENTORA_CLOCK_FILE");
    if (path == NULL) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    void *page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED) __atomic_store_n(&offset, page, __ATOMIC_RELEASE);
}

static int64_t offset_milliseconds(void) {
    const int64_t *mapped = __atomic_load_n(&offset, __ATOMIC_ACQUIRE);
    return mapped == NULL ? 0 : __atomic_load_n(mapped, __ATOMIC_RELAXED);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    long result = syscall(SYS_clock_gettime, clock, time);
    if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return (int)result;
    int64_t milliseconds = offset_milliseconds();
    time->tv_sec += milliseconds / 1000;
    time->tv_nsec += milliseconds % 1000 * 1000000;
    if (time->tv_nsec >= 1000000000) {
        time->tv_nsec -= 1000000000;
        time->tv_sec += 1;
    } else if (time->tv_nsec < 0) {
        time->tv_nsec += 1000000000;
        time->tv_sec -= 1;
    }
    return 0;
}

// The zone is obsolete and nobody here asks for it.
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
    if (result != NULL) *result = now.tv_sec;
    return now.tv_sec;
}
