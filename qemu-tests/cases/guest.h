/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The parts of the program for the guest: each is a command, and returns what main() is to return. */

/** container_hello() - what a process sees of its container; fails where the node's own files are */
int container_hello(void);

/** container_serve() - say that to everybody who asks by HTTP, on GUEST_SERVE_PORT; until it is killed */
int container_serve(void);

/** container_eat() - take memory until somebody puts an end to it; 0: nobody did */
int container_eat(void);

#define GUEST_SERVE_PORT 8080
