/* A client that is not the bottleneck: one thread, epoll, no parsing beyond what a measure needs.
 *
 *   client drain PORT PATH CLIENTS                     read CLIENTS streams to their end
 *   client short PORT PATH AT_ONCE TOTAL               TOTAL short streams, AT_ONCE at a time
 *   client timed PORT PATH CLIENTS EVENTS PERIOD RAMP  CLIENTS streams of EVENTS events, one every
 *                                                      PERIOD seconds, opened over RAMP seconds
 *
 * Only to 127.0.0.1. Prints one JSON object; `timed` prints "ready" first, once every stream has its
 * first event. Every run ends by itself after LIMIT seconds, with exit code 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 120.0
#define BUFFER (1 << 20)
#define BATCH 1024

struct stream {
    int fd;
    int asked;         /* the request has been sent */
    int events;        /* blank lines seen in the body */
    char last;         /* last byte of the previous read */
    double *arrivals;  /* `timed` only: when each event was complete */
};

static int port, epoll, failed;
static char request[2048], buffer[BUFFER];
static size_t request_length;
static double began;
static unsigned long long total_bytes;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void check_limit(void) {
    if (now() - began > LIMIT) {
        fprintf(stderr, "client: not done after %.0f s\n", LIMIT);
        exit(1);
    }
}

/* Never wait for a connection: while the listen queue of a busy server is full, the kernel tries
 * again after seconds, and nothing else would be read meanwhile. */
static void start(struct stream *s) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    s->asked = 0;
    if (s->fd < 0) die("socket");
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(s->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        die("connect");
    struct epoll_event interest = {.events = EPOLLOUT, .data.ptr = s};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &interest)) die("epoll_ctl");
}

/* The connection stands: ask. */
static ssize_t ask(struct stream *s) {
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = s};
    if (send(s->fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) {
        failed++;
        close(s->fd);
        return 0;
    }
    s->asked = 1;
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, s->fd, &interest)) die("epoll_ctl");
    return -1;
}

/* Read what is there; return 0 at the end of the stream, else the number of bytes or -1. */
static ssize_t take(struct stream *s) {
    if (!s->asked) return ask(s);
    ssize_t got = recv(s->fd, buffer, BUFFER, 0);
    if (got > 0) total_bytes += got;
    else if (got == 0) close(s->fd);
    else if (errno != EAGAIN && errno != EINTR) {
        failed++;
        close(s->fd);
        return 0;
    }
    return got;
}

static void drain(int clients) {
    struct stream *streams = calloc(clients, sizeof *streams);
    struct epoll_event ready[BATCH];
    int open = clients;
    for (int i = 0; i < clients; i++) start(&streams[i]);
    while (open) {
        int n = epoll_wait(epoll, ready, BATCH, 1000);
        for (int i = 0; i < n; i++)
            if (take(ready[i].data.ptr) == 0) open--;
        check_limit();
    }
    printf("{\"seconds\": %.6f, \"bytes\": %llu, \"failed\": %d}\n", now() - began, total_bytes, failed);
}

static void short_streams(int at_once, int total) {
    struct stream *streams = calloc(at_once, sizeof *streams);
    struct epoll_event ready[BATCH];
    int started = at_once, ended = 0;
    for (int i = 0; i < at_once; i++) start(&streams[i]);
    while (ended < total) {
        int n = epoll_wait(epoll, ready, BATCH, 1000);
        for (int i = 0; i < n; i++) {
            if (take(ready[i].data.ptr) != 0) continue;
            ended++;
            if (started < total) {
                started++;
                start(ready[i].data.ptr);
            }
        }
        check_limit();
    }
    printf("{\"seconds\": %.6f, \"bytes\": %llu, \"failed\": %d}\n", now() - began, total_bytes, failed);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* An event is complete at its blank line: LF LF. The head ends with CR LF CR LF and has none. */
static int count(struct stream *s, ssize_t got, int wanted) {
    double at = now();
    for (ssize_t i = 0; i < got; i++) {
        if (buffer[i] == '\n' && s->last == '\n') {
            if (s->events < wanted) s->arrivals[s->events++] = at;
            s->last = 0;
        } else {
            s->last = buffer[i];
        }
    }
    return s->events;
}

/* Event k is due k periods after the stream began. When that was, only the server knows; no event
 * can be early, so it is at the latest the least of (arrival k - k periods). The same rule for every
 * server; one that drifts, or is late now and then, is late against its own best event. */
static void report(struct stream *streams, int clients, int wanted, double period, double ready_at) {
    double *late = malloc(sizeof(double) * clients * wanted);
    long n = 0, missing = 0;
    for (int i = 0; i < clients; i++) {
        struct stream *s = &streams[i];
        double origin = 1e300;
        for (int k = 0; k < s->events; k++)
            if (s->arrivals[k] - k * period < origin) origin = s->arrivals[k] - k * period;
        for (int k = 0; k < s->events; k++)
            if (s->arrivals[k] >= ready_at) late[n++] = 1e3 * (s->arrivals[k] - k * period - origin);
        missing += wanted - s->events;
    }
    qsort(late, n, sizeof *late, ascending);
    printf("{\"events\": %ld, \"missing\": %ld, \"failed\": %d, \"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f}\n",
           n, missing, failed, n ? late[n / 2] : -1, n ? late[n * 99 / 100] : -1, n ? late[n - 1] : -1);
}

static void timed(int clients, int wanted, double period, double ramp) {
    struct stream *streams = calloc(clients, sizeof *streams);
    struct epoll_event ready[BATCH];
    int started = 0, begun = 0, open = clients;
    double ready_at = 0;
    for (int i = 0; i < clients; i++) streams[i].arrivals = calloc(wanted, sizeof(double));
    while (open) {
        while (started < clients && now() - began >= ramp * started / clients) start(&streams[started++]);
        int n = epoll_wait(epoll, ready, BATCH, started < clients ? 1 : 100);
        for (int i = 0; i < n; i++) {
            struct stream *s = ready[i].data.ptr;
            ssize_t got = take(s);
            int before = s->events;
            int after = got > 0 ? count(s, got, wanted) : before;
            if (!before && after) begun++;
            if (got == 0) open--;
            else if (after == wanted) {
                close(s->fd);
                open--;
            }
        }
        if (!ready_at && begun == clients) {
            ready_at = now();
            printf("ready\n");
            fflush(stdout);
        }
        check_limit();
    }
    report(streams, clients, wanted, period, ready_at);
}

int main(int argc, char **argv) {
    struct rlimit files;
    if (argc < 5) {
        fprintf(stderr, "usage: see the head of client.c\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    port = atoi(argv[2]);
    request_length = snprintf(request, sizeof request,
                              "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n"
                              "Connection: close\r\n\r\n", argv[3], port);
    epoll = epoll_create1(0);
    began = now();
    if (!strcmp(argv[1], "drain")) drain(atoi(argv[4]));
    else if (!strcmp(argv[1], "short") && argc == 6) short_streams(atoi(argv[4]), atoi(argv[5]));
    else if (!strcmp(argv[1], "timed") && argc == 8)
        timed(atoi(argv[4]), atoi(argv[5]), atof(argv[6]), atof(argv[7]));
    else return 2;
    return 0;
}
