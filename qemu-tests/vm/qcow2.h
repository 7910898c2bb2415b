/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A snapshot over an image: empty, or with some clusters of its own. */
#include "base/buf.h"
#include "base/err.h"
#include "base/sink.h"
#include "base/source.h"

#define QCOW2_CLUSTER_BYTES (UINT64_C(1) << 16)

/**
 * qcow2_overlay() - the bytes of a qcow2 file in which nothing was written yet
 * @backing: absolute path of the image; at most 1023 bytes
 * @format:  of the image: "raw", "qcow2"
 * @bytes:   virtual size, whole sectors; beyond the image's end there are zeros
 * @out:     the file is appended
 * Return: 0; -ENAMETOOLONG; -EINVAL; -EFBIG over 16 TiB; -ENOMEM
 * Spec: docs/interop/qcow2.rst of QEMU
 */
int qcow2_overlay(const char *backing, const char *format, uint64_t bytes, struct buf *out,
		  struct err *e) must_check;

struct qcow2_clusters {
	const struct source *content; /* of the virtual disk; behind its end there are zeros */
	const uint64_t *numbers;      /* in rising order */
	size_t n;
};

/**
 * qcow2_write() - a qcow2 file over a raw image that holds the content of some clusters
 * @backing: as qcow2_overlay(), also @bytes
 * @out:     the file, from 0 on
 * Return: as qcow2_overlay(); -EFBIG more than about 2 GiB of clusters; what reading and writing return
 */
int qcow2_write(const char *backing, uint64_t bytes, const struct qcow2_clusters *clusters,
		struct sink *out, struct err *e) must_check;
