/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#define INTERVAL_NS 5000000 /* 5 ms */

struct memory_watch {
	pthread_t thread;
	atomic_bool stop;
	uint64_t peak_bytes;
};

/* RssAnon of /proc/self/status, proc(5). */
static uint64_t anonymous_bytes(int fd)
{
	char text[4096];
	uint64_t kib;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	char *at = strstr(text, "\nRssAnon:");
	if (!at)
		return 0;
	at += strlen("\nRssAnon:");
	at += strspn(at, " \t");
	at[strcspn(at, " \n")] = '\0';
	return parse_u64(at, 10, &kib) == 0 ? kib * KiB : 0;
}

static void *watch(void *arg)
{
	struct memory_watch *w = arg;
	const struct timespec interval = { .tv_nsec = INTERVAL_NS };
	_cleanup_close_ int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	while (fd >= 0) {
		w->peak_bytes = MAX(w->peak_bytes, anonymous_bytes(fd));
		if (atomic_load(&w->stop))
			break;
		nanosleep(&interval, NULL);
	}
	return NULL;
}

int memory_watch_start(struct memory_watch **ret, struct err *e)
{
	struct memory_watch *w = calloc(1, sizeof(*w));
	sigset_t all, old;

	if (!w)
		return err_oom(e);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int r = pthread_create(&w->thread, NULL, watch, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r) {
		free(w);
		return err_sys(e, -r, "start a thread");
	}
	*ret = w;
	return 0;
}

uint64_t memory_watch_stop(struct memory_watch *w)
{
	if (!w)
		return 0;
	atomic_store(&w->stop, true);
	pthread_join(w->thread, NULL);
	uint64_t peak = w->peak_bytes;
	free(w);
	return peak;
}
