/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options from tables: what is accepted and what --help prints are the same thing. */
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

static void print_help(const struct cli_command *cmd, const struct cli_option *o)
{
	printf("Usage: slipway %s%s %s\n\n%s.\n", cmd->name, o && o->name ? " [OPTION…]" : "",
	       cmd->args, cmd->summary);
	if (cmd->text)
		printf("\n%s\n", cmd->text);
	if (o && o->name)
		printf("\nOptions:\n");
	for (; o && o->name; o++) {
		char left[64];
		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "",
			 o->arg ? o->arg : "");
		if (o->letter)
			printf("  -%c, %-22s %s\n", o->letter, left, o->help);
		else
			printf("      %-22s %s\n", left, o->help);
	}
	printf("\nMore: man slipway\n");
}

int cli_usage(const struct cli_command *cmd, const char *what, const char *arg)
{
	fprintf(stderr,
		"slipway %s: %s%s\nUsage: slipway %s [OPTION…] %s; more: slipway %s --help\n",
		cmd->name, what, arg, cmd->name, cmd->args, cmd->name);
	return EXIT_USAGE;
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

/* "--name", "--name=value", "--name value", "-n value"; moves *i past a value of its own. */
static int parse_one(const struct cli_command *cmd, const struct cli_option *options, int argc,
		     char **argv, int *i)
{
	const char *arg = argv[*i], *equals = NULL, *value = NULL;
	const struct cli_option *o;

	if (arg[1] == '-') {
		equals = strchr(arg, '=');
		o = find_long(options, arg + 2,
			      equals ? (size_t)(equals - arg) - 2 : strlen(arg + 2));
	} else {
		o = arg[2] ? NULL : find_letter(options, arg[1]);
	}
	if (!o && (str_eq(arg, "-q") || str_eq(arg, "--quiet") || str_eq(arg, "-j") ||
		   str_eq(arg, "--jobs")))
		return cli_usage(cmd, "goes before the command: ", arg);
	if (!o)
		return cli_usage(cmd, "unknown option ", arg);
	if (!o->arg)
		return equals ? cli_usage(cmd, "takes no value: ", arg) : set_option(o, NULL);
	value = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : NULL;
	return value ? set_option(o, value) : cli_usage(cmd, "needs a value: ", arg);
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
	if ((size_t)kept < cmd->min_args)
		return cli_usage(cmd, "missing argument: ", cmd->args);
	if ((size_t)kept > cmd->max_args)
		return cli_usage(cmd, "unexpected argument: ", argv[cmd->max_args]);
	argv[kept] = NULL;
	*ret_args = argv;
	*ret_n = (size_t)kept;
	return 0;
}
