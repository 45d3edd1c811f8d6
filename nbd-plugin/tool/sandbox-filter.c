/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * A list of what is refused, and not of what is allowed: libraries for HTTP and TLS choose system
 * calls by their version and the kernel's, and a root file system must not depend on that choice.
 */
#include "config.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#include "tool/sandbox-filter.h"

static const int refused[] = {
	/* Other processes and their memory. */
	SCMP_SYS(kcmp), SCMP_SYS(process_madvise), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(ptrace),
	/* The kernel itself. */
	SCMP_SYS(acct), SCMP_SYS(bpf), SCMP_SYS(delete_module), SCMP_SYS(finit_module), SCMP_SYS(init_module),
	SCMP_SYS(ioperm), SCMP_SYS(iopl), SCMP_SYS(kexec_file_load), SCMP_SYS(kexec_load),
	SCMP_SYS(perf_event_open), SCMP_SYS(reboot), SCMP_SYS(swapoff), SCMP_SYS(swapon), SCMP_SYS(syslog),
	/* Parts of it that had many holes. */
	SCMP_SYS(add_key), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(io_uring_setup),
	SCMP_SYS(keyctl), SCMP_SYS(request_key), SCMP_SYS(userfaultfd), SCMP_SYS(vmsplice),
	/* Other views of the file systems. */
	SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fsopen), SCMP_SYS(fspick), SCMP_SYS(mount),
	SCMP_SYS(mount_setattr), SCMP_SYS(move_mount), SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(open_tree), SCMP_SYS(pivot_root), SCMP_SYS(quotactl), SCMP_SYS(setns), SCMP_SYS(unshare),
	/* The machine's name and clock. */
	SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(clock_settime), SCMP_SYS(setdomainname),
	SCMP_SYS(sethostname), SCMP_SYS(settimeofday),
};

int sandbox_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	size_t i;
	int ret = filter ? 0 : -ENOMEM;

	for (i = 0; ret == 0 && i < sizeof refused / sizeof refused[0]; i++) {
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
		/* This architecture does not have it. */
		if (ret == -EDOM || ret == -EFAULT)
			ret = 0;
	}
	if (ret == 0)
		ret = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return ret == -EINVAL ? -ENOSYS : ret;
}
