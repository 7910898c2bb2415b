/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Virtual machines for tests and for `slipway boot`: QEMU on a raw image, its console kept and watched,
 * QMP, and a channel that runs commands in the guest.
 *
 * A host is one event loop. All its machines are served whenever any call waits, so that none stalls
 * while another is looked at. A host and its machines belong to one thread: a machine dies with the
 * thread that started it. Nothing here reads the environment or prints.
 *
 *     vm_host_new(&hp, &host, e);
 *     vm_start(host, &(struct vm_params){ .name = "boot", .image = image, .snapshot = true,
 *                                         .ssh = true, .log_dir = logs, .limit_sec = 600 }, &vm, e);
 *     vm_expect(vm, "Reached target multi-user.target", 300, e);
 *     vm_run(vm, &(struct vm_run_params){ .command = "uname -r", .out = &out }, &status, e);
 *
 * Time limits are seconds of wall time; 0 is VM_TIMEOUT_SEC, unless said otherwise.
 */
#include "base/buf.h"
#include "base/err.h"
#include "qemu-tests/vm/vm_console.h"

#define VM_TIMEOUT_SEC 120

enum vm_accel {
	VM_ACCEL_AUTO, /* KVM if a kernel is seen to boot in it, else TCG */
	VM_ACCEL_KVM,
	VM_ACCEL_TCG,
};

enum vm_arch {
	VM_ARCH_X86_64,
	VM_ARCH_ARM64,
};

struct vm_host;

struct vm_host_params {
	enum vm_arch arch;	  /* of the guests */
	enum vm_accel accel;	  /* the command line's SLIPWAY_ACCEL */
	const char *qemu;	  /* program; NULL: qemu-system-<arch> of PATH */
	const char *firmware_dir; /* NULL: where Debian's ovmf or qemu-efi-aarch64 has it */
	const char *tmp_dir;	  /* for what a machine needs while it runs; short; NULL: /tmp */
	const char
		*cache_dir;  /* remembers until reboot whether KVM works; NULL: only this process */
	const char *log_dir; /* of the machine that tries KVM; NULL: not kept */
};

/**
 * vm_host_new() - an event loop for machines
 * Return: 0; -ENOMEM; negative errno of the event loop
 */
int vm_host_new(const struct vm_host_params *p, struct vm_host **ret, struct err *e) must_check;

/** vm_host_free() - after all its machines were freed */
void vm_host_free(struct vm_host *h);
DEFINE_CLEANUP(struct vm_host *, vm_host_free)

/**
 * vm_probe_kvm() - does KVM run this image's kernel? A /dev/kvm that opens does not prove it.
 * @image: boots under KVM, on a snapshot, until its kernel starts a program or 30 s have passed
 * The answer is kept in the host, and in cache_dir for as long as the machine is up.
 * Return: 1 yes; 0 no; negative errno when that cannot be tried
 */
int vm_probe_kvm(struct vm_host *h, const char *image, struct err *e) must_check;

/**
 * vm_host_accel() - what machines on an image would run in, tried as vm_probe_kvm() does if need be
 * Return: 0; -ENOENT there is no QEMU; -EOPNOTSUPP it is too old; as vm_probe_kvm()
 */
int vm_host_accel(struct vm_host *h, const char *image, enum vm_accel *ret,
		  struct err *e) must_check;

/** vm_host_firmware_vars() - path of the empty variable store that comes with the firmware; NULL: none */
char *vm_host_firmware_vars(const struct vm_host *h) must_check;

enum vm_firmware {
	VM_FIRMWARE_SECURE_BOOT, /* variables in setup mode: the image's loader enrols its keys */
	VM_FIRMWARE_UEFI,	 /* its owner has switched Secure Boot off */
	VM_FIRMWARE_BIOS,	 /* x86-64 only: tiny guests */
};

struct vm_credential {
	const char *name;
	const void *value;
	size_t len;
};

struct vm_params {
	const char *name;      /* of its logs; letters, digits, '-', '_', '.' */
	const char *image;     /* raw disk; NULL: no disk */
	bool snapshot;	       /* the image is only read; what is written is gone afterwards */
	uint64_t disk_bytes;   /* grow the disk to this; 0: as large as the image */
	uint64_t memory_bytes; /* 0: 2 GiB */
	unsigned int cpus;     /* 0: 2, or 1 where they are emulated */
	enum vm_firmware firmware;
	const char *firmware_vars; /* a variable store to start from; NULL: empty, in setup mode */
	bool tpm;		   /* a TPM 2.0 by swtpm */
	bool online;		   /* the guest may reach beyond this machine */
	bool no_reboot;		   /* a reset ends the machine */
	bool ssh;		   /* have the channel: vm_run() */
	const char *ssh_key;	   /* one more line for root's authorized_keys; NULL: none */
	const char *log_dir;	   /* <name>.console, <name>.qemu; NULL: not kept */
	const char *state_dir;	   /* existing: holds overlay, variables and TPM, for the next start
				       to go on from; NULL: gone afterwards */
	const char *
		resume; /* what vm_save() filled: go on from there; NULL: start with the firmware */
	const struct vm_credential *credentials; /* systemd credentials, through SMBIOS */
	size_t n_credentials;
	const char *const *smbios;    /* NULL-terminated SMBIOS type 11 strings; NULL: none */
	const char *const *qemu_args; /* NULL-terminated, appended; NULL: none */
	unsigned int limit_sec;	      /* the machine is killed after this; 0: no limit */
};

struct vm;

/**
 * vm_start() - start a machine; returns when QEMU runs it
 *
 * With resume, the parameters are those of the saved machine, but for name, logs, limits and state_dir, in
 * which nothing may lie yet, and for an image that it writes into: that is a copy of what was saved of it
 * (vm_copy_sparse()). Any number of machines may go on from one directory, which must stay. Each has
 * the disk, variables, memory, machine-id and SSH key of the saved one, and a port of its own. Connections
 * of the saved one are gone, and what was on its console. Its clock goes on where it stood; the RTC tells
 * the time.
 * Return: 0; -ENOENT a program, the firmware or the image is missing; -EOPNOTSUPP this QEMU is too old
 * to run Linux without KVM; -EINVAL; -EIO QEMU ended at once, with what it said; -ENOMEM
 */
int vm_start(struct vm_host *h, const struct vm_params *p, struct vm **ret,
	     struct err *e) must_check;

/**
 * vm_save() - the machine as it is at this moment, for vm_params.resume; it goes on afterwards
 * @dir: existing; files are added: state, disk.qcow2 or, of an image that it writes into, disk.raw, vars.fd,
 *       key, key.pub
 *
 * To cut the power of a machine on a snapshot use vm_reset(): vm_kill() may take from the disk what the
 * guest had flushed.
 *
 * Return: 0; -ENOTSUP it has a TPM; -EIO QEMU refused, with its reason; -ETIME; -ESRCH; negative errno of
 * writing
 */
int vm_save(struct vm *vm, const char *dir, struct err *e) must_check;

/** vm_copy_sparse() - a disk with its holes; over @to, if there is something */
int vm_copy_sparse(const char *from, const char *to, struct err *e) must_check;

/** vm_saved() - does a directory hold what vm_save() writes, all of it? */
bool vm_saved(const char *dir);

/** vm_free() - kills it if it still runs, removes its private files, closes its logs */
void vm_free(struct vm *vm);
DEFINE_CLEANUP(struct vm *, vm_free)

/**
 * vm_wait_console() - wait for the first of several patterns, after those matched before
 * @patterns: the earliest match wins; the console's escape sequences do not stand in the way; under emulation a
 *            failure whose line vm_console_is_stall() knows is passed over
 * Return: index of the pattern; -EBADMSG a pattern that means failure, with its line; -ETIME none in
 * time; -ESRCH the machine ended first; -EINVAL a bad regular expression
 */
int vm_wait_console(struct vm *vm, const struct vm_pattern *patterns, size_t n,
		    unsigned int timeout_sec, struct err *e) must_check;

/**
 * vm_expect() - wait for a plain text; panic, emergency mode and the like end the wait
 * Return: 0; as vm_wait_console()
 */
int vm_expect(struct vm *vm, const char *text, unsigned int timeout_sec, struct err *e) must_check;

/** vm_wait_said() - until vm_console_text() is longer than @bytes; Return: 0; -ETIME; -ESRCH */
int vm_wait_said(struct vm *vm, size_t bytes, unsigned int timeout_sec, struct err *e) must_check;

/** vm_console_text() - all that the console said so far, without escape sequences */
const char *vm_console_text(const struct vm *vm);

/** vm_console_send() - type at the console; Return: 0; -ESRCH; -ENOMEM */
int vm_console_send(struct vm *vm, const void *data, size_t len, struct err *e) must_check;

struct vm_run_params {
	const char *command; /* for the guest's shell */
	const void *input;   /* its standard input; NULL: nothing */
	size_t input_len;
	struct buf *out;  /* standard output is appended here; NULL: thrown away */
	struct buf *diag; /* standard error is appended here; NULL: its end goes into the error */
	unsigned int timeout_sec;
};

/**
 * vm_run() - run a command in the guest, as root; waits until the guest can be reached
 * @ret_status: exit status; with NULL, other than 0 is an error
 * Return: 0; -EIO status not 0, with what it said; -ETIME; -ESRCH the machine ended;
 * -ECONNRESET the connection broke while it ran; -EINVAL the machine has no channel
 */
int vm_run(struct vm *vm, const struct vm_run_params *p, int *ret_status, struct err *e) must_check;

/** vm_ssh_port() - the port on 127.0.0.1 that leads to the guest's port 22; 0: none */
unsigned int vm_ssh_port(const struct vm *vm);

/** vm_ssh_key() - path of the private key that root of this machine may log in with; NULL: none */
const char *vm_ssh_key(const struct vm *vm);

enum vm_event {
	VM_EVENT_POWERDOWN, /* the power button was pressed */
	VM_EVENT_SHUTDOWN,
	VM_EVENT_RESET,
	VM_EVENT_PANICKED,
	VM_EVENT_WATCHDOG,
	VM_EVENTS,
};

/** vm_event_count() - how often QEMU reported it since the start */
unsigned int vm_event_count(const struct vm *vm, enum vm_event event);

/**
 * vm_wait_event() - wait until an event was reported @count times since the start
 * Return: 0; -ETIME; -ESRCH the machine ended first
 */
int vm_wait_event(struct vm *vm, enum vm_event event, unsigned int count, unsigned int timeout_sec,
		  struct err *e) must_check;

/** vm_powerdown() - press the power button; Return: 0; -ESRCH; -ETIME; -EIO */
int vm_powerdown(struct vm *vm, struct err *e) must_check;

/** vm_reset() - press the reset button; Return: 0; -ESRCH; -ETIME; -EIO */
int vm_reset(struct vm *vm, struct err *e) must_check;

/** vm_status() - QEMU's run state ("running", …) into @ret; Return: 0; -ESRCH; -ETIME; -EIO */
int vm_status(struct vm *vm, char ret[32], struct err *e) must_check;

/**
 * vm_wait_exit() - wait for the end of the machine
 * @ret_status: QEMU's exit status, or 128 + signal; it is 0 on many failures. May be NULL.
 * Return: 0; -ETIME
 */
int vm_wait_exit(struct vm *vm, unsigned int timeout_sec, int *ret_status,
		 struct err *e) must_check;

/** vm_kill() - end it at once and wait for that; nothing if it has ended */
void vm_kill(struct vm *vm);

/** vm_running() - has it not ended yet? */
bool vm_running(const struct vm *vm);

/** vm_age_sec() - seconds since it was started, or was reset last */
double vm_age_sec(const struct vm *vm);

/** vm_accel() - VM_ACCEL_KVM or VM_ACCEL_TCG */
enum vm_accel vm_accel(const struct vm *vm);

/**
 * vm_interact() - a person at the console, until the machine ends or ctrl-a x is typed
 * @in: a terminal (made raw meanwhile) or anything readable; ctrl-a ctrl-a types one ctrl-a
 * Return: 0; negative errno of @in or @out; -ETIME the machine's limit
 */
int vm_interact(struct vm *vm, int in, int out, struct err *e) must_check;

/* Where a person sits. */
struct vm_terminal {
	int in, out;
	void (*started)(const struct vm *vm, void *data); /* before its first words; may be NULL */
	void *data;
};

/**
 * boot_interactive() - vm_start() and vm_interact(): what `slipway boot` does
 * Return: 0 when the machine ended or the person left; as the two
 */
int boot_interactive(struct vm_host *h, const struct vm_params *p, const struct vm_terminal *t,
		     struct err *e) must_check;
