/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The kubelet's language with the container runtime: gRPC on a socket of the guest, spoken by its curl.
 * Specs: k8s.io/cri-api runtime/v1/api.proto; gRPC over HTTP/2; protobuf's encoding. Of protobuf there is
 * what these messages need: numbers and strings of bytes.
 */
#include "qemu-tests/cases/boot.h"

/** pb_put_number() - a field of an integer type, appended to @out */
void pb_put_number(struct buf *out, unsigned int field, uint64_t value);

/** pb_put_bytes() - a field of a string, of bytes or of a message, appended to @out */
void pb_put_bytes(struct buf *out, unsigned int field, const void *data, size_t len);

static inline void pb_put_string(struct buf *out, unsigned int field, const char *s)
{
	pb_put_bytes(out, field, s, strlen(s));
}

/** pb_put_message() - @m as a field, and @m empty again */
void pb_put_message(struct buf *out, unsigned int field, struct buf *m);

/* A stretch of somebody else's bytes. */
struct pb_view {
	const uint8_t *data;
	size_t len;
};

/**
 * pb_get() - the first field of a number in a message
 * @ret_bytes:  a string's, bytes' or message's content; NULL if it is to be a number
 * @ret_number: NULL if it is to be the former
 * Return: 0; -ENOENT no such field of that kind; -EBADMSG not a message
 */
int pb_get(struct pb_view m, unsigned int field, struct pb_view *ret_bytes, uint64_t *ret_number,
	   struct err *e) must_check;

/**
 * cri_call() - call containerd, wait until it answers
 * @method: "Version" of the runtime's service, and so on
 * @m:      the request's message; empty afterwards
 * @ret:    the answer's message, in b->out
 * Return: 0; -EREMOTEIO it refused, with its words; -EBADMSG; as vm_run()
 */
int cri_call(struct boot *b, const char *method, struct buf *m, struct pb_view *ret,
	     struct err *e) must_check;
