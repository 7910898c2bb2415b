/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a builder has to know of an ELF file: for which machine it is, what it asks the dynamic linker
 * for, and what it may load by itself later. 32 and 64 bit, little-endian. Every offset and size of
 * the file is checked; nothing is allocated by a number that the file gives.
 */
#include "base/err.h"
#include "base/strv.h"

/* A library that is loaded by dlopen(), as its user says in a .note.dlopen note. */
enum elf_priority { ELF_SUGGESTED, ELF_RECOMMENDED, ELF_REQUIRED };

struct elf_dlopen {
	enum elf_priority priority;
	char *feature;	     /* NULL if the note names none */
	struct strv sonames; /* the first that is there is taken */
};

struct elf {
	unsigned int bits;	 /* 32 or 64 */
	uint16_t type, machine;	 /* ET_…, EM_… of <elf.h> */
	uint32_t flags;		 /* e_flags */
	uint32_t x86_isa_needed; /* GNU_PROPERTY_X86_ISA_1_NEEDED: bit n is level n; 0: baseline */
	bool dynamic;		 /* has a dynamic section with a string table */
	char *interpreter;	 /* PT_INTERP, or NULL */
	char *soname;		 /* DT_SONAME, or NULL */
	struct strv needed;	 /* DT_NEEDED, in order */
	struct strv rpath, runpath; /* directories, not expanded ("$ORIGIN/../lib") */
	struct elf_dlopen *dlopens;
	size_t n_dlopens;
};

/** elf_is() - does it start as an ELF file does? */
bool elf_is(const void *data, uint64_t len);

/**
 * elf_read() - read headers, dynamic section and properties
 * @data: the whole file
 * Return: 0; -ENOEXEC no ELF file; -ENOTSUP big-endian or of an unknown class; -EBADMSG truncated or
 *         malformed; -ENOMEM
 * Spec: System V gABI chapters 4 and 5; x86-64 psABI (program property)
 */
int elf_read(const void *data, uint64_t len, struct elf **ret, struct err *e) must_check;

/**
 * elf_read_dlopen() - read the .note.dlopen notes into @elf->dlopens
 * @data: the file that @elf was read from
 * Return: 0, also when there is none; -EBADMSG a note that is no valid JSON of this kind; -ENOMEM
 * Spec: UAPI group, ELF dlopen metadata
 */
int elf_read_dlopen(struct elf *elf, const void *data, uint64_t len, struct err *e) must_check;

void elf_free(struct elf *elf);
DEFINE_CLEANUP(struct elf *, elf_free)
