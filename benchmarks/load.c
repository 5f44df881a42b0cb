/* A load generator: keeps CONNECTIONS requests under way for SECONDS, each connection asking again once it is answered.
 *
 *     load PORT BODYFILE TOKEN CONNECTIONS SECONDS
 *
 * Prints one JSON line: answers, errors (a status other than 200, or a connection lost), and percentiles of the time to
 * the last byte in microseconds. Understands Content-Length and chunked bodies, as far as knowing where they end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 4096, BUFFER_BYTES = 256 * 1024, MOST_TIMES = 20 * 1000 * 1000 };

struct connection {
    int fd;
    char *buffer;
    size_t filled;
    long long asked_us;
};

static struct connection connections[MOST_CONNECTIONS];
static char *request;
static size_t request_bytes;
static unsigned *times_us;
static long answers, errors;

static long long now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void ask(struct connection *it) {
    size_t sent = 0;
    it->filled = 0;
    it->asked_us = now_us();
    while (sent < request_bytes) {
        ssize_t more = send(it->fd, request + sent, request_bytes - sent, MSG_NOSIGNAL);
        if (more < 0 && errno != EAGAIN && errno != EINTR) return;
        if (more > 0) sent += (size_t)more;
    }
}

/* Whether the buffer holds a whole answer. */
static int is_whole(struct connection *it) {
    it->buffer[it->filled] = 0;
    char *end = strstr(it->buffer, "\r\n\r\n");
    if (end == NULL) return 0;
    char *length = strcasestr(it->buffer, "\ncontent-length:");
    if (length != NULL && length < end)
        return it->filled >= (size_t)(end + 4 - it->buffer) + strtoul(length + 16, NULL, 10);
    return it->filled >= 5 && memcmp(it->buffer + it->filled - 5, "0\r\n\r\n", 5) == 0;
}

static int connect_to(int port) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void read_request(const char *file, const char *token) {
    FILE *source = fopen(file, "rb");
    if (source == NULL) {
        perror(file);
        exit(1);
    }
    fseek(source, 0, SEEK_END);
    size_t body_bytes = (size_t)ftell(source);
    rewind(source);
    request = malloc(body_bytes + 1024);
    int head = sprintf(request,
                       "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                       "Content-Type: application/json\r\nUser-Agent: benchmark\r\nContent-Length: %zu\r\n\r\n",
                       token, body_bytes);
    request_bytes = (size_t)head + fread(request + head, 1, body_bytes, source);
    fclose(source);
}

static int by_size(const void *left, const void *right) {
    unsigned a = *(const unsigned *)left, b = *(const unsigned *)right;
    return (a > b) - (a < b);
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "usage: %s PORT BODYFILE TOKEN CONNECTIONS SECONDS\n", arguments[0]);
        return 2;
    }
    int port = atoi(arguments[1]), wanted = atoi(arguments[4]);
    read_request(arguments[2], arguments[3]);
    times_us = malloc(sizeof *times_us * MOST_TIMES);
    int poll = epoll_create1(0);
    for (int at = 0; at < wanted; at++) {
        connections[at].fd = connect_to(port);
        connections[at].buffer = malloc(BUFFER_BYTES + 1);
        epoll_ctl(poll, EPOLL_CTL_ADD, connections[at].fd, &(struct epoll_event){.events = EPOLLIN, .data.u32 = (unsigned)at});
        ask(&connections[at]);
    }
    long long began_us = now_us(), until_us = began_us + (long long)(atof(arguments[5]) * 1e6);
    while (now_us() < until_us) {
        struct epoll_event events[256];
        int ready = epoll_wait(poll, events, 256, 100);
        for (int at = 0; at < ready; at++) {
            struct connection *it = &connections[events[at].data.u32];
            ssize_t got = recv(it->fd, it->buffer + it->filled, BUFFER_BYTES - it->filled, 0);
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (got <= 0) {
                errors++;
                epoll_ctl(poll, EPOLL_CTL_DEL, it->fd, NULL);
                close(it->fd);
                continue;
            }
            it->filled += (size_t)got;
            if (!is_whole(it)) continue;
            if (strncmp(it->buffer, "HTTP/1.1 200", 12) != 0) errors++;
            if (answers < MOST_TIMES) times_us[answers++] = (unsigned)(now_us() - it->asked_us);
            ask(it);
        }
    }
    double seconds = (double)(now_us() - began_us) / 1e6;
    qsort(times_us, (size_t)answers, sizeof *times_us, by_size);
    printf("{\"answers\": %ld, \"errors\": %ld, \"per_second\": %.1f, \"p50_us\": %u, \"p99_us\": %u}\n", answers, errors,
           (double)answers / seconds, answers ? times_us[answers / 2] : 0, answers ? times_us[answers * 99 / 100] : 0);
    return errors > 0;
}
