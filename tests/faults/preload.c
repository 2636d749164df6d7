/* Preloaded into a process: lets chosen calls of write, fsync and open fail, as a disk does.
 *
 * FAILING="write:5:28:.gst" the 5th write to a file whose path contains ".gst" fails with error 28 (ENOSPC);
 * "write:5+:28:.gst" that one and all after it; "short:5:0:.gst" the 5th write takes half of its bytes.
 * failing_arm(text) sets it from inside, failing_count() says how many calls there were.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char kind[16], part[PATH_MAX];
static long nth, seen;
static int error_number, for_ever, armed = -1;

void failing_arm(const char *text) {
    char number[32] = "";
    seen = 0;
    armed = text != NULL && sscanf(text, "%15[^:]:%31[^:]:%d:%4095s", kind, number, &error_number, part) == 4;
    nth = armed ? strtol(number, NULL, 10) : 0;
    for_ever = strchr(number, '+') != NULL;
}

long failing_count(void) { return seen; }

static int fails(const char *call, const char *path) {
    if (armed < 0) failing_arm(getenv("FAILING"));
    if (!armed || strcmp(call, kind) != 0 || path == NULL || strstr(path, part) == NULL) return 0;
    seen++;
    return seen == nth || (for_ever && seen > nth);
}

static int fails_on(const char *call, int descriptor) {
    char link[64], path[PATH_MAX];
    if (armed < 0) failing_arm(getenv("FAILING"));
    if (!armed || strcmp(call, kind) != 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return fails(call, path);
}

ssize_t write(int descriptor, const void *data, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    if (fails_on("write", descriptor)) { errno = error_number; return -1; }
    if (size > 1 && fails_on("short", descriptor)) return real(descriptor, data, size / 2);
    return real(descriptor, data, size);
}

static int sync_by(const char *name, int descriptor) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (fails_on("fsync", descriptor)) { errno = error_number; return -1; }
    return real(descriptor);
}

int fsync(int descriptor) { return sync_by("fsync", descriptor); }
int fdatasync(int descriptor) { return sync_by("fdatasync", descriptor); }

#define OPEN(name)                                                                        \
    int name(const char *path, int flags, ...) {                                          \
        static int (*real)(const char *, int, ...);                                       \
        mode_t mode = 0;                                                                  \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                        \
        if (flags & (O_CREAT | O_TMPFILE)) {                                              \
            va_list rest;                                                                 \
            va_start(rest, flags);                                                        \
            mode = va_arg(rest, mode_t);                                                  \
            va_end(rest);                                                                 \
        }                                                                                 \
        if (fails("open", path)) { errno = error_number; return -1; }                     \
        return real(path, flags, mode);                                                   \
    }
OPEN(open)
OPEN(open64)

/* CLOCK_JUMP="3600:2": after two looks at the clock of the day it is an hour later. */
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    static long by, after = -1, looks;
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    if (after == -1) {
        const char *text = getenv("CLOCK_JUMP");
        after = -2;
        if (text != NULL && sscanf(text, "%ld:%ld", &by, &after) != 2) after = -2;
    }
    int result = real(clock, now);
    if (after >= 0 && clock == CLOCK_REALTIME && ++looks > after) now->tv_sec += by;
    return result;
}
