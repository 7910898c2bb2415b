/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A container image of one file, made on the spot. */
#include "base/buf.h"
#include "base/err.h"

struct oci_params {
	const char *name;	  /* "example.test/hello:1" */
	const char *architecture; /* "amd64", "arm64" */
	const char *path;	  /* of the program in the container, without a leading slash */
	const char *argument;	  /* its only one; NULL: none */
	const void *program;
	size_t len;
};

/**
 * oci_archive() - a tar of an OCI image layout: index, manifest, configuration, one layer
 * @out: the archive is appended; the same parameters give the same bytes
 * Return: 0; -EIO libarchive's reason; -ENOMEM
 * Spec: OCI image-spec 1.0, image-layout.md
 */
int oci_archive(const struct oci_params *p, struct buf *out, struct err *e) must_check;
