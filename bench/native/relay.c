/* The physical limit: events from Redis to WebSockets, and nothing else. No validation, no snapshots, no limits, no
 * care for slow clients: what any server has to do at the least, so that others can be set beside it.
 *
 *   relay PORT REDIS_PORT
 *
 * A client says {"op":"sub","ids":["<uuid>",…]} under a mask of zeros and is answered {"op":"ok"}; from then on it
 * gets what is published on the channels job:<uuid>, as it is.
 */
#define _GNU_SOURCE
#include "common.h"
#include <sys/epoll.h>

enum { BUCKETS = 1 << 17, DESCRIPTORS = 1 << 17, REDIS_BYTES = 1 << 22, MOST_EVENTS = 512 };

typedef struct follower {
    char id[ID_SIZE];
    int fd;
    struct follower *next;
} follower;

static follower *followers[BUCKETS];
static bool is_open[DESCRIPTORS];
static char pending[REDIS_BYTES];
static size_t pending_size;

static const char SWITCHING[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"; /* of the one nonce that `clients` sends */
static const char SUBSCRIBED[] = "\x81\x0b{\"op\":\"ok\"}";
static const char PSUBSCRIBE[] = "*2\r\n$10\r\nPSUBSCRIBE\r\n$5\r\njob:*\r\n";
static const char MESSAGE[] = "*4\r\n$8\r\npmessage\r\n$5\r\njob:*\r\n$40\r\njob:";

/* FNV-1a */
static unsigned bucket_of(const char *id) {
    unsigned hash = 2166136261u;
    for (int i = 0; i < ID_SIZE; i++) hash = (hash ^ (unsigned char)id[i]) * 16777619u;
    return hash & (BUCKETS - 1);
}

static void follow(int fd, const char *id) {
    follower *one = malloc(sizeof *one);
    memcpy(one->id, id, ID_SIZE);
    one->fd = fd;
    one->next = followers[bucket_of(id)];
    followers[bucket_of(id)] = one;
}

/* The frame's header is written over what stands before the payload: the length in RESP, which is read by then and
 * never shorter. */
static void deliver(const char *id, char *payload, size_t size) {
    char *frame = payload - (size < 126 ? 2 : 4);
    frame[0] = (char)0x81;
    frame[1] = (char)(size < 126 ? size : 126);
    if (size >= 126) {
        frame[2] = (char)(size >> 8);
        frame[3] = (char)size;
    }
    for (follower *one = followers[bucket_of(id)]; one; one = one->next) {
        if (memcmp(one->id, id, ID_SIZE)) continue;
        if (send(one->fd, frame, (size_t)(payload + size - frame), MSG_NOSIGNAL) < 0) continue;
    }
}

/* Answers where the next reply begins; NULL if this one has not come wholly. */
static char *read_reply(char *reply, const char *end) {
    if (end - reply < 8) return NULL;
    if (memcmp(reply, MESSAGE, 8)) { /* the acknowledgement of PSUBSCRIBE */
        char *last = memmem(reply, (size_t)(end - reply), "\r\n:1\r\n", 6);
        return last ? last + 6 : NULL;
    }
    char *id = reply + sizeof MESSAGE - 1, *length = id + ID_SIZE + 3; /* \r\n$ */
    if (length >= end) return NULL;
    char *line = memchr(length, '\n', (size_t)(end - length));
    if (!line) return NULL;
    size_t size = strtoul(length, NULL, 10);
    if ((size_t)(end - line - 1) < size + 2) return NULL;
    if (size >= 1 << 16) fail("an event of %zu bytes is too long", size);
    deliver(id, line + 1, size);
    return line + 1 + size + 2;
}

static void on_redis(int fd) {
    ssize_t got = read(fd, pending + pending_size, sizeof pending - pending_size);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN) return;
        fail("Redis is gone");
    }
    pending_size += (size_t)got;
    char *at = pending, *end = pending + pending_size, *next;
    while ((next = read_reply(at, end))) at = next;
    pending_size = (size_t)(end - at);
    memmove(pending, at, pending_size);
}

static void on_listener(int listener, int epoll_fd) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= DESCRIPTORS) fail("too many clients");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        is_open[fd] = false;
        struct epoll_event interest = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &interest);
    }
}

static void on_client(int fd) {
    static char said[1 << 15];
    ssize_t got = read(fd, said, sizeof said - 1);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) close(fd);
        return;
    }
    if (!is_open[fd]) {
        is_open[fd] = true;
        if (send(fd, SWITCHING, sizeof SWITCHING - 1, MSG_NOSIGNAL) < 0) close(fd);
        return;
    }
    char *at = memmem(said, (size_t)got, "\"ids\":[", 7), *end = said + got;
    if (!at) return;
    while ((at = memchr(at, '"', (size_t)(end - at))) && end - at > ID_SIZE) {
        if (at[ID_SIZE + 1] == '"') {
            follow(fd, at + 1);
            at += ID_SIZE + 1;
        }
        at++;
    }
    if (send(fd, SUBSCRIBED, sizeof SUBSCRIBED - 1, MSG_NOSIGNAL) < 0) close(fd);
}

int main(int count, char **words) {
    if (count != 3) fail("usage: relay PORT REDIS_PORT");
    raise_file_limit();
    int one = 1, epoll_fd = epoll_create1(0), listener = tcp_socket(), redis = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in own = loopback(atoi(words[1])), redis_address = loopback(atoi(words[2]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (connect(redis, (void *)&redis_address, sizeof redis_address)) fail("Redis: %s", strerror(errno));
    if (send(redis, PSUBSCRIBE, sizeof PSUBSCRIBE - 1, 0) < 0) fail("Redis: %s", strerror(errno));
    if (bind(listener, (void *)&own, sizeof own) || listen(listener, 4096)) fail("listen: %s", strerror(errno));
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = listener}, events[MOST_EVENTS];
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &interest);
    interest.data.fd = redis;
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, redis, &interest);
    for (;;) {
        int found = epoll_wait(epoll_fd, events, MOST_EVENTS, -1);
        for (int i = 0; i < found; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) on_listener(listener, epoll_fd);
            else if (fd == redis) on_redis(redis);
            else on_client(fd);
        }
    }
}
