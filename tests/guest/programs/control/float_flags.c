// The exception flags that floating-point arithmetic leaves: by operations, conversions and comparisons; cleared, raised, and over a fork.
#include "guest.h"

#include <fenv.h>
#include <math.h>

static volatile double zero = 0, one = 1, big = 1e308, small = 1e-308, sum;
static volatile float narrow;
static volatile int whole;

static void show(const char* what) {
  int flags = fetestexcept(FE_ALL_EXCEPT);
  printf("%s:%s%s%s%s%s\n", what, flags & FE_INVALID ? " invalid" : "", flags & FE_DIVBYZERO ? " divide" : "", flags & FE_OVERFLOW ? " overflow" : "",
         flags & FE_UNDERFLOW ? " underflow" : "", flags & FE_INEXACT ? " inexact" : "");
  feclearexcept(FE_ALL_EXCEPT);
}

#define SHOW_FLAGS(statement) (statement, show(#statement))

int main(void) {
  feclearexcept(FE_ALL_EXCEPT);
  SHOW_FLAGS(sum = one + one);
  SHOW_FLAGS(sum = one / zero);
  SHOW_FLAGS(sum = zero / zero);
  SHOW_FLAGS(sum = one / 3);
  SHOW_FLAGS(sum = big * big);
  SHOW_FLAGS(sum = small * small);
  SHOW_FLAGS(sum = sqrt(-one));
  SHOW_FLAGS(narrow = (float)big);
  SHOW_FLAGS(narrow = (float)(one / 4));
  SHOW_FLAGS(whole = (int)big);
  SHOW_FLAGS(whole = (int)(one / 4));
  SHOW_FLAGS(whole = zero / zero < one);
  SHOW_FLAGS(sum = nearbyint(one / 4));
  SHOW_FLAGS(feraiseexcept(FE_OVERFLOW));
  sum = one / zero;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    show("child");
    _exit(0);
  }
  CHECK(waitpid(child, NULL, 0) == child);
  sum = one / 3;
  show("parent");
  fenv_t held;
  sum = zero / zero;
  feholdexcept(&held);
  sum = one / zero;
  feupdateenv(&held);
  show("held");
  return 0;
}
