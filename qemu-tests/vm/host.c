/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop and its clock. */
#include <time.h>

#include "qemu-tests/vm/vm_internal.h"

#define USEC_PER_SEC UINT64_C(1000000)

uint64_t vm_now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

static int copy(const char **s)
{
	if (!*s)
		return 0;
	*s = strdup(*s);
	return *s ? 0 : -ENOMEM;
}

int vm_host_new(const struct vm_host_params *p, struct vm_host **ret, struct err *e)
{
	_cleanup_(vm_host_free) struct vm_host *h = calloc(1, sizeof(*h));

	if (!h)
		return err_oom(e);
	h->kvm_works = -1;
	h->p.arch = p->arch;
	h->p.accel = p->accel;
	const char *from[] = { p->qemu, p->firmware_dir, p->tmp_dir, p->cache_dir, p->log_dir };
	const char **to[] = { &h->p.qemu, &h->p.firmware_dir, &h->p.tmp_dir, &h->p.cache_dir,
			      &h->p.log_dir };
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		*to[i] = from[i];
		if (copy(to[i]) < 0)
			return err_oom(e);
	}
	int r = sd_event_new(&h->event);
	if (r < 0)
		return err_sys(e, r, "event loop");
	*ret = TAKE_PTR(h);
	return 0;
}

void vm_host_free(struct vm_host *h)
{
	if (!h)
		return;
	sd_event_unref(h->event);
	free((char *)h->p.qemu);
	free((char *)h->p.firmware_dir);
	free((char *)h->p.tmp_dir);
	free((char *)h->p.cache_dir);
	free((char *)h->p.log_dir);
	free(h);
}

uint64_t vm_deadline(unsigned int timeout_sec)
{
	return vm_now_usec() + (timeout_sec ? timeout_sec : VM_TIMEOUT_SEC) * USEC_PER_SEC;
}

int vm_serve(struct vm_host *h, uint64_t deadline, struct err *e)
{
	uint64_t now = vm_now_usec();

	if (now >= deadline)
		return err_set(e, -ETIME, "time is over");
	int r = sd_event_run(h->event, deadline - now);
	return r < 0 ? err_sys(e, r, "event loop") : 0;
}
