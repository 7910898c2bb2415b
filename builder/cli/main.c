/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program: global options, the environment, the clock and signals; then one command. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "base/near.h"
#include "base/path.h"
#include "base/utf8.h"
#include "builder/cli/cli.h"
#include "builder/cli/fault.h"

static const struct cli_command *const commands[] = {
	&cmd_recipe,  &cmd_lock,   &cmd_fetch,	 &cmd_scripts, &cmd_build,  &cmd_archive,
	&cmd_diff,    &cmd_verify, &cmd_inspect, &cmd_ls,      &cmd_tree,   &cmd_cat,
	&cmd_extract, &cmd_boot,   &cmd_test,	 &cmd_publish, &cmd_keygen, &cmd_version,
};

/* How long work may take to end by itself after a signal. */
#define GRACE_USEC 700000

/* For the signal handlers only. */
static struct pool *signal_pool;
static volatile sig_atomic_t signal_count;

/*
 * Work that looks for cancellation ends by itself, and what it had begun is taken away. Work that does
 * not in time is ended here: no output has its name before it is whole, and the cache is made for that.
 */
static void end_now(int sig unused_)
{
	static const char message[] = "\nslipway: interrupted\n";
	ssize_t unused_ n = write(STDERR_FILENO, message, sizeof(message) - 1);

	_exit(EXIT_INTERRUPTED);
}

static void on_signal(int sig)
{
	const struct itimerval grace = { .it_value.tv_usec = GRACE_USEC };

	if (signal_count++)
		end_now(sig);
	if (signal_pool)
		pool_cancel(signal_pool);
	setitimer(ITIMER_REAL, &grace, NULL);
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, alarm_sa = { .sa_handler = end_now };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGALRM, &alarm_sa, NULL);
	cli_catch_faults();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* beyond a limit on the size of files, writing fails */
}

/*
 * Where standard input, output or error is closed, the next file that is opened would be it, and what is
 * printed would go into an image. What is opened here instead cannot be written to: printing fails.
 */
static bool keep_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return false;
	return true;
}

static void print_usage(FILE *f, const struct cli_option *options)
{
	fprintf(f, "Usage: slipway [-q] [-j N] COMMAND …\n\n"
		   "Builds, boots and checks immutable container-host images.\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-8s %-*s  %s\n", commands[i]->name,
			utf8_width(commands[i]->args, 23), commands[i]->args, commands[i]->summary);
	fprintf(f, "\nGlobal options:\n");
	cli_print_options(f, options);
	fprintf(f, "\nOf one command: slipway help COMMAND. More: man slipway\n");
}

static unsigned int usable_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned int)MAX(CPU_COUNT(&set), 1);
}

static char *default_cache_dir(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return str_printf("%s/slipway", xdg);
	return home && *home == '/' ? str_printf("%s/.cache/slipway", home) : NULL;
}

/* NULL when it is empty, as when it is not there. */
static const char *setting(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static int read_environment(struct cli *c)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	uint64_t v;

	c->now = time(NULL);
	c->source_date_epoch = -1;
	c->cache_dir = default_cache_dir();
	c->mirror = setting("SLIPWAY_MIRROR");
	c->accel = setting("SLIPWAY_ACCEL");
	c->home_dir = getenv("HOME");
	c->tmp_dir = getenv("TMPDIR");
	if (!c->tmp_dir || *c->tmp_dir != '/')
		c->tmp_dir = "/tmp";
	if (!c->cache_dir) {
		fprintf(stderr,
			"slipway: neither XDG_CACHE_HOME nor HOME is set: where is the cache?\n");
		return EXIT_USAGE;
	}
	if (epoch && *epoch) {
		if (parse_u64(epoch, 10, &v) < 0 || v > UINT32_MAX) {
			fprintf(stderr,
				"slipway: SOURCE_DATE_EPOCH is not a number of seconds: %s\n",
				epoch);
			return EXIT_USAGE;
		}
		c->source_date_epoch = (int64_t)v;
	}
	return 0;
}

int cli_exit_status(int code)
{
	switch (-code) {
	case ECANCELED:
		return EXIT_INTERRUPTED;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return EXIT_NO_SPACE;
	case EINVAL:
	case EBADMSG:
	case EKEYREJECTED:
	case EKEYEXPIRED:
	case ENOKEY:
	case ESTALE:
	case EXDEV:
	case ENOTUNIQ:
	case EEXIST:
		return EXIT_BAD_INPUT;
	case ENOENT:
	case EOPNOTSUPP: /* a program is too old */
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ECONNREFUSED:
	case ETIMEDOUT:
		return EXIT_UNAVAILABLE;
	default:
		return EXIT_FAILED;
	}
}

int cli_apart_from_failed(int r)
{
	return r < 0 && cli_exit_status(r) == EXIT_FAILED ? -ENOENT : r;
}

/*
 * The exit status. Whoever read our output may have seen enough: then this ends as other programs do, by
 * the signal that was ignored for the sake of sockets.
 */
static int end(int r, struct err *e)
{
	if (fflush(stdout) != 0 && r >= 0)
		r = err_sys(e, -errno, "standard output");
	if (r >= 1000)
		return EXIT_OK;
	if (r >= 0)
		return r;
	if (r == -EPIPE && ferror(stdout)) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	_cleanup_free_ char *shown = path_quote_message(e->msg);
	fprintf(stderr, "slipway: %s\n", shown ? shown : strerror(ENOMEM));
	return cli_exit_status(r);
}

static int run_command(struct cli *c, const struct cli_command *cmd, unsigned int jobs, int argc,
		       char **argv)
{
	struct err e = { 0 };
	int print_error = 0;

	c->print_error = &print_error;
	int r = pool_new(jobs, &c->pool, &e);
	if (r == 0) {
		signal_pool = c->pool;
		catch_signals();
		c->progress = cli_progress_new(c->quiet);
		r = cmd->run(c, argc, argv, &e);
		if (r < 0 && signal_count)
			r = err_set(&e, -ECANCELED, "interrupted");
	}
	cli_progress_free(c->progress);
	signal_pool = NULL;
	pool_free(c->pool);
	if (r >= 0 && print_error)
		r = err_sys(&e, print_error, "standard output");
	return end(r, &e);
}

/* @text: NULL: all processors that this process may use */
static int parse_jobs(const char *text, unsigned int *ret)
{
	uint64_t n = usable_cpus();

	if (text && (parse_u64(text, 10, &n) < 0 || n < 1 || n > 1024))
		return cli_usage(NULL, "not a number of threads (1 to 1024): ", text);
	*ret = (unsigned int)n;
	return 0;
}

static const struct cli_command *find_command(const char *name)
{
	const char *names[ARRAY_SIZE(commands)];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		names[i] = commands[i]->name;
		if (str_eq(name, names[i]))
			return commands[i];
	}
	const char *near = near_name(name, names, ARRAY_SIZE(names));
	fprintf(stderr, "slipway: no command is called \"%s\"%s%s%s; see slipway --help\n", name,
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return NULL;
}

/* @argv: begins with the command's name */
static int run_named(struct cli *c, const char *jobs_text, int argc, char **argv)
{
	const struct cli_command *cmd = find_command(argv[0]);
	unsigned int jobs = 1;

	if (!cmd)
		return EXIT_USAGE;
	int r = parse_jobs(jobs_text, &jobs);
	if (r == 0)
		r = read_environment(c);
	if (r == 0)
		r = run_command(c, cmd, jobs, argc - 1, argv + 1);
	free(c->cache_dir);
	return r;
}

/* "help COMMAND" is "COMMAND --help". @argv: begins with "help" */
static int run_help(struct cli *c, int argc, char **argv)
{
	static char option[] = "--help";
	char *of_command[] = { argv[1], option, NULL };

	return argc > 2 ? cli_usage(NULL, "help takes one command: ", argv[2])
			: run_named(c, NULL, 2, of_command);
}

int main(int argc, char **argv)
{
	static char version_name[] = "version", *version_argv[] = { version_name, NULL };
	const char *jobs = NULL;
	bool help = false, version = false;
	struct cli c = { 0 };
	struct err e = { 0 };
	const struct cli_option options[] = {
		{ .name = "quiet", .letter = 'q', .flag = &c.quiet, .help = "print errors only" },
		{ .name = "jobs",
		  .letter = 'j',
		  .arg = "N",
		  .value = &jobs,
		  .help = "threads to use (default: the processors that this process may use)" },
		{ .name = "help", .letter = 'h', .flag = &help, .help = "print this" },
		{ .name = "version", .flag = &version, .help = "print the version" },
		{ 0 },
	};
	int command;

	umask(022);
	if (!keep_standard_fds())
		return EXIT_FAILED;
	if (cli_parse_global(options, argc, argv, &command))
		return EXIT_USAGE;
	if (command < argc && str_eq(argv[command], "help")) {
		if (argc - command > 1)
			return run_help(&c, argc - command, argv + command);
		help = true;
	}
	if (help || (command == argc && !version)) {
		print_usage(help ? stdout : stderr, options);
		return end(help ? EXIT_OK : EXIT_USAGE, &e);
	}
	return version ? run_named(&c, jobs, 1, version_argv)
		       : run_named(&c, jobs, argc - command, argv + command);
}
