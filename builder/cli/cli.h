/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The command line. Only this folder prints, exits, reads the environment or asks the clock: what the
 * rest needs of them is in struct cli.
 */
#include "base/err.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/strv.h"

/* Exit statuses, as slipway(1) documents them. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* the work could not be done */
	EXIT_USAGE = 2,		/* wrong command line */
	EXIT_BAD_INPUT = 3,	/* recipe, lock, package or key: what was given is wrong */
	EXIT_UNAVAILABLE = 4,	/* a mirror, a program or a file is not there */
	EXIT_NO_SPACE = 5,	/* a disk is full, or a content does not fit its partition */
	EXIT_INTERRUPTED = 130, /* SIGINT or SIGTERM */
};

struct cli {
	char *cache_dir;	   /* $XDG_CACHE_HOME/slipway */
	const char *mirror;	   /* $SLIPWAY_MIRROR, or NULL */
	const char *accel;	   /* $SLIPWAY_ACCEL, or NULL */
	const char *tmp_dir;	   /* $TMPDIR, or /tmp */
	const char *home_dir;	   /* $HOME, or NULL */
	int64_t now;		   /* seconds since 1970 */
	int64_t source_date_epoch; /* -1: not set */
	bool quiet;
	bool json;	  /* standard output is for a program: notes go to standard error */
	int *print_error; /* negative errno of the first note that could not be printed; 0 */
	struct pool *pool;
	struct progress *progress;
};

/* An option of a command: exactly one of the last three is set. */
struct cli_option {
	const char *name; /* the long one, without its dashes */
	char letter;	  /* 0: none */
	const char *arg;  /* what --help calls its argument; NULL for a flag */
	const char *help;
	bool *flag;
	const char **value;
	struct strv *values; /* may be given more than once */
};

struct cli_command {
	const char *name;
	const char *args;    /* "RECIPE", for the usage line */
	const char *summary; /* one line */
	const char *text;    /* what --help says besides the options */
	size_t min_args, max_args;
	/* Return: 0 or a negative errno with @e set; a positive number is the exit status itself. */
	int (*run)(struct cli *c, int argc, char **argv, struct err *e);
};

/**
 * cli_parse() - options of a command, then its arguments
 * @options: ends with an entry without a name; NULL for none
 * @ret_args: what is left, borrowed from @argv, with a NULL after it
 * Return: 0; EXIT_OK + 1000 after --help was printed; EXIT_USAGE after a usage error was printed
 */
int cli_parse(const struct cli_command *cmd, const struct cli_option *options, int argc,
	      char **argv, char ***ret_args, size_t *ret_n) must_check;

/**
 * cli_parse_global() - options before the command
 * @ret_command: where in @argv the command is; @argc if there is none
 * Return: 0; EXIT_USAGE after a usage error was printed
 */
int cli_parse_global(const struct cli_option *options, int argc, char **argv,
		     int *ret_command) must_check;

/** cli_print_options() - a line for each, as --help has them */
void cli_print_options(FILE *f, const struct cli_option *options);

/**
 * cli_usage() - say that an argument is wrong, and how the command is used
 * @cmd: NULL for an option before the command
 * Return: EXIT_USAGE
 */
int cli_usage(const struct cli_command *cmd, const char *what, const char *arg);

/** cli_exit_status() - of a negative errno */
int cli_exit_status(int code);

/**
 * cli_apart_from_failed() - for a command whose exit status 1 is a verdict: an error that would be 1, such
 * as a disk that cannot be read, becomes one that is 4
 */
int cli_apart_from_failed(int r) must_check;

/** cli_note() - a line on standard output (with --json on standard error), unless --quiet */
void cli_note(const struct cli *c, const char *fmt, ...) printf_format(2, 3);

/** cli_warn() - "slipway: warning: …" on standard error */
void cli_warn(const struct cli *c, const char *fmt, ...) printf_format(2, 3);

/**
 * cli_progress_new() - a bar on a terminal, plain lines elsewhere, both on standard error; NULL (which
 * is nothing at all) when @quiet
 */
struct progress *cli_progress_new(bool quiet) must_check;
void cli_progress_free(struct progress *p);

/** cli_progress_end() - end the bar's line, so that other output starts on its own */
void cli_progress_end(struct progress *p);

extern const struct cli_command cmd_recipe, cmd_lock, cmd_fetch, cmd_scripts, cmd_build,
	cmd_archive, cmd_diff, cmd_verify, cmd_inspect, cmd_tree, cmd_ls, cmd_cat, cmd_extract,
	cmd_boot, cmd_test, cmd_publish, cmd_keygen, cmd_version;
