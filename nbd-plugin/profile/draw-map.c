/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Draws the text maps: the image is divided into cells, which fill one line after another.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "profile/draw.h"

#define LINES_MAX 12
#define LABEL_COLUMNS 13
#define CELL_MIN 4096
#define DENSITIES 5
#define TENTHS 10

struct map {
	uint64_t cell_bytes;
	size_t cells, columns;
	uint64_t *bytes;		/* bytes read of each cell */
	uint8_t *when;			/* the tenth of all reads in which the cell is first read, + 1 */
};

static const char *const utf8_glyphs[DENSITIES] = { "·", "░", "▒", "▓", "█" };
static const char *const ascii_glyphs[DENSITIES] = { ".", "-", "+", "*", "#" };

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static uint64_t cell_end(const struct map *m, size_t cell, uint64_t end)
{
	uint64_t stop = ((uint64_t)cell + 1) * m->cell_bytes;

	return stop < end ? stop : end;
}

static void fill_bytes(struct map *m, const struct profile *regions)
{
	uint64_t at, end, stop;
	size_t i, cell;

	for (i = 0; i < regions->count; i++) {
		at = regions->entries[i].offset;
		end = at + regions->entries[i].length;
		for (; at < end; at = stop) {
			cell = (size_t)(at / m->cell_bytes);
			stop = cell_end(m, cell, end);
			m->bytes[cell] += stop - at;
		}
	}
}

static uint8_t tenth(double part, double whole)
{
	return part < whole ? (uint8_t)(part * TENTHS / whole) : TENTHS - 1;
}

static void fill_when(struct map *m, const struct picture *p)
{
	double total = (double)profile_bytes(p->profile), before = 0;
	const struct profile_entry *e;
	uint64_t at, end, stop;
	size_t i, cell;

	for (i = 0; i < p->profile->count; before += (double)e->length, i++) {
		e = &p->profile->entries[i];
		end = e->offset + e->length;
		for (at = e->offset; at < end && at < p->size_bytes; at = stop) {
			cell = (size_t)(at / m->cell_bytes);
			stop = cell_end(m, cell, end);
			if (!m->when[cell])
				m->when[cell] = 1 + tenth(before + (double)(at - e->offset), total);
		}
	}
}

/* Returns the density: 0 only if nothing is read, the highest only if all is read. */
static unsigned density(const struct map *m, size_t cell, uint64_t size_bytes)
{
	uint64_t start = (uint64_t)cell * m->cell_bytes;
	uint64_t whole = cell_end(m, cell, size_bytes) - start;

	if (!m->bytes[cell])
		return 0;
	if (m->bytes[cell] >= whole)
		return DENSITIES - 1;
	return 1 + (unsigned)((double)m->bytes[cell] / (double)whole * (DENSITIES - 2));
}

static void draw_lines(const struct map *m, const struct picture *p,
		       const char *const *glyphs, bool ascii, FILE *to)
{
	const char *edge = ascii ? "|" : "│";
	size_t cell, column;

	for (cell = 0; cell < m->cells; ) {
		fprintf(to, "%9.1f M %s", (double)((uint64_t)cell * m->cell_bytes) / (1 << 20), edge);
		for (column = 0; column < m->columns && cell < m->cells; column++, cell++) {
			if (glyphs)
				fputs(glyphs[density(m, cell, p->size_bytes)], to);
			else if (m->when[cell])
				fputc('0' + m->when[cell] - 1, to);
			else
				fputc(' ', to);
		}
		fprintf(to, "%s\n", edge);
	}
}

static void draw(const struct map *m, const struct picture *p, bool ascii, FILE *to)
{
	const char *const *glyphs = ascii ? ascii_glyphs : utf8_glyphs;

	fprintf(to, "How much is read; each cell is %" PRIu64 " KiB: %s nothing  %s %s %s some  %s all\n",
		m->cell_bytes >> 10, glyphs[0], glyphs[1], glyphs[2], glyphs[3], glyphs[4]);
	draw_lines(m, p, glyphs, ascii, to);
	fprintf(to, "\nWhen it is first read; 0 is in the first tenth of all bytes, 9 in the last\n");
	draw_lines(m, p, NULL, ascii, to);
}

int profile_draw_map(const struct picture *p, unsigned columns, bool ascii, FILE *to)
{
	struct map m = { .columns = columns > LABEL_COLUMNS + 10 ? columns - LABEL_COLUMNS : 10 };
	int err = -ENOMEM;

	m.cell_bytes = ceil_div(ceil_div(p->size_bytes, m.columns * LINES_MAX), CELL_MIN) * CELL_MIN;
	m.cells = (size_t)ceil_div(p->size_bytes, m.cell_bytes);
	m.bytes = calloc(m.cells, sizeof *m.bytes);
	m.when = calloc(m.cells, sizeof *m.when);
	if (m.bytes && m.when) {
		fill_bytes(&m, p->regions);
		fill_when(&m, p);
		draw(&m, p, ascii, to);
		err = 0;
	}
	free(m.bytes);
	free(m.when);
	return err;
}
