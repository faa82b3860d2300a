#include "fs/tree/node.h"

#include "core/mm/cache/page_cache.h"
#include "fs/tree/space.h"

namespace halcyon::fs {

Node::Node(FileSystem& file_system, const NodeStart& start)
    : file_system_(file_system),
      number_(start.number),
      type_(start.type),
      permissions_(start.permissions & mode::permissions),
      uid_(start.uid),
      gid_(start.gid),
      links_(start.type == FileType::directory ? 2 : 1) {
  Nanoseconds now = file_system.now();
  accessed_ = modified_ = changed_ = born_ = now;
}

Node::~Node() {
  if (charged_ != 0) file_system_.space()->inodes.give(charged_);
}

Result<> Node::charge() {
  Space* space = file_system_.space();
  if (!space) return {};
  TRY(space->inodes.take(1));
  ++charged_;
  return {};
}

Ownership Node::ownership() {
  return {permissions_.load(std::memory_order_relaxed), uid_.load(std::memory_order_relaxed), gid_.load(std::memory_order_relaxed)};
}

Result<Attributes> Node::attributes() {
  Attributes attributes;
  attributes.device = file_system_.device();
  attributes.inode = number_;
  attributes.type = type_;
  attributes.permissions = permissions_.load(std::memory_order_relaxed);
  attributes.links = links();
  attributes.uid = uid_.load(std::memory_order_relaxed);
  attributes.gid = gid_.load(std::memory_order_relaxed);
  attributes.special_device = special_device();
  PageCache* cache = page_cache();
  attributes.size = cache ? cache->size() : own_size();
  attributes.blocks = blocks();
  attributes.accessed = accessed_.load(std::memory_order_relaxed);
  attributes.modified = modified_.load(std::memory_order_relaxed);
  attributes.changed = changed_.load(std::memory_order_relaxed);
  attributes.born = born_.load(std::memory_order_relaxed);
  return attributes;
}

Result<> Node::change(const AttributeChange& change) {
  using Change = AttributeChange;
  TRY(prepare_change());
  if (change.what & Change::set_size) {
    TRY(resize(change.size));
    modified_.store(change.now, std::memory_order_relaxed);
  }
  if (change.what & Change::set_permissions) permissions_.store(change.permissions & mode::permissions, std::memory_order_relaxed);
  if (change.what & Change::set_uid) uid_.store(change.uid, std::memory_order_relaxed);
  if (change.what & Change::set_gid) gid_.store(change.gid, std::memory_order_relaxed);
  if (change.what & Change::set_accessed) accessed_.store(change.accessed, std::memory_order_relaxed);
  if (change.what & Change::set_modified) modified_.store(change.modified, std::memory_order_relaxed);
  touch_changed(change.now);
  return {};
}

Result<> Node::resize(uint64_t size) {
  PageCache* cache = page_cache();
  if (!cache) return err::inval;
  if (size > cache->size()) {
    TRY(prepare_write(size));
  }
  return cache->set_size(size);
}

uint64_t Node::blocks() {
  PageCache* cache = page_cache();
  return cache ? cache->resident_pages() * (page_size / 512) : 0;
}

void Node::note_access(Nanoseconds now, bool always) {
  constexpr Nanoseconds day = Nanoseconds{24} * 3600 * 1'000'000'000;
  Nanoseconds old = accessed_.load(std::memory_order_relaxed);
  if (!always && old > modified() && old > changed_.load(std::memory_order_relaxed) && now - old < day) return;
  accessed_.store(now, std::memory_order_relaxed);
}

Result<> Node::note_change(Nanoseconds now, uint64_t, uint64_t) {
  touch_modified(now);
  return {};
}

void Node::touch_modified(Nanoseconds now) {
  modified_.store(now, std::memory_order_relaxed);
  touch_changed(now);
}

void Node::add_link() {
  if (type_ != FileType::directory || links() != 1) links_.fetch_add(1, std::memory_order_relaxed);
}

void Node::drop_all_links() {
  links_.store(0, std::memory_order_relaxed);
  no_name_left();
}

void Node::drop_link() {
  if (type_ == FileType::directory && links() <= 2) return;
  if (charged_ > 1) {
    file_system_.space()->inodes.give(1);
    --charged_;
  }
  if (links_.fetch_sub(1, std::memory_order_relaxed) == 1) no_name_left();
}

void Node::copy_attributes(const Attributes& from) {
  permissions_ = from.permissions;
  uid_ = from.uid;
  gid_ = from.gid;
  links_ = from.links;
  accessed_ = from.accessed;
  modified_ = from.modified;
  changed_ = from.changed;
  born_ = from.born;
}

Result<> SymlinkNode::read_link(Sink& out) {
  static_cast<void>(TRY(out.write(std::as_bytes(std::span(target_.view().data(), target_.size())))));
  return {};
}

}  // namespace halcyon::fs
