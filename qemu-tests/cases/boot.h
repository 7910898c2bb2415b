/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The cases that boot an image once and look at it from inside. What must be right of every image is
 * looked at for all of them: it comes up in order with nothing failed, Secure Boot is on, /usr is the
 * signed one and not writable, the root partition is made, nothing bad is on the console.
 */
#include "qemu-tests/cases/case_util.h"

struct boot {
	struct vm_case_context *ctx;
	struct vm *vm;
	struct buf out; /* of the last command */
	bool restarted; /* by boot_again(): no more the node that was saved */
	/* Seconds since the machine was started or reset. */
	double loader_sec; /* the firmware started the boot loader */
	double kernel_sec; /* the kernel started, to a second or so */
};

typedef int (*boot_step_fn)(struct boot *b, struct err *e);

struct boot_params {
	const char *name;	   /* of the logs */
	const char *const *units;  /* that must be active; NULL-terminated */
	const boot_step_fn *steps; /* what is looked at in this image only; NULL-terminated */
	const char *const *allow;  /* lines of the console that are no bad sign here; NULL: none */
	bool keep;		   /* the disk is the node's own, large enough: write into it */
};

/** boot_judge() - boot the image, look at it, and shut it down; as struct vm_case's run() */
int boot_judge(struct vm_case_context *ctx, const struct boot_params *p, struct err *e) must_check;

/* Room for the root partition that the first boot makes. */
#define BOOT_ROOT_BYTES (4 * GiB)

/**
 * boot_wait_up() - until the machine is up, in order and with no failed unit
 * One that started from a node which was up has its clock set, and no more.
 * Return: 0; -EBADMSG it is not in order; as vm_run()
 */
int boot_wait_up(struct boot *b, struct err *e) must_check;

/** boot_said() - the output of the last command */
const char *boot_said(const struct boot *b);

/**
 * boot_feed() - run a command that must succeed, with @input as its standard input
 * @what: what the command is for, in errors
 */
int boot_feed(struct boot *b, const char *command, const struct buf *input, const char *what,
	      struct err *e) must_check;

/** boot_expect() - a command must succeed and say something that holds @text */
int boot_expect(struct boot *b, const char *command, const char *text, struct err *e) must_check;

/* A command that must succeed, and what for. */
struct boot_todo {
	const char *what, *command;
};

/** boot_do() - commands, in order, up to the first that fails */
int boot_do(struct boot *b, const struct boot_todo *v, size_t n, struct err *e) must_check;

/** boot_again() - have the node restart itself, until it is up again; /run is empty then */
int boot_again(struct boot *b, struct err *e) must_check;

/** boot_check_image() - what must be right of every image that is up */
int boot_check_image(struct boot *b, struct err *e) must_check;

/**
 * boot_check_console() - nothing bad is on the console up to now
 * @allow: NULL-terminated; lines that hold one of these are no bad sign; NULL: none
 * Return: 0; -EBADMSG the first bad sign; -ENOMEM
 */
int boot_check_console(const struct boot *b, const char *const *allow, struct err *e) must_check;

/** boot_keep_journal() - of this boot, as <name>.journal among the logs, if it is to be had */
void boot_keep_journal(struct boot *b, const char *name);
