// Clang's thread-safety analysis: what a lock protects, and what a function needs or does to locks, said where the compiler reads it.
// Names and meaning: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html. Other compilers see nothing.
//
//   int count GUARDED_BY(lock_);          read and written with lock_ held
//   Entry* first PT_GUARDED_BY(lock_);    what it points to is
//   void insert() REQUIRES(lock_);        the caller holds lock_
//   void flush() EXCLUDES(lock_);         the caller does not: it is taken here
//
// The locks' order is not said here but by their ranks (core/sync/rank.h), which checked builds hold every acquisition against.
#pragma once

#ifdef __clang__
#define HALCYON_ANNOTATION(x) __attribute__((x))
#else
#define HALCYON_ANNOTATION(x)
#endif

#define CAPABILITY(name) HALCYON_ANNOTATION(capability(name))
#define SCOPED_CAPABILITY HALCYON_ANNOTATION(scoped_lockable)
#define GUARDED_BY(lock) HALCYON_ANNOTATION(guarded_by(lock))
#define PT_GUARDED_BY(lock) HALCYON_ANNOTATION(pt_guarded_by(lock))
#define ACQUIRED_BEFORE(...) HALCYON_ANNOTATION(acquired_before(__VA_ARGS__))
#define ACQUIRED_AFTER(...) HALCYON_ANNOTATION(acquired_after(__VA_ARGS__))
#define REQUIRES(...) HALCYON_ANNOTATION(requires_capability(__VA_ARGS__))
#define REQUIRES_SHARED(...) HALCYON_ANNOTATION(requires_shared_capability(__VA_ARGS__))
#define ACQUIRE(...) HALCYON_ANNOTATION(acquire_capability(__VA_ARGS__))
#define ACQUIRE_SHARED(...) HALCYON_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define RELEASE(...) HALCYON_ANNOTATION(release_capability(__VA_ARGS__))
#define RELEASE_SHARED(...) HALCYON_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define RELEASE_GENERIC(...) HALCYON_ANNOTATION(release_generic_capability(__VA_ARGS__))
#define EXCLUDES(...) HALCYON_ANNOTATION(locks_excluded(__VA_ARGS__))
#define ASSERT_CAPABILITY(lock) HALCYON_ANNOTATION(assert_capability(lock))
#define RETURN_CAPABILITY(lock) HALCYON_ANNOTATION(lock_returned(lock))
// The analysis cannot follow this function; each use says why.
#define NO_THREAD_SAFETY_ANALYSIS HALCYON_ANNOTATION(no_thread_safety_analysis)
