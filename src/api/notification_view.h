/* How a notification is shown, in lists and in streams (contract section 8). */
#ifndef API_NOTIFICATION_VIEW_H
#define API_NOTIFICATION_VIEW_H

#include "json/view.h"

extern const struct view notification_view;

#endif
