/* SPDX-License-Identifier: ISC */
/* OPEN: decoded and negotiated; the errors in words. */
#include <stdlib.h>
#include <string.h>

#include "../../bgpe/bgpe.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct session_params ours = { 65000, 65000, 0x7f000001, 1, 0 };
	static struct bgp_error err;
	struct bgp_params agreed;
	struct bgp_open o;
	char detail[96], text[200];
	uint16_t hold;

	if (len > 0)
		ours.without = data[len - 1] & 7;
	if (bgp_open_decode(&o, data, len, &err) &&
	    open_negotiate(&o, &ours, &agreed, &hold, &err, detail,
		sizeof(detail))) {
		if (err.code != 0 || agreed.families == 0 || o.as != 65000 ||
		    hold == 1 || hold == 2 || hold > HOLD_TIME)
			abort();
		if ((agreed.add_path & ~(agreed.families & o.add_path)) != 0 ||
		    ((ours.without & OPEN_NO_ADD_PATH) != 0 &&
			agreed.add_path != 0))
			abort();
	} else if (err.code != BGP_ERR_OPEN)
		abort();
	if (len >= 2) {
		bgp_error_set(&err, data[0], data[1], data + 2, len - 2);
		if ((open_refused(&err) & ~7) != 0)
			abort();
		notify_text(&err, text, sizeof(text));
		if (strnlen(text, sizeof(text)) == sizeof(text))
			abort();
	}
	return (0);
}
