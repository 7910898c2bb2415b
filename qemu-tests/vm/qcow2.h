/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* An empty snapshot over a raw image. */
#include "base/buf.h"
#include "base/err.h"

/**
 * qcow2_overlay() - the bytes of a qcow2 file in which nothing was written yet
 * @backing: absolute path of the raw image; at most 1023 bytes
 * @bytes:   virtual size, whole sectors; beyond the image's end there are zeros
 * @out:     the file is appended
 * Return: 0; -ENAMETOOLONG; -EINVAL; -EFBIG over 16 TiB; -ENOMEM
 * Spec: docs/interop/qcow2.rst of QEMU
 */
int qcow2_overlay(const char *backing, uint64_t bytes, struct buf *out, struct err *e) must_check;
