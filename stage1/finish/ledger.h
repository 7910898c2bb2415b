/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The ledger of maintainer scripts: what each script of each package does that matters to a fresh
 * image, and who does it here, as no script ever runs. What is not in it stops a build.
 * Documentation/scripts.md tells how to read and extend it.
 *
 * Two files are built into the program. scripts.ledger is written by people: stanzas of fields, sorted,
 * with an empty line between them:
 *
 *     package: base-files             what the stanza is about: a package's script,
 *     script: postinst
 *     sha256: <64 hex digits>         of one version of it; more lines for more versions
 *      <64 hex digits>
 *     does: copies profile and motd to /etc
 *     by: configs, users              finishers that do it, and/or
 *     because: …                      why nothing, or nothing more, is needed
 *
 *     block: dh_installsystemd        or a generated block of a script: digests of its normal form,
 *     script: postinst
 *     …
 *
 *     trigger: ldconfig               or a trigger's name, in triggers files
 *     …
 *
 * scripts.lines is written by `slipway scripts --fingerprints`: a short hash of each line of each
 * version, so that a changed script can be compared with a known one whose text we have not.
 */
#include "base/digest.h"
#include "base/err.h"
#include "base/span.h"
#include "base/strv.h"

enum ledger_kind {
	LEDGER_BLOCK, /* named after the program that makes it */
	LEDGER_PACKAGE,
	LEDGER_TRIGGER,
};

struct ledger_entry {
	enum ledger_kind kind;
	char *name;
	char *script; /* postinst, …; NULL for a trigger */
	uint8_t (*sha256)[SHA256_BYTES];
	size_t n_sha256;
	char *does;
	struct strv by; /* finishers */
	char *because;	/* NULL: they do all of it */
};

/* One version of a script, line by line. */
struct ledger_lines {
	char *package, *script;
	uint8_t sha256[SHA256_BYTES];
	uint32_t *hashes; /* ledger_line_hash() of each */
	size_t n;
};

struct ledger {
	struct ledger_entry *entries; /* sorted by kind, name, script */
	size_t n_entries;
	struct ledger_lines *lines; /* sorted by package, script, digest */
	size_t n_lines;
};

/** ledger_open() - the ledger that the program carries */
int ledger_open(struct ledger **ret, struct err *e) must_check;
void ledger_free(struct ledger *l);
DEFINE_CLEANUP(struct ledger *, ledger_free)

/**
 * ledger_parse() - read a text of the form of scripts.ledger
 * @name: stands in errors, "<name>:<line>: …"
 * Return: 0; -EINVAL a field is missing, empty, repeated, unknown or malformed, a finisher does not
 *         exist, stanzas are not sorted, or a digest is there twice; -ENOMEM
 */
int ledger_parse(struct ledger *l, const char *name, const char *text, size_t len,
		 struct err *e) must_check;

/** ledger_parse_lines() - the same for scripts.lines */
int ledger_parse_lines(struct ledger *l, const char *name, const char *text, size_t len,
		       struct err *e) must_check;

/** ledger_find() - the entry of a block or of a package's script with this digest, or NULL */
const struct ledger_entry *ledger_find(const struct ledger *l, enum ledger_kind kind,
				       const char *name, const char *script,
				       const uint8_t sha256[SHA256_BYTES]);

/** ledger_line_hash() - the 24 bits that scripts.lines has of a line */
uint32_t ledger_line_hash(struct span line);

/** ledger_find_trigger() - the entry of a trigger, or NULL */
const struct ledger_entry *ledger_find_trigger(const struct ledger *l, const char *name);
