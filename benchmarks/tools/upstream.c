/* A cheap OpenAI-compatible provider, so that a benchmark measures the gateway and not the provider.
 *
 *     upstream PORT GAP_US CHUNKS [PEM]
 *
 * Answers every GET with the list of its one model, and every POST at once with one fixed chat completion; when the body
 * holds "stream":true, with CHUNKS content deltas, one write each and GAP_US apart (0: as fast as the socket takes them),
 * then the finish, the usage and [DONE].
 * One thread, one epoll; timers are a walk over the connections that stream. PEM is for the build that speaks TLS.
 */
#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 65536, BUFFER_BYTES = 512 * 1024 };

static const char ANSWER[] =
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1795300000,\"model\":\"bench-1\",\"choices\":[{\"index\":0,"
    "\"message\":{\"role\":\"assistant\",\"content\":\"Hello! I can answer questions and help with code. What is it about?\","
    "\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":19,"
    "\"completion_tokens\":10,\"total_tokens\":29,\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0}},\"service_tier\":\"default\"}";

static const char MODELS[] =
    "{\"object\":\"list\",\"data\":[{\"id\":\"bench-1\",\"object\":\"model\",\"created\":1795300000,\"owned_by\":\"bench\"}]}";

#define CHUNK_HEAD                                                                                                     \
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1795300000,\"model\":\"bench-1\","            \
    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":["

static const char DELTA[] = CHUNK_HEAD "{\"index\":0,\"delta\":{\"content\":\" word\"},\"logprobs\":null,\"finish_reason\":null}],"
                                       "\"usage\":null}\n\n";
static const char FINISH[] = CHUNK_HEAD "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
static const char USAGE[] = CHUNK_HEAD "],\"usage\":{\"prompt_tokens\":19,\"completion_tokens\":58,\"total_tokens\":77}}\n\n";
static const char DONE[] = "data: [DONE]\n\n";

struct connection {
    char *buffer;
    size_t filled;
    int said;        /* pieces of the stream said so far; -1 when none is under way */
    long long due_us; /* when the next piece is due */
};

static struct connection connections[MOST_CONNECTIONS];
static int streaming[MOST_CONNECTIONS], streaming_count;
static int chunks;
static long long gap_us;

static long long now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void say(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = wire_write(fd, bytes, size);
        if (sent < 0) {
            if (errno == EAGAIN || errno == EINTR) continue;
            return;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
}

static void say_chunk(int fd, const char *piece, size_t size) {
    char framed[1024];
    int length = snprintf(framed, sizeof framed, "%zx\r\n%s\r\n", size, piece);
    say(fd, framed, (size_t)length);
}

/* The next piece of a stream; gives 0 when it was the last. */
static int say_next(int fd, struct connection *it) {
    int piece = it->said++;
    if (piece < chunks) say_chunk(fd, DELTA, sizeof DELTA - 1);
    else if (piece == chunks) say_chunk(fd, FINISH, sizeof FINISH - 1);
    else if (piece == chunks + 1) say_chunk(fd, USAGE, sizeof USAGE - 1);
    else {
        say_chunk(fd, DONE, sizeof DONE - 1);
        say(fd, "0\r\n\r\n", 5);
        it->said = -1;
        return 0;
    }
    it->due_us += gap_us;
    return 1;
}

static void say_whole(int fd, const char *body, size_t size) {
    char framed[2048];
    int length = snprintf(framed, sizeof framed,
                          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", size, body);
    say(fd, framed, (size_t)length);
}

static void say_stream(int fd, struct connection *it) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    say(fd, head, sizeof head - 1);
    it->said = 0;
    it->due_us = now_us();
    if (gap_us > 0) {
        streaming[streaming_count++] = fd;
        return;
    }
    while (say_next(fd, it)) {}
}

static void answer(int fd, struct connection *it, const char *body, size_t size) {
    if (strncmp(it->buffer, "GET ", 4) == 0) say_whole(fd, MODELS, sizeof MODELS - 1);
    else if (memmem(body, size, "\"stream\":true", 13) || memmem(body, size, "\"stream\": true", 14)) say_stream(fd, it);
    else say_whole(fd, ANSWER, sizeof ANSWER - 1);
}

static void hang_up(int fd) {
    for (int at = 0; at < streaming_count; at++)
        if (streaming[at] == fd) streaming[at--] = streaming[--streaming_count];
    connections[fd].filled = 0;
    connections[fd].said = -1;
    wire_close(fd);
}

static void hear(int fd) {
    struct connection *it = &connections[fd];
    if (it->buffer == NULL) it->buffer = malloc(BUFFER_BYTES + 1);
    for (;;) {
        ssize_t got = wire_read(fd, it->buffer + it->filled, BUFFER_BYTES - it->filled);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) {
            hang_up(fd);
            return;
        }
        it->filled += (size_t)got;
        it->buffer[it->filled] = 0;
        char *end;
        while ((end = strstr(it->buffer, "\r\n\r\n")) != NULL) {
            char *named = strcasestr(it->buffer, "\ncontent-length:");
            size_t body = named != NULL && named < end ? strtoul(named + 16, NULL, 10) : 0;
            size_t whole = (size_t)(end + 4 - it->buffer) + body;
            if (it->filled < whole) break;
            answer(fd, it, end + 4, body);
            memmove(it->buffer, it->buffer + whole, it->filled - whole + 1);
            it->filled -= whole;
        }
    }
}

static void stream_what_is_due(void) {
    long long now = now_us();
    for (int at = 0; at < streaming_count; at++) {
        int fd = streaming[at];
        while (connections[fd].due_us <= now)
            if (!say_next(fd, &connections[fd])) {
                streaming[at--] = streaming[--streaming_count];
                break;
            }
    }
}

int main(int count, char **arguments) {
    if (count != 4 && count != 5) {
        fprintf(stderr, "usage: %s PORT GAP_US CHUNKS [PEM]\n", arguments[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    wire_prepare(count == 5 ? arguments[4] : NULL);
    gap_us = atoll(arguments[2]);
    chunks = atoi(arguments[3]);
    int one = 1, door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1])),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (bind(door, (struct sockaddr *)&address, sizeof address) < 0 || listen(door, 4096) < 0) {
        perror("listen");
        return 1;
    }
    int poll = epoll_create1(0);
    epoll_ctl(poll, EPOLL_CTL_ADD, door, &(struct epoll_event){.events = EPOLLIN, .data.fd = door});
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poll, events, 256, streaming_count > 0 ? 1 : 1000);
        for (int at = 0; at < ready; at++) {
            if (events[at].data.fd != door) {
                hear(events[at].data.fd);
                continue;
            }
            int fd;
            while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                wire_open(fd);
                connections[fd].said = -1;
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
            }
        }
        stream_what_is_due();
    }
}
