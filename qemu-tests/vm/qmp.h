/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* QEMU's machine protocol: one JSON object a line. Spec: docs/interop/qmp-spec.rst of QEMU. */
#include <systemd/sd-event.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json_cleanup.h"

struct qmp {
	int fd;
	sd_event_source *source;
	struct buf in; /* bytes after the last whole line */
	struct json_object *reply;
	bool greeted, closed;
	uint64_t last_id; /* of the command that waits for its reply */
	void (*on_event)(void *data, const char *name, struct json_object *detail);
	void *data;
};

#define QMP_INIT                         \
	{                                \
		.fd = -1, .in = BUF_INIT \
	}

/**
 * qmp_open() - watch a connection
 * @fd: taken, also on failure
 * @on_event: called while the event loop runs
 */
int qmp_open(struct qmp *q, sd_event *event, int fd,
	     void (*on_event)(void *data, const char *name, struct json_object *detail), void *data,
	     struct err *e) must_check;

/**
 * qmp_send() - send a command; its reply is q->reply, some time later
 * @arguments: JSON text of an object; NULL: none
 * Return: 0; -EPIPE the other side is gone; -ENOMEM
 */
int qmp_send(struct qmp *q, const char *command, const char *arguments, struct err *e) must_check;

/**
 * qmp_reply() - the reply to the last command
 * @ret: the value of "return", to be put; may be NULL
 * Return: 0; -EAGAIN not yet; -EIO QEMU refused, with its reason
 */
int qmp_reply(struct qmp *q, struct json_object **ret, struct err *e) must_check;

void qmp_done(struct qmp *q);
