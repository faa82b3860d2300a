// Texts about the system as a whole: tables of name and function, and the nodes that stand for them.
#pragma once

#include <span>

#include "fs/tree/fixed_directory.h"
#include "fs/tree/text_node.h"

namespace halcyon {
class Kernel;
}

namespace halcyon::fs {

class Vfs;

// Whom the texts are about.
struct TextContext {
  Kernel& kernel;
  Vfs& vfs;
};

// An entry of a table; its name is a literal.
struct SystemText {
  std::string_view name;
  Result<> (*write)(const TextContext& context, Writer& out);
  // What is written to it, without a last newline; null: nothing can be. Its permissions are 0644 or 0444.
  Result<> (*store)(const TextContext& context, std::string_view text) = nullptr;
  // What poll(2) tells its changes by; null: nothing.
  ChangeCounter* (*changes)(const TextContext& context) = nullptr;
};

// Settings (/proc/sys) and attributes (/sys) cannot even be opened for writing if there is nothing to set, and are written at their start.
// Attributes look a page long.
enum class TextKind : uint8_t { report, setting, attribute };

// Adds nodes for all of them. ENOMEM.
Result<> add_texts(FixedFileSystem& file_system, FixedDirectory& directory, const TextContext& context, TextKind kind,
                   std::span<const SystemText> texts);

}  // namespace halcyon::fs
