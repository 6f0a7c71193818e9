/* Puts the clock of a program ahead by HINDCAST_SKEW seconds, or back. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long skew(void) {
    const char *told = getenv("HINDCAST_SKEW");
    return told ? atol(told) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    long answer = syscall(SYS_clock_gettime, clock, time);
    if (answer == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += skew();
    return (int)answer;
}

int gettimeofday(struct timeval *time, void *zone) {
    long answer = syscall(SYS_gettimeofday, time, zone);
    if (answer == 0 && time) time->tv_sec += skew();
    return (int)answer;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
