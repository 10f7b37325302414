/* A full disk for one program: while the file TENSE_FULL_FLAG exists, nothing under TENSE_FULL_PATH can grow. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int full(int fd, off_t until) {
    const char *flag = getenv("TENSE_FULL_FLAG"), *path = getenv("TENSE_FULL_PATH");
    char link[64], name[4096];
    struct stat found;
    if (!flag || !path || access(flag, F_OK) != 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0) return 0;
    name[length] = 0;
    return strstr(name, path) && fstat(fd, &found) == 0 && until > found.st_size;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite");
    if (full(fd, at + (off_t)count)) { errno = ENOSPC; return -1; }
    return real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) { return pwrite(fd, bytes, count, at); }

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    static ssize_t (*real)(int, const struct iovec *, int, off_t);
    off_t until = at;
    for (int i = 0; i < count; i++) until += (off_t)parts[i].iov_len;
    if (!real) real = dlsym(RTLD_NEXT, "pwritev");
    if (full(fd, until)) { errno = ENOSPC; return -1; }
    return real(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return pwritev(fd, parts, count, at); }

int posix_fallocate(int fd, off_t at, off_t length) {
    static int (*real)(int, off_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "posix_fallocate");
    return full(fd, at + length) ? ENOSPC : real(fd, at, length);
}

int posix_fallocate64(int fd, off_t at, off_t length) { return posix_fallocate(fd, at, length); }
