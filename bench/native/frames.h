/* WebSocket frames, the client's side (RFC 6455, section 5.2). Masks are zero: legal, and removing one is the same work
 * whatever it is. */
#ifndef FRAMES_H
#define FRAMES_H

#include "common.h"

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, SENT_BYTES = 1 << 16 };

typedef struct {
    unsigned opcode;
    const char *payload;
    size_t size, whole; /* of the payload, and with its header */
} frame;

/* False if it has not come wholly. */
static bool read_frame(const char *bytes, size_t size, frame *into) {
    const unsigned char *head = (const unsigned char *)bytes;
    if (size < 2) return false;
    size_t header = 2, length = head[1] & 127;
    if (length >= 126) {
        size_t extra = length == 126 ? 2 : 8;
        header += extra;
        if (size < header) return false;
        length = 0;
        for (size_t i = 0; i < extra; i++) length = length << 8 | head[2 + i];
    }
    if (size - header < length) return false;
    *into = (frame){head[0] & 15u, bytes + header, length, header + length};
    return true;
}

static void send_frame(int fd, unsigned opcode, const char *payload, size_t size) {
    static char sent[SENT_BYTES + 8];
    size_t header = 2;
    if (size > SENT_BYTES - 1) fail("a message is too long");
    sent[0] = (char)(0x80 | opcode);
    sent[1] = (char)(0x80 | (size < 126 ? size : 126));
    if (size >= 126) {
        sent[2] = (char)(size >> 8);
        sent[3] = (char)size;
        header = 4;
    }
    memset(sent + header, 0, 4);
    header += 4;
    memcpy(sent + header, payload, size);
    if (send(fd, sent, header + size, MSG_NOSIGNAL) != (ssize_t)(header + size))
        fprintf(stderr, "the server does not take what a client says\n");
}

#endif
