/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options from tables: what is accepted and what --help prints are the same thing. */
#include "base/near.h"
#include "base/utf8.h"
#include "builder/cli/cli.h"

static const struct cli_option *find_long(const struct cli_option *o, const char *name, size_t len)
{
	for (; o && o->name; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct cli_option *find_letter(const struct cli_option *o, char letter)
{
	for (; o && o->name; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

void cli_print_options(FILE *f, const struct cli_option *o)
{
	for (; o && o->name; o++) {
		char left[64];
		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "",
			 o->arg ? o->arg : "");
		int width = utf8_width(left, 22);
		if (o->letter)
			fprintf(f, "  -%c, %-*s %s\n", o->letter, width, left, o->help);
		else
			fprintf(f, "      %-*s %s\n", width, left, o->help);
	}
}

static void print_help(const struct cli_command *cmd, const struct cli_option *o)
{
	printf("Usage: slipway %s%s %s\n\n%s.\n", cmd->name, o && o->name ? " [OPTION…]" : "",
	       cmd->args, cmd->summary);
	if (cmd->text)
		printf("\n%s\n", cmd->text);
	if (o && o->name)
		printf("\nOptions:\n");
	cli_print_options(stdout, o);
	printf("\nMore: man slipway\n");
}

int cli_usage(const struct cli_command *cmd, const char *what, const char *arg)
{
	if (cmd)
		fprintf(stderr,
			"slipway %s: %s%s\nUsage: slipway %s [OPTION…]%s%s; more: slipway %s --help\n",
			cmd->name, what, arg, cmd->name, *cmd->args ? " " : "", cmd->args,
			cmd->name);
	else
		fprintf(stderr, "slipway: %s%s; see slipway --help\n", what, arg);
	return EXIT_USAGE;
}

/* What slipway takes before the command, and people write behind it. */
static bool is_global(const char *arg)
{
	return str_eq(arg, "-q") || str_eq(arg, "--quiet") || strncmp(arg, "-j", 2) == 0 ||
	       strncmp(arg, "--jobs", strlen("--jobs")) == 0;
}

static int unknown_option(const struct cli_command *cmd, const struct cli_option *options,
			  const char *arg)
{
	const char *names[32], *near = NULL;
	char name[64], text[256];
	size_t n = 0;

	if (cmd && is_global(arg))
		return cli_usage(cmd, "goes before the command: ", arg);
	for (; options && options->name && n < ARRAY_SIZE(names); options++)
		names[n++] = options->name;
	if (arg[1] == '-') {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg + 2, "="), arg + 2);
		near = near_name(name, names, n);
	}
	snprintf(text, sizeof(text), "%.128s%s%s%s", arg, near ? "; did you mean --" : "",
		 near ? near : "", near ? "?" : "");
	return cli_usage(cmd, "unknown option ", text);
}

static int set_option(const struct cli_option *o, const char *value)
{
	if (o->flag)
		*o->flag = true;
	else if (o->values)
		return strv_add(o->values, value) < 0 ? EXIT_FAILED : 0;
	else
		*o->value = value;
	return 0;
}

/* "--name", "--name=value", "--name value", "-n value", "-nvalue"; moves *i past a value of its own. */
static int parse_one(const struct cli_command *cmd, const struct cli_option *options, int argc,
		     char **argv, int *i)
{
	const char *arg = argv[*i], *value = NULL; /* the value, if it is in the same argument */
	const struct cli_option *o;

	if (arg[1] == '-') {
		const char *equals = strchr(arg, '=');
		o = find_long(options, arg + 2,
			      equals ? (size_t)(equals - arg) - 2 : strlen(arg + 2));
		value = equals ? equals + 1 : NULL;
	} else {
		o = find_letter(options, arg[1]);
		value = arg[2] ? arg + 2 : NULL;
	}
	if (!o)
		return unknown_option(cmd, options, arg);
	if (!o->arg)
		return value ? cli_usage(cmd, "takes no value: ", arg) : set_option(o, NULL);
	if (!value && *i + 1 < argc)
		value = argv[++*i];
	if (!value || !*value)
		return cli_usage(cmd, "needs a value: ", arg);
	return set_option(o, value);
}

int cli_parse_global(const struct cli_option *options, int argc, char **argv, int *ret_command)
{
	int i = 1, r = 0;

	for (; r == 0 && i < argc && argv[i][0] == '-' && argv[i][1]; i++)
		r = parse_one(NULL, options, argc, argv, &i);
	*ret_command = i;
	return r;
}

int cli_parse(const struct cli_command *cmd, const struct cli_option *options, int argc,
	      char **argv, char ***ret_args, size_t *ret_n)
{
	bool only_args = false;
	int kept = 0;

	for (int i = 0; i < argc; i++) {
		if (only_args || argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[kept++] = argv[i];
			continue;
		}
		if (str_eq(argv[i], "--")) {
			only_args = true;
			continue;
		}
		if (str_eq(argv[i], "--help") || str_eq(argv[i], "-h")) {
			print_help(cmd, options);
			return EXIT_OK + 1000;
		}
		int r = parse_one(cmd, options, argc, argv, &i);
		if (r)
			return r;
	}
	for (int i = 0; i < kept; i++)
		if (!*argv[i])
			return cli_usage(cmd, "an argument is empty: ", cmd->args);
	if ((size_t)kept < cmd->min_args)
		return cli_usage(cmd, "missing argument: ", cmd->args);
	if ((size_t)kept > cmd->max_args)
		return cli_usage(cmd, "unexpected argument: ", argv[cmd->max_args]);
	argv[kept] = NULL;
	*ret_args = argv;
	*ret_n = (size_t)kept;
	return 0;
}
