// Two CPUs against one (pairs.c).
#pragma once

struct Benchmark;

// Runs the loop in one process, then in two, a few times.
void run_pairs(const struct Benchmark* benchmark);
