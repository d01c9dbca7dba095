/* What a notification shows (contract section 8): the same in lists and in streams. */
#ifndef API_NOTIFICATION_VIEW_H
#define API_NOTIFICATION_VIEW_H

#include "json/view.h"

extern const struct view notification_view;

#endif
