/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/http/ca-bundle.h"

#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

static int append_file(FILE *out, const char *path)
{
	char buffer[65536];
	struct stat st;
	size_t got;
	FILE *in = fopen(path, "re");
	int err = 0;

	if (!in)
		return -errno;
	if (!fstat(fileno(in), &st) && S_ISDIR(st.st_mode))
		err = -EISDIR;
	while (!err && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
		fwrite(buffer, 1, got, out);
	if (!err && ferror(in))
		err = -EIO;
	/* A file without a last line end must not swallow the next one. */
	fputc('\n', out);
	fclose(in);
	return err;
}

static int append_folder(FILE *out, const char *folder)
{
	char path[4096];
	struct dirent *entry;
	unsigned found = 0;
	DIR *dir = opendir(folder);

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		/* Dangling links and subfolders are usual there. */
		if (!append_file(out, path))
			found++;
	}
	closedir(dir);
	return found ? 0 : -ENOENT;
}

int ca_bundle_read(const char *cainfo, const char *capath, const struct log *log,
		   enum log_level level, char **out, size_t *out_size)
{
	const char *what = cainfo;
	FILE *memory = open_memstream(out, out_size);
	int err = 0;

	if (!memory)
		return -ENOMEM;
	if (!cainfo && !capath)
		what = cainfo = SYSTEM_BUNDLE;
	if (cainfo)
		err = append_file(memory, cainfo);
	if (!err && capath) {
		what = capath;
		err = append_folder(memory, capath);
	}
	if (fclose(memory) && !err)
		err = -ENOMEM;
	if (err) {
		log_say(log, level,
			"cannot read CA certificates from %s: %s; give cainfo=, or install ca-certificates",
			what, strerror(-err));
		free(*out);
		*out = NULL;
	}
	return err;
}
