/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A web server in a thread of the test, on the loopback: files of one directory, one request at a
 * time, and every way to get it wrong that a mirror may find.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/test/support.h"

enum http_fault {
	HTTP_FINE,
	HTTP_NOT_FOUND,
	HTTP_BUSY,	    /* 503 */
	HTTP_BROKEN,	    /* announces all, sends the first half and hangs up */
	HTTP_SHORT,	    /* announces and sends the first half */
	HTTP_UNANNOUNCED,   /* says no length, sends the first half and hangs up */
	HTTP_LONG,	    /* a byte more than there should be */
	HTTP_CHANGED,	    /* the first byte is another */
	HTTP_STALL,	    /* sends the first half and then nothing, until the client has enough */
	HTTP_HANG_UP,	    /* says nothing at all */
	HTTP_NO_RANGES,	    /* sends all, whatever part is asked for */
	HTTP_BAD_RANGE,	    /* sends from the start and says so, whatever part is asked for */
	HTTP_RANGE_REFUSED, /* 416 when a part is asked for */
	HTTP_TO_FILE,	    /* redirects to a file address */
	HTTP_MOVED,	    /* redirects to the same path below /moved */
};

struct http_server {
	char *dir;
	int fd;
	char url[64];
	pthread_t thread;
	atomic_int fault;
	atomic_int faulty_requests; /* how many requests meet the fault; then all is well */
	atomic_uint n_requests, n_ranges, n_escaped;
	atomic_bool stop;
};

struct http_request {
	char path[1024];
	uint64_t from;
	bool has_range;
};

static inline void http_send(int fd, const void *data, size_t len)
{
	for (const char *p = data; len > 0;) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		p += n, len -= (size_t)n;
	}
}

/* Up to the empty line; false when the client has gone. */
static inline bool http_read_head(int fd, char *head, size_t cap)
{
	size_t len = 0;

	while (len < cap - 1) {
		ssize_t n = recv(fd, head + len, cap - 1 - len, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return true;
	}
	return false;
}

static inline bool http_parse(struct http_server *s, char *head, struct http_request *q)
{
	char *end = strstr(head, " HTTP/"), *range = strcasestr(head, "\r\nRange: bytes=");
	size_t n = 0;

	if (strncmp(head, "GET /", 5) != 0 || !end)
		return false;
	for (char *p = head + 4; p < end && n < sizeof(q->path) - 1; p++) {
		unsigned int c;
		if (*p == '%' && sscanf(p + 1, "%2x", &c) == 1) {
			q->path[n++] = (char)c;
			p += 2;
			s->n_escaped++;
		} else {
			q->path[n++] = *p;
		}
	}
	q->path[n] = '\0';
	q->has_range = range != NULL;
	q->from = range ? strtoull(range + 15, NULL, 10) : 0;
	return true;
}

static inline void http_status(int fd, const char *status, const char *more)
{
	_cleanup_free_ char *text = str_printf("HTTP/1.1 %s\r\n%sContent-Length: 0\r\n"
					       "Connection: close\r\n\r\n",
					       status, more);

	http_send(fd, text, strlen(text));
}

static inline void http_send_file(int fd, struct http_request *q, uint8_t *data, size_t len,
				  enum http_fault fault)
{
	bool partial = q->has_range && fault != HTTP_NO_RANGES;
	uint64_t from = partial && fault != HTTP_BAD_RANGE ? MIN(q->from, len) : 0;
	size_t n = len - from;
	size_t sent = n, said = n;
	_cleanup_buf_ struct buf head = BUF_INIT;

	if (fault == HTTP_BROKEN || fault == HTTP_SHORT || fault == HTTP_STALL ||
	    fault == HTTP_UNANNOUNCED)
		sent = n / 2;
	if (fault == HTTP_SHORT)
		said = sent;
	if (fault == HTTP_LONG)
		sent = said = n + 1; /* there is a NUL after the data */
	if (fault == HTTP_CHANGED)
		data[0] ^= 1;
	buf_printf(&head, "HTTP/1.1 %s\r\nConnection: close\r\n",
		   partial ? "206 Partial Content" : "200 OK");
	if (partial)
		buf_printf(&head, "Content-Range: bytes %llu-%zu/%zu\r\n", (unsigned long long)from,
			   len - 1, len);
	if (fault != HTTP_UNANNOUNCED)
		buf_printf(&head, "Content-Length: %zu\r\n", said);
	buf_append_str(&head, "\r\n");
	http_send(fd, head.data, head.len);
	http_send(fd, data + from, sent);
	if (fault == HTTP_STALL) {
		struct pollfd p = { fd, POLLIN | POLLRDHUP, 0 };
		poll(&p, 1, 20000);
	}
}

static inline void http_serve_path(struct http_server *s, int fd, struct http_request *q,
				   enum http_fault fault)
{
	const char *path = str_has_prefix(q->path, "/moved/") ? q->path + 6 : q->path;
	_cleanup_free_ char *full = str_printf("%s%s", s->dir, path);
	_cleanup_free_ char *moved = str_printf("Location: %s/moved%s\r\n", s->url, path);
	_cleanup_close_ int file = open(full, O_RDONLY | O_CLOEXEC);
	off_t len = file < 0 ? -1 : lseek(file, 0, SEEK_END);

	if (fault == HTTP_NOT_FOUND || len < 0)
		return http_status(fd, "404 Not Found", "");
	if (fault == HTTP_BUSY)
		return http_status(fd, "503 Busy", "");
	if (fault == HTTP_RANGE_REFUSED && q->has_range)
		return http_status(fd, "416 No", "");
	if (fault == HTTP_TO_FILE)
		return http_status(fd, "302 There", "Location: file:///etc/passwd\r\n");
	if (fault == HTTP_MOVED && path == q->path)
		return http_status(fd, "302 There", moved);
	_cleanup_free_ uint8_t *data = calloc(1, (size_t)len + 1);
	if (pread(file, data, (size_t)len, 0) == len)
		http_send_file(fd, q, data, (size_t)len, fault);
}

static inline void *http_run(void *ctx)
{
	struct http_server *s = ctx;

	for (;;) {
		_cleanup_close_ int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
		struct http_request q;
		char head[8192];

		if (s->stop)
			return NULL;
		if (fd < 0 || !http_read_head(fd, head, sizeof(head)) || !http_parse(s, head, &q))
			continue;
		enum http_fault fault = HTTP_FINE;
		if (s->faulty_requests > 0) {
			s->faulty_requests--;
			fault = (enum http_fault)s->fault;
		}
		s->n_requests++;
		s->n_ranges += q.has_range;
		if (fault != HTTP_HANG_UP)
			http_serve_path(s, fd, &q, fault);
	}
}

/** http_start() - serve what lies below @dir */
static inline void http_start(struct http_server *s, const char *dir)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	setenv("no_proxy", "*", 1);
	memset(s, 0, sizeof(*s));
	s->dir = strdup(dir);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(s->fd, 64), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", ntohs(a.sin_port));
	ck_assert_int_eq(pthread_create(&s->thread, NULL, http_run, s), 0);
}

/** http_break() - the next @n requests meet a fault; the counters start again */
static inline void http_break(struct http_server *s, enum http_fault fault, int n)
{
	s->fault = (int)fault;
	s->faulty_requests = n;
	s->n_requests = s->n_ranges = s->n_escaped = 0;
}

static inline void http_stop(struct http_server *s)
{
	s->stop = true;
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	free(s->dir);
}
