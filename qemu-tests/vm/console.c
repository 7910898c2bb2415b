/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console of a running machine: its log, its text, what is typed at it, and waiting for it. */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "qemu-tests/vm/vm_internal.h"

static int write_all(int fd, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd f = { fd, POLLOUT, 0 };
			poll(&f, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		}
		p += MAX(n, 0);
		len -= (size_t)MAX(n, 0);
	}
	return 0;
}

static void on_output(struct vm *vm, const void *data, size_t len)
{
	vm_console_feed(&vm->console, data, len);
	if (vm->console_log >= 0 && write_all(vm->console_log, data, len) < 0)
		close(TAKE_FD(vm->console_log));
	if (vm->tap >= 0) {
		vm->tap_error = write_all(vm->tap, data, len);
		if (vm->tap_error < 0)
			vm->tap = -1;
	}
}

static int send_unsent(struct vm *vm)
{
	struct buf *b = &vm->unsent;
	ssize_t n = send(vm->console_fd, b->data, b->len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0) {
		memmove(b->data, b->data + n, b->len - (size_t)n);
		b->len -= (size_t)n;
	}
	return sd_event_source_set_io_events(vm->console_source, EPOLLIN | (b->len ? EPOLLOUT : 0));
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *data)
{
	struct vm *vm = data;
	char bytes[16384];

	if (revents & EPOLLOUT && vm->unsent.len)
		send_unsent(vm);
	if (!(revents & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return 0;
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return sd_event_source_set_enabled(s, SD_EVENT_OFF);
	on_output(vm, bytes, (size_t)n);
	return 0;
}

int vm_open_console(struct vm *vm, int fd, struct err *e)
{
	vm->console_fd = fd;
	int r = sd_event_add_io(vm->host->event, &vm->console_source, fd, EPOLLIN, on_io, vm);
	return r < 0 ? err_sys(e, r, "watch the console") : 0;
}

int vm_console_send(struct vm *vm, const void *data, size_t len, struct err *e)
{
	if (!vm_running(vm))
		return vm_gone(vm, e);
	buf_append(&vm->unsent, data, len);
	if (buf_failed(&vm->unsent))
		return err_oom(e);
	if (!vm->unsent.len)
		return 0;
	int r = send_unsent(vm);
	return r < 0 ? err_sys(e, r, "type at the console") : 0;
}

const char *vm_console_text(const struct vm *vm)
{
	return buf_str(&vm->console.text);
}

/* What the console said last, for messages. */
static void last_line(const struct vm *vm, char *ret, size_t size)
{
	const char *text = vm_console_text(vm);
	size_t end = strlen(text), start;

	while (end && strchr("\n ", text[end - 1]))
		end--;
	for (start = end; start && text[start - 1] != '\n';)
		start--;
	snprintf(ret, size, "%.*s", (int)MIN(end - start, size - 1), text + start);
}

int vm_gone(struct vm *vm, struct err *e)
{
	char line[256];

	last_line(vm, line, sizeof(line));
	if (vm->expired)
		return err_set(e, -ESRCH, "VM %s was ended by its limit of %u s; its last line: %s",
			       vm->name, vm->limit_sec, line);
	return err_set(e, -ESRCH, "VM %s has ended (%sQEMU's status %d); its last line: %s",
		       vm->name, vm->shutdown_reason, vm->qemu.status, line);
}

static int timed_out(struct vm *vm, const struct vm_pattern *patterns, size_t n,
		     unsigned int timeout_sec, struct err *e)
{
	const char *what = "nothing";
	char line[256];

	for (size_t i = n; i-- > 0;)
		if (!patterns[i].failure)
			what = patterns[i].text;
	last_line(vm, line, sizeof(line));
	return err_set(e, -ETIME, "VM %s: no '%s' on the console within %u s; its last line: %s",
		       vm->name, what, timeout_sec ? timeout_sec : VM_TIMEOUT_SEC, line);
}

/* A failure that tells of a starved emulator is none: the guest goes on from there, or is reset. */
static int match(struct vm *vm, const struct vm_pattern *patterns, size_t n, struct err *e)
{
	for (;;) {
		_cleanup_free_ char *line = NULL;

		int r = vm_console_match(&vm->console, patterns, n, &line, e);
		if (r < 0 || !patterns[r].failure)
			return r;
		if (vm->accel != VM_ACCEL_TCG || !vm_console_is_stall(line))
			return err_set(e, -EBADMSG, "VM %s: the console says: %s", vm->name, line);
	}
}

int vm_wait_console(struct vm *vm, const struct vm_pattern *patterns, size_t n,
		    unsigned int timeout_sec, struct err *e)
{
	uint64_t deadline = vm_deadline(timeout_sec);

	for (;;) {
		bool ended = !vm_running(vm);
		if (ended && vm->console.line_len)
			vm_console_feed(&vm->console, "\n", 1);
		int r = match(vm, patterns, n, e);
		if (r != -EAGAIN)
			return r;
		if (ended)
			return vm_gone(vm, e);
		r = vm_serve(vm->host, deadline, e);
		if (r == -ETIME)
			return timed_out(vm, patterns, n, timeout_sec, e);
		if (r < 0)
			return r;
	}
}

int vm_wait_said(struct vm *vm, size_t bytes, unsigned int timeout_sec, struct err *e)
{
	uint64_t deadline = vm_deadline(timeout_sec);

	while (vm->console.text.len <= bytes) {
		if (!vm_running(vm))
			return vm_gone(vm, e);
		int r = vm_serve(vm->host, deadline, e);
		if (r < 0)
			return err_wrap(e, r, "VM %s: wait for its console", vm->name);
	}
	return 0;
}

int vm_expect(struct vm *vm, const char *text, unsigned int timeout_sec, struct err *e)
{
	const struct vm_pattern patterns[] = {
		{ .text = text },
		{ .text = "Kernel panic", .failure = true },
		{ .text = "[Ee]mergency (mode|shell)", .regex = true, .failure = true },
		{ .text = "Freezing execution", .failure = true },
		{ .text = "No bootable option or device was found", .failure = true },
		{ .text = "Failed to load Boot", .failure = true },
	};
	int r = vm_wait_console(vm, patterns, ARRAY_SIZE(patterns), timeout_sec, e);

	return MIN(r, 0);
}
