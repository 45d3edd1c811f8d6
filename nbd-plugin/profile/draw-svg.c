/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 */
#include "config.h"

#include <inttypes.h>

#include "profile/draw.h"

/* Pixels. */
#define WIDTH 960
#define HEIGHT 600
#define LEFT 80
#define RIGHT 20
#define TOP 50
#define STRIP_TOP 536		/* the image itself, under the plot */
#define STRIP_HEIGHT 12
#define BOTTOM 530
#define PLOT_WIDTH (WIDTH - LEFT - RIGHT)
#define PLOT_HEIGHT (BOTTOM - TOP)
/* The smallest size of an element, so that it is visible. */
#define SMALLEST 2.0
#define TICKS_MAX 10

static double x_of(const struct picture *p, uint64_t offset)
{
	return LEFT + (double)offset / (double)p->size_bytes * PLOT_WIDTH;
}

static double at_least(double length)
{
	return length > SMALLEST ? length : SMALLEST;
}

static void say_size(FILE *to, uint64_t bytes)
{
	if (bytes % (1 << 20) == 0)
		fprintf(to, "%" PRIu64 " MiB", bytes >> 20);
	else
		fprintf(to, "%" PRIu64 " KiB", bytes >> 10);
}

static uint64_t tick_step(uint64_t bytes)
{
	uint64_t step = 4096;

	while (bytes / step >= TICKS_MAX)
		step *= 2;
	return step;
}

static void draw_ticks(const struct picture *p, uint64_t total, FILE *to)
{
	uint64_t at, step = tick_step(p->size_bytes);
	double y;

	for (at = 0; at <= p->size_bytes; at += step) {
		fprintf(to, "<path class=\"grid\" d=\"M%.1f %d V%d\"/><text class=\"x\" x=\"%.1f\" y=\"%d\">",
			x_of(p, at), TOP, BOTTOM, x_of(p, at), STRIP_TOP + STRIP_HEIGHT + 16);
		say_size(to, at);
		fprintf(to, "</text>\n");
	}
	step = tick_step(total);
	for (at = 0; at <= total; at += step) {
		y = BOTTOM - (double)at / (double)total * PLOT_HEIGHT;
		fprintf(to, "<path class=\"grid\" d=\"M%d %.1f H%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">",
			LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4);
		say_size(to, at);
		fprintf(to, "</text>\n");
	}
}

/* One path for all entries: 250,000 elements would be too many for a viewer. */
static void draw_entries(const struct picture *p, uint64_t total, FILE *to)
{
	const struct profile_entry *e;
	double before = 0, width, height;
	uint64_t length;
	size_t i;

	fprintf(to, "<path class=\"read\" d=\"");
	for (i = 0; i < p->profile->count; before += (double)e->length, i++) {
		e = &p->profile->entries[i];
		if (e->offset >= p->size_bytes)
			continue;
		length = p->size_bytes - e->offset < e->length ? p->size_bytes - e->offset : e->length;
		width = at_least((double)length / (double)p->size_bytes * PLOT_WIDTH);
		height = at_least((double)e->length / (double)total * PLOT_HEIGHT);
		fprintf(to, "M%.2f %.2fh%.2fv-%.2fh-%.2fz\n", x_of(p, e->offset),
			BOTTOM - before / (double)total * PLOT_HEIGHT, width, height, width);
	}
	fprintf(to, "\"/>\n");
}

static void draw_strip(const struct picture *p, FILE *to)
{
	const struct profile_entry *e;
	double width;
	size_t i;

	fprintf(to, "<rect class=\"strip\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n<path class=\"read\" d=\"",
		LEFT, STRIP_TOP, PLOT_WIDTH, STRIP_HEIGHT);
	for (i = 0; i < p->regions->count; i++) {
		e = &p->regions->entries[i];
		width = at_least((double)e->length / (double)p->size_bytes * PLOT_WIDTH);
		fprintf(to, "M%.2f %dh%.2fv%dh-%.2fz\n", x_of(p, e->offset), STRIP_TOP, width,
			STRIP_HEIGHT, width);
	}
	fprintf(to, "\"/>\n");
}

void profile_draw_svg(const struct picture *p, FILE *to)
{
	uint64_t total = profile_bytes(p->profile), bytes = profile_bytes(p->regions);

	fprintf(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n"
		"<style>text{font:12px sans-serif;fill:#333}.t{font-size:16px}.x,.c{text-anchor:middle}"
		".y{text-anchor:end}.grid{stroke:#ddd;fill:none}.read{fill:#0b5fa5}.strip{fill:#e8e8e8}</style>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
	fprintf(to, "<text class=\"t\" x=\"%d\" y=\"24\">%.1f of %.1f MiB are read (%.1f %%), in %zu steps</text>\n",
		LEFT, (double)bytes / (1 << 20), (double)p->size_bytes / (1 << 20),
		100.0 * (double)bytes / (double)p->size_bytes, p->profile->count);
	fprintf(to, "<text x=\"%d\" y=\"%d\">bytes read until then</text>\n", 8, TOP - 8);
	fprintf(to, "<text class=\"c\" x=\"%d\" y=\"%d\">offset in the image</text>\n",
		LEFT + PLOT_WIDTH / 2, HEIGHT - 12);
	draw_ticks(p, total, to);
	draw_entries(p, total, to);
	draw_strip(p, to);
	fprintf(to, "</svg>\n");
}
