#include "fs/tree/system_text.h"

namespace halcyon::fs {

namespace {

class SystemTextNode final : public TextNode {
 public:
  SystemTextNode(FixedFileSystem& file_system, const NodeStart& start, const TextContext& context, TextKind kind, const SystemText& text)
      : TextNode(file_system, start), context_(context), kind_(kind), text_(text) {}

  Result<> write_text(Writer& out) override { return text_.write(context_, out); }
  bool is_storable() const override { return text_.store != nullptr; }
  ChangeCounter* changes() override { return text_.changes ? text_.changes(context_) : nullptr; }
  std::unexpected<Errno> write_error() const override { return err::io; }
  bool seeks_from_end() const override { return kind_ != TextKind::report; }

  Result<size_t> store(uint64_t offset, std::string_view text) override {
    // What continues an earlier write is dropped, as for any setting whose value has been taken.
    if (offset != 0) return text.size();
    std::string_view value = text.substr(0, text.find('\n'));
    TRY(text_.store(context_, value.substr(0, value.find('\0'))));
    return text.size();
  }

  Result<Ref<File>> open_own(const Path& path, uint32_t flags) override {
    bool writes = (flags & open_flag::access_mode) != open_flag::read_only;
    if (writes && kind_ != TextKind::report && !is_storable()) return err::acces;
    return TextNode::open_own(path, flags);
  }

  Result<> change(const AttributeChange& change) override {
    constexpr uint32_t refused = AttributeChange::set_permissions | AttributeChange::set_uid | AttributeChange::set_gid;
    if (kind_ != TextKind::report && (change.what & refused)) return err::perm;
    return TextNode::change(change);
  }

 protected:
  uint64_t own_size() override { return kind_ == TextKind::attribute ? page_size : 0; }

 private:
  TextContext context_;
  TextKind kind_;
  const SystemText& text_;
};

}  // namespace

Result<> add_texts(FixedFileSystem& file_system, FixedDirectory& directory, const TextContext& context, TextKind kind,
                   std::span<const SystemText> texts) {
  for (const SystemText& text : texts) {
    NodeStart start = file_system.start(FileType::regular, text.store ? 0644 : 0444);
    Ref<Inode> node = TRY(make_ref<SystemTextNode>(file_system, start, context, kind, text));
    TRY(directory.add(text.name, std::move(node)));
  }
  return {};
}

}  // namespace halcyon::fs
