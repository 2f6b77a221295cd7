/* WebSocket clients in one process, each following jobs of its own. tally.h says what is noted of what they get. Prints
 * `{"event":"ready",…}` when all have subscribed, and then obeys lines on its standard input:
 *
 *   reset                          forget the figures so far (not the versions)
 *   target VERSION                 from now on count the jobs whose version has reached this
 *   wait COUNT IDLE_MS MOST_MS     report when so many events came, or none for a while, or the time is over
 *   reach IDLE_MS MOST_MS          report when all jobs have reached the target, or …
 *   read                           those who never read begin to
 *   report | quit
 */
#define _GNU_SOURCE
#include "frames.h"
#include "tally.h"
#include <sys/epoll.h>

enum { MOST_STEPS = 8, MOST_HEADERS = 8, NO_CODE = 1006, NO_STATUS = 1005 };

#define NONCE "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum state { APART, CONNECTING, SHAKING, TALKING, READY, GIVEN_UP };

typedef struct {
    int fd;
    uint8_t state, step, tries;
    uint64_t due;  /* when it connects */
    text rest;     /* the beginning of a message that has not come wholly */
} client;

typedef struct {
    bool waits;
    text words;
} step;

static struct {
    uint64_t port, clients, jobs, first, seed, at_once, window_ms, backoff_ms, backoff_most_ms, never_read;
    const char *path, *headers[MOST_HEADERS];
    int header_count, step_count;
    step steps[MOST_STEPS];
    text question, answer;
} options = {.clients = 1, .jobs = 1, .seed = 1, .at_once = 64, .path = "/ws"};

static client *clients;
static uint64_t shaking, ready, given_up, apart;
static bool announced; /* all have been connected once; those who come back do not wait for each other */
static int epoll_fd;

static uint64_t first_job(const client *one) { return (uint64_t)(one - clients) * options.jobs; }

/* ------------------------------------------------------------------ coming and going */

/* As the web client does: the first time anywhere within the server's window, for all others come too; then anything
 * from 0 to a bound that doubles with every attempt. */
static uint64_t pause_before(const client *one) {
    if (one->tries == 0) return (uint64_t)(drand48() * (double)(options.window_ms * MILLISECOND));
    double bound = (double)options.backoff_ms * (double)(1ull << (one->tries < 20 ? one->tries : 20));
    if (bound > (double)options.backoff_most_ms) bound = (double)options.backoff_most_ms;
    return (uint64_t)(drand48() * bound * MILLISECOND);
}

static void leave(client *one) {
    if (one->state == READY) ready--;
    else shaking--;
    close(one->fd);
    one->fd = -1;
    free(one->rest.bytes);
    one->rest = (text){0};
    if (!options.window_ms) {
        one->state = GIVEN_UP;
        given_up++;
        return;
    }
    one->due = now_ns() + pause_before(one);
    if (one->tries < 255) one->tries++;
    one->state = APART;
    apart++;
}

static void closed(client *one, unsigned code) {
    tally.closes[code < CODES ? code : 0]++;
    leave(one);
}

static void start(client *one) {
    one->step = 0;
    one->state = CONNECTING;
    shaking++;
    one->fd = begin_connect((int)options.port);
    if (one->fd < 0) {
        tally.unreachable++;
        leave(one);
        return;
    }
    struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT, .data.ptr = one};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, one->fd, &interest);
}

static void start_those_due(uint64_t now) {
    static uint64_t next, looked;
    if (options.window_ms && now - looked < MILLISECOND) return;
    looked = now;
    uint64_t looked_at = 0, at_once = announced ? options.clients : options.at_once;
    for (; apart && shaking < at_once && looked_at < options.clients; looked_at++) {
        client *one = &clients[next];
        next = (next + 1) % options.clients;
        if (one->state != APART || one->due > now) continue;
        apart--;
        start(one);
    }
}

/* ------------------------------------------------------------------ what is said */

/* `{id}`, `{ids}` and `{jobs}` filled in for this client. */
static size_t fill(char *out, size_t room, text from, const client *one) {
    size_t size = 0;
    uint64_t job = first_job(one);
    for (size_t i = 0; i < from.size;) {
        if (size + 128 > room) fail("a message is too long");
        const char *at = from.bytes + i;
        size_t left = from.size - i;
        bool ids = left >= 5 && !memcmp(at, "{ids}", 5), jobs = left >= 6 && !memcmp(at, "{jobs}", 6);
        if (left >= 4 && !memcmp(at, "{id}", 4)) {
            make_job_id(out + size, job);
            size += ID_SIZE;
            i += 4;
        } else if (ids || jobs) {
            for (uint64_t k = 0; k < options.jobs; k++) {
                if (size + 128 > room) fail("a message is too long");
                char id[ID_SIZE];
                make_job_id(id, job + k);
                size += (size_t)sprintf(out + size, "%s\"%.36s\"", k ? "," : "", id);
                if (jobs) size += (size_t)sprintf(out + size, ":%llu", (unsigned long long)known.versions[job + k]);
            }
            i += ids ? 5 : 6;
        } else {
            out[size++] = from.bytes[i++];
        }
    }
    return size;
}

static void talk(client *one) {
    static char message[SENT_BYTES];
    while (one->step < options.step_count && !options.steps[one->step].waits)
        send_frame(one->fd, TEXT, message, fill(message, sizeof message, options.steps[one->step++].words, one));
    if (one->step < options.step_count) return;
    one->state = READY;
    one->tries = 0;
    shaking--;
    ready++;
    if (options.never_read) {
        struct epoll_event interest = {.events = 0, .data.ptr = one};
        epoll_ctl(epoll_fd, EPOLL_CTL_MOD, one->fd, &interest);
    }
}

static void shake_hands(client *one) {
    if (socket_error(one->fd)) {
        tally.unreachable++;
        leave(one);
        return;
    }
    static char request[SENT_BYTES];
    size_t size = fill(request, sizeof request - 4096, (text){(char *)options.path, strlen(options.path)}, one);
    memmove(request + 4, request, size);
    memcpy(request, "GET ", 4);
    size += 4;
    size += (size_t)sprintf(request + size,
                            " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Key: " NONCE "\r\nSec-WebSocket-Version: 13\r\n",
                            (int)options.port);
    for (int i = 0; i < options.header_count; i++)
        size += (size_t)snprintf(request + size, 1024, "%s\r\n", options.headers[i]);
    size += (size_t)sprintf(request + size, "\r\n");
    if (send(one->fd, request, size, MSG_NOSIGNAL) != (ssize_t)size) {
        closed(one, NO_CODE);
        return;
    }
    one->state = SHAKING;
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = one};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, one->fd, &interest);
}

/* ------------------------------------------------------------------ what is heard */

static void on_text(client *one, const char *message, size_t size, uint64_t now) {
    if (options.question.size == size && size && !memcmp(message, options.question.bytes, size)) {
        send_frame(one->fd, TEXT, options.answer.bytes, options.answer.size);
        return;
    }
    const char *version = memmem(message, size, "\"version\":", 10);
    if (version) tally_event(first_job(one), options.jobs, one->state == READY, version + 10, message + size, now);
    if (one->state == TALKING) {
        text wanted = options.steps[one->step].words;
        if (memmem(message, size, wanted.bytes, wanted.size)) {
            one->step++;
            talk(one);
        }
    } else if (!version) {
        tally.other++;
    }
}

/* Answers how many bytes the frame takes; 0 if it is not whole yet, or the client is gone. */
static size_t on_frame(client *one, const char *bytes, size_t size, uint64_t now) {
    frame found;
    if (!read_frame(bytes, size, &found)) return 0;
    const unsigned char *payload = (const unsigned char *)found.payload;
    switch (found.opcode) {
        case CLOSE: closed(one, found.size >= 2 ? (unsigned)payload[0] << 8 | payload[1] : NO_STATUS); return 0;
        case PING: send_frame(one->fd, PONG, found.payload, found.size); break;
        case TEXT:
        case BINARY: on_text(one, found.payload, found.size, now); break;
    }
    return found.whole;
}

/* Answers how many bytes the response's head takes; 0 as `on_frame`. */
static size_t on_handshake(client *one, const char *bytes, size_t size) {
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end) return 0;
    if (memcmp(bytes, "HTTP/1.1 101", 12) || !memmem(bytes, size, ACCEPT, strlen(ACCEPT))) {
        if (tally.refused++ == 0) fprintf(stderr, "refused: %.300s\n", bytes);
        leave(one);
        return 0;
    }
    one->state = TALKING;
    talk(one);
    return (size_t)(end + 4 - bytes);
}

static void on_readable(client *one) {
    static char buffer[1 << 20];
    if (one->rest.size) memcpy(buffer, one->rest.bytes, one->rest.size);
    ssize_t got = read(one->fd, buffer + one->rest.size, sizeof buffer - one->rest.size);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        closed(one, NO_CODE);
        return;
    }
    tally.bytes += (uint64_t)got;
    uint64_t now = now_ns();
    size_t size = one->rest.size + (size_t)got, used = 0, step;
    do {
        step = one->state == SHAKING ? on_handshake(one, buffer + used, size - used)
                                     : on_frame(one, buffer + used, size - used, now);
        used += step;
    } while (step && one->state != APART && one->state != GIVEN_UP);
    if (one->state == APART || one->state == GIVEN_UP) return;
    if (size == used) {
        free(one->rest.bytes);
        one->rest = (text){0};
        return;
    }
    one->rest.size = size - used;
    one->rest.bytes = realloc(one->rest.bytes, one->rest.size);
    memcpy(one->rest.bytes, buffer + used, one->rest.size);
}

/* ------------------------------------------------------------------ what is obeyed */

static void read_again(void) {
    for (uint64_t i = 0; i < options.clients; i++) {
        struct epoll_event interest = {.events = EPOLLIN, .data.ptr = &clients[i]};
        if (clients[i].state == READY) epoll_ctl(epoll_fd, EPOLL_CTL_MOD, clients[i].fd, &interest);
    }
    options.never_read = 0;
}

static struct {
    const char *what; /* what is waited for, as the report calls it; NULL: nothing */
    uint64_t count, idle, until, progress, progress_at;
} waiting;

static void wait_for(const char *what, uint64_t count, uint64_t idle_ms, uint64_t most_ms) {
    uint64_t now = now_ns();
    waiting.what = what;
    waiting.count = count;
    waiting.idle = idle_ms * MILLISECOND;
    waiting.until = now + most_ms * MILLISECOND;
    waiting.progress_at = now;
}

static void look_at_what_is_waited_for(uint64_t now) {
    if (!waiting.what) return;
    bool counts = !strcmp(waiting.what, "wait");
    uint64_t progress = counts ? tally.delivered : known.reached;
    uint64_t wanted = counts ? waiting.count : known.jobs;
    if (progress != waiting.progress) waiting.progress_at = now;
    waiting.progress = progress;
    if (progress < wanted && now < waiting.until && now - waiting.progress_at < waiting.idle) return;
    tally_report(waiting.what, ready);
    waiting.what = NULL;
}

static void obey(const char *line) {
    unsigned long long a, b, c;
    if (!strcmp(line, "quit")) exit(0);
    else if (!strcmp(line, "reset")) tally_reset();
    else if (!strcmp(line, "report")) tally_report("report", ready);
    else if (!strcmp(line, "read")) read_again();
    else if (sscanf(line, "target %llu", &a) == 1) tally_target(a);
    else if (sscanf(line, "wait %llu %llu %llu", &a, &b, &c) == 3) wait_for("wait", a, b, c);
    else if (sscanf(line, "reach %llu %llu", &a, &b) == 2) wait_for("reach", 0, a, b);
    else fail("unknown command: %s", line);
}

static void on_commands(void) {
    static char lines[1024];
    static size_t size;
    ssize_t got = read(0, lines + size, sizeof lines - 1 - size);
    if (got <= 0) exit(0);
    size += (size_t)got;
    lines[size] = 0;
    for (char *end; (end = strchr(lines, '\n'));) {
        *end = 0;
        obey(lines);
        size -= (size_t)(end + 1 - lines);
        memmove(lines, end + 1, size + 1);
    }
}

/* ------------------------------------------------------------------ start */

static void add_step(const char *written) {
    bool waits = !strncmp(written, "expect:", 7);
    if (!waits && strncmp(written, "send:", 5)) fail("a step is send:… or expect:…");
    if (options.step_count == MOST_STEPS) fail("too many steps");
    options.steps[options.step_count++] = (step){waits, unescaped(strchr(written, ':') + 1)};
}

static void add_header(const char *line) {
    if (options.header_count == MOST_HEADERS) fail("too many headers");
    options.headers[options.header_count++] = line;
}

static void set_question(const char *written) { options.question = unescaped(written); }

static void set_answer(const char *written) { options.answer = unescaped(written); }

static const option KNOWN[] = {
    {"--port", .number = &options.port},
    {"--clients", .number = &options.clients},
    {"--jobs", .number = &options.jobs},
    {"--first", .number = &options.first},
    {"--seed", .number = &options.seed},
    {"--at-once", .number = &options.at_once},
    {"--window-ms", .number = &options.window_ms},
    {"--backoff-ms", .number = &options.backoff_ms},
    {"--backoff-most-ms", .number = &options.backoff_most_ms},
    {"--never-read", .number = &options.never_read},
    {"--path", .text = &options.path},
    {"--step", .take = add_step},
    {"--header", .take = add_header},
    {"--question", .take = set_question},
    {"--answer", .take = set_answer},
};

int main(int count, char **words) {
    struct epoll_event events[1024], commands = {.events = EPOLLIN, .data.ptr = NULL};
    read_options(count, words, KNOWN, COUNT_OF(KNOWN));
    raise_file_limit();
    srand48((long)now_ns());
    clients = calloc(options.clients, sizeof *clients);
    tally_start(options.clients * options.jobs, options.first, (uint32_t)options.seed);
    apart = options.clients;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &commands);
    for (;;) {
        uint64_t now = now_ns();
        if (apart) start_those_due(now);
        if (!announced && ready + given_up == options.clients) {
            announced = true;
            tally_report("ready", ready);
        }
        look_at_what_is_waited_for(now);
        int found = epoll_wait(epoll_fd, events, 1024, apart || waiting.what ? 5 : 100);
        for (int i = 0; i < found; i++) {
            client *one = events[i].data.ptr;
            if (!one) on_commands();
            else if (one->state == CONNECTING) shake_hands(one);
            else if (one->state != APART && one->state != GIVEN_UP) on_readable(one);
        }
    }
}
