/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Licences, from packages' copyright files to SPDX expressions.
 *
 * Read are machine-readable copyright files. Names of the SPDX list are taken where the table
 * (licence_names.c) says that Debian's name means that one; anything else becomes a LicenseRef with the
 * text that the file quotes, since a guess would be worse than a text. All licences of a source package
 * are joined by AND: the files do not tell which of its programs a file went into.
 * Specs: Debian's "Machine-readable debian/copyright file" 1.0; SPDX 2.3, annex D
 */
#include "base/err.h"
#include "base/span.h"
#include "base/strv.h"

struct licence_text {
	char *id; /* "LicenseRef-…", with a part of the text's digest */
	char *name, *text;
};

/* What LicenseRefs of a document stand for. */
struct licence_texts {
	struct licence_text *v; /* sorted by id, each once */
	size_t n, cap;
};

#define LICENCE_TEXTS_INIT \
	{                  \
		NULL, 0, 0 \
	}

void licence_texts_done(struct licence_texts *t);

/**
 * licence_read() - the licences that a copyright file names
 * @data:  its content, any bytes
 * @texts: what is no licence of SPDX's list is added
 * @ret:   an SPDX expression on the heap; NULL: the file is not machine-readable
 * Return: 0; -ENOMEM
 */
int licence_read(const void *data, size_t len, struct licence_texts *texts, char **ret,
		 struct err *e) must_check;

/** licence_spdx_id() - of a name as Debian has it, in any case, such as "GPL-2+"; NULL: none is sure */
const char *licence_spdx_id(struct span name);

/** licence_spdx_exception() - of the words between "with" and "exception", in any case; or NULL */
const char *licence_spdx_exception(struct span name);

/**
 * licence_expression() - "A or B, and C with D exception" as the parts of an SPDX expression
 * @line:      the names, as the first line of a License field has them
 * @refer:     gives what stands for a licence that SPDX has no id for, on the heap; NULL: no memory
 * @conjuncts: appended; all of them apply, each needs no further brackets
 * Return: 0; -EINVAL commas or words that nothing tells the meaning of; -ENOMEM
 */
int licence_expression(struct span line, char *(*refer)(void *ctx, struct span name), void *ctx,
		       struct strv *conjuncts) must_check;
