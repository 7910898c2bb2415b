/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands in the guest, over SSH: the ssh program, a key that only this machine knows, a forwarded port
 * on the loopback interface. One master connection is kept, since a handshake is slow without KVM. Before
 * ssh is tried, a plain connection waits for sshd's greeting: QEMU accepts connections long before the
 * guest does.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include "base/run.h"
#include "qemu-tests/vm/vm_internal.h"

#define RETRY_USEC UINT64_C(500000)
/* A connection made before the guest's network is up is slow to notice it, and a loaded guest is slow to
 * greet: each is given up for a new one after more retries than the last. */
#define PROBE_PATIENCE_MIN 4
#define PROBE_PATIENCE_MAX 40

/* " TCP[HOST_FORWARD]  20  127.0.0.1 41233  10.0.2.15  22" */
static unsigned int find_port(const char *text)
{
	unsigned int port;

	while ((text = strstr(text, "TCP[HOST_FORWARD]"))) {
		if (sscanf(text, "TCP[HOST_FORWARD] %*d 127.0.0.1 %u", &port) == 1)
			return port;
		text++;
	}
	return 0;
}

int vm_channel_start(struct vm *vm, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *o = NULL;
	int r = vm_call(vm, "human-monitor-command", "{\"command-line\":\"info usernet\"}", &o, e);

	if (r < 0)
		return r;
	vm->channel.port = find_port(json_object_get_string(o));
	if (!vm->channel.port)
		return err_set(e, -EIO, "VM %s: QEMU forwards no port", vm->name);
	return 0;
}

unsigned int vm_ssh_port(const struct vm *vm)
{
	return vm->channel.port;
}

const char *vm_ssh_key(const struct vm *vm)
{
	return vm->channel.key;
}

static void close_probe(struct channel *c)
{
	c->probe_source = sd_event_source_disable_unref(c->probe_source);
	if (c->probe >= 0)
		close(TAKE_FD(c->probe));
}

static int on_probe(unused_ sd_event_source *s, int fd, unused_ uint32_t revents, void *data)
{
	struct channel *c = data;
	char text[64] = "";
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return 0;
	c->greeted = n > 0 && str_has_prefix(text, "SSH-");
	close_probe(c);
	return 0;
}

static int start_probe(struct vm *vm)
{
	struct channel *c = &vm->channel;
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)c->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	c->probe_age = 0;
	c->probe_due = false;
	c->probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->probe < 0)
		return -errno;
	if (connect(c->probe, (struct sockaddr *)&a, sizeof(a)) < 0 && errno != EINPROGRESS) {
		close_probe(c);
		return 0; /* the next retry may do */
	}
	return sd_event_add_io(vm->host->event, &c->probe_source, c->probe, EPOLLIN, on_probe, c);
}

static const char *const ssh_options[] = {
	"-F", "none",
	"-o", "StrictHostKeyChecking=no",
	"-o", "UserKnownHostsFile=/dev/null",
	"-o", "LogLevel=ERROR",
	"-o", "BatchMode=yes",
	"-o", "IdentitiesOnly=yes",
	"-o", "PreferredAuthentications=publickey",
	"-o", "ConnectTimeout=60",
	"-o", "Compression=no",
};

/* ssh <common options> <mode> … root@127.0.0.1 [command] */
static int ssh_args(const struct channel *c, bool master, const char *command, struct strv *argv)
{
	int r = strv_add(argv, "ssh");

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(ssh_options); i++)
		r = strv_add(argv, ssh_options[i]);
	if (r < 0 || (r = strv_addf(argv, "-p%u", c->port)) < 0 ||
	    (r = strv_addf(argv, "-i%s", c->key)) < 0 ||
	    (r = strv_addf(argv, "-S%s", c->socket)) < 0 ||
	    (r = strv_add(argv, master ? "-MN" : "-oControlMaster=no")) < 0 ||
	    (r = strv_add(argv, "root@127.0.0.1")) < 0 || !command)
		return r;
	r = strv_add(argv, "--");
	return r < 0 ? r : strv_add(argv, command);
}

static int start_master(struct vm *vm, struct err *e)
{
	_cleanup_strv_ struct strv argv = STRV_INIT;
	struct channel *c = &vm->channel;

	c->greeted = false; /* when this fails, the next try starts over */
	unlink(c->socket);
	if (ssh_args(c, true, NULL, &argv) < 0)
		return err_oom(e);
	struct child_params cp = {
		.argv = (const char *const *)argv.v, .in = -1, .out = -1, .diag = vm->qemu_log
	};
	child_kill(&c->master);
	int r = child_start(&c->master, vm->host->event, &cp, e);
	return r == -ENOENT ? err_set(e, r, "ssh is missing: install openssh-client") : r;
}

/* Nothing to do but wake the loop: the socket is looked for there. */
static int on_socket(unused_ sd_event_source *s, unused_ const struct inotify_event *event,
		     unused_ void *data)
{
	return 0;
}

static int on_retry(sd_event_source *s, unused_ uint64_t usec, void *data)
{
	struct channel *c = data;

	if (c->probe >= 0 && ++c->probe_age > c->probe_patience) {
		c->probe_patience = MIN(c->probe_patience + 1, PROBE_PATIENCE_MAX);
		close_probe(c);
	}
	c->probe_due = true;
	int r = sd_event_source_set_time_relative(s, RETRY_USEC);
	return r < 0 ? r : sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int watch_connecting(struct vm *vm, struct err *e)
{
	struct channel *c = &vm->channel;
	int r = 0;

	c->probe_due = true;
	c->probe_patience = PROBE_PATIENCE_MIN;
	if (!c->socket_source)
		r = sd_event_add_inotify(vm->host->event, &c->socket_source, vm->dir, IN_CREATE,
					 on_socket, c);
	if (r >= 0 && !c->retry_source)
		r = sd_event_add_time_relative(vm->host->event, &c->retry_source, CLOCK_MONOTONIC,
					       RETRY_USEC, 0, on_retry, c);
	return r < 0 ? err_sys(e, r, "watch the channel") : 0;
}

static void unwatch_connecting(struct channel *c)
{
	c->socket_source = sd_event_source_disable_unref(c->socket_source);
	c->retry_source = sd_event_source_disable_unref(c->retry_source);
	close_probe(c);
}

/* One step further. Return: 1 the connection stands; 0 wait for what comes next. */
static int connect_step(struct vm *vm, struct err *e)
{
	struct channel *c = &vm->channel;
	int r = 0;

	if (child_running(&c->master))
		return access(c->socket, F_OK) == 0;
	if (c->greeted)
		return start_master(vm, e);
	if (c->probe < 0 && c->probe_due)
		r = start_probe(vm);
	return r < 0 ? err_sys(e, r, "connect to port %u", c->port) : 0;
}

static int channel_connect(struct vm *vm, uint64_t deadline, struct err *e)
{
	int r = watch_connecting(vm, e);

	while (r >= 0) {
		if (!vm_running(vm))
			return vm_gone(vm, e);
		r = connect_step(vm, e);
		if (r > 0)
			break;
		if (r >= 0)
			r = vm_serve(vm->host, deadline, e);
	}
	unwatch_connecting(&vm->channel);
	if (r == -ETIME)
		return err_set(e, r, "VM %s: no SSH in time (see %s.qemu)", vm->name, vm->name);
	return MIN(r, 0);
}

/* A command on its way. */
struct session {
	struct child ssh;
	int pipes[2]; /* its standard output and error; -1 at their end */
	sd_event_source *sources[2];
	struct buf *bufs[2];
	struct buf own[2];
};

static void session_done(struct session *s)
{
	child_kill(&s->ssh);
	for (int i = 0; i < 2; i++) {
		sd_event_source_disable_unref(s->sources[i]);
		cleanup_close_fd(&s->pipes[i]);
		buf_done(&s->own[i]);
	}
}

static int on_pipe(sd_event_source *source, int fd, unused_ uint32_t revents, void *data)
{
	struct session *s = data;
	int i = fd == s->pipes[1];
	uint8_t *room = buf_grow(s->bufs[i], 65536);
	ssize_t n = room ? read(fd, room, 65536) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0) {
		s->bufs[i]->len += (size_t)n;
		s->bufs[i]->data[s->bufs[i]->len] = '\0';
		return 0;
	}
	int r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
	close(TAKE_FD(s->pipes[i]));
	return r;
}

static int session_start(struct vm *vm, const struct vm_run_params *p, struct session *s,
			 struct err *e)
{
	_cleanup_strv_ struct strv argv = STRV_INIT;
	_cleanup_close_ int in = run_open_input(p->input, p->input_len, e), out = -1, diag = -1;
	int *theirs[2] = { &out, &diag }, fds[2];

	if (in < 0)
		return in;
	if (ssh_args(&vm->channel, false, p->command, &argv) < 0)
		return err_oom(e);
	for (int i = 0; i < 2; i++) {
		if (pipe2(fds, O_CLOEXEC) < 0)
			return err_sys(e, -errno, "pipe");
		s->pipes[i] = fds[0];
		*theirs[i] = fds[1];
		int r = sd_event_add_io(vm->host->event, &s->sources[i], fds[0], EPOLLIN, on_pipe,
					s);
		if (r < 0)
			return err_sys(e, r, "watch a pipe");
	}
	struct child_params cp = {
		.argv = (const char *const *)argv.v, .in = in, .out = out, .diag = diag
	};
	return child_start(&s->ssh, vm->host->event, &cp, e);
}

static int session_wait(struct vm *vm, struct session *s, uint64_t deadline, struct err *e)
{
	int r = 0;

	while (r >= 0 && (child_running(&s->ssh) || s->pipes[0] >= 0 || s->pipes[1] >= 0)) {
		if (!vm_running(vm))
			return vm_gone(vm, e);
		r = vm_serve(vm->host, deadline, e);
	}
	if (r < 0)
		return r;
	return buf_failed(s->bufs[0]) || buf_failed(s->bufs[1]) ? err_oom(e) : 0;
}

/* 255 is ssh's own failure, unless the connection still stands: then the command said so. */
static int judge(struct vm *vm, const struct vm_run_params *p, struct session *s, int *ret_status,
		 struct err *e)
{
	const char *said = buf_str(s->bufs[1]);
	size_t len = s->bufs[1]->len;

	while (len && strchr("\n\r ", said[len - 1]))
		len--;
	said += len > 500 ? len - 500 : 0;
	len = MIN(len, (size_t)500);
	if (s->ssh.status == 255 && !child_running(&vm->channel.master))
		return err_set(e, -ECONNRESET, "VM %s: connection lost in '%.200s': %.*s", vm->name,
			       p->command, (int)len, said);
	if (ret_status)
		*ret_status = s->ssh.status;
	else if (s->ssh.status)
		return err_set(e, -EIO, "VM %s: '%.200s' failed with status %d: %.*s", vm->name,
			       p->command, s->ssh.status, (int)len, said);
	return 0;
}

int vm_run(struct vm *vm, const struct vm_run_params *p, int *ret_status, struct err *e)
{
	__attribute__((cleanup(session_done))) struct session s = { .ssh = CHILD_INIT,
								    .pipes = { -1, -1 } };
	uint64_t deadline = vm_deadline(p->timeout_sec);

	if (!vm->channel.port)
		return err_set(e, -EINVAL, "VM %s was started without the channel", vm->name);
	int r = channel_connect(vm, deadline, e);
	if (r < 0)
		return r;
	s.bufs[0] = p->out ? p->out : &s.own[0];
	s.bufs[1] = p->diag ? p->diag : &s.own[1];
	r = session_start(vm, p, &s, e);
	if (r >= 0)
		r = session_wait(vm, &s, deadline, e);
	if (r == -ETIME)
		return err_set(e, r, "VM %s: '%.200s' did not end within %u s", vm->name,
			       p->command, p->timeout_sec ? p->timeout_sec : VM_TIMEOUT_SEC);
	return r < 0 ? r : judge(vm, p, &s, ret_status, e);
}

void vm_channel_reset(struct vm *vm)
{
	struct channel *c = &vm->channel;

	if (c->master.pid > 0)
		child_kill(&c->master);
	close_probe(c);
	c->greeted = false;
}

void vm_channel_done(struct vm *vm)
{
	struct channel *c = &vm->channel;

	vm_channel_reset(vm);
	child_kill(&c->master);
	unwatch_connecting(c);
	free(TAKE_PTR(c->key));
	free(TAKE_PTR(c->socket));
}
