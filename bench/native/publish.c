/* Publishes events: at a rate, or as fast as they are acknowledged. Prints one JSON line when all are.
 *
 * An event is a template of raw bytes, in which {version}, {id} and {time} are filled in with fixed widths. Jobs are
 * gone through again and again in one order, which is random but always the same; each time round their version is
 * one greater. {time} is taken when the event is written, so what waits here for its turn is not in the latency; how
 * far behind the rate it was is told as `behind_ms`.
 */
#define _GNU_SOURCE
#include "common.h"
#include <poll.h>

enum { MOST_PIECES = 32, BATCH = 64, MOST_CONNECTIONS = 256, MOST_TOKEN = 32, TEMPLATE_BYTES = 1 << 17 };

enum kind { LITERAL, VERSION, ID, TIME };

typedef struct {
    enum kind kind;
    const char *bytes;
    size_t size;
} piece;

typedef struct {
    int fd;
    uint64_t waiting; /* events that are not acknowledged */
    char *batch;
    size_t size, sent;
    char tail[MOST_TOKEN]; /* an acknowledgement may come in two parts */
    size_t tail_size;
} connection;

static struct {
    uint64_t port, jobs, first, seed, count, rate, window, connections, acknowledgements, version, most_ms;
    const char *template, *acknowledgement;
} options = {.jobs = 1, .seed = 1, .count = 1, .window = 512, .connections = 1, .acknowledgements = 1, .version = 1,
             .most_ms = 60000};

static piece pieces[MOST_PIECES];
static int piece_count;
static size_t event_size;
static text token;
static connection connections[MOST_CONNECTIONS];
static uint64_t *order, begun, sent, tokens, behind;

/* ------------------------------------------------------------------ the event */

static void add_piece(enum kind kind, const char *bytes, size_t size) {
    if (piece_count == MOST_PIECES) fail("the template has too many holes");
    pieces[piece_count++] = (piece){kind, bytes, size};
    event_size += size;
}

static void read_template(void) {
    static char bytes[TEMPLATE_BYTES];
    const struct { const char *name; enum kind kind; size_t width; } holes[] = {
        {"{version}", VERSION, VERSION_DIGITS}, {"{id}", ID, ID_SIZE}, {"{time}", TIME, TIME_DIGITS}};
    FILE *file = fopen(options.template, "rb");
    if (!file) fail("%s: %s", options.template, strerror(errno));
    const char *end = bytes + fread(bytes, 1, sizeof bytes, file), *literal = bytes;
    fclose(file);
    for (const char *at = bytes; at < end;) {
        size_t length = 0;
        for (int i = 0; i < 3 && !length; i++) {
            size_t size = strlen(holes[i].name);
            if ((size_t)(end - at) < size || memcmp(at, holes[i].name, size)) continue;
            if (at > literal) add_piece(LITERAL, literal, (size_t)(at - literal));
            add_piece(holes[i].kind, NULL, holes[i].width);
            length = size;
        }
        at += length ? length : 1;
        if (length) literal = at;
    }
    if (end > literal) add_piece(LITERAL, literal, (size_t)(end - literal));
}

static char *write_event(char *out, uint64_t number, uint64_t time) {
    for (int i = 0; i < piece_count; i++) {
        piece part = pieces[i];
        switch (part.kind) {
            case LITERAL: memcpy(out, part.bytes, part.size); break;
            case VERSION: write_decimal(out, VERSION_DIGITS, options.version + number / options.jobs); break;
            case ID: make_id(out, (uint32_t)options.seed, options.first + order[number % options.jobs]); break;
            case TIME: write_decimal(out, TIME_DIGITS, time); break;
        }
        out += part.size;
    }
    return out;
}

static void make_order(void) {
    order = malloc(options.jobs * sizeof *order);
    for (uint64_t i = 0; i < options.jobs; i++) order[i] = i;
    srand48(1);
    for (uint64_t i = options.jobs; i > 1; i--) {
        uint64_t other = (uint64_t)(drand48() * (double)i), swapped = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swapped;
    }
}

/* ------------------------------------------------------------------ sending and hearing */

static void open_connections(void) {
    for (uint64_t i = 0; i < options.connections; i++) {
        connection *one = &connections[i];
        one->fd = begin_connect((int)options.port);
        if (one->fd < 0) fail("connect: %s", strerror(-one->fd));
        struct pollfd until_open = {one->fd, POLLOUT, 0};
        if (poll(&until_open, 1, 5000) != 1 || socket_error(one->fd)) fail("port %d is closed", (int)options.port);
        one->batch = malloc(BATCH * event_size);
    }
}

static uint64_t due(uint64_t now) {
    if (!options.rate) return options.count;
    uint64_t events = (uint64_t)((double)(now - begun) / 1e9 * (double)options.rate) + 1;
    return events < options.count ? events : options.count;
}

static uint64_t planned(uint64_t event) {
    return begun + (uint64_t)((double)event / (double)options.rate * 1e9);
}

/* Fills the connection's batch with what is due and fits into its window. */
static void fill_batch(connection *one, uint64_t now) {
    uint64_t events = due(now) - sent, room = options.window - one->waiting;
    if (events > room) events = room;
    if (events > BATCH) events = BATCH;
    if (!events) return;
    if (options.rate && now > planned(sent) && now - planned(sent) > behind) behind = now - planned(sent);
    char *end = one->batch;
    uint64_t time = now_ns();
    for (uint64_t i = 0; i < events; i++) end = write_event(end, sent++, time);
    one->size = (size_t)(end - one->batch);
    one->sent = 0;
    one->waiting += events;
}

static bool send_batch(connection *one) {
    ssize_t taken = send(one->fd, one->batch + one->sent, one->size - one->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken < 0 && errno != EAGAIN) fail("send: %s", strerror(errno));
    if (taken <= 0) return false;
    one->sent += (size_t)taken;
    if (one->sent == one->size) one->size = 0;
    return true;
}

static bool hear(connection *one) {
    static char heard[1 << 16];
    memcpy(heard, one->tail, one->tail_size);
    ssize_t got = recv(one->fd, heard + one->tail_size, sizeof heard - one->tail_size, MSG_DONTWAIT);
    if (got == 0) fail("the server closed the publisher's connection");
    if (got < 0) return false;
    const char *end = heard + one->tail_size + got, *at = heard, *found;
    while ((found = memmem(at, (size_t)(end - at), token.bytes, token.size))) {
        at = found + token.size;
        if (++tokens % options.acknowledgements == 0 && one->waiting) one->waiting--;
    }
    size_t rest = (size_t)(end - at);
    one->tail_size = rest < token.size - 1 ? rest : token.size - 1;
    memcpy(one->tail, end - one->tail_size, one->tail_size);
    return true;
}

static void rest(uint64_t now) {
    if (options.rate && sent < options.count && sent >= due(now)) {
        uint64_t next = planned(sent), pause = next > now ? next - now : 0;
        if (pause < MILLISECOND / 10) pause = MILLISECOND / 10;
        if (pause > 2 * MILLISECOND) pause = 2 * MILLISECOND;
        nanosleep(&(struct timespec){0, (long)pause}, NULL);
        return;
    }
    struct pollfd all[MOST_CONNECTIONS];
    for (uint64_t i = 0; i < options.connections; i++)
        all[i] = (struct pollfd){connections[i].fd, (short)(POLLIN | (connections[i].size ? POLLOUT : 0)), 0};
    poll(all, options.connections, 50);
}

static void publish(void) {
    uint64_t first = 0, wanted = options.count * options.acknowledgements;
    begun = now_ns();
    while (tokens < wanted) {
        uint64_t now = now_ns();
        if (now - begun > options.most_ms * MILLISECOND) break;
        bool progress = false;
        for (uint64_t i = 0; i < options.connections; i++) {
            /* Another one goes first each time, so that all get their share of a rate that one alone could serve. */
            connection *one = &connections[(first + i) % options.connections];
            if (!one->size && sent < options.count) fill_batch(one, now);
            if (one->size) progress |= send_batch(one);
            if (one->waiting) progress |= hear(one);
        }
        first++;
        if (!progress) rest(now);
    }
}

/* ------------------------------------------------------------------ start */

static const option KNOWN[] = {
    {"--port", .number = &options.port},
    {"--jobs", .number = &options.jobs},
    {"--first", .number = &options.first},
    {"--seed", .number = &options.seed},
    {"--count", .number = &options.count},
    {"--rate", .number = &options.rate},
    {"--window", .number = &options.window},
    {"--connections", .number = &options.connections},
    {"--acknowledgements", .number = &options.acknowledgements},
    {"--version", .number = &options.version},
    {"--most-ms", .number = &options.most_ms},
    {"--template", .text = &options.template},
    {"--acknowledgement", .text = &options.acknowledgement},
};

static void check_options(void) {
    if (!options.template || !options.acknowledgement) fail("--template and --acknowledgement are needed");
    token = unescaped(options.acknowledgement);
    if (!token.size || token.size > MOST_TOKEN) fail("an acknowledgement has 1 to %d bytes", MOST_TOKEN);
    if (!options.connections || options.connections > MOST_CONNECTIONS) fail("too many connections");
}

int main(int count, char **words) {
    read_options(count, words, KNOWN, COUNT_OF(KNOWN));
    check_options();
    raise_file_limit();
    read_template();
    make_order();
    open_connections();
    publish();
    double seconds = (double)(now_ns() - begun) / 1e9;
    printf("{\"event\":\"published\",\"published\":%llu,\"acknowledged\":%llu,\"seconds\":%.4f,\"behind_ms\":%.2f,"
           "\"event_bytes\":%zu}\n",
           (unsigned long long)sent, (unsigned long long)(tokens / options.acknowledgements), seconds,
           (double)behind / 1e6, event_size);
    return 0;
}
