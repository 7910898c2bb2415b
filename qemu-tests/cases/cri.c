/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/cri.h"

#define SERVICE	   "http://localhost/runtime.v1.RuntimeService/"
#define SOCKET	   "/run/containerd/containerd.sock"
#define FRAME_HEAD 5 /* not compressed; length of the message, big-endian */

enum wire {
	WIRE_NUMBER = 0,
	WIRE_BYTES = 2,
};

static void put_varint(struct buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_append(out, &(uint8_t){ (uint8_t)(v | 0x80) }, 1);
	buf_append(out, &(uint8_t){ (uint8_t)v }, 1);
}

void pb_put_number(struct buf *out, unsigned int field, uint64_t value)
{
	put_varint(out, field << 3 | WIRE_NUMBER);
	put_varint(out, value);
}

void pb_put_bytes(struct buf *out, unsigned int field, const void *data, size_t len)
{
	put_varint(out, field << 3 | WIRE_BYTES);
	put_varint(out, len);
	buf_append(out, data, len);
}

void pb_put_message(struct buf *out, unsigned int field, struct buf *m)
{
	pb_put_bytes(out, field, m->data, m->len);
	if (buf_failed(m))
		out->failed = true;
	buf_done(m);
}

static bool take_varint(struct pb_view *m, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; m->len && shift < 64; shift += 7) {
		uint8_t byte = *m->data++;
		m->len--;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = v;
			return true;
		}
	}
	return false;
}

/* @ret_number is a number's value, or the length of @ret_bytes. */
static bool take_field(struct pb_view *m, uint64_t *ret_key, struct pb_view *ret_bytes,
		       uint64_t *ret_number)
{
	if (!take_varint(m, ret_key) || !take_varint(m, ret_number))
		return false;
	if ((*ret_key & 7) == WIRE_NUMBER)
		return true;
	if ((*ret_key & 7) != WIRE_BYTES || *ret_number > m->len)
		return false;
	*ret_bytes = (struct pb_view){ m->data, (size_t)*ret_number };
	m->data += *ret_number;
	m->len -= *ret_number;
	return true;
}

int pb_get(struct pb_view m, unsigned int field, struct pb_view *ret_bytes, uint64_t *ret_number,
	   struct err *e)
{
	const uint64_t want = field << 3 | (ret_bytes ? WIRE_BYTES : WIRE_NUMBER);
	struct pb_view bytes = { NULL, 0 };
	uint64_t key, number;

	while (m.len) {
		if (!take_field(&m, &key, &bytes, &number))
			return err_set(e, -EBADMSG, "an answer is no protobuf message");
		if (key != want)
			continue;
		if (ret_bytes)
			*ret_bytes = bytes;
		else
			*ret_number = number;
		return 0;
	}
	return err_set(e, -ENOENT, "an answer has no field %u", field);
}

/* A refusal has no message, and says why in a header. */
static int check_status(const struct buf *headers, const char *method, struct err *e)
{
	const char *status = strstr(buf_str(headers), "grpc-status: ");
	const char *words = strstr(buf_str(headers), "grpc-message: ");

	if (status && strtoul(status + 13, NULL, 10) == 0)
		return 0;
	return err_set(e, -EREMOTEIO, "%s: containerd refuses it: %.*s", method,
		       words ? (int)strcspn(words, "\r\n") : 9, words ? words : "no words");
}

int cri_call(struct boot *b, const char *method, struct buf *m, struct pb_view *ret, struct err *e)
{
	_cleanup_buf_ struct buf frame = BUF_INIT, headers = BUF_INIT;
	_cleanup_free_ char *command = str_printf(
		"curl -sS -D /proc/self/fd/2 --http2-prior-knowledge --unix-socket " SOCKET
		" -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- " SERVICE
		"%s",
		method);
	uint8_t head[FRAME_HEAD] = { 0 };

	put_be32(head + 1, (uint32_t)m->len);
	buf_append(&frame, head, sizeof(head));
	buf_append(&frame, m->data, m->len);
	if (buf_failed(m) || buf_failed(&frame) || !command)
		return err_oom(e);
	buf_done(m);
	buf_done(&b->out);
	const struct vm_run_params p = { .command = command,
					 .input = frame.data,
					 .input_len = frame.len,
					 .out = &b->out,
					 .diag = &headers };
	int r = vm_run(b->vm, &p, NULL, e);
	if (r >= 0)
		r = check_status(&headers, method, e);
	if (r < 0)
		return r;
	if (b->out.len < FRAME_HEAD || b->out.data[0] ||
	    get_be32(b->out.data + 1) != b->out.len - FRAME_HEAD)
		return err_set(e, -EBADMSG, "%s: the answer is no gRPC message", method);
	*ret = (struct pb_view){ b->out.data + FRAME_HEAD, b->out.len - FRAME_HEAD };
	return 0;
}
