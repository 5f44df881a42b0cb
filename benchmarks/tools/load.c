/* A load generator: keeps CONNECTIONS connections busy for SECONDS, or asks at a fixed RATE, and waits for the last answer.
 *
 *     load PORT REQUESTS COUNT CONNECTIONS SECONDS RATE
 *
 * REQUESTS is a file of COUNT whole HTTP/1.1 requests, all of one length; they are asked in turn, from the first again after
 * the last. With a RATE of 0 a connection asks again as soon as it is answered (closed loop). Otherwise RATE requests a
 * second are due whether or not earlier ones are answered (open loop), and each one's time counts from the moment when it
 * was due: a gateway that stalls cannot hide it by keeping the next ones from being asked.
 *
 * Prints one JSON line: answers; errors (a status other than 200, a connection lost, no answer in time); answers per
 * second, of those that came within SECONDS; and percentiles of the time to the last byte in microseconds.
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
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_CONNECTIONS = 4096,
    BUFFER_BYTES = 256 * 1024,
    MOST_TIMES = 20 * 1000 * 1000,
    CHUNKED = -1,
    GRACE_US = 60 * 1000 * 1000,
};

struct connection {
    int fd;
    char *buffer;
    size_t filled, body_at; /* body_at is 0 until the head is whole */
    long body_bytes;        /* or CHUNKED */
    int is_busy;
    long long due_us;
};

static struct connection connections[MOST_CONNECTIONS];
static int idle[MOST_CONNECTIONS], idle_count;

static char *requests;
static size_t request_bytes;
static int port, request_count, poll_fd;
static double rate;
static long long began_us, until_us;

static unsigned *times_us;
static long asked, answers, answers_in_time, errors;

static long long now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void connect_again(int at) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.u32 = (unsigned)at});
    connections[at].fd = fd;
    connections[at].filled = connections[at].body_at = 0;
}

static void ask(struct connection *it, long long due_us) {
    const char *request = requests + (size_t)(asked++ % request_count) * request_bytes;
    size_t sent = 0;
    it->filled = it->body_at = 0;
    it->is_busy = 1;
    it->due_us = due_us;
    while (sent < request_bytes) {
        ssize_t more = send(it->fd, request + sent, request_bytes - sent, MSG_NOSIGNAL);
        if (more < 0 && errno != EAGAIN && errno != EINTR) return; /* the next read tells that it is lost */
        if (more > 0) sent += (size_t)more;
    }
}

/* When the next request is due: at its place in the schedule, or now where there is none. */
static long long next_due_us(long long now) { return rate > 0 ? began_us + (long long)((double)asked / rate * 1e6) : now; }

static void ask_what_is_due(void) {
    long long now = now_us(), due;
    while (idle_count > 0 && (due = next_due_us(now)) <= now && due < until_us) ask(&connections[idle[--idle_count]], due);
}

static void rest(int at) {
    connections[at].is_busy = 0;
    idle[idle_count++] = at;
}

/* Whether the buffer holds a whole answer, as far as Content-Length or the last chunk tells. */
static int is_whole(struct connection *it) {
    it->buffer[it->filled] = 0;
    if (it->body_at == 0) {
        char *end = strstr(it->buffer, "\r\n\r\n");
        if (end == NULL) return 0;
        char *length = strcasestr(it->buffer, "\ncontent-length:");
        it->body_at = (size_t)(end + 4 - it->buffer);
        it->body_bytes = length != NULL && length < end ? strtol(length + 16, NULL, 10) : CHUNKED;
    }
    if (it->body_bytes != CHUNKED) return it->filled >= it->body_at + (size_t)it->body_bytes;
    return it->filled >= it->body_at + 5 && memcmp(it->buffer + it->filled - 5, "0\r\n\r\n", 5) == 0;
}

static void hear(int at) {
    struct connection *it = &connections[at];
    ssize_t got = recv(it->fd, it->buffer + it->filled, BUFFER_BYTES - it->filled, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        close(it->fd);
        connect_again(at);
        if (it->is_busy) {
            errors++;
            rest(at);
        }
        return;
    }
    it->filled += (size_t)got;
    if (!is_whole(it)) return;
    long long now = now_us();
    if (strncmp(it->buffer, "HTTP/1.1 200", 12) != 0) errors++;
    if (now < until_us) answers_in_time++;
    if (answers < MOST_TIMES) times_us[answers++] = (unsigned)(now - it->due_us);
    rest(at);
}

/* Wakes the loop at each moment of the schedule; epoll's own timeout knows whole milliseconds only. */
static int start_ticking(void) {
    int ticker = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    long every_ns = (long)(1e9 / rate);
    struct timespec every = {.tv_sec = every_ns / 1000000000, .tv_nsec = every_ns % 1000000000};
    timerfd_settime(ticker, 0, &(struct itimerspec){.it_interval = every, .it_value = every}, NULL);
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, ticker, &(struct epoll_event){.events = EPOLLIN, .data.u32 = MOST_CONNECTIONS});
    return ticker;
}

static void read_requests(const char *file, int count) {
    FILE *source = fopen(file, "rb");
    if (source == NULL) {
        perror(file);
        exit(1);
    }
    fseek(source, 0, SEEK_END);
    size_t size = (size_t)ftell(source);
    rewind(source);
    requests = malloc(size);
    if (count < 1 || size % (size_t)count != 0 || fread(requests, 1, size, source) != size) {
        fprintf(stderr, "%s does not hold %d requests of one length\n", file, count);
        exit(1);
    }
    request_count = count;
    request_bytes = size / (size_t)count;
    fclose(source);
}

static int by_size(const void *left, const void *right) {
    unsigned a = *(const unsigned *)left, b = *(const unsigned *)right;
    return (a > b) - (a < b);
}

static unsigned percentile(int hundredths) { return answers > 0 ? times_us[answers * hundredths / 100] : 0; }

int main(int count, char **arguments) {
    if (count != 7 || atoi(arguments[4]) < 1 || atoi(arguments[4]) > MOST_CONNECTIONS) {
        fprintf(stderr, "usage: %s PORT REQUESTS COUNT CONNECTIONS SECONDS RATE\n", arguments[0]);
        return 2;
    }
    port = atoi(arguments[1]);
    read_requests(arguments[2], atoi(arguments[3]));
    int wanted = atoi(arguments[4]);
    double seconds = atof(arguments[5]);
    rate = atof(arguments[6]);
    times_us = malloc(sizeof *times_us * MOST_TIMES);
    poll_fd = epoll_create1(0);
    for (int at = 0; at < wanted; at++) {
        connections[at].buffer = malloc(BUFFER_BYTES + 1);
        connect_again(at);
        rest(at);
    }
    int ticker = rate > 0 ? start_ticking() : -1;
    began_us = now_us();
    until_us = began_us + (long long)(seconds * 1e6);
    ask_what_is_due();
    while (now_us() < until_us || (idle_count < wanted && now_us() < until_us + GRACE_US)) {
        struct epoll_event events[256];
        int ready = epoll_wait(poll_fd, events, 256, 100);
        for (int at = 0; at < ready; at++) {
            unsigned long long ticks;
            if (events[at].data.u32 < MOST_CONNECTIONS) hear((int)events[at].data.u32);
            else if (read(ticker, &ticks, sizeof ticks) < 0 && errno != EAGAIN) perror("timer");
        }
        ask_what_is_due();
    }
    errors += wanted - idle_count;
    qsort(times_us, (size_t)answers, sizeof *times_us, by_size);
    printf("{\"answers\": %ld, \"errors\": %ld, \"per_second\": %.1f, \"p50_us\": %u, \"p99_us\": %u}\n", answers, errors,
           (double)answers_in_time / seconds, percentile(50), percentile(99));
    return 0;
}
