#include "syscalls/strace/strace.h"

#include "core/base/lock_guard.h"
#include "core/task/process/process.h"
#include "syscalls/abi/abi.h"
#include "syscalls/strace/names.h"
#include "syscalls/strace/text.h"
#include "syscalls/time/time.h"

namespace halcyon::strace {

namespace {

// For numbers that the table does not have.
constexpr SyscallEntry unknown_call{};

bool never_returns(const SyscallEntry& entry) { return entry.name == "exit" || entry.name == "exit_group"; }

void write_name(Writer& out, const SyscallEntry& entry, uint64_t number) {
  if (&entry == &unknown_call) print(out, "syscall_{:#x}", number);
  else out.write(entry.name == "clone_backwards" ? "clone" : entry.name);
}

Parameter parameter_of(const SyscallEntry& entry, unsigned index) {
  if (const Parameter* special = special_parameter(entry.name, index)) return *special;
  return parameters_of(entry)[index];
}

void write_outcome(Writer& out, const Call& call) {
  if (!call.has_failed()) return show_result(out, call);
  auto error = static_cast<Errno>(-call.result);
  if (call.thread.is_dying()) out.write("?");
  else if (is_restart(error)) print(out, "? {} ({})", errno_name(error), errno_text(error));
  else print(out, "-1 {} ({})", errno_name(error), errno_text(error));
}

}  // namespace

Strace::~Strace() {
  while (states_) {
    Own<State> next = std::move(states_->next);
    states_ = std::move(next);
  }
}

Strace::State* Strace::state_of(Thread& self) {
  LockGuard guard(lock_);
  for (State* state = states_.get(); state; state = state->next.get())
    if (state->thread == &self) return state;
  auto made = make<State>();
  if (!made) return nullptr;
  (*made)->thread = &self;
  (*made)->next = std::move(states_);
  states_ = *std::move(made);
  return states_.get();
}

void Strace::forget(Thread& self) {
  LockGuard guard(lock_);
  for (Own<State>* link = &states_; *link; link = &(*link)->next) {
    if ((*link)->thread != &self) continue;
    if (open_ == link->get()) open_ = nullptr;
    Own<State> next = std::move((*link)->next);
    *link = std::move(next);
    return;
  }
}

void Strace::write(std::string_view text) {
  out_.write(text);
  size_t newline = text.rfind('\n');
  column_ = newline == std::string_view::npos ? column_ + text.size() : text.size() - newline - 1;
}

// Who speaks is said only while there are several. The reaper is not traced.
void Strace::begin_line(Thread& self) {
  FixedText<64> prefix;
  if (self.kernel().thread_count.load(std::memory_order_relaxed) > 2) print(prefix, "[pid {:5}] ", self.tid());
  if (options_.shows_time) {
    Nanoseconds now = self.kernel().clock().realtime();
    print(prefix, "{}.{:06} ", now / second, now % second / 1000);
  }
  write(prefix.view());
}

void Strace::put(State& state, std::string_view text, std::string_view result, bool ends_line) {
  LockGuard guard(lock_);
  if (open_ && open_ != &state) {
    write(" <unfinished ...>\n");
    open_->is_broken_off = true;
    open_ = nullptr;
  }
  if (!open_) {
    begin_line(*state.thread);
    if (state.is_broken_off) {
      write("<... ");
      FixedText<64> name;
      write_name(name, *state.entry, state.number);
      write(name.view());
      write(" resumed>");
      state.is_broken_off = false;
    }
  }
  write(text);
  if (!result.empty()) {
    static constexpr std::string_view spaces = "                                                                ";
    write(" ");
    if (column_ < options_.result_column) write(spaces.substr(0, options_.result_column - column_));
    write("= ");
    write(result);
  }
  if (ends_line) write("\n");
  open_ = ends_line ? nullptr : &state;
}

// Arguments from state.shown on: all that can be told now.
void Strace::write_arguments(TextBuffer& text, State& state, const Call& call) {
  if (state.shown == 0 && show_whole(text, call)) {
    state.shown = call.entry.argument_count;
    return;
  }
  bool is_unknown = state.entry == &unknown_call;
  unsigned count = is_unknown ? 6 : shown_arguments(call);
  for (; state.shown < count; ++state.shown) {
    unsigned index = state.shown;
    Parameter parameter = is_unknown ? Parameter{} : parameter_of(call.entry, index);
    if (parameter.is_output && !call.has_ended) return;
    if (is_unknown) print(text, "{:#x}", call.arguments[index]);
    else parameter.show(text, call, index);
    if (index + 1 < count) text.write(", ");
  }
}

void Strace::started(Thread& self, std::string_view path, std::span<const std::string_view> arguments, size_t variables, UserAddr stack) {
  State* state = state_of(self);
  if (!state) return;
  TextBuffer text;
  text.write("execve(");
  show_quoted(text, path);
  text.write(", [");
  for (const std::string_view& argument : arguments) {
    if (&argument != arguments.data()) text.write(", ");
    show_quoted(text, argument.substr(0, abbreviate_after));
    if (argument.size() > abbreviate_after) text.write("...");
  }
  print(text, "], {:#x} /* {} var{} */)", stack, variables, variables == 1 ? "" : "s");
  put(*state, text.view(), "0", true);
}

void Strace::enter(Thread& self, uint64_t number) {
  State* state = state_of(self);
  if (!state) return;
  const SyscallEntry* entry = find_syscall(syscall_table(abi_of(self).isa()), number);
  state->entry = entry ? entry : &unknown_call;
  state->number = number;
  state->shown = 0;
  for (unsigned index = 0; index < 6; ++index) state->arguments[index] = self.context().get(hal::argument(index));
  TextBuffer text;
  write_name(text, *state->entry, number);
  text.write("(");
  write_arguments(text, *state, Call{self, *state->entry, state->arguments});
  bool is_last = never_returns(*state->entry);
  if (is_last) text.write(")");
  put(*state, text.view(), is_last ? "?" : "", is_last);
  if (is_last) state->entry = nullptr;
}

void Strace::leave(Thread& self, uint64_t, uint64_t result) {
  State* state = state_of(self);
  if (!state || !state->entry) return;
  Call call{self, *state->entry, state->arguments, result, true};
  TextBuffer text;
  write_arguments(text, *state, call);
  text.write(")");
  TextBuffer outcome;
  write_outcome(outcome, call);
  put(*state, text.view(), outcome.view(), true);
  state->entry = nullptr;
}

void Strace::signal(Thread& self, const SignalInfo& info) {
  TextBuffer text;
  text.write("--- ");
  show(text, Signal{info.number});
  text.write(" ");
  show_signal_info(text, info);
  text.write(" ---");
  if (State* state = state_of(self)) put(*state, text.view(), "", true);
}

void Strace::exited(Thread& self, int status) {
  State* state = state_of(self);
  if (!state) return;
  TextBuffer text;
  int signal = status & 0x7f;
  if (signal == 0) {
    print(text, "+++ exited with {} +++", status >> 8 & 0xff);
  } else {
    text.write("+++ killed by ");
    show(text, Signal{signal});
    text.write(" +++");
  }
  put(*state, text.view(), "", true);
  forget(self);
}

}  // namespace halcyon::strace
