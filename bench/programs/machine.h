// For a machine's first process (machine.c).
#pragma once

// Makes the machine such as the loops want it, and prints the line `boot_to_init NANOSECONDS`.
void start_as_init(void);

void power_off(void);
