/* What the programs beside it share: options, the clock, ids, figures, sockets. Linux, no libraries. */
#ifndef COMMON_H
#define COMMON_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ID_SIZE = 36, VERSION_DIGITS = 16, TIME_DIGITS = 20 };

#define MILLISECOND 1000000ull
#define SECOND 1000000000ull

static inline void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

/* CLOCK_MONOTONIC is one clock for all processes of a machine; Python's time.monotonic_ns() is the same. */
static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* The id of job `number`: a UUID of version 4 by its form, so that a number can be read back from it. */
static inline void make_id(char out[ID_SIZE], uint32_t seed, uint64_t number) {
    char text[ID_SIZE + 1];
    snprintf(text, sizeof text, "%08x-0000-4000-8000-%012llx", seed, (unsigned long long)number & 0xffffffffffffull);
    memcpy(out, text, ID_SIZE);
}

static inline uint64_t read_decimal(const char *digits, int count) {
    uint64_t value = 0;
    for (; count-- && *digits >= '0' && *digits <= '9'; digits++) value = value * 10 + (uint64_t)(*digits - '0');
    return value;
}

static inline void write_decimal(char *out, int count, uint64_t value) {
    while (count--) {
        out[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

typedef struct {
    char *bytes;
    size_t size;
} text;

/* \n, \r, \\ and \xNN become what they stand for. */
static inline text unescaped(const char *from) {
    text to = {malloc(strlen(from) + 1), 0};
    while (*from) {
        char byte = *from++;
        if (byte == '\\' && *from) {
            byte = *from++;
            if (byte == 'n') byte = '\n';
            else if (byte == 'r') byte = '\r';
            else if (byte == 'x' && from[0] && from[1]) {
                char hex[3] = {from[0], from[1], 0};
                byte = (char)strtol(hex, NULL, 16);
                from += 2;
            }
        }
        to.bytes[to.size++] = byte;
    }
    to.bytes[to.size] = 0;
    return to;
}

/* ------------------------------------------------------------------ latency */

/* Log-linear: 64 slots for each power of two, so a figure is off by 0.8 % at most, whatever its size. */
enum { SLOT_BITS = 6, SLOTS = 64 << SLOT_BITS };

typedef struct {
    uint64_t slots[SLOTS], count, most;
} histogram;

static inline unsigned slot_of(uint64_t value) {
    if (value < 1u << SLOT_BITS) return (unsigned)value;
    unsigned shift = 63u - SLOT_BITS - (unsigned)__builtin_clzll(value);
    return ((shift + 1) << SLOT_BITS) + (unsigned)((value >> shift) & ((1u << SLOT_BITS) - 1));
}

static inline double middle_of(unsigned slot) {
    if (slot < 1u << SLOT_BITS) return slot;
    unsigned shift = (slot >> SLOT_BITS) - 1;
    uint64_t least = (uint64_t)((1u << SLOT_BITS) + (slot & ((1u << SLOT_BITS) - 1))) << shift;
    return (double)least + (double)((1ull << shift) - 1) / 2;
}

static inline void note(histogram *into, uint64_t value) {
    into->slots[slot_of(value)]++;
    into->count++;
    if (value > into->most) into->most = value;
}

/* The least value that `share` of all do not exceed; 0 without values. */
static inline double percentile(const histogram *of, double share) {
    uint64_t wanted = (uint64_t)(share * (double)of->count), seen = 0;
    if ((double)wanted < share * (double)of->count || wanted == 0) wanted++;
    for (unsigned slot = 0; slot < SLOTS && of->count; slot++) {
        double value = middle_of(slot);
        if ((seen += of->slots[slot]) >= wanted) return value < (double)of->most ? value : (double)of->most;
    }
    return 0;
}

static inline void print_latency(const histogram *of) {
    printf("\"latency_us\":{\"count\":%llu,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"most\":%.1f}",
           (unsigned long long)of->count, percentile(of, 0.5) / 1e3, percentile(of, 0.9) / 1e3,
           percentile(of, 0.99) / 1e3, percentile(of, 0.999) / 1e3, (double)of->most / 1e3);
}

/* ------------------------------------------------------------------ sockets */

static inline void raise_file_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static inline int tcp_socket(void) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static inline struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* Begins to connect. A negative answer is errno's value. */
static inline int begin_connect(int port) {
    struct sockaddr_in address = loopback(port);
    int fd = tcp_socket();
    if (connect(fd, (void *)&address, sizeof address) == 0 || errno == EINPROGRESS) return fd;
    int reason = errno;
    close(fd);
    return -reason;
}

static inline int socket_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

/* ------------------------------------------------------------------ options */

/* One of a program's options, all of which are `--name value`: where the value goes to, or what it is given to. */
typedef struct {
    const char *name;
    uint64_t *number;
    const char **text;
    void (*take)(const char *value);
} option;

static inline const option *find_option(const option *known, size_t size, const char *name) {
    for (size_t i = 0; i < size; i++)
        if (!strcmp(known[i].name, name)) return &known[i];
    fail("unknown option: %s", name);
    return NULL;
}

static inline void read_options(int count, char **words, const option *known, size_t size) {
    for (int i = 1; i + 1 < count; i += 2) {
        const option *one = find_option(known, size, words[i]);
        const char *value = words[i + 1];
        char *end = NULL;
        if (one->number) *one->number = strtoull(value, &end, 0);
        else if (one->text) *one->text = value;
        else one->take(value);
        if (end && (*end || end == value)) fail("%s must be a number", one->name);
    }
}

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
