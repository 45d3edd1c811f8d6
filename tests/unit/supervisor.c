/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * The supervisor's decisions: each by itself, and all of them in a pretended machine in which
 * anything dies at any moment, the supervisor in the middle of its steps too.
 */
#include "config.h"

#include "attach/supervisor.h"
#include "check.h"

static struct sight serving(int n)
{
	struct sight s = { .has_table = true, .queues = true, .path = n };

	s.is_attached[n] = s.is_alive[n] = true;
	return s;
}

static void check_step(const struct sight *s, enum supervisor_action action, int n)
{
	struct supervisor_step step = supervisor_decide(s);

	CHECK_EQ(step.action, action);
	CHECK_EQ(step.n, n);
}

static void begins(void)
{
	struct sight s = { .path = -1 };

	check_step(&s, SUPERVISE_START, 0);
	s.is_alive[0] = true;
	check_step(&s, SUPERVISE_OPEN, 0);
	s.answer[0] = ANSWER_OPENING;
	check_step(&s, SUPERVISE_WAIT, -1);
	s.answer[0] = ANSWER_OPEN;
	check_step(&s, SUPERVISE_ATTACH, 0);
	s.answer[0] = ANSWER_SILENT;
	check_step(&s, SUPERVISE_KILL, 0);
}

static void replaces(void)
{
	struct sight s = serving(0);

	CHECK(supervisor_is_serving(&s));
	check_step(&s, SUPERVISE_WAIT, -1);
	/* Its server dies. */
	s.is_alive[0] = false;
	CHECK(!supervisor_is_serving(&s));
	check_step(&s, SUPERVISE_DETACH, 0);
	s.is_attached[0] = false;
	check_step(&s, SUPERVISE_START, 1);
	/* Stopped, or a read failed: killed first. */
	s = serving(1);
	s.answer[1] = ANSWER_SILENT;
	check_step(&s, SUPERVISE_KILL, 1);
	s = serving(1);
	s.path_failed = true;
	check_step(&s, SUPERVISE_KILL, 1);
	/* Detached by a person. */
	s = serving(1);
	s.is_attached[1] = false;
	check_step(&s, SUPERVISE_KILL, 1);
}

static void clears_away_what_is_left(void)
{
	struct sight s = serving(0);

	s.has_inactive_table = s.is_suspended = true;
	s.queues = false;
	check_step(&s, SUPERVISE_CLEAR, -1);
	s.has_inactive_table = false;
	check_step(&s, SUPERVISE_RESUME, -1);
	s.is_suspended = false;
	check_step(&s, SUPERVISE_QUEUE, -1);
	s.queues = true;
	/* The old server after a swap; the new one before it. */
	s.is_alive[1] = s.is_attached[1] = true;
	check_step(&s, SUPERVISE_KILL, 1);
	s.is_alive[1] = false;
	check_step(&s, SUPERVISE_DETACH, 1);
	/* The kernel has the connection, the table does not have the device. */
	s = serving(0);
	s.is_alive[0] = s.is_attached[0] = false;
	s.is_alive[1] = s.is_attached[1] = true;
	check_step(&s, SUPERVISE_DETACH, 1);
	/* Nothing is attached, and the server of nbd1 lives: it is used. */
	s = (struct sight){ .path = -1 };
	s.is_alive[1] = true;
	check_step(&s, SUPERVISE_OPEN, 1);
}

static void pivots_once_all_is_here(void)
{
	struct sight s = serving(1);

	s.may_pivot = true;
	check_step(&s, SUPERVISE_PIVOT, 1);
	/* Not while something is being replaced. */
	s.is_alive[0] = true;
	check_step(&s, SUPERVISE_KILL, 0);
	s = serving(1);
	s.may_pivot = true;
	s.answer[1] = ANSWER_SILENT;
	check_step(&s, SUPERVISE_KILL, 1);
	/* No other server is needed. */
	s.is_alive[1] = false;
	s.answer[1] = ANSWER_NONE;
	check_step(&s, SUPERVISE_DETACH, 1);
	s.is_attached[1] = false;
	check_step(&s, SUPERVISE_PIVOT, 1);
	/* Then nothing is left of the servers, and no supervisor either. */
	s = serving(1);
	s.path = -1;
	s.is_pivoted = true;
	CHECK(!supervisor_is_serving(&s));
	check_step(&s, SUPERVISE_KILL, 1);
	s.is_alive[1] = false;
	check_step(&s, SUPERVISE_DETACH, 1);
	s.is_attached[1] = false;
	check_step(&s, SUPERVISE_FINISH, -1);
	/* By a person. */
	s.queues = false;
	check_step(&s, SUPERVISE_QUEUE, -1);
}

static void has_patience(void)
{
	CHECK(!supervisor_is_silent(SUPERVISOR_SILENT_S - 1, true, false));
	CHECK(supervisor_is_silent(SUPERVISOR_SILENT_S, true, false));
	CHECK(supervisor_is_silent(SUPERVISOR_SILENT_S, false, false));
	/* It greets: it may be the read alone that waits. */
	CHECK(!supervisor_is_silent(SUPERVISOR_STUCK_S - 1, true, true));
	CHECK(supervisor_is_silent(SUPERVISOR_STUCK_S, true, true));
	/* It may never have had the block, in an outage. */
	CHECK(!supervisor_is_silent(100 * SUPERVISOR_STUCK_S, false, true));
}

static void pauses(void)
{
	CHECK_EQ(supervisor_pause_ms(0), 0);
	CHECK_EQ(supervisor_pause_ms(1), 100);
	CHECK_EQ(supervisor_pause_ms(2), 200);
	CHECK_EQ(supervisor_pause_ms(7), 5000);
	CHECK_EQ(supervisor_pause_ms(1000000000), 5000);
}

/* The pretended machine */

struct machine {
	struct sight s;
	bool is_stopped[SUPERVISOR_DEVICES];	/* the server */
	int inactive;				/* the path of the inactive table; -1: none */
	unsigned seed;
};

static unsigned chance(struct machine *m, unsigned limit)
{
	m->seed = m->seed * 1103515245u + 12345u;
	return (m->seed >> 16) % limit;
}

static void end_server(struct machine *m, int n)
{
	m->s.is_alive[n] = m->is_stopped[n] = false;
	m->s.answer[n] = ANSWER_NONE;
}

/* A new supervisor knows no connection of the old one. */
static void lose_supervisor(struct machine *m)
{
	m->s.answer[0] = m->s.answer[1] = ANSWER_NONE;
}

/* What the steps of ATTACH do, up to the one before which the supervisor dies. */
static void attach(struct machine *m, int n, unsigned steps)
{
	CHECK(m->s.path != n);	/* EBUSY */
	CHECK(!m->s.is_attached[n]);
	CHECK(m->s.is_alive[n]);
	m->s.answer[n] = ANSWER_NONE;
	m->s.is_attached[n] = true;
	if (steps < 1)
		return;
	m->inactive = n;
	m->s.has_inactive_table = true;
	if (steps < 2)
		return;
	m->s.has_inactive_table = false;
	m->s.has_table = m->s.queues = true;
	m->s.path = n;
	m->s.path_failed = false;
}

/* The same for PIVOT: a loop device over the store instead of nbd device n. */
static void pivot(struct machine *m, int n, unsigned steps)
{
	CHECK(m->s.has_table);
	CHECK_EQ(m->s.path, n);
	CHECK(!m->s.is_alive[1 - n] && !m->s.is_attached[1 - n]);
	CHECK_EQ(m->s.is_alive[n], supervisor_is_serving(&m->s));
	m->s.has_inactive_table = true;
	if (steps < 1)
		return;
	m->s.is_attached[n] = false;
	if (steps < 2)
		return;
	m->s.has_inactive_table = m->s.path_failed = false;
	m->s.path = -1;
	m->s.is_pivoted = true;
}

static void act(struct machine *m, const struct supervisor_step *step, unsigned attach_steps)
{
	int n = step->n;

	switch (step->action) {
	case SUPERVISE_WAIT:
		/* The server answers, or its silence is noticed. */
		for (n = 0; n < SUPERVISOR_DEVICES; n++)
			if (m->s.is_alive[n] && m->is_stopped[n])
				m->s.answer[n] = ANSWER_SILENT;
			else if (m->s.answer[n] == ANSWER_OPENING)
				m->s.answer[n] = ANSWER_OPEN;
		break;
	case SUPERVISE_CLEAR:
		m->s.has_inactive_table = false;
		break;
	case SUPERVISE_RESUME:
		m->s.is_suspended = false;
		break;
	case SUPERVISE_QUEUE:
		m->s.queues = true;
		break;
	case SUPERVISE_KILL:
		end_server(m, n);
		break;
	case SUPERVISE_DETACH:
		/* Else reads in flight would become errors: never a device that serves. */
		CHECK(!supervisor_is_serving(&m->s) || m->s.path != n);
		m->s.is_attached[n] = false;
		break;
	case SUPERVISE_START:
		/* Two servers would share a store. */
		CHECK(!m->s.is_alive[0] && !m->s.is_alive[1]);
		m->s.is_alive[n] = true;
		m->s.answer[n] = ANSWER_NONE;
		m->s.may_pivot = false;
		break;
	case SUPERVISE_OPEN:
		m->s.answer[n] = m->is_stopped[n] ? ANSWER_SILENT : ANSWER_OPENING;
		break;
	case SUPERVISE_ATTACH:
		/* Else reads would wait for a server again. */
		CHECK(!m->s.is_pivoted);
		attach(m, n, attach_steps);
		break;
	case SUPERVISE_PIVOT:
		pivot(m, n, attach_steps);
		break;
	case SUPERVISE_FINISH:
		CHECK(m->s.is_pivoted);
		break;
	}
}

static void strike(struct machine *m)
{
	int n = (int)chance(m, SUPERVISOR_DEVICES);

	switch (chance(m, 8)) {
	case 0:
	case 1:
		end_server(m, n);
		break;
	case 2:
		m->is_stopped[n] = m->s.is_alive[n];
		break;
	case 3:
	case 4:
		lose_supervisor(m);
		break;
	case 5:
		m->s.path_failed = m->s.path >= 0;
		break;
	case 6:
		m->s.queues = false;
		break;
	case 7:
		m->s.is_suspended = m->s.has_table;
		break;
	}
}

static void recovers_from_anything(void)
{
	struct machine m = { .s = { .path = -1 }, .inactive = -1 };
	struct supervisor_step step;
	unsigned round, n, pivots = 0;

	for (round = 0; round < 20000; round++) {
		m.seed = round * 2654435761u;
		if (m.s.is_pivoted)
			m = (struct machine){ .s = { .path = -1 }, .inactive = -1, .seed = m.seed };
		for (n = chance(&m, 30); n; n--) {
			if (!chance(&m, 3))
				strike(&m);
			/* In half of the rounds the store becomes complete, and stays so. */
			m.s.may_pivot |= round % 2 && supervisor_is_serving(&m.s) && !chance(&m, 5);
			step = supervisor_decide(&m.s);
			act(&m, &step, chance(&m, 3));
			if (!chance(&m, 5))
				lose_supervisor(&m);
		}
		/* In peace it serves within a dozen steps, and then does nothing. */
		for (n = 0; n < 14; n++) {
			step = supervisor_decide(&m.s);
			act(&m, &step, 2);
		}
		CHECK_EQ(m.s.is_pivoted, m.s.may_pivot);
		if (m.s.is_pivoted) {
			pivots++;
			check_step(&m.s, SUPERVISE_FINISH, -1);
			CHECK(!m.s.is_alive[0] && !m.s.is_attached[0] && !m.s.is_alive[1] && !m.s.is_attached[1]);
			continue;
		}
		CHECK(supervisor_is_serving(&m.s));
		check_step(&m.s, SUPERVISE_WAIT, -1);
		CHECK(!m.s.is_alive[1 - m.s.path] && !m.s.is_attached[1 - m.s.path]);
	}
	CHECK(pivots > 5000 && pivots < 10000);
}

int main(void)
{
	begins();
	replaces();
	clears_away_what_is_left();
	pivots_once_all_is_here();
	has_patience();
	pauses();
	recovers_from_anything();
	return 0;
}
