/* The commands of microtaskctl. Each returns the exit status. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/tool.h"

int command_init_db(struct tool *tool);
int command_create_admin(struct tool *tool);
int command_adjust(struct tool *tool);
int command_audit(struct tool *tool);
int command_sweep(struct tool *tool);
int command_seed_demo(struct tool *tool);
int command_routes(struct tool *tool);
int command_personal_data(struct tool *tool);
int command_openapi(struct tool *tool);

#endif
