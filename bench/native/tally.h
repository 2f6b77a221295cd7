/* What came in. Every event is looked at: whether its job is one that the client follows, whether its version is
 * greater than the last one (else it came twice, or late), how many versions between were left out, and how long ago it
 * was published. An event is a job's record as every server passes it on:
 *
 *   …"version":<16 digits>,"id":"<uuid>",…,"stage":"<20 digits: when it was published>"…
 *
 * A version may stand in quotes: not every server can be given a number of 16 digits.
 */
#ifndef TALLY_H
#define TALLY_H

#include "common.h"

enum { CODES = 5000 };

static struct {
    uint64_t delivered, snapshots, misrouted, repeated, late, skipped, other, bytes, first_time, last_receipt;
    uint64_t refused, unreachable, closes[CODES];
    histogram latency;
} tally;

/* Not forgotten by `tally_reset`. */
static struct {
    uint64_t jobs, first, *versions; /* the last one of each job; 0 before the first */
    uint32_t seed;
    uint64_t target, reached, reached_at; /* how many jobs have a version of at least `target`; since when the last */
} known;

static void tally_start(uint64_t jobs, uint64_t first, uint32_t seed) {
    known.jobs = jobs;
    known.first = first;
    known.seed = seed;
    known.versions = calloc(jobs, sizeof *known.versions);
}

static void make_job_id(char out[ID_SIZE], uint64_t job) { make_id(out, known.seed, known.first + job); }

static void tally_reset(void) { memset(&tally, 0, sizeof tally); }

static void tally_target(uint64_t version) {
    known.target = version;
    known.reached = known.reached_at = 0;
    for (uint64_t job = 0; job < known.jobs; job++) known.reached += known.versions[job] >= version;
}

static void note_latency(const char *stage, const char *end, uint64_t now) {
    uint64_t published = stage && end - stage >= 9 + TIME_DIGITS ? read_decimal(stage + 9, TIME_DIGITS) : 0;
    if (!published || published > now) return;
    note(&tally.latency, now - published);
    if (!tally.first_time || published < tally.first_time) tally.first_time = published;
}

/* `job` … `job + count` are those that the client follows; what comes before it is `ready` is a snapshot. */
static void tally_event(uint64_t job, uint64_t count, bool ready, const char *version_at, const char *end,
                        uint64_t now) {
    const char *id = memmem(version_at, (size_t)(end - version_at), "\"id\":\"", 6);
    if (!id || end - id < 6 + ID_SIZE || end - version_at < VERSION_DIGITS) {
        tally.other++;
        return;
    }
    const char *stage = memmem(id, (size_t)(end - id), "\"stage\":\"", 9);
    if (*version_at == '"') version_at++;
    char expected[ID_SIZE];
    uint64_t found = strtoull(id + 6 + ID_SIZE - 12, NULL, 16) - known.first;
    make_job_id(expected, found);
    if (found - job >= count || memcmp(expected, id + 6, ID_SIZE)) {
        tally.misrouted++;
        return;
    }
    uint64_t version = read_decimal(version_at, VERSION_DIGITS), last = known.versions[found];
    if (version <= last) {
        version == last ? tally.repeated++ : tally.late++;
        return;
    }
    known.versions[found] = version;
    if (known.target && version >= known.target && last < known.target) {
        known.reached++;
        known.reached_at = now;
    }
    if (!ready) {
        tally.snapshots++;
        return;
    }
    if (last) tally.skipped += version - last - 1;
    tally.delivered++;
    tally.last_receipt = now;
    note_latency(stage, end, now);
}

static void print_closes(void) {
    const char *comma = "";
    printf("\"closes\":{");
    for (int code = 0; code < CODES; code++) {
        if (!tally.closes[code]) continue;
        printf("%s\"%d\":%llu", comma, code, (unsigned long long)tally.closes[code]);
        comma = ",";
    }
    printf("}");
}

static void tally_report(const char *event, uint64_t open) {
    struct { const char *name; uint64_t value; } counts[] = {
        {"delivered", tally.delivered}, {"snapshots", tally.snapshots}, {"misrouted", tally.misrouted},
        {"repeated", tally.repeated}, {"late", tally.late}, {"skipped", tally.skipped}, {"other", tally.other},
        {"bytes", tally.bytes}, {"open", open}, {"refused", tally.refused}, {"unreachable", tally.unreachable},
        {"first_time", tally.first_time}, {"last_receipt", tally.last_receipt}, {"reached", known.reached},
        {"reached_at", known.reached_at},
    };
    printf("{\"event\":\"%s\",", event);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        printf("\"%s\":%llu,", counts[i].name, (unsigned long long)counts[i].value);
    print_closes();
    printf(",");
    print_latency(&tally.latency);
    printf("}\n");
    fflush(stdout);
}

#endif
