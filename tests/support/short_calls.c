/* Preloaded into a command: reads and writes are short, and many calls are interrupted, as the system may do at any time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* The same numbers in every run with the same SHORT_SEED, but for the order of threads. */
static _Atomic unsigned long drawn;

static unsigned long draw(void) {
    unsigned long n = atomic_fetch_add(&drawn, 1);
    if (n == 0) {
        const char *seed = getenv("SHORT_SEED");
        n = seed ? strtoul(seed, NULL, 10) : 1;
        atomic_store(&drawn, n + 1);
    }
    n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ul;
    n = (n ^ (n >> 27)) * 0x94d049bb133111ebul;
    return n ^ (n >> 31);
}

/* Of four calls one is interrupted, two are short, and one is as it is. */
#define CALL(name, size, declared, ...)                                          \
    ssize_t name declared {                                                      \
        static ssize_t(*real) declared;                                          \
        if (!real) real = (ssize_t(*) declared)dlsym(RTLD_NEXT, #name);          \
        unsigned long n = draw();                                                \
        if (n % 4 == 0) {                                                        \
            errno = EINTR;                                                       \
            return -1;                                                           \
        }                                                                        \
        if (n % 4 < 3 && size > 1) size = 1 + n / 4 % (size - 1);                \
        return real(__VA_ARGS__);                                                \
    }

CALL(read, size, (int fd, void *buffer, size_t size), fd, buffer, size)
CALL(write, size, (int fd, const void *buffer, size_t size), fd, buffer, size)
CALL(pread64, size, (int fd, void *buffer, size_t size, off_t at), fd, buffer, size, at)
CALL(pwrite64, size, (int fd, const void *buffer, size_t size, off_t at), fd, buffer, size, at)
CALL(copy_file_range, size, (int from, off64_t *at, int to, off64_t *there, size_t size, unsigned flags), from, at, to, there, size, flags)
CALL(sendfile64, size, (int to, int from, off64_t *at, size_t size), to, from, at, size)
CALL(splice, size, (int from, off64_t *at, int to, off64_t *there, size_t size, unsigned flags), from, at, to, there, size, flags)
