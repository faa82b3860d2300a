// Locks with priority inheritance (futex(2)): who owns them, who may give them back, in which order they go on, what becomes of the locks of
// threads that end, and condition variables whose waiters are moved to such a lock.
#include "guest.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_CMP_REQUEUE = 4, FUTEX_LOCK_PI = 6, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI, FUTEX_WAIT_REQUEUE_PI = 11, FUTEX_CMP_REQUEUE_PI,
       FUTEX_LOCK_PI2, FUTEX_PRIVATE = 128, FUTEX_CLOCK_REALTIME = 256 };
enum { FUTEX_TID_MASK = 0x3fffffff, FUTEX_OWNER_DIED = 0x40000000 };
#define FUTEX_WAITERS 0x80000000u

static long futex(void* word, int operation, unsigned value, const void* timeout, void* word2, unsigned value3) {
  return syscall(SYS_futex, word, operation, value, timeout, word2, value3);
}

static uint32_t self(void) { return (uint32_t)syscall(SYS_gettid); }

// The word in terms of who owns it.
static const char* describe(uint32_t word) {
  static char text[64];
  uint32_t tid = word & FUTEX_TID_MASK;
  snprintf(text, sizeof text, "%s%s%s", tid == 0 ? "nobody" : tid == self() ? "self" : "another", word & FUTEX_WAITERS ? " waiters" : "",
           word & FUTEX_OWNER_DIED ? " died" : "");
  return text;
}

static void by_one_thread(void) {
  uint32_t word = 0;
  SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  printf("owner: %s\n", describe(word));
  SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  printf("owner: %s\n", describe(word));
  SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  word = FUTEX_OWNER_DIED;
  SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
  printf("after an owner's death: %s\n", describe(word));
  word = FUTEX_WAITERS;
  SHOW(futex(&word, FUTEX_LOCK_PI2, 0, NULL, NULL, 0));
  printf("with waiters that are none: %s\n", describe(word));
  word = FUTEX_WAITERS | self();
  SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  printf("owner: %s\n", describe(word));
  word = 0x3fffffff;
  SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
}

static void parents_lock(void) {
  uint32_t word = (uint32_t)getppid();
  SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
  printf("owner: %s\n", describe(word));
}

static void bad_arguments(void) {
  uint32_t words[2] = {0, 0};
  struct timespec bad = {0, 1000000000}, past = {1, 0};
  SHOW(futex((char*)words + 1, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(NULL, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(words, FUTEX_LOCK_PI, 0, &bad, NULL, 0));
  SHOW(futex(words, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
  SHOW(futex(words, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, &past, NULL, 0));
  SHOW(futex(words, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(words, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
  SHOW(futex(words, FUTEX_CMP_REQUEUE_PI, 1, NULL, words + 1, 0));
  SHOW(futex(words, FUTEX_CMP_REQUEUE_PI, 2, NULL, words + 1, 0));
  SHOW(futex(words, FUTEX_CMP_REQUEUE_PI, 1, NULL, words, 0));
  SHOW(futex(words, FUTEX_CMP_REQUEUE_PI, 1, (void*)(uintptr_t)UINT64_MAX, words + 1, 0));
  SHOW(futex(words, FUTEX_CMP_REQUEUE_PI, 1, NULL, words + 1, 5));
  SHOW(futex(words, FUTEX_CMP_REQUEUE_PI, 1, NULL, NULL, 0));
  SHOW(futex(words, FUTEX_WAIT_REQUEUE_PI, 5, NULL, words + 1, 0));
  SHOW(futex(words, FUTEX_WAIT_REQUEUE_PI, 0, NULL, words, 0));
  SHOW(futex(words, FUTEX_WAIT_REQUEUE_PI, 0, &past, words + 1, 0));
  SHOW(futex(words, FUTEX_WAIT_REQUEUE_PI, 0, NULL, NULL, 0));
  uint32_t* constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  SHOW(futex(constant, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
}

static uint32_t lock_word, condition;
static atomic_int order[8], arrived, places;

static void* wait_for_lock(void* argument) {
  atomic_fetch_add(&arrived, 1);
  if (futex(&lock_word, FUTEX_LOCK_PI | FUTEX_PRIVATE, 0, NULL, NULL, 0) != 0) return "no";
  order[atomic_fetch_add(&places, 1)] = (int)(intptr_t)argument;
  bool is_mine = (lock_word & FUTEX_TID_MASK) == self();
  if (futex(&lock_word, FUTEX_UNLOCK_PI | FUTEX_PRIVATE, 0, NULL, NULL, 0) != 0) return "no";
  return is_mine ? "yes" : "not mine";
}

static void in_order(void) {
  pthread_t threads[4];
  CHECK(futex(&lock_word, FUTEX_LOCK_PI | FUTEX_PRIVATE, 0, NULL, NULL, 0) == 0);
  for (intptr_t index = 0; index < 4; ++index) {
    CHECK(pthread_create(&threads[index], NULL, wait_for_lock, (void*)index) == 0);
    wait_until_others_sleep();
  }
  printf("four wait: %s\n", describe(lock_word));
  SHOW(futex(&lock_word, FUTEX_LOCK_PI | FUTEX_PRIVATE, 0, NULL, NULL, 0));
  SHOW(futex(&lock_word, FUTEX_WAKE | FUTEX_PRIVATE, 1, NULL, NULL, 0));
  SHOW(futex(&lock_word, FUTEX_UNLOCK_PI | FUTEX_PRIVATE, 0, NULL, NULL, 0));
  for (int index = 0; index < 4; ++index) {
    void* result;
    pthread_join(threads[index], &result);
    printf("waiter %d was served as %d: %s\n", index, order[index], (char*)result);
  }
  printf("in the end: %s\n", describe(lock_word & ~FUTEX_WAITERS));
}

static void* try_others_lock(void* argument) {
  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec += 10000000;
  if (soon.tv_nsec >= 1000000000) soon.tv_sec++, soon.tv_nsec -= 1000000000;
  SHOW(futex(&lock_word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  SHOW(futex(&lock_word, FUTEX_LOCK_PI, 0, &soon, NULL, 0));
  printf("after a timeout: %s\n", describe(lock_word));
  return argument;
}

static void by_another_thread(void) {
  lock_word = 0;
  CHECK(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
  pthread_t thread;
  pthread_create(&thread, NULL, try_others_lock, NULL);
  pthread_join(thread, NULL);
  SHOW(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
}

// A signal does not end the wait for a lock, with or without SA_RESTART.
static atomic_int handled;
static void on_signal(int number) { (void)number, atomic_fetch_add(&handled, 1); }

static void interrupted(void) {
  struct sigaction action = {.sa_handler = on_signal};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  lock_word = 0, places = 0;
  CHECK(futex(&lock_word, FUTEX_LOCK_PI | FUTEX_PRIVATE, 0, NULL, NULL, 0) == 0);
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_lock, NULL);
  wait_until_others_sleep();
  pthread_kill(thread, SIGUSR1);
  while (handled == 0) sched_yield();
  wait_until_others_sleep();
  printf("handled %d, served %d\n", handled, places);
  CHECK(futex(&lock_word, FUTEX_UNLOCK_PI | FUTEX_PRIVATE, 0, NULL, NULL, 0) == 0);
  void* result;
  pthread_join(thread, &result);
  printf("then served: %s\n", (char*)result);
}

static uint32_t second_lock;
static void* lock_other_way(void* argument) {
  CHECK(futex(&second_lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
  atomic_fetch_add(&arrived, 1);
  SHOW_OK(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  CHECK(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
  CHECK(futex(&second_lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
  return argument;
}

static void deadlock(void) {
  lock_word = second_lock = 0;
  CHECK(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
  pthread_t thread;
  pthread_create(&thread, NULL, lock_other_way, NULL);
  wait_until_others_sleep();
  SHOW(futex(&second_lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  CHECK(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
  pthread_join(thread, NULL);
}

// An owner that ends without giving the lock back: in shared memory, so that the waiter is of another process.
static void owner_dies(void) {
  uint32_t* word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(word != MAP_FAILED);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK(futex(word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
    word[1] = 1;
    munmap(word, 4096);
    wait_until_asleep(getppid());
    _exit(0);
  }
  while (!*(volatile uint32_t*)&word[1]) sched_yield();
  SHOW(futex(word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  printf("inherited: %s\n", describe(*word));
  SHOW(futex(word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  printf("given up: %s\n", describe(*word));
  CHECK(waitpid(pid, NULL, 0) == pid);
  // Nobody waited: the word still names who is gone.
  pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK(futex(word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
    _exit(0);
  }
  CHECK(waitpid(pid, NULL, 0) == pid);
  SHOW(futex(word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
}

static void* die_with_mutex(void* mutex) {
  CHECK(pthread_mutex_lock(mutex) == 0);
  atomic_fetch_add(&arrived, 1);
  wait_until_others_sleep();
  return NULL;
}

static void robust_mutex(void) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t mutex;
  pthread_mutexattr_init(&attributes);
  int unsupported = pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  if (unsupported) return;  // as the C library says, on every machine
  CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
  CHECK(pthread_mutex_init(&mutex, &attributes) == 0);
  pthread_t thread;
  for (int round = 0; round < 2; ++round) {
    arrived = 0;
    pthread_create(&thread, NULL, die_with_mutex, &mutex);
    if (round == 0) pthread_join(thread, NULL);
    while (arrived == 0) sched_yield();
    int result = pthread_mutex_lock(&mutex);
    printf("a dead thread's mutex: %s\n", error_name(result));
    printf("made consistent: %s\n", error_name(pthread_mutex_consistent(&mutex)));
    printf("unlocked: %s\n", error_name(pthread_mutex_unlock(&mutex)));
    if (round == 1) pthread_join(thread, NULL);
  }
  pthread_mutex_destroy(&mutex);
}

static void* wait_for_condition(void* argument) {
  long result = futex(&condition, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &lock_word, 0);
  bool is_mine = (lock_word & FUTEX_TID_MASK) == self();
  order[atomic_fetch_add(&places, 1)] = (int)(intptr_t)argument;
  if (result == 0 && is_mine) result = futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
  return result == 0 && is_mine ? "owner" : "no owner";
}

static void requeue(bool is_locked) {
  pthread_t threads[3];
  lock_word = 0, places = 0;
  for (intptr_t index = 0; index < 3; ++index) {
    CHECK(pthread_create(&threads[index], NULL, wait_for_condition, (void*)index) == 0);
    wait_until_others_sleep();
  }
  if (is_locked) CHECK(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
  SHOW(futex(&condition, FUTEX_WAKE, 1, NULL, NULL, 0));
  SHOW(futex(&condition, FUTEX_CMP_REQUEUE, 1, (void*)1, &second_lock, 0));
  SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void*)1, &second_lock, 0));
  SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, NULL, &lock_word, 0));
  wait_until_others_sleep();
  printf("served %d\n", places);
  SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void*)INT32_MAX, &lock_word, 0));
  wait_until_others_sleep();
  printf("served %d\n", places);
  if (is_locked) SHOW(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
  for (int index = 0; index < 3; ++index) {
    void* result;
    pthread_join(threads[index], &result);
    printf("waiter %d was served as %d: %s\n", index, order[index], (char*)result);
  }
}

static void* wait_in_vain(void* argument) {
  struct timespec soon;
  clock_gettime(CLOCK_MONOTONIC, &soon);
  soon.tv_sec += 2;  // by then it has been moved
  SHOW(futex(&condition, FUTEX_WAIT_REQUEUE_PI, 0, &soon, &lock_word, 0));
  return argument;
}

static void requeued_in_vain(void) {
  pthread_t thread;
  lock_word = 0;
  CHECK(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
  pthread_create(&thread, NULL, wait_in_vain, NULL);
  wait_until_others_sleep();
  SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, NULL, &lock_word, 0));
  pthread_join(thread, NULL);
  SHOW(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
}

int main(void) {
  by_one_thread();
  show_status("a child", in_child(parents_lock));
  bad_arguments();
  in_order();
  by_another_thread();
  interrupted();
  deadlock();
  owner_dies();
  robust_mutex();
  requeue(true);
  requeue(false);
  requeued_in_vain();
  return 0;
}
