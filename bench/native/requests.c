/* HTTP requests on connections that stay open, for one job after the other: `--count` of them as fast as they are
 * answered, or one every `--every-ms` on each connection, evenly spread; for `--seconds` at most. Prints one JSON line.
 */
#define _GNU_SOURCE
#include "common.h"
#include <poll.h>

enum { RESPONSE_BYTES = 1 << 16, REQUEST_BYTES = 2048 };

typedef struct {
    int fd;
    bool asked;
    uint64_t asked_at, due, job;
    char *response;
    size_t size;
} connection;

static struct {
    uint64_t port, jobs, seed, count, connections, every_ms, seconds, status;
    const char *path, *header;
} options = {.jobs = 1, .seed = 1, .count = UINT64_MAX, .connections = 1, .status = 200, .seconds = 60,
             .path = "/", .header = ""};

static connection *connections;
static struct pollfd *polled;
static uint64_t asked, answered, otherwise, broken, next_job;
static histogram latency;

static void ask(connection *one, uint64_t now) {
    char request[REQUEST_BYTES], path[512];
    const char *hole = strstr(options.path, "{id}");
    if (hole) {
        char id[ID_SIZE];
        make_id(id, (uint32_t)options.seed, one->job);
        snprintf(path, sizeof path, "%.*s%.36s%s", (int)(hole - options.path), options.path, id, hole + 4);
    } else {
        snprintf(path, sizeof path, "%s", options.path);
    }
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n", path,
                        (int)options.port, options.header);
    if (send(one->fd, request, (size_t)size, MSG_NOSIGNAL) != size) broken++;
    one->asked = true;
    one->asked_at = now;
    one->size = 0;
    asked++;
    if (!options.every_ms) one->job = next_job++ % options.jobs;
}

/* Whether the answer has come wholly. */
static bool whole(const connection *one) {
    const char *end = memmem(one->response, one->size, "\r\n\r\n", 4);
    if (!end) return false;
    const char *length = strcasestr(one->response, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoull(length + 17, NULL, 10) : 0;
    return one->size >= (size_t)(end + 4 - one->response) + body;
}

static void on_readable(connection *one) {
    ssize_t got = read(one->fd, one->response + one->size, RESPONSE_BYTES - 1 - one->size);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) fail("the server closed a connection that was to stay open");
    one->size += (size_t)got;
    one->response[one->size] = 0;
    if (!whole(one)) return;
    uint64_t now = now_ns();
    note(&latency, now - one->asked_at);
    answered++;
    if (strtoull(one->response + 9, NULL, 10) != options.status && otherwise++ == 0)
        fprintf(stderr, "%.200s\n", one->response);
    one->asked = false;
    one->due = options.every_ms ? one->due + options.every_ms * MILLISECOND : now;
}

static void open_connections(uint64_t begun) {
    connections = calloc(options.connections, sizeof *connections);
    polled = calloc(options.connections, sizeof *polled);
    for (uint64_t i = 0; i < options.connections; i++) {
        connection *one = &connections[i];
        one->fd = begin_connect((int)options.port);
        if (one->fd < 0) fail("connect: %s", strerror(-one->fd));
        polled[i] = (struct pollfd){one->fd, POLLOUT, 0};
        if (poll(&polled[i], 1, 5000) != 1 || socket_error(one->fd)) fail("port %d is closed", (int)options.port);
        polled[i].events = POLLIN;
        one->response = malloc(RESPONSE_BYTES);
        one->job = next_job++ % options.jobs;
        one->due = begun + options.every_ms * MILLISECOND * i / options.connections;
    }
}

static const option KNOWN[] = {
    {"--port", .number = &options.port},
    {"--jobs", .number = &options.jobs},
    {"--seed", .number = &options.seed},
    {"--count", .number = &options.count},
    {"--connections", .number = &options.connections},
    {"--every-ms", .number = &options.every_ms},
    {"--seconds", .number = &options.seconds},
    {"--status", .number = &options.status},
    {"--path", .text = &options.path},
    {"--header", .text = &options.header},
};

int main(int count, char **words) {
    read_options(count, words, KNOWN, COUNT_OF(KNOWN));
    options.header = unescaped(options.header).bytes;
    raise_file_limit();
    uint64_t begun = now_ns(), end = begun + options.seconds * SECOND;
    open_connections(begun);
    while (answered < options.count) {
        uint64_t now = now_ns();
        if (now > end) break;
        for (uint64_t i = 0; i < options.connections; i++)
            if (!connections[i].asked && connections[i].due <= now && asked < options.count) ask(&connections[i], now);
        if (poll(polled, options.connections, options.every_ms ? 2 : 100) <= 0) continue;
        for (uint64_t i = 0; i < options.connections; i++)
            if (polled[i].revents) on_readable(&connections[i]);
    }
    printf("{\"event\":\"answered\",\"answered\":%llu,\"otherwise\":%llu,\"broken\":%llu,\"seconds\":%.4f,",
           (unsigned long long)answered, (unsigned long long)otherwise, (unsigned long long)broken,
           (double)(now_ns() - begun) / 1e9);
    print_latency(&latency);
    printf("}\n");
    return 0;
}
