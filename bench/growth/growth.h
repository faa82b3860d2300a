// What the parts of the growth benchmark share.
#pragma once

#include <stdint.h>
#include <stdio.h>

struct Kind {
  const char* name;
  long (*make)(long count);  // returns how many there are
  void (*measure)(void);
  void (*end)(void);  // what has to go before the program can
};
extern const struct Kind kinds[];  // the last has no name

int64_t now(void);
void require(int holds, const char* what);
// Prints what a round costs.
void measure(const char* name, void (*round)(void));
