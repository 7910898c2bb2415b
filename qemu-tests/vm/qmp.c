/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/vm/qmp.h"

#include <sys/socket.h>

/* QEMU's own replies are far shorter. */
#define MAX_LINE_BYTES (4 * MiB)

static void on_object(struct qmp *q, struct json_object *o)
{
	struct json_object *v;

	if (json_object_object_get_ex(o, "QMP", NULL)) {
		q->greeted = true;
	} else if (json_object_object_get_ex(o, "event", &v)) {
		struct json_object *detail = NULL;
		json_object_object_get_ex(o, "data", &detail);
		q->on_event(q->data, json_object_get_string(v), detail);
	} else if (json_object_object_get_ex(o, "id", &v) &&
		   json_object_get_uint64(v) == q->last_id) {
		json_object_put(q->reply);
		q->reply = json_object_get(o);
	}
}

static void on_line(struct qmp *q, const char *line)
{
	_cleanup_(json_object_put) struct json_object *o = json_tokener_parse(line);

	if (o && json_object_is_type(o, json_type_object))
		on_object(q, o);
}

static void take_lines(struct qmp *q)
{
	size_t used = 0;
	uint8_t *newline;

	while (used < q->in.len && (newline = memchr(q->in.data + used, '\n', q->in.len - used))) {
		*newline = '\0';
		on_line(q, (const char *)q->in.data + used);
		used = (size_t)(newline - q->in.data) + 1;
	}
	memmove(q->in.data, q->in.data + used, q->in.len - used);
	q->in.len -= used;
}

static int on_io(sd_event_source *s, int fd, unused_ uint32_t revents, void *data)
{
	struct qmp *q = data;
	uint8_t *room = q->in.len < MAX_LINE_BYTES ? buf_grow(&q->in, 4096) : NULL;
	ssize_t n = room ? recv(fd, room, 4096, MSG_DONTWAIT) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		q->closed = true;
		return sd_event_source_set_enabled(s, SD_EVENT_OFF);
	}
	q->in.len += (size_t)n;
	take_lines(q);
	return 0;
}

int qmp_open(struct qmp *q, sd_event *event, int fd,
	     void (*on_event)(void *data, const char *name, struct json_object *detail), void *data,
	     struct err *e)
{
	*q = (struct qmp)QMP_INIT;
	q->fd = fd;
	q->on_event = on_event;
	q->data = data;
	int r = sd_event_add_io(event, &q->source, fd, EPOLLIN, on_io, q);
	return r < 0 ? err_sys(e, r, "watch QMP") : 0;
}

int qmp_send(struct qmp *q, const char *command, const char *arguments, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t done = 0;

	json_object_put(q->reply);
	q->reply = NULL;
	buf_printf(&b, "{\"execute\":\"%s\",\"id\":%llu", command,
		   (unsigned long long)++q->last_id);
	if (arguments)
		buf_printf(&b, ",\"arguments\":%s", arguments);
	buf_append_str(&b, "}\n");
	if (buf_failed(&b))
		return err_oom(e);
	while (done < b.len) {
		ssize_t n = send(q->fd, b.data + done, b.len - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return err_sys(e, -errno, "QMP %s", command);
		done += n < 0 ? 0 : (size_t)n;
	}
	return 0;
}

int qmp_reply(struct qmp *q, struct json_object **ret, struct err *e)
{
	struct json_object *v;

	if (!q->reply)
		return err_set(e, -EAGAIN, "QMP has not answered yet");
	if (json_object_object_get_ex(q->reply, "error", &v)) {
		struct json_object *why = NULL;
		json_object_object_get_ex(v, "desc", &why);
		return err_set(e, -EIO, "QMP: %s", why ? json_object_get_string(why) : "error");
	}
	if (!json_object_object_get_ex(q->reply, "return", &v))
		return err_set(e, -EIO, "QMP: a reply without a result");
	if (ret)
		*ret = json_object_get(v);
	return 0;
}

void qmp_done(struct qmp *q)
{
	sd_event_source_disable_unref(q->source);
	if (q->fd >= 0)
		close(q->fd);
	json_object_put(q->reply);
	buf_done(&q->in);
	*q = (struct qmp)QMP_INIT;
}
