/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the work has come: a line that is drawn over on a terminal; elsewhere a line when a step
 * ends, and now and then while a long one lasts.
 *
 * update() is called by many threads at once, for each few MiB: it stores what it is told into its
 * step's slot and looks at the clock. Only the one caller that finds the next drawing due, and an end
 * of a step, take the lock.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/buf.h"
#include "builder/cli/cli.h"

#define REDRAW_MS   100
#define SAY_MS	    10000 /* not on a terminal */
#define MAX_STEPS   8
#define MAX_COLUMNS 100U

/* One thing that is being worked on. Its name is set once; total is 0 while it is not running. */
struct step {
	_Atomic(const char *) what;
	atomic_uint_fast64_t done, total;
	atomic_bool ended;
};

struct cli_progress {
	struct progress base;
	struct step steps[MAX_STEPS];
	_Atomic(const char *) activity; /* what goes on, when nothing that can be measured does */
	atomic_int_fast64_t due_ms;
	pthread_mutex_t lock; /* of the terminal, and of drawn */
	bool terminal, drawn;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static size_t columns(void)
{
	struct winsize w;
	bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col;

	return MIN(known ? w.ws_col : 80U, MAX_COLUMNS);
}

static struct step *find_step(struct cli_progress *c, const char *what)
{
	for (size_t i = 0; i < MAX_STEPS; i++) {
		struct step *s = &c->steps[i];
		const char *name = atomic_load(&s->what);
		if (!name && atomic_compare_exchange_strong(&s->what, &name, what))
			return s;
		if (str_eq(name, what))
			return s;
	}
	return NULL;
}

static bool is_running(const struct step *s, uint64_t *done, uint64_t *total)
{
	*total = atomic_load(&s->total);
	*done = MIN(atomic_load(&s->done), *total);
	return *total && !atomic_load(&s->ended);
}

/* "ext4 [#####     ]  45 % of 306.9 MiB", the bar as wide as @width leaves room for. */
static void format_step(const char *what, uint64_t done, uint64_t total, size_t width,
			struct buf *out)
{
	unsigned int percent = (unsigned int)((double)done * 100 / (double)total);
	char end[64];

	snprintf(end, sizeof(end), "%3u %% of %.1f MiB", percent, (double)total / (double)MiB);
	size_t taken = strlen(what) + 1 + strlen(end);
	buf_append_str(out, what);
	if (taken + 13 <= width) {
		size_t bar = MIN(width - taken - 3, 40U), full = bar * percent / 100;
		buf_append_str(out, " [");
		for (size_t i = 0; i < bar; i++)
			buf_append_str(out, i < full ? "#" : " ");
		buf_append_str(out, "]");
	}
	buf_append_str(out, " ");
	buf_append_str(out, end);
}

static size_t count_running(const struct cli_progress *c)
{
	uint64_t done, total;
	size_t n = 0;

	for (size_t i = 0; i < MAX_STEPS; i++)
		n += is_running(&c->steps[i], &done, &total);
	return n;
}

/* Everything that is running, beside each other, on one line that does not wrap. */
static void format_line(const struct cli_progress *c, struct buf *out)
{
	size_t running = count_running(c), width = columns() - 1;
	const char *activity = atomic_load(&c->activity);
	uint64_t done, total;

	for (size_t i = 0; running && i < MAX_STEPS; i++) {
		if (!is_running(&c->steps[i], &done, &total))
			continue;
		buf_append_str(out, out->len ? "  " : "");
		format_step(atomic_load(&c->steps[i].what), done, total,
			    (width - 2 * (running - 1)) / running, out);
	}
	if (!running && activity)
		buf_printf(out, "%s …", activity);
	if (out->len > width && running)
		out->len = width;
}

static void erase(struct cli_progress *c)
{
	if (c->drawn)
		fputs("\r\033[K", stderr);
	c->drawn = false;
}

static void draw(struct cli_progress *c)
{
	_cleanup_buf_ struct buf line = BUF_INIT;

	format_line(c, &line);
	fprintf(stderr, "\r%.*s\033[K", (int)line.len, buf_str(&line));
	fflush(stderr);
	c->drawn = line.len;
}

static void say(const struct cli_progress *c)
{
	uint64_t done, total;

	for (size_t i = 0; i < MAX_STEPS; i++)
		if (is_running(&c->steps[i], &done, &total))
			fprintf(stderr, "%s: %.0f of %.1f MiB\n", atomic_load(&c->steps[i].what),
				(double)done / (double)MiB, (double)total / (double)MiB);
}

/* Is it this caller's turn to show something? */
static bool take_turn(struct cli_progress *c)
{
	int64_t now = now_ms(), due = atomic_load_explicit(&c->due_ms, memory_order_relaxed);

	return now >= due && atomic_compare_exchange_strong(
				     &c->due_ms, &due, now + (c->terminal ? REDRAW_MS : SAY_MS));
}

/* Nothing to measure: the name alone. */
static void set_activity(struct cli_progress *c, const char *what)
{
	atomic_store(&c->activity, what);
	if (!c->terminal)
		return;
	pthread_mutex_lock(&c->lock);
	draw(c);
	pthread_mutex_unlock(&c->lock);
}

static void end_step(struct cli_progress *c, struct step *s)
{
	if (atomic_exchange(&s->ended, true))
		return;
	pthread_mutex_lock(&c->lock);
	if (c->terminal)
		draw(c);
	else
		fprintf(stderr, "%s: %.1f MiB\n", atomic_load(&s->what),
			(double)atomic_load(&s->total) / (double)MiB);
	pthread_mutex_unlock(&c->lock);
}

static void update(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
	struct cli_progress *c = (struct cli_progress *)p;
	struct step *s;

	if (total == 0) {
		set_activity(c, what);
		return;
	}
	s = find_step(c, what);
	if (!s)
		return;
	if (atomic_load_explicit(&s->total, memory_order_relaxed) != total) {
		atomic_store(&s->total, total); /* a first time, or the same step once more */
		atomic_store(&s->ended, false);
	}
	atomic_store_explicit(&s->done, done, memory_order_relaxed);
	if (done >= total) {
		end_step(c, s);
	} else if (take_turn(c)) {
		pthread_mutex_lock(&c->lock);
		if (c->terminal)
			draw(c);
		else
			say(c);
		pthread_mutex_unlock(&c->lock);
	}
}

static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && *term && !str_eq(term, "dumb");
}

struct progress *cli_progress_new(bool quiet)
{
	struct cli_progress *c = quiet ? NULL : calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->base.update = update;
	pthread_mutex_init(&c->lock, NULL);
	c->terminal = is_terminal();
	/* What is over at once is not shown at all. */
	c->due_ms = now_ms() + (c->terminal ? REDRAW_MS : SAY_MS);
	return &c->base;
}

void cli_progress_free(struct progress *p)
{
	struct cli_progress *c = (struct cli_progress *)p;

	if (!c)
		return;
	erase(c);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void cli_progress_end(struct progress *p)
{
	struct cli_progress *c = (struct cli_progress *)p;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	erase(c);
	pthread_mutex_unlock(&c->lock);
}

/* A line of text, where the bar was if there is one. */
static int print_line(const struct cli *c, FILE *f, const char *head, const char *fmt, va_list ap)
{
	struct cli_progress *p = (struct cli_progress *)c->progress;

	if (p) {
		pthread_mutex_lock(&p->lock);
		erase(p);
	}
	fputs(head, f);
	vfprintf(f, fmt, ap);
	putc('\n', f);
	int r = fflush(f) == 0 ? 0 : -errno;
	if (p)
		pthread_mutex_unlock(&p->lock);
	return r;
}

void cli_note(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	va_start(ap, fmt);
	int r = print_line(c, c->json ? stderr : stdout, "", fmt, ap);
	if (r < 0 && !c->json && !*c->print_error)
		*c->print_error = r;
	va_end(ap);
}

void cli_warn(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(c, stderr, "slipway: warning: ", fmt, ap);
	va_end(ap);
}
