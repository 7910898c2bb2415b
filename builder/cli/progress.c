/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bar that is drawn over on a terminal; elsewhere a line when a step ends. */
#include <pthread.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <time.h>

#include "builder/cli/cli.h"

#define REDRAW_MS 100

struct cli_progress {
	struct progress base;
	pthread_mutex_t lock;
	bool terminal, drawn;
	char what[64]; /* the step that is shown */
	int64_t last_ms;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static unsigned int columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40 ? w.ws_col : 80;
}

static void draw(struct cli_progress *c, uint64_t done, uint64_t total)
{
	unsigned int width = MIN(columns(), 120U) - 38;
	unsigned int full = total ? (unsigned int)((double)done / (double)total * width) : 0;

	fprintf(stderr, "\r%-20.20s [", c->what);
	for (unsigned int i = 0; i < width; i++)
		fputc(i < full ? '#' : ' ', stderr);
	fprintf(stderr, "] %6.1f MiB\033[K", (double)done / (double)MiB);
	c->drawn = true;
}

static void end_line(struct cli_progress *c)
{
	if (c->drawn)
		fputs("\r\033[K", stderr);
	c->drawn = false;
}

static void update(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
	struct cli_progress *c = (struct cli_progress *)p;
	bool end = total && done >= total;

	pthread_mutex_lock(&c->lock);
	int64_t now = now_ms();
	if (c->terminal) {
		snprintf(c->what, sizeof(c->what), "%s", what);
		if (end)
			end_line(c);
		else if (now - c->last_ms >= REDRAW_MS)
			draw(c, done, total), c->last_ms = now;
	} else if (end) {
		fprintf(stderr, "%s: %.1f MiB\n", what, (double)done / (double)MiB);
	}
	pthread_mutex_unlock(&c->lock);
}

struct progress *cli_progress_new(bool quiet)
{
	if (quiet)
		return NULL;
	struct cli_progress *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->base.update = update;
	pthread_mutex_init(&c->lock, NULL);
	c->terminal = isatty(STDERR_FILENO);
	return &c->base;
}

void cli_progress_end(struct progress *p)
{
	struct cli_progress *c = (struct cli_progress *)p;

	if (c)
		end_line(c);
}

void cli_progress_free(struct progress *p)
{
	cli_progress_end(p);
	free(p);
}

void cli_note(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	cli_progress_end(c->progress);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void cli_warn(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	cli_progress_end(c->progress);
	fputs("slipway: warning: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
