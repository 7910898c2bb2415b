/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/repo/download.h"

#include <time.h>

#include "builder/repo/transfer.h"

const struct download_limits download_limits_default = {
	.connections = 8,
	.tries = 5,
	.backoff_ms = 500,
	.stall_seconds = 30,
};

#define MAX_CONNECTIONS 64

/* One run of downloads: a few transfers, each of which takes the next item when it is free. */
struct run {
	struct transfer_run shared;
	CURLM *multi;
	struct download *items;
	size_t n_items, next;
	struct transfer *slots;
	size_t n_slots;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int put_to_work(struct run *r, struct transfer *t, struct err *e)
{
	if (t->have && t->have == t->item->size_bytes)
		return transfer_end(t, CURLE_OK, now_ms(), e); /* an earlier run got all of it */
	int rc = transfer_prepare(t, e);

	if (rc < 0)
		return rc;
	if (curl_multi_add_handle(r->multi, t->easy) != CURLM_OK)
		return err_oom(e);
	t->state = TRANSFER_RUNNING;
	return 0;
}

/* Items into free slots, and those whose time has come to curl. */
static int fill_slots(struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->n_slots; i++) {
		struct transfer *t = &r->slots[i];
		while (t->state == TRANSFER_IDLE && r->next < r->n_items) {
			int rc = transfer_begin(t, &r->items[r->next++], e);
			if (rc < 0)
				return rc;
		}
		if (t->state == TRANSFER_WAITING && now_ms() >= t->not_before_ms) {
			int rc = put_to_work(r, t, e);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static int take_results(struct run *r, struct err *e)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(r->multi, &left))) {
		struct transfer *t = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		curl_multi_remove_handle(r->multi, t->easy);
		int rc = transfer_end(t, code, now_ms(), e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool is_idle(const struct run *r)
{
	for (size_t i = 0; i < r->n_slots; i++)
		if (r->slots[i].state != TRANSFER_IDLE)
			return false;
	return true;
}

static int loop(struct run *r, const struct pool *cancel, struct err *e)
{
	for (;;) {
		int running, rc = fill_slots(r, e);

		if (rc < 0)
			return rc;
		if (is_idle(r))
			return 0;
		rc = pool_check(cancel, e);
		if (rc < 0)
			return rc;
		if (curl_multi_perform(r->multi, &running) != CURLM_OK)
			return err_oom(e);
		rc = take_results(r, e);
		if (rc < 0)
			return rc;
		if (running && curl_multi_poll(r->multi, NULL, 0, 50, NULL) != CURLM_OK)
			return err_oom(e);
		if (!running && !is_idle(r))
			usleep(5000); /* all that is left waits for its next try */
	}
}

static int setup(struct run *r, struct err *e)
{
	r->multi = curl_multi_init();
	r->slots = calloc(r->n_slots, sizeof(*r->slots));
	if (!r->multi || !r->slots)
		return err_oom(e);
	for (size_t i = 0; i < r->n_slots; i++) {
		int rc = transfer_init(&r->slots[i], &r->shared, e);
		if (rc < 0)
			return rc;
	}
	curl_multi_setopt(r->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(r->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)r->n_slots);
	return 0;
}

static void teardown(struct run *r)
{
	for (size_t i = 0; r->slots && i < r->n_slots; i++) {
		struct transfer *t = &r->slots[i];
		if (t->easy && t->state == TRANSFER_RUNNING)
			curl_multi_remove_handle(r->multi, t->easy);
		transfer_done(t);
	}
	free(r->slots);
	if (r->multi)
		curl_multi_cleanup(r->multi);
	curl_global_cleanup();
}

int download_run(struct download *items, size_t n, const struct download_params *p, struct err *e)
{
	const struct download_limits *limits = p->limits ? p->limits : &download_limits_default;
	struct run r = {
		.shared = { .limits = limits, .what = p->what, .progress = p->progress },
		.items = items,
		.n_items = n,
		.n_slots = MIN(MIN(MAX(limits->connections, 1U), MAX_CONNECTIONS), MAX(n, 1)),
	};

	for (size_t i = 0; i < n; i++)
		if (items[i].size_bytes != UINT64_MAX &&
		    add_overflows(r.shared.total_bytes, items[i].size_bytes, &r.shared.total_bytes))
			return err_set(e, -EOVERFLOW, "the sizes to download add up to too much");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_oom(e);
	int rc = setup(&r, e);
	if (rc == 0)
		rc = loop(&r, p->cancel, e);
	teardown(&r);
	return rc;
}
