/* SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The rpi-rescue-netboot authors
 *
 * Where a transfer goes after a redirect, and the target that an origin remembers.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/http/redirect.h"
#include "engine/http/transfer.h"
#include "engine/http/url.h"

/* What forbids to follow a redirect to a URL; NULL: nothing. */
static const char *why_no_hop(struct transfer *t, const char *to)
{
	bool is_same;

	if (!to)
		return "redirect to something that is no URL";
	if (t->hops == REDIRECTS_MAX)
		return "more than " REDIRECTS_MAX_TEXT " redirects";
	is_same = !strcmp(to, t->url);
	if (is_same && t->went_to_itself)
		return "the server redirects to the same URL again and again";
	/* Once may be a server that sets a cookie. */
	t->went_to_itself |= is_same;
	if (redirect_leaves_tls(t->url, to))
		return "redirect to a protocol that is not allowed (https never goes to http)";
	return NULL;
}

/* The redirect's target, for curl_free; or NULL, perhaps with t->fault.  libcurl would tell it,
 * too, but only after the whole body.
 */
static char *next_hop(struct transfer *t)
{
	struct curl_header *location;
	const char *why;
	char *to;

	if (curl_easy_header(t->easy, "Location", 0, CURLH_HEADER, -1, &location))
		return NULL;
	to = redirect_target(t->url, location->value);
	why = why_no_hop(t, to);
	if (!why)
		return to;
	t->fault = FAULT_REDIRECT;
	snprintf(t->why, sizeof t->why, "%s", why);
	curl_free(to);
	return NULL;
}

bool transfer_redirect(struct transfer *t)
{
	struct origin *o = &t->origins->origin[t->origin];
	const char *to = NULL;
	char *hop = NULL;
	bool sent;

	if (t->is_at_target && redirect_is_expired(t->response.status)) {
		origin_forget_target(o);
		to = transfer_first_url(t);
		t->is_at_target = false;
		t->hops = 0;
	} else if (redirect_is_status(t->response.status) && t->origins->options->http.followlocation) {
		to = hop = next_hop(t);
		t->hops++;
		if (!o->target && !transfer_is_profile(t) && !t->is_tree)
			origin_forget_connections(o);
	}
	if (!to)
		return false;
	curl_multi_remove_handle(t->origins->multi, t->easy);
	sent = transfer_send_to(t, to);
	curl_free(hop);
	if (!sent)
		t->fault = FAULT_LOCAL;
	return sent;
}

void transfer_remember_target(const struct transfer *t)
{
	struct origin *o = &t->origins->origin[t->origin];

	if (!t->hops || transfer_is_profile(t) || t->is_tree)
		return;
	if (!t->is_at_target)
		o->target_ms = t->sent_ms;
	if (o->target && !strcmp(o->target, t->url))
		return;
	origin_forget_target(o);
	o->target = strdup(t->url);
	url_without_secrets(t->url, o->shown_target, sizeof o->shown_target);
}

void origin_forget_target(struct origin *o)
{
	free(o->target);
	o->target = NULL;
	o->shown_target[0] = '\0';
}
